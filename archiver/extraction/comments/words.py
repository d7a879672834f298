"""Words that tell a comment's parts: ``rules/comment_words.toml``."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from archiver import rules
from archiver.document import Node
from archiver.extraction.hints import words_of


class Classes(Struct, frozen=True, forbid_unknown_fields=True):
    author: frozenset[str]
    author_better: frozenset[str]
    date: frozenset[str]
    text: frozenset[str]
    junk: frozenset[str]
    title: frozenset[str]
    elsewhere: frozenset[str]
    elsewhere_unless: frozenset[str]
    silent: tuple[str, ...]


class Phrases(Struct, frozen=True, forbid_unknown_fields=True):
    says: frozenset[str]
    by: frozenset[str]
    unverified: tuple[str, ...]
    replied: tuple[str, ...]
    tools: frozenset[str]
    removed: tuple[str, ...]


class Counts(Struct, frozen=True, forbid_unknown_fields=True):
    nouns: tuple[str, ...]
    none: frozenset[str]
    one: frozenset[str]
    posts: frozenset[str]


class Repetition(Struct, frozen=True, forbid_unknown_fields=True):
    sure: tuple[str, ...]
    unsure: tuple[str, ...]
    never: frozenset[str]
    around: frozenset[str]


class Forum(Struct, frozen=True, forbid_unknown_fields=True):
    addresses: frozenset[str]
    types: tuple[str, ...]
    posts: tuple[str, ...]


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    classes: Classes
    repetition: Repetition
    forum: Forum
    phrases: Phrases
    counts: Counts


WORDS: Final = rules.read("comment_words.toml", Words)


class Flag:
    """Bits; plain numbers, since every element of every comment is asked."""

    NONE = 0
    AUTHOR = 1
    BETTER = 2
    DATE = 4
    TEXT = 8
    JUNK = 16
    TITLE = 32
    ELSEWHERE = 64


#: Class attributes remembered; sites repeat the same few.
_KEPT: Final = 50_000
#: First words of layout classes, whose other words say nothing (``text-sm``, ``justify-content-end``).
_LAYOUT: Final = frozenset(
    {
        "text",
        "justify",
        "items",
        "align",
        "flex",
        "font",
        "bg",
        "border",
        "grid",
        "col",
        "color",
        "d",
        "js",
        "u",
        "sm",
        "md",
    }
)
_OUTER: Final = " \t\n.,:;!?|·•–—-»«›‹>#*'\"“”„()[]\u00a0\u200e\u200f…、：。"
_LONGEST_PHRASE: Final = 3

_seen: dict[str, int] = {}


def flags_of(node: Node) -> int:
    """What the element's class says it is in a comment."""
    attribute = node.attrs.get("class")
    if not attribute:
        return Flag.NONE
    found = _seen.get(attribute)
    if found is None:
        if len(_seen) > _KEPT:
            _seen.clear()
        found = _seen[attribute] = _judge(attribute)
    return found


def _judge(attribute: str) -> int:
    found = Flag.NONE
    for token in attribute.split():
        words = words_of(token)
        if len(words) > 1 and words[0] in _LAYOUT and words[-1] not in WORDS.classes.author:
            continue
        for word in reversed(words):
            flag = _flag(word)
            if flag:
                found |= flag
                break
    return found


def _flag(word: str) -> int:
    classes = WORDS.classes
    if word in classes.author:
        return Flag.AUTHOR | Flag.BETTER if word in classes.author_better else Flag.AUTHOR
    if word in classes.date:
        return Flag.DATE
    if word in classes.text:
        return Flag.TEXT
    if word in classes.junk:
        return Flag.JUNK
    if word in classes.title:
        return Flag.TITLE
    return Flag.NONE


def is_elsewhere(node: Node) -> bool:
    """Whether the element's class or id names a place where no reader answers: a side bar, a widget."""
    if node.tag in ("aside", "nav"):
        return True
    silent = WORDS.classes.silent
    said = " ".join(token for token in f"{node.get('class')} {node.get('id')}".split() if not token.startswith(silent))
    if not said:
        return False
    words = WORDS.classes.elsewhere.intersection(words_of(said))
    return bool(words) and not (words <= WORDS.classes.elsewhere_unless and "comment" in said.lower())


def fold(text: str) -> str:
    return " ".join(text.split()).casefold().strip(_OUTER)


def is_tool(text: str) -> bool:
    """Whether a short text is a link or a button beside a comment: "Reply", "Permalink", "Report"."""
    folded = fold(text)
    return not folded or folded in WORDS.phrases.tools


def is_lead_in(text: str) -> bool:
    """Whether a text only leads to or from a name: "Posted by", "says:"."""
    return fold(text) in WORDS.phrases.by or fold(text) in WORDS.phrases.says


def is_removed(text: str) -> bool:
    """Whether a text stands in the place of a removed comment."""
    folded = " ".join(text.split()).casefold()
    return len(folded) < 120 and folded.startswith(WORDS.phrases.removed)


_NUMBERED: Final = re.compile(r"\A\s*#?\d{1,5}[.:)]\s")
_DASHED_DATE: Final = re.compile(r"\s[—–|·•]\s[^\w]{0,4}\d")


def name_of(text: str) -> str | None:
    """A name without what stands around it: "3. By Ann says:" → Ann. None where no name is left."""
    for replied in WORDS.phrases.replied:
        place = text.casefold().find(replied)
        text = text[:place] if place > 0 else text
    dashed = _DASHED_DATE.search(text)
    words = _NUMBERED.sub("", text[: dashed.start()] if dashed is not None else text, count=1).split()
    words = _without_end(words)
    words = _without_start(words)
    name = " ".join(words).strip(' \t\n,:;|·•–—»«›‹>"“”\u200e\u200f：')
    return name.removeprefix("- ") or None


def _without_end(words: list[str]) -> list[str]:
    for size in range(_LONGEST_PHRASE, 0, -1):
        if len(words) > size and fold(" ".join(words[-size:])) in WORDS.phrases.says:
            return words[:-size]
    for suffix in ("より", "说", "說"):
        if words and len(words[-1].rstrip(":：")) > len(suffix) and words[-1].rstrip(":：").endswith(suffix):
            return [*words[:-1], words[-1].rstrip(":：").removesuffix(suffix)]
    return words


def _without_start(words: list[str]) -> list[str]:
    for size in range(_LONGEST_PHRASE, 0, -1):
        if len(words) > size and fold(" ".join(words[:size])) in WORDS.phrases.by:
            return words[size:]
    return words
