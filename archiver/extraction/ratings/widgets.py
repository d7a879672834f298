"""Stars that are drawn: images, widths, icons, SVG, numbers in classes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.ratings.candidates import WIDGET, Candidate, in_any
from archiver.extraction.ratings.forms import (
    FIGURE,
    LABEL,
    LONGEST_VALUE,
    MOST_PIECES,
    READER_LINE,
    RULES,
    alternatives,
    exactly,
    plain,
    rating_on,
)
from archiver.extraction.select import rule, rule_letters
from archiver.record import Rating, Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_USES: Final = rule("use")

rule("img")

for _letters in RULES.widgets.letters:
    rule_letters(_letters)

_MOST_WIDGETS: Final = 60


def in_widgets(reading: Reading, readers: list[Node]) -> tuple[list[Candidate], list[Claim]]:
    """Stars drawn with images, widths, icons or SVG, or told in an attribute."""
    seen: dict[int, tuple[Node, Rating]] = {}
    for letters in RULES.widgets.letters:
        for node in reading.index.under("~", letters)[:_MOST_WIDGETS]:
            if node.index in seen or node.last - node.first > MOST_PIECES or node.end - node.index > 60:
                continue
            found = _drawn(reading, node)
            if found is None or in_any(node, readers) or not reading.entry.owns(node) or _is_of_readers(reading, node):
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
    return [Candidate(WIDGET, one) for _, one in drawn], outer


def _images(reading: Reading, readers: list[Node]) -> dict[int, tuple[Node, Rating]]:
    """Images whose alternative text or file name tells a verdict ("3.5 stars", ``stars-35.png``)."""
    found: dict[int, tuple[Node, Rating]] = {}
    for node in reading.index.under("t", "img"):
        told = _of_image(node.attrs.get("alt", ""), node.attrs.get("src", ""))
        if told is None or in_any(node, readers) or not reading.entry.owns(node) or _is_of_readers(reading, node):
            continue
        found[node.index] = (node, told)
    return found


def _of_image(alt: str, src: str) -> Rating | None:
    if 0 < len(alt) <= LONGEST_VALUE and FIGURE.search(alt) is not None:
        words = plain(" ".join(alt.split()))
        label = LABEL.match(words)
        rest = (words[label.end() :] if label is not None else _TOLD.sub("", words, count=1)).strip(" .!")
        told = exactly(rest, bare=label is None)
        if told is not None:
            return told
    match = _STAR_FILE.fullmatch(_file_name(src)) if _STAR_FILE_SIGN.search(src) is not None else None
    if match is None:
        return None
    value = float(match["before"] or match["after"]) + (0.5 if match["half_before"] or match["half_after"] else 0.0)
    return rating_on(value, None, raw=match[0])


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
    around = up if up is not None and up.last - up.first <= MOST_PIECES else node
    return READER_LINE.search(reading.text(around)) is not None


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


_STAR_FILE_SIGN: Final = re.compile(alternatives(RULES.widgets.files))
_STAR_FILE: Final = re.compile(
    rf"(?P<before>[0-5])(?P<half_before>[-_.]?(?:5|half))?[-_]?(?:{alternatives(RULES.widgets.files)})"
    rf"|(?:{alternatives(RULES.widgets.files)})[-_]?(?P<after>[0-5])(?:[-_.]?(?P<half_after>5|half)|[-_.]?0)?"
)

_TOLD: Final = re.compile(r"^rated\s+", re.IGNORECASE)


def _told(said: str) -> Rating | None:
    """ "Rated 3.50 out of 4", "★★★½": with a scale or in stars, never a number alone."""
    words = plain(" ".join(said.split()))
    if not words or len(words) > LONGEST_VALUE:
        return None
    label = LABEL.match(words)
    rest = (words[label.end() :] if label is not None else _TOLD.sub("", words, count=1)).strip(" .!")
    return exactly(rest, bare=False) if not rest.endswith("%") else None


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
    return rating_on(stars, float(best) if best in (4, 5, 6, 10) else None, raw=None)


@lru_cache(maxsize=10_000)
def _star_kind(names: str) -> str | None:
    tokens = names.replace("--", "-").split()
    for kind, known in (("half", RULES.widgets.half), ("empty", RULES.widgets.empty), ("full", RULES.widgets.full)):
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
            return rating_on(float(match[1]), 5.0, raw=match[1])
        match = _WIDTH.search(style)
        if match is not None and "star" in f"{node.attrs.get('class', '')} {part.attrs.get('class', '')}":
            share = float(match[1])
            if 0 < share <= 100:
                return rating_on(round(share / 20, 2), 5.0, raw=f"{match[1]}%")
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
        return rating_on(value, 10.0, raw=match[0].strip()) if 0 < value <= 10 else None
    if value >= 10 and value % 5 == 0 and value <= 50:
        value = value / 10
    return rating_on(value, 5.0, raw=match[0].strip()) if 0 < value <= 5 else None
