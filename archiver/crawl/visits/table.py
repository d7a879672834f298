"""The visits of a data folder, in `archive.sqlite`.

What was noted is kept at once in memory, and in the file from the next :meth:`Visits.commit` on: after the
lines are safe, and before the frontier takes a page for done. Lines that a run wrote and did not come to
commit, and those of runs that knew no visits, are read when the table is opened: how far each file of lines
was read is kept with what was read of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urldefrag, urlsplit

import msgspec

from archiver.crawl.database import FILE, Tables
from archiver.crawl.visits.schedule import Pace, due, is_changed
from archiver.crawl.visits.visit import Told, Visit, key_of, unchanged, visited
from archiver.record import Review
from archiver.store import lines
from archiver.store.history import has_thread
from archiver.warc.exchange import uri
from archiver.warc.growing import OPEN

logger = logging.getLogger(__name__)

_VERSION: Final = 2
#: Lines read between two commits, where many were not read yet.
_AT_ONCE: Final = 500
_NAMES: Final = ("visits", "visit_lines", "visit_files")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS tables (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS visits (
    key BLOB PRIMARY KEY, asked TEXT NOT NULL, due_at TEXT, visit BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visits_by_address ON visits (asked);
CREATE INDEX IF NOT EXISTS visits_due ON visits (due_at, asked) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS visit_lines (
    record_id TEXT PRIMARY KEY, filename TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS visit_files (filename TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
"""
_FIND: Final = "SELECT visit FROM visits WHERE key = ?"
_OF_ADDRESS: Final = "SELECT key, visit FROM visits WHERE asked = ?"
_DUE: Final = """
SELECT asked, MIN(due_at) AS since FROM visits WHERE due_at IS NOT NULL AND due_at <= ?
GROUP BY asked ORDER BY since, asked"""
_KEEP: Final = "INSERT OR REPLACE INTO visits VALUES (?, ?, ?, ?)"
#: Later than any instant that is due.
_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """Where a line lies: the file within the data folder by its final name, the first byte, the length."""

    filename: str
    offset: int
    length: int


