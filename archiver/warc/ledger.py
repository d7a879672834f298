"""What was seen in an archive, kept on the disk: however many records there are, memory stays flat.

With it records are told that bear the same id or name one that is not there, and an index is
held against the archive that it is of.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, Self

from archiver.warc.digests import stated
from archiver.warc.exchange import Reference
from archiver.warc.faults import Fault, Kind
from archiver.warc.growing import OPEN
from archiver.warc.http import HttpMessage
from archiver.warc.revisit import reference_of
from archiver.warc.scan import Scanned

_TABLES: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE records (
    file INTEGER, place INTEGER, length INTEGER, id TEXT, kind TEXT, url TEXT, date TEXT, status TEXT,
    payload BLOB, told TEXT, own INTEGER
);
CREATE TABLE named (file INTEGER, place INTEGER, id TEXT, field TEXT, target TEXT);
CREATE TABLE referring (
    file INTEGER, place INTEGER, id TEXT, target TEXT, url TEXT, began TEXT, filename TEXT, first INTEGER,
    length INTEGER, payload BLOB
);
CREATE TABLE indexed (file INTEGER, place INTEGER);
"""
_FOUND_BY: Final = """
CREATE INDEX by_id ON records (id);
CREATE INDEX by_place ON records (file, place);
CREATE INDEX by_index ON indexed (file, place);
"""
_NAMING: Final = ("warc-concurrent-to", "warc-refers-to")
#: Records that replay programs answer with, and that an index therefore names.
_REPLAYED: Final = ("response", "revisit", "resource")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A record as an index speaks of it. ``payload`` is the SHA-256 of its payload, where that is known;
    ``told`` the digest that the record itself states."""

    length: int | None
    kind: str
    url: str
    date: str
    status: str | None
    payload: bytes | None
    told: str | None
    is_own: bool


class Ledger:
    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # a file without a name, which goes with the connection
        self._database.executescript(_TABLES)
        self._files: dict[Path, int] = {}
        self._paths: list[Path] = []
        self._cut: set[int] = set()
        self._is_found_by = False

    def begin(self, path: Path) -> None:
        """The records that are added next are of this file."""
        self._files[path.resolve()] = len(self._paths)
        self._paths.append(path)

    def has(self, path: Path) -> bool:
        return path.resolve() in self._files

    def was_cut(self) -> None:
        """The file could not be read to its end; what is missing in it may stand there."""
        self._cut.add(len(self._paths) - 1)

    def add(self, record: Scanned, message: HttpMessage | None) -> None:
        file = len(self._paths) - 1
        row = (
            file, record.offset, record.length, record.id, record.type, record.get("warc-target-uri"),
            record.get("warc-date"), str(message.status) if message and message.status else None,
            _payload(record, message), record.get("warc-payload-digest"), bool(record.get("archiver-purpose")),
        )  # fmt: skip
        self._database.execute("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?,?)", [_storable(one) for one in row])
        if record.type == "revisit" and (reference := reference_of(record)) is not None:
            self._refer(file, record, reference)
        for name, value in record.fields:
            if name.lower() in _NAMING:
                named = (file, record.offset, record.id, name, value.strip("<>"))
                self._database.execute("INSERT INTO named VALUES (?,?,?,?,?)", [_storable(one) for one in named])

    def duplicates(self) -> Iterator[tuple[Path, Fault]]:
        """Every record that bears the id of one before it."""
        found = self._asked(
            "SELECT b.file, b.place, b.id, a.file, a.place FROM records b JOIN records a"
            " ON a.id = b.id AND a.rowid = (SELECT min(rowid) FROM records c WHERE c.id = b.id)"
            " WHERE b.rowid > a.rowid AND b.id <> '' ORDER BY b.rowid"
        )
        for file, place, record, first, where in found:
            other = "" if first == file else f" of {self._paths[first]}"
            said = f"its id is that of the record at byte {where}{other} too"
            yield self._paths[file], Fault(kind=Kind.DUPLICATE_ID, said=said, offset=place, record=record)

    def dangling(self, is_complete: Callable[[Path], bool]) -> Iterator[tuple[Path, Fault]]:
        """Every record that names one which was not seen.

        What a record refers to may lie in another archive; where ``is_complete`` says that all of
        the archive that the file belongs to was looked at, it should have been seen all the same.
        """
        found = self._asked(
            "SELECT n.file, n.place, n.id, n.field, n.target FROM named n"
            " WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = n.target) ORDER BY n.rowid"
        )
        for file, place, record, field, target in found:
            if file in self._cut:
                continue
            path = self._paths[file]
            known = field.lower() == "warc-concurrent-to" or is_complete(path)
            said = f"{field} names a record that is not there: {target}"
            yield (
                path,
                Fault(kind=Kind.DANGLING if known else Kind.ELSEWHERE, said=said, offset=place, record=record),
            )

    def misreferring(self) -> Iterator[tuple[Path, Fault]]:
        """Every revisit of ours whose payload is not where it says, or is another one.

        Those that refer to a record which was not seen are among the :meth:`dangling` ones.
        """
        found = self._asked(
            "SELECT g.file, g.place, g.id, g.url, g.began, g.filename, g.first, g.length, g.payload,"
            " r.file, r.url, r.date, r.place, r.length, r.payload, r.kind"
            " FROM referring g JOIN records r ON r.id = g.target WHERE r.length IS NOT NULL ORDER BY g.rowid"
        )
        for file, place, record, url, began, filename, first, length, payload, *seen in found:
            target = self._paths[seen[0]]
            differing = [
                name
                for name, is_so in (
                    ("address", url == seen[1]),
                    ("date", _is_moment(seen[2], began)),
                    ("file", _is_called(target, filename)),
                    ("place", (first, length) == (seen[3], seen[4])),
                    ("payload", payload is None or (payload == seen[5] if seen[5] else seen[6] != "revisit")),
                )
                if not is_so
            ]
            if differing:
                said = f"what it refers to, at byte {seen[3]} of {target}, has another {', '.join(differing)}"
                yield self._paths[file], Fault(kind=Kind.REVISIT, said=said, offset=place, record=record)

    def at(self, path: Path, place: int) -> Seen | None:
        """The record that begins there; that an index names it is noted."""
        file = self._files[path.resolve()]
        self._database.execute("INSERT INTO indexed VALUES (?,?)", (file, place))
        asked = "SELECT length, kind, url, date, status, payload, told, own FROM records WHERE file = ? AND place = ?"
        row = next(self._asked(asked, (file, place)), None)
        if row is None:
            return None
        length, kind, url, date, status, payload, told, own = row
        return Seen(
            length=length, kind=kind, url=url or "", date=date or "", status=status, payload=payload, told=told,
            is_own=bool(own),
        )  # fmt: skip

    def not_indexed(self, path: Path) -> Iterator[Fault]:
        """The records of a file that an index should name, and none did."""
        kinds = ",".join("?" * len(_REPLAYED))
        found = self._asked(
            f"SELECT r.place, r.id, r.url FROM records r WHERE r.file = ? AND r.kind IN ({kinds})"  # noqa: S608
            " AND (r.url LIKE 'http://%' OR r.url LIKE 'https://%') AND r.length IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM indexed i WHERE i.file = r.file AND i.place = r.place) ORDER BY r.place",
            (self._files[path.resolve()], *_REPLAYED),
        )
        for place, record, url in found:
            said = f"the index has no line for {url}"
            yield Fault(kind=Kind.NOT_INDEXED, said=said, offset=place, record=record)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refer(self, file: int, record: Scanned, to: Reference) -> None:
        digest = stated(record.get("warc-payload-digest") or "")
        row = (
            file, record.offset, record.id, to.record_id, to.url, to.started_at.isoformat(), to.filename, to.offset,
            to.length, digest.value if digest else None,
        )  # fmt: skip
        self._database.execute("INSERT INTO referring VALUES (?,?,?,?,?,?,?,?,?,?)", [_storable(one) for one in row])

    def _asked(self, question: str, given: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        if not self._is_found_by:
            self._database.executescript(_FOUND_BY)
            self._is_found_by = True
        yield from self._database.execute(question, given)


def _payload(record: Scanned, message: HttpMessage | None) -> bytes | None:
    if record.block is None or not record.block.is_whole or record.type == "revisit":
        return None
    if message is not None:
        return hashlib.sha256(message.body).digest()
    return hashlib.sha256(record.block.kept).digest() if record.type == "resource" else None


def _is_moment(date: str | None, moment: str) -> bool:
    """Whether a WARC-Date tells a moment, however precisely either is written."""
    try:
        return datetime.fromisoformat(date or "") == datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        return False


def _is_called(path: Path, filename: str) -> bool:
    """Whether a file goes by a name within a data folder. Files may be moved together into one folder, and
    in a package the folder's name is a part of the file's."""
    return path.name.removesuffix(OPEN).endswith(PurePosixPath(filename).name)


def _storable(value: object) -> object:
    """The database takes no lone surrogates."""
    return value.encode(errors="surrogateescape").decode("utf-8", "replace") if isinstance(value, str) else value
