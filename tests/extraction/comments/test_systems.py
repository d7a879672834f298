"""Every comment system has a golden page: a folder ``pages/<system>/<what-is-odd>/`` with the page
and what must come out of it. A new folder is a new test; a rule file without one fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archiver.extraction.comments import Thread, comments
from archiver.extraction.comments.systems import SYSTEMS
from archiver.extraction.reading import Reading
from archiver.page import Page

PAGES = Path(__file__).parent / "pages"
FOLDERS = sorted(file.parent for file in PAGES.glob("*/*/page.html"))


def thread_of(body: bytes, url: str = "https://quarry.example/2018/choir/") -> Thread:
    return comments(Reading(Page(body=body, url=url, headers=(("Content-Type", "text/html; charset=utf-8"),))))


def as_expected(thread: Thread, keys: list[set[str]]) -> list[dict[str, Any]]:
    places = {comment.comment_id: i for i, comment in enumerate(thread.comments)}
    found = []
    for comment, wanted in zip(thread.comments, keys, strict=False):
        said = {key: getattr(comment, key) for key in wanted if key != "parent"}
        found.append({**said, "parent": places.get(comment.parent_id) if comment.parent_id else None})
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_golden_page_gives_its_thread(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    thread = thread_of((folder / "page.html").read_bytes())
    assert len(thread.comments) == len(expected["comments"])
    assert as_expected(thread, [set(one) for one in expected["comments"]]) == expected["comments"]
    for key in ("state", "declared"):
        if key in expected:
            assert getattr(thread, key) == expected[key]
    if "opening" in expected:
        assert thread.opening is not None
        assert thread.opening.text == expected["opening"]
    assert thread.system == folder.parent.name


def test_every_system_has_a_golden_page() -> None:
    assert {system.name for system in SYSTEMS} <= {folder.parent.name for folder in FOLDERS}
