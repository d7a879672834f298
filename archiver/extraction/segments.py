"""Blocks written out: the article's text, and every block as a segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from archiver.document import Document, Node
from archiver.extraction.blocks import Block
from archiver.record import Comment, Role, Segment

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
    """Absolute XPaths of a document's elements, as lxml's ``getpath`` writes them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[int, str] = {}
        self._steps: dict[int, str] = {}

    def of(self, node: Node) -> str:
        known = self._known.get(node.index)
        if known is None:
            known = f"/{node.tag}" if node.parent is None else f"{self.of_parent(node)}/{self._step(node)}"
            self._known[node.index] = known
        return known

    def of_parent(self, node: Node) -> str:
        """The path of the element around; walked, not recursed, since pages nest as deep as they like."""
        chain = []
        here = node.parent
        while here is not None and here.index not in self._known:
            chain.append(here)
            here = here.parent
        path = self._known[here.index] if here is not None else ""
        for one in reversed(chain):
            path = f"{path}/{self._step(one) if one.parent is not None else one.tag}"
            self._known[one.index] = path
        return path

    def _step(self, node: Node) -> str:
        step = self._steps.get(node.index)
        if step is None:
            assert node.parent is not None
            same: dict[str, list[int]] = {}
            for child in self._document.children(node.parent):
                same.setdefault(child.tag, []).append(child.index)
            for tag, indexes in same.items():
                for number, index in enumerate(indexes, 1):
                    self._steps[index] = tag if len(indexes) == 1 else f"{tag}[{number}]"
            step = self._steps[node.index]
        return step
