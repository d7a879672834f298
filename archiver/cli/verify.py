"""``archiver verify``: whether archives, their indexes and their records are what they say.

Archives may be hostile: nothing that one says reaches a terminal but as printable signs.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from archiver.cli.converted import Conversions
from archiver.cli.extract import processors
from archiver.cli.found import Found, find, named
from archiver.cli.rederived import Checked, checked, is_of_records
from archiver.cli.telling import no_archive, one_line
from archiver.crawl.run import Exit
from archiver.warc.cdxj import index_of
from archiver.warc.faults import ADVICE, NOTES, Fault, Kind
from archiver.warc.growing import OPEN, finds_no_room, is_held
from archiver.warc.indexed import faults_of_index
from archiver.warc.ledger import Ledger
from archiver.warc.packaged import faults_of_package
from archiver.warc.verify import verified
from archiver.warc.wacz import warcs

HELP = "check archives: their form, their digests, their index, and that every record is made of their bytes"
EXAMPLES = """examples:
  archiver verify data
  archiver verify crawl.warc.gz
  archiver verify data --json > verified.json
"""

#: Faults of one kind in one file that are told one by one; the others are counted.
MOST_TOLD: Final = 20
#: Behind these a file was not read on.
_ENDS: Final = frozenset({Kind.CUT, Kind.DAMAGED, Kind.NO_RECORD, Kind.CONTENT_LENGTH, Kind.HEAD, Kind.UNREADABLE})
#: What is nothing wrong in a file that is being written.
_UNFINISHED: Final = frozenset({Kind.CUT, Kind.DAMAGED, Kind.NO_RECORD, Kind.EMPTY, Kind.LINE})


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "archives",
        nargs="+",
        metavar="ARCHIVE",
        help="a data folder, or any other; or a file: .warc, .warc.gz, .wacz, .jsonl",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the report")
    parser.add_argument("--jobs", type=int, default=processors(), metavar="N", help="processes; as many as processors")


def run(options: argparse.Namespace) -> int:
    """0; 3 where anything is wrong; 10 where there is no archive."""
    if options.jobs < 1:
        options.complain("--jobs takes a number from 1 up")
    for name in options.archives:
        if not Path(name).exists():
            return no_archive(name)
    try:
        found = find(options.archives)
    except OSError as error:
        options.complain(f"{_one_line(str(error.filename))}: {error.strerror}")
        raise
    if not (found.archives or found.lines or found.indexes or found.packages):
        return no_archive(", ".join(options.archives))
    report = Report()
    try:
        with Ledger() as ledger, Conversions() as conversions, _progress() as progress:
            _verify(found, Books(ledger, conversions), report, progress, options.jobs)
    except sqlite3.OperationalError as error:
        if not finds_no_room(error):
            raise
        print(f"archiver: a temporary file: {error}", file=sys.stderr)
        return Exit.DISK_FULL
    if options.json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        for line in report.lines():
            print(line)
    return Exit.SOME_FAILED if report.faults else Exit.DONE


class Books(NamedTuple):
    """What is kept of the archives that were read, to hold against each other."""

    ledger: Ledger
    conversions: Conversions


def _verify(found: Found, books: Books, report: Report, progress: Progress, jobs: int) -> None:
    ledger, conversions = books
    for path in found.archives:
        with report.reading(path), path.open("rb") as file:
            _archive(path, file, books, report, progress)
    for path, fault in (*ledger.duplicates(), *ledger.dangling(found.is_complete), *ledger.misreferring()):
        report.tell(path, fault)
    _indexes(found, ledger, report, progress)
    for path in found.packages:
        with report.reading(path):
            _package(path, report, progress)
    for path in found.torn:
        said = f"{path.stat().st_size} bytes that an earlier repair put aside"
        report.tell(path, Fault(kind=Kind.TORN, said=said))
    for part in _lines(found, report, progress, jobs):
        conversions.hold(part.made)
    for path, fault in conversions.differing():
        report.tell(path, fault)


def _indexes(found: Found, ledger: Ledger, report: Report, progress: Progress) -> None:
    """Each against all archives; the one that it lies beside should be in it as a whole."""
    own = {index_of(path): path for path in found.archives if ledger.has(path)}
    for path in found.indexes:
        progress.show(path)
        with report.reading(path), path.open("rb") as file:
            for fault in faults_of_index(file, partial(named, by=path), ledger):
                report.tell(path, fault)
            for fault in ledger.not_indexed(own[path]) if path in own else ():
                report.tell(path, fault)


def _lines(found: Found, report: Report, progress: Progress, jobs: int) -> Iterator[Checked]:
    paths: list[Path] = []
    for path in found.lines:
        with report.reading(path):
            if is_of_records(path):
                _left_open(path, report)
                paths.append(path)
    for part in checked(paths, jobs):
        progress.show(part.path, lines=report.counts["lines"])
        report.counts["lines"] += part.count
        for fault in part.faults:
            if not (fault.kind in _UNFINISHED and report.is_being_written(part.path)):
                report.tell(part.path, fault)
        yield part


def _package(path: Path, report: Report, progress: Progress) -> None:
    """Its records are copies, and are no other records' doubles: it has a ledger of its own."""
    archives: list[Path] = []
    with Ledger() as ledger, Conversions() as conversions:
        try:
            for packed, file in warcs(path):
                archives.append(Path(str(packed)))
                _archive(archives[-1], file, Books(ledger, conversions), report, progress)
        except ValueError as error:
            report.tell(path, Fault(kind=Kind.PACKAGE, said=str(error)))
            return
        for part, fault in (*ledger.duplicates(), *ledger.dangling(lambda _: False), *ledger.misreferring()):
            report.tell(part, fault)
        for fault in faults_of_package(path, archives, ledger):
            report.tell(path, fault)


