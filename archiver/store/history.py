"""What a later visit knows of earlier ones: when each comment was first and last seen, and which have vanished.

A line lists what its capture showed, and after that what only earlier captures showed. Comments that
the capture showed were last seen at its instant, all others before: so the two are told apart.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from archiver.record import Comment, CommentsState, CommentState, PageState, Review

#: Pages that show one article with its thread: their comments are followed from visit to visit.
_WITH_THREAD: Final = frozenset({PageState.ARTICLE, PageState.ARTICLE_PART, PageState.PAYWALLED})
#: Lists that would show a comment that is still there.
_WHOLE: Final = frozenset({CommentsState.COMPLETE, CommentsState.OPEN_EMPTY, CommentsState.CLOSED})


class Growth(NamedTuple):
    """How many comments a visit found that the one before had not, and how many it no longer found."""

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
    known = {one.comment_id: one for one in before.comments}
    shown = tuple(_shown(one, known.get(one.comment_id), instant(before), at) for one in now.comments)
    ids = {one.comment_id for one in now.comments}
    missing = [one for one in before.comments if one.comment_id not in ids]
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


def growth(before: Review, now: Review) -> Growth:
    """``now`` with its history."""
    known = {one.comment_id for one in before.comments if one.vanished_at is None}
    at = instant(now)
    shown = {one.comment_id for one in as_seen(now).comments}
    return Growth(
        new=len(shown - known) if has_thread(now) else 0,
        vanished=sum(one.vanished_at == at for one in now.comments if at is not None),
    )


def comments_digest(comments: Iterable[Comment]) -> str:
    """By which a changed list is known: what was said by whom, and what has become of it; no votes, no dates."""
    digest = hashlib.sha256()
    for one in comments:
        said = (one.comment_id, one.state, one.parent_id, one.author, one.text)
        digest.update(repr(said).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def instant(review: Review) -> str | None:
    """When the line's capture began."""
    return review.captures[0].fetch_time if review.captures else None


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
