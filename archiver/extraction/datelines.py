"""Datelines: when the page was published and when it was changed, each with where it says so.

Linked data first, then meta elements, then the date that readers see: in an element made for
one, or in a line beside the headline. Neither date is ever filled from the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from archiver import rules
from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.dates import Found, find_dates, parse_date, puts_day_first
from archiver.extraction.hints import words_of
from archiver.extraction.linked_data import texts
from archiver.extraction.nearby import MOST_PIECES, elements_by_distance, is_own, lines_beside, named_after
from archiver.extraction.select import rule, rule_letters
from archiver.page import address_of
from archiver.record import Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    published_meta: tuple[str, ...]
    modified_meta: tuple[str, ...]
    places: tuple[str, ...]
    letters: tuple[str, ...]
    updated: tuple[str, ...]
    published: tuple[str, ...]
    other: tuple[str, ...]
    around: tuple[str, ...]
    countries: dict[str, bool]


class Dated(NamedTuple):
    """A date in ISO 8601, as the page wrote it, and where."""

    iso: str
    raw: str
    source: str


@dataclass(frozen=True)
class Dateline:
    published: Dated | None = None
    modified: Dated | None = None
    claims: tuple[Claim, ...] = ()


Kind = Literal["published", "modified", "other"]

_RULES: Final = rules.read("datelines.toml", _Rules)
_PLACES: Final = rule(", ".join(_RULES.places))
for _letters in _RULES.letters:
    rule_letters(_letters)
_stands_around: Final = named_after(_RULES.around)


def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in words), re.I)


_WORDS: Final[dict[Kind, re.Pattern[str]]] = {
    "published": _any_of(_RULES.published),
    "modified": _any_of(_RULES.updated),
    "other": _any_of(_RULES.other),
}
_WEB_PAGES: Final = ("WebPage", "ItemPage", "MedicalWebPage", "FAQPage", "ProfilePage", "AboutPage")
_LONGEST_LINE: Final = 160


def dateline(reading: Reading, headline: Node | None, language: str | None) -> Dateline:
    """The page's dates, with the elements that show them."""
    said = _Said(reading, headline, language)
    return Dateline(said.published, said.modified, tuple(said.claims()))


