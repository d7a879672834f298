"""Bylines: who wrote the page, as names without "By".

Three places tell: the linked data, meta elements, and the byline that readers see. What is
seen decides how a name is written; the trending box, the comments and the author's box below
the article have names too, and are not asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from archiver import rules
from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.dates import find_dates
from archiver.extraction.linked_data import listed, text, texts, types
from archiver.extraction.nearby import MOST_PIECES, elements_by_distance, is_own, lines_beside, named_after
from archiver.extraction.select import rule, rule_letters
from archiver.record import Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    before: tuple[str, ...]
    after: tuple[str, ...]
    between: tuple[str, ...]
    nobody: tuple[str, ...]
    organisation: tuple[str, ...]
    credentials: tuple[str, ...]
    jobs: tuple[str, ...]
    honorifics: tuple[str, ...]
    particles: tuple[str, ...]
    meta: tuple[str, ...]
    places: tuple[str, ...]
    letters: tuple[str, ...]
    users: tuple[str, ...]
    around: tuple[str, ...]


#: An element and the names in it.
Shown = tuple[Node, tuple[str, ...]]


@dataclass(frozen=True)
class Byline:
    names: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


_RULES: Final = rules.read("bylines.toml", _Rules)
_PLACES: Final = rule(", ".join(_RULES.places))
for _letters in _RULES.letters + _RULES.users:
    rule_letters(_letters)


def _any_of(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_BEFORE: Final = re.compile(rf"^[\s\-–—|•·:/]*(?:{_any_of(_RULES.before)})(?![^\W_])[\s:：.]*", re.I)
_WITHIN: Final = re.compile(
    r"(?:^|[|•·,\n]\s?|\d\s)(?:by|written by|posted by|reviewed by|von|par|por|door) (?=[^\W\d_])", re.I
)
_AFTER: Final = re.compile(
    rf"\s{{0,3}}(?:[|•·⋅∙»\n]|\((?!\w+\) [^\W\d_])|[-–—]\s|(?<!\w)(?:{_any_of(_RULES.after)})(?!\w)"
    r"|\d{1,2}[:/.]\d|@\w).*$",
    re.I | re.S,
)
_BETWEEN: Final = re.compile(_any_of(_RULES.between), re.I)
_LAST_WORD: Final = re.compile(r" (?:on|at|in|am|le|el|il|op|em|en|в|, ?)\s*$", re.I)
_NOBODY: Final = frozenset(_RULES.nobody)
_ORGANISATION: Final = frozenset(_RULES.organisation)
_JOBS: Final = frozenset(_RULES.jobs)
_CREDENTIALS: Final = frozenset(_RULES.credentials)
_HONORIFICS: Final = frozenset(_RULES.honorifics)
_ORGANISATIONS: Final = frozenset({"Organization", "NewsMediaOrganization", "Corporation"})
#: How a shared link's card is labelled: the label's meta element and that of what it labels.
_CARD: Final = (("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2"))
_stands_around: Final = named_after(_RULES.around)
_LONGEST_NAME: Final = 48
_MOST_WORDS: Final = 5
_LONGEST_BYLINE: Final = 200
_MOST_NAMES: Final = 12
_MOST_PLACES: Final = 30
_MOST_BOX_PIECES: Final = 4
#: Two to four words that each begin with a capital; between them "van der" and the like.
_PERSON: Final = re.compile(
    rf"[^\W\d_a-z][\w.’'-]{{0,20}}(?: (?:(?:{_any_of(_RULES.particles)}) ){{0,2}}[^\W\d_a-z][\w.’'-]{{0,20}}){{1,3}}"
)
_ENOUGH: Final = 3
_NO_NAME: Final = re.compile(r"https?:|www\.|[<>{}\[\]=*#?!]|\d{2,}|\.(?:com|org|net)\b|^\S+\.[a-z]{2,}$|\.\S+\.")


@lru_cache(maxsize=4096)
def names_in(said: str, *, listed_names: bool = True) -> tuple[str, ...]:
    """Names in a byline: "By A. Valk and B. Orr, PhD | 3 May" → A. Valk, B. Orr."""
    line = said.strip()
    if line.startswith(("http:", "https:", "www.")) or ("@" in line[1:] and " " not in line):
        return ()
    within = _WITHIN.search(line)
    if within is not None:
        line = line[within.end() :]
    line = _BEFORE.sub("", line)
    dates = find_dates(line)
    if dates:
        folded = " ".join(line.split())
        line = folded[: dates[0].start] or folded[dates[0].end :]
    line = _AFTER.sub("", line)
    found: list[str] = []
    for part in _BETWEEN.split(line) if listed_names else (line,):
        name = _LAST_WORD.sub("", _BEFORE.sub("", part)).strip(" \t\n.,:;·•-–—|\"'“”")
        if name.casefold() in _CREDENTIALS or (found and not _JOBS.isdisjoint(name.casefold().split())):
            continue
        if _is_name(name):
            found.append(name)
        elif found and name:
            break
    return tuple(dict.fromkeys(found[:_MOST_NAMES]))


def _is_name(name: str) -> bool:
    words = name.casefold().split()
    if not 2 <= len(name) <= _LONGEST_NAME or " ".join(words) in _NOBODY or _NOBODY.issuperset(words):
        return False
    return len(words) <= _MOST_WORDS and not _NO_NAME.search(name) and any(char.isalpha() for char in name)


def is_organisation(name: str) -> bool:
    return not _ORGANISATION.isdisjoint(name.casefold().split())


def byline(reading: Reading, headline: Node | None, site_name: str | None) -> Byline:
    """Who wrote the page, with the elements that say so."""
    said = _Said(reading, headline)
    names = said.decide(site_name)
    return Byline(names, tuple(Claim(node, Role.BYLINE, "byline") for node, _ in said.shown))


class _Said:
    """Names in every place that tells them."""

    def __init__(self, reading: Reading, headline: Node | None) -> None:
        self.reading = reading
        self.headline = headline

    def decide(self, site_name: str | None) -> tuple[str, ...]:
        """People before organisations; of people, those that the linked data and the byline agree on."""
        seen, told = self.shown[0][1] if self.shown else (), self.linked or self.meta
        people, seen_people = self._people(told, site_name), self._people(seen, site_name)
        if people and seen_people and ((_is_login(people) and not self._is_forum) or _adds_to(seen_people, people)):
            return seen_people
        people = people or seen_people or self._people(self.meta, site_name)
        return people or told or seen or self._lesser or self._user

    @property
    def _is_forum(self) -> bool:
        main = self.reading.linked.main
        return main is not None and "DiscussionForumPosting" in types(main)

    def _people(self, names: tuple[str, ...], site_name: str | None) -> tuple[str, ...]:
        return tuple(
            name
            for name in names
            if not is_organisation(name) and name not in self._organisations and name != site_name
        )

    @cached_property
    def _organisations(self) -> frozenset[str]:
        """Names that the linked data gives organisations."""
        linked = self.reading.linked
        known = [text(thing.get("name")) for thing in linked.of_type(*_ORGANISATIONS, "WebSite", "LocalBusiness")]
        if linked.main is not None:
            known += texts(linked.main.get("publisher"))
        return frozenset(name for name in known if name)

    @cached_property
    def linked(self) -> tuple[str, ...]:
        main = self.reading.linked.main
        if main is None:
            return ()
        named = (_names_of(one) for one in listed(main.get("author") or main.get("creator")))
        return tuple(dict.fromkeys(name for names in named for name in names))

    @cached_property
    def meta(self) -> tuple[str, ...]:
        for key in _RULES.meta:
            contents = [" ".join(one.split()) for one in self.reading.meta.get(key, ())]
            if key.startswith("citation"):
                contents = [_in_speaking_order(one) for one in contents]
            said = [name for content in contents for name in names_in(content)]
            if said:
                return tuple(dict.fromkeys(said))
        return self._labelled

    @property
    def _labelled(self) -> tuple[str, ...]:
        """What a meta element calls "Written by" for the cards that are shown of a shared link."""
        meta = self.reading.meta
        for label, data in _CARD:
            if meta.get(label) and meta.get(data) and _BEFORE.fullmatch(meta[label][0]):
                return names_in(meta[data][0])
        return ()

    @property
    def _user(self) -> tuple[str, ...]:
        """A user's name in the meta elements, where it does not look like a person's."""
        said = (_user_name(" ".join(one.split())) for key in _RULES.meta[:1] for one in self.reading.meta.get(key, ()))
        return next((names for names in said if names), ())

    @cached_property
    def shown(self) -> list[Shown]:
        """Elements that show a byline, those after the headline first, with their names; else unmarked lines."""
        found = []
        for node in elements_by_distance(self.reading, self.headline, _PLACES, _RULES.letters):
            names = self._names(node)
            if names:
                found.append((node, names))
                if len(found) == _ENOUGH:
                    break
        return found or self._unmarked

    def _names(self, node: Node) -> tuple[str, ...]:
        if (
            not 0 < node.last - node.first <= MOST_PIECES
            or not is_own(self.reading, node)
            or _stands_around(node, MOST_PIECES, self.headline)
        ):
            return ()
        said = self.reading.document.text(node)
        names = names_in(said) if len(said) <= _LONGEST_BYLINE else ()
        names = tuple(name for name in names if _is_capitalised(name))
        return (self._alone(node, names[0]), *names[1:]) if names else ()

    def _alone(self, node: Node, name: str) -> str:
        """A name without what follows it in the same line, where an element of its own holds it."""
        if name.count(" ") < 2:
            return name
        inner = (self.reading.text(one) for one in self.reading.document.within(node))
        return next((one for one in inner if one != name and name.startswith(one) and _PERSON.fullmatch(one)), name)

    @cached_property
    def _unmarked(self) -> list[Shown]:
        """Lines near the headline that no element calls a byline: they begin with "By", or stand beside a date."""
        _, lines = lines_beside(self.reading, self.headline, _LONGEST_BYLINE)
        for place, (_, line) in enumerate(lines):
            alone = _BEFORE.fullmatch(line) is not None and place + 1 < len(lines)
            if alone or _BEFORE.match(line) or _WITHIN.search(line):
                node, said = lines[place + alone]
                names = names_in(said)
                if names and (all(_is_capitalised(name) for name in names) or len(said) <= _LONGEST_NAME):
                    return [(node, names)]
        dated = [bool(find_dates(line)) for _, line in lines]
        for place, (node, line) in enumerate(lines):
            if any(dated[max(0, place - 1) : place + 2]) and not dated[place] and _PERSON.fullmatch(line):
                return [(node, (line,))]
        return []

    @cached_property
    def _lesser(self) -> tuple[str, ...]:
        """The thread's starter in a forum, else the only name in the boxes about authors."""
        index = self.reading.index
        start = self.headline.index if self.headline is not None else 0
        users = [node for letters in _RULES.users for node in index.under("~", letters) if node.index > start]
        if len(users) > 1:
            return _user_name(self.reading.text(users[0]))
        boxes = {
            names
            for letters in _RULES.letters
            for node in index.under("~", letters)[:_MOST_PLACES]
            if 0 < node.last - node.first <= _MOST_BOX_PIECES and self.reading.entry.owns(node)
            if (names := names_in(self.reading.document.text(node)[:_LONGEST_BYLINE], listed_names=False))
        }
        return boxes.pop() if len(boxes) == 1 else ()


