"""Merging: the comments in the page and those told elsewhere, as one thread."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from archiver.extraction.comments.threads import Said, said_again, thread
from archiver.extraction.dates import in_utc
from archiver.extraction.elsewhere.source import Told
from archiver.record import Comment, CommentKind, CommentsState, ParentSource, Review

#: Systems write one id in several ways: ``comment-17``, ``div-comment-17``, ``17``.
_NUMBER: Final = re.compile(r"(?:\A|[^0-9A-Za-z])(\d{1,20})\Z")
_ENOUGH: Final = 80  # characters of a text that tell it from others by the same author
_COUNTED: Final = (CommentKind.COMMENT, CommentKind.USER_REVIEW)

#: What a comment is known by: its native id, or who says what; and, where a list has the same again, the how manieth.
Key = tuple[str, ...]


class Entry(NamedTuple):
    """A comment, what it is known by, and the key of the one it answers."""

    said: Said
    key: Key
    words: Key
    parent: Key | None
    #: The id it has in the page's record, where it stands in the page.
    comment_id: str | None = None


@dataclass(frozen=True)
class Gathered:
    """All that one source told, in its order. ``is_whole`` where no answer was missing."""

    system: str
    said: tuple[Entry, ...]
    declared: int | None
    is_whole: bool
    is_open: bool

    @classmethod
    def of(cls, system: str, told: Sequence[Told], *, is_whole: bool) -> Gathered:
        once: dict[Key, Entry] = {}
        for answer in told:
            for entry in _entries(answer.said):
                if entry.said.text or entry.said.native_id:
                    once.setdefault(entry.key, entry)  # answers may overlap; the first is kept
        declared = next((answer.declared for answer in told if answer.declared is not None), None)
        return cls(system, tuple(once.values()), declared, is_whole, any(answer.is_open for answer in told))


def merged(review: Review, gathered: Gathered) -> Review:
    """The record with the comments told elsewhere. The page's own stay, with what is told of them."""
    ordered = _in_order(_together(_own(review.comments), gathered.said), _is_newest_first(review.comments))
    comments = thread([said for _, said in ordered], review.url)
    is_complete = _is_complete(review, gathered, len(comments))
    renamed = {
        entry.comment_id: comment.comment_id
        for (entry, _), comment in zip(ordered, comments, strict=True)
        if entry.comment_id is not None and entry.comment_id != comment.comment_id
    }
    return msgspec.structs.replace(
        review,
        comments=comments,
        comments_found=sum(comment.kind in _COUNTED for comment in comments),
        comments_declared=gathered.declared if review.comments_declared is None else review.comments_declared,
        comments_state=CommentsState.COMPLETE if is_complete else CommentsState.PARTIAL,
        segments=tuple(
            msgspec.structs.replace(one, ref=renamed[one.ref]) if one.ref in renamed else one for one in review.segments
        )
        if renamed
        else review.segments,
    )


def _is_complete(review: Review, gathered: Gathered, listed: int) -> bool:
    """A source that counts knows whether it has told all; of the others the page's count tells. What is
    not the page's widget may have a copy of its comments, but nobody knows how good a one."""
    elsewhere = review.comments_external
    if not gathered.is_whole or (elsewhere is not None and elsewhere.system != gathered.system):
        return False
    if gathered.declared is not None or review.comments_declared is None:
        return not gathered.is_open
    return listed >= review.comments_declared


# -- which is which --------------------------------------------------------------------------


def _own(comments: Sequence[Comment]) -> list[Entry]:
    """The page's own, of which none is lost, even where it prints one twice."""
    seen: Counter[Key] = Counter()
    return [
        entry._replace(key=_numbered(entry.key, seen), comment_id=comment.comment_id)
        for entry, comment in zip(_entries(said_again(comments)), comments, strict=True)
    ]


def _entries(said: Sequence[Said]) -> Iterator[Entry]:
    seen: Counter[Key] = Counter()
    keys: list[Key] = []
    for one in said:
        words = _numbered(_words_key(one), seen)
        key = _native_key(one.native_id) if one.native_id else words
        keys.append(key)
        parent = keys[one.parent] if one.parent is not None and one.parent < len(keys) else None
        yield Entry(one, key, words, _native_key(one.native_parent) if one.native_parent else parent)


def _numbered(key: Key, seen: Counter[Key]) -> Key:
    seen[key] += 1
    return key if seen[key] == 1 else (*key, str(seen[key]))


