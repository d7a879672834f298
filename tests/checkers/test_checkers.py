"""Five programs of others judge every archive that the tests before have written.

`make test` runs this last, over the folder that the other tests left. Files that a test damaged, or
made by hand, are none of the program's, and left out.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.exceptions import Exit
from fastwarc.cli import main as fastwarc

from archiver.warc.records import Record, records
from archiver.warc.revisit import IDENTICAL
from tests.conftest import DAMAGED, ROOT

pytestmark = pytest.mark.checkers

#: Made by `make test`, with the versions of requirements/checkers.txt.
TOOLS = ROOT / ".checkers-venv" / "bin"
#: Fewer than this were not all that the tests write.
LEAST = 100
#: Paths a command takes.
MANY = 200


@pytest.fixture(scope="module")
def written(request: pytest.FixtureRequest) -> list[Path]:
    folder = request.config.getoption("--written")
    if folder is None:
        pytest.skip("`make test` runs this over what the other tests wrote (--written FOLDER)")
    found = {hashlib.sha256(path.read_bytes()).digest(): path for path in sorted(_ours(Path(folder)))}
    assert len(found) >= LEAST
    return list(found.values())


def _ours(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        if DAMAGED in names:
            folders.clear()
            continue
        paths = (Path(here) / name for name in names if name.endswith(".warc.gz"))
        yield from (path for path in paths if path.is_file() and _is_ours(path))


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        first = next(records(file, lambda _: None), None)
    return first is not None and first.type == "warcinfo" and first.get("archiver-filename") is not None


def _read(path: Path) -> list[Record]:
    with path.open("rb") as file:
        return list(records(file, pytest.fail))


def _revisits(path: Path) -> set[str]:
    """The records that have the digest of a payload which is not in them, as the standard demands."""
    found = [record for record in _read(path) if record.get("warc-profile") == IDENTICAL]
    return {str(record.get("warc-record-id")) for record in found}


def test_gzip_accepts_all(written: list[Path]) -> None:
    for path in written:
        assert subprocess.run(["gzip", "-t", path], check=False).returncode == 0


@pytest.mark.parametrize("command", [("warcio", "check"), ("cdxj-indexer", "--output", os.devnull)], ids=lambda c: c[0])
def test_all_are_accepted(command: Sequence[str], written: list[Path]) -> None:
    program = installed(command[0])
    for begin in range(0, len(written), MANY):
        some = written[begin : begin + MANY]
        ended = subprocess.run([program, *command[1:], *some], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, (ended.stdout + ended.stderr)[-2000:]


def test_fastwarc_accepts_all_but_the_payloads_of_revisits(written: list[Path], tmp_path: Path) -> None:
    """It holds the digest of a payload that lies elsewhere against nothing: docs/archive.md."""
    told = tmp_path / "told.txt"
    for path in written:
        try:
            fastwarc(["check", "-q", "-p", "-o", str(told), str(path)], standalone_mode=False)
        except Exit:
            assert _revisits(path)
        rejected = re.findall(r"(<\S+>): .*FAIL", told.read_text())
        assert set(rejected) == _revisits(path), path
        told.unlink()


def test_warcat_accepts_all_but_what_lies_in_other_files(written: list[Path], tmp_path: Path) -> None:
    """It holds every digest against the record it stands in, and knows the records of one file."""
    python = installed("python")
    listed = tmp_path / "listed.txt"
    listed.write_text("\n".join(map(str, written)))
    ended = subprocess.run([python, "-c", WARCAT, listed], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    problems = [line.split("\t") for line in ended.stdout.splitlines() if "\t" in line]
    assert ended.stdout.splitlines().count("read") == len(written)
    for path, record, problem in problems:
        if problem.startswith("Bad payload digest"):
            assert record in _revisits(Path(path)), (path, record)
        else:
            elsewhere = re.fullmatch(r"Refer to record ID (<.+>) not seen yet", problem)
            assert elsewhere is not None, (path, record, problem)
            assert elsewhere[1] not in {each.get("warc-record-id") for each in _read(Path(path))}


#: One process for all files, since each takes half a second to start.
WARCAT = """
import logging, pathlib, sys
from warcat.tool import VerifyTool

class Told(logging.Handler):
    def emit(self, told):
        if told.exc_info:
            print(path, *told.args, told.exc_info[1].message, sep="\\t")

logging.getLogger("warcat").addHandler(Told())
logging.getLogger("warcat").propagate = False
for path in pathlib.Path(sys.argv[1]).read_text().splitlines():
    VerifyTool([path], preserve_block=False).process()
    print("read")
"""


def installed(name: str) -> Path:
    """A machine of one's own may lack a checker; that which judges every change may not."""
    program = TOOLS / name
    if not program.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is missing: `make test` installs it")
    return program
