"""Content codings, undone as far as the bytes go and never further than a limit."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

#: Bytes taken in, and given out, at a time: a bomb is noticed after as many.
_STEP: Final = 64 * 1024

_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Decoded:
    """What came out. ``whole``: to its end; otherwise it is broken, or ``full``: longer than the limit."""

    data: bytes
    whole: bool
    full: bool = False


def gzip(body: bytes, limit: int) -> Decoded | None:
    """One gzip member after the other. None where the body is none.

    Check sums are not looked at: a page whose last eight bytes are missing or wrong is read
    by every browser, and the archive has a digest of its own.
    """
    out = bytearray()
    rest = memoryview(body)
    while (begin := _after_gzip_header(rest)) is not None:
        piece, used = _inflate(rest[begin:], limit - len(out))
        out += piece.data
        if not piece.whole:
            return Decoded(bytes(out), False, piece.full)
        rest = rest[begin + used + _GZIP_TRAILER :]
    return Decoded(bytes(out), True) if len(rest) < len(body) else None


def deflate(body: bytes, limit: int) -> Decoded | None:
    """zlib's format as the standard says, or bare deflate as some servers send it."""
    wrapped = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    for header in (2, 0) if wrapped else (0,):
        decoded, _ = _inflate(memoryview(body)[header:], limit)
        if decoded.data or decoded.whole:
            return decoded
    return None


def brotli(body: bytes, limit: int) -> Decoded | None:
    import brotli as library

    decoder = library.Decompressor()
    out = bytearray()
    feed = body
    whole = False
    try:
        while not whole:
            piece = decoder.process(feed, output_buffer_limit=_STEP)
            out += piece
            feed = b""
            if len(out) > limit:
                return Decoded(bytes(out[:limit]), False, True)
            whole = decoder.is_finished()
            if not piece and decoder.can_accept_more_data():
                break
    except library.error:
        whole = False
    return Decoded(bytes(out), whole) if out or whole else None


def zstd(body: bytes, limit: int) -> Decoded | None:
    """One zstd frame after the other. None where the body is none."""
    library = _zstd_library()
    if not body.startswith(_ZSTD_MAGIC):
        return None
    out = bytearray()
    rest = body
    while rest.startswith(_ZSTD_MAGIC):
        decoder = library.ZstdDecompressor()
        try:
            while not decoder.eof and len(out) <= limit and (rest or not decoder.needs_input):
                out += decoder.decompress(rest, max_length=_STEP)
                rest = b""
        except library.ZstdError:
            return Decoded(bytes(out), False)
        if len(out) > limit:
            return Decoded(bytes(out[:limit]), False, True)
        if not decoder.eof:
            return Decoded(bytes(out), False)
        rest = decoder.unused_data
    return Decoded(bytes(out), True)


# Deflate, bare of the check sums around it

_GZIP_MAGIC: Final = b"\x1f\x8b\x08"
_GZIP_FIXED: Final = 10  # bytes of every header
_GZIP_TRAILER: Final = 8
_HAS_CHECK, _HAS_EXTRA, _HAS_NAME, _HAS_COMMENT = 2, 4, 8, 16
_BARE: Final = -zlib.MAX_WBITS


def _after_gzip_header(data: memoryview) -> int | None:
    """Where deflate begins (RFC 1952, 2.3), which is the end where the header is cut; None where no member begins."""
    head = bytes(data[:_STEP])
    if not head.startswith(_GZIP_MAGIC):
        return None
    flags, begin = int.from_bytes(head[3:4], "big"), _GZIP_FIXED
    if flags & _HAS_EXTRA:
        begin += 2 + int.from_bytes(head[begin : begin + 2], "little")
    for flag in (_HAS_NAME, _HAS_COMMENT):
        if flags & flag:
            begin = (head.find(b"\0", begin) + 1) or len(data)
    return begin + (2 if flags & _HAS_CHECK else 0)


def _inflate(data: memoryview, limit: int) -> tuple[Decoded, int]:
    """What came out, and how many bytes of ``data`` were used."""
    decoder = zlib.decompressobj(_BARE)
    out = bytearray()
    for begin in range(0, len(data), _STEP):
        taken, good = data[begin : begin + _STEP], len(out)
        before = decoder.copy()
        try:
            for piece in _pieces(decoder, taken):
                out += piece
                if len(out) > limit:
                    return Decoded(bytes(out[:limit]), False, True), begin
        except zlib.error:
            del out[good:]
            out += _up_to_the_error(before, taken)
            return Decoded(bytes(out[:limit]), False), len(data)
        if decoder.eof:
            return Decoded(bytes(out), True), begin + len(taken) - len(decoder.unused_data)
    return Decoded(bytes(out), False), len(data)


def _pieces(decoder: zlib._Decompress, taken: memoryview) -> Iterator[bytes]:
    feed: bytes | memoryview = taken
    while True:
        piece = decoder.decompress(feed, _STEP)
        yield piece
        feed = decoder.unconsumed_tail
        if decoder.eof or (not feed and len(piece) < _STEP):
            return


def _up_to_the_error(decoder: zlib._Decompress, taken: memoryview) -> bytes:
    """zlib gives nothing of the call that fails: taken byte by byte, all but its last symbols come out."""
    out = bytearray()
    with suppress(zlib.error):
        for byte in range(len(taken)):
            out += decoder.decompress(taken[byte : byte + 1])
    return bytes(out)


def _zstd_library() -> Any:
    """Python's own from 3.14 on."""
    if sys.version_info >= (3, 14):
        return import_module("compression.zstd")
    from backports import zstd

    return zstd
