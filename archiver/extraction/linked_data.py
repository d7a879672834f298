"""Linked data: what a page says of itself in schema.org's words.

JSON-LD scripts, microdata (``itemscope``) and RDFa (``typeof``) come out in one shape: plain
dicts as JSON-LD writes them, with keys and types shortened to schema.org's bare names. A
reference (``{"@id": …}``) is replaced by the object meant, so the data is a graph that may
hold circles: follow known keys, never recurse blindly.

Blocks that are no valid JSON (some three in a hundred) are mended where that is cheap, else skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from typing import Any, Final, NamedTuple

import msgspec

from archiver.document import Node
from archiver.extraction.markup import Markup
from archiver.extraction.select import rule

#: An object: schema.org property → string, number, boolean, None, Thing or a list of these.
Thing = dict[str, Any]

#: Types that are a page's own text rather than something it is about.
ARTICLES: Final = frozenset(
    "Article NewsArticle BlogPosting ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle ReviewNewsArticle"
    " BackgroundNewsArticle AskPublicNewsArticle AdvertiserContentArticle SatiricalArticle ScholarlyArticle TechArticle"
    " LiveBlogPosting SocialMediaPosting DiscussionForumPosting Report CreativeWork Review CriticReview Recipe HowTo"
    " QAPage VideoObject PodcastEpisode".split()
)
REVIEWS: Final = frozenset({"Review", "CriticReview", "ReviewNewsArticle"})

_LD_SCRIPTS: Final = rule("script[type]")
_ITEMS: Final = rule("[itemscope]")
_ITEM_PROPERTIES: Final = rule("[itemprop]")
_RDFA_ITEMS: Final = rule("[typeof]")
_RDFA_PROPERTIES: Final = rule("[property]")
_TITLES: Final = rule("h1, title")
_CANONICAL: Final = rule('link[rel~="canonical"]')

_NAMESPACE: Final = re.compile(
    r"(?:https?:/{1,2}(?:www\.)?schema\.org[/#]|https?://(?:www\.|rdf\.)?data-vocabulary\.org/#?|schema:|v:)"
)
#: Names of data-vocabulary.org (2009–2020) and of Drupal 7's RDFa, in schema.org's words.
_RENAMED: Final = {
    "itemreviewed": "itemReviewed",
    "reviewer": "author",
    "dtreviewed": "datePublished",
    "dc:title": "name",
    "dc:date": "datePublished",
    "dc:created": "dateCreated",
    "sioct:BlogPost": "BlogPosting",
    "sioct:Comment": "Comment",
    "sioc:Post": "Comment",
    "sioc:Item": "CreativeWork",
}
#: Whole texts: they are read from the page's blocks, not from an attribute of them.
_LONG_PROPERTIES: Final = frozenset({"articleBody", "reviewBody", "text", "commentText", "recipeInstructions"})
_LINK_TAGS: Final = {
    "a": "href",
    "link": "href",
    "area": "href",
    "img": "src",
    "iframe": "src",
    "video": "src",
    "audio": "src",
}
#: More than any honest page has.
_MOST_OBJECTS: Final = 20_000
_LONGEST_VALUE: Final = 40  # runs of text; an element with more is a container, not a value

_WRAPPING: Final = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)"
    r"|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*+;?\s*+$"
)
_NO_LETTERS: Final = re.compile(r"[\W_]+")
_LAST_COMMA: Final = re.compile(r",(?=\s*+[}\]])")
_BAD_ESCAPE: Final = re.compile(r"\\(?![\"\\/bfnrtu])")


class Holder(NamedTuple):
    """Where an object was found: under this property of that object."""

    thing: Thing
    property: str


def types(thing: Thing) -> tuple[str, ...]:
    """The object's types as bare names, as the page orders them."""
    said = thing.get("@type")
    if isinstance(said, str):
        return (said,)
    return tuple(one for one in said if isinstance(one, str)) if isinstance(said, list) else ()


def listed(value: Any) -> list[Any]:
    """A property's values, be they none, one or a list."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def things(value: Any) -> list[Thing]:
    """The objects among a property's values."""
    return [one for one in listed(value) if isinstance(one, dict)]


