"""A golden page gives what its ``expected.json`` says. A new folder under tests/pages is a new test."""

from __future__ import annotations

import pytest

from archiver import extract
from archiver.page import Headers, Page
from archiver.record import Role
from tests.extraction.golden import PAGES, Golden, as_expected, golden_pages, readers_comments

#: One page of 2010, as HTML and as the flattened text that is left of it in a WET file.
AS_HTML = Golden.of(PAGES / "indiewire.example" / "reconstructed")
AS_TEXT = Golden.of(PAGES / "indiewire.example" / "flattened-to-text")


@pytest.mark.parametrize("golden", golden_pages(), ids=lambda golden: golden.name)
def test_a_golden_page_gives_its_record(golden: Golden) -> None:
    assert as_expected(extract(golden.page), golden) == golden.judged


@pytest.mark.parametrize(
    "headers",
    [(), (("content-type", "text/plain"),), (("Content-Type", "text/plain; charset=utf-8"),)],
    ids=["nothing-said", "text", "text-and-charset"],
)
def test_a_flattened_page_is_read_whatever_its_headers_say(headers: Headers) -> None:
    review = extract(Page(body=AS_TEXT.body, headers=headers))
    assert as_expected(review, AS_TEXT) == AS_TEXT.judged
    roles = [segment.role for segment in review.segments]
    assert (roles.count(Role.TITLE), roles.count(Role.TITLE_ECHO)) == (1, 1)


def test_a_page_and_its_flattened_text_tell_the_same() -> None:
    whole, flat = extract(AS_HTML.page), extract(AS_TEXT.page)
    assert whole.body_text == flat.body_text
    assert [comment.text for comment in readers_comments(whole)] == [comment.text for comment in readers_comments(flat)]
    assert whole.revision_id != flat.revision_id, "the tags' names are lost in the text"
