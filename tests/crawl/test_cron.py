"""What cron and those who watch it rely on: limits, metrics, pings, gates, silence, a log that does no harm."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archiver.crawl import gates, housekeeping, metrics
from archiver.crawl.progress import line
from archiver.crawl.run import Counts, Run, SiteCounts
from archiver.store.layout import Layout
from tests.conftest import Answer, Serve
from tests.crawl.conftest import Crawl

REVIEW = Answer(b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>")


@pytest.fixture
def pages(serve: Serve, tmp_path: Path) -> str:
    """Each of 40 kB that cannot be made smaller, and none like another: what comes again is archived once."""
    noise = [os.urandom(40_000).hex().encode() for _ in range(8)]
    base = serve({f"/{n}": Answer(REVIEW.body + b"<!-- %b -->" % noise[n]) for n in range(8)})
    (tmp_path / "pages.txt").write_text("".join(f"{base}/{n}\n" for n in range(8)))
    return "pages.txt"


@pytest.mark.parametrize(
    ("setting", "code", "cause"),
    [
        ("ARCHIVER_TIME_LIMIT=1", 15, "time limit"),
        ("ARCHIVER_PAGE_LIMIT=2", 0, "page limit"),
        ("ARCHIVER_SIZE_LIMIT=0.1", 0, "size limit"),
        ("ARCHIVER_DISK_BUDGET=0.1", 12, "the disk budget of 0.1 MB is spent"),
    ],
)
def test_a_run_goes_no_further_than_its_limits(setting: str, code: int, cause: str, pages: str, crawl: Crawl) -> None:
    crawled = crawl("reviews", "-s", setting, urls=pages, ARCHIVER_DELAY="0.3")
    assert crawled.ended.returncode == code, crawled.ended.stderr
    assert 1 <= len(crawled.records) < 8
    assert cause in crawled.manifest["cause"]
    assert bool(crawled.ended.stderr) == bool(code)
    if "BUDGET" in setting:
        before = sorted(crawled.data.rglob("*"))
        again = crawl("reviews", "-s", setting, urls=pages)
        assert (again.ended.returncode, cause in again.ended.stderr) == (12, True)
        assert sorted(crawled.data.rglob("*")) == before


def test_the_last_run_is_told_in_numbers(pages: str, crawl: Crawl) -> None:
    crawled = crawl("reviews", urls=pages)
    said = (crawled.data / "metrics.prom").read_text()
    assert re.search(r'^archiver_last_run_exit_code\{spider="reviews"\} 0$', said, re.MULTILINE)
    assert re.search(r'^archiver_last_run_site_records\{spider="reviews",site="127\.0\.0\.1"\} 8$', said, re.MULTILINE)
    [ended] = re.findall(r'^archiver_last_run_end_timestamp_seconds\{spider="reviews"\} ([0-9.]+)$', said, re.MULTILINE)
    assert abs(float(ended) - time.time()) < 60
    names = re.findall(r"^# TYPE (\S+) gauge$", said, re.MULTILINE)
    assert len(names) == len(set(names)) == len(re.findall("^# HELP", said, re.MULTILINE))
    assert crawled.manifest["sites"]["127.0.0.1"]["records"] == 8


def test_numbers_of_other_runs_stay(tmp_path: Path) -> None:
    path = tmp_path / "metrics.prom"
    for site, spider in (("a.example", "site"), ("b.example", "site"), ("a.example", "reviews")):
        run = Run(Layout(tmp_path, "20261123T004512Z-1a2b3c"), spider, {})
        run.sites[site] = SiteCounts(records=3)
        metrics.write(path, run, spider)
    said = path.read_text()
    assert len(re.findall(r"^archiver_last_run_site_records\{.*\} 3$", said, re.MULTILINE)) == 3
    assert len(re.findall(r"^archiver_last_run_exit_code\{", said, re.MULTILINE)) == 2


@pytest.mark.parametrize(
    ("path", "words", "heard"),
    [("/0", (), ["/job/start", "/job"]), ("/gone", (), ["/job/start", "/job/fail"])],
)
def test_a_watcher_is_told_of_start_and_end(
    path: str, words: tuple[str, ...], heard: list[str], pages: str, crawl: Crawl, tmp_path: Path
) -> None:
    base = (tmp_path / pages).read_text().split("/0\n")[0]
    with _watcher(204) as watcher:
        crawled = crawl("reviews", *words, url=base + path, ARCHIVER_PING=f"{watcher.url}/job")
    assert watcher.heard == heard
    assert crawled.ended.returncode == (0 if path == "/0" else 3)


def test_a_watcher_that_fails_fails_no_run(pages: str, crawl: Crawl) -> None:
    with _watcher(500) as watcher:
        crawled = crawl("reviews", urls=pages, ARCHIVER_PING=f"{watcher.url}/job")
    assert (crawled.ended.returncode, crawled.ended.stderr, len(watcher.heard)) == (0, "", 2)
    crawled = crawl("reviews", urls=pages, ARCHIVER_PING=f"{watcher.url}/job")  # which is gone by now
    assert (crawled.ended.returncode, crawled.ended.stderr) == (0, "")


def test_a_watcher_on_a_private_host_is_not_told(crawl: Crawl) -> None:
    with _watcher(204) as watcher:
        crawled = crawl(
            "reviews", url="http://127.0.0.1:9/", ARCHIVER_PING=f"{watcher.url}/job", ARCHIVER_ALLOW_PRIVATE_HOSTS="0"
        )
    assert (watcher.heard, crawled.ended.returncode) == ([], 4)


class _watcher:  # noqa: N801  # used as a block
    def __init__(self, status: int) -> None:
        heard = self.heard = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.path)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object, **__: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> _watcher:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


WELL = SiteCounts(
    records=20, read=20, with_body=20, with_title=20, with_authors=18, with_date=20, declared=40, declared_found=38
)
NO_BODY = SiteCounts(records=20, read=20, with_body=6, with_title=20, with_authors=18, with_date=20)
NO_COMMENTS = SiteCounts(
    records=20, read=20, with_body=20, with_title=20, with_authors=18, with_date=20, declared=40, declared_found=3
)
FEW = SiteCounts(records=9, read=9)


@pytest.mark.parametrize(
    ("before", "now", "by", "said"),
    [
        (3, WELL, 0.5, None),
        (3, NO_BODY, 0.5, "pages with body 30%, before 100%"),
        (3, NO_BODY, 0.8, None),  # fell, but not by so much
        (3, NO_BODY, 0.0, None),  # switched off
        (2, NO_BODY, 0.5, None),  # too few runs to know
        (3, FEW, 0.5, None),  # too few pages
        (3, NO_COMMENTS, 0.5, "declared comments found 8%, before 95%"),
    ],
)
def test_what_a_site_gave_is_what_it_is_held_against(
    before: int, now: SiteCounts, by: float, said: str | None, tmp_path: Path
) -> None:
    for n in range(before):
        _manifest(tmp_path, n, WELL, 0)
    for n in range(5, 9):
        _manifest(tmp_path, n, NO_BODY, 14)  # failed runs, which are no measure
    (tmp_path / "20261101T000000Z-00000f.json").write_text("{torn")
    fell = gates.fallen({"a.example": now}, tmp_path, "site", "20261201T000000Z-000000", by)
    assert (said in fell) if said and fell else (fell == said)


def test_a_run_whose_pages_lost_their_text_says_so(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    base = serve({f"/{n}": Answer(b"<!doctype html><title>Kettle Street</title><div></div>") for n in range(12)})
    (tmp_path / "pages.txt").write_text("".join(f"{base}/{n}\n" for n in range(12)))
    runs = tmp_path / "data" / "runs"
    runs.mkdir(parents=True)
    for n in range(3):
        _manifest(runs, n, WELL, 0, spider="reviews", site="127.0.0.1")
    crawled = crawl("reviews", urls="pages.txt")
    assert crawled.ended.returncode == 14, crawled.ended.stderr
    assert "a quality gate failed: 127.0.0.1: pages with body 0%, before 100%" in crawled.ended.stderr


def _manifest(
    runs: Path, number: int, counts: SiteCounts, code: int, *, spider: str = "site", site: str = "a.example"
) -> None:
    told = {name: getattr(counts, name) for name in counts.__struct_fields__}
    manifest = {"spider": spider, "finished_at": "2026-11-01T00:00:00Z", "exit_code": code, "sites": {site: told}}
    (runs / f"2026110{number}T000000Z-000000.json").write_text(json.dumps(manifest))


def test_old_logs_go_and_nothing_else_does(tmp_path: Path) -> None:
    old = time.time() - 100 * 86_400
    names = ["20260101T000000Z-000000.log", "20260101T000000Z-000000.json", "notes.log", "20260102T000000Z-000000.log"]
    names.insert(1, "20260101T000000Z-000000-00002.log")
    for name in names:
        (tmp_path / name).write_text("")
        if "0102" not in name:
            os.utime(tmp_path / name, (old, old))
    housekeeping.tidy(tmp_path, keep_logs=90, keep_manifests=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[2:])
    housekeeping.tidy(tmp_path, keep_logs=0, keep_manifests=90)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[3:])


def test_a_log_is_followed_by_another_at_its_size(pages: str, crawl: Crawl) -> None:
    crawled = crawl("reviews", "-s", "LOG_LEVEL=DEBUG", urls=pages, ARCHIVER_LOG_SIZE=4000)
    first, *further = sorted((crawled.data / "runs").glob("*.log"), key=lambda path: (len(path.name), path.name))
    assert [path.name for path in further] == [f"{first.stem}-{part:05}.log" for part in range(2, 2 + len(further))]
    assert len(further) >= 2
    assert all(4000 <= path.stat().st_size < 12_000 for path in further[:-1])
    said = "".join(path.read_text() for path in (first, *further))
    assert all(f"/{n}> (referer" in said for n in range(8)), "no line is lost"
    assert "Spider closed (finished)" in further[-1].read_text()


#: Repaints the screen, names the window, turns the direction of writing, and begins a line that looks like ours.
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\n2026-11-23 00:00:00 [forged] ERROR: line"
LOGS_WHAT_IT_READS = """
from spiders.reviews import Reviews

