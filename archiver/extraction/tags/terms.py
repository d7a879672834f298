"""Terms: the links that name them, and which kind each is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from archiver.document import INLINE, Node
from archiver.extraction.hints import words_of
from archiver.extraction.select import Selector, rule
from archiver.extraction.tags.found import MOST_TERMS
from archiver.extraction.tags.places import Place
from archiver.extraction.tags.wording import (
    BASES,
    BOTH,
    LABELS,
    LINKS,
    LONGEST_LABEL,
    LONGEST_TERM,
    MOST_TERM_PIECES,
    MOST_WORDS,
    RULES,
    SEPARATORS,
    WEAK,
    Kind,
)

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_COUNTED: Final = frozenset(RULES.text.counted)
NO_TERM: Final = frozenset(RULES.text.no_term)
_TERM_RULES: Final[tuple[tuple[Selector, Kind], ...]] = (
    (rule(", ".join(RULES.terms.tag)), "tag"),
    (rule(", ".join(RULES.terms.category)), "category"),
)

#: What stands before a link is a label with a byline at most, else the article's own sentence.
_LONGEST_SENTENCE: Final = 200

#: A place with more sections than this, without ``rel``, lists the site's.
_MOST_SECTIONS: Final = 7

#: Where Drupal leads from a term of any vocabulary.
_VOCABULARY: Final = "taxonomy/term/"


class Term(NamedTuple):
    node: Node
    kind: Kind
    #: The element that a theme made for terms, or the line they stand in; None where the link stands alone.
    place: Node | None


def terms_of(reading: Reading, places: list[Place]) -> list[Term]:
    """The page's own terms in page order."""
    found: dict[int, Term] = {}
    for term in (*_in_places(reading, places), *_related(reading), *_marked(reading)):
        if term.place is not None or term.node.index not in found:
            found[term.node.index] = term
    if len({term.kind for term in found.values()}) < len(BOTH):
        for term in _labelled(reading, found):
            found.setdefault(term.node.index, term)
    return [found[i] for i in sorted(found)][:MOST_TERMS]


def _in_places(reading: Reading, places: list[Place]) -> Iterator[Term]:
    """Links in elements whose class names a place for terms; the inner place of two comes last."""
    for place, kind in places:
        links = reading.index.select(LINKS, within=place)
        if kind == "category" and len(links) > _MOST_SECTIONS and not any("rel" in link.attrs for link in links):
            continue
        for link in links:
            decided = kind_of(link, kind)
            if decided is not None and leads_within(reading, link) and _is_own_term(reading, link):
                yield Term(link, decided, place)


def _related(reading: Reading) -> Iterator[Term]:
    """Links with ``rel="tag"`` or ``rel="category"``, wherever they stand in the article."""
    for link in reading.index.under("@", "rel"):
        rel = link.attrs["rel"].lower().split()
        if link.tag == "a" and ("tag" in rel or "category" in rel):
            decided = kind_of(link, None)
            if decided is not None and _is_own_term(reading, link):
                yield Term(link, decided, None)


def _marked(reading: Reading) -> Iterator[Term]:
    """Elements that microformats or a product mark as one term."""
    for selector, kind in _TERM_RULES:
        for node in reading.index.select(selector):
            alone = node.tag == "a" or reading.index.first(LINKS, within=node) is None
            if alone and _is_own_term(reading, node):
                yield Term(node, kind, None)


def _is_own_term(reading: Reading, node: Node) -> bool:
    return reading.entry.owns(node) and may_be_term(reading, node)


def kind_of(link: Node, place: Kind | None) -> Kind | None:
    """Which kind of term a link is; None for one that is none, or of a third taxonomy (actors, days)."""
    rel = link.attrs.get("rel", "").lower().split()
    if "category" in rel:
        return "category"
    if "bookmark" in rel or "author" in rel:
        return None
    base = base_of(link.attrs.get("href", ""))
    if base == "other":
        return None
    if base is not None:
        return base
    return place or ("tag" if "tag" in rel or _VOCABULARY in link.attrs.get("href", "") else None)


