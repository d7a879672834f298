"""What a site says about the use of a page: robots directives, TDM reservation, licence. Recorded
as seen; what follows from it is for the crawl's settings and the archive's readers to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from archiver.extraction.markup import Markup
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import Rights

_LICENSE: Final = rule('link[rel~="license"], a[rel~="license"]')
#: Whom directives are for that we take for ours: everybody, us, and the one agent that sites name when they
#: mean all who keep copies.
_AGENTS: Final = ("robots", "review-archiver", "googlebot")
#: `otherbot: noindex`: a name before the directives, none of those that are directives with a value.
_ADDRESSED: Final = re.compile(r"\s*(?!unavailable_after|max-)([\w*-]+)\s*:", re.I)


def rights(reading: Reading) -> Rights:
    """The directives of headers and meta elements (robots; TDMRep's tdm-reservation; rel=license)."""
    page = reading.page
    meta = reading.meta
    directives = _directives(reading)
    reserved = page.header("tdm-reservation") or next(iter(meta.get("tdm-reservation", ())), None)
    licensed = reading.index.first(_LICENSE)
    none = "none" in directives
    return Rights(
        x_robots_tag=", ".join(_headers(page)) or None,
        meta_robots=", ".join(meta.get("robots", ())) or None,
        noarchive="noarchive" in directives,
        nofollow=none or "nofollow" in directives,
        noindex=none or "noindex" in directives,
        tdm_reservation=None if reserved is None else reserved.strip() == "1",
        license=reading.absolute(licensed.get("href")) if licensed is not None else None,
    )


def asks_not_to_be_kept(page: Page) -> bool:
    """Whether a page says ``noarchive``: what :func:`rights` says of it, without the rest."""
    return "noarchive" in _directives(Markup(page))


def _directives(markup: Markup) -> set[str]:
    """In lower case, those for other agents left out."""
    said = [*map(_ours, _headers(markup.page)), *(one for name in _AGENTS for one in markup.meta.get(name, ()))]
    return {word.strip().lower() for one in said for word in one.split(",")}


def _headers(page: Page) -> Iterator[str]:
    return (value.strip() for name, value in page.headers if name.lower() == "x-robots-tag")


def _ours(header: str) -> str:
    """A header's directives, if they are for us; they may be for one agent, then for another."""
    ours: list[str] = []
    ignored = False
    for word in header.split(","):
        name = _ADDRESSED.match(word)
        if name:
            ignored = name[1].lower() not in (*_AGENTS, "*")
        if not ignored:
            ours.append(word[name.end() :] if name else word)
    return ",".join(ours)
