"""A page's tree as it is read: flat lists in document order, built once, never changed.

The parser's events are written straight into two lists: the elements (:class:`Node`) and the
runs of text between their tags (:class:`Piece`). A subtree is a slice of either list, so
nothing below walks a tree, and no depth of nesting can exhaust a stack.

Two parsers feed the same builder. lxml's is the path; its SAX form keeps text at any depth
and in nodes of any size (its tree form drops it silently below 256 levels). Where lxml still
reports that it gave up, the page is read again with beautifulsoup4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree
from msgspec import Struct

#: Text within these is not visible and belongs to no block.
UNSEEN: Final = frozenset({"script", "style", "template"})

#: Elements that do not break the line; every other element starts a new block.
INLINE: Final = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark math meter nobr"
    " noindex output progress q rb rp rt rtc ruby s samp script small span strike strong style sub sup svg template"
    " time tt u var wbr picture source map area link meta amp-img g-emoji g path use title desc text tspan bdi".split()
)

#: Elements nested deeper stand beside each other, at this level: chains of elements are freed one
#: inside the other, and a page nested without end must not take the program's stack with it.
DEEPEST: Final = 1_000

#: Kinds of gap before a piece of text.
SAME, LINE, BLOCK = 0, 1, 2


class Node(Struct, eq=False, gc=False):
    """An element. ``index`` is its place in :attr:`Document.nodes`; its descendants follow it,
    up to and without ``end``. ``first`` and ``last`` bound its text in :attr:`Document.pieces`.

    Elements know only what stands above them, so there are no circles to collect.
    """

    tag: str
    attrs: dict[str, str]
    parent: Node | None
    index: int
    depth: int
    end: int
    first: int
    last: int

    def get(self, name: str, default: str = "") -> str:
        return self.attrs.get(name, default)

    def ancestors(self) -> Iterator[Node]:
        """The elements around it, nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def holds(self, other: Node) -> bool:
        """Whether ``other`` is this element or stands within it."""
        return self.index <= other.index < self.end

    def __repr__(self) -> str:
        names = "".join(f" {k}={v!r}" for k, v in self.attrs.items() if k in ("id", "class"))
        return f"<{self.tag}{names} #{self.index}>"


class Piece(Struct, eq=False, gc=False):
    """A run of text, as written. ``gap`` tells what stands between it and the piece before,
    ``linked`` whether it stands in a link."""

    text: str
    node: Node
    gap: int
    linked: bool


class Document:
    """Elements and text of one page in document order."""

    __slots__ = ("data_islands", "nodes", "parser", "pieces")

    def __init__(self, nodes: list[Node], pieces: list[Piece], data_islands: dict[int, str], parser: str) -> None:
        self.nodes = nodes
        self.pieces = pieces
        #: Text of script elements, by the element's index.
        self.data_islands = data_islands
        #: Which parser read it: ``lxml`` or ``beautifulsoup4``.
        self.parser = parser

    def text(self, node: Node) -> str:
        """The element's visible text, white space folded, lines kept."""
        run = self.pieces[node.first : node.last]
        return " ".join(run[0].text.split()) if len(run) == 1 else join(run)

    def children(self, node: Node) -> Iterator[Node]:
        nodes = self.nodes
        i = node.index + 1
        while i < node.end:
            child = nodes[i]
            yield child
            i = child.end

    def within(self, node: Node) -> list[Node]:
        """The element's descendants, in order."""
        return self.nodes[node.index + 1 : node.end]


def join(pieces: Iterable[Piece]) -> str:
    """Pieces as one text: white space folded, a newline at a line break, a blank line between blocks."""
    out: list[str] = []
    spaced = True
    for piece in pieces:
        words = piece.text.split()
        if not words:
            if piece.gap:
                out.append("\n" * piece.gap)
                spaced = True
            elif not spaced:
                out.append(" ")
                spaced = True
            continue
        if piece.gap:
            out.append("\n" * piece.gap)
        elif piece.text[0].isspace() and not spaced:
            out.append(" ")
        out.append(" ".join(words))
        spaced = piece.text[-1].isspace()
        if spaced:
            out.append(" ")
    text = "".join(out).strip()
    if "\n" not in text:
        return text
    text = "\n".join([line.strip() for line in text.split("\n")])
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text


