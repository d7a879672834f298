"""Ratings: the reviewer's verdict, apart from the readers' average.

Verdicts come from structured data, from what plugins and themes print in an element of their
own, from a short line ("Rating: 4/5"), from the headline. Several often say the same; the one
trusted most gives the value, and the others what it leaves open: the scale, the printed form.
A scale that nobody tells is unknown. Film certificates, dates, shares ("2/3 of the jokes") and
the averages of others that a review quotes are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

import msgspec

from archiver import rules
from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.linked_data import Thing, listed, text, things, types
from archiver.extraction.select import Selector, rule, rule_letters
from archiver.record import AggregateRating, Rating, Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    labels: tuple[str, ...]
    out_of: tuple[str, ...]
    out_of_sentence: tuple[str, ...]
    stars: tuple[str, ...]
    units: tuple[str, ...]
    giving: tuple[str, ...]
    others: tuple[str, ...]
    counted: tuple[str, ...]
    readers: tuple[str, ...]
    review: tuple[str, ...]
    numbers: dict[str, float]


class _Readers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    selectors: tuple[str, ...]


class _Critic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    selector: str
    best: float | None = None
    attribute: str | None = None


class _Widgets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    letters: tuple[str, ...]
    files: tuple[str, ...]
    full: tuple[str, ...]
    half: tuple[str, ...]
    empty: tuple[str, ...]


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: _Words
    readers: _Readers
    critic: tuple[_Critic, ...]
    widgets: _Widgets


_RULES: Final = rules.read("ratings.toml", _Rules)
_CRITICS: Final[tuple[tuple[Selector, _Critic], ...]] = tuple((rule(one.selector), one) for one in _RULES.critic)
_VALUE_ELEMENTS: Final = rule('[itemprop~="reviewRating"], .score, .rating, .review-score, .stars, .grade')
_READER_WIDGETS: Final = rule(", ".join(_RULES.readers.selectors))
_LINES: Final = rule("p, h2, h3, h4, strong, b")
_TITLES: Final = rule("title, h1")
_USES: Final = rule("use")
rule("img")
for _letters in _RULES.widgets.letters:
    rule_letters(_letters)

#: How far each source is trusted; of equal ones the first on the page counts.
_STRUCTURED, _TITLE, _PLUGIN, _LINE, _WIDGET = 5, 4, 3, 2, 1
_LONGEST_LINE: Final = 80  # characters of a line that only rates
_LONGEST_VALUE: Final = 40  # characters of an element that only holds a verdict
_LONGEST_SENTENCES: Final = 2_000  # characters searched for a verdict given in a sentence
_MOST_PIECES: Final = 8
_MOST_WIDGETS: Final = 60
#: Tops of the scales in use.
_SCALES: Final = frozenset({4.0, 5.0, 6.0, 10.0, 20.0, 100.0})
#: Tops that a bare fraction ("8/10") may have without any word beside it.
_BARE_SCALES: Final = frozenset({5.0, 10.0, 100.0})
#: schema.org's default, and the scales a greater value is on.
_DEFAULT_BESTS: Final = (5.0, 10.0, 100.0)


@dataclass(frozen=True)
class Ratings:
    """What a page says of the work: the reviewer's verdict and the readers' average.

    ``refused`` tells that words or stars that rate were found, and that none of them is the reviewer's.
    """

    rating: Rating | None = None
    aggregate: AggregateRating | None = None
    claims: tuple[Claim, ...] = ()
    refused: bool = False


class RatedLine(NamedTuple):
    """A verdict in a line; ``whole_line`` where the line says nothing else."""

    rating: Rating
    whole_line: bool


class _Candidate(NamedTuple):
    trust: int
    rating: Rating


def ratings(reading: Reading) -> Ratings:
    """The verdict and the readers' average in the page's data, elements of their own, headline and short lines."""
    lines = _short_lines(reading)
    widgets = _reader_widgets(reading, lines)
    claims = [Claim(node, Role.RATING_WIDGET_USER, "a widget for readers") for node in widgets]
    candidates: list[_Candidate] = []
    for more, claimed in (
        _structured(reading),
        _headline(reading),
        _plugins(reading, widgets),
        _lines(reading, lines, widgets),
        _widgets(reading, widgets),
    ):
        candidates += more
        claims += claimed
    claims += _echoes(reading, candidates)
    aggregate = _aggregate(reading, widgets)
    kept = _of_the_reviewer(reading, candidates, aggregate)
    refused = not kept and (bool(candidates) or len(claims) > len(widgets))
    return Ratings(_best(kept), aggregate, tuple(claims), refused)


def _of_the_reviewer(
    reading: Reading, candidates: list[_Candidate], aggregate: AggregateRating | None
) -> list[_Candidate]:
    """Without those that no label calls a verdict, where nothing says that the page is a review; on a page that
    sells, buyers rate as its readers do."""
    loose = [one for one in candidates if _is_loose(one)]
    if not loose:
        return candidates
    sells = any(said.lower().endswith("product") for said in reading.meta.get("og:type", ()))
    if sells or not _says_review(reading):
        strict = [one for one in candidates if not _is_loose(one)]
        return [*strict, *(one for one in loose if any(_agree(one.rating, other.rating) for other in strict))]
    average = _rating(aggregate.value, aggregate.best, raw=None) if aggregate and aggregate.value is not None else None
    return [one for one in candidates if average is None or not _is_loose(one) or not _agree(one.rating, average)]


def rating_in_line(line: str) -> RatedLine | None:
    """The verdict that a line, a headline or a paragraph gives; None for one that gives none."""
    printed = " ".join(line.split())
    said = _plain(printed)
    if not said or len(said) > _LONGEST_SENTENCES:
        return None
    is_short = len(said) <= _LONGEST_LINE
    if is_short:
        whole = _whole_line(said)
        if whole is not None:
            return RatedLine(msgspec.structs.replace(whole, raw=printed) if whole.raw == said else whole, True)
    found = (_ending(said) if is_short else None) or _in_sentence(said)
    if found is None or (is_short and _tells_of_others(said)):
        return None
    return RatedLine(found, False)


def printed_verdict(telling: Iterable[str], all_lines: Iterable[str]) -> Rating | None:
    """The verdict in the first of the telling lines that gives one, unless lines of the article say others, too.

    An article whose lines give several verdicts rates several works, or the parts of one.
    """
    given = next((line.rating for said in telling if (line := rating_in_line(said)) is not None), None)
    if given is None:
        return None
    short = (said for said in all_lines if len(said) <= _LONGEST_LINE)
    others = (line.rating for said in short if (line := rating_in_line(said)) is not None)
    return given if all(_agree(given, one) or given.raw == one.raw for one in others) else None


def only_rates(line: str) -> bool:
    """Whether a line is a verdict and nothing else."""
    said = _plain(" ".join(line.split()))
    return bool(said) and len(said) <= _LONGEST_LINE and _whole_line(said) is not None


def _plain(said: str) -> str:
    """A text as the forms read it: one kind of minus, stars without the mark that asks for their colour."""
    return said.replace("\ufe0f", "").replace("−", "-")


# The forms of a value


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _without_longer(words: Iterable[str]) -> list[str]:
    """The words, folded, without those that hold another of them."""
    folded = sorted({word.casefold() for word in words}, key=len)
    return [word for place, word in enumerate(folded) if not any(shorter in word for shorter in folded[:place])]


_NUMBER: Final = r"\d{1,3}(?:[.,]\d{1,2})?(?:\s?[¼½¾⅓⅔]|[ -]1/2(?![\d/]))?|½"
_WORDS: Final = _alternatives(_RULES.words.numbers)
_HALF_WORDS: Final = r"(?:[ -]and[ -]a[ -]half)?"
_VALUE: Final = rf"(?P<value>(?<![\d/.,\-–])(?:{_NUMBER})|\b(?:{_WORDS})\b{_HALF_WORDS})"
_BEST: Final = rf"(?P<best>\d{{1,3}}(?![\d/.,]\d|\d)|\b(?:{_WORDS})\b)"
_STAR_WORDS: Final = rf"(?:{_alternatives(_RULES.words.stars)})\b"
_UNITS: Final = rf"(?:\s*(?:{_alternatives(_RULES.words.units)})(?!\w))"

#: "3.5/5", "3 stars out of 4", "7 von 10 Punkten", "3 stars (out of four)".
_FRACTION: Final = (
    rf"{_VALUE}(?:[ -]{_STAR_WORDS})?\s*\(?\s*(?:/|(?:{_alternatives(_RULES.words.out_of)})\s)\s*{_BEST}\)?{_UNITS}?"
)
_OUT_OF_JAPANESE: Final = r"(?P<best>\d{1,3})点満点中\s*(?P<value>\d{1,3}(?:\.\d)?)点"
_GLYPHS: Final = (
    r"(?P<full>[★⭐✮✭✯🌟]{1,10}|[★⭐](?:\s[★⭐]){1,9})\s?(?P<half>½|1/2|⯨)?"
    r"\s?(?P<hollow>[☆✩]{1,10}|[☆✩](?:\s[☆✩]){1,9})?"
)
_ASTERISKS: Final = r"(?P<full>\*{2,5})\s?(?P<half>½|1/2)?(?P<hollow>)"
_STARS: Final = rf"{_VALUE}[ -]?{_STAR_WORDS}"
_PERCENT: Final = r"(?P<value>\d{1,3}(?:[.,]\d)?)\s?%"
_LETTER: Final = r"(?P<letter>[A-F](?:[+\-–]|[ -](?:plus|minus))?)"
_NUMBER_ALONE: Final = rf"(?P<value>(?:{_NUMBER}))(?P<unit>{_UNITS})?"

_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE) for form in (_FRACTION, _OUT_OF_JAPANESE, _GLYPHS, _ASTERISKS, _STARS, _PERCENT)
)
#: What every form holds, and each of :data:`_FORMS` begins with: a figure, a star or a word for a number.
_FIGURE: Final = re.compile(rf"[\d½★⭐✮✭✯🌟*]|\b(?:{_WORDS})\b", re.IGNORECASE)
_LETTER_FORM: Final = re.compile(_LETTER)
_NUMBER_FORM: Final = re.compile(_NUMBER_ALONE, re.IGNORECASE)
_LABEL: Final = re.compile(
    rf"(?P<label>{_alternatives(_RULES.words.labels)})(?:\s?[:：=]\s?|\s[-–—]\s|\s+)(?:\(?)", re.IGNORECASE
)
#: A verdict at the end of a headline or of a heading line, after a mark or a space.
_END_FORMS: Final = tuple(
    re.compile(rf"(?:(?<=[:：–—|(\[,\-])|(?<=\s)){form}\s*[)\]]?[.!]?$", re.IGNORECASE)
    for form in (_GLYPHS, _ASTERISKS, _FRACTION, _STARS)
)
_END_LETTER: Final = re.compile(rf"(?:[:：–—|(\[]|\s-)\s*(?:grade:?\s*)?{_LETTER}\s*[)\]]?$")
#: What the letters end with that count at the end of a line.
_SIGNS_OF_LETTERS: Final = ("+", "-", "–", "plus", "minus")
#: What may follow a verdict in a sentence; "3 out of 10 goals" is none.
_THEN: Final = rf"(?=\s*(?:[.,;:!?)\]–—]|$|and\b|but\b|for\b|because\b|from\b|overall\b|{_STAR_WORDS}))"
_SENTENCE_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_VALUE}[ -]{_STAR_WORDS}\s*\(?\s*(?:out of|/|von|sur|de|su|из)\s*{_BEST}(?!\w)",
        rf"{_VALUE}\s*(?:out of|/|von|sur|de|su|из)\s*{_BEST}\s*{_STAR_WORDS}",
        _GLYPHS.replace("{1,10}|", "{2,10}|", 1),
        rf"\b(?:{_alternatives(_RULES.words.giving)})\b[^.!?;\d]{{0,40}}?{_VALUE}\s?(?:/|\s(?:{_alternatives(_RULES.words.out_of_sentence)})\s)\s?{_BEST}{_THEN}",
        rf"\b(?:{_alternatives(_RULES.words.giving)})\b[^.!?;\d]{{0,40}}?{_VALUE}[ -]{_STAR_WORDS}",
    )
)
#: What every verdict in a sentence holds; how many of them, and how much around each is looked at.
_SENTENCE_SIGN: Final = re.compile(
    rf"[★⭐✮✭✯🌟]{{2}}|\d\s?/\s?\d|\d\s(?:{_alternatives(_RULES.words.out_of)})\s\d|\sout of\s|[-\s]{_STAR_WORDS}",
    re.IGNORECASE,
)
#: The same, told sooner: one of these, or two figures with a bar or a word between them.
_SIGN_WORDS: Final = ("out of", *"★⭐✮✭✯🌟", *_without_longer(_RULES.words.stars))
_SIGN_FIGURES: Final = re.compile(
    rf"[\d¼½¾⅓⅔]\s?(?:/|\s(?:{_alternatives(_RULES.words.out_of)})\s)\s?\d", re.IGNORECASE
)
_MOST_SIGNS: Final = 8
_BEFORE, _AFTER = 70, 40  # characters
#: What a title or an address calls a review; in the plural, readers' reviews are as likely.
_REVIEW: Final = re.compile(rf"(?:{_alternatives(_RULES.words.review)})(?!s\b)", re.IGNORECASE)
_OTHERS: Final = re.compile(rf"\b(?:{_alternatives(_RULES.words.others)})", re.IGNORECASE)
_COUNTED: Final = _alternatives(_RULES.words.counted)
_READER_LINE: Final = re.compile(
    rf"^(?:{_alternatives(_RULES.words.readers)})\s?[:：]"
    rf"|[(\[]\s?\d[\d.,]*\s(?:{_COUNTED})\b|^\[total:|^\d[\d.,]*\s(?:{_COUNTED})$|\bbased on \d",
    re.IGNORECASE,
)
_LINE_FIGURE: Final = re.compile(r"[0-9★☆⭐½*]")
_LINE_LETTER: Final = re.compile(r"[A-F][+\-−–]?$")
_VULGAR: Final = {"¼": 0.25, "½": 0.5, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}


def _tells_of_others(said: str) -> bool:
    return _OTHERS.search(said) is not None


def _whole_line(said: str) -> Rating | None:
    """A line that is a verdict and nothing else; with its label, the whole line is what was printed."""
    label = _LABEL.match(said)
    rest = (said[label.end() :] if label is not None else said).strip().rstrip(".!")
    if label is not None and rest.endswith(")") and "(" not in rest:
        rest = rest[:-1]
    found = _exactly(rest, bare=label is None)
    if found is None and label is not None:
        found = _letter(rest) or _number_alone(rest)
    if found is None:
        return None
    return msgspec.structs.replace(found, raw=said if label is not None else rest)


def _exactly(said: str, *, bare: bool) -> Rating | None:
    """A text that is one of the forms from end to end. A bare one must not be taken for a date or a count."""
    if _FIGURE.match(said) is None:
        return None
    for form in _FORMS:
        match = form.fullmatch(said)
        if match is None:
            continue
        found = _rating_of(match)
        if found is None:
            continue
        if bare and ("%" in said or not said.strip("*")):
            return None  # a share; a line of asterisks parts sections
        if (
            bare
            and found.best is not None
            and "/" in said
            and not _names_stars(said)
            and found.best not in _BARE_SCALES
        ):
            return None
        return found
    return None


def _names_stars(said: str) -> bool:
    folded = said.casefold()
    return any(word in folded for word in _RULES.words.units)


def _letter(said: str) -> Rating | None:
    match = _LETTER_FORM.fullmatch(said)
    return Rating(raw=said) if match is not None else None


def _number_alone(said: str) -> Rating | None:
    match = _NUMBER_FORM.fullmatch(said)
    value = number(match["value"]) if match is not None else None
    if value is None or value > 100:
        return None
    return _rating(value, 100.0 if value > 20 else None, raw=said)


def _ending(said: str) -> Rating | None:
    """A verdict at the end of a headline ("FLEA CIRCUS: ★★★½")."""
    for form in _END_FORMS if _may_hold(said) or "/" in said or "*" in said else ():
        match = form.search(said)
        if match is not None:
            found = _rating_of(match)
            if found is not None and not ("/" in match[0] and not _may_end(said, match, found)):
                return msgspec.structs.replace(found, raw=match[0].strip(" :：–—|()[],.!"))
    match = _END_LETTER.search(said) if said.rstrip(")] .!").endswith(_SIGNS_OF_LETTERS) else None
    return Rating(raw=match["letter"]) if match is not None and len(match["letter"]) > 1 else None


def _may_end(said: str, match: re.Match[str], found: Rating) -> bool:
    """Whether a fraction at the end of a line rates: it is no chapter, page or share."""
    if "½" in match[0] or _names_stars(match[0]):
        return True
    return found.best in _BARE_SCALES and said[: match.start()].rstrip().endswith(
        (":", "：", "–", "—", "|", "(", "[", ",", "-")
    )


def _may_hold(said: str) -> bool:
    """Cheap sign that words hold a verdict: stars, or two figures that a bar or a word joins."""
    folded = said.casefold()
    return any(word in folded for word in _SIGN_WORDS) or _SIGN_FIGURES.search(said) is not None


def _in_sentence(said: str) -> Rating | None:
    """A verdict given in so many words, looked for around what every form of it holds."""
    if not _may_hold(said):
        return None
    for place, sign in enumerate(_SENTENCE_SIGN.finditer(said)):
        if place == _MOST_SIGNS:
            return None
        found = _given(said[max(0, sign.start() - _BEFORE) : sign.end() + _AFTER])
        if found is not None:
            return found
    return None


def _given(said: str) -> Rating | None:
    if _tells_of_others(said):
        return None
    for form in _SENTENCE_FORMS:
        for match in form.finditer(said):
            found = _rating_of(match)
            if found is not None:
                start = match.start("value") if "value" in match.groupdict() else match.start()
                return msgspec.structs.replace(found, raw=said[start : match.end()].strip())
    return None


def _rating_of(match: re.Match[str]) -> Rating | None:
    groups = match.groupdict()
    if groups.get("full"):
        full = len("".join(groups["full"].split()))
        half = 0.5 if groups["half"] else 0.0
        hollow = len("".join((groups["hollow"] or "").split()))
        best = float(full + (1 if half else 0) + hollow) if hollow else None
        return _rating(full + half, best, raw=match[0].strip())
    value = number(groups["value"])
    if value is None:
        return None
    if groups.get("best"):
        top = number(groups["best"])
        if top is None or top not in _SCALES or value > top:
            return None
        return _rating(value, top, raw=match[0].strip())
    if "%" in match[0]:
        return _rating(value, 100.0, raw=match[0].strip()) if value <= 100 else None
    return _rating(value, None, raw=match[0].strip()) if value <= 10 else None


def number(said: str) -> float | None:
    """``3,5``, ``3½``, ``3 1/2``, ``three and a half`` as a number; None for anything else."""
    folded = said.strip().casefold()
    word = re.split(r"[ -]and[ -]a[ -]half", folded)
    if word[0] in _RULES.words.numbers:
        return _RULES.words.numbers[word[0]] + (0.5 if len(word) > 1 else 0.0)
    more = 0.0
    if folded[-1:] in _VULGAR:
        more, folded = _VULGAR[folded[-1]], folded[:-1].strip()
    elif folded.endswith((" 1/2", "-1/2")):
        more, folded = 0.5, folded[:-4]
    if not folded:
        return more or None
    try:
        value = float(folded.replace(",", ".")) + more
    except ValueError:
        return None
    return value if isfinite(value) else None  # "inf", "nan" and 1e999 are floats too


def _rating(value: float, best: float | None, *, raw: str | None, worst: float | None = None) -> Rating:
    return Rating(value=value, best=best, worst=worst, raw=raw, normalized=_normalized(value, best, worst))


def _normalized(value: float | None, best: float | None, worst: float | None) -> float | None:
    low = worst or 0.0
    if value is None or best is None or best <= low:
        return None
    return round(min(1.0, max(0.0, (value - low) / (best - low))), 4)


# Which verdict counts


def _best(candidates: list[_Candidate]) -> Rating | None:
    """The most trusted verdict, numbers before letters; its scale and printed form from others that agree."""
    ranked = sorted(candidates, key=lambda one: (one.rating.value is None, -one.trust))
    if not ranked:
        return None
    first = ranked[0].rating
    agreeing = [one for one in ranked[1:] if _agree(first, one.rating)]
    best, worst = first.best, first.worst
    for one in agreeing:
        if best is None:
            best, worst = one.rating.best, one.rating.worst
    raw = first.raw
    if ranked[0].trust == _STRUCTURED:
        raw = next((one.rating.raw for one in agreeing if one.trust < _STRUCTURED and one.rating.raw), raw)
    if first.value is None:
        return Rating(raw=raw)
    return _rating(first.value, best, raw=raw, worst=worst)


def _is_loose(candidate: _Candidate) -> bool:
    """Words or stars outside the headline that no label calls a verdict: a testimonial's as well as one."""
    raw = candidate.rating.raw
    is_labelled = raw is not None and candidate.rating.value is not None and _LABEL.match(raw) is not None
    return candidate.trust <= _LINE and candidate.rating.value is not None and not is_labelled


