"""A frontier in SQLite. A commit outlasts the process at once, and a power cut from the next :meth:`sync` on.

The file is shared: each module that keeps something in it has tables of its own name and a
connection of its own, and holds no transaction open longer than one call.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from archiver.crawl.database import Tables
from archiver.crawl.frontier import Count, Entry, Failure, Leased

_VERSION: Final = 1
#: Rows deleted in one transaction, so that a large job's end holds nobody up.
_AT_ONCE: Final = 10_000

#: In kilobytes what of the file is held in memory. In pages of 4 kB what the log may grow to between two
#: syncs: every time that SQLite empties it the crawl waits for the disk.
_PRAGMAS: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -8000;
PRAGMA wal_autocheckpoint = 10000;
"""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS frontier_schema (version INTEGER NOT NULL);
INSERT INTO frontier_schema SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM frontier_schema);
CREATE TABLE IF NOT EXISTS frontier_jobs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS frontier_requests (
    number INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    key BLOB NOT NULL,
    page BLOB NOT NULL,
    host TEXT NOT NULL,
    url TEXT NOT NULL,
    counted TEXT,
    priority INTEGER NOT NULL,
    -- 0 waits, 1 is leased, 2 is done
    state INTEGER NOT NULL DEFAULT 0,
    abandoned INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    request BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS frontier_by_key ON frontier_requests (job, key);
CREATE INDEX IF NOT EXISTS frontier_by_page ON frontier_requests (job, page);
CREATE INDEX IF NOT EXISTS frontier_waiting ON frontier_requests (job, host, abandoned, priority DESC, number)
    WHERE state = 0;
CREATE INDEX IF NOT EXISTS frontier_leased ON frontier_requests (job, worker) WHERE state = 1;
CREATE TABLE IF NOT EXISTS frontier_hosts (
    job INTEGER NOT NULL,
    host TEXT NOT NULL,
    waiting INTEGER NOT NULL DEFAULT 0,
    leased INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    turn INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, host)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS frontier_turns ON frontier_hosts (job, turn) WHERE waiting > 0;
CREATE TABLE IF NOT EXISTS frontier_notes (
    job INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (job, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS frontier_failed (
    url TEXT PRIMARY KEY, reason TEXT NOT NULL, status INTEGER, run TEXT NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;
"""


class SqliteFrontier(Tables):
    """The requests of ``job`` in the file at ``path``; ``worker`` is the name of the run.

    Whoever opens it has locked the data folder: every other worker it finds is dead.
    """

    def __init__(self, path: Path, *, job: str, worker: str) -> None:
        super().__init__(path)
        self._worker = worker
        with self._plainly():
            self._db.executescript(_PRAGMAS)
            self._prepare()
            self._db.execute("INSERT INTO frontier_jobs (name) VALUES (?) ON CONFLICT DO NOTHING", (job,))
            [self._job] = self._db.execute("SELECT id FROM frontier_jobs WHERE name = ?", (job,)).fetchone()
            self._counted = Counter(dict(self._db.execute(_COUNTED, (self._job,))))
            [self._turn] = self._db.execute(_LAST_TURN, (self._job,)).fetchone()

    # Requests

    def add(self, entry: Entry, *, instead_of: bytes | None = None, most: int | None = None) -> bool:
        kind = entry.counted
        if most is not None and kind is not None and self._counted[kind] >= most:
            return False
        if not entry.always and self.knows(entry.page):
            return False
        with self._whole():
            row = (entry.key, entry.page, entry.host, entry.url, kind, entry.priority, entry.request)
            is_new = self._db.execute(_ADD, (self._job, *row)).rowcount > 0
            if is_new:
                self._db.execute(_ADD_TO_HOST, (self._job, entry.host))
            if instead_of is not None:
                self._done(instead_of)
        if is_new and kind is not None:
            self._counted[kind] += 1
        return is_new

    def knows(self, page: bytes) -> bool:
        with self._plainly():
            return self._db.execute(_KNOWN, (self._job, page)).fetchone() is not None

    def lease(self, besides: Collection[str] = ()) -> Leased | None:
        with self._plainly():
            marks = ", ".join("?" * len(besides))
            query = _NEXT_HOST.format(marks=marks)
            found = self._db.execute(query, (self._job, self._worker, *besides)).fetchone()
            if found is None:
                return None
            host: str = found[0]
            number, key, request = self._db.execute(_NEXT_REQUEST, (self._job, host)).fetchone()
        self._turn += 1
        with self._whole():
            self._db.execute(_LEASE, (self._worker, number))
            self._db.execute(_LEASE_HOST, (self._worker, self._turn, self._job, host))
        return Leased(key, host, request)

    def release(self, key: bytes, request: bytes) -> None:
        with self._whole():
            self._db.execute(_REPLACE, (request, self._job, key))
            self._db.execute(_RETURN_TO_HOST, (self._job, key, self._job))
            self._db.execute(_RELEASE, (self._job, key))

    def acknowledge(self, keys: Iterable[bytes]) -> None:
        with self._whole():
            for key in keys:
                self._mended(key, self._worker)
                self._done(key)

    def count(self) -> Count:
        with self._plainly():
            waiting, leased = self._db.execute(_COUNT, (self._job,)).fetchone()
            [all_of_them] = self._db.execute(_COUNT_ALL, (self._job,)).fetchone()
        return Count(waiting, leased, all_of_them - waiting - leased)

    def has_waiting(self) -> bool:
        with self._plainly():
            return self._db.execute(_ANY_WAITING, (self._job,)).fetchone() is not None

    # What dead workers left

    def abandoned(self) -> Mapping[str, frozenset[bytes]]:
        found: dict[str, set[bytes]] = {}
        with self._plainly():
            for worker, key in self._db.execute(_LEASED_BY_OTHERS, (self._job, self._worker)):
                found.setdefault(worker, set()).add(key)
        return {worker: frozenset(keys) for worker, keys in found.items()}

    def take_over(self, worker: str, done: Iterable[bytes]) -> None:
        with self._whole():
            for key in done:
                self._mended(key, worker)
                self._done(key)
            left = self._db.execute(_LEASED_BY, (self._job, worker)).fetchall()
            for (key,) in left:
                self._db.execute(_RETURN_TO_HOST, (self._job, key, self._job))
                self._db.execute(_ABANDONED, (self._job, key))

    # Pages that failed

    def fail(self, url: str, reason: str, status: int | None) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with self._plainly():
            self._db.execute(
                "REPLACE INTO frontier_failed VALUES (?, ?, ?, ?, ?)", (url, reason, status, self._worker, at)
            )

    def failures(self) -> Iterator[Failure]:
        with self._plainly():
            for url, reason, status, run, at in self._db.execute("SELECT * FROM frontier_failed ORDER BY at, url"):
                yield Failure(url=url, reason=reason, status=status, run=run, at=at)

    # What a spider must know

    def remember(self, name: str, value: str) -> None:
        with self._plainly():
            self._db.execute("REPLACE INTO frontier_notes VALUES (?, ?, ?)", (self._job, name, value))

    def recall(self, name: str) -> str | None:
        with self._plainly():
            row = self._db.execute("SELECT value FROM frontier_notes WHERE job = ? AND name = ?", (self._job, name))
            found = row.fetchone()
        return found[0] if found else None

    # The file

    def sync(self) -> None:
        with self._plainly():
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def finish(self) -> None:
        with self._plainly():
            while self._db.execute(_FORGET_SOME, (self._job, _AT_ONCE)).rowcount:
                pass
        with self._whole():
            self._db.execute("DELETE FROM frontier_hosts WHERE job = ?", (self._job,))
            self._db.execute("DELETE FROM frontier_notes WHERE job = ?", (self._job,))
            self._db.execute("DELETE FROM frontier_jobs WHERE id = ?", (self._job,))

    def close(self) -> None:
        with self._plainly():
            self._db.close()

    def _prepare(self) -> None:
        with self._whole():
            for statement in _SCHEMA.split(";\n"):
                self._db.execute(statement)
            [version] = self._db.execute("SELECT version FROM frontier_schema").fetchone()
        if version != _VERSION:
            raise OSError(errno.EINVAL, f"its frontier is of version {version}, and this program knows {_VERSION}")

    def _done(self, key: bytes) -> None:
        self._db.execute(_TAKE_FROM_HOST, (self._job, key, self._job))
        self._db.execute(_ACKNOWLEDGE, (self._job, key))

    def _mended(self, key: bytes, run: str) -> None:
        """A page came that had failed in an earlier run; what failed in this one was told by it and stays."""
        self._db.execute(_MENDED, (self._job, key, run))


_COUNTED: Final = """
SELECT counted, COUNT(*) FROM frontier_requests WHERE job = ? AND counted IS NOT NULL GROUP BY counted"""
_LAST_TURN: Final = "SELECT COALESCE(MAX(turn), 0) FROM frontier_hosts WHERE job = ?"
_KNOWN: Final = "SELECT 1 FROM frontier_requests WHERE job = ? AND page = ? LIMIT 1"
_ADD: Final = """
INSERT INTO frontier_requests (job, key, page, host, url, counted, priority, request)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_ADD_TO_HOST: Final = """
INSERT INTO frontier_hosts (job, host, waiting) VALUES (?, ?, 1)
ON CONFLICT DO UPDATE SET waiting = waiting + 1"""
_NEXT_HOST: Final = """
SELECT host FROM frontier_hosts
WHERE job = ? AND waiting > 0 AND (worker IS NULL OR worker = ?) AND host NOT IN ({marks}) ORDER BY turn LIMIT 1"""
_NEXT_REQUEST: Final = """
SELECT number, key, request FROM frontier_requests WHERE job = ? AND host = ? AND state = 0
ORDER BY abandoned, priority DESC, number LIMIT 1"""
_LEASE: Final = "UPDATE frontier_requests SET state = 1, worker = ? WHERE number = ?"
_LEASE_HOST: Final = """
UPDATE frontier_hosts SET waiting = waiting - 1, leased = leased + 1, worker = ?, turn = ? WHERE job = ? AND host = ?"""
_REPLACE: Final = "UPDATE frontier_requests SET request = ? WHERE job = ? AND key = ?"
_RELEASE: Final = "UPDATE frontier_requests SET state = 0, worker = NULL WHERE job = ? AND key = ? AND state = 1"
_ABANDONED: Final = """
UPDATE frontier_requests SET state = 0, worker = NULL, abandoned = abandoned + 1 WHERE job = ? AND key = ?"""
_RETURN_TO_HOST: Final = """
UPDATE frontier_hosts SET waiting = waiting + 1, leased = leased - 1, worker = iif(leased > 1, worker, NULL)
WHERE host = (SELECT host FROM frontier_requests WHERE job = ? AND key = ? AND state = 1) AND job = ?"""
_TAKE_FROM_HOST: Final = """
UPDATE frontier_hosts SET leased = leased - 1, worker = iif(leased > 1, worker, NULL)
WHERE host = (SELECT host FROM frontier_requests WHERE job = ? AND key = ? AND state = 1) AND job = ?"""
_ACKNOWLEDGE: Final = """
UPDATE frontier_requests SET state = 2, worker = NULL, request = NULL WHERE job = ? AND key = ? AND state = 1"""
_MENDED: Final = """
DELETE FROM frontier_failed
WHERE url = (SELECT url FROM frontier_requests WHERE job = ? AND key = ? AND state = 1) AND run <> ?"""
_COUNT: Final = "SELECT COALESCE(SUM(waiting), 0), COALESCE(SUM(leased), 0) FROM frontier_hosts WHERE job = ?"
_COUNT_ALL: Final = "SELECT COUNT(*) FROM frontier_requests WHERE job = ?"
_ANY_WAITING: Final = "SELECT 1 FROM frontier_hosts WHERE job = ? AND waiting > 0 LIMIT 1"
_LEASED_BY: Final = "SELECT key FROM frontier_requests WHERE job = ? AND state = 1 AND worker = ?"
_LEASED_BY_OTHERS: Final = """
SELECT worker, key FROM frontier_requests WHERE job = ? AND state = 1 AND worker <> ?"""
_FORGET_SOME: Final = """
DELETE FROM frontier_requests
WHERE number IN (SELECT number FROM frontier_requests WHERE job = ? LIMIT ?)"""
