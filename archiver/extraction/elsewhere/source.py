"""What a source of comments is: it knows where to ask, and how to read what is answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from archiver.extraction.comments.threads import Said
from archiver.extraction.reading import Reading
from archiver.page import Page
from archiver.record import CommentsState, ParentSource, Review

_LACKING: Final = frozenset({CommentsState.PARTIAL, CommentsState.LOST, CommentsState.EXTERNAL})
_SILENT: Final = frozenset({CommentsState.NONE, CommentsState.OPEN_EMPTY})


@dataclass(frozen=True)
class Ask:
    """A request for comments: with ``body`` a POST of JSON, else a GET. ``at`` is the source's own
    note of where in the thread it is."""

    url: str
    body: bytes = b""
    at: int = 0


@dataclass(frozen=True)
class Told:
    """What one answer says. ``declared``: how many comments the source says the thread has."""

    said: tuple[Said, ...] = ()
    asks: tuple[Ask, ...] = ()
    declared: int | None = None


class Source(Protocol):
    """One system, one class. Nothing about a page or an answer raises."""

    def asks(self, reading: Reading, review: Review) -> Iterable[Ask]:
        """What to ask for first; nothing where the page is not of this system, or lacks no comment."""

    def read(self, ask: Ask, answer: Page) -> Told | None:
        """What an answer (status 200, whole) says; None for one that is not what was asked for."""


def lacks_comments(review: Review, *, also_none: bool = False) -> bool:
    """Whether the page says, or its count does, that there are more comments than it holds; ``also_none``
    for systems whose pages never hold any."""
    return review.comments_state in _LACKING or (also_none and review.comments_state in _SILENT)


def unsure_of_parents(review: Review) -> bool:
    """Whether the page does not tell for some comment which one it answers."""
    return len(review.comments) > 1 and any(one.parent_source is ParentSource.UNKNOWN for one in review.comments)
