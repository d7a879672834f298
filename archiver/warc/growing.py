"""A file that grows by whole pieces, and is never found half-written under its final name.

While it is written its name ends in `.open`, and the system holds a lock on it, which is gone
the moment its process is, however that ended. So a file that ends in `.open` and is not locked
is the work of a dead run, and :func:`finish` completes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

OPEN: Final = ".open"
TORN: Final = ".torn"

#: What the system says when there is no room: the disk, the quota, or the largest file allowed.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


#: What SQLite says then. A full disk it knows; a quota, and the largest file allowed, it tells as a write that failed.
_SQLITE_FULL: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)


def finds_no_room(error: sqlite3.Error) -> bool:
    """Whether SQLite failed for want of room."""
    return getattr(error, "sqlite_errorcode", None) in _SQLITE_FULL


class ArchiveFullError(OSError):
    """There is no room for another piece. What was written before is whole and stays."""

    NO_ROOM: Final = errno.ENOSPC


class GrowingFile:
    """A new file at ``path`` + `.open`, until :meth:`close` gives it its name.

    A file of either name that is there already is another run's, and an error.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open_path = Path(f"{path}{OPEN}")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self._fd = os.open(self._open_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.size = 0
        self._synced = 0

    def append(self, piece: bytes) -> int:
        """Write all of a piece and tell where it begins, or none of it: then ArchiveFullError or another OSError."""
        begin = self.size
        try:
            _write(self._fd, piece, begin)
        except OSError as error:
            os.ftruncate(self._fd, begin)
            if error.errno in _FULL:
                raise ArchiveFullError(error.errno, error.strerror, str(self.path)) from error
            raise
        self.size = begin + len(piece)
        return begin

    def sync(self) -> None:
        """Everything appended so far outlasts a power cut."""
        if self._synced != self.size:
            os.fdatasync(self._fd)
            self._synced = self.size

    def close(self) -> None:
        """Give the file its name. A second call does nothing."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        try:
            os.fsync(fd)
            self._open_path.rename(self.path)
        finally:
            os.close(fd)
        _sync_folder(self.path.parent)

    def discard(self) -> None:
        """Leave nothing behind: for a file that could not be begun."""
        fd, self._fd = self._fd, -1
        os.close(fd)
        self._open_path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Finished:
    """What became of a dead run's file. ``torn`` holds the bytes cut off, None where it was whole;
    ``path`` is None where nothing of it was whole."""

    path: Path | None
    kept: int
    cut: int
    torn: Path | None


def finish(path: Path, whole: Callable[[Path], int]) -> Finished | None:
    """Complete a file that ends in `.open`: cut what follows its last whole piece, keep that aside, rename.

    ``whole`` tells how many bytes from the start are whole pieces. None, and nothing is done,
    where the file is still being written.
    """
    with _locked(path) as fd:
        return None if fd is None else _finish(path, fd, whole(path))


def is_held(path: Path) -> bool:
    """Whether a run that lives is writing the file."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def cut(path: Path, whole: int) -> Path | None:
    """Cut a file after ``whole`` bytes; the rest is kept beside it, in the file returned."""
    rest = path.stat().st_size - whole
    if not rest:
        return None
    torn = _unused(Path(f"{str(path).removesuffix(OPEN)}{TORN}"))
    with path.open("rb") as source, torn.open("xb") as aside:
        source.seek(whole)
        while piece := source.read(1 << 20):
            aside.write(piece)
        aside.flush()
        os.fsync(aside.fileno())
    os.truncate(path, whole)
    return torn


def set_aside(path: Path) -> Path:
    """Keep a file that is of no use under another name, which is returned."""
    torn = _unused(Path(f"{path}{TORN}"))
    path.rename(torn)
    return torn


def _finish(path: Path, fd: int, whole: int) -> Finished:
    rest = path.stat().st_size - whole
    torn = cut(path, whole)
    os.fsync(fd)
    final = Path(str(path).removesuffix(OPEN))
    if final.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
    if whole:
        path.rename(final)
    else:
        path.unlink()
    _sync_folder(path.parent)
    return Finished(final if whole else None, whole, rest, torn)


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        locked = False
        with suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = True
        yield fd if locked else None
    finally:
        os.close(fd)


def _write(fd: int, piece: bytes, offset: int) -> None:
    """One call in nearly every case; the system may take a piece in several."""
    rest = memoryview(piece)
    while rest:
        written = os.pwrite(fd, rest, offset)
        rest = rest[written:]
        offset += written


def _unused(path: Path) -> Path:
    """The path, numbered where it is taken: nothing is ever written over."""
    numbered, number = path, 1
    while numbered.exists():
        number += 1
        numbered = Path(f"{path}-{number}")
    return numbered


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
