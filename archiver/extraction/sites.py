"""Site files: what a single site's pages need to be told, and no other's (``rules/sites/<host>.toml``).

A file names places. Where one of its selectors finds something, that is what counts; where it
finds nothing (another layout, another kind of page), the page is read as any other is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from archiver import rules
from archiver.document import Node
from archiver.extraction.blocks import Block, Claim
from archiver.extraction.bylines import names_in
from archiver.extraction.comments.systems import SYSTEMS
from archiver.extraction.dates import parse_date
from archiver.extraction.metadata import Metadata
from archiver.extraction.ratings import Ratings
from archiver.extraction.ratings.lines import rating_in_line
from archiver.extraction.select import Selector, rule
from archiver.extraction.tags.found import NAMED, Tags
from archiver.page import address_of
from archiver.record import Role, TagsState

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


class SiteRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One site file, as written: a selector for each thing, all of them optional."""

    #: The elements whose text is the article, in page order.
    body: str = ""
    title: str = ""
    subtitle: str = ""
    authors: str = ""
    published: str = ""
    rating: str = ""
    #: One element a term.
    tags: str = ""
    categories: str = ""
    #: The comment system, by the name of its file in ``rules/comments``; no other is looked for.
    comments: str = ""
    #: What is no part of the article though it stands within, by role.
    boilerplate: dict[Role, str] = {}


@dataclass(frozen=True)
class Site:
    """A site file, compiled."""

    host: str
    places: dict[str, Selector]
    boilerplate: tuple[tuple[Role, Selector], ...]
    #: The one comment system of the site; None where any may be.
    comments: str | None

    @classmethod
    def of(cls, host: str, given: SiteRule) -> Site:
        if given.comments and given.comments not in _SYSTEMS:
            raise rules.RuleError(f"sites/{host}.toml: comments: there is no rules/comments/{given.comments}.toml")
        named = {name: getattr(given, name) for name in _PLACES}
        return cls(
            host=host,
            places={name: rule(selector) for name, selector in named.items() if selector},
            boilerplate=tuple((role, rule(selector)) for role, selector in given.boilerplate.items()),
            comments=given.comments or None,
        )

    def body(self, reading: Reading) -> tuple[Node, ...]:
        """The elements that hold the article; none where the page has none of them."""
        return tuple(self._found("body", reading))

    def claims(self, reading: Reading) -> list[Claim]:
        """Claims on all that the file names, but the article."""
        found = [
            Claim(node, role, f"site file: {selector.source}")
            for role, selector in self.boilerplate
            for node in reading.index.select(selector)
        ]
        for name, role in _ROLES.items():
            found += [Claim(node, role, f"site file: {name}") for node in self._found(name, reading)]
        return found

    def metadata(self, reading: Reading, given: Metadata) -> Metadata:
        title, subtitle = self._texts("title", reading), self._texts("subtitle", reading)
        authors = tuple(name for said in self._texts("authors", reading) for name in names_in(said))
        told = replace(
            given,
            title=title[0] if title else given.title,
            subtitle=subtitle[0] if subtitle else given.subtitle,
            authors=tuple(dict.fromkeys(authors)) or given.authors,
        )
        return self._dated(reading, told)

    def tags(self, reading: Reading, given: Tags) -> Tags:
        tags, categories = self._texts("tags", reading), self._texts("categories", reading)
        told = replace(given, categories=tuple(dict.fromkeys(categories)) or given.categories)
        if not tags:
            return told
        names = tuple(dict.fromkeys(tags))
        return replace(told, tags=names, state=TagsState.FOUND, slots=len(names), confidence=NAMED)

    def ratings(self, reading: Reading, given: Ratings) -> Ratings:
        lines = (rating_in_line(said) for said in self._texts("rating", reading))
        found = next((line.rating for line in lines if line is not None), None)
        return replace(given, rating=found) if found is not None else given

    def _dated(self, reading: Reading, given: Metadata) -> Metadata:
        for node in self._found("published", reading):
            raw = node.get("datetime") or reading.text(node)
            moment = parse_date(raw, language=given.language, relative_to=reading.page.fetched_at)
            if moment is not None:
                return replace(given, published_at=moment, published_at_raw=raw, published_source="site file")
        return given

    def _texts(self, name: str, reading: Reading) -> list[str]:
        return [said for node in self._found(name, reading) if (said := reading.text(node))]

    def _found(self, name: str, reading: Reading) -> Sequence[Node]:
        selector = self.places.get(name)
        return reading.index.select(selector) if selector is not None else ()


_ROLES: Final = {
    "title": Role.TITLE, "subtitle": Role.SUBTITLE, "authors": Role.BYLINE, "published": Role.DATELINE,
    "rating": Role.RATING, "tags": Role.TAG_LINE, "categories": Role.TAG_LINE,
}  # fmt: skip
_PLACES: Final = ("body", *_ROLES)
_SYSTEMS: Final = frozenset(system.name for system in SYSTEMS)


#: Every site with a file, by host.
SITES: Final = {host: Site.of(host, given) for host, given in rules.read_all("sites", SiteRule).items()}


def site_file(url: str | None) -> Site | None:
    """The file of the page's host, or of the nearest domain above it that has one."""
    host = (address_of(url).hostname or "").removeprefix("www.")
    while host:
        if host in SITES:
            return SITES[host]
        host = host.partition(".")[2]
    return None


def name_body(blocks: Iterable[Block], holders: Sequence[Node]) -> None:
    """What stands in these elements is the article, but for what was claimed, or says itself what it is."""
    for block in blocks:
        if (
            block.role is None
            and block.said is None
            and any(holder.holds(block.node) for holder in holders if block.node)
        ):
            block.role, block.reason, block.confidence = Role.BODY, "site file: body", 1.0
