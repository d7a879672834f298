"""A real WordPress: found whole, kept exactly. `make test-wordpress`."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.wordpress.conftest import Filled, Post, Record, Visit

pytestmark = pytest.mark.wordpress

Records = dict[str, Record]


def test_the_site_is_what_it_shall_be(filled: Filled) -> None:
    whats = Counter(post["what"] for post in filled.posts)
    assert whats.total() == 66
    assert set(whats) == {"publish", "sticky", "rated", "pages", "password", "trash", "draft", "page"}
    comments = filled.thread["comments"]
    assert len(comments) >= 45
    assert sum(one["parent"] is None for one in comments) > 20, "it must have more than two pages"


def test_every_post_is_found_once(filled: Filled, first: Visit) -> None:
    assert (first.ended.returncode, first.ended.stdout, first.ended.stderr) == (0, "", "")
    found = Counter(record["url"] for record in first.records if record["captures"][0]["fetch_status"] == 200)
    posts = [post["url"] for post in filled.public if post["what"] != "page"]
    assert {url: found[url] for url in posts} == dict.fromkeys(posts, 1)


def test_a_list_is_no_review(filled: Filled, first: Visit) -> None:
    """Months with one post, tags, sections, authors and the front page show what stands elsewhere."""
    posts = {post["url"] for post in filled.articles}
    lists = [record for record in first.records if record["url"] not in posts and record["body_text"] is not None]
    assert not [record["url"] for record in lists]
    assert {record["tags_state"] for record in first.records if record["page_state"] == "index"} == {"absent"}


def test_drafts_and_what_was_withdrawn_are_not_there(filled: Filled, first: Visit, records: Records) -> None:
    for what in ("draft", "trash"):
        record = records.get(filled.one(what)["url"])
        assert record is None or (record["captures"][0]["fetch_status"], record["page_state"]) == (404, "gone")
    said = json.dumps(first.records, ensure_ascii=False)
    assert not [text for text in filled.unseen if text in said]


def test_a_post_behind_a_password_is_told_as_such(filled: Filled, records: Records) -> None:
    post = filled.one("password")
    record = records[post["url"]]
    assert record["page_state"] == "password_protected"
    assert record["title"] == post["title"]
    assert (record["body_text"], record["comments"]) == (None, [])
    assert (record["authors"], record["tags"], record["categories"]) == (
        ["Marta Quill"],
        post["tags"],
        post["categories"],
    )


def test_titles_authors_and_days_are_those_of_the_posts(filled: Filled, records: Records) -> None:
    posts = [post for post in filled.articles if post["what"] != "page"]
    for post in posts:
        record = records[post["url"]]
        assert (record["title"], record["authors"]) == (post["title"], ["Marta Quill"])
        assert record["published_at"] == post["published_at"]
        assert record["page_kind"] == "review"


def test_tags_and_categories_are_exact(filled: Filled, records: Records) -> None:
    for post in filled.articles:
        if post["what"] != "page":
            record = records[post["url"]]
            assert (record["tags"], record["categories"]) == (post["tags"], post["categories"]), post["url"]
            assert record["tags_state"] == "found"


def test_texts_are_exact(filled: Filled, records: Records) -> None:
    for post in filled.articles:
        if post["what"] in ("publish", "sticky"):
            record = records[post["url"]]
            assert (record["page_state"], record["body_text"]) == ("article", "\n\n".join(post["paragraphs"]))


def test_a_post_of_several_pages_is_one_record(filled: Filled, records: Records) -> None:
    post = filled.one("pages")
    record = records[post["url"]]
    assert (record["page_state"], record["body_text"]) == ("article", "\n\n".join(post["paragraphs"]))
    assert len(record["captures"]) >= 3


def test_a_rating_in_the_text_is_the_rating(filled: Filled, records: Records) -> None:
    post = filled.one("rated")
    record = records[post["url"]]
    assert record["body_text"] == "\n\n".join(post["paragraphs"][:-1])
    assert (record["rating"]["raw"], record["rating"]["value"], record["rating"]["best"]) == ("Rating: 4/5", 4, 5)


def test_comments_are_complete_with_exact_parents(filled: Filled, records: Records) -> None:
    for post in filled.articles:
        if post["what"] != "page":
            assert _said(records[post["url"]]) == _meant(post), post["url"]


def test_threads_are_told_whole_open_and_closed(filled: Filled, records: Records) -> None:
    for post in filled.articles:
        if post["what"] != "page":
            record = records[post["url"]]
            assert record["comments_state"] == _state(post), post["url"]
            assert record["comments_found"] == sum(one["kind"] == "comment" for one in post["comments"])


def _said(record: Record) -> list[tuple[Any, ...]]:
    """Comments as tuples, by native ids. A system's ids are written in several ways, and end in the number."""
    numbers = {one["comment_id"]: int(one["native_id"].rpartition("-")[2]) for one in record["comments"]}
    numbers[None] = 0
    return sorted(
        (
            numbers[one["comment_id"]],
            numbers[one["parent_id"]],
            one["author"],
            one["text"],
            one["kind"],
            one["state"],
            one["depth"],
        )
        for one in record["comments"]
    )


def _meant(post: Post) -> list[tuple[Any, ...]]:
    depths: dict[int | None, int] = {None: -1}
    for one in post["comments"]:  # parents are older than what answers them
        depths[one["id"]] = depths[one["parent"]] + 1
    return sorted(
        (one["id"], one["parent"] or 0, one["author"], one["text"], one["kind"], "visible", depths[one["id"]])
        for one in post["comments"]
    )


def _state(post: Post) -> str:
    """The theme says nothing of comments where there are none and none can be written."""
    if post["comments"]:
        return "complete"
    return "open_empty" if post["is_open"] else "none"
