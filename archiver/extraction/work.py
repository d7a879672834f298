"""The work reviewed: what it is, what it is called, who made it.

The page's data are asked first; then its titles, which name the work in few ways ("film
review: X", "X review", "Kritik: X"); then, where the page rates something or files itself under
reviews of a kind of work, the headline is the name. Where none of this holds, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from archiver import rules
from archiver.extraction.imprint import imprinted
from archiver.extraction.linked_data import Thing, text, texts, things, types
from archiver.extraction.ratings.lines import rating_in_line
from archiver.extraction.select import rule
from archiver.record import ItemReviewed

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


class _Filed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stems: tuple[str, ...]
    steps: tuple[str, ...]
    reviews: tuple[str, ...]


class _Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    joins: tuple[str, ...]
    no_ends: tuple[str, ...]
    by: tuple[str, ...]
    no_starts: tuple[str, ...]


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reviews: dict[str, tuple[str, ...]]
    sections: dict[str, tuple[str, ...]]
    filed: _Filed
    facts: dict[str, tuple[str, ...]]
    open_graph: dict[str, str]
    title: _Title


_RULES: Final = rules.read("works.toml", _Rules)
_REVIEW_WORDS: Final = {word: kind for kind, words in _RULES.reviews.items() for word in words}
_SECTIONS: Final = {word: kind for kind, words in _RULES.sections.items() for word in words}
_FILED: Final = frozenset(_RULES.filed.reviews)
_STEPS: Final = frozenset(_RULES.filed.steps)
_FACTS: Final = {key: kind for kind, keys in _RULES.facts.items() for key in keys}
_NO_ENDS: Final = frozenset(_RULES.title.no_ends)

#: schema.org types of works, the telling ones before those that stand for anything.
_WORKS: Final = tuple(
    "Movie TVSeries TVSeason TVEpisode Book Audiobook MusicAlbum MusicRecording VideoGame Game Restaurant"
    " FoodEstablishment Hotel TheaterEvent Event PodcastSeries PodcastEpisode Course MobileApplication"
    " SoftwareApplication WebApplication Play LocalBusiness Product CreativeWorkSeries CreativeWork Thing".split()
)
#: Types that, standing alone in a page's data, are what the page is about.
_TELLING: Final = frozenset(_WORKS[:19]) | {"Product"}
_VAGUE: Final = frozenset({"CreativeWork", "Thing", "CreativeWorkSeries"})

rule("a")
_TITLE: Final = rule("title")

_LONGEST_TITLE: Final = 300  # characters
_LONGEST_NAME: Final = 160
#: A headline longer than this, in words, is a sentence and no name.
_MOST_WORDS: Final = 9


def _words(words: Iterable[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s") for word in sorted(words, key=len, reverse=True))


_REVIEW: Final = rf"(?P<word>{_words(_REVIEW_WORDS)})"
_MARK: Final = r"\s?[:：|–—]\s?|\s-\s?|\s[/»]\s"
_QUOTED: Final = r"[«»„“”\"‘'‹›「『《]"
#: "film review: X", "[Critique] X", "Рецензия «X»", "Review of X", "Test: X".
_PREFIX: Final = re.compile(
    rf"^(?:[^:]{{1,90}}:\s)?[\W_]{{0,3}}(?:(?:the|our|an?)\s)?{_REVIEW}(?:\]\s*|\)\s*|{_MARK}|\s(?:{_words(_RULES.title.joins)})\s|\s(?={_QUOTED}))(?P<name>.+)$",
    re.IGNORECASE,
)
#: "X review", "X – Kritik", "X (Review)", "X im Test – …", "X review: what follows".
_SUFFIX: Final = re.compile(
    rf"(?P<mark>{_MARK}|\s[\[(]|,\s|\s){_REVIEW}[\])]?(?P<rest>$|\s?[:：|–—]|\s-|\s?[\[(]|,\s|[.!?]?\s?$|\s[★☆*]|\s\d)",
    re.IGNORECASE,
)
#: Words that name a review only where a mark parts them from the name ("X – Kritik").
_MARKED_ONLY: Final = frozenset(_REVIEW_WORDS) - {
    "review", "reviewed", "im test", "im produkttest", "test", "le test", "レビュー",
    *(word for word in _REVIEW_WORDS if word.endswith(" review")),
}  # fmt: skip
_ADJECTIVE: Final = re.compile(r"\s(?:im\s)?(?:ersten|großen|ausführlichen|langzeit|kurz)$", re.IGNORECASE)
#: "Best X", "16 Best X", "How to X", "X vs Y": of several works, or of none.
_SEVERAL: Final = re.compile(
    rf"^(?:the\s)?(?:\d{{1,3}}\s)?(?:{_words(_RULES.title.no_starts)})(?:\s|$)|^(?:the\s)?\d{{1,3}}\s(?:of\s(?:the|our)|[^\W\d]+)\s(?:best|most)\s|\svs\.?\s|\s\|\s",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"\s{0,3}[(\[](?P<year>(?:18|19|20)\d\d)[)\]]")
_BY: Final = re.compile(
    rf"\s(?:{_words(_RULES.title.by)})\s(?P<creator>[^\W\d_a-zа-я][\w.'’\-]*(?:\s[\w.'’\-]+){{0,4}})$"
)
_QUOTATION: Final = re.compile(r"[«„“\"‘「『《](?P<name>[^«»„“”\"‘’「」『』《》]{2,120})[»“”\"’」』》]")
_STARS: Final = frozenset("★⭐✮✭✯🌟*")
_QUOTES: Final = "«»„“”\"‘’'‹›「」『』《》 \t"


_SITE_NAME: Final = re.compile(r"\s[|»]\s|\s[–—-]\s(?=[^–—-]{1,40}$)")


class _Named(NamedTuple):
    """What a title says of the work."""

    name: str
    kind: str | None
    year: int | None
    creator: str | None


def work(
    reading: Reading,
    title: str | None,
    categories: Sequence[str] = (),
    *,
    tags: Sequence[str] = (),
    facts: Iterable[str] = (),
    lines: Sequence[str] = (),
    rated: bool = False,
) -> ItemReviewed | None:
    """The work that the page reviews; None where it cannot be told, or the page reviews nothing.

    ``facts`` are the keys of the facts printed beside the review, ``lines`` the article's own; ``rated`` tells
    that the page gives a verdict, or that its readers review the work themselves.
    """
    filed = [*categories, *tags]
    titles = _titles(reading, title)
    item = _from_data(reading)
    named = _from_titles(titles, title)
    if item is not None and names_several(title or "") and not _is_in(item.name, titles):
        item = None
    if named is None and title is not None and _is_review(reading, filed, rated=rated):
        named = _quoted(title) or _beside_stars(lines)
        if named is None and item is None:
            item = imprinted(lines)
        if named is None and item is None:
            named = _short(title)
    elif named is None and item is None:
        item = imprinted(lines, alone=True)
    if item is not None and (named is None or _is_in(item.name, titles) or not _akin(item.name, named.name)):
        if item.type is None or item.type in _VAGUE:
            item = msgspec.structs.replace(
                item, type=(named.kind if named else None) or _kind_filed(filed) or item.type
            )
    elif named is not None:
        kind = named.kind or _kind_filed(filed) or _kind_of_graph(reading) or (item.type if item is not None else None)
        kind = kind or _kind_of_facts(facts) or ("Movie" if named.year else None)
        item = ItemReviewed(type=kind, name=named.name, year=named.year, creator=named.creator)
    if item is None:
        return None
    return _with_ids(reading, _with_year(item, titles))


def names_several(title: str) -> bool:
    """Whether a headline is one of several works ("Best kettles", "Kettle A vs Kettle B"), or of none."""
    return _SEVERAL.search(title) is not None


def _is_in(name: str | None, titles: Sequence[str]) -> bool:
    return name is not None and any(name.casefold() in said.casefold() for said in titles)


def _akin(name: str | None, other: str) -> bool:
    """Whether two names share a word: a title may tell the model where the data tell the make."""
    said = set(re.findall(r"\w{3,}", other.casefold()))
    return not said.isdisjoint(re.findall(r"\w{3,}", (name or "").casefold()))


# From the page's data


def _from_data(reading: Reading) -> ItemReviewed | None:
    linked = reading.linked
    if not linked.objects:
        return None
    reviews = linked.of_type("Review", "CriticReview", "ReviewNewsArticle", "UserReview")
    main = linked.main
    reviewed = {
        name for review in reviews for item in things(review.get("itemReviewed")) if (name := text(item.get("name")))
    }
    for review in sorted(reviews, key=lambda thing: thing is not main):
        if not _is_own(reading, review) or (review is not main and len(reviewed) > 1):
            continue
        for item in things(review.get("itemReviewed")):
            found = _item(item)
            if found is not None:
                return found
        said = text(review.get("itemReviewed"))
        if said and not things(review.get("itemReviewed")):
            return ItemReviewed(name=_bare(said))
        holder = linked.holder(review)
        if holder is not None and holder.property in ("review", "reviews"):
            found = _item(holder.thing)
            if found is not None:
                return found
    return _alone(reading)


def _is_own(reading: Reading, review: Thing) -> bool:
    node = reading.linked.node(review)
    return node is None or reading.entry.holds_article(node) or reading.entry.owns(node)


def _alone(reading: Reading) -> ItemReviewed | None:
    """The only work in the data, where the page's title names it."""
    items = [
        thing
        for thing in reading.linked.objects
        if not _TELLING.isdisjoint(types(thing)) and text(thing.get("name")) and reading.linked.holder(thing) is None
    ]
    names = {(text(thing.get("name")) or "").casefold() for thing in items}
    if len(names) != 1:
        return None
    found = _item(items[0])
    titles = " ".join(reading.text(node) for node in reading.index.select(_TITLE)[:1]).casefold()
    return found if found is not None and found.name and found.name.casefold() in titles else None


