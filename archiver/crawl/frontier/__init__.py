"""The frontier: what is still to be fetched, kept where it outlasts whatever ends a run.

A *job* is one spider with one set of arguments. Its requests are added once, leased to a worker,
and acknowledged when what they led to is safe on disk; whatever else becomes of a worker, they
are there for the next one. A job is over when nothing of it waits; the same job begun again
after that begins anew.

Nothing above this interface knows how a frontier is kept: :mod:`archiver.crawl.frontier.forms`
does, and :mod:`archiver.crawl.frontier.sqlite` keeps one in a file of the data folder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Form(StrEnum):
    """How a frontier is kept."""

    SQLITE = "sqlite"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A request as the frontier knows it."""

    #: Tells it from every other request of its job.
    key: bytes
    #: What it asks for. Requests that got here by different ways may ask for one page.
    page: bytes
    host: str
    #: As it was first asked for, before anything led elsewhere.
    url: str
    request: bytes
    priority: int = 0
    #: To be fetched although the page is known; never twice under one key.
    always: bool = False
    #: Of which kind it is, where a job may have only so many of a kind.
    counted: str | None = None


@dataclass(frozen=True)
class Leased:
    key: bytes
    host: str
    request: bytes


@dataclass(frozen=True)
class Count:
    waiting: int
    leased: int
    done: int


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A page that did not come as it should when it was last asked for, whichever job asked."""

    url: str
    reason: str
    status: int | None
    run: str
    at: str


class Frontier(Protocol):
    """The requests of one job, for one worker. Each call is done wholly or not at all, whenever the process is killed.

    OSError where it cannot be done; with the number of a full disk where that is the cause.
    """

    def add(self, entry: Entry, *, instead_of: bytes | None = None, most: int | None = None) -> bool:
        """Whether it was new, and one of no more than ``most`` of its kind.

        ``instead_of`` is acknowledged with it: the leased request that this one carries on.
        """

    def knows(self, page: bytes) -> bool:
        """Whether a request for this page was added, and be it done."""

    def lease(self, besides: Collection[str] = ()) -> Leased | None:
        """The next request to make, of a host that is none of these and that no other worker asks.

        Hosts take turns; of one host the highest priority comes first, what was leased in vain comes last.
        """

    def release(self, key: bytes, request: bytes) -> None:
        """A leased request waits again, and is made in this form."""

    def acknowledge(self, keys: Iterable[bytes]) -> None:
        """What these led to is safe; they are never leased again in this job."""

    def count(self) -> Count: ...

    def has_waiting(self) -> bool: ...

    def abandoned(self) -> Mapping[str, frozenset[bytes]]:
        """What workers that are no more had leased, by worker."""

    def take_over(self, worker: str, done: Iterable[bytes]) -> None:
        """Of what a dead worker had leased, this was done; the rest waits again."""

    def fail(self, url: str, reason: str, status: int | None) -> None:
        """A page did not come as it should; forgotten once it is asked for in a later run and comes."""

    def failures(self) -> Iterator[Failure]:
        """The pages of all jobs that failed when they were last asked for, the longest ago first."""

    def remember(self, name: str, value: str) -> None:
        """Something the spider must know when the job goes on."""

    def recall(self, name: str) -> str | None: ...

    def sync(self) -> None:
        """What was added so far outlasts a power cut."""

    def finish(self) -> None:
        """The job is over: forget its requests."""

    def close(self) -> None: ...
