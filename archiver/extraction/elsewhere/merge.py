"""Merging: the comments in the page and those told elsewhere, as one thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from archiver.extraction.comments.threads import Said, said_again, thread
from archiver.extraction.elsewhere.source import Told
from archiver.record import CommentKind, CommentsState, ParentSource, Review

#: Systems write one id in several ways: ``comment-17``, ``div-comment-17``, ``17``.
_LAST_DIGITS: Final = re.compile(r"\d{1,20}\Z")
_ENOUGH: Final = 80  # characters of a text that tell it from others by the same author
_COUNTED: Final = (CommentKind.COMMENT, CommentKind.USER_REVIEW)

Key = tuple[str, ...]


class Entry(NamedTuple):
    """A comment, what it is known by, and what the one it answers is known by."""

    said: Said
    key: Key
    parent: Key | None


@dataclass(frozen=True)
class Gathered:
    """All that one source told, in its order. ``is_whole`` where no answer was missing."""

    said: tuple[Entry, ...]
    declared: int | None
    is_whole: bool

    @classmethod
    def of(cls, told: Sequence[Told], *, is_whole: bool) -> Gathered:
        entries = [entry for answer in told for entry in _entries(answer.said)]
        once = {entry.key: entry for entry in reversed(entries)}  # answers may overlap; the first is kept
        declared = next((answer.declared for answer in told if answer.declared is not None), None)
        return cls(tuple(reversed(once.values())), declared, is_whole)


def merged(review: Review, gathered: Gathered) -> Review:
    """The record with the comments told elsewhere; the page's own stay, with what is told of them."""
    own = _entries(said_again(review.comments))
    comments = thread(_in_order(_together(own, gathered.said)), review.url)
    found = sum(comment.kind in _COUNTED for comment in comments)
    declared = gathered.declared if gathered.declared is not None else review.comments_declared
    missing = not gathered.is_whole or (declared is not None and len(comments) < declared)
    return msgspec.structs.replace(
        review,
        comments=comments,
        comments_found=found,
        comments_declared=declared,
        comments_state=CommentsState.PARTIAL if missing else CommentsState.COMPLETE,
    )


def _entries(said: Sequence[Said]) -> list[Entry]:
    keys = [_key(one) for one in said]
    return [Entry(one, key, _parent_key(one, keys)) for one, key in zip(said, keys, strict=True)]


def _key(said: Said) -> Key:
    return _native_key(said.native_id) if said.native_id else _words_key(said)


def _native_key(native: str) -> Key:
    digits = _LAST_DIGITS.search(native)
    return ("id", digits[0] if digits is not None else native)


def _words_key(said: Said) -> Key:
    text = " ".join((said.text or "").split())[:_ENOUGH]
    return ("words", (said.author or "").casefold(), text or said.posted_at_raw or "")


def _parent_key(said: Said, keys: Sequence[Key]) -> Key | None:
    if said.native_parent is not None:
        return _native_key(said.native_parent)
    return keys[said.parent] if said.parent is not None else None


def _together(own: Sequence[Entry], told: Sequence[Entry]) -> list[Entry]:
    """Each comment once. One that both have is as the page shows it, with what only the source tells:
    its id, the instant, the comment it answers."""
    told_keys = {entry.key for entry in told}
    by_words = {_words_key(entry.said): entry.key for entry in told}
    known = {}
    for entry in own:
        key = entry.key if entry.key in told_keys else by_words.get(_words_key(entry.said))
        if key is not None:
            known[key] = entry
    renamed = {entry.key: key for key, entry in known.items()}
    kept = {id(entry) for entry in known.values()}
    added = [
        entry._replace(parent=renamed.get(entry.parent, entry.parent) if entry.parent else None)
        for entry in own
        if id(entry) not in kept
    ]
    return [*(_both(known.get(entry.key), entry) for entry in told), *added]


def _both(own: Entry | None, told: Entry) -> Entry:
    if own is None:
        return told
    shown, exact = own.said, told.said
    knows_parent = exact.source is not ParentSource.UNKNOWN
    said = replace(
        shown,
        native_id=exact.native_id or shown.native_id,
        text=shown.text or exact.text,
        author=shown.author or exact.author,
        posted_at=_longer(exact.posted_at, shown.posted_at),
        permalink=shown.permalink or exact.permalink,
        votes_up=shown.votes_up if exact.votes_up is None else exact.votes_up,
        votes_down=shown.votes_down if exact.votes_down is None else exact.votes_down,
        source=exact.source if knows_parent else shown.source,
    )
    return Entry(said, told.key, told.parent if knows_parent else own.parent)


def _longer(one: str | None, other: str | None) -> str | None:
    """The more precise of two instants."""
    return max(one or "", other or "", key=len) or None


def _in_order(entries: Sequence[Entry]) -> list[Said]:
    """Replies after what they answer; threads by date where all are dated, oldest or newest first as they came."""
    present = {entry.key for entry in entries}
    answers: dict[Key | None, list[Entry]] = {}
    for entry in entries:
        answers.setdefault(entry.parent if entry.parent in present else None, []).append(entry)
    places: dict[Key, int] = {}
    ordered: list[Said] = []
    # Those that answer each other in a circle hang on no root: they come last, from whichever was told first.
    todo: list[tuple[Entry, int | None]] = [
        (entry, None) for entry in reversed([*_by_date(answers.get(None, [])), *entries])
    ]
    while todo:
        entry, parent = todo.pop()
        if entry.key in places:
            continue
        places[entry.key] = len(ordered)
        ordered.append(replace(entry.said, parent=parent, native_parent=None))
        todo += [(answer, places[entry.key]) for answer in reversed(answers.get(entry.key, []))]
    return ordered


def _by_date(entries: list[Entry]) -> list[Entry]:
    dates = [entry.said.posted_at or "" for entry in entries]
    if not all(len(date) > len("2020-01-01") for date in dates):
        return entries
    falls = sum(one > other for one, other in pairwise(dates))
    return sorted(entries, key=lambda entry: entry.said.posted_at or "", reverse=2 * falls > len(dates))