def _item(item: Thing) -> ItemReviewed | None:
    name = text(item.get("name"))
    if not name or len(name) > _LONGEST_NAME * 2:
        return None
    kinds = types(item)
    ids = dict(_ids_of(item))
    return ItemReviewed(
        type=next((kind for kind in _WORKS if kind in kinds), kinds[0] if kinds else None),
        name=_bare(name), year=_year_of(item), creator=_creator_of(item), ids=ids,
    )  # fmt: skip


def _bare(name: str) -> str:
    """The name without the word "review" that some plugins add."""
    named = _named_in(name)
    return named.name if named is not None else name


def _year_of(item: Thing) -> int | None:
    for key in ("datePublished", "dateCreated", "copyrightYear", "releaseDate", "startDate"):
        said = text(item.get(key))
        if said and re.match(r"(?:18|19|20)\d\d(?!\d)", said):
            return int(said[:4])
    return None


def _creator_of(item: Thing) -> str | None:
    """Who made the work: its director, author, artist, maker."""
    for key in ("director", "author", "byArtist", "creator", "brand", "manufacturer"):
        said = texts(item.get(key))
        if said and len(", ".join(said)) <= _LONGEST_NAME:
            return ", ".join(said)
    return None


_IMDB: Final = re.compile(r"imdb\.com/(?:\w{2}/)?title/(tt\d{5,10})")
_ASIN: Final = re.compile(
    r"amazon\.[a-z.]{2,6}/(?:[^?#\s]{0,120}/)?(?:dp|gp/product|exec/obidos/ASIN)/([A-Z0-9]{10})(?![A-Z0-9])"
)
_ISBN: Final = re.compile(r"^(?:97[89])?\d{9}[\dX]$")


