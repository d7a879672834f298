"""Places without links: plain words, or the commas that stood between links that are gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.tags.found import Tags, displayed, unique
from archiver.extraction.tags.lines import tag_line
from archiver.extraction.tags.places import Place
from archiver.extraction.tags.terms import Term, may_be_term
from archiver.extraction.tags.wording import LABELS, LINKS, SEPARATORS, Kind
from archiver.record import Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


@dataclass
class Bare:
    tags: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    slots: int = 0
    claims: list[Claim] = field(default_factory=list)


def bare_places(reading: Reading, places: list[Place], terms: list[Term]) -> Bare:
    """Places for terms that hold plain words, or nothing but the commas between links that are gone."""
    bare = Bare()
    for place, kind in places:
        if place.first == place.last or any(place.holds(term.node) for term in terms):
            continue
        if reading.index.first(LINKS, within=place) is not None:
            continue
        line = tag_line(reading.text(place))
        if line is None and kind == "tag" and _only_commas(reading.text(place)):
            line = Tags(slots=reading.text(place).count(",") + 1)
        if line is None and kind is not None:
            line = _listed(reading, place, kind)
        if line is not None:
            bare.tags += line.tags
            bare.categories += line.categories
            bare.slots = max(bare.slots, line.slots if not line.tags else 0)
            bare.claims.append(Claim(place, Role.TAG_LINE, "a place for tags"))
    return bare


def _listed(reading: Reading, place: Node, kind: Kind) -> Tags | None:
    """Terms that a place lists without linking them."""
    items = [
        node
        for node in reading.document.within(place)
        if node.tag == "li" and node.first < node.last and not any(True for _ in reading.document.children(node))
    ]
    names = [displayed(reading.text(node)) for node in items if may_be_term(reading, node)]
    names = [name for name in names if name and name.rstrip(":：").casefold() not in LABELS]
    if not names or len(names) < len(items) - 1:
        return None
    return Tags(unique(names)) if kind == "tag" else Tags(categories=unique(names))


def _only_commas(text: str) -> bool:
    return "," in text and not text.strip(SEPARATORS)
