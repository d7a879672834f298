"""Discourse: ``/t/ID.json``, the first twenty posts and the ids of all, then ``/t/ID/posts.json`` for the rest.

The first post is the article, or links to it; ``reply_to_post_number`` names the post answered
(docs.discourse.org, Topics).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, identifier, instant, json_of, member, whole_number, words
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import CommentState, ParentSource, Review

_SIGN: Final = rule('meta[name="generator"][content^="Discourse"]')
_EMBED: Final = re.compile(r"discourseUrl[\"']?\s{0,5}[:=]\s{0,5}[\"'](https?://[^\"'\s]{1,300})[\"']")
_SCRIPTS: Final = rule("script")
_TOPIC: Final = re.compile(r"/t/(?:[^/]{1,300}/)?(\d{1,12})(?:/|$|\?)")
_AT_ONCE: Final = 20


class Discourse:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if not lacks_comments(review):
            return
        topic = _topic(reading, review)
        if topic:
            yield Ask(f"{topic}.json", at=1)

    def read(self, ask: Ask, answer: Page) -> Told | None:
        data = json_of(answer.text)
        posts, stream = member(data, "post_stream", "posts"), member(data, "post_stream", "stream")
        if not isinstance(posts, list):
            return None
        posts = [post for post in posts if isinstance(post, dict)]
        said = tuple(_said(post) for post in posts if post.get("post_number") != 1)
        if ask.at != 1:
            return Told(said)
        topic = ask.url.removesuffix(".json")
        here = {post.get("id") for post in posts}
        rest = [n for n in stream if isinstance(n, int) and n not in here] if isinstance(stream, list) else []
        asks = tuple(
            Ask(f"{topic}/posts.json?" + "&".join(f"post_ids[]={n}" for n in rest[i : i + _AT_ONCE]), at=2)
            for i in range(0, len(rest), _AT_ONCE)
        )
        count = whole_number(data.get("posts_count"))
        return Told(said, asks, count - 1 if count else None)


def _topic(reading: Reading, review: Review) -> str | None:
    """The address of the topic: the page's own, or that of the forum it embeds."""
    url = reading.page.url or ""
    match = _TOPIC.search(url)
    if match is not None and reading.index.first(_SIGN) is not None:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}{parts.path[: parts.path.index('/t/')]}/t/{match[1]}"
    told = review.comments_external
    if told is None or told.system != "discourse" or not (told.thread_id or "").isdecimal():
        return None
    for node in reading.index.select(_SCRIPTS):
        root = _EMBED.search(reading.document.data_islands.get(node.index, ""))
        if root is not None:
            return f"{root[1].rstrip('/')}/t/{told.thread_id}"
    return None


def _said(post: dict[str, Any]) -> Said:
    deleted = bool(post.get("deleted_at") or post.get("user_deleted") or post.get("hidden"))
    answered = whole_number(post.get("reply_to_post_number"))
    return Said(
        text=None if deleted else html_text(post.get("cooked")),
        native_id=identifier(post.get("post_number")),
        native_parent=str(answered) if answered and answered > 1 else None,
        source=ParentSource.API,
        author=words(post.get("name")) or words(post.get("username")),
        posted_at=instant(post.get("created_at")),
        posted_at_raw=words(post.get("created_at")),
        state=CommentState.DELETED if deleted else CommentState.VISIBLE,
    )