class Visits(Tables):
    """OSError where the file cannot be read or written. Whoever opens it holds the data folder."""

    def __init__(self, data: Path, pace: Pace) -> None:
        super().__init__(data / FILE)
        self._data = data
        self._pace = pace
        self._visits: dict[bytes, Visit] = {}
        self._asked: dict[str, set[bytes]] = {}
        self._lines: dict[str, Line] = {}
        self._files: dict[str, int] = {}
        with self._plainly():
            self._prepare()
        self._read_lines()

    # What is known

    def find(self, url: str, chain: tuple[str, ...]) -> Visit | None:
        """The last visit to an address by the way of these."""
        return self._find(key_of(url, chain))

    def wants(self, url: str, now: datetime, changed: str | None = None, commented: int | None = None) -> bool:
        """Whether a page that was come upon is to be asked for: it is new, due, or a source tells news of it."""
        known = self._of_address(_address(url))
        dues = [due(one, self._pace) for one in known]
        return (
            not known
            or any(one is not None and one <= now for one in dues)
            or is_changed(max(known, key=lambda one: one.fetched_at), changed, commented)
        )

    def due(self, by: datetime | None = None, site: str = "") -> Iterator[str]:
        """The addresses due by then, the longest ago first; all that are ever due, where no instant is given."""
        with self._plainly():
            cursor = self._db.cursor()
            for address, _ in cursor.execute(_DUE, (_stored(by or _EVER),)):
                if is_of(address, site):
                    yield address

    def earlier(self, record_id: str) -> Review | None:
        """The newest line by which a page's comments are known; None where there is none, or none any more."""
        line = self._lines.get(record_id)
        if line is None:
            with self._plainly():
                row = self._db.execute(
                    "SELECT filename, offset, length FROM visit_lines WHERE record_id = ?", (record_id,)
                ).fetchone()
            line = Line(*row) if row else None
        review = self._review(line) if line else None
        return review if review is not None and review.record_id == record_id else None

    # What becomes known

    def note(self, review: Review, line: Line, told: Told) -> tuple[Visit | None, Visit | None]:
        """A line was written; returns the visit before and this one."""
        self._files[line.filename] = line.offset + line.length
        chain = review.captures[0].redirect_chain if review.captures else ()
        key = key_of(review.url or "", chain)
        before = self._find(key)
        now = visited(before, review, told)
        if now is not None:
            self._put(key, now)
            if has_thread(review):
                self._lines[review.record_id] = line
        return before, now

    def note_unchanged(self, url: str, chain: tuple[str, ...], at: datetime, told: Told) -> None:
        """A 304 came."""
        key = key_of(url, chain)
        before = self._find(key)
        if before is not None:
            self._put(key, unchanged(before, at, told))

    def commit(self) -> None:
        """What was noted is known to later runs: to be called once its lines outlast a power cut."""
        if not (self._visits or self._files):
            return
        visits = [
            (key, _address(one.asked), _stored(due(one, self._pace)), _encode(one)) for key, one in self._visits.items()
        ]
        placed = [(record_id, one.filename, one.offset, one.length) for record_id, one in self._lines.items()]
        with self._whole():
            self._db.executemany(_KEEP, visits)
            self._db.executemany("INSERT OR REPLACE INTO visit_lines VALUES (?, ?, ?, ?)", placed)
            self._db.executemany("INSERT OR REPLACE INTO visit_files VALUES (?, ?)", self._files.items())
        for noted in (self._visits, self._asked, self._lines, self._files):
            noted.clear()

    def close(self) -> None:
        """What was noted and not committed is forgotten, and read again from its lines. A second call does nothing."""
        self._db.close()

    # Lines that were not read yet

    def _read_lines(self) -> None:
        known = dict(self._known_files())
        for path in sorted(self._data.glob("*/*.jsonl"), key=lambda path: path.name):
            filename = path.relative_to(self._data).as_posix()
            done = known.get(filename, 0)
            if path.stat().st_size > done:
                self._read(path, filename, done)
        self.commit()

    def _read(self, path: Path, filename: str, offset: int) -> None:
        with path.open("rb") as file:
            file.seek(offset)
            for number, line in enumerate(file, 1):
                place = Line(filename, offset, len(line))
                offset += len(line)
                try:
                    self.note(lines.decode(line), place, Told())
                except (ValueError, RecursionError) as error:
                    self._files[filename] = offset
                    logger.warning("%s, byte %s: no record: %s", path, place.offset, error)
                if number % _AT_ONCE == 0:
                    self.commit()

    def _known_files(self) -> list[tuple[str, int]]:
        with self._plainly():
            return self._db.execute("SELECT filename, bytes FROM visit_files").fetchall()

    def _review(self, line: Line) -> Review | None:
        for path in (self._data / line.filename, self._data / f"{line.filename}{OPEN}"):
            try:
                with path.open("rb") as file:
                    file.seek(line.offset)
                    return lines.decode(file.read(line.length))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, RecursionError) as error:
                logger.warning("%s, byte %s: an earlier line cannot be read: %s", path, line.offset, error)
                return None
        logger.warning("%s is gone, and with it what it told of earlier visits", self._data / line.filename)
        return None

    # The file

    def _find(self, key: bytes) -> Visit | None:
        if key in self._visits:
            return self._visits[key]
        with self._plainly():
            row = self._db.execute(_FIND, (key,)).fetchone()
        return _decode(row[0]) if row else None

    def _of_address(self, address: str) -> list[Visit]:
        with self._plainly():
            found = {key: _decode(visit) for key, visit in self._db.execute(_OF_ADDRESS, (address,))}
        found |= {key: self._visits[key] for key in self._asked.get(address, ())}
        return list(found.values())

    def _put(self, key: bytes, visit: Visit) -> None:
        self._visits[key] = visit
        self._asked.setdefault(_address(visit.asked), set()).add(key)

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        version = self._db.execute("SELECT version FROM tables WHERE name = 'visits'").fetchone()
        if version != (_VERSION,):  # it is made again of the lines
            for name in _NAMES if version is not None else ():
                self._db.execute(f"DROP TABLE {name}")
            self._db.executescript(_SCHEMA)
            self._db.execute("INSERT OR REPLACE INTO tables VALUES ('visits', ?)", (_VERSION,))


def is_of(address: str, site: str) -> bool:
    """Whether an address is of a host, or of one below it; any is of none."""
    host = urlsplit(address).hostname or ""
    return not site or host == site or host.endswith(f".{site}")


def _address(url: str) -> str:
    return uri(urldefrag(url).url)


def _stored(moment: datetime | None) -> str | None:
    """So that instants sort as their texts do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def _encode(visit: Visit) -> bytes:
    return msgspec.msgpack.encode(visit)


def _decode(stored: bytes) -> Visit:
    return msgspec.msgpack.decode(stored, type=Visit)