def _names_of(author: Any) -> tuple[str, ...]:
    """Names of an author in the linked data; an organisation's is one name, whatever it joins."""
    if isinstance(author, dict) and not _ORGANISATIONS.isdisjoint(types(author)):
        return tuple(texts(author))
    named = (names_in(one, listed_names="," not in one) or _user_name(one) for one in texts(author))
    return tuple(name for names in named for name in names)


def _adds_to(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether they are the others and more people beside."""
    known = {_plain(name) for name in others}
    return (
        len(some) > len(others)
        and known <= {_plain(name) for name in some}
        and all(_PERSON.fullmatch(name) and _JOBS.isdisjoint(name.casefold().split()) for name in some)
    )


def _plain(name: str) -> str:
    """A name to compare: without "Dr." before it."""
    words = name.casefold().split()
    return " ".join(words[1:] if words[0] in _HONORIFICS else words)


def _in_speaking_order(name: str) -> str:
    """Libraries' "Orr, Tamsin" as Tamsin Orr."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first else name


def _user_name(said: str) -> tuple[str, ...]:
    """A name that people give themselves (``lulug30``), where the place leaves no doubt that it is one."""
    plain = len(said) <= _LONGEST_NAME and said.casefold() not in _NOBODY and "/" not in said and "@" not in said
    return (said,) if plain and any(char.isalpha() for char in said) else ()


def _is_login(names: tuple[str, ...]) -> bool:
    """Whether it is how a system calls its user: ``andrew.keaveney``, ``jsmith``."""
    return len(names) == 1 and " " not in names[0] and names[0].islower()


def _is_capitalised(name: str) -> bool:
    return not any(word[0].islower() for word in name.split() if len(word) > 3)
