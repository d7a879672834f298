"""Merging: which comment is which, what is taken from where, and in which order they stand."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

import archiver
from archiver.extraction.comments.threads import Said, said_again, thread
from archiver.extraction.elsewhere.merge import Gathered, merged
from archiver.extraction.elsewhere.source import Told
from archiver.record import CommentKind, CommentsState, CommentState, ExternalComments, ParentSource, Review

URL = "https://quarry.example/2018/choir/"
ECHO, PUMP, CRANE = "The echo is the twelfth voice.", "It is a pump.", "The crane is in D."


def said(text: str | None, native_id: str | None = None, author: str | None = "Ida", **more: Any) -> Said:
    return Said(text=text, native_id=native_id, author=author, **more)


def told(text: str | None, native_id: str | None = None, author: str | None = "Ida", **more: Any) -> Said:
    return said(text, native_id, author, source=ParentSource.API, **more)


def together(own: list[Said], elsewhere: list[Said], **more: Any) -> Review:
    return merged(_review(own, **more), _gathered(Told(tuple(elsewhere))))


@pytest.mark.parametrize(
    ("own", "elsewhere", "texts"),
    [
        ([said(ECHO, "17")], [told(ECHO, "17")], [ECHO]),
        ([said(ECHO, "comment-17")], [told(ECHO, "17")], [ECHO]),
        ([said(ECHO, "https://quarry.example/#comment-17")], [told(ECHO, "17")], [ECHO]),
        ([said(ECHO)], [told(ECHO, "17")], [ECHO]),
        ([said(ECHO, "17")], [told(ECHO)], [ECHO]),
        ([said(f" {ECHO}\n", author="IDA")], [told(ECHO, "17")], [f" {ECHO}\n"]),
        ([said(ECHO, "17")], [told(ECHO, "18")], [ECHO]),
        ([said(ECHO, "17")], [told(ECHO, "18"), told(ECHO, "17")], [ECHO, ECHO]),
        ([said(ECHO), said(ECHO)], [told(ECHO, "17"), told(ECHO, "18")], [ECHO, ECHO]),
        ([said(ECHO), said(ECHO)], [told(ECHO, "17")], [ECHO, ECHO]),
        ([said(ECHO, "17"), said(ECHO, "17")], [told(ECHO, "17")], [ECHO, ECHO]),
        ([said(ECHO, author="Pavel")], [told(ECHO, "17")], [ECHO, ECHO]),
        ([said(ECHO, "a1b2c3d17")], [told(PUMP, "f0e9d8c17")], [PUMP, ECHO]),
        ([said(PUMP, "5")], [told(ECHO, "17")], [ECHO, PUMP]),
        ([], [told(ECHO, "17"), told(ECHO, "17")], [ECHO]),
        ([], [told(None, None), told(ECHO, "17")], [ECHO]),
    ],
    ids=[
        "one id", "an id with a word before it", "an address as id", "no id in the page", "no id told",
        "spaces and case apart", "other ids, the same words",
            "the same words twice, by id", "twice, without ids", "the page has one more",
        "the page prints one twice", "another author", "hexadecimal ids that end alike", "only in the page",
        "told twice", "nothing said",
    ],
)  # fmt: skip
def test_a_comment_is_there_once(own: list[Said], elsewhere: list[Said], texts: list[str]) -> None:
    assert [one.text for one in together(own, elsewhere).comments] == texts


def test_the_page_shows_it_and_the_source_knows_better() -> None:
    shown = said(
        ECHO, "17", posted_at="2018-03-04T10:15:00", posted_at_raw="March 4, 2018", votes_up=2, permalink=f"{URL}#17"
    )
    exact = told("The echo is the twelfth voice", "17", "ida_holm", posted_at="2018-03-04T09:15:00Z", votes_up=3)
    [one] = together([shown], [exact]).comments
    assert (one.text, one.author, one.posted_at_raw, one.permalink) == (ECHO, "Ida", "March 4, 2018", f"{URL}#17")
    assert (one.posted_at, one.votes_up, one.parent_source) == ("2018-03-04T09:15:00Z", 3, "api")


def test_parents_are_those_of_the_source() -> None:
    own = [
        said(ECHO),
        said(PUMP, parent=0, source=ParentSource.INDENT),
        said(CRANE, parent=1, source=ParentSource.INDENT),
    ]
    review = together(own, [told(ECHO, "1"), told(PUMP, "2"), told(CRANE, "3", native_parent="1")])
    assert _parents(review) == {ECHO: None, PUMP: None, CRANE: ECHO}
    assert {one.parent_source for one in review.comments} == {ParentSource.API}


def test_a_source_that_tells_no_parents_leaves_the_pages() -> None:
    own = [said(ECHO), said(PUMP, parent=0, source=ParentSource.NESTING)]
    review = together(own, [said(PUMP, "2"), said(ECHO, "1"), said(CRANE, "3")])
    assert _parents(review) == {ECHO: None, PUMP: ECHO, CRANE: None}


def test_what_only_the_page_has_stays_where_it_was() -> None:
    reply = said(PUMP, parent=0, source=ParentSource.NESTING)
    own = [said(ECHO), said("Week ten", kind=CommentKind.PINGBACK, author="Lighthouse"), reply]
    review = together(own, [told(ECHO, "1"), told(CRANE, "3", native_parent="1")])
    assert _parents(review) == {ECHO: None, CRANE: ECHO, PUMP: ECHO, "Week ten": None}
    assert review.comments_found == 3


def test_removed_ones_hold_their_place() -> None:
    gone = told(None, "2", None, native_parent="1", state=CommentState.DELETED)
    review = together([], [told(ECHO, "1"), gone, told(PUMP, "3", native_parent="2")])
    assert [(one.text, one.state, one.depth) for one in review.comments] == [
        (ECHO, "visible", 0), (None, "deleted", 1), (PUMP, "visible", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "elsewhere", "order"),
    [
        ([], [3, 1, 2], [1, 2, 3]),
        ([2], [3, 1], [1, 2, 3]),
        ([3, 2], [1], [3, 2, 1]),
        ([1, 2], [4, 3], [1, 2, 3, 4]),
        ([], [3, None, 1], [3, None, 1]),
    ],
    ids=[
        "by date",
        "the page's among them",
        "newest first, as the page has it",
        "oldest first",
        "as told, where not all are dated",
    ],
)
def test_threads_stand_by_date(own: list[int], elsewhere: list[int | None], order: list[int | None]) -> None:
    def on(day: int | None) -> Said:
        return said(f"day {day}", posted_at=f"2018-03-{day:02d}T10:00:00Z" if day else None)

    review = together([on(day) for day in own], [on(day) for day in elsewhere])
    assert [one.text for one in review.comments] == [f"day {day}" for day in order]


@pytest.mark.parametrize(
    ("found", "page", "state"),
    [
        ({}, {}, "complete"),
        ({"is_whole": False}, {}, "partial"),
        ({"is_open": True}, {}, "partial"),
        ({"is_open": True}, {"comments_declared": 1}, "complete"),
        ({"is_open": True, "declared": 50}, {"comments_declared": 1}, "partial"),
        ({}, {"comments_declared": 4}, "partial"),
        ({"declared": 1}, {"comments_declared": 4}, "complete"),
        ({}, {"comments_external": ExternalComments(system="test")}, "complete"),
        ({}, {"comments_external": ExternalComments(system="other")}, "partial"),
    ],
    ids=[
        "all answered", "an answer is missing", "newest only", "newest only, but as many as the page says",
        "a first part", "fewer than the page says", "the source counts, and has told all", "the widget's own", "a copy",
    ],
)  # fmt: skip
def test_whether_that_is_all(found: dict[str, Any], page: dict[str, Any], state: str) -> None:
    gathered = dataclasses.replace(_gathered(Told((told(ECHO, "17"),))), **found)
    assert merged(_review([], **page), gathered).comments_state == state


def test_ids_stay_where_the_page_gave_them_and_segments_follow_where_it_gave_none() -> None:
    text = f'<div class="comment-content"><p>{ECHO}</p></div>'
    body = f'<ol><li class="comment depth-1"><cite class="fn">Ida</cite>{text}</li></ol>'
    before = archiver.extract(body.encode(), url=URL)
    after = merged(before, _gathered(Told((told(PUMP, "16"), told(ECHO, "17")))))
    [old], [_, new] = before.comments, after.comments
    assert (old.native_id, new.native_id) == (None, "17")
    assert [one.ref for one in before.segments if one.ref] == [old.comment_id]
    assert [one.ref for one in after.segments if one.ref] == [new.comment_id]


def test_a_thread_said_again_is_the_same_thread() -> None:
    reply = said(PUMP, parent=0, source=ParentSource.NESTING)
    comments = thread([said(ECHO, "1", votes_up=1), reply, said(None, state=CommentState.DELETED)], URL)
    assert thread(said_again(comments), URL) == comments


def _review(own: list[Said], **more: Any) -> Review:
    empty = archiver.extract(b"<h1>The Quarry Choir</h1>", url=URL)
    state = CommentsState.PARTIAL if own else CommentsState.LOST
    return msgspec.structs.replace(empty, **{"comments": thread(own, URL), "comments_state": state, **more})


def _gathered(*answers: Told) -> Gathered:
    return Gathered.of("test", answers, is_whole=True)


def _parents(review: Review) -> dict[str | None, str | None]:
    texts = {one.comment_id: one.text for one in review.comments}
    return {one.text: texts[one.parent_id] if one.parent_id else None for one in review.comments}
