"""Imprints: the line in which a review of a book tells the book's data.

They come in few forms: 'Ada Valk: "Ten Winters" (North Quay)', "Ada Valk: Ten Winters. North
Quay, 320 pages, ISBN …", "Ten Winters by Ada Valk is published by North Quay (£9.99)", or author,
title and publisher on a line each. A line without quotes must count pages or give an ISBN.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from archiver import rules
from archiver.record import ItemReviewed


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pages: tuple[str, ...]
    published: tuple[str, ...]


_RULES: Final = rules.read("imprints.toml", _Words)
_PAGES: Final = "|".join(map(re.escape, _RULES.pages))
_PUBLISHED: Final = "|".join(map(re.escape, _RULES.published))

_LONGEST: Final = 400  # characters
#: Cheap signs: one of these stands in every imprint.
_SIGN: Final = re.compile(rf"\bISBN\b|\b\d{{2,4}}\s?(?:{_PAGES})(?!\w)|\s(?:{_PUBLISHED})\s")
_PERSON: Final = r"[^\W\d_][^\d:;.!?\n\"“„«]{2,59}?(?:\s[A-Z]\.[^\d:;.!?\n\"“„«]{2,40}?)?"
_QUOTED: Final = r"[\"“„«](?P<name>[^\"“”„«»\n]{2,150})[\"”“»]"
_FORMS: Final = (
    re.compile(rf"^(?P<creator>{_PERSON})\s?:\s{_QUOTED}"),
    re.compile(rf"^(?P<creator>{_PERSON})\s?:\s(?P<name>[^.\n(]{{2,120}}?)(?:\.\s|,\s|\s\(|\n)"),
    re.compile(rf"^(?P<creator>{_PERSON})\n(?P<name>[^\n]{{2,120}})\n"),
    re.compile(
        rf"^\W{{0,3}}(?P<name>[^\n.]{{2,120}}?),?\s[Bb]y\s(?P<creator>{_PERSON})(?:\.\s|,\s|\s\(|\s(?:{_PUBLISHED})\s)"
    ),
)
#: Quotes and a publisher in parentheses are sign enough, where they are the whole line.
_QUOTED_WHOLE: Final = re.compile(rf"^(?P<creator>{_PERSON})\s?:\s{_QUOTED},?\s?\((?P<publisher>[^()\n]{{3,60}})\)\.?$")


def imprinted(lines: Iterable[str], *, alone: bool = False) -> ItemReviewed | None:
    """The book that the lines of an article give the data of; None where none or several do.

    ``alone`` asks for an imprint that speaks for itself, on a page that nothing else calls a review.
    """
    found = {
        book.name: book
        for line in lines
        if len(line) <= _LONGEST and (not alone or "ISBN" in line or line.endswith((")", ").")))
        if (book := _book(line.strip(), alone=alone)) is not None
    }
    return next(iter(found.values())) if len(found) == 1 else None


def _book(said: str, *, alone: bool) -> ItemReviewed | None:
    if _SIGN.search(said) is None or (alone and "ISBN" not in said):
        match = _QUOTED_WHOLE.match(said) if said.endswith((")", ").")) else None
    else:
        match = next((match for form in _FORMS if (match := form.match(said)) is not None), None)
    if match is None:
        return None
    return ItemReviewed(type="Book", name=match["name"].strip(" ,"), creator=match["creator"].strip())