class Builder:
    """Parser target (lxml's protocol: start, end, data, close) that writes the two lists."""

    def __init__(self, parser: str = "lxml") -> None:
        self.parser = parser
        self.nodes: list[Node] = []
        self.pieces: list[Piece] = []
        self.islands: dict[int, str] = {}
        self.node: Node | None = None
        self.gap = BLOCK
        self.links = 0
        self.hidden: list[str] | None = None
        self.run: list[str] = []
        self.too_deep: list[Node] = []

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        if self.run:
            self._end_run()
        parent, index, first = self.node, len(self.nodes), len(self.pieces)
        if parent is not None and parent.depth >= DEEPEST:
            self.too_deep.append(parent)
            parent = parent.parent
        node = Node(tag, attrs, parent, index, parent.depth + 1 if parent is not None else 0, index + 1, first, first)
        self.nodes.append(node)
        self.node = node
        if tag not in INLINE:
            if tag == "br":
                if self.gap < BLOCK:
                    self.gap += LINE
            else:
                self.gap = BLOCK
        elif tag == "a":
            self.links += 1
        elif tag in UNSEEN:
            self.hidden = []

    def end(self, tag: str) -> None:
        if self.run:
            self._end_run()
        node = self.node
        if node is None:
            return
        node.end = len(self.nodes)
        node.last = len(self.pieces)
        self.node = self.too_deep.pop() if self.too_deep else node.parent
        if tag in UNSEEN:
            if self.hidden:
                self.islands[node.index] = "".join(self.hidden)
            self.hidden = None
        elif tag == "a":
            self.links -= 1
        elif tag not in INLINE and tag != "br":
            self.gap = BLOCK

    def data(self, text: str) -> None:
        if self.hidden is not None:
            self.hidden.append(text)
        elif self.node is not None and (self.run or not self.gap or not text.isspace()):
            self.run.append(text)

    def _end_run(self) -> None:
        """Parsers hand over a run of text in as many parts as they like; it becomes one piece."""
        assert self.node is not None
        self.pieces.append(Piece("".join(self.run), self.node, self.gap, self.links > 0))
        self.run.clear()
        self.gap = SAME

    def comment(self, text: str) -> None:
        """Comments are no text; lxml needs the method to leave them out of ``data``."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Processing instructions (``<?php …``) are no text either."""

    def close(self) -> Document:
        while self.node is not None:
            self.end(self.node.tag)
        return Document(self.nodes, self.pieces, self.islands, self.parser)


def read(html: bytes) -> Document:
    """Read UTF-8 bytes into a document; an empty one where there is no element at all."""
    # The stub asks a target for methods that lxml calls only where they are.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, target=Builder())  # type: ignore[call-overload]
    try:
        document: Document = etree.fromstring(html, parser)
    except etree.XMLSyntaxError:
        return _read_with_beautifulsoup(html)
    return document


def _read_with_beautifulsoup(html: bytes) -> Document:
    from bs4 import BeautifulSoup
    from bs4.element import CData, NavigableString, Tag

    builder = Builder("beautifulsoup4")
    soup = BeautifulSoup(html, "html.parser", from_encoding="utf-8")
    open_tags: list[Tag] = []
    for element in soup.descendants:
        parent = element.parent
        while open_tags and open_tags[-1] is not parent:
            builder.end(open_tags.pop().name)
        if isinstance(element, Tag):
            builder.start(element.name, {k: _attribute(v) for k, v in element.attrs.items()})
            open_tags.append(element)
        elif type(element) is NavigableString or isinstance(element, CData) or builder.hidden is not None:
            builder.data(str(element))
    return builder.close()


def _attribute(value: object) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)
