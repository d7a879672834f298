"""Titles: the page's headline, once and without the site's name, and the line below it.

A page says its title in up to a dozen places. The headline that readers see is taken where the
others bear it out; what they alone say is cleaned of the site's name, which is known from the
metadata, the address, or by what the other places leave out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from archiver import rules
from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.identity import site_of
from archiver.extraction.linked_data import text, texts
from archiver.extraction.nearby import naming_words
from archiver.extraction.select import Selector, rule
from archiver.page import address_of
from archiver.record import Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    headings: tuple[str, ...]
    subtitles: tuple[str, ...]
    around: tuple[str, ...]
    name_follows: tuple[str, ...]
    name_leads: tuple[str, ...]
    surely: str
    prefixes: tuple[str, ...]
    meta: tuple[str, ...]
    site_names: tuple[str, ...]


@dataclass(frozen=True)
class Headline:
    """``node`` is the element that shows the title; ``claims`` all elements that show it or the subtitle."""

    title: str | None = None
    node: Node | None = None
    subtitle: str | None = None
    site_name: str | None = None
    claims: tuple[Claim, ...] = ()


_RULES: Final = rules.read("titles.toml", _Rules)
_HEADINGS: Final = rule(", ".join(_RULES.headings))
_LESSER_HEADINGS: Final = rule("h2, h3")
_SUBTITLES: Final = rule(", ".join(_RULES.subtitles))
_TITLE: Final = rule("title")
_AROUND: Final = frozenset(_RULES.around)


def _any_of(separators: tuple[str, ...]) -> str:
    return "|".join(re.escape(one) for one in separators)


_SEPARATOR: Final = re.compile(
    f"({_any_of((*_RULES.name_follows, *(one for one in _RULES.name_leads if one[0] == ' ')))})"
)
_NO_LETTERS: Final = re.compile(r"[\W_]+")
_FOLLOWS: Final = re.compile(_any_of(_RULES.name_follows))
_LEADS: Final = re.compile(_any_of(_RULES.name_leads))
#: No headline is longer; a heading that is holds something else.
_LONGEST: Final = 300
_LONGEST_TOLD: Final = 2 * _LONGEST
_MOST_HEADINGS: Final = 12
#: How much of its words a heading must share with a told title to be the title.
_LEAST_FIT, _PART_FIT, _GOOD_FIT = 0.25, 0.3, 0.9
#: So many places that tell a title outweigh a heading that says something else.
_WITNESSES: Final = 2
#: A headline stands among so many first runs of text.
_MOST_PIECES: Final = 1500
#: Shorter parts of a title are words such as "Home".
_SHORTEST_PART: Final = 7
#: A title that no heading shows ends at the first bar, where so many characters stand before it.
_SHORTEST_HEAD: Final = 15
#: A subtitle begins within so many runs of text after the headline.
_REACH: Final = 8
#: An element with more of the page's text than this holds the article, whatever its class says.
_MOST_AROUND: Final = 0.3


def letters(said: str) -> str:
    """A title to compare: its letters and digits alone."""
    return _NO_LETTERS.sub("", said.casefold())


def _words(said: str) -> set[str]:
    return {word for word in re.findall(r"\w+", said.casefold()) if len(word) > 1 or word.isdigit()}


def headline(reading: Reading) -> Headline:
    """The page's title and subtitle with where they stand."""
    said = _Said(reading)
    node = said.shown
    title = _title_of(said, node)
    if node is None and title is not None:
        node = _says(reading, title)
    claims = [Claim(node, Role.TITLE, "headline")] if node is not None else []
    subtitle = None
    for below in _below(reading, node):
        shown = reading.text(below)
        if title is not None and letters(shown) == letters(title):
            claims.append(Claim(below, Role.TITLE_ECHO, "repeats the title"))
        elif subtitle is None and len(shown) <= _LONGEST:
            subtitle = shown
            claims.append(Claim(below, Role.SUBTITLE, "below the headline"))
    return Headline(title, node, subtitle, said.site_name, tuple(claims))


