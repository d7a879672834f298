"""Verdicts in lines of text: a line that only rates, the end of a headline, a sentence that gives so many stars."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.ratings.candidates import LINE, TITLE, WIDGET, Candidate, agree, in_any
from archiver.extraction.ratings.forms import (
    ASTERISKS,
    BARE_SCALES,
    BEST,
    FRACTION,
    GLYPHS,
    LABEL,
    LETTER,
    LONGEST_LINE,
    MOST_PIECES,
    RULES,
    STAR_WORDS,
    STARS,
    VALUE,
    alternatives,
    exactly,
    letter_grade,
    names_stars,
    number_alone,
    plain,
    rating_of,
    without_longer,
)
from archiver.extraction.select import rule
from archiver.record import Rating, Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_LINES: Final = rule("p, h2, h3, h4, strong, b")
_LONGEST_SENTENCES: Final = 2_000  # characters searched for a verdict given in a sentence


class RatedLine(NamedTuple):
    """A verdict in a line; ``whole_line`` where the line says nothing else."""

    rating: Rating
    whole_line: bool


def rating_in_line(line: str) -> RatedLine | None:
    """The verdict that a line, a headline or a paragraph gives; None for one that gives none."""
    printed = " ".join(line.split())
    said = plain(printed)
    if not said or len(said) > _LONGEST_SENTENCES:
        return None
    is_short = len(said) <= LONGEST_LINE
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
    short = (said for said in all_lines if len(said) <= LONGEST_LINE)
    others = (line.rating for said in short if (line := rating_in_line(said)) is not None)
    return given if all(agree(given, one) or given.raw == one.raw for one in others) else None


def only_rates(line: str) -> bool:
    """Whether a line is a verdict and nothing else."""
    said = plain(" ".join(line.split()))
    return bool(said) and len(said) <= LONGEST_LINE and _whole_line(said) is not None


#: A verdict at the end of a headline or of a heading line, after a mark or a space.
_END_FORMS: Final = tuple(
    re.compile(rf"(?:(?<=[:：–—|(\[,\-])|(?<=\s)){form}\s*[)\]]?[.!]?$", re.IGNORECASE)
    for form in (GLYPHS, ASTERISKS, FRACTION, STARS)
)

_END_LETTER: Final = re.compile(rf"(?:[:：–—|(\[]|\s-)\s*(?:grade:?\s*)?{LETTER}\s*[)\]]?$")

#: What the letters end with that count at the end of a line.
_SIGNS_OF_LETTERS: Final = ("+", "-", "–", "plus", "minus")

#: What may follow a verdict in a sentence; "3 out of 10 goals" is none.
_THEN: Final = rf"(?=\s*(?:[.,;:!?)\]–—]|$|and\b|but\b|for\b|because\b|from\b|overall\b|{STAR_WORDS}))"
_SENTENCE_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{VALUE}[ -]{STAR_WORDS}\s*\(?\s*(?:out of|/|von|sur|de|su|из)\s*{BEST}(?!\w)",
        rf"{VALUE}\s*(?:out of|/|von|sur|de|su|из)\s*{BEST}\s*{STAR_WORDS}",
        GLYPHS.replace("{1,10}|", "{2,10}|", 1),
        rf"\b(?:{alternatives(RULES.words.giving)})\b[^.!?;\d]{{0,40}}?{VALUE}\s?(?:/|\s(?:{alternatives(RULES.words.out_of_sentence)})\s)\s?{BEST}{_THEN}",
        rf"\b(?:{alternatives(RULES.words.giving)})\b[^.!?;\d]{{0,40}}?{VALUE}[ -]{STAR_WORDS}",
    )
)

#: What every verdict in a sentence holds; how many of them, and how much around each is looked at.
_SENTENCE_SIGN: Final = re.compile(
    rf"[★⭐✮✭✯🌟]{{2}}|\d\s?/\s?\d|\d\s(?:{alternatives(RULES.words.out_of)})\s\d|\sout of\s|[-\s]{STAR_WORDS}",
    re.IGNORECASE,
)

#: The same, told sooner: one of these, or two figures with a bar or a word between them.
_SIGN_WORDS: Final = ("out of", *"★⭐✮✭✯🌟", *without_longer(RULES.words.stars))
_SIGN_FIGURES: Final = re.compile(rf"[\d¼½¾⅓⅔]\s?(?:/|\s(?:{alternatives(RULES.words.out_of)})\s)\s?\d", re.IGNORECASE)
_MOST_SIGNS: Final = 8

_BEFORE, _AFTER = 70, 40  # characters

_OTHERS: Final = re.compile(rf"\b(?:{alternatives(RULES.words.others)})", re.IGNORECASE)
_LINE_FIGURE: Final = re.compile(r"[0-9★☆⭐½*]")
_LINE_LETTER: Final = re.compile(r"[A-F][+\-−–]?$")


def _tells_of_others(said: str) -> bool:
    return _OTHERS.search(said) is not None


def _whole_line(said: str) -> Rating | None:
    """A line that is a verdict and nothing else; with its label, the whole line is what was printed."""
    label = LABEL.match(said)
    rest = (said[label.end() :] if label is not None else said).strip().rstrip(".!")
    if label is not None and rest.endswith(")") and "(" not in rest:
        rest = rest[:-1]
    found = exactly(rest, bare=label is None)
    if found is None and label is not None:
        found = letter_grade(rest) or number_alone(rest)
    if found is None:
        return None
    return msgspec.structs.replace(found, raw=said if label is not None else rest)


def _ending(said: str) -> Rating | None:
    """A verdict at the end of a headline ("FLEA CIRCUS: ★★★½")."""
    for form in _END_FORMS if _may_hold(said) or "/" in said or "*" in said else ():
        match = form.search(said)
        if match is not None:
            found = rating_of(match)
            if found is not None and not ("/" in match[0] and not _may_end(said, match, found)):
                return msgspec.structs.replace(found, raw=match[0].strip(" :：–—|()[],.!"))
    match = _END_LETTER.search(said) if said.rstrip(")] .!").endswith(_SIGNS_OF_LETTERS) else None
    return Rating(raw=match["letter"]) if match is not None and len(match["letter"]) > 1 else None


def _may_end(said: str, match: re.Match[str], found: Rating) -> bool:
    """Whether a fraction at the end of a line rates: it is no chapter, page or share."""
    if "½" in match[0] or names_stars(match[0]):
        return True
    return found.best in BARE_SCALES and said[: match.start()].rstrip().endswith(
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
            found = rating_of(match)
            if found is not None:
                start = match.start("value") if "value" in match.groupdict() else match.start()
                return msgspec.structs.replace(found, raw=said[start : match.end()].strip())
    return None


def short_lines(reading: Reading) -> list[tuple[Node, str]]:
    """Elements of one short line that may rate: it has a figure, a star, or a letter at its end."""
    pieces = reading.document.pieces
    found = []
    for node in reading.index.select(_LINES):
        size = node.last - node.first
        if not 0 < size <= MOST_PIECES or len(pieces[node.first].text) > LONGEST_LINE:
            continue
        said = pieces[node.first].text if size == 1 else "".join([p.text for p in pieces[node.first : node.last]])
        if len(said) <= 2 * LONGEST_LINE and _may_rate(said):
            line = " ".join(said.split()) if size == 1 else reading.text(node)
            if len(line) <= LONGEST_LINE:
                found.append((node, line))
    return found


def _may_rate(said: str) -> bool:
    """Cheap sign that a line may hold a verdict: a figure, a star, or a letter at its end."""
    return _LINE_FIGURE.search(said) is not None or "stars" in said or _LINE_LETTER.search(said[-3:]) is not None


def in_headline(reading: Reading) -> tuple[list[Candidate], list[Claim]]:
    node = reading.entry.headline
    said = (
        rating_in_line(reading.text(node)) if node is not None and node.last - node.first <= 2 * MOST_PIECES else None
    )
    return ([Candidate(TITLE, said.rating)] if said is not None else []), []


def in_lines(
    reading: Reading, lines: list[tuple[Node, str]], readers: list[Node]
) -> tuple[list[Candidate], list[Claim]]:
    """Short lines of the article that rate ("Wertung: 7,5/10 Punkte")."""
    candidates: list[Candidate] = []
    claims: list[Claim] = []
    for node, said in lines:
        found = rating_in_line(said)
        if found is None or in_any(node, readers) or not reading.entry.owns(node):
            continue
        if any(claim.node.holds(node) for claim in claims):
            continue
        if found.whole_line:
            if node.tag in ("strong", "b") and not _stands_alone(node):
                continue
            claims.append(Claim(node, Role.RATING, "a line that only rates"))
            candidates.append(Candidate(LINE, found.rating))
        elif node.tag in ("p", "h2", "h3", "h4"):
            candidates.append(Candidate(WIDGET, found.rating))
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
