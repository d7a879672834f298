"""The words that file a page, from the rules: classes, addresses, labels; and how long a term and its line may be."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from archiver import rules
from archiver.extraction.select import rule

Kind = Literal["tag", "category"]

BOTH: Final = ("tag", "category")


class _Containers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ids: tuple[str, ...]
    tag_words: tuple[str, ...]
    category_words: tuple[str, ...]
    tag_tokens: tuple[str, ...]
    both_words: tuple[str, ...]
    tag_nouns: tuple[str, ...]
    category_nouns: tuple[str, ...]
    places: tuple[str, ...]
    never: tuple[str, ...]
    never_tokens: tuple[str, ...]


class _Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tag: tuple[str, ...]
    category: tuple[str, ...]


class _Bases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tag: tuple[str, ...]
    category: tuple[str, ...]
    other: tuple[str, ...]


class _Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tag: tuple[str, ...]
    category: tuple[str, ...]
    category_in_meta: tuple[str, ...]
    weak: tuple[str, ...]
    said: tuple[str, ...]
    opening: tuple[str, ...]


class _Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ends: tuple[str, ...]
    joins: tuple[str, ...]
    no_term: tuple[str, ...]
    counted: tuple[str, ...]
    default_categories: tuple[str, ...]
    home: tuple[str, ...]


class _Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keywords: tuple[str, ...]


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    tags: str
    categories: str
    separator: str


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    containers: _Containers
    terms: _Terms
    bases: _Bases
    labels: _Labels
    text: _Text
    metadata: _Metadata
    layer: tuple[Layer, ...]


RULES: Final = rules.read("tags.toml", _Rules)
NOUNS: Final[dict[str, Kind]] = {
    **dict.fromkeys(RULES.containers.tag_nouns, "tag"),
    **dict.fromkeys(RULES.containers.category_nouns, "category"),
}

BASES: Final[dict[str, Kind | Literal["other"]]] = {
    **dict.fromkeys(RULES.bases.tag, "tag"),
    **dict.fromkeys(RULES.bases.category, "category"),
    **dict.fromkeys(RULES.bases.other, "other"),
}

LABELS: Final[dict[str, Kind]] = {
    **dict.fromkeys(RULES.labels.tag, "tag"),
    **dict.fromkeys(RULES.labels.category, "category"),
}

WEAK: Final = frozenset(RULES.labels.weak)
SAID: Final = frozenset(RULES.labels.said)
LINKS: Final = rule("a")

#: A term is a name, not a headline.
LONGEST_TERM: Final = 60  # characters
MOST_WORDS: Final = 8
MOST_TERM_PIECES: Final = 6

#: A place for terms is short; what is longer holds the article.
MOST_PIECES: Final = 200
LONGEST_LINE: Final = 600  # characters
LONGEST_LABEL: Final = 45  # characters
SEPARATORS: Final = " \t\r\n,;:：|·•/–—-»›>#、，؛&\u00a0"
SPLIT: Final = re.compile(r"[,;|·•、，]")
POST_CLASS: Final = re.compile(r"(?:^|\s)(?:hentry|post-\d+|type-[\w-]+|status-publish|h-entry)(?:\s|$)")
