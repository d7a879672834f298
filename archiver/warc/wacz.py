"""WACZ 1.1.1: archives, their index and a list of their pages in one ZIP file, which a browser replays from.

Written piece by piece, whatever its size: archives are copied in as they are, the index is
sorted on the disk, pages come one by one. Read without unpacking.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final, NamedTuple, Self

import msgspec

from archiver.warc import cdxj

SUFFIX: Final = ".wacz"
VERSION: Final = "1.1.1"

_ARCHIVE, _INDEXES, _PAGES = "archive", "indexes", "pages"
_OWN: Final = frozenset({_ARCHIVE, _INDEXES, _PAGES})
_STEP: Final = 256 * 1024
#: Lines that are compressed, and read, at once.
_BLOCK: Final = 1024
_PAGES_HEAD: Final = b'{"format":"json-pages-1.0","id":"pages","title":"Pages","hasText":true}\n'

_UNNAMEABLE: Final = re.compile(r"[^-a-z0-9._/]+")

_FIRST_DAY, _LAST_DAY = 315_532_800, 2**31 - 1  # 1980, before which ZIP knows no time, and 2038
_READABLE: Final = 0o100644 << 16
_ENCRYPTED: Final = 1
_LOCAL_HEAD: Final = 30  # bytes
_LOCAL_MARK: Final = b"PK\x03\x04"

_Write = Callable[[bytes], None]


class PageLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page as the list of pages has it. ``ts`` is its instant in ISO 8601."""

    id: str
    url: str
    ts: str
    title: str | None = None
    text: str | None = None


class Package:
    """A new package. What is at ``path`` stays as it is until :meth:`close`, and where an error comes first."""

    def __init__(self, path: Path, software: str) -> None:
        self._final = path.resolve()
        self._part = self._final.with_name(f".{self._final.name}.{os.getpid()}")
        self._software = software
        self._zip = zipfile.ZipFile(self._part, "w")
        self._index = cdxj.Sorted(self._final.parent)
        self._resources: list[dict[str, str | int]] = []
        self._taken: set[str] = set()

    def add_archive(self, archive: Path, name: str) -> None:
        """Copy an archive in, and its index, which is read out of it where none lies beside it."""
        name = self._unused(name)
        self._copy(archive, f"{_ARCHIVE}/{name}")
        for line in cdxj.lines(archive, name):
            self._index.add(line)

    def add_pages(self, pages: Iterable[PageLine]) -> None:
        with self._member(f"{_PAGES}/pages.jsonl") as write:
            write(_PAGES_HEAD)
            for page in pages:
                write(msgspec.json.encode(page) + b"\n")

    def add_file(self, path: Path, name: str) -> None:
        """A file that the format knows nothing of. ValueError outside a folder of its own."""
        if "/" not in name or PurePosixPath(name).parts[0] in _OWN:
            raise ValueError(f"{name}: other files stand in folders of their own")
        self._copy(path, self._unused(name))

    def close(self) -> None:
        self._add_index()
        self._add_description()
        self._zip.close()
        self._index.close()
        with self._part.open("rb") as file:
            os.fsync(file.fileno())
        self._part.replace(self._final)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._index.close()
        with suppress(OSError, ValueError):
            self._zip.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.close()
        finally:
            self.abandon()

    def _labelled(self, path: str) -> str:
        """The name that the description gives a file: in the few signs it allows, and no name twice."""
        label = _UNNAMEABLE.sub("-", path.lower())
        taken = {resource["name"] for resource in self._resources}
        return label if label not in taken else f"{len(taken)}-{label}"

    def _unused(self, name: str) -> str:
        """The name, numbered where it is taken."""
        path, number = PurePosixPath(name), 1
        while name in self._taken:
            number += 1
            name = path.with_name(f"{number}-{path.name}").as_posix()
        self._taken.add(name)
        return name

    # The members

    def _copy(self, path: Path, name: str) -> None:
        with path.open("rb") as file, self._member(name, path.stat().st_mtime) as write:
            while piece := file.read(_STEP):
                write(piece)

    def _add_index(self) -> None:
        """The lines in blocks that can be read by themselves, and a second index of the first lines of the blocks."""
        blocks = [b'!meta 0 {"format":"cdxj-gzip-1.0","filename":"index.cdx.gz"}\n']
        offset, lines = 0, iter(self._index)
        with self._member(f"{_INDEXES}/index.cdx.gz") as write:
            while block := list(islice(lines, _BLOCK)):
                packed = _gzip(b"".join(block))
                write(packed)
                place = {"offset": offset, "length": len(packed), "digest": _digest(packed), "filename": "index.cdx.gz"}
                blocks.append(b"%s %s\n" % (b" ".join(block[0].split(b" ", 2)[:2]), msgspec.json.encode(place)))
                offset += len(packed)
        with self._member(f"{_INDEXES}/index.idx") as write:
            write(b"".join(blocks))

    def _add_description(self) -> None:
        said = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "software": self._software,
            "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "resources": self._resources,
        }
        description = msgspec.json.format(msgspec.json.encode(said), indent=2)
        digest = {"path": "datapackage.json", "hash": _digest(description)}
        with self._member("datapackage.json", listed=False) as write:
            write(description)
        with self._member("datapackage-digest.json", listed=False) as write:
            write(msgspec.json.format(msgspec.json.encode(digest), indent=2))

    @contextmanager
    def _member(self, name: str, changed: float | None = None, *, listed: bool = True) -> Iterator[_Write]:
        """What is written to it is packed and, unless it describes the package itself, listed with its digest."""
        changed = min(max(time.time() if changed is None else changed, _FIRST_DAY), _LAST_DAY)
        info = zipfile.ZipInfo(name, time.gmtime(changed)[:6])
        info.extra = _changed_field(changed)
        info.external_attr = _READABLE
        info.compress_type = zipfile.ZIP_STORED if name.endswith(".gz") else zipfile.ZIP_DEFLATED
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as member:

            def write(piece: bytes) -> None:
                nonlocal size
                member.write(piece)
                digest.update(piece)
                size += len(piece)

            yield write
        if listed:
            self._resources.append(
                {
                    "name": self._labelled(name),
                    "path": name,
                    "hash": f"sha256:{digest.hexdigest()}",
                    "bytes": size,
                }
            )


