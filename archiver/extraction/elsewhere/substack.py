"""Substack: ``/api/v1/post/ID/comments`` gives the whole thread at once, replies within what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final
from urllib.parse import urljoin

from archiver.extraction.comments.data import substack_comments, substack_preloads
from archiver.extraction.comments.values import identifier, json_of, member
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments
from archiver.extraction.reading import Reading
from archiver.page import Page
from archiver.record import CommentsState, Review

#: What a page is that neither shows comments nor speaks of them: its data may count them.
_SILENT: Final = frozenset({CommentsState.NONE, CommentsState.OPEN_EMPTY})


class Substack:
    system: ClassVar[str] = "substack"

    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if not lacks_comments(review) and review.comments_state not in _SILENT:
            return
        post = member(substack_preloads(reading), "post")
        native = identifier(member(post, "id"))
        if native and native.isdecimal() and member(post, "comment_count") != 0 and reading.page.url:
            path = f"/api/v1/post/{native}/comments?token=&all_comments=true&sort=oldest_first"
            yield Ask(urljoin(reading.page.url, path))

    def read(self, ask: Ask, answer: Page) -> Told | None:  # noqa: ARG002
        listed = member(json_of(answer.text), "comments")
        return Told(tuple(substack_comments(listed))) if isinstance(listed, list) else None
