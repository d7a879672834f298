"""Coral: its GraphQL interface, where a site has it open. Cursors lead through the thread and through its replies.

Sites may allow only queries that Coral itself has stored; then nothing comes, and the comments stay `external`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import (
    html_text,
    identifier,
    instant,
    json_of,
    link,
    member,
    whole_number,
    words,
)
from archiver.extraction.elsewhere.source import Ask, Told, widget
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import CommentState, ParentSource, Review

_SCRIPTS: Final = rule("script")
_ENV: Final = rule("ps-comments[data-env-url]")
_ROOT: Final = re.compile(r"rootURL[\"']?\s{0,3}:\s{0,3}[\"'](https?://[^\"'\s]{1,300})[\"']")
_A_PAGE: Final = 50  # the most that every version of Coral gives
_COMMENT: Final = (
    "id body createdAt deleted permalink parent { id } author { username } replyCount"
    " actionCounts { reaction { total } }"
)
_LIST: Final = f"edges {{ node {{ {_COMMENT} }} }} pageInfo {{ hasNextPage endCursor }}"
_THREAD: Final = (
    "query Thread($story: ID, $url: String, $first: Int!, $after: Cursor) { story(id: $story, url: $url) {"
    f" commentCounts {{ totalPublished }} comments(first: $first, after: $after, orderBy: CREATED_AT_ASC) {{ {_LIST} }}"
    " } }"
)
_REPLIES: Final = (
    "query Replies($comment: ID!, $first: Int!, $after: Cursor) { comment(id: $comment) {"
    f" replies(first: $first, after: $after, orderBy: CREATED_AT_ASC) {{ {_LIST} }} }} }}"
)


class Coral:
    system: ClassVar[str] = "coral"

    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        thread = widget(review, self.system)
        root = _root(reading) if thread is not None else None
        if thread is not None and root is not None:
            where = {"story": thread.thread_id} if thread.thread_id else {"url": thread.url or review.url}
            yield _ask(f"{root}/api/graphql", _THREAD, where)

    def read(self, ask: Ask, answer: Page) -> Told | None:
        data = member(json_of(answer.text), "data")
        story = member(data, "story")
        listed = member(story, "comments") or member(data, "comment", "replies")
        edges = member(listed, "edges")
        if not isinstance(edges, list):
            return None
        nodes = [node for edge in edges if isinstance(node := member(edge, "node"), dict)]
        asks = [
            _ask(ask.url, _REPLIES, {"comment": native})
            for node in nodes
            if whole_number(node.get("replyCount")) and (native := identifier(node.get("id")))
        ]
        following = member(listed, "pageInfo", "endCursor")
        if member(listed, "pageInfo", "hasNextPage") is True and isinstance(following, str):
            asked = json.loads(ask.body)
            asks.append(_ask(ask.url, asked["query"], {**asked["variables"], "after": following}))
        total = whole_number(member(story, "commentCounts", "totalPublished"))
        return Told(tuple(_said(node) for node in nodes), tuple(asks), total)


def _ask(url: str, query: str, variables: dict[str, Any]) -> Ask:
    return Ask(url, body=json.dumps({"query": query, "variables": {"first": _A_PAGE, **variables}}).encode())


def _root(reading: Reading) -> str | None:
    """The address of Coral that the page's element or script names."""
    said = [node.get("data-env-url") for node in reading.index.select(_ENV)]
    for node in reading.index.select(_SCRIPTS):
        said += _ROOT.findall(reading.document.data_islands.get(node.index, ""))
    roots = (reading.absolute(one) for one in said if one)
    return next((root.rstrip("/") for root in roots if root), None)


def _said(node: dict[str, Any]) -> Said:
    body = html_text(node.get("body"))
    is_gone = node.get("deleted") is True or body is None
    return Said(
        text=None if is_gone else body,
        native_id=identifier(node.get("id")),
        native_parent=identifier(member(node, "parent", "id")),
        source=ParentSource.API,
        author=words(member(node, "author", "username")),
        posted_at=instant(node.get("createdAt")),
        posted_at_raw=words(node.get("createdAt")),
        permalink=link(node.get("permalink")),
        votes_up=whole_number(member(node, "actionCounts", "reaction", "total")),
        state=CommentState.DELETED if is_gone else CommentState.VISIBLE,
    )
