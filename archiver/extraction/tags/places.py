"""Places for terms: elements whose class or id says that they are one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from archiver.document import Node
from archiver.extraction.hints import words_of
from archiver.extraction.select import rule, rule_letters
from archiver.extraction.tags.wording import (
    LABELS,
    LONGEST_LABEL,
    MOST_PIECES,
    NOUNS,
    POST_CLASS,
    RULES,
    SEPARATORS,
    Kind,
)

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_TAG_WORDS: Final = frozenset(RULES.containers.tag_words)
_CATEGORY_WORDS: Final = frozenset(RULES.containers.category_words)
_BOTH_WORDS: Final = frozenset(RULES.containers.both_words)
_PLACES: Final = frozenset(RULES.containers.places)
_NEVER: Final = frozenset(RULES.containers.never)
_NEVER_TOKENS: Final = frozenset(RULES.containers.never_tokens)
_TAG_TOKENS: Final = frozenset(RULES.containers.tag_tokens)

#: Letters that a class naming a place for terms holds somewhere.
_LETTERS: Final = ("tag", "cat", "kategor", "rubri", "topic", "keyword", "label", "taxonom", "terms")

for _letters in _LETTERS:
    rule_letters(_letters)

_IDS: Final = rule(", ".join(f"#{one}" for one in RULES.containers.ids))


class Place(NamedTuple):
    """An element that a theme made for terms, and for which kind; None where it is for both."""

    node: Node
    kind: Kind | None


def places_of(reading: Reading) -> list[Place]:
    """Elements whose class names a place for terms, outer before inner."""
    entry = reading.entry
    seen: dict[int, Place] = {}
    for letters in _LETTERS:
        for node in reading.index.under("~", letters):
            if node.index in seen or node.last - node.first > MOST_PIECES:
                continue
            named = _place_kind(node.attrs["class"])
            if named is not None and not entry.holds_article(node) and entry.owns(node):
                seen[node.index] = Place(node, _own_label(reading, node) or (None if named == "both" else named))
    for node in reading.index.select(_IDS):
        if node.index not in seen and node.last - node.first <= MOST_PIECES and entry.owns(node):
            named = _place_kind(node.attrs["id"])
            seen[node.index] = Place(node, _own_label(reading, node) or (None if named == "both" else named))
    return [seen[i] for i in sorted(seen)]


def _own_label(reading: Reading, place: Node) -> Kind | None:
    """What a place calls itself in words; readers see those, not its class."""
    first = reading.document.pieces[place.first] if place.first < place.last else None
    if first is None or first.linked or len(first.text) > LONGEST_LABEL:
        return None
    return LABELS.get(first.text.strip(SEPARATORS).casefold())


@lru_cache(maxsize=50_000)
def _place_kind(attribute: str) -> Kind | Literal["both"] | None:
    """What kind of terms a class names a place for."""
    if POST_CLASS.search(attribute):
        return None
    kinds = {kind for token in attribute.split() if (kind := _token_kind(token)) is not None}
    if "never" in kinds or not kinds:
        return None
    if len(kinds) > 1 or "both" in kinds:
        return "both"
    return "tag" if "tag" in kinds else "category"


def _token_kind(token: str) -> Kind | Literal["both", "never"] | None:
    if token in _TAG_TOKENS:
        return "tag"
    words = words_of(token)
    said = set(words)
    if token in _NEVER_TOKENS or not _NEVER.isdisjoint(said):
        return "never"
    is_tag, is_category = not _TAG_WORDS.isdisjoint(said), not _CATEGORY_WORDS.isdisjoint(said)
    if (is_tag and is_category) or not _BOTH_WORDS.isdisjoint(said):
        return "both"
    if is_tag or is_category:
        return "tag" if is_tag else "category"
    for place, word in enumerate(words):
        kind = NOUNS.get(word)
        if kind is not None and (place == len(words) - 1 or words[place + 1] in _PLACES):
            return kind
    return None
