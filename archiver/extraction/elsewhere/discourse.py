"""Discourse: ``/t/ID.json``, the first twenty posts and the ids of all, then ``/t/ID/posts.json`` for the rest.

The first post is the article, or links to it; ``reply_to_post_number`` names the post answered
(docs.discourse.org, Topics). A page that embeds a topic by its own address alone is asked about first:
``/embed/comments?embed_url=ADDRESS`` links to the topic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, identifier, instant, json_of, member, whole_number, words
from archiver.extraction.elsewhere.source import Ask, Told, host_of, lacks_comments, widget
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import CommentState, ParentSource, Review

_SIGN: Final = rule('meta[name="generator"][content^="Discourse"]')
_SCRIPTS: Final = rule("script")
_LINKS: Final = rule("a[href]")
_FORUM: Final = re.compile(r"discourseUrl[\"']?\s{0,5}[:=]\s{0,5}[\"'](https?://[^\"'\s]{1,300})[\"']")
#: The address of a topic with or without its name, up to its id.
_TOPIC: Final = re.compile(r"(https?://[^?#]{1,300}?)/t/(?:[^/?#]{1,300}/)?(\d{1,12})(?=[/?#]|$)")
_AT_ONCE: Final = 20
_EMBED, _FIRST, _REST = 0, 1, 2
#: "closed this topic", "moved a post": written by the forum itself.
_NOTICE: Final = 3


class Discourse:
    system: ClassVar[str] = "discourse"

    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if not lacks_comments(review):
            return
        thread = widget(review, self.system)
        forum = _forum(reading) if thread is not None else None
        if thread is not None and forum is not None:
            if thread.thread_id is not None and thread.thread_id.isdecimal():
                yield Ask(f"{forum}/t/{thread.thread_id}.json", at=_FIRST)
            else:
                address = urlencode({"embed_url": thread.url or review.url or ""})
                yield Ask(f"{forum}/embed/comments?{address}", at=_EMBED)
        elif thread is None and reading.index.first(_SIGN) is not None:
            yield from _topic(review.url or "")

    def read(self, ask: Ask, answer: Page) -> Told | None:
        return _embedded(ask, answer) if ask.at == _EMBED else _posts(ask, answer)


def _forum(reading: Reading) -> str | None:
    """The forum that the page's script names."""
    for node in reading.index.select(_SCRIPTS):
        match = _FORUM.search(reading.document.data_islands.get(node.index, ""))
        url = reading.absolute(match[1]) if match is not None else None
        if url is not None:
            return url.rstrip("/")
    return None


def _topic(url: str) -> Iterator[Ask]:
    match = _TOPIC.match(url)
    if match is not None:
        yield Ask(f"{match[1]}/t/{match[2]}.json", at=_FIRST)


def _embedded(ask: Ask, answer: Page) -> Told | None:
    reading = Reading(answer)
    links = [reading.absolute(node.get("href")) or "" for node in reading.index.select(_LINKS)]
    asks = [one for link in links if host_of(link) == host_of(ask.url) for one in _topic(link)]
    return Told(asks=tuple(asks[:1])) if asks else None


def _posts(ask: Ask, answer: Page) -> Told | None:
    listed = member(json_of(answer.text), "post_stream")
    posts, stream = member(listed, "posts"), member(listed, "stream")
    if not isinstance(posts, list):
        return None
    posts = [post for post in posts if isinstance(post, dict)]
    said = tuple(_said(post) for post in posts if post.get("post_number") != 1 and post.get("post_type") != _NOTICE)
    if ask.at == _REST or not isinstance(stream, list):
        return Told(said)
    here = [post.get("id") for post in posts]
    rest = [native for one in stream if one not in here and (native := identifier(one)) and native.isdecimal()]
    return Told(said, tuple(_rest(ask.url.removesuffix(".json"), rest)), max(len(stream) - 1, 0))


def _rest(topic: str, natives: list[str]) -> Iterator[Ask]:
    for i in range(0, len(natives), _AT_ONCE):
        yield Ask(f"{topic}/posts.json?{urlencode([('post_ids[]', n) for n in natives[i : i + _AT_ONCE]])}", at=_REST)


def _said(post: dict[str, Any]) -> Said:
    deleted = bool(post.get("deleted_at") or post.get("user_deleted") or post.get("hidden"))
    answered = whole_number(post.get("reply_to_post_number"))
    return Said(
        text=None if deleted else html_text(post.get("cooked")),
        native_id=identifier(post.get("post_number")),
        native_parent=str(answered) if answered and answered > 1 else None,
        source=ParentSource.API,
        author=words(post.get("username")),
        posted_at=instant(post.get("created_at")),
        posted_at_raw=words(post.get("created_at")),
        state=CommentState.DELETED if deleted else CommentState.VISIBLE,
    )
