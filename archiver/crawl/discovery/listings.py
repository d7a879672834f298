"""Listing pages: what they lead to, and where their lists go on: by `rel=next`, numbers, sections, months."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from archiver.crawl.discovery.addresses import query_of, segments_of
from archiver.crawl.discovery.found import LISTING, Found, text
from archiver.crawl.discovery.rules import discovery, plain, review_word, words_of
from archiver.document import Node
from archiver.page import Page

_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4"})
#: Words of a link, and of the last segment it leads to, that is a section's and not an article's.
_SECTION_WORDS: Final = 3
_DATED: Final = re.compile(r"/(?:19[89]\d|20\d\d)/(?:0?[1-9]|1[0-2])/(?:\d{1,2}/)?[^/]{2,}")
_MONTH: Final = re.compile(r"(?:/[a-z-]{1,20})?/((?:19[89]|20\d)\d)(?:/(?:0?[1-9]|1[0-2]))?/?")
_PLAIN_MONTH: Final = re.compile(r"((?:19[89]|20\d)\d)(?:0[1-9]|1[0-2])")
_NUMBER: Final = re.compile(r"\d{1,6}")
#: /reviews-page-3, /page-3
_NUMBERED: Final = re.compile(r"(?:(.{1,200}?)-)?page-?(\d{1,6})(?:\.html?|\.php)?", re.I)


def entries(page: Page) -> list[Found]:
    """The pages a listing announces: the links of its headings, those marked as permanent, those whose address
    tells a date; on a list of reviews all that lies below it."""
    section = _section(page.url or "")
    found: dict[str, Found] = {}
    for node, url in _links(page):
        if node.tag != "a" or not (_is_entry(node, page) or _is_dated(url) or _lies_below(url, section)):
            continue
        title = text(page.document.text(node))
        if url not in found or not found[url].title:
            sections = (section,) if section and _is_entry(node, page) else ()
            found[url] = Found(url=url, source=LISTING, title=title, sections=sections)
    return list(found.values())


def further(page: Page) -> list[str]:
    """Where the list goes on, each once: its next page first, then lists of reviews and of months."""
    here = page.url or ""
    links = [(node, url.partition("#")[0]) for node, url in _links(page)]
    ways = (
        (url for node, url in links if "next" in _rel(node)),
        (url for node, url in links if node.tag == "a" and _is_next(here, url, page, node)),
        (url for node, url in links if node.tag == "a" and _is_section(url, page, node)),
        (url for node, url in links if node.tag == "a" and _is_of_a_month(url)),
    )
    return list(dict.fromkeys(url for way in ways for url in way if url != here))


def name(page: Page) -> str:
    """What a site calls itself: its front page's title, and the name it tells to others."""
    nodes = page.document.nodes
    said = [page.document.text(node) for node in nodes if node.tag == "title"][:1]
    said += [node.get("content") for node in nodes if node.tag == "meta" and node.get("property") == "og:site_name"][:1]
    return text(" ".join(said)) or ""


def _links(page: Page) -> Iterator[tuple[Node, str]]:
    base = page.url or ""
    for node in page.document.nodes:
        if node.tag in ("a", "link", "base") and node.get("href"):
            try:
                url = urljoin(base, node.get("href").strip())
                urlsplit(url)
            except ValueError:  # such as http://[
                continue
            if node.tag == "base":
                base = url
            else:
                yield node, url


def _rel(node: Node) -> list[str]:
    return node.get("rel").lower().split()


def _is_entry(node: Node, page: Page) -> bool:
    return "bookmark" in _rel(node) or _is_headline(node, page)


def _is_headline(node: Node, page: Page) -> bool:
    """The link stands within a heading, or a heading within the link."""
    around_and_within = (*node.ancestors(), *page.document.nodes[node.index + 1 : node.end])
    return any(other.tag in _HEADINGS for other in around_and_within)


def _is_dated(url: str) -> bool:
    return _DATED.search(urlsplit(url).path) is not None


def _section(url: str) -> str:
    """The path of a list of reviews, without the number of its page; empty for other lists."""
    path = _unnumbered(url)[0]
    return path if review_word([unquote(path)]) else ""


def _lies_below(url: str, section: str) -> bool:
    return bool(section) and urlsplit(url).path.startswith(f"{section}/") and not urlsplit(url).query


def _is_next(here: str, url: str, page: Page, node: Node) -> bool:
    """The same list further on: an address that differs by its number alone, or says so in words."""
    own, other = _unnumbered(here), _unnumbered(url)
    if own[:2] != other[:2] or other[2] is None:
        return False
    said = plain(text(page.document.text(node)) or "")
    is_ahead = other[2] > (own[2] or 0)
    return is_ahead and (said.isdecimal() or not said or " ".join(words_of(said)) in discovery().listings.older)


def _is_section(url: str, page: Page, node: Node) -> bool:
    """A list of reviews, by its address and by what the link to it says."""
    segments = segments_of(url)
    if not segments or urlsplit(url).query:
        return False
    words = words_of(unquote(segments[-1]))
    said = words_of(text(page.document.text(node)) or "")
    return bool(
        0 < len(words) <= _SECTION_WORDS
        and len(said) <= _SECTION_WORDS
        and review_word([words[-1]])
        and not _is_headline(node, page)
    )


def _is_of_a_month(url: str) -> bool:
    """The archive of a month or a year that has begun: calendars know others too."""
    parts = urlsplit(url)
    match = _MONTH.fullmatch(parts.path) if not parts.query else None
    if match is None:
        plainly = dict(query_of(url)).get("m", "") if len(query_of(url)) == 1 else ""
        match = _PLAIN_MONTH.fullmatch(plainly)
    return match is not None and int(match[1]) <= datetime.now(UTC).year


def _unnumbered(url: str) -> tuple[str, tuple[tuple[str, str], ...], int | None]:
    """The path and the query of a list without the number of the page, and that number."""
    listings = discovery().listings
    number: int | None = None
    query = []
    for name, value in query_of(url):
        if name.lower() in listings.numbers and _NUMBER.fullmatch(value):
            number = int(value)
        else:
            query.append((name, value))
    segments = segments_of(url)
    if len(segments) > 1 and segments[-2].lower() in listings.segments and _NUMBER.fullmatch(segments[-1]):
        number = int(segments[-1])
        segments = segments[:-2]
    elif segments and (match := _NUMBERED.fullmatch(segments[-1])):
        number = int(match[2])
        segments = [*segments[:-1], *([match[1]] if match[1] else [])]
    return "".join(f"/{segment}" for segment in segments), tuple(sorted(query)), number
