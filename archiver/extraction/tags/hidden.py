"""What is not shown: tags and sections that classes, metadata and scripts know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from archiver.extraction.linked_data import ARTICLES, texts, types
from archiver.extraction.tags.found import Found, displayed, from_slug
from archiver.extraction.tags.wording import LONGEST_TERM, POST_CLASS, RULES, SPLIT, Layer

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


#: An article whose class names more tags than this while its page shows none is filed for the site's own ends
#: (search, related posts): of five such real pages, with 7 to 12 tags each, readers were shown none.
_MOST_HIDDEN: Final = 5

#: A data layer's name stands this early in its script.
_LAYER_START: Final = 5_000


def hidden_terms(reading: Reading) -> Found:
    """Tags and sections that the page's data and classes name, from the first source that names any."""
    sources = (_from_linked, _from_meta, _from_layers, _from_post_class)
    found = Found()
    for source in sources:
        if found.tags and found.categories:
            break
        more = source(reading)
        found.tags = found.tags or more.tags
        found.categories = found.categories or more.categories
    return found


def _from_linked(reading: Reading) -> Found:
    main = reading.linked.main
    if main is None or "Recipe" in types(main) or ARTICLES.isdisjoint(types(main)):
        return Found()
    said = texts(main.get("keywords"))
    words = said if len(said) > 1 else [word for one in said for word in SPLIT.split(one)]  # "Kohl, Helmut" in a list
    site = {one.casefold() for one in reading.meta.get("og:site_name", ())}
    return Found(
        [
            name
            for word in words
            if (name := displayed(word)) and ":" not in word and len(name) <= LONGEST_TERM and _is_said(name, site)
        ],
        [
            name
            for said in texts(main.get("articleSection"))
            for name in (displayed(said),)
            if name and len(name) <= LONGEST_TERM
        ],
    )


def _is_said(name: str, site: set[str]) -> bool:
    """Whether a keyword is for readers: neither the site's name nor a switch of its system ("_no-amp")."""
    return not name.startswith("_") and name.casefold() not in site


def _from_meta(reading: Reading) -> Found:
    meta = reading.meta
    words = [word for said in meta.get("article:tag", ()) for word in SPLIT.split(said)]
    sections = meta.get("article:section", [])
    return Found(
        [name for word in words if (name := displayed(word))], [name for said in sections if (name := displayed(said))]
    )


def _from_layers(reading: Reading) -> Found:
    """Tags in a data layer: an assignment of flat JSON to a variable of a known name."""
    for island in reading.document.data_islands.values():
        for layer in RULES.layer:
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
                return Found(_layer_names(said, layer.tags, layer), _layer_names(said, layer.categories, layer))
    return Found()


def _layer_names(said: dict[str, object], key: str, layer: Layer) -> list[str]:
    value = said.get(key)
    words = value.split(layer.separator) if isinstance(value, str) else value if isinstance(value, list) else []
    return [name for word in words if isinstance(word, str) and (name := from_slug(word))]


def _from_post_class(reading: Reading) -> Found:
    """Terms in the class of the article's element, as WordPress and Squarespace write them."""
    found = Found()
    node = reading.entry.node
    if node is None or not POST_CLASS.search(node.attrs.get("class", "")):
        return found
    for token in node.attrs["class"].split():
        kind, _, slug = token.partition("-")
        name = from_slug(slug) if kind in ("tag", "category") and slug else None
        if name is not None:
            found.add("tag" if kind == "tag" else "category", name)
    if len(found.tags) > _MOST_HIDDEN:
        found.tags.clear()
    return found
