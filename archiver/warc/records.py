"""The records of a WARC file, one after the other, each with the place it lies at.

A record is given out only when it is known to be whole: its gzip member ends and its check sum
is right, and it holds as many bytes as it says. warcio reads the head of a record, here as in
most programs; it does not notice that a member is torn.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO, Final

from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParser

#: Bytes of a block that are kept in memory; what follows them is passed over.
MAX_BLOCK: Final = 64 * 2**20

_STEP: Final = 256 * 1024
#: Bytes of the fields of a record; a chain of long redirects fits in.
_LONGEST_HEAD: Final = 2**20
_RECORD: Final = b"WARC/"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS
_parser: Final = StatusAndHeadersParser(ArcWarcRecordLoader.WARC_TYPES, verify=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Record:
    """``offset`` and ``length`` are of the gzip member; None where it holds other records too.

    ``full`` tells that the block is longer than what is kept of it.
    """

    type: str
    fields: dict[str, str]
    block: bytes
    full: bool = False
    offset: int | None = None
    length: int | None = None

    def get(self, name: str) -> str | None:
        return self.fields.get(name.lower())

    @property
    def address(self) -> str | None:
        """What it tells of, if that is an address of the web (wget writes angle brackets around it)."""
        url = (self.get("warc-target-uri") or "").strip("<>")
        return url if url.startswith(("http://", "https://")) else None

    @property
    def moment(self) -> datetime | None:
        try:
            moment = datetime.fromisoformat(self.get("warc-date") or "")
        except ValueError:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def records(file: BinaryIO, torn: Callable[[str], None]) -> Iterator[Record]:
    """Read a seekable file from its start, compressed or not.

    At the first fault the reading ends and ``torn`` is told. It is not taken up again behind
    the fault: what looks like the next record there may be the bytes of a page, and forged.
    """
    place = _Place()
    file.seek(0)
    compressed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    file.seek(0)
    try:
        yield from _compressed(file, place) if compressed else _plain(file, place)
    except (_FaultError, EOFError, zlib.error) as fault:
        torn(f"the record at byte {place.offset} cannot be read, nor what follows it: {_in_words(fault)}")


class _FaultError(Exception):
    """What is wrong with a record, for people."""


@dataclass
class _Place:
    """Where the record begins that is being read."""

    offset: int = 0


class Member(io.RawIOBase):
    """The decompressed bytes of one gzip member. Raises EOFError where it is cut, zlib.error where it is wrong."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self.offset = offset
        self._file = file
        self._taken = 0
        self._decoder = zlib.decompressobj(_GZIP)

    @property
    def end(self) -> int:
        """After its last byte, once all of it is read."""
        return self.offset + self._taken - len(self._decoder.unused_data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._decoder.eof:
            feed = self._decoder.unconsumed_tail or self._more()
            piece = self._decoder.decompress(feed, len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            if not feed:
                raise EOFError
        return 0

    def _more(self) -> bytes:
        self._file.seek(self.offset + self._taken)
        piece = self._file.read(_STEP)
        self._taken += len(piece)
        return piece


def _compressed(file: BinaryIO, place: _Place) -> Iterator[Record]:
    while True:
        file.seek(place.offset)
        if not file.read(1):
            return
        member = Member(file, place.offset)
        yield from _of_member(member)
        place.offset = member.end


def _of_member(member: Member) -> Iterator[Record]:
    """One record, as it should be; where a whole file is compressed as one piece, all of them."""
    stream = io.BufferedReader(member, _STEP)
    record = _record(stream, _first_line(stream))
    line = _first_line(stream)
    if not line:
        yield replace(record, offset=member.offset, length=member.end - member.offset)
        return
    if not line.startswith(_RECORD):
        raise _FaultError("it is longer than it says")
    yield record
    while line:
        yield _record(stream, line)
        line = _first_line(stream)


def _plain(file: BinaryIO, place: _Place) -> Iterator[Record]:
    line = _first_line(file)
    while line:
        record = _record(file, line)
        line = _first_line(file)
        end = file.tell() - len(line)
        yield replace(record, offset=place.offset, length=end - place.offset)
        place.offset = end


def _first_line(stream: BinaryIO | io.BufferedReader) -> bytes:
    """The next line that is not empty; nothing at the end."""
    while line := stream.readline(_LONGEST_HEAD):
        if line.strip(b"\r\n"):
            return line
    return b""


def _record(stream: BinaryIO | io.BufferedReader, line: bytes) -> Record:
    if not line.startswith(_RECORD):
        raise _FaultError("it does not begin as a WARC record")
    head = bytearray(line)
    while line.strip(b"\r\n"):
        line = stream.readline(_LONGEST_HEAD)
        head += line
        if not line:
            raise EOFError
        if len(head) > _LONGEST_HEAD:
            raise _FaultError("its head is too long")
    fields = {name.lower(): value.strip() for name, value in reversed(_parser.parse(io.BytesIO(head)).headers)}
    length = fields.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        raise _FaultError("it does not say how long it is")
    block = _block(stream, int(length))
    return Record(type=fields.get("warc-type", ""), fields=fields, block=block, full=len(block) < int(length))


def _block(stream: BinaryIO | io.BufferedReader, length: int) -> bytes:
    kept = stream.read(min(length, MAX_BLOCK))
    rest = length - len(kept)
    while rest and (passed := stream.read(min(rest, _STEP))):
        rest -= len(passed)
    if rest:
        raise EOFError
    return kept


def _in_words(fault: Exception) -> str:
    return "it is cut" if isinstance(fault, EOFError) else str(fault)
