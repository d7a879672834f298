"""Tags and categories: what a page says it is filed under.

A term is a link in a place for terms. Four things tell which kind it is, in this order:
``rel="category"``, the base of its address (``/tag/…``), the class of the place it stands in,
the label before it ("Filed under"); ``rel="tag"`` alone stands for any taxonomy. Where the page
shows no term at all, its classes and metadata may still know them; where only the commas
between them are left, the places are counted.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from archiver import rules
from archiver.document import INLINE, Node
from archiver.extraction.blocks import Claim
from archiver.extraction.hints import words_of
from archiver.extraction.linked_data import ARTICLES, texts, types
from archiver.extraction.select import Selector, rule, rule_letters
from archiver.page import without_controls
from archiver.record import Role, TagsState

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading

Kind = Literal["tag", "category"]
_BOTH: Final = ("tag", "category")


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


class _Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
    layer: tuple[_Layer, ...]


_RULES: Final = rules.read("tags.toml", _Rules)

_TAG_WORDS: Final = frozenset(_RULES.containers.tag_words)
_CATEGORY_WORDS: Final = frozenset(_RULES.containers.category_words)
_BOTH_WORDS: Final = frozenset(_RULES.containers.both_words)
_PLACES: Final = frozenset(_RULES.containers.places)
_NEVER: Final = frozenset(_RULES.containers.never)
_NOUNS: Final[dict[str, Kind]] = {
    **dict.fromkeys(_RULES.containers.tag_nouns, "tag"),
    **dict.fromkeys(_RULES.containers.category_nouns, "category"),
}
_BASES: Final[dict[str, Kind | Literal["other"]]] = {
    **dict.fromkeys(_RULES.bases.tag, "tag"),
    **dict.fromkeys(_RULES.bases.category, "category"),
    **dict.fromkeys(_RULES.bases.other, "other"),
}
_LABELS: Final[dict[str, Kind]] = {
    **dict.fromkeys(_RULES.labels.tag, "tag"),
    **dict.fromkeys(_RULES.labels.category, "category"),
}
_NEVER_TOKENS: Final = frozenset(_RULES.containers.never_tokens)
_WEAK: Final = frozenset(_RULES.labels.weak)
_SAID: Final = frozenset(_RULES.labels.said)
_COUNTED: Final = frozenset(_RULES.text.counted)
_TAG_TOKENS: Final = frozenset(_RULES.containers.tag_tokens)
_NO_TERM: Final = frozenset(_RULES.text.no_term)
_DEFAULTS: Final = frozenset(_RULES.text.default_categories)
_HOME: Final = frozenset(_RULES.text.home)

#: Letters that a class naming a place for terms holds somewhere.
_LETTERS: Final = ("tag", "cat", "kategor", "rubri", "topic", "keyword", "label", "taxonom", "terms")
for _letters in _LETTERS:
    rule_letters(_letters)
_IDS: Final = rule(", ".join(f"#{one}" for one in _RULES.containers.ids))
_REL: Final = rule("a[rel]")
_LINKS: Final = rule("a")
_TERM_RULES: Final[tuple[tuple[Selector, Kind], ...]] = (
    (rule(", ".join(_RULES.terms.tag)), "tag"),
    (rule(", ".join(_RULES.terms.category)), "category"),
)
_BREADCRUMBS: Final = rule('[itemtype$="BreadcrumbList"], nav[aria-label="breadcrumb"], nav[aria-label="Breadcrumb"]')
rule_letters("crumb")

#: A term is a name, not a headline.
_LONGEST_TERM: Final = 60  # characters
_MOST_WORDS: Final = 8
_MOST_TERM_PIECES: Final = 6
#: A place for terms is short; what is longer holds the article.
_MOST_PIECES: Final = 200
_LONGEST_LINE: Final = 600  # characters
_LONGEST_LABEL: Final = 45  # characters
#: An article whose class names more tags than this while its page shows none is filed for the site's own ends
#: (search, related posts): of five such real pages, with 7 to 12 tags each, readers were shown none.
_MOST_HIDDEN: Final = 5
#: A data layer's name stands this early in its script.
_LAYER_START: Final = 5_000
#: What stands before a link is a label with a byline at most, else the article's own sentence.
_LONGEST_SENTENCE: Final = 200
#: A place with more sections than this, without ``rel``, lists the site's.
_MOST_SECTIONS: Final = 7
#: Terms kept of one page, so that a page cannot make a record of any size.
_MOST_TERMS: Final = 300

#: Where Drupal leads from a term of any vocabulary.
_VOCABULARY: Final = "taxonomy/term/"
_SEPARATORS: Final = " \t\r\n,;:：|·•/–—-»›>#、，؛&\u00a0"
_ECHO_MARKS: Final = _SEPARATORS + "#"
#: A list of links is the page's tags where it names so many of its keywords, and they are so much of the list.
_FEWEST_ECHOES: Final = 2
_SHARE_OF_ECHOES: Final = 0.6
#: Cheap sign that a link's address has the base of tags.
_TAG_BASE: Final = re.compile(rf"/(?:{'|'.join(map(re.escape, _RULES.bases.tag))})/|[?]tag=")
_SPLIT: Final = re.compile(r"[,;|·•、，]")
_POST_CLASS: Final = re.compile(r"(?:^|\s)(?:hentry|post-\d+|type-[\w-]+|status-publish|h-entry)(?:\s|$)")


@dataclass(frozen=True)
class Tags:
    """What a page says it is filed under. Names are as displayed; recovered ones may be slugs.

    ``slots`` is how many places for tags there are, filled or emptied.
    """

    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    state: TagsState = TagsState.ABSENT
    slots: int = 0
    claims: tuple[Claim, ...] = ()


class _Term(NamedTuple):
    node: Node
    kind: Kind
    #: The element that a theme made for terms, or the line they stand in; None where the link stands alone.
    place: Node | None


class _Place(NamedTuple):
    """An element that a theme made for terms, and for which kind; None where it is for both."""

    node: Node
    kind: Kind | None


@dataclass
class _Found:
    """What one source tells; merged by :func:`_merged`."""

    tags: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)

    def add(self, kind: Kind, name: str) -> None:
        (self.tags if kind == "tag" else self.categories).append(name)


def tags(reading: Reading) -> Tags:
    """The page's own tags and categories."""
    places = _places(reading)
    terms = _terms(reading, places)
    shown, lost_names = _Found(), _Found()
    for term in terms:
        name = _name(reading.text(term.node))
        if name:
            shown.add(term.kind, name)
        elif slug := _slug(term.node):
            lost_names.add(term.kind, slug)
    crumbs = _breadcrumb(reading)
    bare = _bare_places(reading, places, terms)
    claims = (*_claims(reading, terms), *bare.claims, *(Claim(node, Role.BREADCRUMB, "breadcrumb") for node in crumbs))
    shown.tags += bare.tags
    shown.categories += bare.categories
    categories = shown.categories or lost_names.categories or _crumb_names(reading, crumbs)
    if shown.tags:
        names = _unique(shown.tags)
        return Tags(names, _categories(categories), TagsState.FOUND, len(names), claims)
    if lost_names.tags:
        names = _unique(lost_names.tags)
        return Tags(names, _categories(categories), TagsState.RECOVERED, max(len(names), bare.slots), claims)
    known = _recovered(reading)
    unnamed = _unnamed(reading, known)
    if unnamed is not None:
        names = _unique(unnamed.tags)
        claims = (*claims, *unnamed.claims)
        return Tags(names, _categories(categories or known.categories), TagsState.FOUND, len(names), claims)
    recovered = _unique(known.tags) if bare.slots or not shown.categories else ()
    state = TagsState.LOST if bare.slots else TagsState.ABSENT
    if recovered:
        state = TagsState.RECOVERED
    return Tags(recovered, _categories(categories or known.categories), state, max(len(recovered), bare.slots), claims)


