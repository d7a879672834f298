"""``archiver repair``: what a killed run left is completed, and a torn end is cut and kept aside."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from archiver.cli.found import find
from archiver.cli.telling import no_archive, one_line
from archiver.crawl.run import Exit, exit_for
from archiver.store import lines
from archiver.warc import cdxj, repair
from archiver.warc.faults import Fault, Kind
from archiver.warc.growing import OPEN, cut, finish, is_held
from archiver.warc.records import records
from archiver.warc.scan import scan

HELP = "complete what a killed run left, and cut what is torn; the rest is kept aside"
EXAMPLES = """examples:
  archiver repair data --dry-run
  archiver repair data
  archiver repair crawl.warc.gz
"""


@dataclass(frozen=True)
class Tail:
    """How much of a file is whole. ``fault`` says why no more is; ``is_torn``: all that is wrong is its end."""

    whole: int
    fault: str | None = None
    is_torn: bool = False


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("archives", nargs="+", metavar="ARCHIVE", help="a data folder, or any other, or a file")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")


def run(options: argparse.Namespace) -> int:
    """0; 3 where something could not be repaired; 10 where there is no archive; 12 where the disk is full."""
    for name in options.archives:
        if not Path(name).exists():
            return no_archive(name)
    found = find(options.archives)
    if not (found.archives or found.lines):
        return no_archive(", ".join(options.archives))
    kinds = [*((path, _tail_of_records) for path in found.archives), *((path, _tail_of_lines) for path in found.lines)]
    code = Exit.DONE
    for path, tail in kinds:
        try:
            said, is_good = _repaired(path, tail, dry=options.dry_run)
        except OSError as error:
            if exit_for(error) is Exit.DISK_FULL:
                raise
            said, is_good = error.strerror or str(error), False
        if said:
            print(f"{one_line(str(path))}: {said}", file=sys.stdout if is_good else sys.stderr)
        code = code if is_good else Exit.SOME_FAILED
    return code


def _repaired(path: Path, tail: Callable[[Path], Tail], *, dry: bool) -> tuple[str, bool]:
    """What was done, in words, nothing where nothing had to be; and whether the file is sound now."""
    is_open = path.name.endswith(OPEN)
    if is_open and is_held(path):
        return "a run is writing it; left alone", True
    final = Path(str(path).removesuffix(OPEN))
    if is_open and final.exists():
        return f"not completed: {one_line(final.name)} is there already", False
    judged = tail(path)
    rest = path.stat().st_size - judged.whole
    if not is_open and not judged.fault:
        return "", True
    if not is_open and not (judged.is_torn and judged.whole):
        return f"not repaired: {one_line(judged.fault or '')}; take it from a copy", False
    counted = f"{judged.whole} bytes kept, {rest} cut"
    if dry:
        return f"would be {'completed' if is_open else 'cut'}: {counted}", True
    aside = _complete(path, judged.whole) if is_open else cut(path, judged.whole)
    _index_again(final)
    return (
        f"{'completed' if is_open else 'cut'}: {counted}{f', kept in {one_line(aside.name)}' if aside else ''}",
        True,
    )


def _complete(path: Path, whole: int) -> Path | None:
    finished = finish(path, lambda _: whole)
    return finished.torn if finished is not None else None


def _index_again(archive: Path) -> None:
    """The index of an archive that has lost its end, or never had one."""
    if not archive.exists() or not archive.name.endswith((".warc", ".warc.gz")):
        return
    with archive.open("rb") as file:
        first = next(records(file, lambda _: None), None)
    own = PurePosixPath((first.get("archiver-filename") if first else None) or "")
    is_own = bool(own.parts) and archive.resolve().parts[-len(own.parts) :] == own.parts
    if is_own or cdxj.index_of(archive).exists():
        whole = archive.resolve()
        cdxj.index(whole, whole.parents[len(own.parts) - 1] if is_own else None)


# What is whole

#: Faults behind which a file was not read on.
_ENDS: Final = frozenset({Kind.CUT, Kind.DAMAGED, Kind.NO_RECORD})
_STEP: Final = 2**20


def _tail_of_records(path: Path) -> Tail:
    """A file left open is ours, and ends where its whole records do. Of a closed one only what is clearly
    torn is cut: behind any other fault there may be thousands of good records."""
    if path.name.endswith(OPEN):
        return Tail(repair.whole(path))
    faults: list[Fault] = []
    whole = 0
    with path.open("rb") as file:
        for record in scan(file, faults.append):
            if record.length is not None and record.block is not None:
                whole = record.offset + record.length
        ends = [fault for fault in faults if fault.kind in _ENDS and fault.offset == whole]
        is_torn = any(fault.kind is Kind.CUT for fault in ends) or (bool(ends) and _is_blank(file, whole))
    stopped = next((fault.said for fault in faults if fault.kind in _ENDS), None)
    return Tail(whole, stopped, is_torn)


def _is_blank(file: BinaryIO, begin: int) -> bool:
    """Nothing but zeros, which is what a power cut leaves of bytes that never reached the disk."""
    file.seek(begin)
    return not any(any(piece) for piece in iter(lambda: file.read(_STEP), b""))


def _tail_of_lines(path: Path) -> Tail:
    whole = lines.whole(path)
    if whole == path.stat().st_size:
        return Tail(whole)
    with path.open("rb") as file:
        file.seek(whole)
        line = file.readline()
        is_last = not file.read(1)
    return Tail(whole, "a line holds no JSON" if line.endswith(b"\n") else "its last line is not finished", is_last)
