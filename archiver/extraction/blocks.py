"""Blocks: the pieces of a page that get a role.

A block is a run of text that no block-level element interrupts. Where a rule *claims* an
element (a comment's author, a share bar inside a paragraph), the run is cut at its borders,
so that a block never has two roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from archiver.document import BLOCK, INLINE, Document, Node, Piece, join
from archiver.extraction.hints import Hint, phrase_hint
from archiver.record import Role

#: Ancestors that tell what a run of text is, nearer than any class.
HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


_ARROWS: Final = frozenset("« » ‹ › ← → << >> < >".split())
_ARROW_SIZE: Final = 4  # characters, the blanks around it counted
#: What a head may hold, and what may hold a head.
_OF_HEAD: Final = frozenset({"title", "meta", "link", "base", "style", "script", "noscript", "template"})
_AROUND_HEAD: Final = frozenset({"html", "head"})


class Claim(NamedTuple):
    """A rule's word on an element: its text has this role. ``ref`` names the comment it belongs to."""

    node: Node
    role: Role
    reason: str
    ref: str | None = None
    confidence: float = 1.0


class Block(Struct, eq=False, gc=False):
    """A piece of a page with its role and why. ``first`` and ``last`` bound its pieces.

    ``role`` is None until the block is labelled. ``blank`` is how many empty lines stood before
    it in a plain text (0 in HTML).
    """

    text: str
    node: Node | None
    first: int
    last: int
    #: characters of the text that stand in links
    linked: int
    blank: int = 0
    role: Role | None = None
    reason: str | None = None
    ref: str | None = None
    confidence: float | None = None
    _said: Hint | bool | None = False

    @property
    def said(self) -> Hint | None:
        """What the block's own words say it is for; looked up once."""
        if self._said is False:
            self._said = phrase_hint(self.text)
        return self._said  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"<{self.role or 'block'} {self.text[:40]!r}>"


def segment(document: Document, claims: Sequence[Claim] = ()) -> list[Block]:
    """Cut the text under ``body`` into blocks, in document order. Claimed blocks come labelled;
    of two claims the inner one holds, of two on one element the first."""
    pieces = document.pieces
    first = _body_start(document)
    owners = _paint(len(pieces), claims)
    blocks: list[Block] = []
    start = first
    for i in range(first, len(pieces) + 1):
        if (
            i == len(pieces)
            or pieces[i].gap >= BLOCK
            or owners[i] is not owners[start]
            or (i - 1 == start and _is_arrow(pieces[start]))
        ):
            if start < i:
                block = _block(pieces, start, i)
                if block is not None:
                    owner = owners[start]
                    if owner is not None:
                        block.role, block.reason, block.ref = owner.role, owner.reason, owner.ref
                        block.confidence = owner.confidence
                    blocks.append(block)
            start = i
    return blocks


def _is_arrow(piece: Piece) -> bool:
    """Whether a run is only the arrow that stands before or after a link of navigation."""
    return len(piece.text) <= _ARROW_SIZE and not piece.linked and piece.text.strip() in _ARROWS


def _body_start(document: Document) -> int:
    """Where the visible text begins. For libxml2 no element that HTML5 brought ends the head, so where
    a page leaves out ``<body>`` its article may stand there."""
    i = 0
    while i < len(document.nodes):
        node = document.nodes[i]
        if node.tag in _OF_HEAD:
            i = node.end
        elif node.tag in _AROUND_HEAD:
            i += 1
        else:
            return node.first
    return len(document.pieces)


def _paint(size: int, claims: Sequence[Claim]) -> list[Claim | None]:
    owners: list[Claim | None] = [None] * (size + 1)
    painted: set[int] = set()
    for claim in sorted(claims, key=lambda claim: claim.node.index):
        node = claim.node
        if node.index not in painted:
            painted.add(node.index)
            owners[node.first : node.last] = [claim] * (node.last - node.first)
    return owners


def _block(pieces: list[Piece], first: int, last: int) -> Block | None:
    if last - first == 1:
        piece = pieces[first]
        text = " ".join(piece.text.split())
        linked = len(text) if piece.linked else 0
    else:
        run = pieces[first:last]
        text = join(run)
        linked = sum(len(piece.text) for piece in run if piece.linked)
    if not text:
        return None
    return Block(text, _holder(pieces, first, last), first, last, min(linked, len(text)))


def _holder(pieces: list[Piece], first: int, last: int) -> Node:
    """The innermost element that holds the whole run, inline elements that hold only it aside."""
    node = pieces[first].node
    while node.parent is not None and (node.last < last or node.tag in INLINE or node.first > first):
        node = node.parent
    return node


def plain_blocks(text: str) -> list[Block]:
    """Lines of a plain text as blocks. One blank line parts paragraphs; how many stood before a
    block is kept, since in a flattened page that is all that parts one comment from the next."""
    blocks: list[Block] = []
    blank = 0
    for line in text.splitlines():
        folded = " ".join(line.split())
        if folded:
            blocks.append(Block(folded, None, 0, 0, 0, blank))
            blank = 0
        else:
            blank += 1
    return blocks
