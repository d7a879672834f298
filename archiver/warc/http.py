"""Read what a server sent, whatever it sent: status, headers, and the body with its codings removed.

Bytes come in as they crossed the wire, or as somebody else's archive keeps them. Nothing here
raises: what cannot be understood is left as it is, and what is cut says so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from archiver.page import Headers, Page
from archiver.warc.coding import Decoded, brotli, deflate, gzip, zstd
from archiver.warc.exchange import Exchange, uri

#: Bytes of a decoded body that are kept; more than any page needs, less than any bomb wants.
MAX_SIZE: Final = 32 * 2**20


@dataclass(frozen=True, kw_only=True, eq=False)
class HttpMessage:
    """An answer. ``status`` is None where the bytes are no HTTP answer, or break off within its
    head, and ``body`` is then all of them.

    ``headers`` are as sent, in order, repeated ones too, folded lines joined, bytes read as
    latin-1; lines without a colon are left out. ``body`` is the payload: transfer coding
    removed, content coding kept. ``cut`` tells that the transfer coding broke off.
    """

    status: int | None
    reason: str
    headers: Headers
    body: bytes
    cut: bool = False

    def every(self, name: str) -> str:
        """All values of a header that is a list, in lower case, joined by commas."""
        return ",".join(value for key, value in self.headers if key.lower() == name).lower()


def page_of(exchange: Exchange, max_size: int = MAX_SIZE) -> Page:
    """The page that an exchange brought: the same from the wire and from the archive."""
    return page_from(exchange, parse(exchange.response), max_size)


def page_from(exchange: Exchange, message: HttpMessage, max_size: int = MAX_SIZE) -> Page:
    """The same where the answer has been taken apart already."""
    body, cut = decoded_body(message, max_size)
    return Page(
        body=body,
        url=uri(exchange.url),
        status=message.status,
        headers=message.headers,
        fetched_at=exchange.started_at,
        redirected_from=tuple(map(uri, exchange.redirected_from)),
        truncated=exchange.truncated or cut,
    )


def parse(response: bytes) -> HttpMessage:
    """Take an answer apart. 1xx answers before it, which some archives keep, are passed over."""
    head = _head(response)
    while head is not None and head.status // 100 == 1 and head.status != _SWITCHING and response[head.end :]:
        response = response[head.end :]
        head = _head(response)
    if head is None:
        return HttpMessage(status=None, reason="", headers=(), body=response)
    bare = HttpMessage(status=head.status, reason=head.reason, headers=head.headers, body=response[head.end :])
    body, cut = _without_transfer_coding(bare)
    return HttpMessage(status=head.status, reason=head.reason, headers=head.headers, body=body, cut=cut)


def decoded_body(message: HttpMessage, max_size: int = MAX_SIZE) -> tuple[bytes, str | None]:
    """The body with its content coding removed, and why it is cut, in WARC's words, or None.

    A body that is not in the coding its header names is returned as it is: servers lie, and
    archives written by others keep decoded bodies under the header of the coding.
    """
    body = message.body
    reason = "disconnect" if message.cut else None
    for name in reversed(_codings(message.every("content-encoding"))):
        if (decode := _DECODERS.get(name)) is None:
            break
        decoded = decode(body, max_size)
        if decoded is None:
            continue
        body = decoded.data
        if not decoded.whole:
            reason = reason or ("length" if decoded.full else "unspecified")
    if len(body) > max_size:
        return body[:max_size], reason or "length"
    return body, reason


def payload_digest(message: HttpMessage) -> str:
    """`sha256:` and hex, over the payload."""
    return f"sha256:{hashlib.sha256(message.body).hexdigest()}"


def head_end(response: bytes) -> int:
    """Where the head of the first answer ends; 0 where there is none."""
    head = _head(response)
    return head.end if head is not None else 0


#: Bytes that are decoded to see whether a body is in a coding, and of it that are looked at to see whether it is text.
_ENOUGH: Final = 64 * 1024
_START: Final = 256
_PARTIAL: Final = 206


def is_in_coding(message: HttpMessage) -> bool:
    """Whether the body is in the coding that its header names, as far as can be told: a part of one may be."""
    codings = _codings(message.every("content-encoding"))
    decode = _DECODERS.get(codings[-1]) if codings else None
    if decode is None or not message.body or message.status == _PARTIAL:
        return True
    decoded = decode(message.body, _ENOUGH)
    if decoded is None:
        return False
    return decoded.whole or decoded.full or _BINARY.search(message.body, 0, _START) is not None


# The head

_SWITCHING: Final = 101
_STATUS_LINE: Final = re.compile(rb"[A-Za-z]+(?:/\d+(?:\.\d+)?)?[ \t]+(\d{3})(?:[ \t]([^\n]*)|[ \t\r]*)\Z")
_LINE: Final = re.compile(rb"([^\n]*)\n?")
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class _Head:
    status: int
    reason: str
    headers: Headers
    end: int


def _head(response: bytes) -> _Head | None:
    """Lines up to the first empty one, which ends in CR LF or in LF alone. None where there is none."""
    begin = len(response) - len(response.lstrip(b"\r\n"))
    line = _LINE.match(response, begin)
    told = _STATUS_LINE.match(line[1]) if line else None
    if line is None or told is None:
        return None
    fields: list[list[bytes]] = []
    end = line.end()
    while end < len(response) and (line := _LINE.match(response, end)):
        end = line.end()
        text = line[1].removesuffix(b"\r")
        if not text:
            return _Head(int(told[1]), _text(told[2] or b""), _headers(fields), end)
        if text[:1] in b" \t" and fields:
            fields[-1].append(text)
        else:
            fields.append([text])
    return None


def _headers(fields: list[list[bytes]]) -> Headers:
    pairs = (b" ".join(map(bytes.strip, lines)).partition(b":") for lines in fields)
    return tuple((_text(name), _text(value)) for name, colon, value in pairs if colon)


def _text(raw: bytes) -> str:
    return raw.strip().decode("latin-1")


# Transfer coding

_WITHOUT_BODY: Final = (204, 304)
_CHUNK: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")


def _without_transfer_coding(message: HttpMessage) -> tuple[bytes, bool]:
    """The payload, and whether it broke off."""
    body, cut = message.body, False
    if message.status in _WITHOUT_BODY:
        return body, cut
    for name in reversed(_codings(message.every("transfer-encoding"))):
        if name == "chunked":
            body, cut = _without_chunks(body)
        elif decode := _DECODERS.get(name):
            decoded = decode(body, MAX_SIZE)
            if decoded is not None:
                body, cut = decoded.data, cut or not decoded.whole
    return body, cut


def _without_chunks(body: bytes) -> tuple[bytes, bool]:
    """A body that does not begin with a chunk has been put together by whoever archived it."""
    if _CHUNK.match(body) is None:
        return body, not body
    pieces: list[bytes] = []
    position = 0
    while chunk := _CHUNK.match(body, position):
        size = int(chunk[1], 16)
        if size == 0:
            return b"".join(pieces), False
        begin, end = chunk.end(), chunk.end() + size
        pieces.append(body[begin:end])
        if end > len(body):
            break
        position = end + len(_line_end(body, end))
    return b"".join(pieces), True


def _line_end(body: bytes, at: int) -> bytes:
    return next((mark for mark in (b"\r\n", b"\n") if body.startswith(mark, at)), b"")


# Content coding

#: More layers than any server has a reason for.
_MOST_LAYERS: Final = 5

_DECODERS: Final[Mapping[str, Callable[[bytes, int], Decoded | None]]] = {
    "gzip": gzip,
    "x-gzip": gzip,
    "deflate": deflate,
    "br": brotli,
    "zstd": zstd,
}


def _codings(value: str) -> list[str]:
    named = [name.strip() for name in value.split(",")]
    return [name for name in named if name not in ("", "identity")][:_MOST_LAYERS]
