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
#: Controls, NUL among them, which XML and terminals cannot hold; tab, newline and return stay. In four forms: in text,
#: in UTF-8, as a character reference (references to C1 are the parser's: they mean Windows' characters), in JSON.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LOW_CONTROLS: Final = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f"))
_HIGH_CONTROLS: Final = re.compile(rb"\xc2[\x80-\x9f]")
_NUMBER: Final = re.compile(
    rb"(?<=&)#(?:0{0,6}(?:[1-8]|1[1245-9]|2\d|3[01]|127)(?!\d)"
    rb"|[xX]0{0,6}(?:[1-8bBcCeEfF]|1[0-9a-fA-F]|7[fF])(?![0-9a-fA-F]));?"
)
_REFERENCES: Final = re.compile(rb"&" + _NUMBER.pattern)
_ESCAPES: Final = re.compile(r"\\\\|\\u00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F])")


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
        return without_controls(encoding.decode(self.body, self.encoding))

    @cached_property
    def document(self) -> Document:
        """The content as a tree, without NUL, controls and lone surrogates; an empty one for a page without markup."""
        if self.media_type != "text/html" or not self.body.strip():
            return Document([], [], {}, "none")
        document = read(_printable(self._markup()))
        for place, script in document.data_islands.items():
            if "\\u00" in script:
                document.data_islands[place] = _ESCAPES.sub(_space, script)
        return document

    def _markup(self) -> bytes:
        """The content in UTF-8."""
        if self.encoding.is_utf8:
            return self.body
        return encoding.decode(self.body, self.encoding).encode("utf-8", "replace")


def without_controls(said: str) -> str:
    return _CONTROLS.sub("", said)


def _printable(markup: bytes) -> bytes:
    """UTF-8 without controls, those that its character references would make among them."""
    if any(byte in markup for byte in _LOW_CONTROLS):
        markup = markup.translate(None, _LOW_CONTROLS)
    if b"\f" in markup:  # white space in HTML; the other controls are dropped
        markup = markup.replace(b"\f", b" ")
    if _matches_at(b"\xc2", _HIGH_CONTROLS, markup):
        markup = _HIGH_CONTROLS.sub(b"", markup)
    if _matches_at(b"#", _NUMBER, markup):
        markup = _REFERENCES.sub(b" ", markup)
    return markup


def _matches_at(byte: bytes, pattern: re.Pattern[bytes], markup: bytes) -> bool:
    """Whether a pattern that begins with the byte is in the markup. A byte is found much sooner than a pattern."""
    at = markup.find(byte)
    while at >= 0 and pattern.match(markup, at) is None:
        at = markup.find(byte, at + 1)
    return at >= 0


def _space(escape: re.Match[str]) -> str:
    """A space for a control's escape, so that what stands around it makes none; an escaped backslash stays."""
    return escape[0] if escape[0] == "\\\\" else " "


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
