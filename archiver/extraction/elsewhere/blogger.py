"""Blogger: the comment feed of a post as JSON, which names the comment that each one answers.

``/feeds/POSTID/comments/default?alt=json`` gives up to 500 entries an answer (fewer where the server says
so), newest first, from ``start-index`` on. A reply has a link ``related`` to the comment it answers;
``thr$in-reply-to`` names the post in every entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final
from urllib.parse import urljoin

from w3lib.url import add_or_replace_parameters

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, instant, json_of, link, member, whole_number, words
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments, unsure_of_parents
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page, address_of
from archiver.record import CommentState, ParentSource, Review

_FEEDS: Final = rule('link[rel="alternate"][type="application/atom+xml"]')
#: Comments in a definition list, which shows no replies as such: the feed knows them.
_FLAT: Final = rule("#comments-block, .comments-block")
_NAME: Final = b"comments-block"
_OWN_FEED: Final = re.compile(r"/feeds/\d{1,25}/comments/default/?")
_COMMENT: Final = re.compile(r"(?:\.post-|/comments/default/)(\d{1,25})$")
_A_PAGE: Final = 500


class Blogger:
    """Asked for parents too, where the template shows none."""

    system: ClassVar[str] = "blogger"

    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if not lacks_comments(review) and not unsure_of_parents(review) and not _is_flat(reading, review):
            return
        for node in reading.index.select(_FEEDS):
            path = address_of(node.get("href")).path
            if _OWN_FEED.fullmatch(path) and reading.page.url:
                # the link may name the blog's address at blogspot.com: every blog has its feeds at its own one too
                yield _part(urljoin(reading.page.url, path), 1)
                return

    def read(self, ask: Ask, answer: Page) -> Told | None:
        feed = member(json_of(answer.text), "feed")
        if not isinstance(feed, dict):
            return None
        listed = feed.get("entry")
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        declared = whole_number(member(feed, "openSearch$totalResults", "$t"))
        following = ask.at + len(entries)
        more = bool(entries) and declared is not None and following <= declared
        return Told(tuple(_said(entry) for entry in entries), (_part(ask.url, following),) if more else (), declared)


def _is_flat(reading: Reading, review: Review) -> bool:
    unknown = sum(one.parent_source is ParentSource.UNKNOWN for one in review.comments)
    # most flat pages are not Blogger's, and are not worth an index
    return unknown > 1 and _NAME in reading.page.body and reading.index.first(_FLAT) is not None


def _part(url: str, start: int) -> Ask:
    asked = {"alt": "json", "max-results": str(_A_PAGE), "start-index": str(start)}
    return Ask(add_or_replace_parameters(url, asked), at=start)


def _said(entry: dict[str, Any]) -> Said:
    links = {one.get("rel"): one.get("href") for one in _objects(entry.get("link")) if isinstance(one.get("rel"), str)}
    author = next(iter(_objects(entry.get("author"))), None)
    is_removed = any(one.get("name") == "blogger.contentRemoved" for one in _objects(entry.get("gd$extendedProperty")))
    return Said(
        text=None if is_removed else html_text(member(entry, "content", "$t") or member(entry, "summary", "$t")),
        native_id=_comment_id(member(entry, "id", "$t")),
        native_parent=_comment_id(links.get("related")),
        source=ParentSource.API,
        author=words(member(author, "name", "$t")),
        posted_at=instant(member(entry, "published", "$t")),
        posted_at_raw=words(member(entry, "published", "$t")),
        permalink=link(links.get("alternate")),
        state=CommentState.DELETED if is_removed else CommentState.VISIBLE,
    )


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _comment_id(said: object) -> str | None:
    match = _COMMENT.search(said) if isinstance(said, str) else None
    return match[1] if match is not None else None
