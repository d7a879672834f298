"""From a page to a record.

Open the page and let the rules claim what they know (metadata, comments, tags, ratings, facts);
cut the rest into blocks; label them; judge the page's state; keep what is left as a Review.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from archiver import rules
from archiver.document import Node
from archiver.extraction import model
from archiver.extraction.agreement import agreed
from archiver.extraction.appended import appended_articles
from archiver.extraction.blocks import Block, Claim, plain_blocks, segment
from archiver.extraction.comments import Thread, comments
from archiver.extraction.comments.data import thread_title
from archiver.extraction.dates import in_utc
from archiver.extraction.embedded import embedded_article
from archiver.extraction.facts import Facts, facts
from archiver.extraction.identity import identify, revision_id
from archiver.extraction.labels import label
from archiver.extraction.metadata import Metadata, metadata, of_first_post, plain_metadata
from archiver.extraction.plaintext import read_plain
from archiver.extraction.ratings import Ratings, ratings
from archiver.extraction.ratings.lines import only_rates, printed_verdict, rating_in_line
from archiver.extraction.reading import Reading
from archiver.extraction.rights import rights
from archiver.extraction.segments import body_of, segments_of
from archiver.extraction.sites import name_body, site_file
from archiver.extraction.state import Verdict, judge
from archiver.extraction.tags import tags
from archiver.extraction.tags.found import Tags
from archiver.extraction.work import names_several, work
from archiver.page import Page, page_of
from archiver.record import (
    Capture,
    CommentKind,
    Confidence,
    Extractor,
    ItemReviewed,
    PageKind,
    PageState,
    Rating,
    Review,
    Role,
    TagsState,
)

#: States of pages that hold an article, or a part of one.
_WITH_ARTICLE: Final = frozenset({PageState.ARTICLE, PageState.ARTICLE_PART, PageState.PAYWALLED})
#: Lines of the article that may stand outside its paragraphs.
_LINES: Final = frozenset({Role.RATING, Role.FACTS})
#: A line that only rates is no longer than this.
_LONGEST_RATING_LINE: Final = 120  # characters
#: States whose title is the article's all the same.
_WITH_TITLE: Final = _WITH_ARTICLE | {
    PageState.INDEX, PageState.PASSWORD_PROTECTED, PageState.ERROR, PageState.EMPTY,
}  # fmt: skip
#: States of pages that say who wrote the article and where it is filed, though they may not show it. What a list
#: shows of tags is that of other pages.
_FILED: Final = _WITH_ARTICLE | {PageState.PASSWORD_PROTECTED}
#: States of pages that are dated: of those that show nothing, their data tell.
_DATED: Final = _WITH_ARTICLE | {PageState.PASSWORD_PROTECTED, PageState.EMPTY}


def extract(
    source: bytes | Page,
    *,
    url: str | None = None,
    status: int | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    fetched_at: datetime | str | None = None,
) -> Review:
    """Read a page. What it does not say is left empty; nothing about a page raises.

    ``source`` is the page's bytes with content coding removed, or a Page that holds them.
    States such as ``gone`` and ``challenge`` need status and headers.
    """
    page = page_of(source, url=url, status=status, headers=headers, fetched_at=fetched_at)
    return extract_with(model.labeller(), page)


def extract_with(labeller: model.Labeller, page: Page) -> Review:
    """The same with a labeller of the caller's, as the benchmarks train them for sites unseen."""
    opened = Opened.of(Reading(page))
    opened.label(labeller)
    verdict = judge(opened.reading, opened.blocks, has_comments=bool(opened.thread.comments))
    return _review(opened, verdict)


