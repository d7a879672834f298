"""What a later visit knows of earlier ones: when each comment was first and last seen, and which have vanished.

A line lists what its capture showed, and after that what only earlier captures showed. Comments that
the capture showed were last seen at its instant, all others before: so the two are told apart.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from archiver.record import Comment, CommentsState, CommentState, PageState, Review

#: Pages that show one article with its thread: their comments are followed from visit to visit.
_WITH_THREAD: Final = frozenset({PageState.ARTICLE, PageState.ARTICLE_PART, PageState.PAYWALLED})
#: Lists that would show a comment that is still there.
_WHOLE: Final = frozenset({CommentsState.COMPLETE, CommentsState.OPEN_EMPTY, CommentsState.CLOSED})

_LAST_NUMBER: Final = re.compile(r"\d{1,30}\Z")


class Growth(NamedTuple):
    """How many comments a visit found that none before had, and how many it no longer found."""

    new: int = 0
    vanished: int = 0


def has_thread(review: Review) -> bool:
    """Whether the history of a page's comments goes on with this line; that of a page that is gone leaves it be."""
    return review.page_state in _WITH_THREAD and instant(review) is not None


def seen_again(before: Review, now: Review) -> Review:
    """The later line with what the earlier one knows. What the later capture shows stays as it shows it."""
    at = instant(now)
    if not (has_thread(now) and has_thread(before)):
        return now
    same = _same(before.comments, now.comments)
    shown = tuple(_shown(one, same.get(one.comment_id), instant(before), at) for one in now.comments)
    renamed = {known.comment_id: comment_id for comment_id, known in same.items()}
    missing = [
        replace(one, parent_id=renamed.get(one.parent_id or "", one.parent_id))
        for one in before.comments
        if one.comment_id not in renamed
    ]
    vanished_at = at if now.comments_state in _WHOLE else None
    carried = [_carried(one, instant(before), vanished_at) for one in missing]
    return replace(now, comments=(*shown, *_placed(carried, shown)))


def as_seen(review: Review) -> Review:
    """The line as its capture alone makes it: its history put aside."""
    if all(one.last_seen is None for one in review.comments):
        return review
    shown = [one for one in review.comments if one.last_seen == instant(review)]
    return replace(
        review, comments=tuple(replace(one, first_seen=None, last_seen=None, vanished_at=None) for one in shown)
    )


def growth(now: Review) -> Growth:
    """What the visit of a line with its history brought."""
    at = instant(now) or ""
    return Growth(
        new=sum(one.first_seen == at for one in now.comments),
        vanished=sum(one.vanished_at == at for one in now.comments),
    )


def comments_digest(comments: Iterable[Comment]) -> str:
    """By which a changed list is known: what was said by whom, and what has become of it; no votes, ids or order."""
    said = sorted(repr((one.state.value, one.depth, one.author, one.text)) for one in comments)
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogatepass")).hexdigest()


def instant(review: Review) -> str | None:
    """When the line's capture began."""
    return review.captures[0].fetch_time if review.captures else None


def _same(before: Sequence[Comment], now: Sequence[Comment]) -> dict[str, Comment]:
    """The earlier of each comment, by the id of the later: by their ids, and of those left over by the numbers in
    the site's own ids, which a page and its site's interface write differently (`comment-12`, `12`)."""
    known = {one.comment_id: one for one in before}
    same = {one.comment_id: known[one.comment_id] for one in now if one.comment_id in known}
    numbered = _by_number(one for one in before if one.comment_id not in same)
    for number, one in _by_number(one for one in now if one.comment_id not in same).items():
        if number in numbered:
            same[one.comment_id] = numbered[number]
    return same


def _by_number(comments: Iterable[Comment]) -> dict[str, Comment]:
    """Those whose number no other has."""
    found: dict[str, list[Comment]] = {}
    for one in comments:
        number = _LAST_NUMBER.search(one.native_id or "")
        if number is not None:
            found.setdefault(number[0], []).append(one)
    return {number: several[0] for number, several in found.items() if len(several) == 1}


def _shown(one: Comment, known: Comment | None, before: str | None, at: str | None) -> Comment:
    first = at if known is None else known.first_seen or before
    return replace(one, first_seen=first, last_seen=at, vanished_at=None)


def _carried(one: Comment, before: str | None, vanished_at: str | None) -> Comment:
    """A comment that this capture did not show: it has vanished only where the capture would have shown it."""
    gone = one.vanished_at or vanished_at
    return replace(
        one,
        first_seen=one.first_seen or before,
        last_seen=one.last_seen or before,
        vanished_at=gone,
        state=CommentState.VANISHED if gone else one.state,
    )


def _placed(carried: Sequence[Comment], shown: Sequence[Comment]) -> list[Comment]:
    """After all that is shown; each below the comment it answers, where that is listed before it."""
    places = {one.comment_id: (one.path, one.depth) for one in shown}
    answers = Counter(one.path.rpartition(".")[0] for one in shown)
    placed: list[Comment] = []
    for position, one in enumerate(carried, len(shown)):
        parent = one.parent_id if one.parent_id in places else None
        above, depth = places[parent] if parent is not None else ("", -1)
        answers[above] += 1
        step = f"{answers[above]:04d}"
        path = f"{above}.{step}" if above else step
        places[one.comment_id] = (path, depth + 1)
        placed.append(replace(one, position=position, parent_id=parent, depth=depth + 1, path=path))
    return placed