class Odd(Reviews):
    name = "odd"

    async def page(self, response):
        self.logger.warning("read: %s", response.text)
        raise ValueError(response.text)
        yield
"""


def test_a_log_does_nothing_to_a_terminal(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(LOGS_WHAT_IT_READS)
    crawled = crawl("odd", "-s", "SPIDER_MODULES=odd", url=serve({"/0": Answer(EVIL.encode())}) + "/0")
    assert crawled.ended.returncode == 3
    assert "[forged]" in crawled.log
    for said in (crawled.log, crawled.ended.stderr):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said)
        assert not re.search(r"^2026-11-23 00:00:00 \[forged\]", said, re.MULTILINE)


def test_a_terminal_shows_how_far_the_run_is_and_a_pipe_shows_nothing(
    pages: str, environment: dict[str, str], tmp_path: Path
) -> None:
    words = [sys.executable, "-m", "archiver", "crawl", "reviews", "-a", f"urls={pages}"]
    slow = {**environment, "ARCHIVER_DELAY": "0.3"}
    shown, terminal = pty.openpty()
    started = subprocess.Popen(words, cwd=tmp_path, env=slow, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    said = b""
    while True:
        try:
            piece = os.read(shown, 4096)
        except OSError:  # the last writer has gone
            break
        if not piece:
            break
        said += piece
    os.close(shown)
    assert started.wait(timeout=30) == 0
    text = said.decode()
    assert re.search(r"\r\x1b\[K\d fetched, \d+ queued, \d records, 0 comments, 0 errors, \d\.\d/s, 0:\d\d left", text)
    assert re.search(r"\r\x1b\[KSTATE +TITLE", text), "the line is gone before the summary"
    assert "8 records, 0 comments" in text
    piped = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert (piped.stdout, piped.stderr) == (b"", b"")


def test_the_line_tells_the_time_left() -> None:
    counts = Counts(answered=10, records=9, comments=31, failed=1)
    assert line(counts, 7300, 10.0) == (
        "10 fetched, 7300 queued, 9 records, 31 comments, 1 errors, 1.0/s, 2:01:40 left"
    )
    assert line(Counts(), 3, 0.0) == "0 fetched, 3 queued, 0 records, 0 comments, 0 errors, 0.0/s"
