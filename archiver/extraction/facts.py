"""Facts: what stands beside a review, as printed: runtime, certificate, director, pros and cons.

Facts stand in lists of terms, in tables, in boxes of "Label: value" lines, in one line of short
sentences ("Rated R for language. Running time: 1:38. Directed by Ida Crowe."). An element with
several facts is a fact box; a single one may as well be a line of the article, and stays there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from archiver import rules
from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.linked_data import texts, things
from archiver.extraction.select import rule
from archiver.record import Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


class _Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    labels: tuple[str, ...]
    verbs: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    like: str | None = None


_FACTS: Final = rules.read("facts.toml", dict[str, _Fact])
_KEYS: Final = {label: key for key, fact in _FACTS.items() for label in fact.labels}
_VERBS: Final = {verb: key for key, fact in _FACTS.items() for verb in fact.verbs}
_LIKE: Final = {key: re.compile(fact.like) for key, fact in _FACTS.items() if fact.like}
#: Facts that come as lists.
_LISTS: Final = frozenset({"pros", "cons"})
#: Facts whose text is an opinion: taken only from elements made for them.
_OPINIONS: Final = frozenset({"pros", "cons", "verdict"})

_TERMS: Final = rule("dt, th")
_LINES: Final = rule("p, li, td")
_ITEMS: Final = rule("li")
_PARAGRAPHS: Final = rule("p")
_CLASSES: Final = tuple(
    (rule(", ".join(f".{name}" for name in fact.classes)), key) for key, fact in _FACTS.items() if fact.classes
)

_LONGEST_LINE: Final = 400  # characters
_LONGEST_VALUE: Final = 200
_LONGEST_OPINION: Final = 1_500
_MOST_WORDS: Final = 8
_MOST_PIECES: Final = 24
_MOST_ITEMS: Final = 40
#: This many facts make an element a fact box, and a page one that prints facts.
_BOX: Final = 2
#: Facts that mean the same on any page; others count only in company.
_ALONE: Final = frozenset({"isbn", "runtime", "certificate"})

_CERTIFICATES: Final = (
    r"(?:R|PG(?:-13)?|G|NC-17|X|TV-(?:MA|14|PG|G|Y7?)|12A?|15|18|U|E10\+?|MA15\+|M|unrated|not rated)\b"
)


def _alternatives(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


#: A label at the beginning of a line or of a sentence in it.
_LABEL: Final = re.compile(
    rf"(?:^|(?<=[.;|•·\n/]\s)|(?<=\n))(?:(?P<label>{_alternatives(_KEYS)})\s?[:：]\s*"
    rf"|(?P<verb>{_alternatives(_VERBS)})\s+|(?P<rated>rated)\s+(?={_CERTIFICATES}))",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"[.;|•·\n]\s+(?=[^\W\d_a-z]|\d)|\n|\s[|•·]\s|[.;]$")
#: How such a line begins, by its first word: short of a label, nothing is looked at.
_OPENINGS: Final[dict[str, list[str]]] = {}
for _label in (*_KEYS, *_VERBS, "rated"):
    _OPENINGS.setdefault(_label.split()[0], []).append(_label.casefold())
_LONGEST_LABEL: Final = max(label.count(" ") + 1 for label in _KEYS)  # words


@dataclass(frozen=True)
class Facts:
    """Values by the record's keys, as printed, and the elements that hold nothing else."""

    values: dict[str, str | list[str]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()


@dataclass
class _Found:
    values: dict[str, str | list[str]] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)

    def add(self, key: str, value: str | list[str]) -> None:
        like = _LIKE.get(key)
        if value and (like is None or (isinstance(value, str) and like.match(value))):
            self.values.setdefault(key, value)


def facts(reading: Reading) -> Facts:
    """The facts that the page prints beside its article, then those that only its data give."""
    found = _Found()
    _from_classes(reading, found)
    printed = _Found()
    _from_terms(reading, printed)
    _from_lines(reading, printed)
    for key, value in printed.values.items():
        if len(printed.values) >= _BOX or key in _ALONE:
            found.add(key, value)
    found.claims += printed.claims
    _from_data(reading, found)
    return Facts(found.values, tuple(found.claims))


def _from_classes(reading: Reading, found: _Found) -> None:
    """Pros, cons and the verdict in boxes that plugins and themes make for them."""
    for selector, key in _CLASSES:
        for node in reading.index.select(selector):
            if key in found.values or node.last - node.first > _MOST_PIECES * 2 or not reading.entry.owns(node):
                continue
            if key in _LISTS:
                items = [reading.text(item) for item in reading.index.select(_ITEMS, within=node)[:_MOST_ITEMS]]
                found.add(key, [item for item in items if item and len(item) <= _LONGEST_LINE])
            else:
                found.add(key, _opinion(reading, node))
            if key in found.values:
                found.claims.append(Claim(node, Role.FACTS, f"class {node.attrs.get('class', '')[:60]}"))


