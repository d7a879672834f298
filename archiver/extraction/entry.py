"""Entry: which element holds the page's own article, and what on the page stands around it.

A page carries the tags, ratings and facts of other pages too: in cards, sidebars, lists of
related posts, comments. An element is the page's own where nothing between it and the
article (or its headline) says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import msgspec

from archiver import rules
from archiver.document import Node
from archiver.extraction.hints import words_of
from archiver.extraction.markup import Markup
from archiver.extraction.select import rule

_ENTRIES: Final = rule(
    'article, .hentry, .h-entry, .type-post, .post, [itemtype*="Article"], [itemtype*="BlogPosting"],'
    ' [itemtype$="/Review"]'
)
_HEADLINES: Final = rule("h1, .entry-title, .post-title")
_HEADINGS: Final = frozenset({"h1", "h2", "h3"})
#: Elements that hold what is said about the article or beside it, unless they hold the article itself.
_BESIDE: Final = frozenset({"aside", "nav", "form"})


class Around(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words and tokens of class and id attributes that name what stands around an article."""

    words: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()


_AROUND: Final = rules.read("around.toml", Around)
_WORDS: Final = frozenset(_AROUND.words)
_TOKENS: Final = frozenset(_AROUND.tokens)


@dataclass(frozen=True, eq=False)
class Entry:
    """The page's own article. ``node`` or ``headline`` is None where no element says so."""

    node: Node | None
    headline: Node | None
    _others: frozenset[int]
    _judged: dict[int, bool] = field(default_factory=dict)

    def owns(self, node: Node) -> bool:
        """Whether the element belongs to the article: not to a card, a sidebar, a comment, another article."""
        chain = []
        here: Node | None = node
        verdict = True
        while here is not None:
            known = self._judged.get(here.index)
            if known is not None:
                verdict = known
                break
            if self._holds_article(here):
                break
            chain.append(here)
            if here.index in self._others or _stands_around(here) or self._is_of_the_site(here):
                verdict = False
                break
            here = here.parent
        for one in chain:
            self._judged[one.index] = verdict
        return verdict

    def _holds_article(self, node: Node) -> bool:
        if self.headline is not None and node.holds(self.headline):
            return True
        return self.node is not None and node.holds(self.node)

    def _is_of_the_site(self, node: Node) -> bool:
        """Header and footer of the page rather than of the article."""
        return node.tag in ("header", "footer") and not (self.node is not None and self.node.holds(node))

    def holds_article(self, node: Node) -> bool:
        """Whether the element is the article, its headline, or something around them."""
        return self._holds_article(node) or node.tag in ("body", "html", "main")


def entry_of(reading: Markup) -> Entry:
    """The page's article: of the elements that may be one, the innermost with the headline, else the longest."""
    candidates = [node for node in reading.index.select(_ENTRIES) if not _is_comment(node)]
    headline = _headline(reading)
    if headline is not None:
        around = [node for node in candidates if node.holds(headline)]
        if around:
            return _entry(around[-1], headline, candidates)
    longest = max(candidates, key=lambda node: node.last - node.first, default=None)
    return _entry(longest, headline, candidates)


def _entry(node: Node | None, headline: Node | None, candidates: list[Node]) -> Entry:
    others = frozenset(one.index for one in candidates if one is not node and not (node and one.holds(node)))
    return Entry(node, headline, others)


def _headline(reading: Markup) -> Node | None:
    """The first heading that a theme calls the entry's title, else the first h1 with text."""
    found = [node for node in reading.index.select(_HEADLINES) if node.first < node.last and not _stands_around(node)]
    titles = [node for node in found if node.tag in _HEADINGS and node.attrs.get("class")]
    named = [node for node in titles if "entry-title" in node.attrs["class"] or "post-title" in node.attrs["class"]]
    if len(named) == 1:
        return named[0]
    first = next((node for node in found if node.tag == "h1"), None)
    return first if first is not None else next(iter(named), None)


def _is_comment(node: Node) -> bool:
    names = f"{node.attrs.get('class', '')} {node.attrs.get('id', '')}"
    return "comment" in names and "comments" not in node.attrs.get("class", "") and "hentry" not in names


def _stands_around(node: Node) -> bool:
    attrs = node.attrs
    if node.tag in _BESIDE:
        return not _is_place_of_its_own(attrs.get("class", ""))
    own = attrs.get("class")
    ident = attrs.get("id")
    return bool((own and _names_surroundings(own)) or (ident and _names_surroundings(ident)))


@lru_cache(maxsize=20_000)
def _names_surroundings(attribute: str) -> bool:
    for token in attribute.split():
        if token in _TOKENS or token.startswith(_AROUND.starts):
            return True
        if not _WORDS.isdisjoint(words_of(token)) and not token.startswith(("has-", "with-", "no-")):
            return True
    return False


@lru_cache(maxsize=20_000)
def _is_place_of_its_own(attribute: str) -> bool:
    """Themes put tags, breadcrumbs and post data into nav and aside too."""
    return not {"tags", "tag", "topics", "breadcrumb", "breadcrumbs", "crumbs", "categories", "entry"}.isdisjoint(
        words_of(attribute)
    )
