"""Every record of a WARC file, sound or not, and what is wrong with the file itself.

Reading goes on behind a fault wherever it is certain where the next record begins: at the next
gzip member. In a file that is not compressed, or compressed as one piece, that is told by
Content-Length alone, and reading ends where that is wrong: what looks like a record behind it
may be the bytes of a page, and forged.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from archiver.warc.digests import stated
from archiver.warc.faults import Fault, Kind
from archiver.warc.records import MAX_BLOCK, Member

_STEP: Final = 256 * 1024
_LONGEST_HEAD: Final = 2**20
_RECORD: Final = b"WARC/"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_END: Final = b"\r\n\r\n"

Tell = Callable[[Fault], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """``kept`` is its beginning, as much as is held in memory; ``digest`` is of all of it, by the algorithm
    that its record names."""

    kept: bytes
    size: int
    digest: bytes | None

    @property
    def is_whole(self) -> bool:
        return len(self.kept) == self.size


@dataclass(frozen=True, kw_only=True, eq=False)
class Scanned:
    """A record with its fields as they stand, in order. ``block`` is None where its end is not known;
    ``length`` is that of the gzip member, None where that holds other records too."""

    offset: int
    length: int | None = None
    version: str
    fields: tuple[tuple[str, str], ...]
    block: Block | None = None

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key.lower() == name), None)

    @property
    def type(self) -> str:
        return self.get("warc-type") or ""

    @property
    def id(self) -> str:
        """Without angle brackets."""
        return (self.get("warc-record-id") or "").strip("<>")

    def fault(self, kind: Kind, said: str) -> Fault:
        return Fault(kind=kind, said=said, offset=self.offset, record=self.id or None)


def scan(file: BinaryIO, tell: Tell) -> Iterator[Scanned]:
    """The records of a seekable file; whatever stops the reading is told, and nothing is raised but OSError."""
    file.seek(0)
    begin = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    if not begin:
        tell(Fault(kind=Kind.EMPTY, said="the file is empty", offset=0))
    elif _GZIP_MAGIC.startswith(begin):
        yield from _compressed(file, tell)
    else:
        yield from _plain(file, tell)


def _compressed(file: BinaryIO, tell: Tell) -> Iterator[Scanned]:
    offset = 0
    while begin := _at(file, offset):
        if begin != _GZIP_MAGIC:
            cut = _GZIP_MAGIC.startswith(begin)
            said = "the file ends with one byte of a record" if cut else "no gzip member begins here"
            tell(Fault(kind=Kind.CUT if cut else Kind.NO_RECORD, said=said, offset=offset))
            return
        member = Member(file, offset)
        try:
            yield from _of_member(member, tell)
        except EOFError:
            tell(Fault(kind=Kind.CUT, said="the file ends within this record", offset=offset))
            return
        except zlib.error as error:
            said = f"it cannot be decompressed ({error}), and what follows it is not looked at"
            tell(Fault(kind=Kind.DAMAGED, said=said, offset=offset))
            return
        offset = member.end


def _at(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(len(_GZIP_MAGIC))


def _of_member(member: Member, tell: Tell) -> Iterator[Scanned]:
    """One record, as it should be; where a whole file is compressed as one piece, all of them.

    Each is held back until it is known whether another follows.
    """
    stream = io.BufferedReader(member, _STEP)
    count = 0
    held: Scanned | None = None
    for record in _records(_Source(stream, member), tell):
        count += 1
        if held is not None:
            yield held
        held = record
    while stream.read(_STEP):
        pass
    if held is not None:
        yield held if count > 1 else replace(held, length=member.end - member.offset)
    if count > 1:
        said = f"{count} records are compressed as one piece"
        tell(Fault(kind=Kind.ONE_MEMBER, said=said, offset=member.offset))


def _plain(file: BinaryIO, tell: Tell) -> Iterator[Scanned]:
    for record in _records(_Source(file, None), tell):
        yield replace(record, length=file.tell() - record.offset)


@dataclass(frozen=True)
class _Source:
    """What records are read from: a member, which has an end of its own, or a file, which may be cut anywhere."""

    stream: BinaryIO | io.BufferedReader
    member: Member | None

    def place(self) -> int:
        return self.member.offset if self.member is not None else self.stream.tell()

    @property
    def short(self) -> Kind:
        """What it means that the bytes end early."""
        return Kind.CUT if self.member is None else Kind.NO_RECORD


def _records(source: _Source, tell: Tell) -> Iterator[Scanned]:
    """Up to the source's end, or to where it is not certain how to go on."""
    is_first = True
    while True:
        offset = source.place()
        line = source.stream.readline(_LONGEST_HEAD)
        if not line and not is_first:
            return
        if not line.startswith(_RECORD):
            is_short = _RECORD.startswith(line)
            said = "it ends before a record has begun" if is_short else f"no record begins here, but {_shown(line)}"
            tell(Fault(kind=source.short if is_short else Kind.NO_RECORD, said=said, offset=offset))
            return
        record = _with_head(source, line, offset, tell)
        if record is None:
            return
        length = _length(record)
        block = _block(source.stream, length, record) if length is not None else None
        ended = source.stream.read(len(_END)) if block is not None else b""
        if block is None or ended != _END:
            tell(_endless(source, record, block, ended))
            yield record
            return
        yield replace(record, block=block)
        is_first = False


