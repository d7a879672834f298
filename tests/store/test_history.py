"""Comments from visit to visit: first and last seen, vanished, and put aside again."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from archiver.extraction import extract
from archiver.record import Capture, Comment, CommentsState, CommentState, PageState, Review
from archiver.store.history import as_seen, comments_digest, growth, seen_again
from archiver.store.lines import LineWriter, load

MAY, JUNE, JULY, AUGUST = (f"2026-0{month}-01T04:00:00Z" for month in (5, 6, 7, 8))
PAGE = extract(b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>")


def said(name: str, parent: str | None = None, path: str = "", text: str = "So?") -> Comment:
    return Comment(
        comment_id=f"c_{name}",
        text=text,
        position=0,
        parent_id=f"c_{parent}" if parent else None,
        path=path,
        depth=path.count("."),
    )


def line(
    at: str | None,
    *comments: Comment,
    state: CommentsState = CommentsState.COMPLETE,
    page_state: PageState = PageState.ARTICLE,
) -> Review:
    placed = tuple(replace(one, position=position) for position, one in enumerate(comments))
    return replace(
        PAGE,
        comments=placed,
        comments_found=len(placed),
        comments_state=state,
        page_state=page_state,
        captures=(Capture(fetch_time=at),),
    )


def told(review: Review) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(one.comment_id, one.first_seen, one.last_seen, one.vanished_at) for one in review.comments]


A, B, C = said("a", path="0001"), said("b", path="0002"), said("c", path="0003")


def test_a_comment_is_first_seen_where_it_was_first_listed() -> None:
    june = seen_again(line(MAY, A), line(JUNE, A, B))
    july = seen_again(june, line(JULY, A, B, C))
    assert told(july) == [("c_a", MAY, JULY, None), ("c_b", JUNE, JULY, None), ("c_c", JULY, JULY, None)]
    assert growth(july) == (1, 0)


def test_what_vanished_stays_with_its_text_and_the_instant() -> None:
    june = seen_again(line(MAY, A, B), line(JUNE, B))
    assert told(june) == [("c_b", MAY, JUNE, None), ("c_a", MAY, MAY, JUNE)]
    assert [(one.text, one.state.value) for one in june.comments] == [("So?", "visible"), ("So?", "vanished")]
    assert growth(june) == (0, 1)
    july = seen_again(june, line(JULY, B))
    assert told(july) == [("c_b", MAY, JULY, None), ("c_a", MAY, MAY, JUNE)]
    assert growth(july) == (0, 0)


def test_what_comes_back_has_not_vanished() -> None:
    june = seen_again(line(MAY, A, B), line(JUNE, B))
    july = seen_again(june, line(JULY, A, B))
    assert told(july) == [("c_a", MAY, JULY, None), ("c_b", MAY, JULY, None)]
    assert [one.state for one in july.comments] == [CommentState.VISIBLE] * 2
    assert growth(july) == (0, 0)


@pytest.mark.parametrize("state", list(CommentsState))
def test_only_a_list_that_would_show_a_comment_tells_that_it_vanished(state: CommentsState) -> None:
    june = seen_again(line(MAY, A, B), line(JUNE, B, state=state))
    is_whole = state in (CommentsState.COMPLETE, CommentsState.OPEN_EMPTY, CommentsState.CLOSED)
    assert told(june)[1] == ("c_a", MAY, MAY, JUNE if is_whole else None)
    assert june.comments[1].state is (CommentState.VANISHED if is_whole else CommentState.VISIBLE)
    july = seen_again(june, line(JULY, A, B))
    assert told(july)[0] == ("c_a", MAY, JULY, None), "what a partial list leaves out keeps its history"


@pytest.mark.parametrize("state", [PageState.GONE, PageState.SOFT_404, PageState.CHALLENGE, PageState.ERROR])
def test_a_page_that_is_no_article_now_tells_nothing_of_comments(state: PageState) -> None:
    now = line(JUNE, page_state=state)
    assert seen_again(line(MAY, A), now) is now


def test_a_comment_is_the_same_in_the_page_and_in_the_sites_interface() -> None:
    """Which of them shows it may change from visit to visit."""
    page = [replace(said(f"page {n}", path=f"000{n}"), native_id=f"comment-{n}") for n in (1, 2, 3)]
    answer = replace(said("page 4", "page 3", "0003.0001"), native_id="comment-4")
    told = [replace(said(f"rest {n}", path=f"000{n}"), native_id=str(n)) for n in (3, 5)]
    june = seen_again(line(MAY, *page, answer), line(JUNE, page[1], *told))
    assert [(one.comment_id, one.first_seen, one.parent_id) for one in june.comments] == [
        ("c_page 2", MAY, None),
        ("c_rest 3", MAY, None),
        ("c_rest 5", JUNE, None),
        ("c_page 1", MAY, None),
        ("c_page 4", MAY, "c_rest 3"),
    ]
    assert growth(june) == (1, 2)


def test_those_that_are_carried_stand_last_and_below_what_they_answer() -> None:
    before = line(MAY, A, said("d", "a", "0001.0001"), said("e", "d", "0001.0001.0001"), B, said("f", "b", "0002.0001"))
    june = seen_again(before, line(JUNE, said("b", path="0001"), said("g", "b", "0001.0001")))
    assert [(one.comment_id[2:], one.position, one.parent_id, one.depth, one.path) for one in june.comments] == [
        ("b", 0, None, 0, "0001"),
        ("g", 1, "c_b", 1, "0001.0001"),
        ("a", 2, None, 0, "0002"),
        ("d", 3, "c_a", 1, "0002.0001"),
        ("e", 4, "c_d", 2, "0002.0001.0001"),
        ("f", 5, "c_b", 1, "0001.0002"),
    ]
    assert june.comments_found == 2, "it counts what the page shows"


def test_put_aside_the_history_leaves_the_line_as_its_capture_made_it() -> None:
    shown = line(JULY, B, C)
    july = seen_again(seen_again(line(MAY, A), line(JUNE, A, B)), shown)
    assert july != shown
    assert as_seen(july) == shown
    assert as_seen(shown) is shown


def test_a_line_without_an_instant_has_no_history() -> None:
    assert seen_again(line(None, A), line(JUNE, B)) == line(JUNE, B)
    assert seen_again(line(MAY, A), line(None, B)) == line(None, B)


def test_the_digest_is_of_what_was_said_by_whom() -> None:
    same = comments_digest((A, B))
    assert same == comments_digest((B, replace(A, votes_up=3, posted_at_raw="3 days ago")))
    others = ((A,), (A, A, B), (replace(A, text="No."), B), (replace(A, state=CommentState.DELETED), B))
    assert len({same, *map(comments_digest, others)}) == 5


def test_of_each_page_the_record_of_the_last_visit(tmp_path: Path) -> None:
    other = replace(line(MAY), record_id="r_other")
    for name, reviews in (("b", (line(MAY, A), other)), ("a", (line(JULY, A, B), line(JUNE, A)))):
        with LineWriter(tmp_path / f"{name}.jsonl") as writer:
            for review in reviews:
                writer.write(review)
    newest = load(tmp_path).newest()
    assert [(one.record_id, one.captures[0].fetch_time) for one in newest] == [
        (PAGE.record_id, JULY),
        ("r_other", MAY),
    ]
    assert len(list(newest)) == 2, "it can be read again"
    assert len(list(load(tmp_path))) == 4


def test_what_is_written_is_read_back_with_its_history(tmp_path: Path) -> None:
    june = seen_again(line(MAY, A, B), line(JUNE, B))
    with LineWriter(tmp_path / "x.jsonl") as writer:
        writer.write(june)
    [read] = load(tmp_path / "x.jsonl")
    assert msgspec.to_builtins(read.comments) == msgspec.to_builtins(june.comments)
