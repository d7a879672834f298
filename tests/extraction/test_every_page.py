"""What holds for every page under tests, whole or cut off: the golden ones, those of the comment systems,
those of the demonstration."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator

import archiver
from archiver.page import Page
from archiver.record import Review, Role, json_schema
from archiver.store.lines import encode
from tests.conftest import ROOT, Run
from tests.extraction.golden import PAGES
from tests.extraction.test_laws import letters, said_by_beautifulsoup, said_in

FILES: Final = sorted(
    file
    for folder in (PAGES, Path(__file__).parent / "comments" / "pages")
    for file in folder.rglob("*")
    if file.suffix in (".html", ".txt") and file.name != "robots.txt"
)
#: In how many places a page is cut off: an odd number, so that cuts fall within tags, references and characters.
CUTS: Final = 31

VALID: Final = Draft202012Validator(json_schema())

every_page = pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT / "tests").as_posix())


@every_page
def test_every_line_is_valid(file: Path) -> None:
    assert not [error.message for error in VALID.iter_errors(json.loads(encode(read(file))))]


@every_page
def test_the_segments_hold_the_words_of_the_page(file: Path) -> None:
    body = file.read_bytes()
    words = letters(Page(body=body).text) if file.suffix == ".txt" else said_by_beautifulsoup(body)
    assert said_in(read(file)) == words


@every_page
def test_not_a_line_of_a_comment_is_one_of_the_body(file: Path) -> None:
    """However short it is."""
    review = read(file)
    lines = {line for comment in review.comments for line in (comment.text or "").splitlines() if line}
    assert not lines.intersection((review.body_text or "").splitlines())
    assert {one.role for one in review.segments if one.ref == "body_text"} <= {Role.BODY}


@every_page
def test_a_page_cut_off_anywhere_becomes_a_record(file: Path) -> None:
    body = file.read_bytes()
    for size in range(0, len(body), len(body) // CUTS):
        assert encode(archiver.extract(body[:size])).endswith(b"}\n"), size


def test_a_record_does_not_hang_on_the_process_that_made_it(run: Run) -> None:
    """Python hashes text otherwise in every process: the order of a set must never reach a record."""
    one, other = (
        run("python", "-m", "archiver", "extract", PAGES, "--jobs", "1", PYTHONHASHSEED=seed).stdout.splitlines()
        for seed in ("1", "2")
    )
    assert len(one) >= len(list(PAGES.glob("*/*/page.*")))
    assert [undated(line) for line in one] == [undated(line) for line in other]


@cache
def read(file: Path) -> Review:
    return archiver.extract(file.read_bytes())


def undated(line: str) -> object:
    """A line without the one thing that may differ: when it was made."""
    record = json.loads(line)
    del record["extractor"]["parsed_at"]
    return record