def _says_review(reading: Reading) -> bool:
    """Whether its titles, its address, its data or the type of its entry call the page a review."""
    said = [reading.text(node) for node in reading.index.select(_TITLES)[:2]]
    if reading.entry.node is not None:
        said.append(reading.entry.node.attrs.get("class", ""))  # "node-review", "type-review"
    said += reading.meta.get("og:title", ())[:1]
    if _REVIEW.search(" ".join(said)) is not None or _REVIEW.search(_path(reading)) is not None:
        return True
    return any(_is_own(reading, one) for one in reading.linked.of_type("Review", "CriticReview", "ReviewNewsArticle"))


def _path(reading: Reading) -> str:
    return unquote((reading.page.url or "").partition("//")[2].partition("/")[2].partition("?")[0])


def _agree(one: Rating, other: Rating) -> bool:
    if one.value is None or other.value is None:
        return False
    if one.best is not None and other.best is not None:
        return abs(one.value / one.best - other.value / other.best) < 0.005
    return abs(one.value - other.value) < 0.005


# Structured data


def _structured(reading: Reading) -> tuple[list[_Candidate], list[Claim]]:
    """Verdicts of the reviews that the page's data hold, unless those are its readers'."""
    linked = reading.linked
    reviews = linked.of_type("Review", "CriticReview", "ReviewNewsArticle")
    main = linked.main
    own = [thing for thing in reviews if thing is main] or [thing for thing in reviews if _is_own(reading, thing)]
    if main is not None and main not in own and "reviewRating" in main:
        own = [main, *own]
    found = [rated for thing in own for rated in _rated(reading, thing)]
    values = {(one.value, one.best) for one in found}
    if len(own) > 1 and len(values) > 1 and (main is None or own[0] is not main):
        return [], []
    return [_Candidate(_STRUCTURED, one) for one in found[:1]], []


