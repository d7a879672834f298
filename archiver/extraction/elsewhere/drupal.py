"""Drupal: the further pages of a thread, ``?page=N`` counted from 0, where the pager stands among the comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from w3lib.url import add_or_replace_parameters, url_query_parameter

from archiver.extraction.comments import comments
from archiver.extraction.comments.threads import said_again
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import Review

_PAGERS: Final = rule(
    ".comment-wrapper .pager a, #comments .pager a, .comments .pager a, section.comments .pager a,"
    " .comment-wrapper .pager__items a, #comments .pager__items a, .comments .pager__items a"
)
_SIGN: Final = rule('meta[name="Generator"][content^="Drupal"], meta[name="generator"][content^="Drupal"]')
#: ``0,3``: the second pager of the page, which is the comments' where there are two.
_NUMBERS: Final = re.compile(r"(\d{1,5}(?:,\d{1,5}){0,4})")
_MOST_PAGES: Final = 500


class DrupalPages:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if lacks_comments(review) and reading.index.first(_SIGN) is not None:
            yield from _pages(reading)

    def read(self, ask: Ask, answer: Page) -> Told | None:  # noqa: ARG002
        if answer.media_type != "text/html":
            return None
        reading = Reading(answer)
        found = said_again(comments(reading).comments)
        return Told(found, tuple(_pages(reading))) if found else None


def _pages(reading: Reading) -> Iterable[Ask]:
    """Every page up to the last that is linked, but the page's own."""
    own = urlsplit(reading.page.url or "")
    here = _number(reading.page.url or "")
    last: tuple[int, str, str] | None = None
    for node in reading.index.select(_PAGERS):
        url = reading.absolute(node.get("href"))
        said = url_query_parameter(url, "page") if url else None
        if url and said and urlsplit(url).path == own.path and _NUMBERS.fullmatch(said):
            before, _, number = said.rpartition(",")
            if last is None or int(number) > last[0]:
                last = (int(number), f"{before}," if before else "", url.partition("#")[0])
    if last is None:
        return ()
    numbers = (n for n in range(min(last[0], _MOST_PAGES) + 1) if n != here)
    return [Ask(add_or_replace_parameters(last[2], {"page": f"{last[1]}{n}"}), at=n) for n in numbers]


def _number(url: str) -> int:
    said = (url_query_parameter(url, "page") or "0").rpartition(",")[2]
    return int(said) if said.isdecimal() and len(said) < 6 else 0
