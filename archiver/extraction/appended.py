"""Articles that a page appends below its own, for readers who scroll on.

Such pages hold several elements of one make-up, each with its own headline, date or byline and
text. The first, or the one whose address is the page's, is the page's article; the others are
labelled as related.
"""

from __future__ import annotations

from typing import Final

from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.record import Role

_HEADLINES: Final = rule("h1")
_SIGNED: Final = rule('time, [rel~="author"], .byline, .author, [itemprop="datePublished"], .date, .published')
#: Runs of text that an article holds at least.
_LEAST_CHARS: Final = 400
#: Attributes that give an article's own address.
_ADDRESSES: Final = ("data-url", "data-permalink", "data-canonical", "data-href", "data-uri", "data-history-node-url")


def appended_articles(reading: Reading) -> list[Claim]:
    """A claim on each appended article; none on most pages."""
    headlines = reading.index.select(_HEADLINES)
    if not 2 <= len(headlines) <= 40:
        return []
    holders = _holders(reading, headlines)
    if len(holders) < 2 or not all(_is_article(reading, node) for node in holders[:3]):
        return []
    own = _own(reading, holders)
    return [
        Claim(node, Role.RELATED, "another article, appended to the page's own")
        for node in holders
        if node is not own and _is_article(reading, node)
    ]


def _holders(reading: Reading, headlines: list[Node]) -> list[Node]:
    """The outermost elements of one make-up that hold one headline each, below one parent."""
    first, second = headlines[0], headlines[1]
    around_first = [first, *first.ancestors()]
    shared = next((node for node in around_first if node.holds(second)), None)
    if shared is None:
        return []
    holder = next((node for node in around_first if node.parent is shared), None)
    if holder is None:
        return []
    make_up = (holder.tag, holder.get("class"))
    held = [
        child for child in reading.document.children(shared)
        if (child.tag, child.get("class")) == make_up and any(child.holds(one) for one in headlines)
    ]  # fmt: skip
    return held if holder in held else []


def _is_article(reading: Reading, node: Node) -> bool:
    size = sum(len(piece.text) for piece in reading.document.pieces[node.first : node.last])
    return size >= _LEAST_CHARS and reading.index.first(_SIGNED, within=node) is not None


def _own(reading: Reading, holders: list[Node]) -> Node:
    address = (reading.page.url or "").partition("?")[0].rstrip("/")
    for node in holders:
        for name in _ADDRESSES:
            said = node.get(name)
            if address and said and (reading.absolute(said) or "").partition("?")[0].rstrip("/") == address:
                return node
    return holders[0]