def _ids_of(item: Thing) -> Iterable[tuple[str, str]]:
    isbn = (text(item.get("isbn")) or "").replace("-", "").replace(" ", "").upper()
    if _ISBN.match(isbn):
        yield "isbn", isbn
    for key in ("gtin13", "gtin", "asin", "mpn", "sku"):
        said = text(item.get(key))
        if said and len(said) <= 40:
            yield key, said
    for said in [*texts(item.get("sameAs")), *texts(item.get("url")), *texts(item.get("@id"))]:
        match = _IMDB.search(said)
        if match is not None:
            yield "imdb", match[1]


def _with_ids(reading: Reading, item: ItemReviewed) -> ItemReviewed:
    """Identifiers in the article's links, where they all lead to one work."""
    found: dict[str, set[str]] = {}
    for link in reading.index.under("t", "a"):
        href = link.attrs.get("href", "")
        for key, host, pattern in (("imdb", "imdb.com/", _IMDB), ("asin", "amazon.", _ASIN)):
            if host in href and len(href) < 500 and (match := pattern.search(href)) and reading.entry.owns(link):
                found.setdefault(key, set()).add(match[1])
    more = {key: ids.pop() for key, ids in found.items() if len(ids) == 1}
    return msgspec.structs.replace(item, ids={**more, **item.ids}) if more else item