def _with_head(source: _Source, line: bytes, offset: int, tell: Tell) -> Scanned | None:
    """The record without its block; None where its head does not end."""
    version = line.strip().decode("latin-1")
    lines: list[bytes] = [line]
    size = 0
    while line.strip(b"\r\n"):
        line = source.stream.readline(_LONGEST_HEAD)
        size += len(line)
        if not line:
            tell(Fault(kind=source.short, said="it ends within the head of this record", offset=offset))
            return None
        if size > _LONGEST_HEAD:
            tell(Fault(kind=Kind.HEAD, said=f"its head is longer than {_LONGEST_HEAD} bytes", offset=offset))
            return None
        lines.append(line)
    fields, odd = _fields(lines[1:-1])
    record = Scanned(offset=offset, version=version, fields=tuple(fields))
    if odd is None and not all(one.endswith(b"\r\n") for one in lines):
        odd = "lines of its head end in a line feed alone"
    if odd is None and version not in _VERSIONS:
        odd = f"there is no version {_shown(lines[0])}"
    if odd is not None:
        tell(record.fault(Kind.HEAD, odd))
    return record


_VERSIONS: Final = frozenset({"WARC/0.17", "WARC/0.18", "WARC/1.0", "WARC/1.1"})


def _fields(lines: list[bytes]) -> tuple[list[tuple[str, str]], str | None]:
    """The fields, folded ones joined, and what is odd about a line of them."""
    fields: list[tuple[str, str]] = []
    odd: str | None = None
    for line in lines:
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        name, colon, value = text.partition(":")
        if text[:1] in " \t" and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {text.strip()}".strip())
        elif not colon or not name or name != name.strip():
            odd = odd or f"a line of its head is no field: {_shown(line)}"
        else:
            fields.append((name, value.strip()))
    return fields, odd


_MOST_DIGITS: Final = 18


def _length(record: Scanned) -> int | None:
    told = record.get("content-length") or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS else None


def _block(stream: BinaryIO | io.BufferedReader, length: int, record: Scanned) -> Block:
    digest = stated(record.get("warc-block-digest") or "")
    is_known = digest is not None and digest.value is not None
    hashed = hashlib.new(digest.algorithm, usedforsecurity=False) if digest is not None and is_known else None
    kept = bytearray()
    size = 0
    while size < length and (piece := stream.read(min(_STEP, length - size))):
        size += len(piece)
        kept += piece[: MAX_BLOCK - len(kept)]
        if hashed is not None:
            hashed.update(piece)
    return Block(kept=bytes(kept), size=size, digest=hashed.digest() if hashed is not None else None)


def _endless(source: _Source, record: Scanned, block: Block | None, ended: bytes) -> Fault:
    """Why the end of a block is not where its record says."""
    told = record.get("content-length")
    if block is None:
        said = f"Content-Length is no number: {_shown(told.encode(errors='replace'))}" if told else "no Content-Length"
        return record.fault(Kind.CONTENT_LENGTH, said)
    if source.member is not None:
        rest = len(ended)
        while piece := source.stream.read(_STEP):
            rest += len(piece)
        holds = max(block.size + rest - len(_END), 0)
        said = f"Content-Length is {told}, and the member holds {holds} bytes of a block"
        return record.fault(Kind.CONTENT_LENGTH, said)
    if _END.startswith(ended) and not source.stream.read(1):
        return record.fault(Kind.CUT, "the file ends within this record")
    return record.fault(Kind.CONTENT_LENGTH, f"Content-Length is {told}, and no record ends there")


def _shown(line: bytes) -> str:
    return repr(line[:40])[1:]