def _opinion(reading: Reading, node: Node) -> str:
    """The paragraphs of a verdict without the word that heads them."""
    paragraphs = [reading.text(one) for one in reading.index.select(_PARAGRAPHS, within=node)] or [reading.text(node)]
    said = [one for one in paragraphs if one.casefold().rstrip(":：") not in _KEYS and one.casefold() != "summary"]
    whole = "\n\n".join(said)
    return whole if len(whole) <= _LONGEST_OPINION else ""


def _from_terms(reading: Reading, found: _Found) -> None:
    """``dt`` and ``dd``, ``th`` and ``td``."""
    boxes: dict[int, tuple[Node, int]] = {}
    for term in reading.index.select(_TERMS):
        if not 0 < term.last - term.first <= 3:
            continue
        key = _KEYS.get(reading.text(term).casefold().rstrip(" :："))
        value = _next(reading, term)
        if key is None or key in _OPINIONS or value is None or not reading.entry.owns(term):
            continue
        said = reading.text(value)
        if said and _may_be_value(said):
            found.add(key, said)
            box = _box(term)
            boxes[box.index] = (box, boxes.get(box.index, (box, 0))[1] + 1)
    for box, count in boxes.values():
        if count >= _BOX and box.last - box.first <= _MOST_PIECES * 4 and not reading.entry.holds_article(box):
            found.claims.append(Claim(box, Role.FACTS, "a list of facts"))


def _next(reading: Reading, term: Node) -> Node | None:
    """The cell that follows."""
    if term.parent is None or term.end >= term.parent.end:
        return None
    node = reading.document.nodes[term.end]
    return node if node.tag in ("dd", "td") else None


def _box(term: Node) -> Node:
    here = term
    while here.parent is not None and here.tag not in ("dl", "table", "ul"):
        here = here.parent
    return here if here.tag in ("dl", "table") else term


def _from_lines(reading: Reading, found: _Found) -> None:
    """Lines that begin with a label."""
    pieces = reading.document.pieces
    for node in reading.index.select(_LINES):
        if not 0 < node.last - node.first <= _MOST_PIECES:
            continue
        if not _may_open(pieces[node.first].text):
            continue
        line = reading.document.text(node)
        if len(line) > _LONGEST_LINE or not reading.entry.owns(node):
            continue
        told = facts_in_line(line)
        for key, value in told:
            found.add(key, value)
        if len({key for key, _ in told}) >= _BOX:
            found.claims.append(Claim(node, Role.FACTS, "a line of facts"))


def _may_open(text: str) -> bool:
    """Whether a run of text begins with a label, or is the beginning of one."""
    words = text.split(None, _LONGEST_LABEL)[:_LONGEST_LABEL]
    labels = _OPENINGS.get(words[0].rstrip(":：").casefold(), ()) if words else ()
    if not labels:
        return False
    start = " ".join(words).casefold()
    return any(start.startswith(label) or label.startswith(start) for label in labels)


def facts_in_line(line: str) -> list[tuple[str, str]]:
    """Facts in a line, as (key, value); empty where it does not begin with one."""
    marks = list(_LABEL.finditer(line))
    if not marks or marks[0].start() != 0:
        return []
    told = []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        value = line[mark.end() : after.start() if after is not None else len(line)]
        end = _SENTENCE_END.search(value)
        value = " ".join((value[: end.start()] if end is not None else value).split()).strip(" .;|•·")
        key = (
            "certificate"
            if mark["rated"]
            else _KEYS.get((mark["label"] or "").casefold()) or _VERBS[mark["verb"].casefold()]
        )
        if value and key not in _OPINIONS and _may_be_value(value):
            told.append((key, value))
    return told


def _may_be_value(said: str) -> bool:
    """A value is a name, a figure or a list of names, no sentence."""
    return len(said) <= _LONGEST_VALUE and (said.count(" ") < _MOST_WORDS or said.count(",") * 5 >= said.count(" "))


#: Properties of the work, as schema.org names them.
_PROPERTIES: Final = {
    "isbn": "isbn", "numberOfPages": "pages", "director": "director", "actor": "cast", "contentRating": "certificate",
    "publisher": "publisher", "gamePlatform": "platforms", "recordLabel": "label", "priceRange": "price_range",
}  # fmt: skip


def _from_data(reading: Reading, found: _Found) -> None:
    for review in reading.linked.of_type("Review", "CriticReview"):
        for item in things(review.get("itemReviewed")):
            for name, key in _PROPERTIES.items():
                values = [value for value in texts(item.get(name)) if len(value) <= _LONGEST_VALUE][:_MOST_ITEMS]
                if values:
                    found.add(key, values if len(values) > 1 else values[0])
            return
