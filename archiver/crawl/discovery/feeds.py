"""RSS, Atom and JSON feeds: the newest pages, told by the site itself, and, page after page, the older ones.

Feeds go on by a link `next` (RFC 5005; JSON Feed: `next_url`), in WordPress by `?paged=`, in Blogger by
`?start-index=`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from lxml import etree
from w3lib.url import add_or_replace_parameters, url_query_parameter

from archiver.crawl.discovery.found import FEED, Found, text, utc
from archiver.crawl.discovery.rules import discovery, plain
from archiver.extraction.comments.values import json_of, member, whole_number
from archiver.extraction.elsewhere.feed import feed_root
from archiver.page import Page

_TYPES: Final = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})
_BLOGGER: Final = "/feeds/posts/"
#: The number of comments: RSS 1.0 module `slash`; Atom, RFC 4685, 5.
_NUMBERS: Final = ("{http://purl.org/rss/1.0/modules/slash/}comments", "{http://purl.org/syndication/thread/1.0}total")
#: Entries of a Blogger feed that are asked for at once; each comes with its whole text.
_AT_ONCE: Final = 50
_MOST_SECTIONS: Final = 20
#: Entries of one feed; more are of a feed that is none.
_MOST_ENTRIES: Final = 5000


def feeds(page: Page) -> Iterator[str]:
    """The feeds that a page announces. Feeds of comments are left out: their entries are no pages."""
    for node in page.document.nodes:
        if node.tag == "link" and _is_feed(node.get("type"), node.get("href")):
            url = _joined(page.url or "", node.get("href"))
            if url and "alternate" in node.get("rel").lower().split() and not _tells_comments(url, node.get("title")):
                yield _in_large_pages(url)


def entries(page: Page) -> list[Found]:
    """The pages a feed lists, in its order; none where the answer is no feed."""
    data = _json(page)
    if data is not None:
        items = data.get("items")
        told = (_of_item(item, page) for item in items[:_MOST_ENTRIES]) if isinstance(items, list) else iter(())
    else:
        told = (_of_entry(entry, page) for entry in _entries(feed_root(page.body)))
    return [found for found in told if found is not None]


def further(page: Page) -> str | None:
    """Where a feed goes on."""
    data = _json(page)
    if data is not None:
        return _joined(page.url or "", data.get("next_url"))
    root = feed_root(page.body)
    if root is None:
        return None
    for link in _heads(root, "link"):
        if link.get("rel") == "next":
            return _joined(page.url or "", link.get("href"))
    return _wordpress(root, page) or _blogger(root, page)


def _wordpress(root: etree._Element, page: Page) -> str | None:
    if not any("wordpress" in (generator.text or "").lower() for generator in _heads(root, "generator")):
        return None
    at = whole_number(url_query_parameter(page.url or "", "paged")) or 1
    return (
        add_or_replace_parameters(page.url or "", {"paged": str(at + 1)})
        if next(_entries(root), None) is not None
        else None
    )


def _blogger(root: etree._Element, page: Page) -> str | None:
    """Where its link `next` is missing, as in its RSS."""
    if _BLOGGER not in urlsplit(page.url or "").path:
        return None
    total, at = (
        whole_number(next((element.text for element in _heads(root, name)), None))
        for name in ("totalResults", "startIndex")
    )
    listed = sum(1 for _ in _entries(root))
    if not total or not at or not listed or at + listed > total:
        return None
    return add_or_replace_parameters(page.url or "", {"start-index": str(at + listed)})


def _in_large_pages(url: str) -> str:
    if _BLOGGER in urlsplit(url).path and not url_query_parameter(url, "max-results"):
        return add_or_replace_parameters(url, {"max-results": str(_AT_ONCE)})
    return url


def _of_entry(entry: etree._Element, page: Page) -> Found | None:
    link = next((said for child in entry.iter("{*}link") if (said := _link(child))), None)
    url = _joined(page.url or "", link)
    if url is None or _is_comment(url):
        return None
    return Found(
        url=url,
        source=FEED,
        title=_said(entry, "title"),
        published=utc(_said(entry, "published", "pubDate", "issued", "date")),
        changed=utc(_said(entry, "updated", "modified")),
        sections=_sections(entry),
        commented=next((whole_number(one.text) for one in entry.iterchildren(*_NUMBERS)), None),
    )


def _of_item(item: Any, page: Page) -> Found | None:
    url = _joined(page.url or "", member(item, "url"))
    if url is None:
        return None
    tags = member(item, "tags")
    return Found(
        url=url,
        source=FEED,
        title=text(member(item, "title")),
        published=utc(member(item, "date_published")),
        changed=utc(member(item, "date_modified")),
        sections=tuple(filter(None, map(text, tags[:_MOST_SECTIONS]))) if isinstance(tags, list) else (),
    )


def _entries(root: etree._Element | None) -> Iterator[etree._Element]:
    if root is not None:
        for number, entry in enumerate(root.iter("{*}item", "{*}entry")):
            if number >= _MOST_ENTRIES:
                return
            yield entry


def _heads(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """The elements of a feed itself: those of its entries lie deeper."""
    for parent in (root, *root.iterchildren("{*}channel")):
        yield from parent.iterchildren(f"{{*}}{name}")


def _sections(entry: etree._Element) -> tuple[str, ...]:
    told = (text(one.get("label") or one.get("term") or one.text) for one in entry.iterchildren("{*}category"))
    return tuple(filter(None, told))[:_MOST_SECTIONS]


def _said(entry: etree._Element, *names: str) -> str | None:
    for name in names:
        for element in entry.iterchildren(f"{{*}}{name}"):
            if said := text("".join(element.itertext())):
                return said
    return None


def _link(element: etree._Element) -> str | None:
    """RSS writes the address between the tags, Atom in an attribute."""
    if element.get("rel", "alternate") != "alternate":
        return None
    return (element.get("href") or element.text or "").strip() or None


def _json(page: Page) -> dict[str, Any] | None:
    data = json_of(page.text) if page.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else None
    return data if isinstance(data, dict) else None


def _joined(base: str, said: object) -> str | None:
    if not isinstance(said, str) or not said.strip():
        return None
    try:
        return urljoin(base, said.strip())
    except ValueError:  # such as http://[
        return None


def _is_feed(kind: str, address: str) -> bool:
    kind = kind.partition(";")[0].strip().lower()
    return kind in _TYPES or (kind == "application/json" and address.partition("?")[0].endswith("feed.json"))


def _is_comment(url: str) -> bool:
    return urlsplit(url).fragment.lower().startswith("comment")


def _tells_comments(url: str, title: str) -> bool:
    said = plain(urlsplit(url).path), plain(title)
    return any(word in one for word in discovery().others.feeds for one in said)