def tag_line(text: str) -> Tags | None:
    """A line that files a page ("Filed under X and tagged A, B"), read; None for any other.

    A line whose links were stripped upstream has only commas left: n commas stand for n + 1 tags.
    """
    line = " ".join(text.split())
    if not line or len(line) > _LONGEST_LINE:
        return None
    runs = _runs(line)
    if not runs:
        return None
    found, slots = _Found(), 0
    for kind, said in runs:
        names = [name for part in _parts(said) for name in map(_name, _SPLIT.split(part)) if name]
        if any(len(name.split()) > _MOST_WORDS - 2 or name.endswith((".", "!", "?")) for name in names):
            return None
        for name in names:
            found.add(kind, name)
        if kind == "tag" and not names and "," in said:
            slots = max(slots, said.count(",") + 1)
    if not found.tags and not found.categories and not slots:
        return None
    state = TagsState.FOUND if found.tags else TagsState.LOST if slots else TagsState.ABSENT
    names_ = _unique(found.tags)
    return Tags(names_, _categories(found.categories), state, len(names_) or slots)


# Terms: the links that name them


def _terms(reading: Reading, places: list[_Place]) -> list[_Term]:
    """The page's own terms in page order."""
    found: dict[int, _Term] = {}
    for term in (*_in_places(reading, places), *_related(reading), *_marked(reading)):
        if term.place is not None or term.node.index not in found:
            found[term.node.index] = term
    if len({term.kind for term in found.values()}) < len(_BOTH):
        for term in _labelled(reading, found):
            found.setdefault(term.node.index, term)
    return [found[i] for i in sorted(found)][:_MOST_TERMS]


