"""What a source of comments is: it knows where to ask, and how to read what is answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, Protocol

from archiver.extraction.comments.threads import Said
from archiver.extraction.reading import Reading
from archiver.page import Page, address_of
from archiver.record import CommentKind, CommentsState, ExternalComments, ParentSource, Review

#: States in which the page itself says that there are comments which it does not hold.
_LACKING: Final = frozenset({CommentsState.PARTIAL, CommentsState.LOST, CommentsState.EXTERNAL})


@dataclass(frozen=True)
class Ask:
    """A request for what a page's record lacks: with ``body`` a POST of JSON, else a GET. ``at`` is the asker's own
    note of where in the thread, or in the article, it is; ``what`` it asks for."""

    url: str
    body: bytes = b""
    at: int = field(default=0, compare=False)
    what: Literal["comments", "part"] = field(default="comments", compare=False)


@dataclass(frozen=True)
class Told:
    """What one answer says."""

    said: tuple[Said, ...] = ()
    #: What to ask for next.
    asks: tuple[Ask, ...] = ()
    #: How many comments the source says the thread has.
    declared: int | None = None
    #: Whether the thread may have more that cannot be asked for.
    is_open: bool = False


class Source(Protocol):
    """One system, one class. Nothing about a page or an answer raises. What it asks for lies on the
    page's own host, or on the one that the page's widget names."""

    #: As in ``comments_external``, where the system is a widget.
    system: ClassVar[str]

    def asks(self, reading: Reading, review: Review) -> Iterable[Ask]:
        """What to ask for first; nothing where the page is not of this system, or lacks no comment."""

    def read(self, ask: Ask, answer: Page) -> Told | None:
        """What an answer (status 200, whole) says; None for one that is not what was asked for."""


def lacks_comments(review: Review) -> bool:
    """Whether the page says, or its count does, that there are more comments than it holds."""
    return review.comments_state in _LACKING


def unsure_of_parents(review: Review) -> bool:
    """Whether the page shows who answers whom, but not of all: below their greatest depth, sites
    print replies beside what they answer."""
    told = {one.parent_source is ParentSource.UNKNOWN for one in review.comments if one.kind is CommentKind.COMMENT}
    return len(told) > 1


def widget(review: Review, system: str) -> ExternalComments | None:
    """What the page tells of its thread, where this system holds it and the record has none of it yet, or not all."""
    told = review.comments_external
    return told if told is not None and told.system == system and lacks_comments(review) else None


def own_address(reading: Reading, link: str) -> str | None:
    """A link as an absolute address without fragment; None where it leads to another host than the page's."""
    url = reading.absolute(link)
    is_own = url is not None and host_of(url) == host_of(reading.page.url)
    return url.partition("#")[0] if url is not None and is_own else None


def host_of(url: str | None) -> str:
    """The host with its port; ``www.`` makes no other."""
    return address_of(url).netloc.lower().removeprefix("www.")
