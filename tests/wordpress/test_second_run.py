"""A WordPress that changes between two crawls: what is asked for again, and how changes show. `make test-wordpress`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.crawl.conftest import Archived
from tests.wordpress.conftest import Filled, Post, Record, Visit, crawl

pytestmark = pytest.mark.wordpress


@dataclass(frozen=True)
class Changes:
    """What an editor did after the first crawl: to four posts, one thing each."""

    edited: Post
    text: str
    thinned: Post
    deleted: int
    answered: Post
    #: Its id, and that of the comment it answers.
    added: int
    added_to: int
    withdrawn: Post

    @property
    def urls(self) -> set[str]:
        return {post["url"] for post in (self.edited, self.thinned, self.answered, self.withdrawn)}


@pytest.fixture(scope="session")
def changes(filled: Filled, first: Visit) -> Changes:
    """The deleted comment is one that nobody answered, so that no other comment moves."""
    plain = [post for post in filled.articles if post["what"] == "publish" and post["is_open"]]
    edited, withdrawn = [post for post in plain if not post["comments"]][:2]
    answered, thinned = next(post for post in plain if post["comments"]), filled.thread
    parents = {one["parent"] for one in thinned["comments"]}
    deleted = next(one["id"] for one in thinned["comments"] if one["parent"] and one["id"] not in parents)
    top = answered["comments"][0]["id"]
    text = "On a second viewing I take half of it back. The ending holds, and the score is better than I said."
    change = filled.site.php
    change("change", "edit", str(edited["id"]), text)
    change("change", "delete", str(deleted))
    change("change", "trash", str(withdrawn["id"]))
    added = change("change", "add", str(answered["id"]), str(top), "Late Reader", "I came to this late, and liked it.")
    return Changes(edited, text, thinned, deleted, answered, added, top, withdrawn)


@pytest.fixture(scope="session")
def second(filled: Filled, folder: Path, changes: Changes) -> Visit:
    """The same command again, as cron gives it."""
    return crawl(folder, "site", "-a", f"url={filled.site.url}/")


@pytest.fixture(scope="session")
def third(folder: Path, second: Visit) -> Visit:
    """Every known page, due or not."""
    return crawl(folder, "revisit", "-a", "all=1")


@pytest.fixture(scope="session")
def fourth(folder: Path, third: Visit) -> Visit:
    """The same at once: nothing has changed since."""
    return crawl(folder, "revisit", "-a", "all=1")


def test_a_second_run_asks_for_posts_only_where_something_changed(
    filled: Filled, changes: Changes, second: Visit
) -> None:
    assert (second.ended.returncode, second.ended.stdout, second.ended.stderr) == (0, "", "")
    assert set(_answers(filled, second)) == changes.urls - {changes.withdrawn["url"]}, "what is gone is told by nobody"
    assert sum(one.type == "request" for one in second.archived) < 20, "lists of posts tell what is known already"


def test_nothing_is_due_at_once(folder: Path, second: Visit) -> None:
    idle = crawl(folder, "revisit")
    assert (idle.ended.returncode, idle.ended.stderr, idle.records, idle.archived) == (0, "", [], [])


def test_an_edited_post_is_a_new_revision_and_no_other_is(
    changes: Changes, first: Visit, second: Visit, third: Visit
) -> None:
    before = _by_url(first)
    edited = _by_url(second)[changes.edited["url"]]
    assert edited["body_text"] == changes.text
    assert edited["record_id"] == before[edited["url"]]["record_id"]
    articles = [record for record in third.records if record["page_state"] == "article"]
    others = {one["url"] for one in articles if one["revision_id"] != before[one["url"]]["revision_id"]}
    assert others == {changes.edited["url"]}


def test_a_deleted_comment_has_vanished(changes: Changes, first: Visit, second: Visit, third: Visit) -> None:
    before, between, after = (_by_url(one)[changes.thinned["url"]] for one in (first, second, third))
    states = Counter(one["state"] for one in after["comments"])
    assert states == {"visible": len(changes.thinned["comments"]) - 1, "vanished": 1}
    gone, was = _comment(after, changes.deleted), _comment(before, changes.deleted)
    assert gone["state"] == "vanished"
    assert gone["vanished_at"] == between["captures"][0]["fetch_time"]
    assert gone["first_seen"] <= gone["last_seen"] < gone["vanished_at"]
    assert (gone["text"], gone["author"], gone["parent_id"]) == (was["text"], was["author"], was["parent_id"])
    assert after["comments_found"] == before["comments_found"] - 1


def test_a_new_comment_tells_when_it_was_first_seen(changes: Changes, first: Visit, third: Visit) -> None:
    before, after = _by_url(first)[changes.answered["url"]], _by_url(third)[changes.answered["url"]]
    new = _comment(after, changes.added)
    assert (new["author"], new["text"]) == ("Late Reader", "I came to this late, and liked it.")
    assert new["parent_id"] == _comment(after, changes.added_to)["comment_id"]
    assert before["captures"][0]["fetch_time"] < new["first_seen"]
    old = [one for one in after["comments"] if one is not new]
    assert {one["first_seen"] for one in old} == {before["captures"][0]["fetch_time"]}
    assert {(one["state"], one["vanished_at"]) for one in after["comments"]} == {("visible", None)}


def test_a_withdrawn_post_is_gone(changes: Changes, third: Visit) -> None:
    record = _by_url(third)[changes.withdrawn["url"]]
    assert (record["page_state"], record["captures"][0]["fetch_status"]) == ("gone", 404)
    assert record["body_text"] is None
    assert third.ended.returncode == 0


def test_what_did_not_change_is_archived_once(filled: Filled, third: Visit, fourth: Visit) -> None:
    assert fourth.ended.returncode == 0
    assert not _answers(filled, fourth), "a payload stands in the archive again"
    again = {one.url for one in fourth.archived if one.type == "revisit"} & _urls(filled)
    assert again == {post["url"] for post in filled.public}


def _answers(filled: Filled, visit: Visit) -> dict[str, Archived]:
    """Those for posts that came with a body of their own; one identical to an earlier one is a revisit record."""
    return {one.url: one for one in visit.archived if one.type == "response" and one.url in _urls(filled)}


def _urls(filled: Filled) -> set[str]:
    return {post["url"] for post in filled.posts}


def _by_url(visit: Visit) -> dict[str, Record]:
    return {record["url"]: record for record in visit.records}


def _comment(record: Record, native: int) -> dict[str, Any]:
    comment: dict[str, Any]
    [comment] = [one for one in record["comments"] if one["native_id"].rpartition("-")[2] == str(native)]
    return comment