@lru_cache(maxsize=10_000)
def base_of(href: str) -> Kind | Literal["other"] | None:
    """The kind that the last base in a link's path names."""
    path = href.partition("?")[0].partition("#")[0].lower()
    steps = path.split("/")[:-1] if path.endswith("/") else path.split("/")
    for step in reversed(steps[:-1]):
        kind = BASES.get(step)
        if kind is not None:
            return kind
    return "category" if "?cat=" in href else "tag" if "?tag=" in href else None


def may_be_term(reading: Reading, node: Node) -> bool:
    if node.last - node.first > MOST_TERM_PIECES:
        return False
    text = reading.text(node)
    if len(text) > LONGEST_TERM or text.count(" ") >= MOST_WORDS:
        return False
    if not text:
        return bool(node.attrs.get("href")) and not any(
            one.tag in ("img", "svg", "i") for one in reading.document.within(node)
        )
    said = text.strip(SEPARATORS).casefold()
    number, _, counted = said.partition(" ")
    if said.replace(":", "").isdigit():
        return base_of(node.attrs.get("href", "")) == "tag"  # a year; else a count, a page, a time
    return said not in NO_TERM and not (number.isdigit() and counted in _COUNTED)


def leads_within(reading: Reading, link: Node) -> bool:
    """Whether a link without ``rel`` leads to a list of the same site, not elsewhere or nowhere."""
    href = link.attrs.get("href", "").strip()
    if "rel" in link.attrs and "tag" in link.attrs["rel"].split():
        return True
    if href.startswith(("#", "javascript:", "mailto:")):
        return False
    if not href.startswith(("http://", "https://", "//")) or reading.page.url is None:
        return True
    return _site(href) == _site(reading.page.url)


@lru_cache(maxsize=1_000)
def _site(url: str) -> str:
    """The last two labels of the host: near enough to tell whether two addresses are of one site."""
    host = url.partition("//")[2].partition("/")[0].partition("?")[0].rpartition("@")[2].partition(":")[0].lower()
    return ".".join(host.split(".")[-2:])


def _labelled(reading: Reading, found: dict[int, Term]) -> Iterator[Term]:
    """Links after a label ("Filed under"), up to the next words between them."""
    pieces = reading.document.pieces
    entry = reading.entry
    kind: Kind | None = None
    is_weak = False
    place: Node | None = None
    end = 0
    for link in reading.index.select(LINKS, within=entry.node):
        if link.first >= link.last or link.first == 0:
            continue
        before = pieces[link.first - 1].text if link.first > end else ""
        said = before.strip(SEPARATORS) if len(before) < _LONGEST_SENTENCE else before
        if said or (kind is not None and place is not None and not place.holds(link)):
            kind = _label_kind(said, link)
            is_weak = said.casefold() in WEAK
            place = line_of(link) if kind is not None else None
        end = link.last
        if kind is None or link.index in found or not entry.owns(link) or not may_be_term(reading, link):
            continue
        decided = kind_of(link, None if is_weak else kind)
        if decided is not None and leads_within(reading, link):
            yield Term(link, decided, None)


def _label_kind(said: str, link: Node) -> Kind | None:
    if len(said) >= _LONGEST_SENTENCE:
        return None
    folded = said.casefold()
    if len(folded) <= LONGEST_LABEL:
        kind = LABELS.get(folded)
        if kind is not None:
            return kind
    last = folded.rpartition(" ")[2]
    if last in RULES.labels.category_in_meta and any(
        not {"meta", "footer", "footers", "byline", "posted", "info", "details"}.isdisjoint(
            words_of(above.attrs.get("class", ""))
        )
        for above in _nearest(link, 3)
    ):
        return "category"
    return None


def _nearest(node: Node, count: int) -> Iterator[Node]:
    for place, above in enumerate(node.ancestors()):
        if place == count:
            return
        yield above


def line_of(link: Node) -> Node:
    """The list or line that a labelled link stands in."""
    here = link.parent or link
    while here.parent is not None and here.tag in INLINE:
        here = here.parent
    if here.tag in ("li", "dd") and here.parent is not None:
        return here.parent
    return here
