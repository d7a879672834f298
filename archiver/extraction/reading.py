"""Reading: one page laid open for the rules: its markup, and what the page's data and its layout
say of the whole. Each part is made once, when first asked for."""

from __future__ import annotations

from functools import cached_property

from archiver.extraction.entry import Entry, entry_of
from archiver.extraction.linked_data import LinkedData, linked_data
from archiver.extraction.markup import Markup


class Reading(Markup):
    """A page's markup with its linked data and its own article."""

    @cached_property
    def linked(self) -> LinkedData:
        """What the page says of itself in JSON-LD, microdata and RDFa."""
        return linked_data(self)

    @cached_property
    def entry(self) -> Entry:
        """The page's own article, and what stands around it."""
        return entry_of(self)