def _in_places(reading: Reading, places: list[_Place]) -> Iterator[_Term]:
    """Links in elements whose class names a place for terms; the inner place of two comes last."""
    for place, kind in places:
        links = reading.index.select(_LINKS, within=place)
        if kind == "category" and len(links) > _MOST_SECTIONS and not any("rel" in link.attrs for link in links):
            continue
        for link in links:
            decided = _kind(link, kind)
            if decided is not None and _leads_within(reading, link) and _is_own_term(reading, link):
                yield _Term(link, decided, place)


def _related(reading: Reading) -> Iterator[_Term]:
    """Links with ``rel="tag"`` or ``rel="category"``, wherever they stand in the article."""
    for link in reading.index.under("@", "rel"):
        rel = link.attrs["rel"].lower().split()
        if link.tag == "a" and ("tag" in rel or "category" in rel):
            decided = _kind(link, None)
            if decided is not None and _is_own_term(reading, link):
                yield _Term(link, decided, None)


def _marked(reading: Reading) -> Iterator[_Term]:
    """Elements that microformats or a product mark as one term."""
    for selector, kind in _TERM_RULES:
        for node in reading.index.select(selector):
            alone = node.tag == "a" or reading.index.first(_LINKS, within=node) is None
            if alone and _is_own_term(reading, node):
                yield _Term(node, kind, None)


def _is_own_term(reading: Reading, node: Node) -> bool:
    return reading.entry.owns(node) and _may_be_term(reading, node)


def _places(reading: Reading) -> list[_Place]:
    """Elements whose class names a place for terms, outer before inner."""
    entry = reading.entry
    seen: dict[int, _Place] = {}
    for letters in _LETTERS:
        for node in reading.index.under("~", letters):
            if node.index in seen or node.last - node.first > _MOST_PIECES:
                continue
            named = _place_kind(node.attrs["class"])
            if named is not None and not entry.holds_article(node) and entry.owns(node):
                seen[node.index] = _Place(node, _own_label(reading, node) or (None if named == "both" else named))
    for node in reading.index.select(_IDS):
        if node.index not in seen and node.last - node.first <= _MOST_PIECES and entry.owns(node):
            named = _place_kind(node.attrs["id"])
            seen[node.index] = _Place(node, _own_label(reading, node) or (None if named == "both" else named))
    return [seen[i] for i in sorted(seen)]


def _own_label(reading: Reading, place: Node) -> Kind | None:
    """What a place calls itself in words; readers see those, not its class."""
    first = reading.document.pieces[place.first] if place.first < place.last else None
    if first is None or first.linked or len(first.text) > _LONGEST_LABEL:
        return None
    return _LABELS.get(first.text.strip(_SEPARATORS).casefold())


@lru_cache(maxsize=50_000)
def _place_kind(attribute: str) -> Kind | Literal["both"] | None:
    """What kind of terms a class names a place for."""
    if _POST_CLASS.search(attribute):
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
        kind = _NOUNS.get(word)
        if kind is not None and (place == len(words) - 1 or words[place + 1] in _PLACES):
            return kind
    return None


