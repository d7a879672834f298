"""`conversion` records held against the lines they are copies of.

Both are written of one record. A line that was made anew since is another, and no fault: it tells
another moment at which it was made. Kept on the disk, so that memory stays flat.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec import Struct

from archiver.record import Extractor
from archiver.warc.faults import Fault, Kind
from archiver.warc.scan import Scanned

_TABLES: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE conversions (path TEXT, place INTEGER, id TEXT, page TEXT, moment TEXT, digest BLOB);
CREATE TABLE lines (page TEXT, moment TEXT, digest BLOB);
"""
_FOUND_BY: Final = "CREATE INDEX by_page ON lines (page, moment)"
_OTHERS: Final = """
SELECT path, place, id FROM conversions AS c
WHERE EXISTS (SELECT 1 FROM lines AS l WHERE l.page = c.page AND l.moment = c.moment)
AND NOT EXISTS (SELECT 1 FROM lines AS l WHERE l.page = c.page AND l.moment = c.moment AND l.digest = c.digest)
ORDER BY c.rowid
"""


@dataclass(frozen=True)
class Made:
    """A line by the record of its page, the moment at which it was made, and its digest."""

    page: str
    moment: str
    digest: bytes


class _Captured(Struct):
    warc_record_id: str | None = None


class _Line(Struct):
    """What tells a line from others of its page."""

    extractor: Extractor
    captures: tuple[_Captured, ...] = ()


_decoder: Final = msgspec.json.Decoder(_Line)


def made(line: bytes) -> Made | None:
    """None where it is no line of a page in an archive, or one that does not say when it was made."""
    try:
        said = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    page = said.captures[0].warc_record_id if said.captures else None
    if not page or not said.extractor.parsed_at:
        return None
    return Made(page, said.extractor.parsed_at, hashlib.sha256(line.rstrip(b"\r\n")).digest())


class Conversions:
    """The conversions of archives, then the lines; :meth:`differing` once both are known."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # a file without a name, which goes with the connection
        self._database.executescript(_TABLES)

    def add(self, path: Path, record: Scanned) -> None:
        """Whatever record of an archive it is; others than whole conversions of ours are passed over."""
        if record.type != "conversion" or record.block is None or not record.block.is_whole:
            return
        own = made(record.block.kept)
        if own is not None and own.page == (record.get("warc-refers-to") or "").strip("<>"):
            row = (str(path), record.offset, record.id, own.page, own.moment, own.digest)
            self._database.execute("INSERT INTO conversions VALUES (?,?,?,?,?,?)", row)

    def hold(self, lines: Iterable[Made]) -> None:
        rows = ((line.page, line.moment, line.digest) for line in lines)
        self._database.executemany("INSERT INTO lines VALUES (?,?,?)", rows)

    def differing(self) -> Iterator[tuple[Path, Fault]]:
        """Every conversion that is not its line, where that line was looked at."""
        self._database.execute(_FOUND_BY)
        for path, place, record in self._database.execute(_OTHERS):
            said = "the record that stands here is not the line that was made with it"
            yield Path(path), Fault(kind=Kind.CONVERSION, said=said, offset=place, record=record)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
