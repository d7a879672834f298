"""Breadcrumbs, and the sections they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from archiver.document import Node
from archiver.extraction.select import rule, rule_letters
from archiver.extraction.tags.found import displayed
from archiver.extraction.tags.wording import LINKS, LONGEST_TERM, RULES

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_HOME: Final = frozenset(RULES.text.home)
_BREADCRUMBS: Final = rule('[itemtype$="BreadcrumbList"], nav[aria-label="breadcrumb"], nav[aria-label="Breadcrumb"]')

rule_letters("crumb")


def breadcrumbs_of(reading: Reading) -> list[Node]:
    """The page's breadcrumbs, outermost elements only."""
    nodes = {node.index: node for node in reading.index.under("~", "crumb")}
    nodes |= {node.index: node for node in reading.index.select(_BREADCRUMBS)}
    outer: list[Node] = []
    for place in sorted(nodes):
        node = nodes[place]
        if outer and outer[-1].holds(node):
            continue
        if (
            node.first < node.last
            and node.last - node.first <= 60
            and node.tag != "body"
            and not _holds_h1(reading, node)
        ):
            outer.append(node)
    return outer[:3]


def _holds_h1(reading: Reading, node: Node) -> bool:
    headline = reading.entry.headline
    return headline is not None and node.holds(headline)


def crumb_names(reading: Reading, crumbs: list[Node]) -> list[str]:
    """The sections in the first breadcrumb: its links, without the front page and the page itself."""
    headline = reading.entry.headline
    title = reading.text(headline).casefold() if headline is not None else None
    for crumb in crumbs:
        names = []
        for link in reading.index.select(LINKS, within=crumb):
            name = displayed(reading.text(link))
            if not name or len(name) > LONGEST_TERM or _is_home(name, link) or name.casefold() == title:
                continue
            names.append(name)
        if names:
            return names
    return []


def _is_home(name: str, link: Node) -> bool:
    if name.casefold() in _HOME:
        return True
    try:
        return urlsplit(link.attrs.get("href", "")).path in ("", "/") and not link.attrs.get("href", "").startswith("#")
    except ValueError:
        return False
