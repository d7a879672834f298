"""Items: which elements of a page are comments, and what of them is their own.

An item holds its replies' items where the page nests them. What an item holds outside of them
is its own: a parent's text must not contain its replies' texts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from archiver.document import Document, Node, Piece
from archiver.extraction.comments.systems import ANY_ID, BY_ID, BY_ITEM, SYSTEMS, System
from archiver.extraction.reading import Reading
from archiver.extraction.select import Selector, rule, siblings_after

rule("[id]")
#: What ids of comments end in: numbers, some of them hexadecimal.
_LAST = frozenset("0123456789abcdef")


class Item:
    """One comment's place: ``node``, or ``node`` and the siblings that belong to it."""

    __slots__ = ("around", "document", "end", "first", "inner", "last", "native_id", "node", "nodes", "start", "system")

    def __init__(self, system: System, document: Document, node: Node, native_id: str | None) -> None:
        self.system = system
        self.document = document
        self.node = node
        self.nodes = [node]
        self.native_id = native_id
        self.start, self.end = node.index, node.end
        self.first, self.last = node.first, node.last
        self.around: Item | None = None
        self.inner: list[Item] = []

    def extend(self, node: Node) -> None:
        self.nodes.append(node)
        self.end, self.last = node.end, node.last

    def own(self) -> Iterator[Node]:
        """Its elements, its replies' left out."""
        nodes = self.document.nodes
        here = self.start
        for reply in self.inner:
            yield from nodes[here : reply.start]
            here = reply.end
        yield from nodes[here : self.end]

    def spans(self) -> Iterator[tuple[int, int]]:
        """Its pieces as ranges, its replies' left out."""
        here = self.first
        for reply in self.inner:
            yield here, reply.first
            here = reply.last
        yield here, self.last

    def pieces(self) -> list[Piece]:
        return [piece for first, last in self.spans() for piece in self.document.pieces[first:last]]

    def owns(self, node: Node) -> bool:
        if not self.start <= node.index < self.end:
            return False
        before = bisect_right(self.inner, node.index, key=_start) - 1
        return before < 0 or node.index >= self.inner[before].end

    def before(self) -> Item | None:
        """The reply before it, to the same comment."""
        if self.around is None:
            return None
        place = bisect_left(self.around.inner, self.start, key=_start)
        return self.around.inner[place - 1] if place else None


def _start(item: Item) -> int:
    return item.start


class Places:
    """Where a page's selectors hit, asked once for the page and then item by item."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.index = reading.index
        self._hits: dict[str, tuple[list[int], list[Node]]] = {}

    def own(self, selector: Selector | None, item: Item) -> list[Node]:
        """The selector's hits that are the item's own, the item's elements included."""
        if selector is None:
            return []
        hits = self._hits.get(selector.source)
        if hits is None:
            nodes = self.index.select(selector)
            hits = self._hits[selector.source] = [node.index for node in nodes], nodes
        places, nodes = hits
        if not places:
            return []
        found = nodes[bisect_left(places, item.start) : bisect_right(places, item.end - 1)]
        return [node for node in found if item.owns(node)] if found and item.inner else found


def find_items(reading: Reading, only: str | None = None) -> list[Item]:
    """The comments that the rule files know, or the one that is named, in page order. Where two
    systems claim one place, the one tried first keeps it."""
    by_id = _by_id(reading)
    asked = {*by_id, *BY_ITEM.candidates(reading.index)}
    kept: list[Item] = []
    outermost: list[Item] = []
    for system in SYSTEMS:
        if only not in (None, system.name):
            continue
        nodes = _candidates(reading, system, by_id.get(system, ())) if system in asked else []
        if not nodes:
            continue
        found = _merged(system, reading.document, nodes)
        if not any(_overlaps(item, outermost) for item in found):
            kept = sorted(kept + found, key=_start)
            outermost = _outermost(kept)
    return kept


def nest(items: Sequence[Item]) -> None:
    """Tell every item which item it stands in. They are in page order."""
    open_items: list[Item] = []
    for item in items:
        item.around, item.inner = None, []
    for item in items:
        while open_items and open_items[-1].end <= item.start:
            open_items.pop()
        if open_items:
            item.around = open_items[-1]
            item.around.inner.append(item)
        open_items.append(item)


def _by_id(reading: Reading) -> dict[System, list[Node]]:
    found: dict[System, list[Node]] = {}
    matches = ANY_ID.match
    for node in reading.index.under("@", "id"):
        if node.attrs["id"][-1:] in _LAST and matches(node.attrs["id"]):
            for system in BY_ID:
                if system.item_id is not None and system.item_id.match(node.attrs["id"]):
                    found.setdefault(system, []).append(node)
    return found


def _candidates(reading: Reading, system: System, by_id: Iterable[Node]) -> list[Node]:
    nodes = {node.index: node for node in by_id}
    if system.item is not None:
        nodes.update((node.index, node) for node in reading.index.select(system.item))
    if not nodes or (system.detect is not None and reading.index.first(system.detect) is None):
        return []
    refused = system.not_item
    return [
        nodes[i]
        for i in sorted(nodes)
        if nodes[i].first < nodes[i].last and (refused is None or not refused.matches(nodes[i]))
    ]


def _merged(system: System, document: Document, nodes: Sequence[Node]) -> list[Item]:
    """Candidates as items. An element within another is a reply where the other has words of its
    own before it, or another id; else both are the same comment, the outer being its element."""
    items: list[Item] = []
    open_items: list[Item] = []
    for node in nodes:
        native = _native_id(system, node)
        while open_items and open_items[-1].end <= node.index:
            open_items.pop()
        if open_items and _same(open_items, node, native, document):
            same = open_items[-1]
            same.native_id = same.native_id or native
            continue
        item = Item(system, document, node, native)
        items.append(item)
        open_items.append(item)
    if system.rule.runs:
        _extend(items)
    return items


def _same(open_items: Sequence[Item], node: Node, native: str | None, document: Document) -> bool:
    around = open_items[-1]
    if native is not None and around.native_id is not None:
        return native == around.native_id
    pieces = document.pieces
    return all(pieces[place].text.isspace() for place in range(around.first, node.first))


def _native_id(system: System, node: Node) -> str | None:
    if system.item_id is not None:
        match = system.item_id.match(node.get("id"))
        if match is not None:
            return next((group for group in match.groups() if group), None)
    for source in system.native_id:
        if source.selector is None and source.attribute is not None:
            match = system.native_id_pattern.search(node.get(source.attribute))
            if match is not None:
                return next((group for group in match.groups() if group), None)
    return None


def _extend(items: Sequence[Item]) -> None:
    starts = {item.start for item in items}
    for item in items:
        for sibling in siblings_after(item.document, item.node):
            if sibling.index in starts:
                break
            item.extend(sibling)


def _outermost(items: Sequence[Item]) -> list[Item]:
    """Items, in page order, that stand in no other: they do not overlap."""
    kept: list[Item] = []
    for item in items:
        if not kept or kept[-1].end <= item.start:
            kept.append(item)
    return kept


def _overlaps(item: Item, outermost: Sequence[Item]) -> bool:
    place = bisect_left(outermost, item.end, key=_start)
    return place > 0 and outermost[place - 1].end > item.start
