"""A page's own comment feed (RSS or Atom), which sites of every kind announce: the newest comments, no parents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from lxml import etree

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, instant, words
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments, own_address
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page, address_of
from archiver.record import Review

_FEEDS: Final = rule('link[rel="alternate"]')
_TYPES: Final = ("application/rss+xml", "application/atom+xml")
_ROOTS: Final = ("rss", "feed", "RDF")
#: "By: Ann", "Von: Ann": what old feeds have in place of an author.
_BY: Final = re.compile(r"[^:\s]{1,20}:\s+(.{1,200})")
_NATIVE: Final = re.compile(r"(?:#|comment[-/=])\D{0,20}(\d{1,20})$")
_PAGE: Final = re.compile(r"/comment-page-\d{1,5}/?$")


class CommentFeed:
    system: ClassVar[str] = "feed"

    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        own = address_of(review.url).path.rstrip("/")
        if not own or not lacks_comments(review):
            return
        for node in reading.index.select(_FEEDS):
            url = own_address(reading, node.get("href")) if node.get("type").lower() in _TYPES else None
            if url is not None and address_of(url).path.startswith(f"{own}/"):
                yield Ask(url)
                return

    def read(self, ask: Ask, answer: Page) -> Told | None:
        root = feed_root(answer.body)
        if root is None or str(root.tag).rpartition("}")[2] not in _ROOTS:
            return None
        entries = [entry for entry in root.iter("{*}item", "{*}entry") if _is_of_page(entry, ask.url)]
        return Told(tuple(_said(entry) for entry in entries), is_open=True)


def _is_of_page(entry: etree._Element, feed: str) -> bool:
    """Whether what an entry links to is the page that the feed belongs to: a section's feed has its articles."""
    path = _PAGE.sub("", address_of(_link(entry)).path).rstrip("/")
    return bool(path) and address_of(feed).path.startswith(f"{path}/")


def feed_root(body: bytes) -> etree._Element | None:
    """The tree of a feed as far as it can be read; nothing in it loads or expands anything."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None


def _said(entry: etree._Element) -> Said:
    date = _text(entry, "pubDate", "published", "updated", "date")
    address = _text(entry, "guid", "id") or ""
    return Said(
        text=html_text(_text(entry, "encoded", "content", "description", "summary")),
        native_id=_native_id(address) or _native_id(_link(entry) or ""),
        author=_author(entry),
        posted_at=instant(date),
        posted_at_raw=date,
        permalink=_link(entry),
    )


def _author(entry: etree._Element) -> str | None:
    named = _text(entry, "creator", "name")
    if named:
        return named
    title = _text(entry, "title") or ""
    match = _BY.fullmatch(title)
    return match[1] if match is not None else _text(entry, "author")


def _native_id(address: str) -> str | None:
    match = _NATIVE.search(address)
    return match[1] if match is not None else None


def _link(entry: etree._Element) -> str | None:
    for element in entry.iter("{*}link"):
        said = (element.get("href") or element.text or "").strip()
        if said.startswith(("http://", "https://")):
            return said
    return None


def _text(entry: etree._Element, *names: str) -> str | None:
    """The text of the first of these elements that has any, whatever its name space."""
    for name in names:
        for element in entry.iter(f"{{*}}{name}"):
            if said := words("".join(element.itertext())):
                return said
    return None
