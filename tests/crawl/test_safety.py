"""Killed at any write, or without room for it: what was written stays, and the next run goes on."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archiver.store.lines import decode
from archiver.warc.reader import page_at
from archiver.warc.records import records
from tests.conftest import ROOT, Answer, Serve


def review(number: int) -> Answer:
    """Pages of several sizes; every other one has the text of the one before it. Both grow larger than a
    frontier is when it begins: first their archive, of what cannot be made smaller, then their lines."""
    half = number // 2
    words = random.Random(half).choices(["Four", "families", "share", "one", "kitchen"], k=(12_000, 24_000)[half])
    text = f"<!doctype html><article><h1>Kettle Street</h1><p>{' '.join(words)}.</p></article>"
    noise = random.Random(half).randbytes((300_000, 0)[half]).hex()
    return Answer(f"{text}<!-- {noise} -->".encode())


SITE = {f"/{number}": review(number) for number in range(4)}
KILLS = 10
#: The share of what a whole run writes that each run writes: a second attempt at a connection that the server had
#: let go is archived too, and comes or does not.
SURE = 0.9
ROOMS = 20
#: What finds no room, as the room grows.
FULL = ("the crawl did not start", "writing the archive: ", "writing a record: ")


@dataclass(frozen=True)
class Trial:
    folder: Path
    given: dict[str, Any]

    @property
    def data(self) -> Path:
        return self.folder / "data"


@pytest.fixture
def asked(serve: Serve) -> str:
    return serve(SITE)


def started(folder: Path, base: str, **given: int) -> Trial:
    folder.mkdir(exist_ok=True)
    (folder / "pages.txt").write_text("".join(f"{base}{path}\n" for path in SITE))
    return Trial(folder, {"folder": str(folder), "words": ["reviews", "-a", "urls=pages.txt"], **given})


def outcomes(environment: dict[str, str], trials: Sequence[Trial]) -> list[int]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.crawl.forked"],
        cwd=ROOT,
        env=environment,
        input=json.dumps([trial.given for trial in trials]),
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    return [int(line) for line in ended.stdout.split()]


def files(data: Path, ending: str) -> list[Path]:
    return [path for path in sorted(data.rglob("*")) if path.name.endswith(ending)]


def whole_lines(data: Path) -> list[bytes]:
    """The lines of every file, finished or not, that end."""
    found = [*files(data, ".jsonl"), *files(data, ".jsonl.open")]
    return [line for path in found for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def whole_records(data: Path) -> set[str]:
    """The ids of all that is whole, in every archive, finished or not."""
    return {str(record.get("warc-record-id")) for path in archives(data) for record in read(path)}


def archives(data: Path) -> list[Path]:
    return [*files(data, ".warc.gz"), *files(data, ".warc.gz.open")]


def read(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield from records(file, lambda _: None)


def valid(data: Path) -> None:
    """Everything is closed and whole, every line has its page, and every manifest can be read."""
    assert files(data, ".open") == []
    for path in archives(data):
        gzip.decompress(path.read_bytes())
        with path.open("rb") as file:
            assert next(iter(records(file, pytest.fail))).type == "warcinfo"
    for line in whole_lines(data):
        for capture in decode(line).captures[:1]:
            page = page_at(
                data / (capture.warc_filename or ""), capture.warc_record_offset or 0, capture.warc_record_length or 0
            )
            assert page.body == SITE[f"/{(page.url or '').rpartition('/')[2]}"].body
    for path in files(data / "runs", ".json"):
        json.loads(path.read_bytes())


def test_killed_anywhere_a_crawl_loses_nothing_and_the_next_one_goes_on(
    asked: str, environment: dict[str, str], tmp_path: Path
) -> None:
    [whole] = [started(tmp_path / "whole", asked)]
    assert outcomes(environment, [whole]) == [0]
    size = sum(path.stat().st_size for ending in (".warc.gz", ".jsonl") for path in files(whole.data, ending))
    points = [int(SURE * size * (number + 0.5) / KILLS) for number in range(KILLS)]
    trials = [started(tmp_path / str(point), asked, kill=point) for point in points]
    assert outcomes(environment, trials) == [-9] * KILLS
    before = [(set(whole_lines(trial.data)), whole_records(trial.data)) for trial in trials]
    assert outcomes(environment, [started(trial.folder, asked) for trial in trials]) == [0] * KILLS
    for trial, (lines, ids) in zip(trials, before, strict=True):
        assert lines <= set(whole_lines(trial.data))
        assert ids <= whole_records(trial.data)
        urls = Counter(decode(line).url for line in whole_lines(trial.data))
        assert urls == Counter(asked + path for path in SITE), "every page once, over both runs"
        valid(trial.data)
    assert any(files(trial.data, ".torn") for trial in trials)


def test_without_room_a_crawl_ends_with_12_and_the_next_one_goes_on(
    asked: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """The limit on a file's size stands in for the disk's."""
    [whole] = [started(tmp_path / "whole", asked)]
    assert outcomes(environment, [whole]) == [0]
    largest = max(path.stat().st_size for ending in (".warc.gz", ".jsonl") for path in files(whole.data, ending))
    rooms = [int(SURE * largest * (number + 0.5) / ROOMS) for number in range(ROOMS)]
    trials = [started(tmp_path / str(room), asked, room=room) for room in rooms]
    ended = dict(zip(rooms, outcomes(environment, trials), strict=True))
    assert ended == dict.fromkeys(rooms, 12)
    told = "".join((trial.folder / "said.txt").read_text() for trial in trials)
    assert all(f"archiver: {cause}" in told for cause in FULL), told
    before = [(set(whole_lines(trial.data)), whole_records(trial.data)) for trial in trials]
    assert outcomes(environment, [started(trial.folder, asked) for trial in trials]) == [0] * ROOMS
    for trial, (lines, ids) in zip(trials, before, strict=True):
        assert lines <= set(whole_lines(trial.data))
        assert ids <= whole_records(trial.data)
        valid(trial.data)
