"""Drupal: the further pages of a thread, ``?page=N`` counted from 0, where the pager stands among the comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar, Final

from w3lib.url import add_or_replace_parameters, url_query_parameter

from archiver.extraction.elsewhere.pages import MOST_PAGES, read_page
from archiver.extraction.elsewhere.source import Ask, Told, host_of, lacks_comments, own_address
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page, address_of
from archiver.record import Review

_SIGN: Final = rule('meta[name="Generator"][content^="Drupal"], meta[name="generator"][content^="Drupal"]')
_PAGERS: Final = rule(
    ".comment-wrapper .pager a, #comments .pager a, .comments .pager a,"
    " .comment-wrapper .pager__items a, #comments .pager__items a, .comments .pager__items a"
)
#: ``0,3``: a page with two pagers, of which the last is the comments'.
_NUMBERS: Final = re.compile(r"((?:\d{1,5},){0,4})(\d{1,5})")


class DrupalPages:
    system: ClassVar[str] = "drupal"

    def asks(self, reading: Reading, review: Review) -> Iterable[Ask]:
        return _pages(reading) if lacks_comments(review) and reading.index.first(_SIGN) is not None else ()

    def read(self, ask: Ask, answer: Page) -> Told | None:
        return read_page(ask, answer, _thread_of, _pages)


def _pages(reading: Reading) -> list[Ask]:
    """Every page up to the last that is linked, but the page's own."""
    own = reading.page.url or ""
    linked: dict[int, tuple[str, str]] = {}
    for node in reading.index.select(_PAGERS):
        url = own_address(reading, node.get("href"))
        said = _numbers(url) if url is not None else None
        if url is not None and said is not None and _thread_of(url) == _thread_of(own):
            linked[int(said[2])] = (url, said[1])
    if not linked:
        return []
    last, (example, before) = max(linked.items())
    here = _numbers(own)
    numbers = (n for n in range(min(last, MOST_PAGES) + 1) if n != (int(here[2]) if here is not None else 0))
    return [Ask(add_or_replace_parameters(example, {"page": f"{before}{n}"}), at=n) for n in numbers]


def _numbers(url: str) -> re.Match[str] | None:
    return _NUMBERS.fullmatch(url_query_parameter(url, "page") or "")


def _thread_of(url: str) -> tuple[str, str]:
    return host_of(url), address_of(url).path