def texts(value: Any) -> list[str]:
    """A property's values as texts on one line, character references resolved; an object stands by its name."""
    found = []
    for one in listed(value):
        said = one.get("@value", one.get("name", one.get("headline"))) if isinstance(one, dict) else one
        if isinstance(said, list):
            said = said[0] if said else None
        if isinstance(said, (str, int, float)) and not isinstance(said, bool):
            text = _clean(str(said))
            if text:
                found.append(text)
    return found


def text(value: Any) -> str | None:
    """The first of :func:`texts`; None where there is none."""
    return next(iter(texts(value)), None)


def _clean(said: str) -> str:
    if "&" in said:
        said = unescape(said)
    if not said.isascii():
        said = said.encode("utf-8", "replace").decode()
    return " ".join(said.replace("\0", " ").split())


@dataclass(frozen=True, eq=False)
class LinkedData:
    """All that a page says in schema.org's words. Each part is read when first asked for."""

    reading: Markup

    @cached_property
    def scripts(self) -> tuple[Thing, ...]:
        """Objects of the JSON-LD scripts, outer before inner, in page order."""
        islands = self.reading.document.data_islands
        roots = [
            root
            for node in (self.reading.index.select(_LD_SCRIPTS) if islands else ())
            if node.index in islands and node.get("type").strip().lower().startswith("application/ld+json")
            for root in parse(islands[node.index])
        ]
        return tuple(self._walk(roots))

    @cached_property
    def markup(self) -> tuple[Thing, ...]:
        """Objects of microdata and RDFa, in page order; :meth:`node` tells where they stand."""
        roots = []
        if self.reading.index.first(_ITEMS) is not None:
            roots += self._marked_up(_Syntax("itemscope", "itemtype", "itemprop"))
        if self.reading.index.first(_RDFA_ITEMS) is not None:
            roots += self._marked_up(_Syntax("typeof", "typeof", "property"))
        return tuple(self._walk(roots))

    @cached_property
    def objects(self) -> tuple[Thing, ...]:
        """All objects: of scripts, then of markup."""
        return self.scripts + self.markup

    def of_type(self, *names: str) -> list[Thing]:
        """Objects of any of these types (``"Review", "CriticReview"``), of scripts first."""
        wanted = set(names)
        return [thing for thing in self.objects if not wanted.isdisjoint(types(thing))]

    def node(self, thing: Thing) -> Node | None:
        """The element of an object that is markup; None for one of a script."""
        return self._nodes.get(id(thing))

    def holder(self, thing: Thing) -> Holder | None:
        """The object that it was first found in; None for one on its own or directly in ``@graph``."""
        return self._holders.get(id(thing))

    @cached_property
    def main(self) -> Thing | None:
        """The article or review that the page is: by address, else by headline, else because it is the only one."""
        ranked = [
            (self._fit(thing), -place, thing)
            for place, thing in enumerate(self.objects)
            if not ARTICLES.isdisjoint(types(thing)) and self._stands_alone(thing)
        ]
        if not ranked:
            return None
        best = max(ranked, key=lambda one: one[:2])
        if best[0] >= _MATCHES:
            return best[2]
        alone = [thing for fit, _, thing in ranked if fit >= 0]
        return alone[0] if len(alone) == 1 else None

    @cached_property
    def breadcrumb(self) -> tuple[str, ...]:
        """Names of the page's breadcrumb, from the top down."""
        for trail in self.of_type("BreadcrumbList"):
            steps = [
                (_position(step), place, text(step.get("name")) or text(step.get("item")))
                for place, step in enumerate(things(trail.get("itemListElement")))
            ]
            names = tuple(name for _, _, name in sorted(steps, key=lambda step: step[:2]) if name)
            if names:
                return names
        return ()

    @cached_property
    def _nodes(self) -> dict[int, Node]:
        return {}

    @cached_property
    def _holders(self) -> dict[int, Holder]:
        return {}

    def _walk(self, roots: list[Any]) -> Iterator[Thing]:
        """Every dict below the roots, depth first; names shortened and references resolved on the way."""
        found: list[Thing] = []
        known: dict[str, Thing] = {}
        references: list[tuple[Any, Any, str]] = []
        queue: list[tuple[Any, Holder | None]] = [(root, None) for root in reversed(roots)]
        while queue and len(found) < _MOST_OBJECTS:
            value, holder = queue.pop()
            if isinstance(value, list):
                queue.extend((one, holder) for one in reversed(value) if isinstance(one, (dict, list)))
                continue
            if not isinstance(value, dict):
                continue
            _shorten(value)
            found.append(value)
            if holder is not None:
                self._holders[id(value)] = holder
            ident = value.get("@id")
            if isinstance(ident, str) and len(value) > len(known.get(ident, ())):
                known[ident] = value
            for key, inner in reversed(value.items()):
                if isinstance(inner, (dict, list)):
                    queue.append((inner, holder if key == "@graph" else Holder(value, key)))
                    references.extend(_references(value, key, inner))
        for container, key, ident in references:
            target = known.get(ident)
            if target is not None:
                container[key] = target
        return (thing for thing in found if not _is_reference(thing))

    def _stands_alone(self, thing: Thing) -> bool:
        holder = self.holder(thing)
        return holder is None or holder.property in ("mainEntity", "mainEntityOfPage", "subjectOf", "review")

    def _fit(self, thing: Thing) -> int:
        """How well an article fits the page: 4 for its address, 3 for its headline, less where another holds it."""
        fit = 0
        addresses = {_address(one) for key in ("url", "mainEntityOfPage", "@id") for one in _links(thing.get(key))}
        if not addresses.isdisjoint(self._page_addresses):
            fit += 4
        if any(_letters(said) in self._page_titles for said in texts([thing.get("headline"), thing.get("name")])):
            fit += 3
        holder = self.holder(thing)
        if holder is not None and holder.property == "review":
            fit -= 4
        elif not {"CreativeWork", "VideoObject"}.isdisjoint(types(thing)):
            fit -= 1
        elif "datePublished" in thing or "author" in thing:
            fit += 1
        return fit

    @cached_property
    def _page_addresses(self) -> frozenset[str]:
        canonical = self.reading.index.first(_CANONICAL)
        said = [
            self.reading.page.url,
            canonical.get("href") if canonical is not None else None,
            *self.reading.meta.get("og:url", ()),
        ]
        return frozenset(_address(one) for one in said if one) - {""}

    @cached_property
    def _page_titles(self) -> frozenset[str]:
        shown = [self.reading.text(node) for node in self.reading.index.select(_TITLES)[:5]]
        return frozenset(map(_letters, shown + self.reading.meta.get("og:title", []))) - {""}

    def _marked_up(self, syntax: _Syntax) -> list[Thing]:
        """Elements that open an object or give a property, put together; returns the outermost objects."""
        index = self.reading.index
        nodes = {node.index: node for node in index.under("@", syntax.scope) + index.under("@", syntax.property)}
        roots: list[Thing] = []
        open_things: list[tuple[Node, Thing]] = []
        for place in sorted(nodes)[:_MOST_OBJECTS]:
            node = nodes[place]
            while open_things and open_things[-1][0].end <= place:
                open_things.pop()
            above = open_things[-1][1] if open_things else None
            names = [_bare(name) for name in node.get(syntax.property).split()]
            thing: Thing | None = None
            if syntax.scope in node.attrs:
                kinds = [_bare(kind) for kind in node.get(syntax.kind).split()]
                thing = {"@type": kinds}
                if node.get("itemid") or node.get("resource"):
                    thing["@id"] = node.get("itemid") or node.get("resource")
                self._nodes[id(thing)] = node
                open_things.append((node, thing))
            if above is not None and names:
                value = thing if thing is not None else self._value(node, names)
                for name in names:
                    _add(above, name, value)
            elif thing is not None:
                roots.append(thing)
        return roots

    def _value(self, node: Node, names: list[str]) -> str | None:
        """What an element gives as a property's value, by HTML's rules, and ``content`` wherever it stands."""
        attrs = node.attrs
        if "content" in attrs:
            return attrs["content"].strip()
        if node.tag == "time" and "datetime" in attrs:
            return attrs["datetime"].strip()
        if node.tag in ("data", "meter") and "value" in attrs:
            return attrs["value"].strip()
        shown = (
            None
            if node.last - node.first > _LONGEST_VALUE or not _LONG_PROPERTIES.isdisjoint(names)
            else self.reading.text(node)
        )
        link = attrs.get(_LINK_TAGS.get(node.tag, ""))
        if link is not None and (not shown or not {"url", "sameAs", "image", "@id"}.isdisjoint(names)):
            return self.reading.absolute(link) or link
        return shown or None