def _echoes(reading: Reading, candidates: list[_Candidate]) -> list[Claim]:
    """Elements that print nothing but the verdict that the page's data give."""
    given = next((one.rating for one in candidates if one.trust == _STRUCTURED), None)
    if given is None:
        return []
    claims = []
    for node in reading.index.select(_VALUE_ELEMENTS):
        if 0 < node.last - node.first <= _MOST_PIECES and reading.entry.owns(node):
            printed = _of_element(reading.text(node), given.best)
            if printed is not None and _agree(given, printed):
                claims.append(Claim(node, Role.RATING, "prints the verdict of the page's data"))
    return claims


def _is_own(reading: Reading, review: Thing) -> bool:
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
            printed = reading.text(node) if node is not None and node.last - node.first <= _MOST_PIECES else None
            said = text(given.get("ratingValue", given.get("value")))
        else:
            said = text(given)
        rating = _of_data(said, text(fields.get("bestRating", fields.get("best"))), text(fields.get("worstRating")))
        if rating is not None:
            if printed and len(printed) <= _LONGEST_VALUE:
                rating = msgspec.structs.replace(rating, raw=printed)
            yield rating


def _of_data(said: str | None, best_said: str | None, worst_said: str | None) -> Rating | None:
    """``ratingValue`` and its scale as written: numbers, strings with commas, "4/5", "A-"."""
    if not said or len(said) > _LONGEST_VALUE:
        return None
    value = number(said.rstrip("%"))
    best = number(best_said) if best_said else None
    worst = number(worst_said) if worst_said else None
    if value is None:
        return _exactly(said, bare=False) or _letter(said)
    if best is None:
        best = next((top for top in _DEFAULT_BESTS if value <= top), None)
    if best is None or value > best or (value == 0 and not worst_said):
        return None
    return _rating(value, best, raw=said, worst=worst)