def _with_year(item: ItemReviewed, titles: Sequence[str]) -> ItemReviewed:
    """The year that a title gives in parentheses after the name."""
    if item.year is not None or item.name is None:
        return item
    for said in titles:
        match = _YEAR.search(said)
        if match is not None and said[: match.start()].casefold().endswith(item.name.casefold()):
            return msgspec.structs.replace(item, year=int(match["year"]))
    return item


# From titles


def _titles(reading: Reading, title: str | None) -> list[str]:
    """The headline, then the page's other titles, which often name the work more plainly."""
    said = [title or ""]
    said += [reading.text(node) for node in reading.index.select(_TITLE)[:1]]
    said += reading.meta.get("og:title", [])[:1]
    return list(dict.fromkeys(one for one in said if one and len(one) <= _LONGEST_TITLE))


def _from_titles(titles: list[str], title: str | None) -> _Named | None:
    """The name in the first title that gives one; any but the headline may end in the site's name."""
    for said in titles:
        named = _named_in(said if said == title else _head(said))
        if named is not None:
            return _cased(named, titles)
    for said in titles:
        line = rating_in_line(said)
        raw = line.rating.raw if line is not None and not line.whole_line else None
        place = said.rfind(raw) if raw else -1
        if place > 0:
            named = _named(said[:place].rstrip(" :：–—|-(["), None)
            return _cased(named, titles) if named is not None else None
    return None


def _named_in(title: str) -> _Named | None:
    """The name in a title that says it is a review."""
    said = " ".join(title.split())
    match = _PREFIX.match(said)
    if match is not None:
        return _named(match["name"], _REVIEW_WORDS[match["word"].casefold()] or None)
    for match in _SUFFIX.finditer(said):
        word = match["word"].casefold()
        if match.start() == 0 or (not match["mark"].strip() and word in _MARKED_ONLY):
            continue
        name = _ADJECTIVE.sub("", said[: match.start()])
        if name.rpartition(" ")[2].casefold() not in _NO_ENDS:
            return _named(name, _REVIEW_WORDS[word] or None)
    return None


def _head(name: str) -> str:
    """A name without the site's name after it."""
    return _SITE_NAME.split(name, maxsplit=1)[0]


