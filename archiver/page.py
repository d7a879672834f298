"""Page: what can be read. Bytes become text become a document, each decided once.

A page knows nothing of Scrapy, of WARC or of records. A page's content is a plain text where
its Content-Type says so, or where nothing says what it is and there is no markup in it (the
flattened pages of a WET file are such).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from urllib.parse import SplitResult, urlsplit

from archiver import encoding
from archiver.document import Document, read

Headers = tuple[tuple[str, str], ...]

_MARKUP: Final = re.compile(rb"<(?:!doctype|html|head|body|title|div|p|br|span|a|meta|table|article|h[1-6])\b", re.I)
_WINDOW: Final = 64 * 1024
_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
#: Types that servers send for want of a better one: the bytes decide.
_VAGUE_TYPES: Final = frozenset({"", "application/octet-stream", "application/x-unknown", "unknown/unknown"})
_BINARY_MAGIC: Final = (b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"OggS")
#: C0 controls and NUL, which XML and terminals cannot hold; tab, newline and return stay.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """One answer to a request, content coding removed.

    ``url`` is the address that answered, after redirects; ``redirected_from`` the addresses
    asked before it, first asked first. ``headers`` are in the order they came.
    ``fetched_at`` is the instant the capture began, with time zone. ``truncated`` tells why
    the body is cut, in WARC's words (length, time, disconnect, unspecified).
    """

    body: bytes
    url: str | None = None
    status: int | None = None
    headers: Headers = ()
    fetched_at: datetime | None = None
    redirected_from: tuple[str, ...] = ()
    truncated: str | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((value.strip() for key, value in self.headers if key.lower() == wanted), None)

    @property
    def content_type(self) -> str | None:
        return self.header("content-type")

    @cached_property
    def media_type(self) -> str:
        """The type the content is read as: `text/html`, `text/plain`, or one that is not read."""
        declared = (self.content_type or "").partition(";")[0].strip().lower()
        if declared in _HTML_TYPES:
            return "text/html"
        if declared == "text/plain":
            return "text/html" if self.body[:256].lstrip()[:14].lower() == b"<!doctype html" else "text/plain"
        if declared not in _VAGUE_TYPES:
            return declared
        if self.body.startswith(_BINARY_MAGIC):
            return "application/octet-stream"
        return "text/html" if self._has_markup() else "text/plain"

    def _has_markup(self) -> bool:
        start = self.body[:_WINDOW]
        return _MARKUP.search(start.replace(b"\0", b"") if b"\0" in start else start) is not None

    @cached_property
    def encoding(self) -> encoding.Encoding:
        return encoding.decide(self.body, self.content_type)

    @cached_property
    def text(self) -> str:
        """The content as text, without NUL, controls and lone surrogates."""
        return _CONTROLS.sub("", encoding.decode(self.body, self.encoding))

    @cached_property
    def document(self) -> Document:
        """The content as a tree; an empty one for a page without markup."""
        if self.media_type != "text/html" or not self.body.strip():
            return Document([], [], {}, "none")
        return read(self._markup())

    def _markup(self) -> bytes:
        if self.encoding.name == "utf-8" and not self.body.startswith(b"\xef\xbb\xbf"):
            try:
                self.body.decode("utf-8")
            except UnicodeDecodeError:
                pass
            else:
                return self.body.replace(b"\0", b"") if b"\0" in self.body else self.body
        return self.text.encode("utf-8", "replace")


def page_of(
    source: bytes | Page,
    *,
    url: str | None = None,
    status: int | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    fetched_at: datetime | str | None = None,
) -> Page:
    """A page from what a caller has at hand; a Page is passed through unless told more about."""
    if isinstance(source, Page):
        return source
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return Page(
        body=source,
        url=url,
        status=status,
        headers=tuple((str(k), str(v)) for k, v in pairs),
        fetched_at=_instant(fetched_at),
    )


def address_of(url: str | None) -> SplitResult:
    """The parts of an address; empty ones where it is none (``http://[`` is written too)."""
    try:
        return urlsplit(url or "")
    except ValueError:
        return urlsplit("")


def _instant(value: datetime | str | None) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