def _aggregate(reading: Reading, widgets: list[Node]) -> AggregateRating | None:
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


# Elements


def _reader_widgets(reading: Reading, lines: list[tuple[Node, str]]) -> list[Node]:
    """Outermost elements that readers vote with, and short lines that tell their average."""
    found: list[Node] = []
    for node in reading.index.select(_READER_WIDGETS):
        if not (found and found[-1].holds(node)) and not reading.entry.holds_article(node):
            found.append(node)
    return found + [node for node, said in lines if _READER_LINE.search(said)]


def _short_lines(reading: Reading) -> list[tuple[Node, str]]:
    """Elements of one short line that may rate: it has a figure, a star, or a letter at its end."""
    pieces = reading.document.pieces
    found = []
    for node in reading.index.select(_LINES):
        size = node.last - node.first
        if not 0 < size <= _MOST_PIECES or len(pieces[node.first].text) > _LONGEST_LINE:
            continue
        said = pieces[node.first].text if size == 1 else "".join([p.text for p in pieces[node.first : node.last]])
        if len(said) <= 2 * _LONGEST_LINE and _may_rate(said):
            line = " ".join(said.split()) if size == 1 else reading.text(node)
            if len(line) <= _LONGEST_LINE:
                found.append((node, line))
    return found


def _may_rate(said: str) -> bool:
    """Cheap sign that a line may hold a verdict: a figure, a star, or a letter at its end."""
    return _LINE_FIGURE.search(said) is not None or "stars" in said or _LINE_LETTER.search(said[-3:]) is not None


