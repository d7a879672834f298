"""Coral: its GraphQL interface, where a site has it open. Cursors lead through the thread and through its replies.

Sites may allow only queries that Coral itself has stored; then nothing comes, and the comments stay `external`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import html_text, identifier, instant, json_of, member, whole_number, words
from archiver.extraction.elsewhere.source import Ask, Told
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import CommentState, ParentSource, Review

_SCRIPTS: Final = rule("script")
_ENV: Final = rule("ps-comments[data-env-url]")
_ROOT: Final = re.compile(r"rootURL[\"']?\s{0,3}:\s{0,3}[\"'](https?://[^\"'\s]{1,300})[\"']")
_A_PAGE: Final = 100
_COMMENT: Final = (
    "id body createdAt status parent { id } author { username } replyCount actionCounts { reaction { total } }"
)
_THREAD: Final = (
    "query Thread($story: ID, $url: String, $first: Int!, $after: Cursor) { story(id: $story, url: $url) {"
    " commentCounts { totalPublished } comments(first: $first, after: $after, orderBy: CREATED_AT_ASC) {"
    f" edges {{ node {{ {_COMMENT} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
)
_REPLIES: Final = (
    "query Replies($comment: ID!, $first: Int!, $after: Cursor) { comment(id: $comment) {"
    " replies(first: $first, after: $after, orderBy: CREATED_AT_ASC) {"
    f" edges {{ node {{ {_COMMENT} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
)


class Coral:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        thread = review.comments_external
        root = _root(reading) if thread is not None and thread.system == "coral" else None
        if thread is None or root is None:
            return
        where = {"story": thread.thread_id} if thread.thread_id else {"url": thread.url or reading.page.url}
        yield _ask(f"{root}/api/graphql", _THREAD, where)

    def read(self, ask: Ask, answer: Page) -> Told | None:
        asked = json_of(ask.body.decode())
        data = member(json_of(answer.text), "data")
        story, comment = member(data, "story"), member(data, "comment")
        listed = member(story, "comments") or member(comment, "replies")
        edges = member(listed, "edges")
        if not isinstance(edges, list):
            return None
        nodes = [node for edge in edges if isinstance(node := member(edge, "node"), dict)]
        asks = [
            _ask(ask.url, _REPLIES, {"comment": node["id"]})
            for node in nodes
            if whole_number(node.get("replyCount")) and isinstance(node.get("id"), str)
        ]
        following = member(listed, "pageInfo", "endCursor")
        if member(listed, "pageInfo", "hasNextPage") is True and isinstance(following, str):
            asks.append(_ask(ask.url, asked["query"], {**asked["variables"], "after": following}))
        total = whole_number(member(story, "commentCounts", "totalPublished"))
        return Told(tuple(_said(node) for node in nodes), tuple(asks), total)


def _ask(url: str, query: str, variables: dict[str, Any]) -> Ask:
    return Ask(url, body=json.dumps({"query": query, "variables": {"first": _A_PAGE, **variables}}).encode())


def _root(reading: Reading) -> str | None:
    node = reading.index.first(_ENV)
    if node is not None:
        said = reading.absolute(node.get("data-env-url"))
        return said.rstrip("/") if said else None
    for node in reading.index.select(_SCRIPTS):
        match = _ROOT.search(reading.document.data_islands.get(node.index, ""))
        if match is not None:
            return match[1].rstrip("/")
    return None


def _said(node: dict[str, Any]) -> Said:
    body = html_text(node.get("body"))
    return Said(
        text=body,
        native_id=identifier(node.get("id")),
        native_parent=identifier(member(node, "parent", "id")),
        source=ParentSource.API,
        author=words(member(node, "author", "username")),
        posted_at=instant(node.get("createdAt")),
        posted_at_raw=words(node.get("createdAt")),
        votes_up=whole_number(member(node, "actionCounts", "reaction", "total")),
        state=CommentState.VISIBLE if body else CommentState.DELETED,
    )
