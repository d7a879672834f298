"""What a site that was crawled twice leaves: revisits, the lines in the archive, comments from elsewhere."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.store.history import as_seen
from archiver.store.lines import decode
from archiver.warc import cdxj
from archiver.warc.records import Record, records
from tests.conftest import Answer, Run, Serve
from tests.crawl.threads import POST, served, wordpress_pages
from tests.demo import served as demo_served

Verify = Callable[..., tuple[int, dict[str, Any]]]
ARCHIVER = ("python", "-m", "archiver")
REVIEW = b"<title>Kettle Street</title><article><h1>Kettle Street</h1><p>%s</p></article>" % (b"No secrets. " * 200)


@pytest.fixture
def verify(run: Run) -> Verify:
    def start(*words: str | Path) -> tuple[int, dict[str, Any]]:
        ended = run(*ARCHIVER, "verify", "--json", *words)
        assert ended.stderr == ""
        return ended.returncode, json.loads(ended.stdout)

    return start


def told(found: dict[str, Any]) -> list[str]:
    return [one["kind"] for file in found["files"] for one in (*file["faults"], *file["notes"])]


def archives(data: Path) -> list[Path]:
    return sorted(data.rglob("*.warc.gz"))


def read(path: Path) -> list[Record]:
    with path.open("rb") as file:
        return list(records(file, pytest.fail))


def lines(content: bytes | str) -> list[dict[str, Any]]:
    """Records without the instant at which they were made and the history of comments, in an order of their own."""
    written = content.encode() if isinstance(content, str) else content
    found = [as_seen(decode(line)).to_dict() for line in written.splitlines()]
    for record in found:
        del record["extractor"]["parsed_at"]
    return sorted(found, key=lambda record: str(record["captures"][0]["warc_record_id"]))


def written(data: Path) -> list[dict[str, Any]]:
    return lines(b"".join(path.read_bytes() for path in data.rglob("*.jsonl")))


def test_the_demonstration_crawled_twice_is_sound_and_is_packed_whole(run: Run, verify: Verify, tmp_path: Path) -> None:
    with demo_served() as demo:
        run(*ARCHIVER, "crawl", "site", "-a", f"url={demo.url}/")
        run(*ARCHIVER, "crawl", "revisit", "-a", "all=1")
    data = tmp_path / "data"
    first, second = archives(data)
    kinds = [record.type for record in read(second)]
    assert kinds.count("revisit") >= 5
    assert kinds.count("conversion") >= 8
    code, found = verify("data")
    assert (code, told(found), found["lines"]) == (0, [], len(written(data)))
    ended = run(*ARCHIVER, "repair", "data")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")

    ended = run(*ARCHIVER, "export", "--format", "wacz", "data", "-o", "demo.wacz")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (verify("demo.wacz")[0], told(verify("demo.wacz")[1])) == (0, [])
    with zipfile.ZipFile(tmp_path / "demo.wacz") as package:
        pages = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()[1:]]
        index = gzip.decompress(package.read("indexes/index.cdx.gz")).splitlines()
    made = {record["captures"][0]["warc_record_id"].removeprefix("urn:uuid:"): record for record in written(data)}
    for page in pages:
        assert (page["url"], page.get("text")) == (made[page["id"]]["url"], made[page["id"]]["body_text"])
    assert len(pages) >= 16
    replayed = [record for path in (first, second) for record in read(path) if record.type in ("response", "revisit")]
    assert len(index) == len(replayed)
    again = run(*ARCHIVER, "extract", "--jobs", "2", "demo.wacz")
    assert (again.returncode, again.stderr) == (0, "")
    assert lines(again.stdout) == written(data)


@pytest.fixture
def thread(run: Run, tmp_path: Path) -> Path:
    """A page whose comments stand on pages of their own, visited twice; and one whose body is not to be kept."""
    with served(lambda path, body: HIDDEN if path == "/hidden" else wordpress_pages()(path, body)) as server:
        (tmp_path / "pages.txt").write_text(f"{server.url}{POST}\n{server.url}/hidden\n")
        for _ in range(2):
            ended = run(*ARCHIVER, "crawl", "reviews", "-a", "urls=pages.txt", "-s", "ARCHIVER_NOARCHIVE=record")
            assert (ended.returncode, ended.stderr) == (0, "")
    return tmp_path / "data"


HIDDEN = Answer(REVIEW, headers=(("X-Robots-Tag", "noarchive"),))


def test_records_of_several_answers_are_made_again_of_all_of_them(thread: Path, verify: Verify, run: Run) -> None:
    whole = [record for record in written(thread) if record["comments"]]
    assert [record["comments_found"] for record in whole] == [10, 10]
    assert [len(record["captures"]) > 3 for record in whole] == [True, True]
    code, found = verify("data")
    assert (code, told(found)) == (0, ["not-kept", "not-kept"])
    assert run(*ARCHIVER, "repair", "data").stdout == ""

    _, path = sorted(thread.rglob("*.jsonl"))
    assert '"warc_refers_to":"urn' in path.read_text()
    last = whole[0]["comments"][-1]["text"]
    path.write_text(path.read_text().replace(json.dumps(last)[1:-1], "Nobody said this."))
    code, found = verify("data")
    assert (code, sorted(told(found))) == (3, ["conversion", "line-differs", "not-kept", "not-kept"])


def test_a_payload_that_is_gone_is_told(thread: Path, verify: Verify) -> None:
    first = archives(thread)[0]
    first.unlink()
    cdxj.index_of(first).unlink()
    first.with_name(first.name.replace(".warc.gz", ".jsonl")).unlink()
    code, found = verify("data")
    assert code == 3
    assert {"line-place", "dangling"} <= set(told(found))


def test_a_package_has_pages_and_neither_hops_nor_answers_of_comments(thread: Path, run: Run, tmp_path: Path) -> None:
    ended = run(*ARCHIVER, "export", "--format", "wacz", "data", "-o", "x.wacz")
    assert (ended.returncode, ended.stderr) == (0, "")
    with zipfile.ZipFile(tmp_path / "x.wacz") as package:
        pages = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()[1:]]
    assert {page["url"].partition("/2011")[2] for page in pages if "2011" in page["url"]} == {"/06/kettle-street/"}
    again = run(*ARCHIVER, "extract", "x.wacz")
    assert lines(again.stdout) == [record for record in written(thread) if "/hidden" not in record["url"]]


def test_redirects_are_no_pages_of_a_package(serve: Serve, run: Run, tmp_path: Path) -> None:
    base = serve({"/a": Answer(REVIEW), "/b": Answer(b"", 302, headers=(("Location", "/a"),))})
    (tmp_path / "pages.txt").write_text(f"{base}/b\n")
    for _ in range(2):
        run(*ARCHIVER, "crawl", "reviews", "-a", "urls=pages.txt")
    assert run(*ARCHIVER, "export", "--format", "wacz", "data", "-o", "x.wacz").returncode == 0
    with zipfile.ZipFile(tmp_path / "x.wacz") as package:
        pages = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()[1:]]
    assert [page["url"] for page in pages] == [f"{base}/a", f"{base}/a"]