@dataclass
class Opened:
    """A page with what the rules found in it, cut into blocks that are labelled where a rule claimed them."""

    reading: Reading
    metadata: Metadata
    thread: Thread
    tags: Tags
    ratings: Ratings
    facts: Facts
    blocks: list[Block]
    #: The elements that hold the article, where a site file names them.
    body: tuple[Node, ...] = ()

    @classmethod
    def of(cls, reading: Reading) -> Opened:
        if reading.page.media_type == "text/plain":
            return cls._of_text(reading)
        site = site_file(reading.page.url)
        thread = comments(reading, site.comments if site is not None else None)
        meta = of_first_post(reading, metadata(reading), thread.opening)
        filed, rated, told = tags(reading), ratings(reading), facts(reading)
        named: list[Claim] = []
        if site is not None:
            meta, filed, rated = site.metadata(reading, meta), site.tags(reading, filed), site.ratings(reading, rated)
            named = site.claims(reading)
        first_post = thread.opening.nodes if thread.opening is not None else ()
        claims = agreed(
            reading.document,
            [
                *(Claim(node, Role.BODY, "the thread's first post") for node in first_post),
                *thread.claims,
                *appended_articles(reading),
            ],
            [*filed.claims, *rated.claims, *told.claims, *meta.claims],
        )
        blocks = segment(reading.document, [*named, *claims])
        return cls(reading, meta, thread, filed, rated, told, blocks, site.body(reading) if site is not None else ())

    @classmethod
    def _of_text(cls, reading: Reading) -> Opened:
        blocks = plain_blocks(reading.page.text)
        plain = read_plain(blocks, reading.page.url)
        return cls(reading, plain_metadata(reading, plain.title), plain.thread, plain.tags, Ratings(), Facts(), blocks)

    def label(self, labeller: model.Labeller) -> None:
        if self.reading.page.media_type == "text/html":
            name_body(self.blocks, self.body)
            is_told = self.body or self.thread.opening
            label(self.reading, self.blocks, None if is_told else labeller, self.metadata.title)
            self._read_data()
        self._part_rating_lines()

    def _read_data(self) -> None:
        """An article that stands whole only in the page's data is read from there, and not twice."""
        said = [block for block in self.blocks if block.role is Role.BODY]
        embedded = embedded_article(self.reading, "\n\n".join(block.text for block in said))
        if embedded:
            for block in said:
                block.role, block.reason = Role.OTHER, "stands whole in the page's data"
            self.blocks = [*self.blocks, *embedded]

    def _part_rating_lines(self) -> None:
        """A line of the body that consists only of a labelled rating is the rating."""
        for block in self.blocks:
            if block.role is Role.BODY and len(block.text) < _LONGEST_RATING_LINE and only_rates(block.text):
                block.role, block.reason = Role.RATING, "a line that only rates"


def _review(opened: Opened, verdict: Verdict) -> Review:
    page, meta, thread, filed = opened.reading.page, opened.metadata, opened.thread, opened.tags
    has_article = verdict.state in _WITH_ARTICLE
    title = _title(opened, verdict)
    dated, is_filed = verdict.state in _DATED, verdict.state in _FILED
    body_text, places = body_of(opened.blocks) if has_article else (None, {})
    rating = (opened.ratings.rating or _printed_rating(opened)) if has_article else None
    item = _work(opened, title, rated=rating is not None) if has_article else None
    found = [comment for comment in thread.comments if comment.kind not in ("pingback", "trackback")]
    identity = identify(page, meta.canonical_url)
    return Review(
        record_id=identity.record_id,
        revision_id=revision_id(title, body_text, rating, filed.tags),
        url=page.url,
        canonical_url=identity.canonical_url,
        site=identity.site,
        page_state=verdict.state,
        page_kind=_kind(
            meta, verdict, has_review=rating is not None or item is not None, is_forum=thread.is_forum
        ),
        redirects_to=verdict.redirects_to,
        title=title,
        subtitle=meta.subtitle if has_article else None,
        authors=meta.authors if is_filed else (),
        published_at=in_utc(meta.published_at) if dated else None,
        published_at_raw=meta.published_at_raw if dated else None,
        modified_at=in_utc(meta.modified_at) if dated else None,
        modified_at_raw=meta.modified_at_raw if dated else None,
        item_reviewed=item,
        rating=rating,
        aggregate_rating=opened.ratings.aggregate,
        body_text=body_text,
        tags=filed.tags if is_filed else (),
        categories=filed.categories if is_filed else (),
        tags_state=filed.state if is_filed else TagsState.ABSENT,
        tags_slots=filed.slots if is_filed else 0,
        language=meta.language,
        comments=thread.comments,
        comments_state=thread.state,
        comments_external=thread.external,
        comments_declared=thread.declared,
        comments_found=len(found),
        segments=segments_of(opened.reading.document, opened.blocks, places, thread.comments),
        facts=opened.facts.values,
        captures=(capture_of(page),),
        rights=rights(opened.reading),
        extractor=Extractor(
            version=_version(), rules=rules.digest(), model=model.digest(),
            parsed_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        ),
        confidence=_confidence(opened, verdict),
    )  # fmt: skip


