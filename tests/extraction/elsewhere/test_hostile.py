"""Answers that mean harm: circles, chains, numbers beyond all measure, threads without end, addresses of others."""

from __future__ import annotations

import dataclasses
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

import archiver
from archiver.extraction.elsewhere import MOST_ASKS, Ask, gathered
from archiver.page import Page
from archiver.record import CommentsState, Review
from archiver.store.lines import encode
from tests.extraction.elsewhere.golden import ASKING, THREADS, Thread

IN_JSON: Final = [
    thread for thread in ASKING if any((thread.folder / name).exists() for name in ("1.json", "rest.json"))
]
SECONDS: Final = 20.0
VALUES: Final[list[Any]] = [
    None, True, -1, 0, 10**18, 10**30, 1e300, "", " ", "0", "\x00", "9" * 5_000, "<p>" * 3_000, "javascript:x", "http://[",
    "0000-00-00T00:00:00", "9999-12-31T23:59:59+14:00", [], [[]], {}, {"$t": []}, [None], ["x"] * 50,
]  # fmt: skip

Changing = Callable[[Any], Any]


@pytest.mark.parametrize("thread", IN_JSON, ids=lambda thread: thread.name)
def test_whatever_stands_in_a_field(thread: Thread) -> None:
    """Many fields hold one value, then a few of them any, with a chance that can be repeated."""
    chance = random.Random(thread.name)
    for value in VALUES:
        _completed(thread, _changing(chance, 0.2, [value]))
    for _ in range(100):
        _completed(thread, _changing(chance, 0.1, VALUES))


@pytest.mark.parametrize(
    ("ids", "parents"),
    [
        ([1, 2, 3], [2, 3, 1]),
        ([1], [1]),
        ([1, 2, 2, 2], [0, 1, 1, 2]),
        ([1, 2, 3], [9, 9, 9]),
        ([3, 2, 1], [2, 1, 0]),
    ],
    ids=["a circle", "itself", "one id thrice", "nobody", "backwards"],
)
def test_parents_that_cannot_be(ids: list[int], parents: list[int]) -> None:
    review = _told_by_wordpress([_comment(n, parent) for n, parent in zip(ids, parents, strict=True)])
    places = {one.comment_id: one.position for one in review.comments}
    assert {one.native_id for one in review.comments} == {str(n) for n in ids}
    assert all(one.parent_id is None or places[one.parent_id] < one.position for one in review.comments)
    assert sorted(one.path for one in review.comments) == [one.path for one in review.comments]


def test_a_chain_of_many_thousand_answers() -> None:
    start = time.process_time()
    review = _told_by_wordpress([_comment(n, n - 1) for n in range(1, 20_001)])
    assert len(review.comments) == 20_000
    assert max(one.depth for one in review.comments) <= 100
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize(
    "name",
    [
        "wordpress/rest", "wordpress/comment-pages", "blogger/drawn-by-script", "ghost/comments", "coral/story",
        "discourse/topic", "drupal/pager",
    ],
)  # fmt: skip
def test_a_thread_without_end_is_cut(name: str) -> None:
    """Every answer leads on to another, with another comment in it."""
    [thread] = [one for one in THREADS if one.name == name]
    asks: list[Ask] = []

    def answer(ask: Ask) -> Page:
        asks.append(ask)
        return _endless(thread, ask, len(asks))

    review = gathered(thread.page, thread.review, answer)
    assert len(asks) == len(set(asks)) == MOST_ASKS
    assert len(review.comments) > len(thread.review.comments)
    assert review.comments_state is CommentsState.PARTIAL


@pytest.mark.parametrize(
    ("name", "written", "instead"),
    [
        ("wordpress/rest", "https://quarry.example/wp-json/", "http://169.254.169.254/latest/"),
        ("wordpress/rest", "https://quarry.example/wp-json/", "file:///etc/passwd"),
        ("wordpress/comment-pages", "comment-page-1/#comments", "../../../other.example/comment-page-1/"),
        ("blogger/drawn-by-script", "http://lamplight.blogspot.com/feeds/55", "ftp://other.example/feeds/55"),
        (
            "ghost/comments",
            'data-ghost-comments="https://quarry.example/"',
            'data-ghost-comments="https://other.example/"',
        ),
        ("ghost/comments", 'data-ghost-comments="https://quarry.example/"', 'data-ghost-comments="http://["'),
        ("coral/story", "rootURL: 'https://quarry.coral.coralproject.net'", "rootURL: 'https://['"),
        ("discourse/embedded", "discourseUrl: 'https://talk.quarry.example/'", "discourseUrl: 'javascript:alert(1)'"),
        ("disqus/embed", "https://Quarry.disqus.com/embed.js", "https://Quarry.disqus.com.other.example/embed.js"),
        ("drupal/pager", 'href="?page=', 'href="https://other.example/reviews/choir?page='),
        ("feed/rss", "https://quarry.example/2018/choir/feed/", "https://other.example/2018/choir/feed/"),
    ],
)
def test_a_page_leads_nowhere_else(name: str, written: str, instead: str) -> None:
    [thread] = [one for one in THREADS if one.name == name]
    assert written.encode() in thread.page.body
    page = dataclasses.replace(thread.page, body=thread.page.body.replace(written.encode(), instead.encode()))
    asks: list[str] = []

    def answer(ask: Ask) -> None:
        asks.append(ask.url)

    gathered(page, archiver.extract(page), answer)
    own = {thread.expected["url"].split("/")[2], *thread.expected.get("hosts", ())}
    assert {url.split("/")[2] for url in asks} <= own
    assert all(url.startswith("https://") for url in asks)


