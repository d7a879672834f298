"""Comments elsewhere: what readers wrote that the page itself does not hold, or not all of it.

A page of a long thread shows a part of it; a widget shows it only in a browser. Where the site
gives the rest to anybody (further pages, feeds, open interfaces), it is asked for. Nothing here
fetches: :func:`gathering` says what to ask and is sent the answers, by the crawl from the wire and
by re-extraction from the archive, so that both come to the same record.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Final

from archiver.extraction.elsewhere.blogger import Blogger
from archiver.extraction.elsewhere.coral import Coral
from archiver.extraction.elsewhere.discourse import Discourse
from archiver.extraction.elsewhere.disqus import Disqus
from archiver.extraction.elsewhere.drupal import DrupalPages
from archiver.extraction.elsewhere.feed import CommentFeed
from archiver.extraction.elsewhere.ghost import Ghost
from archiver.extraction.elsewhere.merge import Gathered, merged
from archiver.extraction.elsewhere.source import Ask, Source, Told
from archiver.extraction.elsewhere.substack import Substack
from archiver.extraction.elsewhere.wordpress import WordPressPages, WordPressRest
from archiver.extraction.reading import Reading
from archiver.page import Page
from archiver.record import PageState, Review

__all__ = ["MOST_ASKS", "Ask", "gathered", "gathering"]

#: One after the other; the first that gives comments is the one. The widget that holds the comments comes
#: before whatever may have a copy of them; open interfaces, which know every parent, before pages; a feed, which has
#: only the newest and no parents, comes last.
SOURCES: Final[tuple[Source, ...]] = (
    Disqus(), Coral(), Ghost(), Substack(), Discourse(), Blogger(),
    WordPressRest(), WordPressPages(), DrupalPages(), CommentFeed(),
)  # fmt: skip
#: Requests for one page's comments; a thread without end is cut here, and says `partial`.
MOST_ASKS: Final = 200
#: Comments read for one page; answers are cut here too.
MOST_COMMENTS: Final = 50_000

#: Pages that show one article, or one thread. A list of articles may well speak of comments: theirs.
_WITH_THREAD: Final = frozenset({PageState.ARTICLE, PageState.ARTICLE_PART, PageState.PAYWALLED})

#: What to ask for; sent back is the answer, or None where there is none to be had.
Gathering = Generator[Ask, Page | None, Review]


def gathering(page: Page, review: Review, sources: Sequence[Source] = SOURCES) -> Gathering:
    """Asks for the comments that a page's record lacks; returns the record with them.

    Where an answer is missing, the record has what the others gave and says `partial`.
    """
    if page.media_type != "text/html" or review.page_state not in _WITH_THREAD:
        return review
    reading = Reading(page)
    asked: set[Ask] = set()
    for source in sources:
        asks = deque(source.asks(reading, review))
        if asks:
            found = yield from _asking(source, asks, asked)
            if found.said:
                return merged(review, found)
    return review


def gathered(page: Page, review: Review, answer: Callable[[Ask], Page | None]) -> Review:
    """The same with the answers at hand."""
    asking = gathering(page, review)
    sent: Page | None = None
    try:
        while True:
            sent = answer(asking.send(sent))
    except StopIteration as over:
        result: Review = over.value
        return result


def _asking(source: Source, asks: deque[Ask], asked: set[Ask]) -> Generator[Ask, Page | None, Gathered]:
    """``asked`` is what was asked for this page, of whatever source."""
    told: list[Told] = []
    is_whole = True
    number = 0
    while asks:
        ask = asks.popleft()
        if ask in asked:
            continue
        if len(asked) == MOST_ASKS or number >= MOST_COMMENTS:
            is_whole = False
            break
        asked.add(ask)
        answer = yield ask
        said = source.read(ask, answer) if answer is not None and _is_usable(answer) else None
        if said is None:
            is_whole = False
            continue
        told.append(said)
        number += len(said.said)
        asks.extend(said.asks[:MOST_ASKS])
    return Gathered.of(source.system, told, is_whole=is_whole)


def _is_usable(answer: Page) -> bool:
    return answer.status == 200 and answer.truncated is None