class _Said:
    """Dates in every place that tells them."""

    def __init__(self, reading: Reading, headline: Node | None, language: str | None) -> None:
        self.reading = reading
        self.headline = headline
        self.language = language

    @property
    def published(self) -> Dated | None:
        """What the data tells, unless readers see an earlier day, or the day before or after (told in another zone)."""
        told = self._of_main("datePublished", "dateCreated") or self._of_meta(_RULES.published_meta)
        seen = self._shown_as("published")
        if told is None:
            return seen or (self._of_web_page("datePublished") if self._is_article else None)
        return seen if seen is not None and self._is_first(seen) and _is_earlier(seen.iso, told.iso) else told

    @cached_property
    def _is_article(self) -> bool:
        return "article" in self.reading.meta.get("og:type", ())

    def _is_first(self, seen: Dated) -> bool:
        return self.shown[0][2].iso[:10] == seen.iso[:10]

    @property
    def modified(self) -> Dated | None:
        return (
            self._of_main("dateModified")
            or self._of_meta(_RULES.modified_meta)
            or self._shown_as("modified")
            or self._of_web_page("dateModified")
        )

    def claims(self) -> Iterator[Claim]:
        for node, kind, _ in self.shown:
            if kind != "other":
                yield Claim(node, Role.DATELINE, f"{kind} date")

    def _read(self, said: str) -> str | None:
        return parse_date(said, relative_to=self.reading.page.fetched_at, day_first=self.day_first)

    def _first(self, said: Iterable[str], source: str) -> Dated | None:
        return next((Dated(iso, one, source) for one in said if (iso := self._read(one))), None)

    def _of_main(self, *properties: str) -> Dated | None:
        main = self.reading.linked.main
        if main is None:
            return None
        source = "json-ld" if self.reading.linked.node(main) is None else "microdata"
        return self._first(texts([main.get(name) for name in properties]), source)

    def _of_web_page(self, name: str) -> Dated | None:
        pages = self.reading.linked.of_type(*_WEB_PAGES)
        return self._first(texts([page.get(name) for page in pages]), "json-ld page")

    def _of_meta(self, names: tuple[str, ...]) -> Dated | None:
        for name in names:
            found = self._first(self.reading.meta.get(name, ()), f"meta {name}")
            if found is not None:
                return found
        return None

    def _shown_as(self, kind: Kind) -> Dated | None:
        """The first of its kind; of several forms of one day, the most precise."""
        dates = [dated for _, found, dated in self.shown if found == kind]
        return max(
            (one for one in dates if one.iso[:10] == dates[0].iso[:10]), key=lambda one: len(one.iso), default=None
        )

    @cached_property
    def day_first(self) -> bool | None:
        """Which number of 03/04 is the day, by the page's language and country."""
        for said in (self.language, *self.reading.meta.get("og:locale", ())):
            told = puts_day_first(said)
            if told is not None:
                return told
        host = address_of(self.reading.page.url).hostname or ""
        return _RULES.countries.get(host.rpartition(".")[2])

    @cached_property
    def shown(self) -> list[tuple[Node, Kind, Dated]]:
        """Dates that readers see: in elements made for one, those after the headline first; else in lines beside it."""
        found = [
            one
            for node in elements_by_distance(self.reading, self.headline, _PLACES, _RULES.letters)
            for one in self._in_element(node)
        ]
        if not any(kind == "published" for _, kind, _ in found):
            found += self._in_lines()
        return found

    def _in_element(self, node: Node) -> Iterator[tuple[Node, Kind, Dated]]:
        if (
            node.last - node.first > MOST_PIECES
            or not is_own(self.reading, node)
            or _stands_around(node, 3 * MOST_PIECES, self.headline)
        ):
            return
        machine = node.get("datetime") or node.get("title" if node.tag == "abbr" else "content")
        printed = self.reading.text(node)
        if len(printed) > _LONGEST_LINE and _kind_or_none(printed[:_HEAD]) != "published":
            return
        if machine and (iso := self._read(machine)):
            yield node, self._kind_of(node, printed), Dated(iso, printed or machine, node.tag)
            return
        for one, label in self._dates_in(printed[:_LONGEST_LINE]):
            kind = _kind(label) if label else self._kind_of(node, "")
            yield node, kind, Dated(one.iso, printed, "element")

    def _dates_in(self, line: str) -> Iterator[tuple[Found, str]]:
        """Dates of a line, each with the words before it."""
        if not any(char.isdigit() for char in line) and self.reading.page.fetched_at is None:
            return
        place = 0
        for one in find_dates(line, relative_to=self.reading.page.fetched_at, day_first=self.day_first):
            yield one, line[place : one.start]
            place = one.end

    def _kind_of(self, node: Node, printed: str) -> Kind:
        """By the element's own words, its class, else by the words just before it."""
        names = set(words_of(node.get("class") + " " + node.get("itemprop")))
        if names & {"updated", "modified", "update"} and not names & {"published", "publish"}:
            return "modified"
        if names & {"event", "start", "end", "expires"}:
            return "other"
        before = ""
        if node.first > 0 and node.first < len(self.reading.document.pieces):
            pieces = self.reading.document.pieces
            before = pieces[node.first - 1].text[-40:] if node.first > 0 else ""
        return _kind(f"{before} {printed}")

    def _in_lines(self) -> Iterator[tuple[Node, Kind, Dated]]:
        above, below = lines_beside(self.reading, self.headline, _LONGEST_LINE)
        for node, line in below + above:
            for one, label in self._dates_in(line):
                if len(one.iso) >= len("2010-09-01") and len(line) - (one.end - one.start) < _MOST_BESIDE:
                    yield node, _kind(label), Dated(one.iso, line, "line")


def _is_earlier(seen: str, told: str) -> bool:
    """Whether a day lies before another, or next to it."""
    try:
        return (
            date.fromisoformat(seen[:10]) <= date.fromisoformat(told[:10]) + timedelta(days=1)
            and seen[:10] != told[:10]
        )
    except ValueError:
        return False


#: So much of a long sentence ("This entry was posted on … and is filed under …") tells what its date is.
_HEAD: Final = 60
#: A line with more words beside its date speaks of a day, it does not date the page.
_MOST_BESIDE: Final = 80


def _kind(words: str) -> Kind:
    return _kind_or_none(words) or "published"


def _kind_or_none(words: str) -> Kind | None:
    """What the words say a date beside them is; None where they say nothing."""
    for kind, said in _WORDS.items():
        if said.search(words):
            return kind
    return None