def _kind(link: Node, place: Kind | None) -> Kind | None:
    """Which kind of term a link is; None for one that is none, or of a third taxonomy (actors, days)."""
    rel = link.attrs.get("rel", "").lower().split()
    if "category" in rel:
        return "category"
    if "bookmark" in rel or "author" in rel:
        return None
    base = _base(link.attrs.get("href", ""))
    if base == "other":
        return None
    if base is not None:
        return base
    return place or ("tag" if "tag" in rel or _VOCABULARY in link.attrs.get("href", "") else None)


@lru_cache(maxsize=10_000)
def _base(href: str) -> Kind | Literal["other"] | None:
    """The kind that the last base in a link's path names."""
    path = href.partition("?")[0].partition("#")[0].lower()
    steps = path.split("/")[:-1] if path.endswith("/") else path.split("/")
    for step in reversed(steps[:-1]):
        kind = _BASES.get(step)
        if kind is not None:
            return kind
    return "category" if "?cat=" in href else "tag" if "?tag=" in href else None


def _may_be_term(reading: Reading, node: Node) -> bool:
    if node.last - node.first > _MOST_TERM_PIECES:
        return False
    text = reading.text(node)
    if len(text) > _LONGEST_TERM or text.count(" ") >= _MOST_WORDS:
        return False
    if not text:
        return bool(node.attrs.get("href")) and not any(
            one.tag in ("img", "svg", "i") for one in reading.document.within(node)
        )
    said = text.strip(_SEPARATORS).casefold()
    number, _, counted = said.partition(" ")
    if said.replace(":", "").isdigit():
        return _base(node.attrs.get("href", "")) == "tag"  # a year; else a count, a page, a time
    return said not in _NO_TERM and not (number.isdigit() and counted in _COUNTED)


def _leads_within(reading: Reading, link: Node) -> bool:
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


def _labelled(reading: Reading, found: dict[int, _Term]) -> Iterator[_Term]:
    """Links after a label ("Filed under"), up to the next words between them."""
    pieces = reading.document.pieces
    entry = reading.entry
    kind: Kind | None = None
    is_weak = False
    place: Node | None = None
    end = 0
    for link in reading.index.select(_LINKS, within=entry.node):
        if link.first >= link.last or link.first == 0:
            continue
        before = pieces[link.first - 1].text if link.first > end else ""
        said = before.strip(_SEPARATORS) if len(before) < _LONGEST_SENTENCE else before
        if said or (kind is not None and place is not None and not place.holds(link)):
            kind = _label_kind(said, link)
            is_weak = said.casefold() in _WEAK
            place = _line_of(link) if kind is not None else None
        end = link.last
        if kind is None or link.index in found or not entry.owns(link) or not _may_be_term(reading, link):
            continue
        decided = _kind(link, None if is_weak else kind)
        if decided is not None and _leads_within(reading, link):
            yield _Term(link, decided, None)


