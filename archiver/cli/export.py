"""``archiver export``: what was archived, in a form that other programs take."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from archiver.cli.telling import no_archive, say
from archiver.crawl.addon import software
from archiver.crawl.run import Exit, exit_for
from archiver.extraction import extract
from archiver.record import Review
from archiver.store.lines import load
from archiver.store.packing import archives, pack
from archiver.store.records import located
from archiver.warc.growing import OPEN
from archiver.warc.reader import pages

HELP = "write what a data folder holds in another form"
EXAMPLES = """examples:
  archiver export --format wacz data/ -o reviews.wacz
"""


class _Telling:
    """Says on stderr what could not be exported, and counts it."""

    def __init__(self) -> None:
        self.faults = 0

    def __call__(self, fault: str) -> None:
        self.faults += 1
        say(fault)


#: Writes the export of a folder to a path, and tells what had to be left out.
_Export = Callable[[Path, Path, _Telling], None]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DATA", help="a data folder, or a folder of archives")
    parser.add_argument("--format", required=True, choices=sorted(_FORMATS), help="wacz: one file that replays")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="write there; a file of that name is replaced once the new one is whole",
    )


def run(options: argparse.Namespace) -> int:
    """0; 3 where something had to be left out; 10 where there is no archive."""
    data: Path = options.data
    if not archives(data):
        return no_archive(str(data))
    tell = _Telling()
    try:
        _FORMATS[options.format](data, options.output, tell)
    except ValueError as error:
        tell(str(error))
        return Exit.USAGE
    except OSError as error:
        tell(f"{error.filename or options.output}: {error.strerror}")
        return exit_for(error)
    return Exit.SOME_FAILED if tell.faults else Exit.DONE


def _wacz(data: Path, output: Path, tell: _Telling) -> None:
    for path in sorted(data.rglob(f"*.warc.gz{OPEN}")):
        tell(f"{path} is left out: it is still being written, or its run was killed")
    pack(data, output, _reviews(data, tell), software())


_FORMATS: Final[Mapping[str, _Export]] = {"wacz": _wacz}


def _reviews(data: Path, tell: _Telling) -> Iterator[Review]:
    """The records of a folder; archives that no record names are read anew."""
    named: set[str] = set()
    for review in load(data):
        if review.captures and (own := review.captures[0].warc_filename):  # others may lie with records of their own
            named.add(own)
        yield review
    for path in archives(data):
        if not any(name.endswith(path.relative_to(data).as_posix()) for name in named):
            yield from (located(extract(page), location) for page, location in pages(path, torn=tell))
