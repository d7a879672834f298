"""``archiver extract``: the extraction of a crawl, from what lies on a disk."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from archiver.cli.telling import say
from archiver.crawl.doors import archived_review
from archiver.crawl.run import exit_for
from archiver.extraction import extract
from archiver.page import Page
from archiver.record import Review
from archiver.store.lines import LineWriter, encode
from archiver.warc.reader import Captured, captured

HELP = "read pages from files and archives, with no network, and write one record a line"
EXAMPLES = """examples:
  archiver extract page.html --url https://example.org/a-review
  archiver extract data/ -o records.jsonl
  curl -s https://example.org/a-review | archiver extract -
"""

STDIN: Final = "-"
_ARCHIVES: Final = (".warc", ".warc.gz", ".wacz", ".wet", ".wet.gz")
_PAGES: Final = (".html", ".htm", ".xhtml", ".txt")
_READ: Final = ", ".join((*_PAGES, *_ARCHIVES))
#: Pages handed to a process at once: enough that handing over costs little, few enough to share evenly.
_BATCH: Final = 16


@dataclass(frozen=True)
class Source:
    """A page; where it lies in an archive, and what else belongs to it there, unless it is a file of its own."""

    page: Page
    captured: Captured | None = None


class Reading:
    """The pages of all inputs, in order. What cannot be read is told and counted, and the rest is read."""

    def __init__(self, inputs: Iterable[str], url: str | None) -> None:
        self._inputs = inputs
        self._url = url
        self.faults = 0

    def __iter__(self) -> Iterator[Source]:
        for name in self._inputs:
            for path in _files(name):
                try:
                    yield from self._read(path)
                except (OSError, ValueError, EOFError) as error:
                    self._fault(f"{path}: {getattr(error, 'strerror', None) or error}")

    def _read(self, path: Path | None) -> Iterator[Source]:
        if path is None:
            yield Source(Page(body=sys.stdin.buffer.read(), url=self._url))
        elif path.name.lower().endswith(_ARCHIVES):
            for one in captured(path, torn=self._fault):
                yield Source(one.page, one)
        else:
            yield Source(Page(body=path.read_bytes(), url=self._url))

    def _fault(self, said: str) -> None:
        self.faults += 1
        say(said)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help=f"{_READ}, a folder, or -")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write the records there; a file of that name is replaced once all of them are written",
    )
    parser.add_argument("--url", help="the address of the page, for a file that does not tell it")
    parser.add_argument("--jobs", type=int, default=processors(), metavar="N", help="processes; as many as processors")


def run(options: argparse.Namespace) -> int:
    """0; 2 where an input cannot be opened at all; 3 where some of what was opened could not be read."""
    if options.jobs < 1:
        options.complain("--jobs takes a number from 1 up")
    for name in options.inputs:
        if fault := _unusable(name):
            options.complain(fault)
    reading = Reading(options.inputs, options.url)
    try:
        with _written(options.output) as write:
            for record in _records(reading, options.jobs):
                write(record)
    except BrokenPipeError:
        raise
    except OSError as error:
        if options.output is None:
            raise
        say(f"{options.output}: {error.strerror}")
        return exit_for(error)
    return 3 if reading.faults else 0


def _records(sources: Iterable[Source], jobs: int) -> Iterator[Review]:
    """The records in the order of the pages. A single batch is not worth a process."""
    batches = _batches(sources)
    first, second = next(batches, []), next(batches, [])
    if jobs == 1 or not second:
        for source in itertools.chain(first, second, *batches):
            yield _record(source)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting: deque[Future[list[Review]]] = deque()
        for batch in itertools.chain([first, second], batches):
            waiting.append(pool.submit(_read_all, batch))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _batches(sources: Iterable[Source]) -> Iterator[list[Source]]:
    remaining = iter(sources)
    while batch := list(itertools.islice(remaining, _BATCH)):
        yield batch


def _read_all(batch: list[Source]) -> list[Review]:
    return [_record(source) for source in batch]


def _record(source: Source) -> Review:
    return archived_review(source.captured) if source.captured is not None else extract(source.page)


@contextmanager
def _written(path: Path | None) -> Iterator[Callable[[Review], object]]:
    """Where records go: stdout, or a file. One that was there is replaced once the new one is whole, and not before."""
    if path is None:
        yield lambda record: sys.stdout.buffer.write(encode(record))
    elif path.exists() and not path.is_file():  # a pipe, or a device such as /dev/null
        with path.open("wb") as file:
            yield lambda record: file.write(encode(record))
    else:
        final = path.resolve()
        part = final.with_name(f".{final.name}.{os.getpid()}")
        try:
            with LineWriter(part) as lines:
                yield lines.write
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)


def _files(name: str) -> Iterator[Path | None]:
    """The files of an input, those of a folder in the order of their names; None is stdin."""
    if name == STDIN:
        yield None
    elif Path(name).is_dir():
        yield from _within(Path(name))
    else:
        yield Path(name)


def _within(folder: Path) -> Iterator[Path]:
    found = (path for path in sorted(folder.rglob("*")) if path.name.lower().endswith((*_PAGES, *_ARCHIVES)))
    return (path for path in found if path.is_file())


def _unusable(name: str) -> str | None:
    """Why an input cannot be read at all, before anything is."""
    path = Path(name)
    if name == STDIN:
        return None
    if not path.exists():
        return f"{name}: there is no such file"
    if not os.access(path, os.R_OK):
        return f"{name} may not be read"
    if path.is_dir() and next(_within(path), None) is None:
        return f"{name} holds no page and no archive ({_READ})"
    return None


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
