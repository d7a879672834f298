"""Write exchanges into a WARC file: the bytes of each message as they are, a gzip member a record.

The records of one exchange are written in one go, so that a torn file is cut before or after
it: `response` and `request`, and `metadata` for what is no part of either. They share one date,
the instant the capture began, and name the first of them as concurrent.

What the names of fields that begin with `Archiver-` mean stands in docs/archive.md.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote
from uuid import uuid4

from isal import isal_zlib

from archiver.warc.exchange import Exchange, Location, uri
from archiver.warc.growing import ArchiveFullError, GrowingFile
from archiver.warc.http import parse, payload_digest

__all__ = ["ArchiveFullError", "ArchiveWriter", "Location"]


class ArchiveWriter:
    """A new WARC file. OSErrors leave in it what was written before, whole; ArchiveFullError where there is no room.

    ``data`` is the folder that locations are relative to; ``software`` names the program and
    its version; ``robots`` is the policy as warcinfo knows it: obey, ignore.
    """

    def __init__(self, path: Path, *, data: Path, software: str, run_id: str, robots: str | None = None) -> None:
        self._filename = path.relative_to(data).as_posix()
        self._file = GrowingFile(path)
        try:
            self._file.append(_member(_warcinfo(path.name, self._filename, software, run_id, robots)))
        except OSError:
            self._file.discard()
            raise

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.size

    def write(self, exchange: Exchange) -> Location:
        """Where the answer lies; where there is none, the record that says why."""
        records = list(_records(exchange))
        members = [_member(record) for record in records]
        offset = self._file.append(b"".join(members))
        place = next((i for i, record in enumerate(records) if record.is_answer), len(records) - 1)
        return Location(
            filename=self._filename,
            offset=offset + sum(map(len, members[:place])),
            length=len(members[place]),
            record_id=records[place].id,
            payload_digest=payload_digest(parse(exchange.response)) if exchange.response else None,
        )

    def sync(self) -> None:
        """Everything written so far outlasts a power cut."""
        self._file.sync()

    def close(self) -> None:
        """Give the file its final name. A second call does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, kw_only=True)
class _Record:
    type: str
    content_type: str
    block: bytes
    date: str
    fields: tuple[tuple[str, str], ...] = ()
    is_answer: bool = False
    id: str = field(default_factory=lambda: f"urn:uuid:{uuid4()}")


_REQUEST: Final = "application/http;msgtype=request"
_RESPONSE: Final = "application/http;msgtype=response"
#: The type of a single message, with which readers leave alone a head that they would fail at.
_ODD_RESPONSE: Final = "message/http;msgtype=response"
_FIELDS: Final = "application/warc-fields"


def _warcinfo(name: str, filename: str, software: str, run_id: str, robots: str | None) -> _Record:
    said = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "isPartOf": run_id,
        **({"robots": robots} if robots else {}),
    }
    return _Record(
        type="warcinfo",
        content_type=_FIELDS,
        block=_lines(tuple(said.items())),
        date=_date(datetime.now(UTC)),
        fields=(("WARC-Filename", name), ("Archiver-Filename", filename)),
    )


def _records(exchange: Exchange) -> Iterator[_Record]:
    """The answer, then what belongs to it: a record names only earlier ones, as warcat asks. Never none."""
    date = _date(exchange.started_at)
    about = (("WARC-Target-URI", uri(exchange.url)), *_about(exchange))
    wire = tuple(_wire(exchange))
    if exchange.response:
        answer = _answer(exchange, date, (*about, *wire))
        yield answer
        about += _concurrent(answer)
    if exchange.request:
        fields = (*about, *wire)
        request = _Record(type="request", content_type=_REQUEST, block=exchange.request, date=date, fields=fields)
        yield request
        about += _concurrent(request) if not exchange.response else ()
    if exchange.interim:
        fields = (*about, ("Archiver-Holds", "interim"))
        yield _Record(type="metadata", content_type=_RESPONSE, block=exchange.interim, date=date, fields=fields)
    if exchange.failure or not (exchange.request or exchange.response):
        block = _lines((("failure", exchange.failure or "no answer"),))
        fields = (*about, ("Archiver-Holds", "failure"))
        yield _Record(type="metadata", content_type=_FIELDS, block=block, date=date, fields=fields)


