"""Killed in the middle of any write, a run loses nothing that it was told is written: archive, lines and memory."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from archiver.store import lines
from archiver.warc.reader import pages
from archiver.warc.records import records
from archiver.warc.repair import repair
from archiver.warc.revisit import holds, sha256
from archiver.warc.seen import Seen
from tests.conftest import ROOT, Run
from tests.warc.shapes import PAGES_OF_ALL_SIZES

POINTS = 220
WRITE = """
import os, signal, sys
from pathlib import Path
from archiver import extract
from archiver.store.lines import LineWriter
from archiver.store.records import located
from archiver.warc.http import page_of
from archiver.warc.seen import Seen
from archiver.warc.writer import ArchiveWriter, Keeping
from tests.warc.shapes import PAGES_OF_ALL_SIZES, answer, exchange

pages = [one for one in PAGES_OF_ALL_SIZES for _ in range(2)]
review = extract(page_of(exchange(answer())))
write = os.pwrite

def deadly(left):
    def until(fd, data, offset):
        nonlocal left
        if len(data) > left:
            write(fd, bytes(data)[:left], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        left -= len(data)
        return write(fd, data, offset)
    return until

def run(data):
    told = os.open(data / "told.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    seen = Seen(data)
    archive = ArchiveWriter(data / "s" / "run.warc.gz", data=data, software="t", run_id="r", keeping=Keeping(seen=seen))
    with archive, LineWriter(data / "s" / "run.jsonl") as line:
        for number, page in enumerate(pages):
            place = archive.write(page)
            os.write(told, f"record {place.record_id}\\n".encode())
            line.write(located(review, place))
            os.write(told, b"line\\n")
            archive.convert("http://kettles.example/", place.record_id, b"{}")
            os.write(told, b"conversion\\n")
            if number % 3 == 0:
                archive.sync()
                seen.commit()
    seen.close()

folder, points = Path(sys.argv[1]), int(sys.argv[2])
whole = folder / "whole"
whole.mkdir()
run(whole)
size = sum((whole / "s" / name).stat().st_size for name in ("run.warc.gz", "run.jsonl"))  # the index comes after all
for point in range(points):
    data = folder / f"{point:03}"
    data.mkdir()
    child = os.fork()
    if not child:
        os.pwrite = deadly(int(size * (point + 0.5) / points))
        run(data)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
"""


def test_what_was_written_stays(run: Run, tmp_path: Path) -> None:
    ended = run("python", "-c", WRITE, tmp_path, str(POINTS), cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    folders = sorted(path for path in tmp_path.iterdir() if path.name != "whole")
    assert len(folders) == POINTS >= 200
    torn = 0
    for data in folders:
        told = (data / "told.txt").read_text().splitlines() if (data / "told.txt").exists() else []
        done = [*repair(data), *lines.repair(data)]
        torn += sum(one.torn is not None for one in done)
        found = _records(data)
        committed = [line.removeprefix("record ") for line in told if line.startswith("record ")]
        assert committed == [one for one in found["answers"] if one in set(committed)]
        assert len(found["conversions"]) >= told.count("conversion")
        assert len(list(lines.load(data))) >= told.count("line")
        _agree(data)
    assert torn > POINTS / 2


def _records(data: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"answers": [], "conversions": []}
    for path in data.rglob("*.warc.gz"):
        gzip.decompress(path.read_bytes())
        with path.open("rb") as file:
            for record in records(file, pytest.fail):
                kind = "conversions" if record.type == "conversion" else "answers"
                found[kind].append((record.get("warc-record-id") or "").strip("<>"))
    return found


def _agree(data: Path) -> None:
    """Every page can be read, and what is remembered is there."""
    for path in data.rglob("*.warc.gz"):
        assert all(page.status == 200 for page, _ in pages(path, torn=pytest.fail))
    seen = Seen(data)
    for one in PAGES_OF_ALL_SIZES:
        digest = sha256(one.response.partition(b"\r\n\r\n")[2])
        reference = seen.find(digest, "")
        assert reference is None or holds(data, reference, digest)
    seen.close()