def _title(opened: Opened, verdict: Verdict) -> str | None:
    if verdict.state is PageState.COMMENT_EMBED:  # its title element names the widget
        return thread_title(opened.reading)
    return opened.metadata.title if verdict.state in _WITH_TITLE else None


def _work(opened: Opened, title: str | None, *, rated: bool) -> ItemReviewed | None:
    """A readers' average alone does not make a page a review; reviews that readers wrote do."""
    by_readers = any(comment.kind is CommentKind.USER_REVIEW for comment in opened.thread.comments)
    return work(
        opened.reading, title, opened.tags.categories, tags=opened.tags.tags, facts=opened.facts.values,
        lines=_lines_of_article(opened.blocks), rated=rated or by_readers,
    )  # fmt: skip


def _printed_rating(opened: Opened) -> Rating | None:
    """The verdict printed in the headline, or in a line of the article where nothing else gives one."""
    titled = rating_in_line(opened.metadata.title or "")
    if titled is not None:
        return titled.rating
    if opened.ratings.refused or names_several(opened.metadata.title or ""):
        return None
    rated = [block.text for block in opened.blocks if block.role is Role.RATING]
    body = [block.text for block in opened.blocks if block.role is Role.BODY]
    return printed_verdict([*rated, *body[:2], *body[-3:]], _lines_of_article(opened.blocks))


def _lines_of_article(blocks: list[Block]) -> list[str]:
    """What stands from the article's first paragraph to its last, and all lines of ratings and facts."""
    places = [place for place, block in enumerate(blocks) if block.role is Role.BODY]
    within = range(places[0], places[-1] + 1) if places else range(0)
    return [block.text for place, block in enumerate(blocks) if place in within or block.role in _LINES]


def _kind(meta: Metadata, verdict: Verdict, *, has_review: bool, is_forum: bool) -> PageKind:
    if verdict.state is PageState.INDEX:
        return PageKind.LISTING
    if verdict.state not in _WITH_ARTICLE:
        return PageKind.OTHER
    if is_forum:
        return PageKind.FORUM
    return PageKind.REVIEW if has_review or meta.kind is PageKind.REVIEW else PageKind.ARTICLE


def capture_of(page: Page) -> Capture:
    """What is known of an answer wherever it lies."""
    readable = page.media_type in ("text/html", "text/plain") and bool(page.body)
    return Capture(
        fetch_time=page.fetched_at.isoformat().replace("+00:00", "Z") if page.fetched_at is not None else None,
        fetch_status=page.status,
        redirect_chain=page.redirected_from,
        content_type=page.content_type,
        charset=page.encoding.name if readable else None,
        charset_source=page.encoding.source if readable else None,
        content_truncated=page.truncated,
    )


def _confidence(opened: Opened, verdict: Verdict) -> Confidence:
    body = [block for block in opened.blocks if block.role is Role.BODY and block.confidence is not None]
    size = sum(len(block.text) for block in body)
    return Confidence(
        body=round(sum((b.confidence or 0) * len(b.text) for b in body) / size, 3) if size else None,
        comments=opened.thread.confidence,
        tags=opened.tags.confidence if verdict.state in _FILED else None,
        state=verdict.confidence,
    )


@cache
def _version() -> str:
    try:
        return version("review-archiver")
    except PackageNotFoundError:  # a source tree that nobody installed
        return "0+source"
