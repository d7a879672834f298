"""Which verdict counts: the most trusted, once those are gone that are the readers' own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from archiver.extraction.ratings.candidates import LINE, STRUCTURED, Candidate, agree
from archiver.extraction.ratings.data import is_own_review
from archiver.extraction.ratings.forms import LABEL, RULES, alternatives, rating_on
from archiver.extraction.select import rule
from archiver.record import AggregateRating, Rating

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_TITLES: Final = rule("title, h1")


def of_the_reviewer(
    reading: Reading, candidates: list[Candidate], aggregate: AggregateRating | None
) -> list[Candidate]:
    """Without those that no label calls a verdict, where nothing says that the page is a review; on a page that
    sells, buyers rate as its readers do."""
    loose = [one for one in candidates if _is_loose(one)]
    if not loose:
        return candidates
    sells = any(said.lower().endswith("product") for said in reading.meta.get("og:type", ()))
    if sells or not _says_review(reading):
        strict = [one for one in candidates if not _is_loose(one)]
        return [*strict, *(one for one in loose if any(agree(one.rating, other.rating) for other in strict))]
    average = (
        rating_on(aggregate.value, aggregate.best, raw=None) if aggregate and aggregate.value is not None else None
    )
    return [one for one in candidates if average is None or not _is_loose(one) or not agree(one.rating, average)]


#: What a title or an address calls a review; in the plural, readers' reviews are as likely.
_REVIEW: Final = re.compile(rf"(?:{alternatives(RULES.words.review)})(?!s\b)", re.IGNORECASE)


def best_of(candidates: list[Candidate]) -> Rating | None:
    """The most trusted verdict, numbers before letters; its scale and printed form from others that agree."""
    ranked = sorted(candidates, key=lambda one: (one.rating.value is None, -one.trust))
    if not ranked:
        return None
    first = ranked[0].rating
    agreeing = [one for one in ranked[1:] if agree(first, one.rating)]
    best, worst = first.best, first.worst
    for one in agreeing:
        if best is None:
            best, worst = one.rating.best, one.rating.worst
    raw = first.raw
    if ranked[0].trust == STRUCTURED:
        raw = next((one.rating.raw for one in agreeing if one.trust < STRUCTURED and one.rating.raw), raw)
    if first.value is None:
        return Rating(raw=raw)
    return rating_on(first.value, best, raw=raw, worst=worst)


def _is_loose(candidate: Candidate) -> bool:
    """Words or stars outside the headline that no label calls a verdict: a testimonial's as well as one."""
    raw = candidate.rating.raw
    is_labelled = raw is not None and candidate.rating.value is not None and LABEL.match(raw) is not None
    return candidate.trust <= LINE and candidate.rating.value is not None and not is_labelled


def _says_review(reading: Reading) -> bool:
    """Whether its titles, its address, its data or the type of its entry call the page a review."""
    said = [reading.text(node) for node in reading.index.select(_TITLES)[:2]]
    if reading.entry.node is not None:
        said.append(reading.entry.node.attrs.get("class", ""))  # "node-review", "type-review"
    said += reading.meta.get("og:title", ())[:1]
    if _REVIEW.search(" ".join(said)) is not None or _REVIEW.search(_path(reading)) is not None:
        return True
    return any(
        is_own_review(reading, one) for one in reading.linked.of_type("Review", "CriticReview", "ReviewNewsArticle")
    )


def _path(reading: Reading) -> str:
    return unquote((reading.page.url or "").partition("//")[2].partition("/")[2].partition("?")[0])