def _native_key(native: str) -> Key:
    digits = _NUMBER.search(native)
    return ("id", digits[1] if digits is not None else native)


def _words_key(said: Said) -> Key:
    text = " ".join((said.text or "").split())[:_ENOUGH]
    return ("words", (said.author or "").casefold(), text or said.posted_at_raw or "")


# -- one thread ------------------------------------------------------------------------------


def _together(own: Sequence[Entry], told: Sequence[Entry]) -> list[Entry]:
    """Each comment once: those told, then those that only the page has."""
    same = _same(own, told)
    shown = {same[entry.key]: entry for entry in own if entry.key in same}
    return [
        *(_both(shown[entry.key], entry, same) if entry.key in shown else entry for entry in told),
        *(entry._replace(parent=_renamed(entry.parent, same)) for entry in own if entry.key not in same),
    ]


def _same(own: Sequence[Entry], told: Sequence[Entry]) -> dict[Key, Key]:
    """What the page's comments are known by, and what those that are told are: by id first, then by words."""
    keys = {entry.key for entry in told}
    same = {entry.key: entry.key for entry in own if entry.key in keys}
    by_words = {entry.words: entry.key for entry in reversed(told) if entry.key not in same}
    for entry in own:
        if entry.key not in same and entry.words in by_words:
            same[entry.key] = by_words.pop(entry.words)
    return same


def _renamed(key: Key | None, same: Mapping[Key, Key]) -> Key | None:
    return same.get(key, key) if key is not None else None


def _both(own: Entry, told: Entry, same: Mapping[Key, Key]) -> Entry:
    """As the page shows it, with what only the source tells: its id, the instant, the comment it answers."""
    shown, exact = own.said, told.said
    knows_parent = exact.source is not ParentSource.UNKNOWN
    said = replace(
        shown,
        native_id=shown.native_id or exact.native_id,
        text=shown.text or exact.text,
        author=shown.author or exact.author,
        posted_at=max(exact.posted_at or "", shown.posted_at or "", key=len) or None,
        posted_at_raw=shown.posted_at_raw or exact.posted_at_raw,
        permalink=shown.permalink or exact.permalink,
        votes_up=shown.votes_up if exact.votes_up is None else exact.votes_up,
        votes_down=shown.votes_down if exact.votes_down is None else exact.votes_down,
        source=exact.source if knows_parent else shown.source,
    )
    parent = told.parent if knows_parent else _renamed(own.parent, same)
    return told._replace(said=said, parent=parent, comment_id=own.comment_id)


# -- in order --------------------------------------------------------------------------------


def _in_order(entries: Sequence[Entry], newest_first: bool) -> list[tuple[Entry, Said]]:
    """Replies after what they answer; what stands side by side by date, where all of it is dated."""
    present = {entry.key for entry in entries}
    answers: dict[Key | None, list[Entry]] = {}
    for entry in entries:
        answers.setdefault(entry.parent if entry.parent in present else None, []).append(entry)
    roots = _by_date(answers.pop(None, []), newest_first)
    places: dict[Key, int] = {}
    ordered: list[tuple[Entry, Said]] = []
    # Those that answer each other in a circle hang on no root: they come last, from whichever was told first.
    todo: list[tuple[Entry, int | None]] = [(entry, None) for entry in reversed([*roots, *entries])]
    while todo:
        entry, parent = todo.pop()
        if entry.key in places:
            continue
        place = places[entry.key] = len(ordered)
        ordered.append((entry, replace(entry.said, parent=parent, native_parent=None)))
        todo += [(answer, place) for answer in reversed(_by_date(answers.get(entry.key, [])))]
    return ordered


def _by_date(entries: list[Entry], newest_first: bool = False) -> list[Entry]:
    dates = [in_utc(entry.said.posted_at) for entry in entries]
    if not all(dates):
        return entries
    # stable either way: of those of one instant, the first told is the first
    return sorted(entries, key=lambda entry: in_utc(entry.said.posted_at) or "", reverse=newest_first)


def _is_newest_first(comments: Sequence[Comment]) -> bool:
    """Whether the page shows its threads in that order."""
    dates = [one.posted_at or "" for one in comments if one.parent_id is None]
    return len(set(dates)) > 1 and all(one >= other for one, other in pairwise(dates))