class _Syntax(NamedTuple):
    """The attributes that open an object, name its type and name a property."""

    scope: str
    kind: str
    property: str


#: The least fit that makes an article the page's own among several.
_MATCHES: Final = 3


def linked_data(reading: Markup) -> LinkedData:
    """What the page says of itself in schema.org's words."""
    return LinkedData(reading)


def parse(script: str) -> list[Any]:
    """The values of one JSON-LD script; mended where it is no JSON, empty where that fails."""
    try:
        return [msgspec.json.decode(script)]
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _parse_mended(script)


def _parse_mended(script: str) -> list[Any]:
    mended = _WRAPPING.sub("", _WRAPPING.sub("", script.strip())).strip()
    if '"' not in mended and "&quot;" in mended:
        mended = unescape(mended)
    values = _decode_all(mended)
    return values or _decode_all(_LAST_COMMA.sub("", _BAD_ESCAPE.sub("", mended)))


#: Lenient: line ends and tabs may stand within strings.
_LENIENT: Final = json.JSONDecoder(strict=False)


def _decode_all(script: str) -> list[Any]:
    """Values that follow each other, up to the first that cannot be read."""
    values: list[Any] = []
    place = 0
    while place < len(script):
        if script[place] in " \t\r\n,;":
            place += 1
            continue
        try:
            value, place = _LENIENT.raw_decode(script, place)
        except (ValueError, RecursionError):
            break
        values.append(value)
    return values


