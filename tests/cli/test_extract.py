"""``archiver extract``: the same records again, from what lies on a disk."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from archiver.record import json_schema
from tests.conftest import Run
from tests.demo import PAGES, served

PAGE = b"<!doctype html><title>Kettle Street</title><h1>Kettle Street</h1><p>Four families share one kitchen.</p>"


def records(text: str | bytes) -> list[dict[str, Any]]:
    """Lines without the instant of their extraction, which alone may differ."""
    found = [json.loads(line) for line in text.splitlines()]
    for record in found:
        record["extractor"].pop("parsed_at")
    return found


def by_place(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda record: int(record["captures"][0]["warc_record_offset"]))


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_records_of_a_crawl_are_those_of_its_archive(jobs: int, run: Run, tmp_path: Path) -> None:
    with served() as demo:
        run("python", "-m", "archiver", "crawl", "site", "-a", f"url={demo.url}/")
    [lines] = (tmp_path / "data").rglob("*.jsonl")
    ended = run("python", "-m", "archiver", "extract", "data", "--jobs", jobs)
    assert (ended.returncode, ended.stderr) == (0, "")
    # Lines come in the order in which pages were complete, and pages lie in the order in which they came.
    assert by_place(records(ended.stdout)) == by_place(records(lines.read_bytes()))
    assert len(records(ended.stdout)) == 11


def test_more_pages_than_one_process_takes_come_in_order(run: Run, tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}.html").write_bytes(PAGE.replace(b"Kettle Street", b"Kettle Street %d" % number))
    ended = run("python", "-m", "archiver", "extract", ".", "-o", "out.jsonl", "--jobs", 2)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert [record["title"] for record in records((tmp_path / "out.jsonl").read_bytes())] == [
        f"Kettle Street {number}" for number in range(50)
    ]


@pytest.mark.parametrize("name", ["never-let-me-go.html", "cafe-a-minuit.html"])
def test_a_page_from_a_file_is_that_from_stdin(name: str, run: Run) -> None:
    words = ("python", "-m", "archiver", "extract", "--url", "http://example.org/review")
    from_file = run(*words, PAGES / name)
    assert records(from_file.stdout)[0]["url"] == "http://example.org/review"
    if name != "cafe-a-minuit.html":  # in latin-1, which the pipe of this test cannot carry
        from_stdin = run(*words, "-", stdin=(PAGES / name).read_text(encoding="utf-8"))
        assert records(from_stdin.stdout) == records(from_file.stdout)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 0),
        (b"\0" * 30_000_000, 0),
        (b"\x1f\x8b\x08" + b"\xff" * 40, 0),
        (gzip.compress(PAGE)[:-20], 0),
        (b"%PDF-1.4 no page", 0),
    ],
    ids=["empty", "zeros", "broken gzip", "cut gzip", "pdf"],
)
def test_a_page_that_is_none_is_a_record_that_says_so(content: bytes, code: int, run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(content)
    ended = run("python", "-m", "archiver", "extract", "page.html")
    assert (ended.returncode, ended.stderr) == (code, "")
    [record] = records(ended.stdout)
    assert record["page_state"] in ("empty", "unsupported", "error")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["missing.html"], "missing.html: there is no such file"),
        (["empty"], "empty holds no page and no archive"),
        (["page.html", "--jobs", "0"], "--jobs takes a number from 1 up"),
        (["page.html", "--jobs", "many"], "invalid int value"),
        ([], "the following arguments are required: INPUT"),
        (["page.html", "-o", "missing/out.jsonl/"], "out.jsonl"),
        (["page.html", "-o", "empty"], "empty: Is a directory"),
    ],
)
def test_what_cannot_be_read_is_told(words: list[str], complaint: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "page.html").write_bytes(PAGE)
    (tmp_path / "missing").write_bytes(b"in the way of a folder")
    ended = run("python", "-m", "archiver", "extract", *words)
    assert ended.returncode == 2, ended.stderr
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.damages
def test_a_torn_archive_is_read_as_far_as_it_is_whole(run: Run, tmp_path: Path) -> None:
    with served() as demo:
        run("python", "-m", "archiver", "crawl", "site", "-a", f"url={demo.url}/")
    [archive] = (tmp_path / "data").rglob("*.warc.gz")
    torn = tmp_path / "torn.warc.gz"
    torn.write_bytes(archive.read_bytes()[:-100])
    (tmp_path / "noise.warc").write_bytes(b"this is no archive")
    ended = run("python", "-m", "archiver", "extract", torn)
    assert ended.returncode == 3
    assert "torn.warc.gz" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(records(ended.stdout)) >= 9
    ended = run("python", "-m", "archiver", "extract", "noise.warc")
    assert (ended.returncode, ended.stdout) == (3, "")


def test_the_schema_is_the_one_of_the_types(run: Run) -> None:
    assert json.loads(run("python", "-m", "archiver", "schema").stdout) == json.loads(json.dumps(json_schema()))
    manifest = json.loads(run("python", "-m", "archiver", "schema", "--manifest").stdout)
    assert manifest["title"] == "review-archiver run"


@pytest.mark.parametrize("command", ["crawl", "extract", "schema"])
def test_every_command_shows_an_example(command: str, run: Run) -> None:
    ended = run("python", "-m", "archiver", command, "--help")
    assert ended.returncode == 0
    assert f"\n  archiver {command} " in ended.stdout


@pytest.mark.parametrize("command", ["extract . --jobs 1", "extract . --jobs 2", "schema", "explain 1.html"])
def test_a_reader_that_stops_reading_is_no_fault(command: str, run: Run, tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}.html").write_bytes(PAGE)
    ended = run("bash", "-c", f"{sys.executable} -m archiver {command} | head -c 1; echo ${{PIPESTATUS[0]}}")
    assert ended.stdout.endswith("0\n")
    assert ended.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["extract page.html", "extract page.html -o /dev/full", "schema"])
def test_a_full_disk_is_told(command: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(PAGE)
    ended = run("bash", "-c", f"{sys.executable} -m archiver {command} > /dev/full")
    assert ended.returncode == 12, ended.stderr
    assert ended.stderr.endswith(": No space left on device\n")
    assert "Traceback" not in ended.stderr


def test_an_output_file_is_replaced_once_the_new_one_is_whole(run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(PAGE)
    (tmp_path / "large.html").write_bytes(PAGE + b"<p>One more sentence about the kitchen." * 20_000)
    words = (sys.executable, "-m", "archiver", "extract", "-o", "out.jsonl")
    for _ in range(2):
        assert run(*words, "page.html").returncode == 0
    before = (tmp_path / "out.jsonl").read_bytes()
    assert [record["title"] for record in records(before)] == ["Kettle Street"]
    ended = run("bash", "-c", f"ulimit -f 8; exec {' '.join(words)} page.html large.html")
    assert (ended.returncode, "Traceback" in ended.stderr) == (12, False), ended.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", "large.html", "out.jsonl"}


def test_an_output_that_is_no_file_is_written_to_and_stays(run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(PAGE)
    (tmp_path / "link").symlink_to("elsewhere.jsonl")
    os.mkfifo(tmp_path / "pipe")
    ended = run("bash", "-c", f"cat pipe & {sys.executable} -m archiver extract page.html -o pipe; wait")
    assert [record["title"] for record in records(ended.stdout)] == ["Kettle Street"]
    assert (tmp_path / "pipe").is_fifo()
    assert run("python", "-m", "archiver", "extract", "page.html", "-o", "link").returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert len(records((tmp_path / "elsewhere.jsonl").read_bytes())) == 1
