"""Tags and categories: what a page says it is filed under.

A term is a link in a place for terms. Four things tell which kind it is, in this order:
``rel="category"``, the base of its address (``/tag/…``), the class of the place it stands in,
the label before it ("Filed under"); ``rel="tag"`` alone stands for any taxonomy. Where the page
shows no term at all, its classes and metadata may still know them; where only the commas
between them are left, the places are counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.extraction.blocks import Claim
from archiver.extraction.tags.bare import bare_places
from archiver.extraction.tags.breadcrumbs import breadcrumbs_of, crumb_names
from archiver.extraction.tags.claims import claims_of
from archiver.extraction.tags.found import (
    EMPTIED,
    HIDDEN,
    NAMED,
    UNNAMED,
    Found,
    Tags,
    categories_of,
    displayed,
    slug_of,
    unique,
)
from archiver.extraction.tags.hidden import hidden_terms
from archiver.extraction.tags.places import places_of
from archiver.extraction.tags.terms import terms_of
from archiver.extraction.tags.unnamed import in_unnamed_places
from archiver.record import Role, TagsState

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


def tags(reading: Reading) -> Tags:
    """The page's own tags and categories."""
    places = places_of(reading)
    terms = terms_of(reading, places)
    shown, lost_names = Found(), Found()
    for term in terms:
        name = displayed(reading.text(term.node))
        if name:
            shown.add(term.kind, name)
        elif slug := slug_of(term.node):
            lost_names.add(term.kind, slug)
    crumbs = breadcrumbs_of(reading)
    bare = bare_places(reading, places, terms)
    claims = (
        *claims_of(reading, terms),
        *bare.claims,
        *(Claim(node, Role.BREADCRUMB, "breadcrumb") for node in crumbs),
    )
    shown.tags += bare.tags
    shown.categories += bare.categories
    categories = shown.categories or lost_names.categories or crumb_names(reading, crumbs)
    if shown.tags:
        names = unique(shown.tags)
        return Tags(names, categories_of(categories), TagsState.FOUND, len(names), claims, NAMED)
    if lost_names.tags:
        names = unique(lost_names.tags)
        slots = max(len(names), bare.slots)
        return Tags(names, categories_of(categories), TagsState.RECOVERED, slots, claims, EMPTIED)
    known = hidden_terms(reading)
    unnamed = in_unnamed_places(reading, known)
    if unnamed is not None:
        names = unique(unnamed.tags)
        claims = (*claims, *unnamed.claims)
        filed = categories_of(categories or known.categories)
        return Tags(names, filed, TagsState.FOUND, len(names), claims, UNNAMED)
    recovered = unique(known.tags) if bare.slots or not shown.categories else ()
    state = TagsState.LOST if bare.slots else TagsState.ABSENT
    if recovered:
        state = TagsState.RECOVERED
    filed, slots = categories_of(categories or known.categories), max(len(recovered), bare.slots)
    return Tags(recovered, filed, state, slots, claims, HIDDEN if recovered else None)
