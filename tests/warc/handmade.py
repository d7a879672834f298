"""WARC records put together by hand, so that each can be wrong in one way and right in every other."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

URL = "http://kettles.example/review"
HTML = b"<h1>Never Let Me Go</h1><p>I came to this film knowing nothing about it.</p>"


def sha1(data: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()}"


def an_id(number: int) -> str:
    return f"<urn:uuid:00000000-0000-4000-8000-{number:012}>"


@dataclass(frozen=True)
class Made:
    """A record; ``less`` and ``more`` tell how its fields differ from what they should be."""

    type: str
    block: bytes = b""
    number: int = 1
    more: tuple[tuple[str, str], ...] = ()
    less: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    begin: bytes = b"WARC/1.1\r\n"
    end: bytes = b"\r\n\r\n"

    def __bytes__(self) -> bytes:
        given = {
            "WARC-Type": self.type,
            "WARC-Record-ID": an_id(self.number),
            "WARC-Date": "2026-11-23T00:45:12Z",
            **({} if self.type == "warcinfo" else {"WARC-Target-URI": URL}),
            **_OF_TYPE.get(self.type, {}),
            "WARC-Block-Digest": sha1(self.block),
            "Content-Length": str(len(self.block)),
            **self.fields,
        }
        pairs = [*((name, value) for name, value in given.items() if name not in self.less), *self.more]
        head = "".join(f"{name}: {value}\r\n" for name, value in pairs)
        return self.begin + head.encode() + b"\r\n" + self.block + self.end

    def but(self, **changed: object) -> Made:
        return replace(self, **changed)  # type: ignore[arg-type]


_OF_TYPE = {
    "warcinfo": {"Content-Type": "application/warc-fields"},
    "response": {"Content-Type": "application/http;msgtype=response"},
    "request": {"Content-Type": "application/http;msgtype=request"},
    "revisit": {
        "Content-Type": "application/http;msgtype=response",
        "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC-Payload-Digest": sha1(HTML),
    },
    "conversion": {"Content-Type": "text/plain"},
    "resource": {"Content-Type": "text/html"},
    "continuation": {"WARC-Segment-Origin-ID": an_id(1), "WARC-Segment-Number": "2"},
}


def answered(*headers: bytes, body: bytes = HTML, status: bytes = b"HTTP/1.1 200 OK", **more: str) -> Made:
    block = b"\r\n".join([status, *headers, b"", body])
    return Made("response", block, fields={"WARC-Payload-Digest": sha1(body), **{_name(k): v for k, v in more.items()}})


def _name(word: str) -> str:
    return word.replace("_", "-")


INFO = Made("warcinfo", b"software: handmade\r\n", number=9)


def packed(*records: Made | bytes) -> bytes:
    """A member each."""
    return b"".join(gzip.compress(bytes(record), mtime=0) for record in records)


def write(folder: Path, content: bytes, name: str = "made.warc.gz") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
