"""Listing pages: what their headings lead to, and the next page of the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin

from archiver.document import Node
from archiver.page import Page

_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4"})


def entries(page: Page) -> Iterator[str]:
    """The pages a listing announces: the links of its headings, and those marked as permanent."""
    for node, url in _links(page):
        if node.tag == "a" and ("bookmark" in _rel(node) or _is_headline(node, page)):
            yield url


def next_page(page: Page) -> str | None:
    """Where the list goes on."""
    return next((url for node, url in _links(page) if "next" in _rel(node)), None)


def _links(page: Page) -> Iterator[tuple[Node, str]]:
    base = page.url or ""
    for node in page.document.nodes:
        if node.tag == "base" and node.get("href"):
            base = urljoin(base, node.get("href").strip())
        elif node.tag in ("a", "link") and node.get("href"):
            try:
                yield node, urljoin(base, node.get("href").strip())
            except ValueError:  # such as http://[
                continue


def _rel(node: Node) -> list[str]:
    return node.get("rel").lower().split()


def _is_headline(node: Node, page: Page) -> bool:
    """The link stands within a heading, or a heading within the link."""
    around_and_within = (*node.ancestors(), *page.document.nodes[node.index + 1 : node.end])
    return any(other.tag in _HEADINGS for other in around_and_within)