def _shorten(thing: Thing) -> None:
    """Names without schema.org's address, in place."""
    for key in [key for key in thing if ":" in key]:
        bare = _bare(key)
        if bare != key:
            thing.setdefault(bare, thing.pop(key))
    said = thing.get("@type")
    if isinstance(said, str):
        thing["@type"] = _bare(said)
    elif isinstance(said, list):
        thing["@type"] = [_bare(one) for one in said if isinstance(one, str)]


def _bare(name: str) -> str:
    if ":" not in name and not name.islower():
        return name
    bare = _NAMESPACE.sub("", name.strip(), count=1) if ":" in name else name
    return _RENAMED.get(bare, bare)


def _references(thing: Thing, key: str, inner: Any) -> Iterator[tuple[Any, Any, str]]:
    if isinstance(inner, dict):
        if _is_reference(inner):
            yield thing, key, inner["@id"]
    else:
        for place, one in enumerate(inner):
            if isinstance(one, dict) and _is_reference(one):
                yield inner, place, one["@id"]


def _is_reference(thing: Thing) -> bool:
    return isinstance(thing.get("@id"), str) and (len(thing) == 1 or (len(thing) == 2 and "@type" in thing))


def _add(thing: Thing, name: str, value: Any) -> None:
    if value is None:
        return
    before = thing.get(name)
    if before is None:
        thing[name] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        thing[name] = [before, value]


def _position(step: Thing) -> float:
    said = step.get("position")
    try:
        return float(said) if isinstance(said, (str, int, float)) else 0.0
    except ValueError:
        return 0.0


def _links(value: Any) -> Iterator[str]:
    for one in listed(value):
        said = one.get("@id", one.get("url")) if isinstance(one, dict) else one
        if isinstance(said, str):
            yield said


def _address(url: str) -> str:
    """An address to compare: without scheme, ``www.``, fragment and closing slash."""
    return re.sub(r"^https?://(?:www\.)?", "", url.strip().partition("#")[0].lower()).rstrip("/")


def _letters(said: str) -> str:
    """A title to compare: its letters and digits alone."""
    return _NO_LETTERS.sub("", said.casefold())
