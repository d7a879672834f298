"""Claims: the lines that terms stand in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from archiver.document import INLINE, Node
from archiver.extraction.blocks import Claim
from archiver.extraction.select import rule
from archiver.extraction.tags.terms import Term
from archiver.extraction.tags.wording import LABELS, LONGEST_LINE, MOST_PIECES, RULES, SAID, SEPARATORS
from archiver.record import Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_REL: Final = rule("a[rel]")


def claims_of(reading: Reading, terms: list[Term]) -> list[Claim]:
    claimed: dict[int, Claim] = {}
    for term in terms:
        node, reason = _line(reading, term)
        claimed.setdefault(node.index, Claim(node, Role.TAG_LINE, reason))
    return list(claimed.values())


def _line(reading: Reading, term: Term) -> tuple[Node, str]:
    """The whole line where it is a tag line, else the place for terms, else the link alone."""
    block = term.node
    while block.parent is not None and block.tag in INLINE:
        block = block.parent
    if block.tag in ("li", "dd") and term.place is None and block.parent is not None:
        block = block.parent
    if block.last - block.first <= MOST_PIECES and not reading.entry.holds_article(block):
        text = reading.text(block)
        if len(text) <= LONGEST_LINE and (_starts_with_label(text) or _all_terms(reading, block)):
            if term.place is not None and term.place.holds(block):
                return term.place, f"class {term.place.attrs.get('class', '')[:60]}"
            return block, "a line of tags"
    if term.place is not None:
        return term.place, f"class {term.place.attrs.get('class', '')[:60]}"
    return term.node, "a link that names a term"


def _starts_with_label(text: str) -> bool:
    folded = text[:80].casefold()
    if folded.startswith(RULES.labels.opening):
        return True
    head = re.split(r"[:：]", folded, maxsplit=1)[0].strip()
    return head in LABELS or any(folded.startswith(f"{label} ") for label in SAID)


def _all_terms(reading: Reading, block: Node) -> bool:
    """Whether all words of the line are links with ``rel`` or commas."""
    links = reading.index.select(_REL, within=block)
    if not links:
        return False
    linked = sum(link.last - link.first for link in links if "tag" in link.attrs["rel"].split())
    loose = [
        piece
        for piece in reading.document.pieces[block.first : block.last]
        if not piece.linked and piece.text.strip(SEPARATORS)
    ]
    return linked > 0 and not loose and all("tag" in link.attrs["rel"].split() for link in links)
