"""Answers as servers really give them, and what they say."""

from __future__ import annotations

import gzip
import random
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import brotli
from backports import zstd

from archiver.page import Headers
from archiver.warc.exchange import Exchange
from archiver.warc.writer import ArchiveWriter

TEXT = b"<h1>Never Let Me Go</h1><p>I came to this film knowing nothing about it.</p>"
ZIPPED = gzip.compress(TEXT, mtime=0)
REQUEST = b"GET /review HTTP/1.1\r\nhost: kettles.example\r\n\r\n"
CONDITIONAL = b'GET /review HTTP/1.1\r\nhost: kettles.example\r\nIf-None-Match: "a"\r\n\r\n'
NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'
MOMENT = datetime(2026, 11, 23, 0, 45, 12, 123456, UTC)


@dataclass(frozen=True)
class Shape:
    """``truncated`` is why the page's body is cut, as far as the bytes themselves tell."""

    response: bytes
    body: bytes = TEXT
    status: int | None = 200
    reason: str = "OK"
    headers: Headers = ()
    truncated: str | None = None


def answer(*lines: bytes, body: bytes = TEXT) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"", body])


def chunked(body: bytes, size: int = 10, end: bytes = b"0\r\n\r\n") -> bytes:
    pieces = (body[i : i + size] for i in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


CHUNKED = ("Transfer-Encoding", "chunked")
GZIP = ("Content-Encoding", "gzip")

SHAPES = {
    "plain": Shape(answer(b"Content-Length: %d" % len(TEXT)), headers=(("Content-Length", str(len(TEXT))),)),
    "odd case and spacing": Shape(
        answer(b"CONTENT-type:text/html", b"x-Odd:   two  spaces  "),
        headers=(("CONTENT-type", "text/html"), ("x-Odd", "two  spaces")),
    ),
    "repeated headers": Shape(
        answer(b"Set-Cookie: a=1", b"Vary: x", b"set-cookie: b=2"),
        headers=(("Set-Cookie", "a=1"), ("Vary", "x"), ("set-cookie", "b=2")),
    ),
    "folded header": Shape(answer(b"X-Fold: one", b"  two", b"\tthree"), headers=(("X-Fold", "one two three"),)),
    "line without colon": Shape(answer(b"no colon here", b"A: b"), headers=(("A", "b"),)),
    "8-bit header": Shape(answer(b"X-Caf\xe9: \xe9\xff"), headers=(("X-Caf\xe9", "\xe9\xff"),)),
    "bare line feeds": Shape(b"HTTP/1.1 200 OK\nA: b\n\n" + TEXT, headers=(("A", "b"),)),
    "mixed line ends": Shape(b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\n" + TEXT, headers=(("A", "b"), ("C", "d"))),
    "no reason": Shape(b"HTTP/1.1 200\r\n\r\n" + TEXT, reason=""),
    "8-bit reason": Shape(b"HTTP/1.1 200 \xe9t\xe9\r\n\r\n" + TEXT, reason="\xe9t\xe9"),
    "no headers": Shape(b"HTTP/1.0 200 OK\r\n\r\n" + TEXT),
    "no body": Shape(answer(body=b""), body=b""),
    "no content": Shape(b"HTTP/1.1 204 No Content\r\n\r\n", b"", 204, "No Content"),
    "not modified, with the length of what is not sent": Shape(
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"",
        304,
        "Not Modified",
        headers=(("Content-Length", "12"), CHUNKED),
    ),
    "redirect": Shape(
        b"HTTP/1.1 302 Found\r\nLocation: /new\r\n\r\n", b"", 302, "Found", headers=(("Location", "/new"),)
    ),
    "not found": Shape(b"HTTP/1.1 404 Not Found\r\n\r\n" + TEXT, TEXT, 404, "Not Found"),
    "chunked": Shape(answer(b"Transfer-Encoding: chunked", body=chunked(TEXT)), headers=(CHUNKED,)),
    "chunked, with extensions and trailers": Shape(
        answer(
            b"Transfer-Encoding: chunked",
            body=b'%X;name="v"\r\n%s\r\n000;x\r\nX-Trailer: late\r\n\r\n' % (len(TEXT), TEXT),
        ),
        headers=(CHUNKED,),
    ),
    "chunked, with bare line feeds": Shape(
        answer(b"Transfer-Encoding: chunked", body=b"%x\n%s\n0\n\n" % (len(TEXT), TEXT)), headers=(CHUNKED,)
    ),
    "chunked and compressed": Shape(
        answer(b"Transfer-Encoding: chunked", b"Content-Encoding: gzip", body=chunked(ZIPPED)),
        headers=(CHUNKED, GZIP),
    ),
    "cut within a chunk": Shape(
        answer(b"Transfer-Encoding: chunked", body=b"ff\r\n" + TEXT), headers=(CHUNKED,), truncated="disconnect"
    ),
    "cut before the last chunk": Shape(
        answer(b"Transfer-Encoding: chunked", body=chunked(TEXT, end=b"")), headers=(CHUNKED,), truncated="disconnect"
    ),
    "said to be chunked, and is not": Shape(answer(b"Transfer-Encoding: chunked"), headers=(CHUNKED,)),
    "compressed": Shape(answer(b"Content-Encoding: gzip", body=ZIPPED), headers=(GZIP,)),
    "compressed in two members": Shape(
        answer(b"Content-Encoding: gzip", body=gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])), headers=(GZIP,)
    ),
    "compressed, trailer missing": Shape(answer(b"Content-Encoding: gzip", body=ZIPPED[:-8]), headers=(GZIP,)),
    "compressed, check sum wrong": Shape(
        answer(b"Content-Encoding: gzip", body=ZIPPED[:-8] + b"\0" * 8), headers=(GZIP,)
    ),
    "said to be compressed, and is not": Shape(answer(b"Content-Encoding: gzip"), headers=(GZIP,)),
    "coding nobody knows": Shape(answer(b"Content-Encoding: utf-8"), headers=(("Content-Encoding", "utf-8"),)),
    "deflate": Shape(
        answer(b"Content-Encoding: deflate", body=zlib.compress(TEXT)), headers=(("Content-Encoding", "deflate"),)
    ),
    "bare deflate": Shape(
        answer(b"Content-Encoding: deflate", body=zlib.compress(TEXT)[2:-4]), headers=(("Content-Encoding", "deflate"),)
    ),
    "brotli": Shape(answer(b"Content-Encoding: br", body=brotli.compress(TEXT)), headers=(("Content-Encoding", "br"),)),
    "zstd in two frames": Shape(
        answer(b"Content-Encoding: zstd", body=zstd.compress(TEXT[:9]) + zstd.compress(TEXT[9:])),
        headers=(("Content-Encoding", "zstd"),),
    ),
    "two codings": Shape(
        answer(b"Content-Encoding: deflate, gzip", body=gzip.compress(zlib.compress(TEXT))),
        headers=(("Content-Encoding", "deflate, gzip"),),
    ),
    "early hints left before it": Shape(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer()),
    "a megabyte in one header": Shape(answer(b"X: " + b"a" * 2**20), headers=(("X", "a" * 2**20),)),
    "ten thousand headers": Shape(answer(*[b"X: a"] * 10_000), headers=(("X", "a"),) * 10_000),
    "NUL and controls in a header": Shape(answer(b"X: a\0\x0b\x1b[31m"), headers=(("X", "a\0\x0b\x1b[31m"),)),
    "HTTP/2 in the status line": Shape(b"HTTP/2 200\r\nA: b\r\n\r\n" + TEXT, reason="", headers=(("A", "b"),)),
    "an answer of another protocol": Shape(b"ICY 200 OK\r\n\r\n" + TEXT),
    "cut within the head": Shape(b"HTTP/1.1 200 OK\r\nA: b\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n", None, ""),
    "noise": Shape(b"\x15\x03\x01\x00\x02\x02", b"\x15\x03\x01\x00\x02\x02", None, ""),
    "line ends before it": Shape(b"\r\n\r\n" + answer()),
    "bytes that look like the end of a record": Shape(
        answer(body=TEXT + b"\r\n\r\nWARC/1.1\r\n\r\n"), TEXT + b"\r\n\r\nWARC/1.1\r\n\r\n"
    ),
}


def exchange(response: bytes, **more: Any) -> Exchange:
    given = {"url": "http://kettles.example/review", "started_at": MOMENT, "request": REQUEST, **more}
    return Exchange(response=response, **given)


def archive(data: Path, *exchanges: Exchange) -> Path:
    """A closed archive that holds these."""
    path = data / "kettles.example" / "run.warc.gz"
    with ArchiveWriter(path, data=data, software="review-archiver/test", run_id="run", robots="obey") as writer:
        for one in exchanges:
            writer.write(one)
    return path


#: From a few bytes to more than any buffer holds, in no order.
PAGES_OF_ALL_SIZES = [exchange(answer(body=random.Random(n).randbytes((n * 7919) % 30_000))) for n in range(12)]
