"""rules/discovery.toml: what addresses, sections and titles say, as data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

from msgspec import Struct

from archiver import rules


class Reviews(Struct, frozen=True, forbid_unknown_fields=True):
    """Words by which a section, an address or a title says: this is a review."""

    words: tuple[str, ...]
    endings: tuple[str, ...]
    anywhere: tuple[str, ...]


class Others(Struct, frozen=True, forbid_unknown_fields=True):
    """What plainly is no review: machinery, lists, papers of the house, other sections."""

    segments: frozenset[str]
    last_segments: frozenset[str]
    papers: frozenset[str]
    numbered: tuple[str, ...]
    parameters: frozenset[str]
    endings: tuple[str, ...]
    sections: frozenset[str]
    sitemaps: frozenset[str]
    types: frozenset[str]
    feeds: tuple[str, ...]


class Variants(Struct, frozen=True, forbid_unknown_fields=True):
    """One page in another dress."""

    path_endings: tuple[str, ...]
    parameters: dict[str, tuple[str, ...]]


class Listings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the further pages of a list are addressed and called."""

    numbers: frozenset[str]
    segments: tuple[str, ...]
    older: frozenset[str]


class Discovery(Struct, frozen=True, forbid_unknown_fields=True):
    reviews: Reviews
    others: Others
    variants: Variants
    listings: Listings


@cache
def discovery() -> Discovery:
    return rules.read("discovery.toml", Discovery)


_ACCENT: Final = re.compile("[\u0300-\u036f]")
_WORD: Final = re.compile(r"[^\W_]+")


def words_of(said: str) -> list[str]:
    """The words of an address or a text, in their :func:`plain` form."""
    return _WORD.findall(plain(said))


def plain(said: str) -> str:
    """In lower case, without the accents of Latin, Greek and Cyrillic letters."""
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFKD", said.casefold())))


def review_word(said: Iterable[str]) -> str | None:
    """The first word that speaks of a review."""
    reviews = discovery().reviews
    for one in said:
        for word in words_of(one):
            if word in reviews.words or word.endswith(reviews.endings):
                return word
        for sign in reviews.anywhere:
            if sign in one:
                return sign
    return None