def _in_any(node: Node, others: list[Node]) -> bool:
    return any(other.holds(node) for other in others)


def _headline(reading: Reading) -> tuple[list[_Candidate], list[Claim]]:
    node = reading.entry.headline
    said = (
        rating_in_line(reading.text(node)) if node is not None and node.last - node.first <= 2 * _MOST_PIECES else None
    )
    return ([_Candidate(_TITLE, said.rating)] if said is not None else []), []


def _plugins(reading: Reading, readers: list[Node]) -> tuple[list[_Candidate], list[Claim]]:
    """Elements that plugins and themes make for the reviewer's verdict."""
    candidates: list[_Candidate] = []
    claims: list[Claim] = []
    for selector, critic in _CRITICS:
        for node in reading.index.select(selector):
            if node.last - node.first > _MOST_PIECES or _in_any(node, readers) or not reading.entry.owns(node):
                continue
            said = node.attrs.get(critic.attribute, "") if critic.attribute else reading.text(node)
            found = _of_element(said, critic.best)
            if found is not None:
                candidates.append(_Candidate(_PLUGIN, found))
                claims.append(Claim(node, Role.RATING, f"selector {critic.selector}"))
    if len({one.rating.value for one in candidates}) > 1:
        return [], claims
    return candidates, claims


def _of_element(said: str, best: float | None) -> Rating | None:
    """The verdict in an element that is made for one: any form, or a number alone, with a label or without."""
    words = _plain(" ".join(said.split()))
    if not words or len(words) > _LONGEST_VALUE or _READER_LINE.search(words):
        return None
    label = _LABEL.match(words)
    rest = (words[label.end() :] if label is not None else words).strip(" .!")
    found = _exactly(rest, bare=False) or (_letter(rest) if len(rest) > 1 or label is not None else None)
    if found is not None:
        return found
    match = _NUMBER_FORM.fullmatch(rest)
    value = number(match["value"]) if match is not None else None
    if match is None or value is None or value > 100 or (match["unit"] and best is None):
        return None  # "89 points" are votes
    top = best if best is not None and value <= best else 100.0 if value > 20 else 10.0 if value > 6 else None
    return _rating(value, top, raw=rest)


