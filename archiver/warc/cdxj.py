"""CDXJ: the index beside an archive, by which replay programs find an address in it.

One line an answer, ``SURT TIMESTAMP {JSON}``, sorted by bytes. It is written along with the
archive, and read out of it again, to the same bytes, where a run was killed before it came to
that. An index is never the only place of anything.
"""

from __future__ import annotations

import heapq
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import msgspec

from archiver.warc import revisit
from archiver.warc.exchange import Location
from archiver.warc.growing import OPEN
from archiver.warc.http import HttpMessage, parse, payload_digest
from archiver.warc.records import Record, records
from archiver.warc.surt import surt

SUFFIX: Final = ".cdxj"
_ARCHIVES: Final = (".warc.gz", ".warc")
#: Records that replay programs answer with.
_REPLAYED: Final = ("response", "revisit", "resource")
_NO_STATUS: Final = "-"
_NO_MIME: Final = "unk"
_REVISIT: Final = "warc/revisit"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What an index says of an answer; numbers are strings, as everybody writes them."""

    url: str
    mime: str
    status: str
    digest: str
    length: str
    offset: str
    filename: str


def index_of(archive: Path) -> Path:
    """Where the index of an archive lies: beside it, by its name."""
    suffix = next((suffix for suffix in _ARCHIVES if archive.name.endswith(suffix)), "")
    return archive.with_name(archive.name.removesuffix(suffix) + SUFFIX)


class Index:
    """The index of an archive that is being written; nothing is at its path until :meth:`close`."""

    def __init__(self, archive: Path) -> None:
        self.path = index_of(archive)
        self._lines = Sorted(self.path.parent, most=_ALONG)

    def add(self, kind: str, url: str, moment: datetime, place: Location, answer: HttpMessage) -> None:
        """``kind`` is the type of the record that holds the answer; those that nobody replays are passed over.

        Where there is no room the index is given up, and none will be written: what the archive
        holds must not be lost for what `complete` can make again.
        """
        if kind not in _REPLAYED or self._lines.closed:
            return
        try:
            self._lines.add(_line(kind, url, moment, place, answer))
        except OSError:
            self._lines.close()

    def close(self) -> None:
        """Write it. A second call does nothing; an OSError leaves none."""
        if not self._lines.closed:
            with self._lines as lines:
                _write(self.path, lines)


def index(archive: Path, data: Path | None = None) -> Path:
    """Read the index out of an archive, as far as that can be read, and write it beside.

    Lines name the archive as it lies in ``data``, or by its bare name.
    """
    path, name = index_of(archive), archive.relative_to(data).as_posix() if data else archive.name
    with Sorted(path.parent) as found:
        for line in _lines_of(archive, name):
            found.add(line)
        _write(path, found)
    return path


def complete(data: Path) -> list[Path]:
    """Write the indexes that are missing below a folder: a killed run, or a full disk, leaves none."""
    archives = (path for suffix in _ARCHIVES for path in data.rglob(f"*{suffix}"))
    return [index(path, data) for path in sorted(archives) if path.is_file() and not index_of(path).exists()]


def read(line: bytes) -> Entry:
    """What a line says. ValueError where it says nothing."""
    return msgspec.json.decode(line.split(b" ", 2)[-1], type=Entry)


def lines(archive: Path, name: str) -> Iterator[bytes]:
    """The lines of an archive under a name of its own: from its index, or out of the archive where there is none."""
    if not index_of(archive).exists():
        yield from _lines_of(archive, name)
        return
    with index_of(archive).open("rb") as file:
        for line in file:
            key, moment, said = line.split(b" ", 2)
            entry = msgspec.structs.replace(read(said), filename=name)
            yield b"%s %s %s\n" % (key, moment, msgspec.json.encode(entry))


# A line

_NOT_DIGITS: Final = {ord(sign): None for sign in "-:T"}
_MEDIA_TYPE: Final = re.compile(r"[^\x00-\x20;\x7f-\U0010ffff]+")


def _line(kind: str, url: str, moment: datetime, place: Location, answer: HttpMessage) -> bytes:
    entry = Entry(
        url=url,
        mime=_REVISIT if kind == "revisit" else _mime(answer),
        status=str(answer.status) if answer.status else _NO_STATUS,
        digest=_in_base_32(place.payload_digest or "-"),
        length=str(place.length),
        offset=str(place.offset),
        filename=place.filename,
    )
    return f"{surt(url)} {_digits(moment)} ".encode() + msgspec.json.encode(entry) + b"\n"


def _digits(moment: datetime) -> str:
    """YYYYMMDDhhmmss; three times as fast as strftime."""
    return moment.astimezone(UTC).isoformat()[:19].translate(_NOT_DIGITS)


def _mime(answer: HttpMessage) -> str:
    told = next((value for name, value in answer.headers if name.lower() == "content-type"), "")
    found = _MEDIA_TYPE.match(told)
    return found[0] if found else _NO_MIME


def _in_base_32(digest: str) -> str:
    """As archives write it; lines of records have it in hex."""
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256" or len(value) != 64:
        return digest
    return revisit.told(bytes.fromhex(value))


def _lines_of(archive: Path, name: str) -> Iterator[bytes]:
    with archive.open("rb") as file:
        for record in records(file, lambda _: None):
            if (line := _line_of(record, name)) is not None:
                yield line


def _line_of(record: Record, filename: str) -> bytes | None:
    """None for a record that nobody replays, or that does not tell what of, or when."""
    url, moment = record.address, record.moment
    if record.type not in _REPLAYED or url is None or moment is None or record.offset is None:
        return None
    answer = _answer(record)
    told = record.get("warc-payload-digest")
    place = Location(
        filename=filename,
        offset=record.offset,
        length=record.length,
        record_id="",
        payload_digest=told if record.full or record.type == "revisit" else payload_digest(answer),
    )
    return _line(record.type, url, moment, place, answer)


def _answer(record: Record) -> HttpMessage:
    if record.type != "resource":
        return parse(record.block)
    kind = record.get("content-type")
    return HttpMessage(status=None, reason="", headers=(("Content-Type", kind),) if kind else (), body=record.block)


def _write(path: Path, lines: Iterable[bytes]) -> None:
    """Whole, or not at all: what a killed run leaves of it is written over."""
    part = path.with_name(path.name + OPEN)
    with part.open("wb") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


# Sorting, however many lines there are

#: Bytes of lines that are kept in memory. Hundreds of archives are written side by side.
_ALONG: Final = 256 * 1024
_ALONE: Final = 8 * 2**20
_STEP: Final = 64 * 1024


class Sorted(Iterable[bytes]):
    """Lines, given out by their bytes. More than ``most`` bytes of them wait on the disk, in a file without a name."""

    def __init__(self, folder: Path | None = None, most: int = _ALONE) -> None:
        self._folder = folder
        self._most = most
        self._kept = bytearray()
        self._file: IO[bytes] | None = None
        self._ends = [0]
        self.closed = False

    def add(self, line: bytes) -> None:
        self._kept += line
        if len(self._kept) >= self._most:
            self._spill()

    def __iter__(self) -> Iterator[bytes]:
        spilled = [self._run(begin, end) for begin, end in zip(self._ends, self._ends[1:], strict=False)]
        return heapq.merge(*spilled, self._sorted())

    def __enter__(self) -> Sorted:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self.closed = True
        self._kept.clear()
        if self._file is not None:
            self._file.close()

    def _sorted(self) -> list[bytes]:
        return sorted(bytes(self._kept).splitlines(keepends=True))

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 -- closed by close
        self._file.seek(self._ends[-1])
        self._file.writelines(self._sorted())
        self._file.flush()
        self._ends.append(self._file.tell())
        self._kept.clear()

    def _run(self, begin: int, end: int) -> Iterator[bytes]:
        """The lines of one run; runs are read by turns, so none relies on where the file stands."""
        assert self._file is not None
        rest = b""
        while begin < end:
            piece = os.pread(self._file.fileno(), min(_STEP, end - begin), begin)
            begin += len(piece)
            *lines, rest = (rest + piece).split(b"\n")
            yield from (one + b"\n" for one in lines)