def _says(reading: Reading, title: str) -> Node | None:
    """The first element whose text is the title, where no heading is: the page marks up its headline as plain text."""
    wanted = title.split()
    for piece in reading.document.pieces[:_MOST_PIECES]:
        if (
            len(piece.text) < _LONGEST
            and piece.node.tag != "title"
            and not piece.linked
            and piece.text.split() == wanted
        ):
            return piece.node
    return None


def _below(reading: Reading, headline: Node | None) -> list[Node]:
    """Elements made for a subtitle, within reach below the headline; one in another is left out."""
    if headline is None:
        return []
    found: list[Node] = []
    for node in reading.index.select(_SUBTITLES):
        near = headline.index < node.index and 0 <= node.first - headline.last <= _REACH and node.first < node.last
        if near and not headline.holds(node) and not any(one.holds(node) for one in found):
            found.append(node)
    return found


def _title_of(said: _Said, node: Node | None) -> str | None:
    if node is None:
        return said.agreed
    shown = said.reading.text(node)
    main = said.reading.linked.main
    exact = text(main.get("headline")) if main is not None else None
    if exact is not None and len(exact) > len(shown) / 2 and shown.endswith(exact):
        return _without_prefix(exact)  # a label stands in the heading too
    return said.without_site(shown) or shown


def _without_prefix(title: str) -> str:
    prefix = next((one for one in _RULES.prefixes if title.startswith(one)), "")
    return title.removeprefix(prefix).strip()


def _likeness(shown: set[str], told: set[str]) -> float:
    if shown and shown < told:
        return max(_PART_FIT, len(shown) / len(told))
    return len(shown & told) / max(1, len(shown | told))