def _lines(
    reading: Reading, lines: list[tuple[Node, str]], readers: list[Node]
) -> tuple[list[_Candidate], list[Claim]]:
    """Short lines of the article that rate ("Wertung: 7,5/10 Punkte")."""
    candidates: list[_Candidate] = []
    claims: list[Claim] = []
    for node, said in lines:
        found = rating_in_line(said)
        if found is None or _in_any(node, readers) or not reading.entry.owns(node):
            continue
        if any(claim.node.holds(node) for claim in claims):
            continue
        if found.whole_line:
            if node.tag in ("strong", "b") and not _stands_alone(node):
                continue
            claims.append(Claim(node, Role.RATING, "a line that only rates"))
            candidates.append(_Candidate(_LINE, found.rating))
        elif node.tag in ("p", "h2", "h3", "h4"):
            candidates.append(_Candidate(_WIDGET, found.rating))
    bare = [one for one in candidates if one.rating.raw and not one.rating.raw[0].isalpha()]
    if len({(one.rating.value, one.rating.raw) for one in candidates}) > _MOST_VERDICTS or len(bare) > _MOST_VERDICTS:
        return [], []
    return candidates, claims


#: A page with more verdicts in its lines than this is a list of works, and none of them is the page's.
_MOST_VERDICTS: Final = 3


