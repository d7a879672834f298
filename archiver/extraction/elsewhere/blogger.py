"""Blogger: the comment feed of a post as JSON, which names the comment that each one answers.

``/feeds/POSTID/comments/default?alt=json`` gives up to 500 entries an answer, from ``start-index`` on; a reply
has ``thr$in-reply-to``, or a link ``related``, with the id of the comment it answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from w3lib.url import add_or_replace_parameters, url_query_parameter

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, identifier, instant, json_of, link, member, words
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments, unsure_of_parents
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import ParentSource, Review

_FEEDS: Final = rule('link[rel="alternate"][type="application/atom+xml"]')
_OWN_FEED: Final = re.compile(r"/feeds/\d{1,25}/comments/default/?$")
_COMMENT: Final = re.compile(r"(?:\.post-|/comments/default/|/comments/summary/)(\d{1,25})$")
_A_PAGE: Final = 500


class Blogger:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if not lacks_comments(review) and not unsure_of_parents(review):
            return
        for node in reading.index.select(_FEEDS):
            url = reading.absolute(node.get("href"))
            if url and _OWN_FEED.search(url):
                yield Ask(_part(url, 1), at=1)
                return

    def read(self, ask: Ask, answer: Page) -> Told | None:
        feed = member(json_of(answer.text), "feed")
        if not isinstance(feed, dict):
            return None
        listed = feed.get("entry")
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        said = tuple(_said(entry) for entry in entries)
        total = words(member(feed, "openSearch$totalResults", "$t"))
        declared = int(total) if total and total.isdecimal() and len(total) < 8 else None
        following = ask.at + len(entries)
        more = bool(entries) and declared is not None and following <= declared
        return Told(said, (Ask(_part(ask.url, following), at=following),) if more else (), declared)


def _part(url: str, start: int) -> str:
    """Later parts are asked for with the address of the first, whatever it was called in the page."""
    if url_query_parameter(url, "start-index") == str(start):
        return url
    return add_or_replace_parameters(url, {"alt": "json", "max-results": str(_A_PAGE), "start-index": str(start)})


def _said(entry: dict[str, Any]) -> Said:
    authors = entry.get("author")
    author = authors[0] if isinstance(authors, list) and authors else None
    links = [one for one in entry.get("link") or () if isinstance(one, dict)]
    shown = next((link(one.get("href")) for one in links if one.get("rel") == "alternate"), None)
    return Said(
        text=html_text(member(entry, "content", "$t") or member(entry, "summary", "$t")),
        native_id=_comment_id(member(entry, "id", "$t")),
        native_parent=_parent(entry, links),
        source=ParentSource.API,
        author=words(member(author, "name", "$t")),
        posted_at=instant(member(entry, "published", "$t")),
        posted_at_raw=words(member(entry, "published", "$t")),
        permalink=shown,
    )


def _parent(entry: dict[str, Any], links: list[dict[str, Any]]) -> str | None:
    """The comment answered; an answer to the post itself names the post, which is no comment of the feed."""
    related = [one.get("href") for one in links if one.get("rel") == "related"]
    answered = (member(entry, "thr$in-reply-to", name) for name in ("ref", "href", "source"))
    own = _comment_id(member(entry, "id", "$t"))
    return next((found for said in (*related, *answered) if (found := _comment_id(said)) and found != own), None)


def _comment_id(said: object) -> str | None:
    text = identifier(said) or ""
    match = _COMMENT.search(text)
    return match[1] if match is not None else None
