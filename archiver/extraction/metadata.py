"""Metadata: what a page says of itself beside its text.

Title and subtitle (:mod:`titles`), who wrote it (:mod:`bylines`), when (:mod:`datelines`), in
which language, at which address. What the page shows of these it shows in elements, which are
claimed: so a byline is never taken for a paragraph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from archiver.extraction.blocks import Claim
from archiver.extraction.bylines import byline
from archiver.extraction.datelines import dateline
from archiver.extraction.identity import without_tracking
from archiver.extraction.language import language_of, without_region
from archiver.extraction.linked_data import ARTICLES, REVIEWS, listed, types
from archiver.extraction.select import rule
from archiver.extraction.titles import headline
from archiver.page import address_of
from archiver.record import PageKind

if TYPE_CHECKING:
    from archiver.extraction.comments import Opening
    from archiver.extraction.reading import Reading

_CANONICAL: Final = rule('link[rel~="canonical"]')
_FORUMS: Final = frozenset({"DiscussionForumPosting", "QAPage"})
#: Where a date stands that readers see; the page's data are the other places.
_SEEN: Final = frozenset({"time", "element", "line"})


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is unknown is None. ``kind`` is what the page's data says it is; OTHER where it does not say.
    ``published_source`` names the place that told the date (json-ld, meta …, time, element, line, first post)."""

    title: str | None = None
    subtitle: str | None = None
    authors: tuple[str, ...] = ()
    published_at: str | None = None
    published_at_raw: str | None = None
    published_source: str | None = None
    modified_at: str | None = None
    modified_at_raw: str | None = None
    language: str | None = None
    canonical_url: str | None = None
    site_name: str | None = None
    kind: PageKind = PageKind.OTHER
    claims: tuple[Claim, ...] = ()


def metadata(reading: Reading) -> Metadata:
    """What the page says of itself, with the elements that show it."""
    language = language_of(reading)
    title = headline(reading)
    written = byline(reading, title.node, title.site_name)
    dated = dateline(reading, title.node, language)
    return Metadata(
        title=title.title,
        subtitle=title.subtitle,
        authors=written.names,
        published_at=dated.published.iso if dated.published else None,
        published_at_raw=dated.published.raw if dated.published else None,
        published_source=dated.published.source if dated.published else None,
        modified_at=dated.modified.iso if dated.modified else None,
        modified_at_raw=dated.modified.raw if dated.modified else None,
        language=without_region(language),
        canonical_url=_canonical_url(reading),
        site_name=title.site_name,
        kind=_kind(reading),
        claims=(*title.claims, *written.claims, *dated.claims),
    )


def of_first_post(reading: Reading, meta: Metadata, post: Opening | None) -> Metadata:
    """Of a forum's page: what its first post says of itself, where the page's data say nothing of it."""
    if post is None:
        return meta
    main = reading.linked.main
    told = main is not None and not _FORUMS.isdisjoint(types(main)) and bool(main.get("author"))
    if post.author and not told:
        meta = replace(meta, authors=(post.author,))
    if post.posted_at and _is_before(post.posted_at, meta):
        meta = replace(
            meta, published_at=post.posted_at, published_at_raw=post.posted_at_raw, published_source="first post"
        )
    return meta


def _is_before(posted_at: str, meta: Metadata) -> bool:
    """Whether a post was written before the date that was taken for the page's: that one is an answer's."""
    if meta.published_at is None:
        return True
    earlier = posted_at < meta.published_at and not meta.published_at.startswith(posted_at)
    return earlier and meta.published_source in _SEEN


def plain_metadata(reading: Reading, title: str | None) -> Metadata:
    """Of a page that is plain text, where nothing but its words tells."""
    return Metadata(title=title, language=without_region(language_of(reading)))


def _canonical_url(reading: Reading) -> str | None:
    """The address the page gives itself, without tracking parameters; a site that calls every page `/` gives none."""
    links = [node.get("href") for node in reading.index.select(_CANONICAL)]
    main = reading.linked.main
    own = (
        [one.get("@id") if isinstance(one, dict) else one for one in listed(main.get("mainEntityOfPage"))]
        if main
        else []
    )
    for said in [*links, *reading.meta.get("og:url", ()), *own]:
        url = reading.absolute(said) if isinstance(said, str) and said.strip() else None
        if url is not None and not _is_front(url, reading.page.url):
            return without_tracking(url)
    return None


def _is_front(url: str, page_url: str | None) -> bool:
    """Whether an address is a site's front page, and the page is not."""
    if page_url is None:
        return False
    own, said = address_of(page_url), address_of(url)
    return said.path in ("", "/") and not said.query and (own.path not in ("", "/") or bool(own.query))


def _kind(reading: Reading) -> PageKind:
    main = reading.linked.main
    if main is None:
        return PageKind.ARTICLE if "article" in reading.meta.get("og:type", ()) else PageKind.OTHER
    said = set(types(main))
    if said & REVIEWS or "itemReviewed" in main:
        return PageKind.REVIEW
    if said & _FORUMS:
        return PageKind.FORUM
    return PageKind.ARTICLE if said & ARTICLES - {"CreativeWork", "VideoObject"} else PageKind.OTHER
