"""Every source of comments: what it asks for, and what becomes of the answers. A new folder is a new test."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from archiver.extraction.elsewhere import SOURCES, Ask, gathered, gathering
from archiver.page import Page
from archiver.record import CommentsState, Review
from archiver.store.lines import encode
from tests.extraction.elsewhere.golden import ASKING, THREADS, Thread, comments_of, shown
from tests.extraction.golden import text_of

each = pytest.mark.parametrize("thread", THREADS, ids=lambda thread: thread.name)
each_asking = pytest.mark.parametrize("thread", ASKING, ids=lambda thread: thread.name)

#: Of an answer that is none: where it is cut, what it is instead, with which status.
NO_ANSWERS = {
    "not there": None,
    "empty": (b"", 200),
    "null": (b"null", 200),
    "a list": (b"[1, [], null, true, \"x\", {}]", 200),
    "an object": (b'{"feed": [], "comments": {}, "post_stream": {"posts": 1}, "data": {"story": []}}', 200),
    "a page of something else": (b"<!doctype html><html><body><h1>Maintenance</h1></body></html>", 200),
    "gone": (b"[]", 404),
    "an error": (b'{"code": "internal"}', 500),
    "too many requests": (b"", 429),
    "nested too deep": (b"[" * 100_000, 200),
    "objects nested too deep": (b'{"comments":[{"children":' * 50_000, 200),
    "elements nested too deep": (b"<rss>" + b"<item>" * 100_000, 200),
}  # fmt: skip


@each
def test_what_is_asked_for(thread: Thread) -> None:
    asks = _asked(thread)
    assert [shown(ask) for ask in asks] == [shown(one) for one in thread.expected["asks"]]


@each
def test_what_becomes_of_the_answers(thread: Thread) -> None:
    review = gathered(thread.page, thread.review, thread.answer)
    wanted = thread.expected["comments"]
    assert comments_of(review, wanted) == wanted
    said = (str(review.comments_state), review.comments_declared, review.comments_found)
    assert said == (thread.expected["state"], thread.expected["declared"], thread.expected["found"])


@each
def test_segments_point_at_the_comments_of_the_record(thread: Thread) -> None:
    review = gathered(thread.page, thread.review, thread.answer)
    said = [text_of(segment, thread.review) for segment in thread.review.segments]
    assert [text_of(segment, review) for segment in review.segments] == said


@each
def test_no_other_host_is_asked_than_the_pages_and_the_widgets(thread: Thread) -> None:
    widgets = {"disqus.com", *thread.expected.get("hosts", ())}
    own = thread.expected["url"].split("/")[2]
    assert {ask.url.split("/")[2] for ask in _asked(thread)} <= {own, *widgets}
    assert all(ask.url.startswith(("http://", "https://")) for ask in _asked(thread))


@each_asking
@pytest.mark.parametrize("said", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_where_nothing_is_answered_the_record_stays(thread: Thread, said: tuple[bytes, int] | None) -> None:
    def answer(ask: Ask) -> Page | None:
        page = _template(thread, ask)
        return None if said is None else dataclasses.replace(page, body=said[0], status=said[1])

    assert gathered(thread.page, thread.review, answer) == thread.review


@each_asking
def test_an_answer_that_is_missing_costs_no_other(thread: Thread) -> None:
    """Whichever it is: the first comments of the rest are there, those of the page all, and the record says so."""
    whole = gathered(thread.page, thread.review, thread.answer)
    for missing in thread.answers:

        def answer(ask: Ask, missing: Page = missing) -> Page | None:
            found = thread.answer(ask)
            return None if found is missing else found

        review = gathered(thread.page, thread.review, answer)
        assert _ids(thread.review) <= _ids(review) <= _ids(whole)
        if missing.status == 200 and len(review.comments) < len(whole.comments):
            assert review.comments_state in (CommentsState.PARTIAL, thread.review.comments_state)


@each_asking
@pytest.mark.parametrize("said", [{"truncated": "length"}, {"status": 404}, {"status": 503}], ids=str)
def test_an_answer_cut_short_or_with_another_status_is_none(thread: Thread, said: dict[str, Any]) -> None:
    def answer(ask: Ask) -> Page | None:
        found = thread.answer(ask)
        return dataclasses.replace(found, **said) if found is not None else None

    assert gathered(thread.page, thread.review, answer) == thread.review


@each_asking
def test_answers_cut_off_anywhere_become_a_record(thread: Thread) -> None:
    for parts in range(1, 20):

        def answer(ask: Ask, parts: int = parts) -> Page | None:
            found = thread.answer(ask)
            return dataclasses.replace(found, body=found.body[: len(found.body) * parts // 20]) if found else None

        review = gathered(thread.page, thread.review, answer)
        assert _ids(thread.review) <= _ids(review)
        encode(review)


def test_a_gap_in_the_middle_says_partial_and_the_next_visit_completes_it() -> None:
    thread = next(one for one in THREADS if one.name == "ghost/comments")
    gap = gathered(thread.page, thread.review, lambda ask: None if "replies" in ask.url else thread.answer(ask))
    assert (gap.comments_state, [one.author for one in gap.comments]) == ("partial", ["Ida Holm", "Pavel", "Mo"])
    again = gathered(thread.page, gap, thread.answer)
    assert again.comments == gathered(thread.page, thread.review, thread.answer).comments
    assert again.comments_state == "complete"


def test_every_source_has_a_golden_thread() -> None:
    assert {source.system for source in SOURCES} == {thread.folder.parent.name for thread in THREADS}


def _asked(thread: Thread) -> list[Ask]:
    asks: list[Ask] = []
    asking = gathering(thread.page, thread.review)
    sent: Page | None = None
    try:
        while True:
            asks.append(asking.send(sent))
            sent = thread.answer(asks[-1])
    except StopIteration:
        return asks


def _template(thread: Thread, ask: Ask) -> Page:
    return thread.answer(ask) or dataclasses.replace(thread.answers[0], url=ask.url)


def _ids(review: Review) -> set[str]:
    return {json.dumps([one.native_id, one.text]) for one in review.comments}
