"""Ratings: the reviewer's verdict, apart from the readers' average.

Verdicts come from structured data, from what plugins and themes print in an element of their
own, from a short line ("Rating: 4/5"), from the headline. Several often say the same; the one
trusted most gives the value, and the others what it leaves open: the scale, the printed form.
A scale that nobody tells is unknown. Film certificates, dates, shares ("2/3 of the jokes") and
the averages of others that a review quotes are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archiver.extraction.blocks import Claim
from archiver.extraction.ratings.candidates import Candidate
from archiver.extraction.ratings.data import average_of_readers, in_data
from archiver.extraction.ratings.elements import echoes, in_plugins, reader_widgets
from archiver.extraction.ratings.lines import in_headline, in_lines, short_lines
from archiver.extraction.ratings.verdict import best_of, of_the_reviewer
from archiver.extraction.ratings.widgets import in_widgets
from archiver.record import AggregateRating, Rating, Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


@dataclass(frozen=True)
class Ratings:
    """What a page says of the work: the reviewer's verdict and the readers' average.

    ``refused`` tells that words or stars that rate were found, and that none of them is the reviewer's.
    """

    rating: Rating | None = None
    aggregate: AggregateRating | None = None
    claims: tuple[Claim, ...] = ()
    refused: bool = False


def ratings(reading: Reading) -> Ratings:
    """The verdict and the readers' average in the page's data, elements of their own, headline and short lines."""
    lines = short_lines(reading)
    widgets = reader_widgets(reading, lines)
    claims = [Claim(node, Role.RATING_WIDGET_USER, "a widget for readers") for node in widgets]
    candidates: list[Candidate] = []
    for more, claimed in (
        in_data(reading),
        in_headline(reading),
        in_plugins(reading, widgets),
        in_lines(reading, lines, widgets),
        in_widgets(reading, widgets),
    ):
        candidates += more
        claims += claimed
    claims += echoes(reading, candidates)
    aggregate = average_of_readers(reading, widgets)
    kept = of_the_reviewer(reading, candidates, aggregate)
    refused = not kept and (bool(candidates) or len(claims) > len(widgets))
    return Ratings(best_of(kept), aggregate, tuple(claims), refused)
