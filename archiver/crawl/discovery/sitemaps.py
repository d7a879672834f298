"""Sitemaps: all pages, or the sitemaps that list them; as XML, gzipped or not, as lists of addresses, or as feeds.

They are read as a stream: neither what a gzip file unpacks to nor the tree of it is ever held, nothing in
it is expanded or loaded, and of a sitemap no more is read than the protocol lets it have.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from gzip import GzipFile
from io import BytesIO
from typing import Final, Protocol
from urllib.parse import urljoin, urlsplit

from lxml import etree

from archiver.crawl.discovery import feeds
from archiver.crawl.discovery.addresses import LONGEST
from archiver.crawl.discovery.found import SITEMAP, Found, text, utc
from archiver.crawl.discovery.rules import discovery, words_of
from archiver.page import Page

#: Asked for where robots.txt names no sitemap, until one is there.
USUAL_PATHS: Final = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml")
_GZIP: Final = b"\x1f\x8b\x08"
#: What the protocol allows a sitemap to have: bytes, unpacked, and entries.
_LARGEST: Final = 50 * 2**20
_MOST_ENTRIES: Final = 50_000
#: Bytes read at a time.
_STEP: Final = 65_536
#: Levels of elements, elements, and bytes from one tag's end to the next: whatever has more is no sitemap.
_DEEPEST: Final = 32
_MOST_ELEMENTS: Final = 20 * _MOST_ENTRIES
_LONGEST_RUN: Final = 2**20
_LISTED: Final = ("url", "sitemap")
#: What is kept of an entry, by the element around it: pictures have titles and addresses of their own.
_FIELDS: Final = {
    "loc": (_LISTED, "loc"),
    "lastmod": (_LISTED, "lastmod"),
    "title": (("news",), "title"),
    "publication_date": (("news",), "published"),
}


@dataclass(frozen=True)
class Sitemap:
    """What is listed, the last changed first, what tells no change after it in the order given."""

    sitemaps: tuple[str, ...] = ()
    pages: tuple[Found, ...] = ()


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def read(page: Page) -> Sitemap:
    """What is no sitemap lists nothing; what broke off lists what came."""
    body = page.body
    packed = body.startswith(_GZIP)
    begin = _begin(body) if packed else body[:256]
    if begin.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"http://", b"https://")):
        return Sitemap(pages=tuple(_lines(page, _Limited(_opened(body, packed)))))
    if not packed and (told := feeds.entries(page)):
        return Sitemap(pages=tuple(told))
    inner: list[tuple[str, str | None]] = []
    pages: list[Found] = []
    for kind, said in _entries(_Limited(_opened(body, packed))):
        url = _joined(page.url or "", said.get("loc"))
        if url is None:
            continue
        changed = utc(said.get("lastmod"))
        if kind == "sitemap":
            inner.append((url, changed))
        else:
            title, published = text(said.get("title")), utc(said.get("published"))
            sections = _told_by(page.url or "")
            found = Found(url=url, source=SITEMAP, title=title, published=published, changed=changed, sections=sections)
            pages.append(found)
    inner.sort(key=lambda entry: entry[1] or "", reverse=True)
    pages.sort(key=lambda found: found.changed or found.published or "", reverse=True)
    return Sitemap(tuple(url for url, _ in inner if not lists_others(url)), tuple(pages))


def lists_others(url: str) -> bool:
    """Whether a sitemap's name says that it lists no articles."""
    words = words_of(urlsplit(url).path.rpartition("/")[2])
    return "sitemap" in words and any(word in discovery().others.sitemaps for word in words)


def _told_by(url: str) -> tuple[str, ...]:
    """The section that a sitemap's own name tells: review-sitemap.xml, wp-sitemap-posts-review-1.xml."""
    return (urlsplit(url).path.rpartition("/")[2].partition(".")[0],)


def _entries(stream: _Readable) -> Iterator[tuple[str, dict[str, str]]]:
    """Every `url` and `sitemap` with the first of each field in it."""
    told = _Told()
    parser = etree.XMLParser(  # type: ignore[call-overload]  # the stubs ask more of a target than lxml does
        target=told, recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    count, tag = 0, 0
    with suppress(etree.XMLSyntaxError, OSError, EOFError, ValueError, zlib.error):
        while piece := stream.read(_STEP):
            tag = len(piece) - 1 - piece.rfind(b">") if b">" in piece else tag + len(piece)
            if tag > _LONGEST_RUN:
                return
            parser.feed(piece)
            count += len(told.entries)
            yield from told.entries[: max(0, len(told.entries) - max(0, count - _MOST_ENTRIES))]
            told.entries.clear()
            if count > _MOST_ENTRIES or told.is_over:
                return
        parser.close()
    yield from told.entries


class _Told:
    """What the parser tells, of which little is kept: no tree is made."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, str]]] = []
        self.is_over = False
        self._elements = 0
        self._names: list[str] = []
        self._said: dict[str, str] = {}
        self._text: list[str] | None = None
        self._length = 0

    def start(self, tag: str, attributes: object) -> None:  # noqa: ARG002
        self._names.append(tag.rpartition("}")[2])
        self._elements += 1
        self.is_over = self.is_over or len(self._names) > _DEEPEST or self._elements > _MOST_ELEMENTS
        field = _FIELDS.get(self._names[-1])
        is_kept = field is not None and len(self._names) > 1 and self._names[-2] in field[0]
        self._text = [] if is_kept else None
        self._length = 0

    def data(self, text: str) -> None:
        self._length += len(text)
        if self._text is not None and self._length <= LONGEST:
            self._text.append(text)

    def end(self, tag: str) -> None:  # noqa: ARG002
        name = self._names.pop() if self._names else ""
        if self._text is not None:
            self._said.setdefault(_FIELDS[name][1], "".join(self._text).strip())
            self._text = None
        if name in _LISTED:
            self.entries.append((name, self._said))
            self._said = {}

    def close(self) -> None:
        """The parser asks for it."""


def _lines(page: Page, stream: _Readable) -> Iterator[Found]:
    """A sitemap may be a text with one address a line."""
    rest, count = b"", 0
    try:
        while (piece := stream.read(_STEP)) and count < _MOST_ENTRIES:
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[: LONGEST + 1]
            for line in lines:
                count += 1
                if found := _of_line(page, line):
                    yield found
    except (OSError, EOFError, ValueError, zlib.error):
        return
    if found := _of_line(page, rest):
        yield found


def _of_line(page: Page, line: bytes) -> Found | None:
    url = _joined(page.url or "", line[: LONGEST + 1].decode("utf-8-sig", "replace"))
    return Found(url=url, source=SITEMAP, sections=_told_by(page.url or "")) if url else None


def _opened(body: bytes, packed: bool) -> _Readable:
    return GzipFile(fileobj=BytesIO(body)) if packed else BytesIO(body)


def _begin(body: bytes) -> bytes:
    try:
        return GzipFile(fileobj=BytesIO(body)).read(256)
    except (OSError, EOFError, zlib.error):
        return b""


class _Limited:
    """A stream that ends where a sitemap must."""

    def __init__(self, stream: _Readable) -> None:
        self._stream = stream
        self._left = _LARGEST

    def read(self, size: int = _STEP, /) -> bytes:
        piece = self._stream.read(min(size, self._left)) if self._left else b""
        self._left -= len(piece)
        return piece


def _joined(base: str, said: str | None) -> str | None:
    if not said or not said.strip() or len(said) > LONGEST:
        return None
    try:
        return urljoin(base, said.strip())
    except ValueError:  # such as http://[
        return None
