"""What the tables of `archive.sqlite` have in common: how it is opened, written whole, and failed at."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from archiver.warc.growing import finds_no_room
from archiver.warc.seen import NAME

FILE: Final = NAME
#: Seconds to wait for another connection's transaction.
_PATIENCE: Final = 10.0


class Tables:
    """Some tables of the file at ``path``, by a connection of their own that commits each statement by itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._plainly():
            self._db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All statements within it, or none."""
        with self._plainly():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """SQLite's errors stop here."""
        try:
            yield
        except sqlite3.Error as error:
            number = errno.ENOSPC if finds_no_room(error) else errno.EIO
            raise OSError(number, str(error), str(self._path)) from error
