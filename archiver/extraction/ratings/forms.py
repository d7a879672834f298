"""The forms in which a verdict is written: fractions, stars, words, letters; and the scale each is on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite
from typing import Final

import msgspec

from archiver import rules
from archiver.record import Rating


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


class Critic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
    critic: tuple[Critic, ...]
    widgets: _Widgets


RULES: Final = rules.read("ratings.toml", _Rules)
LONGEST_LINE: Final = 80  # characters of a line that only rates
LONGEST_VALUE: Final = 40  # characters of an element that only holds a verdict
MOST_PIECES: Final = 8

#: Tops of the scales in use.
_SCALES: Final = frozenset({4.0, 5.0, 6.0, 10.0, 20.0, 100.0})

#: Tops that a bare fraction ("8/10") may have without any word beside it.
BARE_SCALES: Final = frozenset({5.0, 10.0, 100.0})


def plain(said: str) -> str:
    """A text as the forms read it: one kind of minus, stars without the mark that asks for their colour."""
    return said.replace("\ufe0f", "").replace("−", "-")


def alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def without_longer(words: Iterable[str]) -> list[str]:
    """The words, folded, without those that hold another of them."""
    folded = sorted({word.casefold() for word in words}, key=len)
    return [word for place, word in enumerate(folded) if not any(shorter in word for shorter in folded[:place])]


_NUMBER: Final = r"\d{1,3}(?:[.,]\d{1,2})?(?:\s?[¼½¾⅓⅔]|[ -]1/2(?![\d/]))?|½"
_WORDS: Final = alternatives(RULES.words.numbers)
_HALF_WORDS: Final = r"(?:[ -]and[ -]a[ -]half)?"
VALUE: Final = rf"(?P<value>(?<![\d/.,\-–])(?:{_NUMBER})|\b(?:{_WORDS})\b{_HALF_WORDS})"
BEST: Final = rf"(?P<best>\d{{1,3}}(?![\d/.,]\d|\d)|\b(?:{_WORDS})\b)"
STAR_WORDS: Final = rf"(?:{alternatives(RULES.words.stars)})\b"
_UNITS: Final = rf"(?:\s*(?:{alternatives(RULES.words.units)})(?!\w))"

#: "3.5/5", "3 stars out of 4", "7 von 10 Punkten", "3 stars (out of four)".
FRACTION: Final = (
    rf"{VALUE}(?:[ -]{STAR_WORDS})?\s*\(?\s*(?:/|(?:{alternatives(RULES.words.out_of)})\s)\s*{BEST}\)?{_UNITS}?"
)

_OUT_OF_JAPANESE: Final = r"(?P<best>\d{1,3})点満点中\s*(?P<value>\d{1,3}(?:\.\d)?)点"
GLYPHS: Final = (
    r"(?P<full>[★⭐✮✭✯🌟]{1,10}|[★⭐](?:\s[★⭐]){1,9})\s?(?P<half>½|1/2|⯨)?"
    r"\s?(?P<hollow>[☆✩]{1,10}|[☆✩](?:\s[☆✩]){1,9})?"
)

ASTERISKS: Final = r"(?P<full>\*{2,5})\s?(?P<half>½|1/2)?(?P<hollow>)"
STARS: Final = rf"{VALUE}[ -]?{STAR_WORDS}"
_PERCENT: Final = r"(?P<value>\d{1,3}(?:[.,]\d)?)\s?%"
LETTER: Final = r"(?P<letter>[A-F](?:[+\-–]|[ -](?:plus|minus))?)"
_NUMBER_ALONE: Final = rf"(?P<value>(?:{_NUMBER}))(?P<unit>{_UNITS})?"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE) for form in (FRACTION, _OUT_OF_JAPANESE, GLYPHS, ASTERISKS, STARS, _PERCENT)
)

#: What every form holds, and each of :data:`_FORMS` begins with: a figure, a star or a word for a number.
FIGURE: Final = re.compile(rf"[\d½★⭐✮✭✯🌟*]|\b(?:{_WORDS})\b", re.IGNORECASE)
_LETTER_FORM: Final = re.compile(LETTER)
NUMBER_FORM: Final = re.compile(_NUMBER_ALONE, re.IGNORECASE)
LABEL: Final = re.compile(
    rf"(?P<label>{alternatives(RULES.words.labels)})(?:\s?[:：=]\s?|\s[-–—]\s|\s+)(?:\(?)", re.IGNORECASE
)

_COUNTED: Final = alternatives(RULES.words.counted)
READER_LINE: Final = re.compile(
    rf"^(?:{alternatives(RULES.words.readers)})\s?[:：]"
    rf"|[(\[]\s?\d[\d.,]*\s(?:{_COUNTED})\b|^\[total:|^\d[\d.,]*\s(?:{_COUNTED})$|\bbased on \d",
    re.IGNORECASE,
)

_VULGAR: Final = {"¼": 0.25, "½": 0.5, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}


def exactly(said: str, *, bare: bool) -> Rating | None:
    """A text that is one of the forms from end to end. A bare one must not be taken for a date or a count."""
    if FIGURE.match(said) is None:
        return None
    for form in _FORMS:
        match = form.fullmatch(said)
        if match is None:
            continue
        found = rating_of(match)
        if found is None:
            continue
        if bare and ("%" in said or not said.strip("*")):
            return None  # a share; a line of asterisks parts sections
        if bare and found.best is not None and "/" in said and not names_stars(said) and found.best not in BARE_SCALES:
            return None
        return found
    return None


def names_stars(said: str) -> bool:
    folded = said.casefold()
    return any(word in folded for word in RULES.words.units)


def letter_grade(said: str) -> Rating | None:
    match = _LETTER_FORM.fullmatch(said)
    return Rating(raw=said) if match is not None else None


def number_alone(said: str) -> Rating | None:
    match = NUMBER_FORM.fullmatch(said)
    value = number(match["value"]) if match is not None else None
    if value is None or value > 100:
        return None
    return rating_on(value, 100.0 if value > 20 else None, raw=said)


def rating_of(match: re.Match[str]) -> Rating | None:
    groups = match.groupdict()
    if groups.get("full"):
        full = len("".join(groups["full"].split()))
        half = 0.5 if groups["half"] else 0.0
        hollow = len("".join((groups["hollow"] or "").split()))
        best = float(full + (1 if half else 0) + hollow) if hollow else None
        return rating_on(full + half, best, raw=match[0].strip())
    value = number(groups["value"])
    if value is None:
        return None
    if groups.get("best"):
        top = number(groups["best"])
        if top is None or top not in _SCALES or value > top:
            return None
        return rating_on(value, top, raw=match[0].strip())
    if "%" in match[0]:
        return rating_on(value, 100.0, raw=match[0].strip()) if value <= 100 else None
    return rating_on(value, None, raw=match[0].strip()) if value <= 10 else None


def number(said: str) -> float | None:
    """``3,5``, ``3½``, ``3 1/2``, ``three and a half`` as a number; None for anything else."""
    folded = said.strip().casefold()
    word = re.split(r"[ -]and[ -]a[ -]half", folded)
    if word[0] in RULES.words.numbers:
        return RULES.words.numbers[word[0]] + (0.5 if len(word) > 1 else 0.0)
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


def rating_on(value: float, best: float | None, *, raw: str | None, worst: float | None = None) -> Rating:
    return Rating(value=value, best=best, worst=worst, raw=raw, normalized=_normalized(value, best, worst))


def _normalized(value: float | None, best: float | None, worst: float | None) -> float | None:
    low = worst or 0.0
    if value is None or best is None or best <= low:
        return None
    return round(min(1.0, max(0.0, (value - low) / (best - low))), 4)
