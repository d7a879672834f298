"""Verdicts and readers' averages in a page's data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Final

import msgspec

from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.linked_data import Thing, listed, text, things, types
from archiver.extraction.ratings.candidates import STRUCTURED, Candidate
from archiver.extraction.ratings.forms import LONGEST_VALUE, MOST_PIECES, exactly, letter_grade, number, rating_on
from archiver.record import AggregateRating, Rating

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


#: schema.org's default, and the scales a greater value is on.
_DEFAULT_BESTS: Final = (5.0, 10.0, 100.0)


def in_data(reading: Reading) -> tuple[list[Candidate], list[Claim]]:
    """Verdicts of the reviews that the page's data hold, unless those are its readers'."""
    linked = reading.linked
    reviews = linked.of_type("Review", "CriticReview", "ReviewNewsArticle")
    main = linked.main
    own = [thing for thing in reviews if thing is main] or [thing for thing in reviews if is_own_review(reading, thing)]
    if main is not None and main not in own and "reviewRating" in main:
        own = [main, *own]
    found = [rated for thing in own for rated in _rated(reading, thing)]
    values = {(one.value, one.best) for one in found}
    if len(own) > 1 and len(values) > 1 and (main is None or own[0] is not main):
        return [], []
    return [Candidate(STRUCTURED, one) for one in found[:1]], []


def is_own_review(reading: Reading, review: Thing) -> bool:
    """Whether a review in the data is the page's: not one of several of a product, nor in a comment."""
    if "UserReview" in types(review):
        return False
    node = reading.linked.node(review)
    if node is not None and not reading.entry.holds_article(node) and not reading.entry.owns(node):
        return False
    holder = reading.linked.holder(review)
    if holder is None:
        return True
    if holder.property in ("review", "reviews"):
        if "aggregateRating" in holder.thing:
            return False
        return len(things(holder.thing.get(holder.property))) == 1
    return holder.property in ("mainEntity", "mainEntityOfPage", "subjectOf")


def _rated(reading: Reading, review: Thing) -> Iterator[Rating]:
    for given in listed(review.get("reviewRating", review.get("rating"))):
        printed = None
        fields: Thing = {}
        if isinstance(given, dict):
            fields = given
            node = reading.linked.node(given)
            printed = reading.text(node) if node is not None and node.last - node.first <= MOST_PIECES else None
            said = text(given.get("ratingValue", given.get("value")))
        else:
            said = text(given)
        rating = _of_data(said, text(fields.get("bestRating", fields.get("best"))), text(fields.get("worstRating")))
        if rating is not None:
            if printed and len(printed) <= LONGEST_VALUE:
                rating = msgspec.structs.replace(rating, raw=printed)
            yield rating


def _of_data(said: str | None, best_said: str | None, worst_said: str | None) -> Rating | None:
    """``ratingValue`` and its scale as written: numbers, strings with commas, "4/5", "A-"."""
    if not said or len(said) > LONGEST_VALUE:
        return None
    value = number(said.rstrip("%"))
    best = number(best_said) if best_said else None
    worst = number(worst_said) if worst_said else None
    if value is None:
        return exactly(said, bare=False) or letter_grade(said)
    if best is None:
        best = next((top for top in _DEFAULT_BESTS if value <= top), None)
    if best is None or value > best or (value == 0 and not worst_said):
        return None
    return rating_on(value, best, raw=said, worst=worst)


def average_of_readers(reading: Reading, widgets: list[Node]) -> AggregateRating | None:
    """The readers' average, from the data, else from a widget's words."""
    for thing in reading.linked.objects:
        for given in things(thing.get("aggregateRating")):
            value = _figure(given.get("ratingValue"))
            if value is not None:
                count = _figure(given.get("ratingCount", given.get("reviewCount")))
                best = _figure(given.get("bestRating"))
                return AggregateRating(
                    value=value, best=best if best is not None else (5.0 if value <= 5 else None),
                    worst=_figure(given.get("worstRating")), count=int(count) if count is not None else None,
                )  # fmt: skip
    for node in widgets:
        found = _average(reading.text(node))
        if found is not None:
            return found
    return None


def _figure(value: object) -> float | None:
    said = text(value)
    told = number(said.replace(" ", "")) if said and len(said) <= 12 else None
    return told if told is not None and isfinite(told) else None


_AVERAGES: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        (
            r"(?P<count>\d[\d.,]{0,15}) \w{3,12}, \w{3,12}: (?P<value>\d{1,6}(?:[.,]\d{1,6})?)"
            r" [^\W\d]{2,3}(?: of)? (?P<best>\d{1,6})"
        ),
        r"(?P<value>\d{1,6}(?:[.,]\d{1,6})?)\s?/\s?(?P<best>\d{1,6})\D{0,6}\(?(?P<count>\d[\d.,]{0,15}) \w{3,12}",
        r"total: (?P<count>\d+) \w+: (?P<value>\d+(?:[.,]\d+)?)(?P<best>)",
        r"(?P<value>\d{1,6}(?:[.,]\d{1,6})?) \((?P<count>\d[\d.,]{0,15}) \w{3,12}\)(?P<best>)",
    )
)


def _average(said: str) -> AggregateRating | None:
    for form in _AVERAGES:
        match = form.search(said[:300])
        if match is not None:
            digits = re.sub(r"\D", "", match["count"])
            return AggregateRating(
                value=number(match["value"]),
                best=number(match["best"]) if match["best"] else None,
                count=int(digits[:9]),
            )
    return None
