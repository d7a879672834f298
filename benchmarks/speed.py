"""What extractors cost: CPU time a page, and memory. Each figure is taken in a fresh process.

CPU time is that process's own, on one core, from the bytes of a page to its record. Extractors
take turns on each page, pass after pass, so that whatever slows the machine slows them all; a
page's time is the median of its passes.
"""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from archiver.extraction import extract
from benchmarks import peers
from benchmarks.quality import OURS, loaded

P = ParamSpec("P")
T = TypeVar("T")
#: A page's file and its address.
Saved = tuple[Path, str]
Extract = Callable[[bytes, str], object]

#: Pages after which memory is looked at for the first time: caches are full by then.
SETTLED: Final = 1_000
_MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """Megabytes at most: before the first page, and in all."""

    before: float
    peak: float


@dataclass(frozen=True)
class Growth:
    """Megabytes in use after the first thousand pages and after all of them."""

    settled: float
    end: float
    pages: int


def cpu(names: Sequence[str], pages: Sequence[Saved], passes: int) -> dict[str, float]:
    """Mean CPU milliseconds a page for each extractor."""
    return _alone(_cpu, names, pages, passes)


def memory(name: str, pages: Sequence[Saved]) -> Memory:
    """Of an extractor that reads the pages one by one."""
    return _alone(_memory, name, pages)


def growth(pages: Sequence[Saved], count: int) -> Growth:
    """Of this project over many pages: these, again and again."""
    return _alone(_growth, pages, count)


def _alone(work: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
    with ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn"), initializer=peers.no_network
    ) as process:
        return process.submit(work, *arguments, **keywords).result()


def _extractor(name: str) -> Extract:
    return _whole_record if name == OURS else loaded(name)


def _whole_record(body: bytes, url: str) -> object:
    return extract(body, url=url)


def _cpu(names: Sequence[str], pages: Sequence[Saved], passes: int) -> dict[str, float]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    extractors = {name: _extractor(name) for name in names}
    bodies = [(path.read_bytes(), url) for path, url in pages]
    for extractor in extractors.values():  # caches, compiled patterns, what is imported on first use
        _time(extractor, *bodies[0])
    gc.collect()
    gc.freeze()
    taken: dict[str, list[list[float]]] = {name: [[] for _ in bodies] for name in names}
    for turn in range(passes):
        for place, (body, url) in enumerate(bodies):
            for name in _rotated(names, turn + place):
                taken[name][place].append(_time(extractors[name], body, url))
    return {name: 1000 * statistics.fmean(map(statistics.median, pages)) for name, pages in taken.items()}


def _rotated(names: Sequence[str], by: int) -> list[str]:
    by %= len(names)
    return [*names[by:], *names[:by]]


def _time(extractor: Extract, body: bytes, url: str) -> float:
    start = time.process_time()
    with suppress(Exception):  # an extractor that raises has taken its time all the same
        extractor(body, url)
    taken = time.process_time() - start
    gc.collect()  # its litter is not left for the next
    return taken


def _memory(name: str, pages: Sequence[Saved]) -> Memory:
    extractor = _extractor(name)
    before = _peak()
    for path, url in pages:
        with suppress(Exception):
            extractor(path.read_bytes(), url)
    return Memory(before, _peak())


def _growth(pages: Sequence[Saved], count: int) -> Growth:
    settled = 0.0
    for done, (path, url) in enumerate(itertools.islice(itertools.cycle(pages), count), 1):
        extract(path.read_bytes(), url=url)
        if done == min(SETTLED, count):
            settled = _in_use()
    return Growth(settled, _in_use(), count)


def _peak() -> float:
    """The most this process ever held, which Linux keeps; getrusage's figure is inherited from the parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) * 1024 / _MEGABYTE


def _in_use() -> float:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return resident * resource.getpagesize() / _MEGABYTE