def _label_kind(said: str, link: Node) -> Kind | None:
    if len(said) >= _LONGEST_SENTENCE:
        return None
    folded = said.casefold()
    if len(folded) <= _LONGEST_LABEL:
        kind = _LABELS.get(folded)
        if kind is not None:
            return kind
    last = folded.rpartition(" ")[2]
    if last in _RULES.labels.category_in_meta and any(
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


def _line_of(link: Node) -> Node:
    """The list or line that a labelled link stands in."""
    here = link.parent or link
    while here.parent is not None and here.tag in INLINE:
        here = here.parent
    if here.tag in ("li", "dd") and here.parent is not None:
        return here.parent
    return here


# Names


def _name(text: str) -> str:
    name = " ".join(text.split()).strip(" \t,;|·•、，").removeprefix("#").strip()
    return name if name.strip(_SEPARATORS + ".…\"'") else ""


def _slug(link: Node) -> str | None:
    """The name in an emptied link's address, its hyphens as spaces."""
    try:
        path = urlsplit(link.attrs.get("href", "")).path
    except ValueError:
        return None
    last = path.rstrip("/").rpartition("/")[2]
    return _from_slug(last)


def _from_slug(slug: str) -> str | None:
    name = " ".join(without_controls(unquote(slug)).replace("+", " ").replace("-", " ").replace("_", " ").split())
    return name if name and not name.isdigit() and len(name) <= _LONGEST_TERM else None


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(name.casefold(), name)
    return tuple(kept.values())[:_MOST_TERMS]


def _categories(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in _unique(names) if name.casefold() not in _DEFAULTS)


# Places without links


@dataclass
class _Bare:
    tags: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    slots: int = 0
    claims: list[Claim] = field(default_factory=list)


def _bare_places(reading: Reading, places: list[_Place], terms: list[_Term]) -> _Bare:
    """Places for terms that hold plain words, or nothing but the commas between links that are gone."""
    bare = _Bare()
    for place, kind in places:
        if place.first == place.last or any(place.holds(term.node) for term in terms):
            continue
        if reading.index.first(_LINKS, within=place) is not None:
            continue
        line = tag_line(reading.text(place))
        if line is None and kind == "tag" and _only_commas(reading.text(place)):
            line = Tags(slots=reading.text(place).count(",") + 1)
        if line is None and kind is not None:
            line = _listed(reading, place, kind)
        if line is not None:
            bare.tags += line.tags
            bare.categories += line.categories
            bare.slots = max(bare.slots, line.slots if not line.tags else 0)
            bare.claims.append(Claim(place, Role.TAG_LINE, "a place for tags"))
    return bare


def _listed(reading: Reading, place: Node, kind: Kind) -> Tags | None:
    """Terms that a place lists without linking them."""
    items = [
        node
        for node in reading.document.within(place)
        if node.tag == "li" and node.first < node.last and not any(True for _ in reading.document.children(node))
    ]
    names = [_name(reading.text(node)) for node in items if _may_be_term(reading, node)]
    names = [name for name in names if name and name.rstrip(":：").casefold() not in _LABELS]
    if not names or len(names) < len(items) - 1:
        return None
    return Tags(_unique(names)) if kind == "tag" else Tags(categories=_unique(names))


def _only_commas(text: str) -> bool:
    return "," in text and not text.strip(_SEPARATORS)


# Claims: the lines that terms stand in


def _claims(reading: Reading, terms: list[_Term]) -> list[Claim]:
    claimed: dict[int, Claim] = {}
    for term in terms:
        node, reason = _line(reading, term)
        claimed.setdefault(node.index, Claim(node, Role.TAG_LINE, reason))
    return list(claimed.values())


def _line(reading: Reading, term: _Term) -> tuple[Node, str]:
    """The whole line where it is a tag line, else the place for terms, else the link alone."""
    block = term.node
    while block.parent is not None and block.tag in INLINE:
        block = block.parent
    if block.tag in ("li", "dd") and term.place is None and block.parent is not None:
        block = block.parent
    if block.last - block.first <= _MOST_PIECES and not reading.entry.holds_article(block):
        text = reading.text(block)
        if len(text) <= _LONGEST_LINE and (_starts_with_label(text) or _all_terms(reading, block)):
            if term.place is not None and term.place.holds(block):
                return term.place, f"class {term.place.attrs.get('class', '')[:60]}"
            return block, "a line of tags"
    if term.place is not None:
        return term.place, f"class {term.place.attrs.get('class', '')[:60]}"
    return term.node, "a link that names a term"


def _starts_with_label(text: str) -> bool:
    folded = text[:80].casefold()
    if folded.startswith(_RULES.labels.opening):
        return True
    head = re.split(r"[:：]", folded, maxsplit=1)[0].strip()
    return head in _LABELS or any(folded.startswith(f"{label} ") for label in _SAID)


def _all_terms(reading: Reading, block: Node) -> bool:
    """Whether all words of the line are links with ``rel`` or commas."""
    links = reading.index.select(_REL, within=block)
    if not links:
        return False
    linked = sum(link.last - link.first for link in links if "tag" in link.attrs["rel"].split())
    loose = [
        piece
        for piece in reading.document.pieces[block.first : block.last]
        if not piece.linked and piece.text.strip(_SEPARATORS)
    ]
    return linked > 0 and not loose and all("tag" in link.attrs["rel"].split() for link in links)


# Breadcrumbs


def _breadcrumb(reading: Reading) -> list[Node]:
    """The page's breadcrumbs, outermost elements only."""
    nodes = {node.index: node for node in reading.index.under("~", "crumb")}
    nodes |= {node.index: node for node in reading.index.select(_BREADCRUMBS)}
    outer: list[Node] = []
    for place in sorted(nodes):
        node = nodes[place]
        if outer and outer[-1].holds(node):
            continue
        if (
            node.first < node.last
            and node.last - node.first <= 60
            and node.tag != "body"
            and not _holds_h1(reading, node)
        ):
            outer.append(node)
    return outer[:3]


def _holds_h1(reading: Reading, node: Node) -> bool:
    headline = reading.entry.headline
    return headline is not None and node.holds(headline)


def _crumb_names(reading: Reading, crumbs: list[Node]) -> list[str]:
    """The sections in the first breadcrumb: its links, without the front page and the page itself."""
    headline = reading.entry.headline
    title = reading.text(headline).casefold() if headline is not None else None
    for crumb in crumbs:
        names = []
        for link in reading.index.select(_LINKS, within=crumb):
            name = _name(reading.text(link))
            if not name or len(name) > _LONGEST_TERM or _is_home(name, link) or name.casefold() == title:
                continue
            names.append(name)
        if names:
            return names
    return []


def _is_home(name: str, link: Node) -> bool:
    if name.casefold() in _HOME:
        return True
    try:
        return urlsplit(link.attrs.get("href", "")).path in ("", "/") and not link.attrs.get("href", "").startswith("#")
    except ValueError:
        return False


# What classes and metadata know


def _recovered(reading: Reading) -> _Found:
    """Tags and sections that the page's data and classes name, from the first source that names any."""
    sources = (_from_linked, _from_meta, _from_layers, _from_post_class)
    found = _Found()
    for source in sources:
        if found.tags and found.categories:
            break
        more = source(reading)
        found.tags = found.tags or more.tags
        found.categories = found.categories or more.categories
    return found


def _from_linked(reading: Reading) -> _Found:
    main = reading.linked.main
    if main is None or "Recipe" in types(main) or ARTICLES.isdisjoint(types(main)):
        return _Found()
    said = texts(main.get("keywords"))
    words = said if len(said) > 1 else [word for one in said for word in _SPLIT.split(one)]  # "Kohl, Helmut" in a list
    site = {one.casefold() for one in reading.meta.get("og:site_name", ())}
    return _Found(
        [
            name
            for word in words
            if (name := _name(word)) and ":" not in word and len(name) <= _LONGEST_TERM and _is_said(name, site)
        ],
        [
            name
            for said in texts(main.get("articleSection"))
            for name in (_name(said),)
            if name and len(name) <= _LONGEST_TERM
        ],
    )


def _is_said(name: str, site: set[str]) -> bool:
    """Whether a keyword is for readers: neither the site's name nor a switch of its system ("_no-amp")."""
    return not name.startswith("_") and name.casefold() not in site


def _from_meta(reading: Reading) -> _Found:
    meta = reading.meta
    words = [word for said in meta.get("article:tag", ()) for word in _SPLIT.split(said)]
    sections = meta.get("article:section", [])
    return _Found(
        [name for word in words if (name := _name(word))], [name for said in sections if (name := _name(said))]
    )


def _from_layers(reading: Reading) -> _Found:
    """Tags in a data layer: an assignment of flat JSON to a variable of a known name."""
    for island in reading.document.data_islands.values():
        for layer in _RULES.layer:
            place = island.find(layer.name, 0, _LAYER_START)
            if place < 0:
                continue
            opening, closing = island.find("{", place), island.find("}", place)
            if opening < 0 or closing < opening or closing - opening > 20_000:
                continue
            try:
                said = msgspec.json.decode(island[opening : closing + 1].encode("utf-8", "replace"))
            except msgspec.DecodeError:
                continue
            if isinstance(said, dict):
                return _Found(_layer_names(said, layer.tags, layer), _layer_names(said, layer.categories, layer))
    return _Found()


def _layer_names(said: dict[str, object], key: str, layer: _Layer) -> list[str]:
    value = said.get(key)
    words = value.split(layer.separator) if isinstance(value, str) else value if isinstance(value, list) else []
    return [name for word in words if isinstance(word, str) and (name := _from_slug(word))]


def _from_post_class(reading: Reading) -> _Found:
    """Terms in the class of the article's element, as WordPress and Squarespace write them."""
    found = _Found()
    node = reading.entry.node
    if node is None or not _POST_CLASS.search(node.attrs.get("class", "")):
        return found
    for token in node.attrs["class"].split():
        kind, _, slug = token.partition("-")
        name = _from_slug(slug) if kind in ("tag", "category") and slug else None
        if name is not None:
            found.add("tag" if kind == "tag" else "category", name)
    if len(found.tags) > _MOST_HIDDEN:
        found.tags.clear()
    return found


# Places without a name: told by where their links lead, or by the page's metadata


def _unnamed(reading: Reading, known: _Found) -> _Bare | None:
    """The tags of the first such place."""
    late = _late_links(reading)
    found = _based(reading, late)
    if not found.tags:
        found = _listed_after_label(reading)
    if not found.tags:
        found = _echoed(reading, late, known)
    return found if found.tags else None


def _based(reading: Reading, late: list[Node]) -> _Bare:
    """Lines of the article that are nothing but links whose addresses say they lead to tags."""
    based = _Bare()
    leading = [link for link in late if "href" in link.attrs and _TAG_BASE.search(link.attrs["href"])]
    for line in _lines_of(reading, leading):
        links = [link for link in reading.index.select(_LINKS, within=line) if link.first < link.last]
        said = [name for link in links if _may_be_tag(reading, link) and (name := _name(reading.text(link)))]
        is_marked = all(reading.text(link).startswith("#") for link in links)
        if not reading.entry.owns(line) or len(said) < len(links) or not (len(said) >= _FEWEST_ECHOES or is_marked):
            continue
        if all(_base(link.attrs.get("href", "")) == "tag" for link in links) and _only_lists(reading, line):
            based.tags += said
            based.claims.append(Claim(line, Role.TAG_LINE, "links that lead to tags"))
    return based


def _listed_after_label(reading: Reading) -> _Bare:
    """What follows a label in a line of the article, linked or not ("Tags: copper, tin")."""
    listed = _Bare()
    headline = reading.entry.headline
    for place, piece in enumerate(reading.document.pieces):
        if piece.linked or ":" not in piece.text[:_LONGEST_LABEL] or (headline and piece.node.index < headline.index):
            continue
        label = piece.text[:_LONGEST_LABEL].partition(":")[0].strip(_ECHO_MARKS).casefold()
        if _LABELS.get(label) != "tag" or label in _WEAK:
            continue
        line = _line_beyond(reading, place)
        if line is None or not reading.entry.owns(line) or reading.entry.holds_article(line):
            continue
        names = _names_after(reading, line, place)
        if names:
            listed.tags += names
            listed.claims.append(Claim(line, Role.TAG_LINE, "a label and what it lists"))
            return listed
    return listed


def _line_beyond(reading: Reading, place: int) -> Node | None:
    """The innermost element that holds a label and more words than the label."""
    pieces = reading.document.pieces
    here: Node | None = pieces[place].node
    if pieces[place].text.partition(":")[2].strip():
        while here is not None and here.tag in INLINE:
            here = here.parent
        return here
    while here is not None and not any(piece.text.strip(_SEPARATORS) for piece in pieces[place + 1 : here.last]):
        here = here.parent
        if here is not None and here.last - place > _MOST_PIECES:
            return None
    return here


def _names_after(reading: Reading, line: Node, place: int) -> list[str]:
    """The names that a line lists after its label; none where one of them is too long to be a name."""
    if line.last - place > _MOST_PIECES:
        return []
    said = [piece.text for piece in reading.document.pieces[place : line.last]]
    said[0] = said[0].partition(":")[2]
    names = [name for one in said for part in _SPLIT.split(one) if (name := _name(part))]
    is_list = all(
        len(name) <= _LONGEST_TERM and name.count(" ") < _MOST_WORDS - 2 and not name.endswith((".", "!", "?", ":"))
        for name in names
    )
    return [name for name in names if name.casefold() not in _NO_TERM] if is_list else []


def _echoed(reading: Reading, late: list[Node], known: _Found) -> _Bare:
    """Lists of links after the headline that name what the metadata name: whatever their class, they are its tags."""
    names = {name.casefold() for name in known.tags}
    for key in _RULES.metadata.keywords:
        names.update(
            word.strip(_SEPARATORS).casefold() for said in reading.meta.get(key, ()) for word in _SPLIT.split(said)
        )
    names.discard("")
    echoed = _Bare()
    if len(names) < _FEWEST_ECHOES:
        return echoed
    for line in _lines_of(
        reading, [link for link in late if reading.text(link).strip(_ECHO_MARKS).casefold() in names]
    ):
        links = [link for link in reading.index.select(_LINKS, within=line) if _may_be_tag(reading, link)]
        said = [name for link in links if (name := _name(reading.text(link)))]
        shared = {name.casefold() for name in said} & names
        if len(shared) >= _FEWEST_ECHOES and len(shared) >= _SHARE_OF_ECHOES * len(said) and _only_lists(reading, line):
            echoed.tags += said
            echoed.claims.append(Claim(line, Role.TAG_LINE, "links that name the page's keywords"))
    return echoed


def _late_links(reading: Reading) -> list[Node]:
    """Links of few words after the headline."""
    links = reading.index.under("t", "a")
    headline = reading.entry.headline
    start = bisect_left(links, headline.index, key=_place_of) if headline is not None else 0
    return [link for link in links[start:] if 0 < link.last - link.first <= _MOST_TERM_PIECES]


_place_of: Final = attrgetter("index")


def _lines_of(reading: Reading, links: list[Node]) -> list[Node]:
    """The lists and lines that some links stand in."""
    lines = {line.index: line for line in map(_line_of, links)}
    return [
        lines[place]
        for place in sorted(lines)
        if lines[place].last - lines[place].first <= _MOST_PIECES and not reading.entry.holds_article(lines[place])
    ]


def _may_be_tag(reading: Reading, link: Node) -> bool:
    is_tag = link.first < link.last and _kind(link, "tag") == "tag"
    return is_tag and _leads_within(reading, link) and _may_be_term(reading, link)


def _only_lists(reading: Reading, line: Node) -> bool:
    """Whether a line is its links and at most a label: in prose, links say what they will."""
    loose = [piece.text for piece in reading.document.pieces[line.first : line.last] if not piece.linked]
    return len("".join(loose).strip(_SEPARATORS)) <= _LONGEST_LABEL and all(
        len(text) <= _LONGEST_LABEL for text in loose
    )


# Lines of plain text


def _runs(line: str) -> list[tuple[Kind, str]]:
    """The line as labels and what stands after each; empty where it does not begin with a label."""
    folded = line.casefold()
    if len(folded) != len(line):
        return []
    marks = [(m.start(), m.end(), m.group(1) or m.group(2)) for m in _LABEL.finditer(folded)]
    if not marks or folded[: marks[0][0]].strip(" *•·«»[("):
        return []
    _, _, first = marks[0]
    has_colon = folded[marks[0][1] - 1 : marks[0][1]] in (":", "：")
    if not has_colon and (first not in _SAID or (line.endswith(".") and _until_end(line) == line.rstrip(" ."))):
        return []
    ends = [start for start, _, _ in marks[1:]] + [len(line)]
    return [(_LABELS[label], _until_end(line[after:end])) for (_, after, label), end in zip(marks, ends, strict=True)]


def _parts(said: str) -> list[str]:
    """What bars part: names of their own, or other data of the line after the first ("a, b | 3 Comments")."""
    first, *others = said.split("|")
    return [first] if "," in said else [first, *(other for other in others if not other.strip()[:1].isdigit())]


def _until_end(said: str) -> str:
    folded = said.casefold()
    if len(folded) != len(said):
        return said
    cut = min((at for end in _RULES.text.ends if (at := folded.find(end)) >= 0), default=len(said))
    run = said[:cut].rstrip(" .")
    last = run.rpartition(" ")
    return last[0] if last[2].casefold() in _RULES.text.joins else run


def _label_pattern() -> re.Pattern[str]:
    """A label: one that needs no colon before a space, any before a colon."""
    longest_first = sorted(_LABELS, key=len, reverse=True)
    said = "|".join(re.escape(label) for label in longest_first if label in _SAID)
    every = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![\w-])(?:({every})\s?[:：]|({said})(?=[\s,]))")


_LABEL: Final = _label_pattern()
