"""``archiver repair``: nothing that was whole is lost, whatever byte a file was cut at; nothing is thrown away."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import pytest

from archiver.cli import repair, verify
from archiver.warc.records import Record, records
from archiver.warc.writer import ArchiveWriter
from tests.conftest import Run
from tests.warc.handmade import INFO, answered, packed, write
from tests.warc.shapes import PAGES_OF_ALL_SIZES, answer, archive, exchange


def read(path: Path) -> list[Record]:
    with path.open("rb") as file:
        return list(records(file, pytest.fail))


def started(*words: str | Path, command: str, dry: bool = False) -> int:
    options = argparse.Namespace(archives=list(map(str, words)), dry_run=dry, json=True, jobs=1)
    return repair.run(options) if command == "repair" else verify.run(options)


@pytest.mark.parametrize("suffix", [".warc.gz", ".warc.gz.open"])
def test_an_archive_cut_at_any_byte_is_torn_then_sound(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Committed records lost: none."""
    whole = archive(tmp_path / "whole", *PAGES_OF_ALL_SIZES)
    content = whole.read_bytes()
    marks = [0, *((one.offset or 0) + (one.length or 0) for one in read(whole))]
    near = {mark + step for mark in marks for step in (-9, -8, -1, 0, 1, 2, 12) if 0 < mark + step < len(content)}
    cuts = sorted({*near, *random.Random(7).sample(range(1, len(content)), 60)})
    assert len(cuts) >= 200
    for cut in cuts:
        folder = tmp_path / f"{cut}{suffix}"
        folder.mkdir()
        path = folder / f"run{suffix}"
        path.write_bytes(content[:cut])
        kept = max(mark for mark in marks if mark <= cut)
        is_torn = kept != cut
        if is_torn:
            assert started(folder, command="verify") == 3
            assert '"cut"' in capsys.readouterr().out
        if not kept and suffix == ".warc.gz":
            assert started(folder, command="repair") == 3, "of a closed file something must be whole"
            assert path.read_bytes() == content[:cut]
            continue
        assert started(folder, command="repair") == 0
        final = folder / "run.warc.gz"
        assert (final.read_bytes() if final.exists() else b"") == content[:kept]
        torn = folder / "run.warc.gz.torn"
        assert (torn.read_bytes() if torn.exists() else b"") == content[kept:cut]
        if kept:
            assert len(read(final)) == marks.index(kept)
            assert started(folder, command="verify") == 0
        capsys.readouterr()


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.open"])
def test_lines_cut_at_any_byte_keep_every_whole_one(name: str, tmp_path: Path) -> None:
    content = b"".join(json.dumps({"record_id": f"r_{n}", "title": "Kettle" * n}).encode() + b"\n" for n in range(8))
    for cut in range(len(content.splitlines()[0]) + 1, len(content), 3):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / name).write_bytes(content[:cut])
        kept = content[:cut].rpartition(b"\n")[0] + b"\n"
        assert started(folder, command="repair") == 0
        assert (folder / "run.jsonl").read_bytes() == kept
        torn = folder / "run.jsonl.torn"
        assert (torn.read_bytes() if torn.exists() else b"") == content[len(kept) : cut]


def test_it_says_what_it_did(run: Run, tmp_path: Path) -> None:
    content = packed(INFO, answered())
    path = write(tmp_path, content[:-9])
    kept = len(packed(INFO))
    dry = run("python", "-m", "archiver", "repair", "--dry-run", tmp_path)
    assert (dry.returncode, dry.stdout) == (
        0,
        f"{path}: would be cut: {kept} bytes kept, {len(content) - 9 - kept} cut\n",
    )
    assert path.read_bytes() == content[:-9]
    ended = run("python", "-m", "archiver", "repair", tmp_path)
    said = f"{path}: cut: {kept} bytes kept, {len(content) - 9 - kept} cut, kept in made.warc.gz.torn\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, said, "")
    again = run("python", "-m", "archiver", "repair", tmp_path)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_an_index_is_made_for_what_is_left(tmp_path: Path) -> None:
    path = archive(tmp_path / "data", *[exchange(answer(), url=f"http://kettles.example/{n}") for n in range(3)])
    index = path.with_name("run.cdxj")
    lines = index.read_text().splitlines()
    path.write_bytes(path.read_bytes()[:-700])
    assert started(tmp_path / "data", command="verify") == 3
    assert started(tmp_path / "data", command="repair") == 0
    assert index.read_text().splitlines() == lines[:2]
    assert started(tmp_path / "data", command="verify") == 0


def test_the_zeros_of_a_power_cut_are_cut(tmp_path: Path) -> None:
    path = write(tmp_path, packed(INFO, answered()) + b"\0" * 5000)
    assert started(tmp_path, command="repair") == 0
    assert path.read_bytes() == packed(INFO, answered())


@pytest.mark.damages
def test_what_a_run_is_writing_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.warc.gz"
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run") as writer:
        writer.write(exchange(answer()))
        before = Path(f"{path}.open").read_bytes()
        assert started(tmp_path, command="repair") == 0
        assert Path(f"{path}.open").read_bytes() == before
    assert "left alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [
        packed(INFO) + b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xff" + packed(answered()),
        packed(INFO) + b"noise" + packed(answered()),
    ],
    ids=["damaged", "noise"],
)
def test_damage_in_the_middle_is_not_cut(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There may be thousands of good records behind it."""
    path = write(tmp_path, content)
    assert started(tmp_path, command="repair") == 3
    assert path.read_bytes() == content
    assert "not repaired" in capsys.readouterr().err


def test_a_bad_line_in_the_middle_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b'{"record_id":"a"}\n{"record\n{"record_id":"b"}\n')
    assert started(tmp_path, command="repair") == 3
    assert path.read_bytes().count(b"\n") == 3


def test_no_file_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, packed(INFO), "run.warc.gz")
    left = write(tmp_path, packed(INFO, answered())[:-9], "run.warc.gz.open")
    assert started(tmp_path, command="repair") == 3
    assert left.read_bytes() == packed(INFO, answered())[:-9]
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "code"), [(["gone"], 10), (["."], 10), ([], 2)], ids=str)
def test_what_is_no_archive_is_told(words: list[str], code: int, run: Run) -> None:
    ended = run("python", "-m", "archiver", "repair", *words)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert ended.stderr