def _archive(path: Path, file: BinaryIO, books: Books, report: Report, progress: Progress) -> None:
    is_written = _left_open(path, report)
    ledger = books.ledger
    ledger.begin(path)

    def tell(fault: Fault) -> None:
        if fault.kind in _ENDS:
            ledger.was_cut()
        if not (is_written and fault.kind in _UNFINISHED):
            report.tell(path, fault)

    size = file.seek(0, os.SEEK_END) or 1
    for record, message in verified(file, tell):
        ledger.add(record, message)
        books.conversions.add(path, record)
        report.counts["records"] += 1
        progress.show(path, share=record.offset / size)
    report.counts["archives"] += 1


def _left_open(path: Path, report: Report) -> bool:
    """Whether a run is writing the file. An empty one is not asked: its writer may be about to lock it."""
    if not path.name.endswith(OPEN) or not path.stat().st_size:
        return False
    if is_held(path):
        report.tell(path, Fault(kind=Kind.BEING_WRITTEN, said="a run is writing it: what is unfinished is not judged"))
        return True
    report.tell(path, Fault(kind=Kind.LEFT_OPEN, said="the run that wrote it has ended without closing it"))
    return False


# What was found


class Report:
    """What is wrong, by file and kind: of each kind the first ones, and how many there are."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter(archives=0, records=0, lines=0)
        self._told: dict[Path, dict[Kind, list[Fault]]] = {}
        self._numbers: Counter[tuple[Path, Kind]] = Counter()

    @property
    def faults(self) -> int:
        return sum(number for (_, kind), number in self._numbers.items() if kind not in NOTES)

    @property
    def notes(self) -> int:
        return self._numbers.total() - self.faults

    def add(self, path: Path) -> None:
        """A file was looked at, whatever comes of it."""
        self._told.setdefault(path, {})

    def tell(self, path: Path, fault: Fault) -> None:
        self.add(path)
        told = self._told[path].setdefault(fault.kind, [])
        self._numbers[path, fault.kind] += 1
        if len(told) < MOST_TOLD:
            told.append(fault)

    def is_being_written(self, path: Path) -> bool:
        return Kind.BEING_WRITTEN in self._told.get(path, {})

    @contextmanager
    def reading(self, path: Path) -> Iterator[None]:
        """A file that cannot be read is a fault of the archive."""
        self.add(path)
        try:
            yield
        except OSError as error:
            self.tell(path, Fault(kind=Kind.UNREADABLE, said=error.strerror or str(error)))

    def lines(self) -> Iterator[str]:
        """For people: nothing of a file in which there is nothing to tell."""
        for path, kinds in self._told.items():
            if not kinds:
                continue
            yield f"{_one_line(str(path))}"
            for kind, faults in sorted(kinds.items(), key=lambda one: one[0] in NOTES):
                number = self._numbers[path, kind]
                note = "note: " if kind in NOTES else ""
                yield f"  {note}{kind}{f', {number} times' if number > 1 else ''}: {ADVICE[kind]}"
                yield from (f"    {_one_line(_in_words(fault))}" for fault in faults)
                if number > len(faults):
                    yield f"    and {number - len(faults)} more"
            yield ""
        counted = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        notes = f", {self.notes} notes" if self.notes else ""
        yield f"{counted}: {f'{self.faults} faults' if self.faults else 'nothing is wrong'}{notes}"

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.counts,
            "faults": self.faults,
            "notes": self.notes,
            "files": [
                {
                    "file": str(path),
                    "counts": {kind: self._numbers[path, kind] for kind in kinds},
                    "faults": _as_dicts(kinds, are_notes=False),
                    "notes": _as_dicts(kinds, are_notes=True),
                }
                for path, kinds in self._told.items()
            ],
        }


def _as_dicts(kinds: dict[Kind, list[Fault]], *, are_notes: bool) -> list[dict[str, Any]]:
    shown: Iterable[Fault] = (fault for faults in kinds.values() for fault in faults)
    return [
        {
            "kind": fault.kind,
            "said": fault.said,
            "advice": ADVICE[fault.kind],
            "offset": fault.offset,
            "record": fault.record,
            "line": fault.line,
        }
        for fault in shown
        if fault.is_note is are_notes
    ]


def _in_words(fault: Fault) -> str:
    where = [
        f"line {fault.line}" if fault.line is not None else "",
        f"byte {fault.offset}" if fault.offset is not None else "",
        f"<{fault.record}>" if fault.record else "",
    ]
    place = ", ".join(part for part in where if part)
    return f"{place}: {fault.said}" if place else fault.said


#: What an archive says is shown no further: a head may be a megabyte long.
_LONGEST_SAID: Final = 500


def _one_line(text: str) -> str:
    said = one_line(text[:_LONGEST_SAID])
    return said if len(text) <= _LONGEST_SAID else f"{said} …"


# How far it is


class Progress:
    """A line on stderr that is written over; nothing where that is no terminal."""

    _EVERY: Final = 0.2  # seconds

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()
        self._next = 0.0

    def show(self, path: Path, *, share: float | None = None, lines: int | None = None) -> None:
        if not self._is_shown or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._EVERY
        far = f" {share:.0%}" if share is not None else f" {lines} lines" if lines is not None else ""
        print(f"\r\x1b[K{_one_line(path.name)[:60]}{far}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    progress = Progress()
    try:
        yield progress
    finally:
        progress.clear()