#: An answer that every reader of WARC files takes for one. Another (`ICY 200`, `HTTP/2 200`, noise)
#: stops some of them at the whole file, and stands in a metadata record.
_ANSWER: Final = re.compile(rb"HTTP/1\.[01][ \t]+\d{3}")
#: A head that every reader takes in, and ends at the same byte.
_PLAIN_HEAD: Final = re.compile(
    rb"HTTP/1\.[01] \d{3}[^\r\n]*\r\n(?:[^\s:]+:[^\r\n]*\r\n(?:[ \t]+[^\s][^\r\n]*\r\n)*)*\r\n"
)
_LONGEST_HEAD: Final = 32 * 1024  # bytes; FastWARC gives up a file at some 64 KiB
_CODED: Final = re.compile(rb"^transfer-encoding[ \t]*:", re.I | re.M)
_REASONS: Final = ("length", "time", "disconnect", "unspecified")


def _answer(exchange: Exchange, date: str, about: tuple[tuple[str, str], ...]) -> _Record:
    fields = [*about]
    if exchange.truncated:
        fields.append(("WARC-Truncated", exchange.truncated if exchange.truncated in _REASONS else "unspecified"))
    kind, content_type = "response", _RESPONSE
    head = _PLAIN_HEAD.match(exchange.response)
    if head and head.end() <= _LONGEST_HEAD:
        fields.extend(_payload_digest(exchange.response, head))
    elif _ANSWER.match(exchange.response):
        content_type = _ODD_RESPONSE
    else:
        kind, content_type = "metadata", "application/octet-stream"
        fields.append(("Archiver-Holds", "response"))
    return _Record(
        type=kind, content_type=content_type, block=exchange.response, date=date, fields=tuple(fields), is_answer=True
    )


def _payload_digest(response: bytes, head: re.Match[bytes]) -> Iterator[tuple[str, str]]:
    """The digest of the payload, where all readers mean the same bytes by that.

    The standard takes transfer coding off the payload; every checker there is leaves it on, and
    rejects the right digest. So chunked answers have a block digest alone.
    """
    if not _CODED.search(head[0]):
        yield "WARC-Payload-Digest", _digest(response[head.end() :])


def _about(exchange: Exchange) -> Iterator[tuple[str, str]]:
    yield "Archiver-Purpose", exchange.purpose
    if exchange.redirected_from:
        yield "Archiver-Redirected-From", " ".join(map(uri, exchange.redirected_from))
    if exchange.part:
        yield "Archiver-Part-Of", f"<{exchange.part.of}>"
        yield "Archiver-Ask", exchange.part.ask


def _wire(exchange: Exchange) -> Iterator[tuple[str, str]]:
    if exchange.ip and (address := _address(exchange.ip)):
        yield "WARC-IP-Address", address
    for protocol in exchange.protocols:
        yield "WARC-Protocol", protocol
    if exchange.cipher:
        yield "WARC-Cipher-Suite", exchange.cipher
    if exchange.reconstructed:
        yield "Archiver-Reconstructed", "true"


def _address(ip: str) -> str | None:
    try:
        return str(ipaddress.ip_address(ip.partition("%")[0]))
    except ValueError:
        return None


def _concurrent(record: _Record) -> tuple[tuple[str, str], ...]:
    return (("WARC-Concurrent-To", f"<{record.id}>"),)


# Bytes

_GZIP: Final = 16 + isal_zlib.MAX_WBITS
#: ISA-L's second level takes a tenth of the time of zlib's sixth and makes files a sixth larger
#: (4.5 to 1 and 5.3 to 1 on 250 saved pages); most bodies come compressed, and are larger by nothing.
_LEVEL: Final = 2


def _member(record: _Record) -> bytes:
    fields = (
        ("WARC-Type", record.type),
        ("WARC-Record-ID", f"<{record.id}>"),
        ("WARC-Date", record.date),
        *record.fields,
        ("Content-Type", record.content_type),
        ("Content-Length", str(len(record.block))),
        ("WARC-Block-Digest", _digest(record.block)),
    )
    deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
    pieces = (b"WARC/1.1\r\n", _lines(fields), b"\r\n", record.block, b"\r\n\r\n")
    return b"".join([*map(deflate.compress, pieces), deflate.flush()])


def _lines(fields: tuple[tuple[str, str], ...]) -> bytes:
    return b"".join(f"{name}: {_one_line(value)}\r\n".encode() for name, value in fields)


_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _one_line(value: str) -> str:
    """What others said cannot become a field of its own: controls are percent-encoded."""
    return _CONTROLS.sub(lambda found: quote(found[0], safe="", errors="surrogatepass"), value)


def _date(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _digest(data: bytes) -> str:
    """In base 32, the one form of SHA-256 that every checker takes (warcat decodes no hex)."""
    return f"sha256:{base64.b32encode(hashlib.sha256(data).digest()).decode()}"
