"""Laws of extraction, held over real pages and over what can be made of them."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString

import archiver
from archiver.extraction.blocks import segment
from archiver.page import Page
from archiver.record import CommentKind, Review, Role, Segment
from archiver.store.lines import encode
from benchmarks import mutations
from tests.conftest import ROOT

PAGES = sorted((ROOT / "tests" / "pages").rglob("*.html"))
SOURCES = mutations.sources()
MUTANTS, BATCH = 2_000, 100
#: Reasons of body blocks that were read from the page's data: readers do not see them there.
FROM_DATA = ("linked data", "the page's script")
SECONDS = 5.0


@pytest.mark.parametrize("batch", range(MUTANTS // BATCH))
def test_whatever_a_page_holds_it_becomes_a_record(batch: int) -> None:
    """No exception, no hang, a line that others can read, and not a word of the page lost."""
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        page = mutations.page_of(mutations.mutant(SOURCES, number))
        start = time.process_time()
        review = archiver.extract(page)
        assert time.process_time() - start < SECONDS, f"mutant {number}"
        assert_readable(encode(review))
        if page.media_type == "text/html":
            assert said_in(review) == said_by_parser(page), f"mutant {number}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_words_of_all_segments_are_the_words_of_the_page(path: Path) -> None:
    """Judged by another parser's reading of the page, so that a loss in ours would show."""
    body = path.read_bytes()
    assert said_in(archiver.extract(body)) == said_by_beautifulsoup(body)


@pytest.mark.parametrize(
    "opened", ["<html><head>{}</head><body>", "<html><head>{}<body>", "<html>{}", "<head>{}", "{}"]
)
@pytest.mark.parametrize("element", ["article", "main", "section", "div", "p", "header", "custom-element"])
def test_a_page_may_leave_out_its_head_and_body(opened: str, element: str) -> None:
    """HTML lets them be left out, and libxml2 then takes newer elements for a part of the head."""
    head = '<meta charset="utf-8"><title>A kettle</title><link rel="canonical" href="https://example.org/kettle">'
    page = f"<!doctype html>{opened.format(head)}<{element}>The lid sticks.</{element}><p>After a month.</p>".encode()
    assert said_in(archiver.extract(page)) == "Thelidsticks.Afteramonth."


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_nothing_of_a_comment_is_in_the_body(path: Path) -> None:
    review = archiver.extract(path.read_bytes())
    for comment in review.comments:
        for paragraph in (comment.text or "").split("\n\n"):
            if len(paragraph) > 30 and comment.kind is CommentKind.COMMENT:
                assert paragraph not in (review.body_text or "")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_body_is_the_body_segments(path: Path) -> None:
    review = archiver.extract(path.read_bytes())
    body = [text_of(review, one) for one in review.segments if one.role is Role.BODY]
    if review.body_text is not None:
        assert "\n\n".join(body) == review.body_text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_reading_a_page_does_not_change_it(path: Path) -> None:
    page = Page(body=path.read_bytes())
    before = [(node.tag, dict(node.attrs)) for node in page.document.nodes]
    first = archiver.extract(page)
    assert [(node.tag, node.attrs) for node in page.document.nodes] == before
    assert without_time(archiver.extract(page)) == without_time(first)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_segment_tells_why(path: Path) -> None:
    assert all(one.reason for one in archiver.extract(path.read_bytes()).segments)


def assert_readable(line: bytes) -> None:
    text = line.decode("utf-8")
    assert text.count("\n") == 1
    assert text.endswith("\n")
    read = json.dumps(json.loads(text), ensure_ascii=False)
    assert "\\u0000" not in read
    read.encode("utf-8")  # raises on a lone surrogate


def text_of(review: Review, one: Segment) -> str:
    if one.text is not None:
        return one.text
    texts = {"body_text": review.body_text, **{comment.comment_id: comment.text for comment in review.comments}}
    return (texts[one.ref or ""] or "")[one.start : one.end]


def said_in(review: Review) -> str:
    shown = (one for one in review.segments if not (one.reason or "").endswith(FROM_DATA))
    return letters("".join(text_of(review, one) for one in shown))


def said_by_parser(page: Page) -> str:
    return letters("".join(block.text for block in segment(page.document)))


def said_by_beautifulsoup(body: bytes) -> str:
    """By Python's own parser, which moves no element anywhere."""
    soup = BeautifulSoup(body, "html.parser")
    seen = [
        text
        for text in soup.find_all(string=True)
        if type(text) in (NavigableString, CData) and text.find_parent(["script", "style", "template", "title"]) is None
    ]
    return letters("".join(seen))


def letters(text: str) -> str:
    """Text without its white space, in one form."""
    return unicodedata.normalize("NFD", "".join(text.split()))


def without_time(review: Review) -> dict[str, object]:
    told = review.to_dict()
    told["extractor"]["parsed_at"] = None
    return told
