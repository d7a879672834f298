"""``archiver export``: what was archived, in one file that replays."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

import pytest

from archiver.warc.growing import OPEN
from tests.cli.test_extract import by_place, records
from tests.conftest import ROOT, Run
from tests.demo import served
from tests.warc.shapes import answer, archive, exchange

EXPORT = ("python", "-m", "archiver", "export", "--format", "wacz")
REVIEW = answer(
    b"Content-Type: text/html",
    body=b"<title>Kettle Street</title><article><h1>Kettle Street</h1><p>Four families share one kitchen, and the "
    b"kettle is never cold. It is a quiet film about small things, and it takes them seriously.</p></article>",
)


def pages(package: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(package) as made:
        return [json.loads(line) for line in made.read("pages/pages.jsonl").splitlines()[1:]]


def test_a_crawl_becomes_one_file_and_comes_out_of_it_again(run: Run, tmp_path: Path) -> None:
    with served() as demo:
        run("python", "-m", "archiver", "crawl", "site", "-a", f"url={demo.url}/")
    ended = run(*EXPORT, "data", "-o", "demo.wacz")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    [lines] = (tmp_path / "data").rglob("*.jsonl")
    again = run("python", "-m", "archiver", "extract", "demo.wacz")
    assert by_place(records(again.stdout)) == by_place(records(lines.read_bytes()))
    listed = pages(tmp_path / "demo.wacz")
    review = next(page for page in listed if page["title"] == "film review: Never Let Me Go")
    assert review["text"].startswith("I came to this film knowing nothing about it")
    assert review["url"].endswith("/2010/09/film-review-never-let-me-go-101912/")
    assert not {page["title"] for page in listed} & {"Advertisement", "Page not found"}
    assert len({page["id"] for page in listed}) == len(listed) >= 8
    with zipfile.ZipFile(tmp_path / "demo.wacz") as made:
        [own] = [name for name in made.namelist() if name.startswith("records/")]
        assert made.read(own) == lines.read_bytes()


@pytest.mark.parametrize("folder", ["data", "data/kettles.example"])
def test_archives_without_records_are_read_anew(folder: str, run: Run, tmp_path: Path) -> None:
    archive(tmp_path / "data", exchange(REVIEW), exchange(answer(), url="http://kettles.example/robots.txt"))
    ended = run(*EXPORT, folder, "-o", "x.wacz")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Kettle Street" in [page.get("title") for page in pages(tmp_path / "x.wacz")]


def test_what_is_still_being_written_is_left_out_and_told(run: Run, tmp_path: Path) -> None:
    path = archive(tmp_path / "data", exchange(REVIEW))
    path.with_name(f"other.warc.gz{OPEN}").write_bytes(path.read_bytes())
    ended = run(*EXPORT, "data", "-o", "x.wacz")
    assert ended.returncode == 3
    assert "other.warc.gz.open is left out" in ended.stderr
    assert len(pages(tmp_path / "x.wacz")) == 1


def test_where_there_is_no_archive_nothing_is_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.wacz").write_bytes(b"before")
    assert run(*EXPORT, "data", "-o", "x.wacz").returncode == 10
    assert [path.name for path in tmp_path.iterdir()] == ["x.wacz"]


def test_a_folder_of_other_lines_is_told(run: Run, tmp_path: Path) -> None:
    archive(tmp_path / "data", exchange(REVIEW))
    (tmp_path / "data" / "x.jsonl").write_bytes(b'{"title": 1}\n')
    ended = run(*EXPORT, "data", "-o", "x.wacz")
    assert (ended.returncode, "x.jsonl, line 1" in ended.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("limit", [10, 5_000, 60_000])
def test_a_full_disk_leaves_what_was_there(limit: int, run: Run, tmp_path: Path) -> None:
    archive(tmp_path / "data", *[exchange(REVIEW, url=f"http://x.example/{n}") for n in range(300)])
    (tmp_path / "x.wacz").write_bytes(b"before")
    ended = run("python", "-c", LIMITED, limit, "data", "-o", "x.wacz", PYTHONPATH=str(ROOT))
    assert ended.returncode == 12, ended.stderr
    assert (tmp_path / "x.wacz").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "x.wacz"]


def test_memory_does_not_grow_with_the_archive(run: Run, tmp_path: Path) -> None:
    """What is packed of 40 MB and 48,000 answers takes no more than what is packed of one."""
    used = []
    for name, copies in (("small", 1), ("large", 40)):
        bodies = [random.Random(n).randbytes(800) for n in range(1200)]
        path = archive(
            tmp_path / name, *[exchange(answer(body=body), url=f"http://x.example/{body.hex()}") for body in bodies]
        )
        content, index = path.read_bytes(), path.with_name("run.cdxj").read_bytes()
        for number in range(1, copies):
            path.with_name(f"{number}.warc.gz").write_bytes(content)
            path.with_name(f"{number}.cdxj").write_bytes(index)
        ended = run("python", "-c", MEASURED, name, f"{name}.wacz", PYTHONPATH=str(ROOT))
        assert ended.returncode == 0, ended.stderr
        used.append(int(ended.stdout))
    assert (tmp_path / "large.wacz").stat().st_size > 40 * 10**6
    assert used[1] < used[0] + 30 * 1024


#: Prints the most memory that packing took, in KiB.
MEASURED = """
import resource, sys
from pathlib import Path
from archiver.store.packing import pack
pack(Path(sys.argv[1]), Path(sys.argv[2]), (), "test")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
LIMITED = """
import resource, sys
from archiver.cli import main
limit, *words = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
sys.exit(main(["export", "--format", "wacz", *words]))
"""
