"""Whatever byte a run is killed at, what was whole stays. What was torn is kept aside."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archiver.warc.reader import pages
from archiver.warc.records import records
from archiver.warc.repair import repair, whole
from archiver.warc.writer import ArchiveWriter
from tests.conftest import ROOT
from tests.warc.shapes import PAGES_OF_ALL_SIZES, archive


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive(tmp_path_factory.mktemp("data"), *PAGES_OF_ALL_SIZES)


def ends(path: Path) -> list[int]:
    with path.open("rb") as file:
        return [0, *((r.offset or 0) + (r.length or 0) for r in records(file, pytest.fail))]


def test_a_file_cut_at_any_byte_keeps_every_whole_record(written: Path, tmp_path: Path) -> None:
    content, marks = written.read_bytes(), ends(written)
    near = [mark + step for mark in marks for step in (-9, -8, -1, 0, 1, 2, 12) if 0 <= mark + step <= len(content)]
    cuts = {*near, *random.Random(3).sample(range(len(content)), 60)}
    assert len(cuts) >= 200
    for cut in sorted(cuts):
        data = tmp_path / str(cut)
        data.mkdir()
        (data / "run.warc.gz.open").write_bytes(content[:cut])
        kept = max(mark for mark in marks if mark <= cut)
        [done] = repair(data)
        assert (done.kept, done.cut) == (kept, cut - kept)
        torn = data / "run.warc.gz.torn"
        assert (torn.read_bytes() if torn.exists() else b"") == content[kept:cut]
        final = data / "run.warc.gz"
        assert (final.read_bytes() if final.exists() else b"") == content[:kept]
        assert not (data / "run.warc.gz.open").exists()
        assert repair(data) == []


def test_a_whole_file_is_whole(written: Path) -> None:
    assert whole(written) == written.stat().st_size


def test_the_archive_of_a_run_that_lives_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.warc.gz"
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run"):
        assert repair(tmp_path) == []
    assert path.exists()


def test_no_archive_is_written_over(written: Path, tmp_path: Path) -> None:
    (tmp_path / "run.warc.gz").write_bytes(b"closed before")
    (tmp_path / "run.warc.gz.open").write_bytes(written.read_bytes())
    with pytest.raises(FileExistsError):
        repair(tmp_path)
    assert (tmp_path / "run.warc.gz").read_bytes() == b"closed before"


WRITE = """
import sys
from pathlib import Path
from archiver.warc.writer import ArchiveWriter
from tests.warc.shapes import PAGES_OF_ALL_SIZES
data = Path(sys.argv[1])
writer = ArchiveWriter(data / "run.warc.gz", data=data, software="test", run_id="run")
while True:
    for page in PAGES_OF_ALL_SIZES:
        writer.write(page)
        print("written", flush=True)
"""


@pytest.mark.parametrize("wait", [0.0, 0.01, 0.03])
def test_a_killed_run_loses_nothing_it_had_written(wait: float, tmp_path: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", WRITE, tmp_path], cwd=ROOT, stdout=subprocess.PIPE)
    assert run.stdout is not None
    told = run.stdout.readline()
    time.sleep(wait)
    assert repair(tmp_path) == []
    os.kill(run.pid, signal.SIGKILL)
    written = (told + run.stdout.read()).count(b"written")
    run.wait()
    run.stdout.close()
    [done] = repair(tmp_path)
    assert done.path == tmp_path / "run.warc.gz"
    assert len(list(pages(done.path, torn=pytest.fail))) >= written > 0
