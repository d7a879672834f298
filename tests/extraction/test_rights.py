"""Directives that are for us, and those that are for others."""

from __future__ import annotations

import pytest

from archiver import extract
from archiver.extraction.rights import asks_not_to_be_kept
from archiver.page import Page


@pytest.mark.parametrize(
    ("headers", "meta", "noarchive", "nofollow"),
    [
        ([], "", False, False),
        (["noarchive"], "", True, False),
        (["NoArchive , nofollow"], "", True, True),
        (["none"], "", False, True),
        (["noindex", "noarchive"], "", True, False),
        (["googlebot: noarchive"], "", True, False),
        (["review-archiver: noarchive"], "", True, False),
        (["*: noarchive"], "", True, False),
        (["otherbot: noarchive, nofollow"], "", False, False),
        (["otherbot: noarchive, googlebot: nofollow"], "", False, True),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST, noarchive"], "", True, False),
        (["max-snippet: 20, noarchive"], "", True, False),
        ([], "<meta name=ROBOTS content='index, NOARCHIVE'>", True, False),
        ([], "<meta name=googlebot content=noarchive>", True, False),
        ([], "<meta name=review-archiver content=noarchive>", True, False),
        ([], "<meta name=otherbot content=noarchive>", False, False),
        ([], "<p>noarchive", False, False),
    ],
)
def test_directives(headers: list[str], meta: str, noarchive: bool, nofollow: bool) -> None:
    said = tuple(("X-Robots-Tag", header) for header in headers)
    page = Page(body=f"<!doctype html>{meta}<p>text".encode(), url="http://a.example/", headers=said)
    rights = extract(page).rights
    assert (rights.noarchive, rights.nofollow) == (noarchive, nofollow)
    assert rights.x_robots_tag == (", ".join(headers) or None)
    assert asks_not_to_be_kept(page) == noarchive