def test_a_page_that_redirects_to_another_thread_says_nothing_of_this_one() -> None:
    [thread] = [one for one in THREADS if one.name == "wordpress/comment-pages"]

    def answer(ask: Ask) -> Page | None:
        found = thread.answer(ask)
        return dataclasses.replace(found, url="https://quarry.example/2018/lamp/") if found else None

    assert gathered(thread.page, thread.review, answer) == thread.review


def test_half_an_emoji_costs_no_comment() -> None:
    listed = json.dumps([_comment(1, 0), _comment(2, 1)]).replace("said 2", r"cut here \ud83d")
    review = _told_by_wordpress(listed.encode())
    assert [one.text for one in review.comments] == ["said 1", "cut here \ufffd"]


# -- answers ---------------------------------------------------------------------------------


def _completed(thread: Thread, change: Changing) -> Review:
    def answer(ask: Ask) -> Page | None:
        found = thread.answer(ask)
        if found is None or not (found.content_type or "").startswith("application/json"):
            return found
        return dataclasses.replace(found, body=json.dumps(change(json.loads(found.body))).encode())

    review = gathered(thread.page, thread.review, answer)
    assert len(review.comments) >= len(thread.review.comments)
    assert encode(review).endswith(b"}\n")
    return review


def _changing(chance: random.Random, often: float, values: list[Any]) -> Changing:
    return lambda data: _changed(data, lambda old: chance.choice(values) if chance.random() < often else old)


def _changed(data: Any, change: Changing) -> Any:
    if isinstance(data, dict):
        return {key: change(_changed(value, change)) for key, value in data.items()}
    return [change(_changed(value, change)) for value in data] if isinstance(data, list) else data


def _comment(native: int, parent: int) -> dict[str, Any]:
    date = f"2018-03-04T{native % 24:02d}:00:00"
    return {
        "id": native,
        "parent": parent,
        "author_name": "Ida",
        "date_gmt": date,
        "content": {"rendered": f"said {native}"},
    }


def _told_by_wordpress(listed: list[dict[str, Any]] | bytes) -> Review:
    body = listed if isinstance(listed, bytes) else json.dumps(listed).encode()
    page = Page(
        url="https://quarry.example/2018/choir/",
        body=b"""<html><head><title>The Quarry Choir</title><link rel="https://api.w.org/" href="/wp-json/"></head>
        <body><article><h1>The Quarry Choir</h1><p>Eleven voices and one echo, recorded where the stone was cut, and
        where it rains a lot.</p></article><input name="comment_post_ID" value="4">
        <h2 class="comments-title">9 comments</h2></body></html>""",
        headers=(("Content-Type", "text/html"),),
    )
    said = (("Content-Type", "application/json"), ("X-WP-Total", "9"), ("X-WP-TotalPages", "1"))
    return gathered(page, archiver.extract(page), lambda ask: Page(body=body, url=ask.url, status=200, headers=said))


def _endless(thread: Thread, ask: Ask, number: int) -> Page:
    """An answer of this source that leads on, however often."""
    numbers: Iterator[int] = iter(range(number * 100, number * 100 + 99))
    first = thread.answers[-1 if thread.name == "wordpress/comment-pages" else 0]
    text = first.body.decode()
    match thread.folder.parent.name:
        case "wordpress" if thread.folder.name == "rest":
            body = json.dumps([_comment(next(numbers), 0)])
            first = dataclasses.replace(first, headers=(("X-WP-TotalPages", "100000"), ("X-WP-Total", "9999999")))
        case "wordpress" if "wp-json" in ask.url:
            return dataclasses.replace(first, status=401)
        case "wordpress":
            body = text.replace("comment-page-1", f"comment-page-{number + 5}").replace(
                "comment-31", f"comment-{number}1"
            )
        case "drupal":
            body = text.replace("?page=2", f"?page={number + 5}").replace("comment-7", f"comment-{number}7")
        case "blogger":
            body = text.replace("post-5581", f"post-{number}5581").replace('"$t": "1"', '"$t": "99999999"')
        case "ghost":
            body = text.replace('"pages": 2', '"pages": 100000').replace("c910", f"c9{number:03d}"[:4])
        case "coral":
            body = text.replace('2018-03-04T10:15:00.000Z"', f'2018-03-04T10:15:00.{number:03d}Z"').replace(
                "ca001", f"ca{number:03d}"
            )
        case "discourse":
            data = json.loads(text)
            data["post_stream"]["stream"] += range(1_000, 9_000)
            data["post_stream"]["posts"][-1]["post_number"] = number + 100
            body = json.dumps(data)
        case other:
            raise AssertionError(other)
    return dataclasses.replace(first, url=ask.url, body=body.encode(), status=200)
