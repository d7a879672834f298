"""Substack: ``/api/v1/post/ID/comments`` gives the whole thread at once, replies within what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin

from archiver.extraction.comments.data import substack_comments
from archiver.extraction.comments.values import json_of, member
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import Review

_SCRIPTS: Final = rule("script")
_PRELOADS: Final = "window._preloads"
_POST: Final = re.compile(
    r'\\?"post\\?":\s{0,3}\{\s{0,3}(?:\\?"[a-z_]{1,40}\\?":[^{}]{0,400}?,)??\\?"id\\?":\s{0,3}(\d{1,12})'
)


class Substack:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        post = _post_id(reading) if lacks_comments(review, also_none=True) else None
        if post and reading.page.url:
            path = f"/api/v1/post/{post}/comments?token=&all_comments=true&sort=oldest_first"
            yield Ask(urljoin(reading.page.url, path))

    def read(self, ask: Ask, answer: Page) -> Told | None:  # noqa: ARG002
        listed = member(json_of(answer.text), "comments")
        return Told(tuple(substack_comments(listed))) if isinstance(listed, list) else None


def _post_id(reading: Reading) -> str | None:
    for node in reading.index.select(_SCRIPTS):
        text = reading.document.data_islands.get(node.index, "")
        if _PRELOADS in text[:2_000]:
            match = _POST.search(text)
            return match[1] if match is not None else None
    return None
