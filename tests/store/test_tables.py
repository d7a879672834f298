"""The tables have the same columns and types whatever the records hold."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archiver.record import Capture, Comment, ItemReviewed, Rating
from archiver.store.lines import load
from tests.store.test_lines import FULL, review, write

pandas = pytest.importorskip("pandas")


def test_columns_and_types_are_those_of_the_record_whatever_it_holds(tmp_path: Path) -> None:
    empty = load(write(tmp_path / "empty.jsonl")).frames()
    bare = load(write(tmp_path / "bare.jsonl", review())).frames()
    full = load(write(tmp_path / "full.jsonl", FULL)).frames()
    assert list(empty) == ["reviews", "comments", "segments", "captures"]
    for name in empty:
        assert dict(empty[name].dtypes) == dict(bare[name].dtypes) == dict(full[name].dtypes)
        assert {str(dtype) for dtype in full[name].dtypes} <= {"string", "Int64", "Float64", "boolean", "object"}
    assert [len(full[name]) for name in full] == [1, 2, 1, 1]


def test_cells_hold_what_the_record_does(tmp_path: Path) -> None:
    rated = review(
        7,
        rating=Rating(value=3.5, best=5, raw="★★★½"),
        item_reviewed=ItemReviewed(type="Movie", ids={"imdb": "tt1334260"}),
        tags=("drama", "books"),
        comments=(Comment(comment_id="c_1", text="Yes.", position=0, votes_up=3),),
        captures=(Capture(fetch_status=200), Capture(fetch_status=404)),
    )
    tables = load(write(tmp_path / "x.jsonl", review(1), rated)).frames()
    without, row = (tables["reviews"].iloc[i] for i in range(2))
    assert (row["record_id"], row["page_state"], row["tags"]) == ("r_0000000000000007", "article", ["drama", "books"])
    assert (row["rating_value"], row["rating_best"], row["rating_raw"]) == (3.5, 5.0, "★★★½")
    assert (row["item_reviewed_type"], row["item_reviewed_ids"]) == ("Movie", '{"imdb":"tt1334260"}')
    assert (without["rating_value"], without["title"]) == (pandas.NA, pandas.NA)
    comment = tables["comments"].iloc[0]
    assert (comment["record_id"], comment["comment_id"], comment["votes_up"]) == ("r_0000000000000007", "c_1", 3)
    assert comment["votes_down"] is pandas.NA
    assert list(tables["captures"]["position"]) == [0, 1]
    assert list(tables["captures"]["fetch_status"]) == [200, 404]


def test_without_pandas_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"review-archiver\[frames\]"):
        load(write(tmp_path / "x.jsonl", review())).frames()
