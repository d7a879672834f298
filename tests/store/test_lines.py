"""What is written as a line is read back as it was, by this version and by later ones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

import archiver
from archiver.record import Capture, Comment, Extractor, PageState, Review, Role, Segment, json_schema
from archiver.store.lines import LineWriter, decode, encode, load, repair
from archiver.store.records import located
from archiver.warc.exchange import Location
from tests.conftest import ROOT

VALID = Draft202012Validator(json_schema())
PAST = sorted((ROOT / "tests" / "records").glob("*.jsonl"))


def review(number: int = 0, **more: Any) -> Review:
    given: dict[str, Any] = {
        "record_id": f"r_{number:016x}",
        "revision_id": "v_0000000000000000",
        "page_state": PageState.ARTICLE,
        "extractor": Extractor(version="0.1.0"),
        **more,
    }
    return Review(**given)


def write(path: Path, *reviews: Review) -> Path:
    with LineWriter(path) as lines:
        for one in reviews:
            lines.write(one)
    return path


FULL = review(
    1,
    title='Caf\xe9 \U0001f600 \u2028 \\u0000 "quoted"',
    tags=("a", "b"),
    facts={"cast": ["x", "y"], "runtime": "103 min"},
    comments=(
        Comment(comment_id="c_1", text="One.\n\nTwo.", position=0),
        Comment(comment_id="c_2", text=None, position=1),
    ),
    segments=(Segment(role=Role.BODY, ref="body_text", start=0, end=3),),
    captures=(Capture(fetch_status=200),),
)


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", review(), FULL)
    assert list(load(path)) == [review(), FULL]
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\udc00\0\ud800", "\ud83d\ude00"])
def test_nul_and_lone_surrogates_are_never_written(text: str, tmp_path: Path) -> None:
    hostile = review(
        1, title=text, tags=(text,), facts={text: text}, comments=(Comment(comment_id="c_1", text=text, position=0),)
    )
    [line] = write(tmp_path / "x.jsonl", hostile).read_text(encoding="utf-8").splitlines()
    assert not re.search(r"\\u0000|\\ud[89a-f]", line, re.I)
    assert VALID.is_valid(json.loads(line))
    assert "\0" not in (decode(line.encode()).title or "")


def test_every_line_is_valid_against_the_schema(tmp_path: Path) -> None:
    pages = [
        b"",
        b"<h1>Never Let Me Go</h1><p>I came to this film knowing nothing about it.",
        b"\0" * 100,
        b"plain text",
    ]
    path = write(tmp_path / "x.jsonl", FULL, *map(archiver.extract, pages))
    for line in path.open(encoding="utf-8"):
        assert list(VALID.iter_errors(json.loads(line))) == []


def _of_then(now: Any, then: Any) -> Any:
    """What a record says now, without the fields that it has gained."""
    if isinstance(then, dict):
        return {name: _of_then(now[name], value) for name, value in then.items()}
    if isinstance(then, list) and len(then) == len(now):
        return [_of_then(*pair) for pair in zip(now, then, strict=True)]
    return now


@pytest.mark.parametrize("past", PAST, ids=lambda path: path.stem)
def test_every_past_version_is_read(past: Path) -> None:
    [found] = load(past)
    assert found.schema_version == past.stem
    line = json.loads(past.read_text(encoding="utf-8"))
    assert VALID.is_valid(line)
    assert _of_then(json.loads(encode(found)), line) == line


def test_the_present_version_has_its_file() -> None:
    assert [path.stem for path in PAST] == [str(number) for number in range(1, int(archiver.record.SCHEMA_VERSION) + 1)]


def test_what_a_later_version_adds_is_passed_over_and_what_it_changes_is_told() -> None:
    line = json.loads(encode(review()))
    assert decode(json.dumps({**line, "schema_version": "9", "mood": "good"}).encode()).record_id == review().record_id
    with pytest.raises(ValueError, match="it is of schema version 9, and this program knows 1"):
        decode(json.dumps({**line, "schema_version": "9", "page_state": "hologram"}).encode())


def test_an_unfinished_last_line_is_left_out(tmp_path: Path) -> None:
    whole = encode(review(1)) + encode(FULL)
    path = tmp_path / "x.jsonl.open"
    for cut in range(len(encode(review(1))), len(whole)):
        path.write_bytes(whole[:cut])
        # Without its line end alone, a line says all that it has to say.
        assert list(load(tmp_path)) == [review(1), FULL][: 2 if cut == len(whole) - 1 else 1]


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(encode(review(1)) + b"\n" + b'{"title": 5}\n' + encode(review(2)))
    reading = iter(load(path))
    assert next(reading) == review(1)
    with pytest.raises(ValueError, match=r"x\.jsonl, line 3: "):
        next(reading)


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    for number, name in enumerate(["a/1.jsonl", "a/2.jsonl.open", "b/c/3.jsonl", "b/4.json", "b/5.jsonl.torn"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(encode(review(number)))
    assert [int(one.record_id[2:]) for one in load(tmp_path)] == [0, 1, 2]
    assert [int(one.record_id[2:]) for one in load([str(tmp_path / "b"), tmp_path / "a" / "1.jsonl"])] == [2, 0]
    again = load(tmp_path)
    assert list(again) == list(again)


def test_a_path_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.jsonl")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write(tmp_path / "x.jsonl", review())
    with pytest.raises(FileExistsError):
        LineWriter(tmp_path / "x.jsonl")


def test_the_lines_of_a_dead_run_are_completed(tmp_path: Path) -> None:
    with LineWriter(tmp_path / "lives.jsonl"):
        (tmp_path / "dead.jsonl.open").write_bytes(encode(review(1)) + encode(review(2))[:50])
        [done] = repair(tmp_path)
    assert done.path == tmp_path / "dead.jsonl"
    assert list(load(tmp_path / "dead.jsonl")) == [review(1)]
    assert (tmp_path / "dead.jsonl.torn").read_bytes() == encode(review(2))[:50]


def test_a_record_is_told_where_its_bytes_lie() -> None:
    place = Location(filename="a/x.warc.gz", offset=7, length=9, record_id="urn:uuid:1", payload_digest="sha256:00")
    expected: dict[str, Any] = {
        "content_digest": "sha256:00",
        "warc_filename": "a/x.warc.gz",
        "warc_record_offset": 7,
        "warc_record_length": 9,
        "warc_record_id": "urn:uuid:1",
        "warc_refers_to": None,
    }
    assert located(review(), place).captures == (Capture(**expected),)
    captured = review(captures=(Capture(fetch_status=200), Capture(fetch_status=404)))
    own, other = located(captured, place).captures
    assert own == replace(Capture(fetch_status=200), **expected)
    assert other == Capture(fetch_status=404)
