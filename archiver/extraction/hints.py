"""Hints: what class and id attributes, and a block's own words, say a block is for.

Read from ``rules/tokens.toml`` and ``rules/phrases.toml``. A hint is evidence; who decides is
:mod:`archiver.extraction.labels`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct

from archiver import rules
from archiver.document import Node
from archiver.record import Role


class Tokens(Struct, frozen=True, forbid_unknown_fields=True):
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()


class Phrases(Struct, frozen=True, forbid_unknown_fields=True):
    equals: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()


class Hint(NamedTuple):
    role: Role
    strong: bool
    reason: str


#: A block longer than this quotes a notice, it is none.
LONGEST_NOTICE: Final = 300
#: Attributes remembered; sites repeat the same few.
_KEPT: Final = 50_000
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OUTER: Final = " \t\n.…:!?*※|·•–—-»«›‹>\"'“”„()[]/\u00ad"


def words_of(attribute: str) -> tuple[str, ...]:
    """The words of a class or id attribute, lower case: ``entryMeta post-tags`` → entry, meta, post, tags."""
    return tuple(word.lower() for word in _WORDS.findall(attribute))


class _TokenTable:
    def __init__(self) -> None:
        table = rules.read("tokens.toml", dict[Role, Tokens])
        self.strong = {token: role for role, tokens in table.items() for token in tokens.strong}
        self.weak = {word: role for role, tokens in table.items() for word in tokens.weak}
        self.seen: dict[str, Hint | None] = {}

    def look(self, attribute: str) -> Hint | None:
        if attribute in self.seen:
            return self.seen[attribute]
        if len(self.seen) > _KEPT:
            self.seen.clear()
        hint = self.seen[attribute] = self._judge(attribute)
        return hint

    def _judge(self, attribute: str) -> Hint | None:
        for token in reversed(attribute.split()):  # the later ones are the more specific
            role = self.strong.get(token)
            if role is not None:
                return Hint(role, True, f"token {token}")
        words = words_of(attribute)
        for first, second in pairwise(words):
            role = self.strong.get(f"{first}-{second}")
            if role is not None:
                return Hint(role, False, f"words {first} {second}")
        for word in words:
            role = self.weak.get(word)
            if role is not None:
                return Hint(role, False, f"word {word}")
        return None


_TOKENS: Final = _TokenTable()


def token_hint(node: Node) -> Hint | None:
    """What the element's own id or class says it is for."""
    attrs = node.attrs
    return names_hint(attrs.get("class"), attrs.get("id")) if attrs else None


def names_hint(name: str | None, ident: str | None) -> Hint | None:
    """What a class attribute and an id say an element is for."""
    hint = _TOKENS.look(name) if name else None
    if hint is not None and hint.strong:
        return hint
    return (_TOKENS.look(ident) if ident else None) or hint


class _PhraseTable:
    def __init__(self) -> None:
        table = rules.read("phrases.toml", dict[Role, Phrases])
        self.equals = {fold(text): role for role, said in table.items() for text in said.equals}
        self.starts: dict[str, list[tuple[str, Role]]] = {}
        for role, said in table.items():
            for text in said.starts:
                start = _fold_start(text)
                self.starts.setdefault(start[:3], []).append((start, role))

    def look(self, text: str) -> Hint | None:
        folded = fold(text)
        role = self.equals.get(folded)
        if role is not None:
            return Hint(role, True, f"phrase “{folded}”")
        start = _fold_start(text[:80])
        for phrase, role in self.starts.get(start[:3], ()):
            if start.startswith(phrase):
                return Hint(role, True, f"phrase “{phrase}”")
        return None


def fold(text: str) -> str:
    """A phrase as phrases are compared: lower case, straight quotes, outer punctuation off."""
    return text.casefold().replace("’", "'").strip(_OUTER)


def _fold_start(text: str) -> str:
    return text.casefold().replace("’", "'").lstrip(' *•·»«›>-–—|"“')


_PHRASES: Final = _PhraseTable()


def phrase_hint(text: str) -> Hint | None:
    """What a block's words say it is for; None for a long block, whatever it quotes."""
    return _PHRASES.look(text) if len(text) <= LONGEST_NOTICE else None