def _named(said: str, kind: str | None) -> _Named | None:
    """A name cleaned of its year, its creator and the quotes around it."""
    name = said.strip().strip(":：–—|-").strip()
    year = None
    match = _YEAR.search(name)
    if match is not None:
        year = int(match["year"])
        name = name[: match.start()] if match.end() == len(name) or match.start() > 0 else name
    creator = None
    by = _BY.search(name)
    if by is not None and kind not in ("Product", "Restaurant") and by.start() > 0:
        creator, name = by["creator"], name[: by.start()]
    quoted = _QUOTATION.search(name)
    if quoted is not None:
        name = quoted["name"]
    name = name.strip(_QUOTES).rstrip(".,;").strip()
    if not name or len(name) > _LONGEST_NAME or _SEVERAL.search(name):
        return None
    return _Named(name, kind, year, creator)


def _cased(named: _Named, titles: list[str]) -> _Named:
    """The name as another title writes it, where this one shouts; the year with it."""
    for said in titles:
        place = said.casefold().find(named.name.casefold())
        if place < 0 or len(said.casefold()) != len(said):
            continue
        name = said[place : place + len(named.name)]
        match = _YEAR.match(said[place + len(named.name) :])
        year = named.year or (int(match["year"]) if match is not None else None)
        if named.name.isupper() and not name.isupper():
            named = named._replace(name=name)
        named = named._replace(year=year)
    return named


def _is_review(reading: Reading, filed: Sequence[str], *, rated: bool) -> bool:
    """Whether a page whose titles do not say so reviews a work: by its verdict, sections, address, data."""
    main = reading.linked.main
    if main is not None and "Recipe" in types(main):
        return False  # rated by those who cooked it
    if rated:
        return True
    folded = [said.casefold() for said in filed]
    if not _FILED.isdisjoint(folded) or any(stem in said for said in folded for stem in _RULES.filed.stems):
        return True
    if main is not None and not {"Review", "CriticReview", "ReviewNewsArticle"}.isdisjoint(types(main)):
        return True
    path = (reading.page.url or "").partition("//")[2].partition("?")[0].casefold()
    return not _STEPS.isdisjoint(path.split("/")[1:-1]) or _kind_of_graph(reading) is not None


def _quoted(title: str) -> _Named | None:
    """The only name in quotes in a headline."""
    found = list(_QUOTATION.finditer(title))
    return _named(found[0]["name"], None) if len(found) == 1 and len(found[0]["name"].split()) <= _MOST_WORDS else None


def _beside_stars(lines: Sequence[str]) -> _Named | None:
    """The name in the only line of the article that is a name and a verdict ("LANTERN BAY ★★★½")."""
    found = []
    for said in lines:
        line = rating_in_line(said) if len(said) <= _LONGEST_NAME else None
        raw = line.rating.raw if line is not None and not line.whole_line else None
        place = said.rfind(raw) if raw and raw[0] in _STARS else -1
        if place > 0 and len(said[:place].split()) <= _MOST_WORDS:
            found.append(said[:place].rstrip(" :：–—|-,(["))
    return _named(found[0], None) if len(found) == 1 else None


def _short(title: str) -> _Named | None:
    """A headline that may be a name: no sentence, no question; of a long one what stands before its colon or dash."""
    said = title.strip()
    if len(said.split()) > _MOST_WORDS:
        said = re.split(r":\s|\s[–—-]\s", said, maxsplit=1)[0]
    if len(said.split()) > _MOST_WORDS or said.endswith(("?", "!", ".", "…")):
        return None
    return _named(said, None)


def _kind_of_graph(reading: Reading) -> str | None:
    """The type that Open Graph gives a page about one work."""
    said = reading.meta.get("og:type", ())
    return next((kind for one in said if (kind := _RULES.open_graph.get(one.lower()))), None)


def _kind_filed(filed: Sequence[str]) -> str | None:
    return next((kind for said in filed if (kind := _SECTIONS.get(said.casefold()))), None)


def _kind_of_facts(facts: Iterable[str]) -> str | None:
    return next((kind for key in facts if (kind := _FACTS.get(key))), None)
