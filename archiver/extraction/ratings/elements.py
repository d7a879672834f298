"""Verdicts in elements of their own, as plugins and themes make them; and those that readers vote with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.ratings.candidates import PLUGIN, STRUCTURED, Candidate, agree, in_any
from archiver.extraction.ratings.forms import (
    LABEL,
    LONGEST_VALUE,
    MOST_PIECES,
    NUMBER_FORM,
    READER_LINE,
    RULES,
    Critic,
    exactly,
    letter_grade,
    number,
    plain,
    rating_on,
)
from archiver.extraction.select import Selector, rule
from archiver.record import Rating, Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_CRITICS: Final[tuple[tuple[Selector, Critic], ...]] = tuple((rule(one.selector), one) for one in RULES.critic)
_VALUE_ELEMENTS: Final = rule('[itemprop~="reviewRating"], .score, .rating, .review-score, .stars, .grade')
_READER_WIDGETS: Final = rule(", ".join(RULES.readers.selectors))


def echoes(reading: Reading, candidates: list[Candidate]) -> list[Claim]:
    """Elements that print nothing but the verdict that the page's data give."""
    given = next((one.rating for one in candidates if one.trust == STRUCTURED), None)
    if given is None:
        return []
    claims = []
    for node in reading.index.select(_VALUE_ELEMENTS):
        if 0 < node.last - node.first <= MOST_PIECES and reading.entry.owns(node):
            printed = _of_element(reading.text(node), given.best)
            if printed is not None and agree(given, printed):
                claims.append(Claim(node, Role.RATING, "prints the verdict of the page's data"))
    return claims


def reader_widgets(reading: Reading, lines: list[tuple[Node, str]]) -> list[Node]:
    """Outermost elements that readers vote with, and short lines that tell their average."""
    found: list[Node] = []
    for node in reading.index.select(_READER_WIDGETS):
        if not (found and found[-1].holds(node)) and not reading.entry.holds_article(node):
            found.append(node)
    return found + [node for node, said in lines if READER_LINE.search(said)]


def in_plugins(reading: Reading, readers: list[Node]) -> tuple[list[Candidate], list[Claim]]:
    """Elements that plugins and themes make for the reviewer's verdict."""
    candidates: list[Candidate] = []
    claims: list[Claim] = []
    for selector, critic in _CRITICS:
        for node in reading.index.select(selector):
            if node.last - node.first > MOST_PIECES or in_any(node, readers) or not reading.entry.owns(node):
                continue
            said = node.attrs.get(critic.attribute, "") if critic.attribute else reading.text(node)
            found = _of_element(said, critic.best)
            if found is not None:
                candidates.append(Candidate(PLUGIN, found))
                claims.append(Claim(node, Role.RATING, f"selector {critic.selector}"))
    if len({one.rating.value for one in candidates}) > 1:
        return [], claims
    return candidates, claims


def _of_element(said: str, best: float | None) -> Rating | None:
    """The verdict in an element that is made for one: any form, or a number alone, with a label or without."""
    words = plain(" ".join(said.split()))
    if not words or len(words) > LONGEST_VALUE or READER_LINE.search(words):
        return None
    label = LABEL.match(words)
    rest = (words[label.end() :] if label is not None else words).strip(" .!")
    found = exactly(rest, bare=False) or (letter_grade(rest) if len(rest) > 1 or label is not None else None)
    if found is not None:
        return found
    match = NUMBER_FORM.fullmatch(rest)
    value = number(match["value"]) if match is not None else None
    if match is None or value is None or value > 100 or (match["unit"] and best is None):
        return None  # "89 points" are votes
    top = best if best is not None and value <= best else 100.0 if value > 20 else 10.0 if value > 6 else None
    return rating_on(value, top, raw=rest)
