"""An article that is spread over several pages, as one record.

As with comments elsewhere nothing here fetches: :func:`completing` says what to ask, and is sent the answers.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec.structs import replace

from archiver.extraction.elsewhere import Gathering, gathering
from archiver.extraction.elsewhere.source import Ask
from archiver.extraction.extract import extract
from archiver.extraction.identity import revision_id
from archiver.extraction.markup import Markup
from archiver.extraction.parts import MOST_PARTS, Parts, parts_of
from archiver.page import Page
from archiver.record import PageState, Review, Role, Segment

_GAP: Final = "\n\n"
#: States of a page that holds a part, or the whole, of an article.
_WITH_ARTICLE: Final = frozenset({PageState.ARTICLE, PageState.ARTICLE_PART})
#: What any part of an article may tell of all of it: the first that does is believed.
_OF_ALL: Final = (
    "subtitle", "authors", "published_at", "published_at_raw", "modified_at", "modified_at_raw", "item_reviewed",
    "rating", "aggregate_rating", "language",
)  # fmt: skip
#: These belong together: they are taken from one page.
_TAGS: Final = ("tags", "tags_state", "tags_slots")
_COMMENTS: Final = (
    "comments", "comments_state", "comments_external", "comments_declared", "comments_found",
)  # fmt: skip


def completing(page: Page, review: Review, *, comments: bool = True) -> Gathering:
    """Asks for the rest of an article, then for the comments that its record lacks, if those are wanted."""
    whole = yield from joining(page, review)
    return (yield from gathering(page, whole)) if comments else whole


def joining(page: Page, review: Review) -> Gathering:
    """Asks for the article as one page, then for each of its pages; returns the record with all that came.

    Where a page is missing the record has the others, stays ``article_part``, and leads to the missing one.
    """
    parts = parts_of(Markup(page)) if review.page_state is PageState.ARTICLE_PART else None
    if parts is None:
        return review
    for url in parts.whole:
        answer = yield Ask(url, what="part")
        whole = _read(answer)
        if whole is not None and _holds(whole, review):
            return _finished(_as_one(review, whole.body_text or "", [review, whole]))
    return (yield from _numbered(review, parts))


def _numbered(review: Review, parts: Parts) -> Generator[Ask, Page | None, Review]:
    """Each page by its number. Those in the middle may be linked only from their neighbours."""
    found: dict[int, Review] = {parts.own: review}
    linked = dict(parts.others)
    asked: set[int] = {parts.own}
    while waiting := sorted(linked.keys() - asked):
        number = waiting[0]
        asked.add(number)
        answer = yield Ask(linked[number], at=number, what="part")
        part = _read(answer)
        if answer is None or part is None:
            continue
        found[number] = part
        further = parts_of(Markup(answer))
        for other, url in further.others.items() if further is not None else ():
            linked.setdefault(other, url)
        if len(asked) >= MOST_PARTS:
            break
    if len(found) == 1:
        return review
    ordered = [found[number] for number in sorted(found)]
    joined = _as_one(review, _in_a_row(ordered), ordered)
    missing = sorted(linked.keys() - found.keys())
    if missing:
        return replace(joined, redirects_to=linked[missing[0]])
    return _finished(joined)


def _finished(review: Review) -> Review:
    return replace(review, page_state=PageState.ARTICLE, redirects_to=None)


def _read(answer: Page | None) -> Review | None:
    if answer is None or answer.status != 200 or answer.truncated is not None:
        return None
    review = extract(answer)
    return review if review.page_state in _WITH_ARTICLE and review.body_text else None


# -- one text ------------------------------------------------------------------------------


def _paragraphs(review: Review) -> list[str]:
    return (review.body_text or "").split(_GAP)


def _holds(whole: Review, part: Review) -> bool:
    """Whether a page holds another's text, and more."""
    return len(whole.body_text or "") > len(part.body_text or "") and set(_paragraphs(part)) <= set(_paragraphs(whole))


def _in_a_row(parts: Sequence[Review]) -> str:
    """What one begins with because all do stands once."""
    first = _paragraphs(parts[0])
    texts = [
        paragraph
        for part in parts
        for place, paragraph in enumerate(_paragraphs(part))
        if part is parts[0] or _paragraphs(part)[: place + 1] != first[: place + 1]
    ]
    return _GAP.join(texts)


def _as_one(review: Review, body: str, parts: Sequence[Review]) -> Review:
    """The record with this body, and with what each of the pages tells of the article; the first tells which it is."""
    said = {name: getattr(part, name) for name in _OF_ALL for part in reversed(parts) if getattr(part, name)}
    tagged = next((part for part in parts if part.tags), review)
    discussed = max([review, *parts], key=lambda part: part.comments_found or 0)  # themes repeat them, or not
    told = {**said, **_of(tagged, _TAGS), **_of(discussed, _COMMENTS)}
    told["categories"] = next((part.categories for part in parts if part.categories), ())
    told["facts"] = {name: fact for part in reversed(parts) for name, fact in part.facts.items()}
    return replace(
        review,
        **told,
        record_id=parts[0].record_id,
        canonical_url=parts[0].canonical_url,
        title=parts[0].title or review.title,
        revision_id=revision_id(parts[0].title or review.title, body, told.get("rating"), told["tags"]),
        body_text=body,
        segments=tuple(_segments(review, discussed, body, parts)),
    )


def _of(review: Review, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(review, name) for name in names}


def _segments(review: Review, discussed: Review, body: str, parts: Iterable[Review]) -> Iterator[Segment]:
    """Every block of the page itself, then the article's blocks, and the comments, of the others."""
    known = set()
    for segment, text in _with_text(review):
        known.add(text)
        yield _placed(segment, text, body) if segment.role is Role.BODY else _kept(segment, text, review is discussed)
    for part in parts:
        for segment, text in _with_text(part):
            if segment.role is Role.BODY and text not in known:
                known.add(text)
                yield _placed(segment, text, body)
            elif segment.role is Role.COMMENT and part is discussed and part is not review:
                yield segment


def _with_text(review: Review) -> Iterator[tuple[Segment, str]]:
    texts = {"body_text": review.body_text, **{one.comment_id: one.text for one in review.comments}}
    for segment in review.segments:
        said = segment.text if segment.ref is None else (texts.get(segment.ref) or "")[segment.start : segment.end]
        yield segment, said or ""


def _kept(segment: Segment, text: str, is_discussed: bool) -> Segment:
    """A block whose comment is not the one in the record stands here itself."""
    if is_discussed or segment.ref is None:
        return segment
    return replace(segment, text=text, ref=None, start=None, end=None)


def _placed(segment: Segment, text: str, body: str) -> Segment:
    start = body.find(text)
    if start < 0:
        return replace(segment, text=text, ref=None, start=None, end=None)
    return replace(segment, text=None, ref="body_text", start=start, end=start + len(text))
