"""No name that others choose leads out of the data folder, or trips a file system."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from archiver.store.layout import Layout, folder_name, new_run_id

RUN = "20261123T004512Z-1a2b3c"

# fmt: off
NASTY = [
    "", ".", "..", "../..", "../../etc/passwd", "/etc/passwd", "a/../../b", "..\\..\\x", "C:\\x", "\\\\host\\share",
    "~", "~root", "-rf", "--help", "\0", "a\0b", "\n", "a\nb", "\r\n", "\t", " ", " a", "a ", "a.", ".a", "a..b",
    "con", "CON", "con.example", "aux.txt", "nul", "com1", "LPT9.example", "runs", "Runs", ".git", ".lock",
    "\u202egnp.exe", "\u200b", "caf\xe9.example", "\uff0e\uff0e\uff0f", "\ud800", "a\x1b[31m",
    "a" * 300, "\xe9" * 300, "a" * 99 + "..", "$(id)", "`id`", "a;b", "a|b", "a&b", "*", "?", "<a>", '"', "'",
    "%2e%2e%2f", "%00", "127.0.0.1:8000", "[::1]", "a:b", "UPPER.example",
]
PARTS = [
    "..", "/", "\\", "\0", "\n", "con", "CON", "-rf", "\u202e", ".", " ", "a", "é", ":", "~", "x" * 300, "nul.",
    "\ud800",
]
# fmt: on


def generated(count: int) -> list[str]:
    source = random.Random(14)
    return ["".join(source.choices(PARTS, k=source.randrange(1, 8))) for _ in range(count)]


@pytest.mark.parametrize("names", [NASTY, generated(1_000)], ids=["known", "generated"])
def test_a_hostile_name_stays_in_its_folder(names: list[str], tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data", RUN)
    for name in names:
        for path in (layout.warc(name), layout.lines(name, 2)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
            assert path.resolve().parent.parent == (tmp_path / "data").resolve()
            assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,99}", path.parent.name)
            assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.|.*\.\..*|runs", path.parent.name)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_different_sites_have_different_folders() -> None:
    names = {*NASTY, *generated(1_000)}
    assert len({folder_name(name).casefold() for name in names}) == len(names)


def test_the_folder_of_a_folder_is_itself() -> None:
    assert all(folder_name(folder_name(name)) == folder_name(name) for name in [*NASTY, *generated(1_000)])


@pytest.mark.parametrize(
    "host", ["indiewire.com", "a", "xn--caf-dma.example", "127.0.0.1", "localhost", "a-b.c-d.example"]
)
def test_a_plain_host_names_its_folder(host: str) -> None:
    assert folder_name(host) == host


def test_the_files_of_a_run() -> None:
    layout = Layout(Path("data"), RUN)
    assert [
        str(path) for path in (layout.warc("a.example"), layout.lines("a.example", 12), layout.manifest(), layout.log())
    ] == [
        f"data/a.example/{RUN}-00001.warc.gz",
        f"data/a.example/{RUN}-00012.jsonl",
        f"data/runs/{RUN}.json",
        f"data/runs/{RUN}.log",
    ]


def test_a_run_id_is_given_once_and_accepted() -> None:
    ids = {new_run_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(Layout(Path(), one).run_id == one for one in ids)


@pytest.mark.parametrize("bad", ["", "..", "../x", "20261123T004512Z", f"{RUN}\n", f"{RUN}/x", RUN.upper()])
def test_another_run_id_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="is no run id"):
        Layout(Path(), bad)
