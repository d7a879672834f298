"""A page's own comment feed (RSS or Atom), which sites of every kind announce: the newest comments, no parents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, instant, words
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import Review

_FEEDS: Final = rule('link[rel="alternate"]')
_TYPES: Final = ("application/rss+xml", "application/atom+xml")
#: "By: Ann", "Von: Ann", and what stands for it where the feed names no author otherwise.
_BY: Final = re.compile(r"^[^:\s]{1,20}(?: [^:\s]{1,20})?:\s+(.{1,200})$")
_IN: Final = re.compile(r"^.{1,300} (?:on|in|zu|sur|en|su) .{1,300} (?:by|von|par|por|di) (.{1,200})$")


class CommentFeed:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if not lacks_comments(review):
            return
        own = urlsplit(reading.page.url or "").path.rstrip("/")
        for node in reading.index.select(_FEEDS):
            url = reading.absolute(node.get("href")) if node.get("type").lower() in _TYPES else None
            if url and own and urlsplit(url).path.startswith(f"{own}/"):
                yield Ask(url)
                return

    def read(self, ask: Ask, answer: Page) -> Told | None:  # noqa: ARG002
        root = _root(answer.body)
        if root is None or str(root.tag).rpartition("}")[2].lower() not in ("rss", "feed", "rdf"):
            return None
        said = [_said(entry) for entry in root.iter("{*}item", "{*}entry")]
        said.sort(key=lambda one: one.posted_at or "")  # feeds tell the newest first, threads the oldest
        return Told(tuple(said))


def _root(body: bytes) -> etree._Element | None:
    """Nothing in it loads or expands anything."""
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
    match = _BY.match(title) or _IN.match(title)
    return match[1] if match is not None else _text(entry, "author")


def _native_id(address: str) -> str | None:
    match = re.search(r"(?:#|comment[-/=])\D{0,20}(\d{1,20})$", address)
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
