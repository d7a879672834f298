"""When comments are asked for: where the page lacks some or does not tell who answers whom; else never, at no cost."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import archiver
from archiver.extraction.elsewhere import gathered, gathering
from archiver.extraction.elsewhere.source import lacks_comments, unsure_of_parents
from archiver.page import Page
from archiver.record import Review
from tests.conftest import ROOT

FOLDERS: Final = (ROOT / "tests" / "pages", ROOT / "tests" / "extraction" / "comments" / "pages")
FILES: Final = sorted(file for folder in FOLDERS for file in folder.rglob("page.html"))
URL: Final = "https://quarry.example/2018/choir/"
LONGEST: Final = 0.0002  # seconds; what a page costs for which there is nothing to ask
#: What a page of WordPress tells a machine.
HEAD: Final = """<link rel="https://api.w.org/" href="https://quarry.example/wp-json/">
<link rel="alternate" type="application/json" href="https://quarry.example/wp-json/wp/v2/posts/412">"""
TEXT: Final = (
    "<p>Eleven voices and one echo, recorded where the stone was cut, where it rains on two days of three.</p>" * 3
)
TWO: Final = "".join(
    f'<li class="comment depth-1" id="comment-{n}"><b class="fn">{who}</b>'
    f'<time datetime="2018-03-04T1{n}:15:00Z"></time><div class="comment-content"><p>{said}</p></div></li>'
    for n, who, said in ((1, "Ida", "The echo is the twelfth voice."), (2, "Pavel", "Then it is out of tune."))
)
SAYS: Final = '<div id="comments"><h2 class="comments-title">{} comments</h2>{}</div>'


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT / "tests").as_posix())
def test_a_page_that_lacks_nothing_is_not_asked_about(file: Path) -> None:
    page, review = _read(file)
    if not lacks_comments(review) and not unsure_of_parents(review):
        assert gathered(page, review, lambda ask: pytest.fail(f"asks for {ask}")) is review


@pytest.mark.parametrize(
    ("below", "is_asked"),
    [
        ("", False),
        (SAYS.format("No", ""), False),
        ('<div id="respond"></div>', False),
        ('<p class="no-comments">Comments are closed.</p>', False),
        (SAYS.format(2, TWO), False),
        (SAYS.format(3, TWO), True),
        (SAYS.format(3, ""), True),
    ],
    ids=["no place", "none yet", "only a form", "closed", "all there", "one is missing", "all are missing"],
)  # fmt: skip
def test_what_the_page_says_decides(below: str, is_asked: bool) -> None:
    page = _page(f"<article><h1>The Quarry Choir</h1>{TEXT}</article>{below}")
    asked = next(gathering(page, archiver.extract(page)), None)
    assert (asked is not None) is is_asked


def test_a_list_of_articles_is_not_asked_about_theirs() -> None:
    teaser = '<article class="post"><h2><a href="/{0}/">Record {0}</a></h2><p>…</p>'
    teaser += '<a href="/{0}/#comments">5 comments</a></article>'
    page = _page("".join(teaser.format(n) for n in range(12)), "https://quarry.example/")
    review = archiver.extract(page)
    assert review.page_state == "index"
    assert gathered(page, review, lambda ask: pytest.fail(f"asks for {ask}")) is review


def test_a_page_without_need_costs_nothing() -> None:
    """In the best of five, so that a busy machine is no slow program."""
    read = [_read(file) for file in FILES]
    needless = [(page, review) for page, review in read if not lacks_comments(review) and not review.comments]
    assert len(needless) > 10
    for page, review in needless:
        assert min(_seconds(page, review) for _ in range(5)) < LONGEST


def _seconds(page: Page, review: Review) -> float:
    start = time.perf_counter()
    with pytest.raises(StopIteration):
        next(gathering(page, review))
    return time.perf_counter() - start


@cache
def _read(file: Path) -> tuple[Page, Review]:
    page = Page(body=file.read_bytes(), url=URL, status=200, headers=(("Content-Type", "text/html; charset=utf-8"),))
    return page, archiver.extract(page)


def _page(body: str, url: str = URL) -> Page:
    text = (
        f'<!doctype html><html lang="en"><head><title>The Quarry Choir</title>{HEAD}</head><body>{body}</body></html>'
    )
    return Page(body=text.encode(), url=url, status=200, headers=(("Content-Type", "text/html; charset=utf-8"),))
