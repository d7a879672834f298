"""The files being written, one a site: however many sites, only so many are open at once."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Generic, Protocol, TypeVar

#: A run over thousands of sites must not run out of file descriptors (1,024 is a usual limit).
MOST_OPEN: Final = 200


class _Writer(Protocol):
    @property
    def size(self) -> int: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


W = TypeVar("W", bound=_Writer)


class Shelf(Generic[W]):
    """Writers by site. The one longest unused is closed when there are too many; a site that
    comes back gets its next part, since a closed file is never appended to; so does one whose
    file has ``full`` bytes, as soon as nobody needs that file.

    ``first`` is done before writers are synced, or one is closed because there are too many: what
    their files speak of must outlast a power cut before they do.
    """

    def __init__(
        self,
        new: Callable[[str, int], W],
        most_open: int = MOST_OPEN,
        full: int = sys.maxsize,
        first: Callable[[], None] = lambda: None,
    ) -> None:
        self._new = new
        self._full = full
        self._most_open = most_open
        self._first = first
        self._open: OrderedDict[str, W] = OrderedDict()
        self._parts: Counter[str] = Counter()
        self._in_use: Counter[str] = Counter()

    def of(self, site: str) -> W:
        if site in self._open and self._open[site].size >= self._full and not self._in_use[site]:
            self._first()
            self._open.pop(site).close()
        if site not in self._open:
            if len(self._open) >= self._most_open:
                self._close_one()
            self._parts[site] += 1
            self._open[site] = self._new(site, self._parts[site])
        self._open.move_to_end(site)
        return self._open[site]

    @contextmanager
    def kept_open(self, site: str) -> Iterator[None]:
        """What is written for a site meanwhile goes into one file."""
        self._in_use[site] += 1
        try:
            yield
        finally:
            self._in_use[site] -= 1

    def sync(self) -> None:
        """Everything written so far outlasts a power cut."""
        self._first()
        for writer in self._open.values():
            writer.sync()

    def close(self) -> None:
        """Close every writer, also where closing one fails; the first failure is raised."""
        failures: list[OSError] = []
        while self._open:
            try:
                self._open.popitem()[1].close()
            except OSError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _close_one(self) -> None:
        site = next((site for site in self._open if not self._in_use[site]), None)
        if site is not None:
            self._first()
            self._open.pop(site).close()