def _changed_field(moment: float) -> bytes:
    """The instant in UTC, in a field of its own.

    Besides, replayweb.page 2.5 takes a member without such fields to have none in its own head
    either, where Python notes long sizes; it would begin to read 20 bytes too early.
    """
    return struct.pack("<HHBI", 0x5455, 5, 1, int(moment))


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


# Reading


class Packed(NamedTuple):
    """An archive within a package, by which it can be opened again."""

    package: Path
    name: str

    def __str__(self) -> str:
        return f"{self.package}/{self.name}"


def warcs(path: Path) -> Iterator[tuple[Packed, BinaryIO]]:
    """The archives of a package, as files that can be sought in. ValueError where it is none."""
    with _reading(path) as (package, file):
        for info in _archives(package):
            with _opened(package, info, file) as warc:
                yield Packed(path, info.filename), warc


@contextmanager
def opened(packed: Packed) -> Iterator[BinaryIO]:
    """One of them. ValueError where it is not there any more."""
    with _reading(packed.package) as (package, file):
        try:
            info = package.getinfo(packed.name)
        except KeyError as error:
            raise ValueError(f"{packed} is not there") from error
        with _opened(package, info, file) as warc:
            yield warc


def named(path: Path, name: str) -> list[Packed]:
    """The archives of a package whose names end in one: ours stand there with their folders in their names."""
    with _reading(path) as (package, _):
        return [Packed(path, info.filename) for info in _archives(package) if info.filename.endswith(name)]


@contextmanager
def _reading(path: Path) -> Iterator[tuple[zipfile.ZipFile, BinaryIO]]:
    try:
        with zipfile.ZipFile(path) as package, path.open("rb") as file:
            yield package, file
    except (zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
        raise ValueError(f"it is no whole WACZ file: {error}") from error


def _archives(package: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = (info for info in package.infolist() if not info.is_dir())
    return [info for info in infos if PurePosixPath(info.filename).parent == PurePosixPath(_ARCHIVE)]


@contextmanager
def _opened(package: zipfile.ZipFile, info: zipfile.ZipInfo, file: BinaryIO) -> Iterator[BinaryIO]:
    name = f"{file.name}/{info.filename}"
    if info.flag_bits & _ENCRYPTED:
        raise ValueError(f"{info.filename} is encrypted")
    if info.compress_type == zipfile.ZIP_STORED:
        yield io.BufferedReader(_Window(file, _begin(file, info), info.file_size, name))
        return
    with package.open(info) as member, tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(member, copy)
        yield io.BufferedReader(_Window(copy, 0, copy.tell(), name))


def _begin(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where the bytes of a member begin: behind a head that may be longer than the list of members says."""
    file.seek(info.header_offset)
    head = file.read(_LOCAL_HEAD)
    if len(head) < _LOCAL_HEAD or not head.startswith(_LOCAL_MARK):
        raise zipfile.BadZipFile(f"{info.filename} is not where it should be")
    return file.tell() + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")


class _Window(io.RawIOBase):
    """Some bytes of a file, as a file."""

    def __init__(self, file: IO[bytes], begin: int, size: int, name: str) -> None:
        self.name = name
        self._fd = file.fileno()
        self._begin = begin
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = os.pread(self._fd, min(len(buffer), max(0, self._size - self._at)), self._begin + self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
