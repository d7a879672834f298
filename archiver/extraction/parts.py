"""The pages of an article that is spread over several: their numbers, and where it stands as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from archiver import rules
from archiver.document import Node
from archiver.extraction.markup import Markup
from archiver.extraction.select import rule
from archiver.page import address_of

#: Pages of one article that are asked for; what says that it has more is no article.
MOST_PARTS: Final = 50


class _Parts(Struct, frozen=True, forbid_unknown_fields=True):
    """rules/parts.toml"""

    numbers: tuple[str, ...]
    current: tuple[str, ...]
    whole: frozenset[str]
    printed: frozenset[str]


@dataclass(frozen=True)
class Parts:
    """``others`` has the addresses of the article's other pages by number; ``whole`` those at which it may
    stand as one page, the most likely first."""

    own: int
    others: Mapping[int, str]
    whole: tuple[str, ...] = ()


def parts_of(markup: Markup) -> Parts | None:
    """None for a page that shows no numbers of an article's pages."""
    found = markup.index.select(_NUMBERS)
    if not found:
        return None
    others = _numbered(markup, found)
    shown = next((number for node in found for number in _shown(markup, node)), None)
    if not others and shown is None:
        return None
    own = shown or next(number for number in range(1, len(others) + 2) if number not in others)
    others.pop(own, None)
    return Parts(own, others, tuple(_whole(markup)))


_RULES: Final = rules.read("parts.toml", _Parts)
_NUMBERS: Final = rule(", ".join(_RULES.numbers))
_CURRENT: Final = rule(", ".join(_RULES.current))
_LINK: Final = rule("a[href]")
#: ``2``, ``Page 2``
_SAID: Final = re.compile(r"(?:[^\W\d]{1,20}\W{1,3})?(\d{1,3})")
_LONGEST: Final = 60  # characters of a link that leads to the whole article


def _numbered(markup: Markup, found: list[Node]) -> dict[int, str]:
    """The first link of each number; numbers may themselves be what is marked."""
    numbered: dict[int, str] = {}
    for node in found:
        links = [node] if node.tag == "a" else markup.index.select(_LINK, node)
        for link in links:
            number, url = _number(markup, link), _own(markup, link)
            if number is not None and url is not None:
                numbered.setdefault(number, url)
    return numbered


def _shown(markup: Markup, node: Node) -> Iterator[int]:
    """The number of this page, which is no link."""
    for one in (node, *markup.index.select(_CURRENT, node)):
        number = _number(markup, one)
        is_link = one.tag == "a" or any(around.tag == "a" for around in one.ancestors())
        if number is not None and not is_link and not markup.index.select(_LINK, one):
            yield number


def _number(markup: Markup, node: Node) -> int | None:
    said = _SAID.fullmatch(markup.text(node))
    number = int(said[1]) if said is not None else 0
    return number if 0 < number <= MOST_PARTS else None


def _whole(markup: Markup) -> Iterator[str]:
    """Links to the article as one page, before those to a form of it for printing."""
    by_words: dict[str, list[str]] = {"whole": [], "printed": []}
    for link in markup.index.select(_LINK):
        said = " ".join((markup.text(link) or link.get("title")).casefold().split()).strip(" .»›>")
        if not said or len(said) > _LONGEST:
            continue
        kind = "whole" if said in _RULES.whole else "printed" if said in _RULES.printed else None
        url = _own(markup, link) if kind is not None else None
        if kind is not None and url is not None and url not in by_words[kind]:
            by_words[kind].append(url)
    yield from (*by_words["whole"][:1], *by_words["printed"][:1])


def _own(markup: Markup, link: Node) -> str | None:
    """A link to another page of the same host, without its fragment; any, where the page's own address is not known."""
    url = markup.absolute(link.get("href"))
    own = address_of(markup.page.url).netloc.lower()
    if url is None or (own and address_of(url).netloc.lower() != own):
        return None
    url = url.partition("#")[0]
    return url if url != (markup.page.url or "").partition("#")[0] else None
