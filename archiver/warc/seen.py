"""Seen: where each payload that was archived before lies, across runs, in `archive.sqlite`.

It holds nothing that the archives do not hold. Without it, or with a wrong one, payloads are
archived once more, and that is all: a payload is left out of the archive only where the earlier
record has been read and found to hold it.
"""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Final

from archiver.warc.exchange import Reference
from archiver.warc.growing import ArchiveFullError, finds_no_room, set_aside

logger = logging.getLogger(__name__)

NAME: Final = "archive.sqlite"
_VERSION: Final = 1
_BEGIN: Final = """
CREATE TABLE IF NOT EXISTS tables (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payloads (
    digest BLOB PRIMARY KEY, record_id TEXT NOT NULL, url TEXT NOT NULL, started_at TEXT NOT NULL,
    filename TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL
) WITHOUT ROWID;
"""
_FIND: Final = "SELECT record_id, url, started_at, filename, offset, length FROM payloads WHERE digest = ?"
_KEEP: Final = "INSERT OR REPLACE INTO payloads VALUES (?, ?, ?, ?, ?, ?, ?)"
#: Not committed yet, at most; more are not remembered, which costs a payload that comes again its room.
_MOST_WAITING: Final = 10_000


class Seen:
    """``commit`` is called once what was added outlasts a power cut. ArchiveFullError where there is no room."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._waiting: dict[bytes, Reference] = {}
        self._database = _opened(data / NAME)

    def find(self, digest: bytes, filename: str) -> Reference | None:
        """Where a payload lies, if anywhere. What is not safe from a power cut yet is known within its own
        file alone, which is never cut so that the earlier record is lost and the later one is not."""
        waiting = self._waiting.get(digest)
        if waiting is not None:
            return waiting if waiting.filename == filename else None
        try:
            row = self._database.execute(_FIND, (digest,)).fetchone() if self._database else None
            return _reference(row) if row else None
        except (sqlite3.Error, ValueError, TypeError) as error:
            self._give_up(error)
            return None

    def add(self, digest: bytes, reference: Reference) -> None:
        if len(self._waiting) < _MOST_WAITING:
            self._waiting[digest] = reference

    def commit(self) -> None:
        """What was added is known to later runs."""
        if not self._waiting or self._database is None:
            self._waiting.clear()
            return
        rows = [
            (digest, one.record_id, one.url, one.started_at.isoformat(), one.filename, one.offset, one.length)
            for digest, one in self._waiting.items()
        ]
        self._waiting.clear()
        try:
            with self._database:
                self._database.executemany(_KEEP, rows)
        except sqlite3.Error as error:
            if finds_no_room(error):
                raise ArchiveFullError(ArchiveFullError.NO_ROOM, str(error), str(self.data / NAME)) from error
            self._give_up(error)

    def close(self) -> None:
        """What was added and not committed is forgotten. A second call does nothing."""
        self._waiting.clear()
        if self._database is not None:
            self._database.close()
            self._database = None

    def _give_up(self, error: Exception) -> None:
        logger.warning("%s: %s; payloads that come again are archived again", self.data / NAME, error)
        self.close()


def _opened(path: Path) -> sqlite3.Connection | None:
    """A file that is no database is kept aside, and another begun."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _begun(path)
    except sqlite3.OperationalError as error:
        _do_without(path, error)
        return None
    except sqlite3.DatabaseError as error:
        logger.warning("%s: %s; kept aside, and another begun", path, error)
    for part in ("-wal", "-shm"):
        Path(f"{path}{part}").unlink(missing_ok=True)
    set_aside(path)
    try:
        return _begun(path)
    except sqlite3.Error as error:
        _do_without(path, error)
        return None


def _do_without(path: Path, error: sqlite3.Error) -> None:
    if finds_no_room(error):
        raise ArchiveFullError(ArchiveFullError.NO_ROOM, str(error), str(path)) from error
    logger.warning("%s: %s; payloads that come again are archived again", path, error)


def _begun(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_BEGIN)
        version = database.execute("SELECT version FROM tables WHERE name = 'payloads'").fetchone()
        if version != (_VERSION,):
            with database:
                if version is not None:  # of another version: it is only a memory, and begun anew
                    database.execute("DROP TABLE payloads")
                database.execute("INSERT OR REPLACE INTO tables VALUES ('payloads', ?)", (_VERSION,))
            database.executescript(_BEGIN)
        database.execute(_FIND, (b"",))
    except sqlite3.Error:
        database.close()
        raise
    return database


def _reference(row: tuple[str, str, str, str, int, int]) -> Reference:
    record_id, url, started_at, filename, offset, length = row
    return Reference(
        record_id=record_id,
        url=url,
        started_at=datetime.fromisoformat(started_at),
        filename=filename,
        offset=int(offset),
        length=int(length),
    )
