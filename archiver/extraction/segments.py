"""Blocks written out: the article's text, and every block as a segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from archiver.document import Document, Node
from archiver.extraction.blocks import Block
from archiver.record import Comment, Role, Segment

#: Levels of nesting up to which a path names every step.
DEEPEST: Final = 200
#: Where in ``body_text`` a block stands, by the block's place on the page.
Places = Mapping[int, tuple[int, int]]


def body_of(blocks: Sequence[Block]) -> tuple[str | None, Places]:
    """The article's blocks as one text, a blank line between them, and where each stands in it."""
    texts: list[str] = []
    places: dict[int, tuple[int, int]] = {}
    at = 0
    for place, block in enumerate(blocks):
        if block.role is Role.BODY:
            places[place] = (at, at + len(block.text))
            texts.append(block.text)
            at += len(block.text) + 2
    return ("\n\n".join(texts) if texts else None), places


def segments_of(
    document: Document, blocks: Sequence[Block], places: Places, comments: Iterable[Comment]
) -> tuple[Segment, ...]:
    """Every block as a segment, in page order. What stands in ``body_text`` or in a comment is
    referred to; where a reference cannot be given exactly, the text stands here itself."""
    texts = {comment.comment_id: comment.text or "" for comment in comments}
    read_to: dict[str, int] = {}
    paths = Paths(document)
    segments = []
    for place, block in enumerate(blocks):
        ref: str | None = None
        span = places.get(place)
        if span is not None:
            ref = "body_text"
        elif block.role is Role.COMMENT and block.ref in texts:
            start = texts[block.ref].find(block.text, read_to.get(block.ref, 0))
            if start >= 0:
                ref, span = block.ref, (start, start + len(block.text))
                read_to[block.ref] = span[1]
        segments.append(
            Segment(
                role=block.role or Role.OTHER,
                text=block.text if span is None else None,
                ref=ref,
                start=span[0] if span is not None else None,
                end=span[1] if span is not None else None,
                xpath=paths.of(block.node) if block.node is not None else None,
                reason=block.reason,
                confidence=block.confidence,
            )
        )
    return tuple(segments)


class Paths:
    """Absolute XPaths of a document's elements, as lxml's ``getpath`` writes them; below
    :data:`DEEPEST` levels as ``(//div)[7]``, since paths that grow with the nesting fill the memory."""

    def __init__(self, document: Document) -> None:
        self._nodes = document.nodes
        self._known: dict[int, str] = {}
        #: An element's number among its siblings of the same tag; by the parent, how many there are of each.
        self._numbers = [0] * len(document.nodes)
        self._counts: dict[int, dict[str, int]] = {}
        self._ordinals: dict[int, int] = {}

    def of(self, node: Node) -> str:
        path = self._known.get(node.index)
        if path is None:
            parent, tag = node.parent, node.tag
            if node.depth > DEEPEST:
                path = self._nth(node)
            elif parent is None:
                path = f"/{tag}"
            elif self._count(parent)[tag] == 1:
                path = f"{self.of(parent)}/{tag}"
            else:
                path = f"{self.of(parent)}/{tag}[{self._numbers[node.index]}]"
            self._known[node.index] = path
        return path

    def _count(self, parent: Node) -> dict[str, int]:
        """How many children of each tag there are; numbers them on the way."""
        counts = self._counts.get(parent.index)
        if counts is None:
            counts = self._counts[parent.index] = {}
            nodes, numbers = self._nodes, self._numbers
            place = parent.index + 1
            while place < parent.end:
                child = nodes[place]
                numbers[place] = counts[child.tag] = counts.get(child.tag, 0) + 1
                place = child.end
        return counts

    def _nth(self, node: Node) -> str:
        if not self._ordinals:
            seen: dict[str, int] = {}
            for one in self._nodes:
                self._ordinals[one.index] = seen[one.tag] = seen.get(one.tag, 0) + 1
        return f"(//{node.tag})[{self._ordinals[node.index]}]"
