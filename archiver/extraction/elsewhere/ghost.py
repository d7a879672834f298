"""Ghost: ``/members/api/comments/post/ID/``, paged; the replies that it leaves out are asked for by comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urljoin

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, identifier, instant, json_of, member, whole_number, words
from archiver.extraction.elsewhere.source import Ask, Told
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import CommentsState, CommentState, ParentSource, Review

_MOUNT: Final = rule("script[data-ghost-comments][data-post-id]")
_A_PAGE: Final = 100
_ID: Final = re.compile(r"[0-9a-f]{24}")
_LIST, _REPLIES = 0, 1


class Ghost:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        node = reading.index.first(_MOUNT)
        post = node.get("data-post-id") if node is not None else ""
        if node is not None and _ID.fullmatch(post) and review.comments_state is not CommentsState.CLOSED:
            root = reading.absolute(node.get("data-ghost-comments")) or reading.page.url or ""
            path = f"members/api/comments/post/{post}/?limit={_A_PAGE}&order=created_at%20asc&page=1"
            yield Ask(urljoin(root if root.endswith("/") else f"{root}/", path), at=_LIST)

    def read(self, ask: Ask, answer: Page) -> Told | None:
        data = json_of(answer.text)
        listed = member(data, "comments")
        if not isinstance(listed, list):
            return None
        listed = [one for one in listed if isinstance(one, dict)]
        said = [one for comment in listed for one in _with_replies(comment)]
        asks = [Ask(url, at=_REPLIES) for comment in listed if (url := _missing_replies(ask, comment))]
        following = whole_number(member(data, "meta", "pagination", "next"))
        if following:
            asks.append(Ask(re.sub(r"page=\d+$", f"page={following}", ask.url), at=ask.at))
        return Told(tuple(said), tuple(asks))


def _with_replies(comment: dict[str, Any]) -> Iterator[Said]:
    yield _said(comment)
    replies = comment.get("replies")
    for reply in replies if isinstance(replies, list) else ():
        if isinstance(reply, dict):
            yield _said(reply, identifier(comment.get("id")))


def _missing_replies(ask: Ask, comment: dict[str, Any]) -> str | None:
    """The address of a comment's replies, where the list shows only the first of them."""
    here, count = comment.get("replies"), whole_number(member(comment, "count", "replies"))
    native = identifier(comment.get("id")) or ""
    if ask.at != _LIST or not count or not _ID.fullmatch(native) or (isinstance(here, list) and len(here) >= count):
        return None
    root = ask.url.partition("/comments/post/")[0]
    return f"{root}/comments/{native}/replies/?limit={_A_PAGE}&page=1"


def _said(comment: dict[str, Any], thread: str | None = None) -> Said:
    gone = comment.get("status") in ("deleted", "hidden")
    return Said(
        text=None if gone else html_text(comment.get("html")),
        native_id=identifier(comment.get("id")),
        native_parent=identifier(comment.get("in_reply_to_id")) or identifier(comment.get("parent_id")) or thread,
        source=ParentSource.API,
        author=words(member(comment, "member", "name")),
        posted_at=instant(comment.get("created_at")),
        posted_at_raw=words(comment.get("created_at")),
        votes_up=whole_number(member(comment, "count", "likes")),
        state=CommentState.DELETED if gone else CommentState.VISIBLE,
    )
