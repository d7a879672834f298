"""What is found: tags and categories, and their names as displayed or as an address has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.tags.wording import LONGEST_TERM, RULES, SEPARATORS, Kind
from archiver.page import without_controls
from archiver.record import TagsState

_DEFAULTS: Final = frozenset(RULES.text.default_categories)

#: Terms kept of one page, so that a page cannot make a record of any size.
MOST_TERMS: Final = 300


#: How sure tags are that stand in a place made for them, in one known only by its links or its label, in the addresses
#: of emptied links, in metadata alone, which know tags that no reader was shown.
NAMED, UNNAMED, EMPTIED, HIDDEN = 0.95, 0.9, 0.8, 0.5


@dataclass(frozen=True)
class Tags:
    """What a page says it is filed under. Names are as displayed; recovered ones may be slugs.

    ``slots`` is how many places for tags there are, filled or emptied; ``confidence`` tells how the tags were found.
    """

    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    state: TagsState = TagsState.ABSENT
    slots: int = 0
    claims: tuple[Claim, ...] = ()
    confidence: float | None = None


@dataclass
class Found:
    """What one source tells; merged by :func:`_merged`."""

    tags: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)

    def add(self, kind: Kind, name: str) -> None:
        (self.tags if kind == "tag" else self.categories).append(name)


def displayed(text: str) -> str:
    name = " ".join(text.split()).strip(" \t,;|·•、，").removeprefix("#").strip()
    return name if name.strip(SEPARATORS + ".…\"'") else ""


def slug_of(link: Node) -> str | None:
    """The name in an emptied link's address, its hyphens as spaces."""
    try:
        path = urlsplit(link.attrs.get("href", "")).path
    except ValueError:
        return None
    last = path.rstrip("/").rpartition("/")[2]
    return from_slug(last)


def from_slug(slug: str) -> str | None:
    name = " ".join(without_controls(unquote(slug)).replace("+", " ").replace("-", " ").replace("_", " ").split())
    return name if name and not name.isdigit() and len(name) <= LONGEST_TERM else None


def unique(names: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(name.casefold(), name)
    return tuple(kept.values())[:MOST_TERMS]


def categories_of(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in unique(names) if name.casefold() not in _DEFAULTS)
