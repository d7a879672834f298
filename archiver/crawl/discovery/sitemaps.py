"""Sitemaps: all pages, or the sitemaps that list them; as XML, gzipped or not, as lists of addresses, or as feeds.

They are read as a stream: neither what a gzip file unpacks to nor the tree of it is ever held, nothing in
it is expanded or loaded, and of a sitemap no more is read than the protocol lets it have.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
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
    said: dict[str, str] = {}
    count = 0
    try:
        for _, element in etree.iterparse(
            stream,
            events=("end",),
            recover=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        ):
            name = _name(element)
            if name in _FIELDS and _name(element.getparent()) in _FIELDS[name][0]:
                said.setdefault(_FIELDS[name][1], (element.text or "").strip())
            elif name in _LISTED:
                count += 1
                if count > _MOST_ENTRIES:
                    return
                yield name, said
                said = {}
            if name in _LISTED or element.getparent() is None:
                _forget(element)
    except (etree.XMLSyntaxError, OSError, EOFError, ValueError, zlib.error):
        return


def _name(element: etree._Element | None) -> str:
    return etree.QName(element).localname if element is not None and isinstance(element.tag, str) else ""


def _forget(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _lines(page: Page, stream: _Readable) -> Iterator[Found]:
    """A sitemap may be a text with one address a line."""
    rest, count = b"", 0
    try:
        while (piece := stream.read(65_536)) and count < _MOST_ENTRIES:
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

    def read(self, size: int = 65_536, /) -> bytes:
        piece = self._stream.read(min(max(size, 1), 65_536, self._left)) if self._left else b""
        self._left -= len(piece)
        return piece


def _joined(base: str, said: str | None) -> str | None:
    if not said or not said.strip() or len(said) > LONGEST:
        return None
    try:
        return urljoin(base, said.strip())
    except ValueError:  # such as http://[
        return None