def _stands_alone(node: Node) -> bool:
    """Whether an inline element is all that its line holds."""
    up = node.parent
    return up is not None and (up.first, up.last) == (node.first, node.last)


# Stars that are drawn


def _widgets(reading: Reading, readers: list[Node]) -> tuple[list[_Candidate], list[Claim]]:
    """Stars drawn with images, widths, icons or SVG, or told in an attribute."""
    seen: dict[int, tuple[Node, Rating]] = {}
    for letters in _RULES.widgets.letters:
        for node in reading.index.under("~", letters)[:_MOST_WIDGETS]:
            if node.index in seen or node.last - node.first > _MOST_PIECES or node.end - node.index > 60:
                continue
            found = _drawn(reading, node)
            if found is None or _in_any(node, readers) or not reading.entry.owns(node) or _is_of_readers(reading, node):
                continue
            seen[node.index] = (node, found)
    seen |= _images(reading, readers)
    drawn = [seen[i] for i in sorted(seen)]
    if not drawn or len({one.value for _, one in drawn}) > 1:
        return [], []
    outer: list[Claim] = []
    for node, _ in drawn:
        if node.first < node.last and not any(claim.node.holds(node) for claim in outer):
            outer.append(Claim(node, Role.RATING, f"class {node.attrs.get('class', '')[:60]}"))
    return [_Candidate(_WIDGET, one) for _, one in drawn], outer


def _images(reading: Reading, readers: list[Node]) -> dict[int, tuple[Node, Rating]]:
    """Images whose alternative text or file name tells a verdict ("3.5 stars", ``stars-35.png``)."""
    found: dict[int, tuple[Node, Rating]] = {}
    for node in reading.index.under("t", "img"):
        told = _of_image(node.attrs.get("alt", ""), node.attrs.get("src", ""))
        if told is None or _in_any(node, readers) or not reading.entry.owns(node) or _is_of_readers(reading, node):
            continue
        found[node.index] = (node, told)
    return found


def _of_image(alt: str, src: str) -> Rating | None:
    if 0 < len(alt) <= _LONGEST_VALUE and _FIGURE.search(alt) is not None:
        words = _plain(" ".join(alt.split()))
        label = _LABEL.match(words)
        rest = (words[label.end() :] if label is not None else _TOLD.sub("", words, count=1)).strip(" .!")
        told = _exactly(rest, bare=label is None)
        if told is not None:
            return told
    match = _STAR_FILE.fullmatch(_file_name(src)) if _STAR_FILE_SIGN.search(src) is not None else None
    if match is None:
        return None
    value = float(match["before"] or match["after"]) + (0.5 if match["half_before"] or match["half_after"] else 0.0)
    return _rating(value, None, raw=match[0])


def _is_of_readers(reading: Reading, node: Node) -> bool:
    """Whether the words in or right around the stars count votes, or the stars belong to a recipe or a shop."""
    for above in (node, *list(node.ancestors())[:6]):
        names = f"{above.attrs.get('class', '')} {above.attrs.get('id', '')}".casefold()
        if any(
            word in names
            for word in ("recipe", "product", "user", "reader", "visitor", "customer", "vote", "aggregate")
        ):
            return True
    up = node.parent
    around = up if up is not None and up.last - up.first <= _MOST_PIECES else node
    return _READER_LINE.search(reading.text(around)) is not None


