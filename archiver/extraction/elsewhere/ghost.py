"""Ghost: ``/members/api/comments/post/ID/``, paged; the replies that it leaves out are asked for by comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from w3lib.url import add_or_replace_parameters

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, identifier, instant, json_of, member, whole_number, words
from archiver.extraction.elsewhere.source import Ask, Told, own_address, widget
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import CommentState, ParentSource, Review

#: The script of the comments: the site's address, and the post's id (``{{comments}}`` in themes writes it).
_MOUNT: Final = rule("script[data-ghost-comments][data-post-id]")
_POST: Final = "/members/api/comments/post/"
_A_PAGE: Final = 100
_ID: Final = re.compile(r"[0-9a-f]{24}")


class Ghost:
    system: ClassVar[str] = "ghost"

    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        node = reading.index.first(_MOUNT) if widget(review, self.system) is not None else None
        root = own_address(reading, node.get("data-ghost-comments")) if node is not None else None
        if node is not None and root is not None and _ID.fullmatch(node.get("data-post-id")):
            yield _page(f"{root.rstrip('/')}{_POST}{node.get('data-post-id')}/?order=created_at+asc", 1)

    def read(self, ask: Ask, answer: Page) -> Told | None:
        data = json_of(answer.text)
        listed = member(data, "comments")
        if not isinstance(listed, list):
            return None
        listed = [one for one in listed if isinstance(one, dict)]
        asks = [_page(url, 1) for comment in listed if (url := _missing_replies(ask.url, comment))]
        if ask.at < (whole_number(member(data, "meta", "pagination", "pages")) or 0):
            asks.append(_page(ask.url, ask.at + 1))
        return Told(tuple(one for comment in listed for one in _with_replies(comment)), tuple(asks))


def _page(url: str, number: int) -> Ask:
    return Ask(add_or_replace_parameters(url, {"limit": str(_A_PAGE), "page": str(number)}), at=number)


def _with_replies(comment: dict[str, Any]) -> Iterator[Said]:
    yield _said(comment)
    for reply in _replies(comment):
        yield _said(reply, identifier(comment.get("id")))


def _replies(comment: dict[str, Any]) -> list[dict[str, Any]]:
    replies = comment.get("replies")
    return [one for one in replies if isinstance(one, dict)] if isinstance(replies, list) else []


def _missing_replies(url: str, comment: dict[str, Any]) -> str | None:
    """The address of a comment's replies, where the list of comments shows only the first of them."""
    root, of_post, _ = url.partition(_POST)
    native = comment.get("id")
    count = whole_number(member(comment, "count", "replies")) or 0
    if not of_post or count <= len(_replies(comment)) or not isinstance(native, str) or not _ID.fullmatch(native):
        return None
    return f"{root}/members/api/comments/{native}/replies/"


def _said(comment: dict[str, Any], thread: str | None = None) -> Said:
    gone = comment.get("status") in ("deleted", "hidden")
    answered = identifier(comment.get("in_reply_to_id")) or identifier(comment.get("parent_id")) or thread
    return Said(
        text=None if gone else html_text(comment.get("html")),
        native_id=identifier(comment.get("id")),
        native_parent=answered,
        source=ParentSource.API,
        author=words(member(comment, "member", "name")),
        posted_at=instant(comment.get("created_at")),
        posted_at_raw=words(comment.get("created_at")),
        votes_up=whole_number(member(comment, "count", "likes")),
        state=CommentState.DELETED if gone else CommentState.VISIBLE,
    )