class _Said:
    """What the page says its title is, in every place."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    @cached_property
    def site_name(self) -> str | None:
        return next(iter(self.site_names), None)

    @cached_property
    def site_names(self) -> list[str]:
        """Names that the page gives its site, most trusted first."""
        meta, linked = self.reading.meta, self.reading.linked
        names = [name for key in _RULES.site_names[:1] for name in meta.get(key, ())]
        names += [n for site in linked.of_type("WebSite") for n in texts([site.get("name"), site.get("alternateName")])]
        if linked.main is not None:
            names += texts(linked.main.get("publisher"))
        names += [name for key in _RULES.site_names[1:] for name in meta.get(key, ())]
        return [name for name in dict.fromkeys(names) if 1 < len(name) < 80]

    @cached_property
    def _site_letters(self) -> frozenset[str]:
        names = {letters(name) for name in self.site_names}
        site = site_of(self.reading.page.url) if self.reading.page.url else None
        if site is not None:
            names |= {letters(site), letters(site.partition(".")[0])}
        return frozenset(names) - {""}

    @cached_property
    def element(self) -> str:
        node = self.reading.index.first(_TITLE)
        return self.reading.text(node) if node is not None else ""

    @cached_property
    def told(self) -> list[str]:
        """Titles from the metadata, most trusted first, without the site's name."""
        return list(dict.fromkeys(self._all_told))

    @cached_property
    def _all_told(self) -> list[str]:
        main = self.reading.linked.main
        said = texts([main.get("headline"), main.get("name")])[:1] if main is not None else []
        for key in _RULES.meta:
            said += self.reading.meta.get(key, ())[:1]
        said = [*said, self.element]
        cleaned = [self.without_site(" ".join(one[:_LONGEST_TOLD].split())) for one in said if one.strip()]
        return [one for one in cleaned if one]

    def without_site(self, title: str) -> str | None:
        """The title without the parts that name the site; None where nothing else is left."""
        parts = _SEPARATOR.split(title)
        while len(parts) > 1 and self._names_site(parts[-1]):
            parts = parts[:-2]
        while len(parts) > 1 and not self._is_front and self._is_site(parts[0]):
            parts = parts[2:]
        if len(parts) > 2 and parts[-2] == _RULES.surely and not self.site_names and not self._is_front:
            parts = parts[:-2]
        if len(parts) == 1 and letters(parts[0]) in self._site_letters and not self._is_front:
            return None
        return _without_prefix("".join(parts).strip())

    @cached_property
    def _is_front(self) -> bool:
        """Whether it is the site's front page, whose title may begin with the site's name."""
        return self.reading.page.url is not None and address_of(self.reading.page.url).path in ("", "/")

    def _is_site(self, part: str) -> bool:
        """Whether it is the site's name, or the beginning of it."""
        said = letters(part)
        begins = len(said) >= 4 and any(name.startswith(said) for name in self._site_letters)
        return not said or begins or said in self._site_letters

    def _names_site(self, part: str) -> bool:
        """Whether it is the site's name or holds it; at a title's start a name so begins what is told of it."""
        said = letters(part)
        return self._is_site(part) or (
            len(part) < 50
            and any(said.startswith(name) or said.endswith(name) for name in self._site_letters if len(name) >= 4)
        )

    @cached_property
    def agreed(self) -> str | None:
        """Of the titles in the metadata, the one told most often, else the first; a part of it that is told alone."""
        counts = Counter(letters(title) for title in self._all_told)
        most = max(self.told, key=lambda title: counts[letters(title)], default=None)
        if most is None or self._is_front:
            return most
        parts = [most[: one.start()] for one in _FOLLOWS.finditer(most)]
        alone = next((title for title in self.told if title in parts), most)
        head = alone.partition(_RULES.surely)[0]
        return head if len(head) >= _SHORTEST_HEAD else alone

    @cached_property
    def shown(self) -> Node | None:
        """The heading that readers see as the page's title: the one that the metadata bears out."""
        nodes = self._candidates(_HEADINGS)
        ranked = [(self._fit(self.reading.text(node)), node) for node in nodes]
        best = max(ranked, key=lambda one: one[0], default=(0.0, None))
        if best[0] >= _GOOD_FIT:
            return best[1]
        lesser = (
            node for node in self._candidates(_LESSER_HEADINGS) if self._fit(self.reading.text(node)) >= _GOOD_FIT
        )
        found = next(lesser, best[1] if best[0] >= _LEAST_FIT else None)
        if found is None and len(self._all_told) < _WITNESSES:
            return next((node for node in nodes if node.tag == "h1"), None)
        return found

    def _candidates(self, headings: Selector) -> list[Node]:
        found = self.reading.index.select(headings)[:_MOST_HEADINGS]
        nodes = [node for node in found if self._may_be_title(node)]
        return [node for node in nodes if not any(node is not one and node.holds(one) for one in nodes)]

    def _fit(self, shown: str) -> float:
        """Share of words that a heading has in common with the title it resembles most; a part resembles the whole."""
        if letters(shown) in self._parts:
            return 1.0
        words = _words(shown)
        return max((_likeness(words, one) for one in self._known), default=0.0)

    @cached_property
    def _parts(self) -> set[str]:
        """Parts of the told titles that may be the title, by where a site's name mostly stands."""
        starts = [title[: one.start()] for title in self.told for one in _FOLLOWS.finditer(title)]
        ends = [title[one.end() :] for title in [*self.told, *starts] for one in _LEADS.finditer(title)]
        return (
            {letters(part) for part in [*self.told, *starts, *ends] if len(part) > _SHORTEST_PART}
            - self._site_letters
            - {""}
        )

    @cached_property
    def _known(self) -> list[set[str]]:
        return [_words(title) for title in self.told]

    def _may_be_title(self, node: Node) -> bool:
        if node.first == node.last or node.last - node.first > 40:
            return False
        said = self.reading.text(node)
        if not said or len(said) > _LONGEST or letters(said) in self._site_letters:
            return False
        pieces = len(self.reading.document.pieces)
        return not any(
            not _AROUND.isdisjoint(naming_words(up.get("class") + " " + up.get("id")))
            for up in (node, *node.ancestors())
            if up.attrs and (up.last - up.first) < _MOST_AROUND * pieces
        )
