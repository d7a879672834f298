"""RSS and Atom: the newest pages, told by the site itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin, urlsplit

from lxml import etree

from archiver.extraction.elsewhere.feed import feed_root
from archiver.page import Page

_TYPES: Final = frozenset({"application/rss+xml", "application/atom+xml"})


def feeds(page: Page) -> Iterator[str]:
    """The feeds that a page announces. Feeds of comments are left out: their entries are no pages."""
    for node in page.document.nodes:
        if node.tag == "link" and node.get("type").lower() in _TYPES and "alternate" in node.get("rel").lower().split():
            url = urljoin(page.url or "", node.get("href").strip())
            if node.get("href") and not _tells_comments(url, node.get("title")):
                yield url


def entries(body: bytes, url: str) -> Iterator[str]:
    """The pages a feed lists, in its order."""
    root = feed_root(body)
    if root is None:
        return
    for entry in root.iter("{*}item", "{*}entry"):
        link = next((found for child in entry.iter("{*}link") if (found := _link(child))), None)
        if link:
            yield urljoin(url, link)


def _link(element: etree._Element) -> str | None:
    """RSS writes the address between the tags, Atom in an attribute."""
    if element.get("rel", "alternate") != "alternate":
        return None
    return (element.get("href") or element.text or "").strip() or None


def _tells_comments(url: str, title: str) -> bool:
    return "comment" in urlsplit(url).path.lower() or "comment" in title.lower()