def _drawn(reading: Reading, node: Node) -> Rating | None:
    attrs = node.attrs
    for attribute in ("title", "aria-label", "data-original-title"):
        if attribute in attrs:
            found = _told(attrs[attribute])
            if found is not None:
                return found
    said = reading.text(node) if node.first < node.last else ""
    if said:
        found = _told(said)
        if found is not None:
            return found
    return _by_parts(reading, node) or _by_width(reading, node) or _by_number(attrs)


_STAR_FILE_SIGN: Final = re.compile(_alternatives(_RULES.widgets.files))
_STAR_FILE: Final = re.compile(
    rf"(?P<before>[0-5])(?P<half_before>[-_.]?(?:5|half))?[-_]?(?:{_alternatives(_RULES.widgets.files)})"
    rf"|(?:{_alternatives(_RULES.widgets.files)})[-_]?(?P<after>[0-5])(?:[-_.]?(?P<half_after>5|half)|[-_.]?0)?"
)
_TOLD: Final = re.compile(r"^rated\s+", re.IGNORECASE)


def _told(said: str) -> Rating | None:
    """ "Rated 3.50 out of 4", "★★★½": with a scale or in stars, never a number alone."""
    words = _plain(" ".join(said.split()))
    if not words or len(words) > _LONGEST_VALUE:
        return None
    label = _LABEL.match(words)
    rest = (words[label.end() :] if label is not None else _TOLD.sub("", words, count=1)).strip(" .!")
    return _exactly(rest, bare=False) if not rest.endswith("%") else None


def _by_parts(reading: Reading, node: Node) -> Rating | None:
    """Full, half and empty stars, one image, icon or SVG each."""
    counts = {"full": 0, "half": 0, "empty": 0}
    for part in reading.document.within(node):
        kind = _star_kind(f"{part.attrs.get('class', '')} {_file_name(part.attrs.get('src', ''))}")
        if part.tag == "svg" and kind == "full" and "star" in part.attrs.get("class", ""):
            uses = reading.index.select(_USES, within=part)
            kind = (
                "half"
                if any("half" in (one.attrs.get("href") or one.attrs.get("xlink:href", "")) for one in uses)
                else kind
            )
        if kind is not None and part.tag in ("img", "i", "span", "svg", "li"):
            counts[kind] += 1
    stars = counts["full"] + 0.5 * counts["half"]
    if not stars or counts["full"] + counts["half"] + counts["empty"] < 2 or stars > 10:
        return None
    best = sum(counts.values()) if counts["empty"] else None
    return _rating(stars, float(best) if best in (4, 5, 6, 10) else None, raw=None)


@lru_cache(maxsize=10_000)
def _star_kind(names: str) -> str | None:
    tokens = names.replace("--", "-").split()
    for kind, known in (("half", _RULES.widgets.half), ("empty", _RULES.widgets.empty), ("full", _RULES.widgets.full)):
        if any(token in known for token in tokens):
            return kind
    return "full" if any(token.endswith("star-active") for token in tokens) else None


def _file_name(src: str) -> str:
    return src.rpartition("/")[2].partition("?")[0].rpartition(".")[0].lower()


_WIDTH: Final = re.compile(r"width:\s*(\d{1,3}(?:\.\d+)?)%")
_VARIABLE: Final = re.compile(r"--(?:star-)?rating:\s*([0-5](?:\.\d+)?)(?![\d.%])")


def _by_width(reading: Reading, node: Node) -> Rating | None:
    """A bar of five stars, filled to a share of its width, or as a variable of its style says."""
    for part in (node, *reading.document.within(node)[:6]):
        style = part.attrs.get("style", "")
        match = _VARIABLE.search(style)
        if match is not None and float(match[1]) > 0:
            return _rating(float(match[1]), 5.0, raw=match[1])
        match = _WIDTH.search(style)
        if match is not None and "star" in f"{node.attrs.get('class', '')} {part.attrs.get('class', '')}":
            share = float(match[1])
            if 0 < share <= 100:
                return _rating(round(share / 20, 2), 5.0, raw=f"{match[1]}%")
    return None


_CLASS_NUMBER: Final = re.compile(
    r"(?:^|\s)(?P<name>rated|stars|rating|star-rating)[-_](?P<value>\d{1,2}(?:[._-]5)?)(?=\s|$)"
)


def _by_number(attrs: dict[str, str]) -> Rating | None:
    """A number in the class or a data attribute (``rated-7`` is of ten, ``stars-4`` of five)."""
    match = _CLASS_NUMBER.search(attrs.get("class", ""))
    if match is None:
        return None
    value = float(match["value"].replace("-", ".").replace("_", "."))
    if match["name"] == "rated":
        return _rating(value, 10.0, raw=match[0].strip()) if 0 < value <= 10 else None
    if value >= 10 and value % 5 == 0 and value <= 50:
        value = value / 10
    return _rating(value, 5.0, raw=match[0].strip()) if 0 < value <= 5 else None
