"""Comments elsewhere, asked of servers that answer as the real systems do: whole, with gaps, and cut short."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Answer, Run
from tests.crawl.conftest import Archived, Crawl, Crawled
from tests.crawl.threads import (
    EMBED,
    POST,
    Say,
    Server,
    coral,
    disqus,
    rest_path,
    served,
    wordpress_pages,
    wordpress_rest,
)

Serving = Callable[[Say], Server]
TOO_MANY = Answer(b"slow down", 429, headers=(("Retry-After", "1"),))
BROKEN, GONE = Answer(b"<h1>Oops</h1>", 500), Answer(b"<h1>Not found</h1>", 404)
SOURCES = {"pages": wordpress_pages(), "rest": wordpress_rest(), "disqus": disqus(), "coral": coral()}
#: Loaded by the crawl and by the extraction: Disqus is on this machine, and a fault where a test wants one.
STANDIN = """
from archiver.crawl import guard
from archiver.extraction.elsewhere import disqus, wordpress

class Standin(guard.GuardedResolver):
    pass

assert disqus.EMBED
disqus.EMBED = {embed!r}
{more}
"""
STANDS_IN = ("-s", "TWISTED_DNS_RESOLVER=standin.Standin")


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with ExitStack() as servers:

        def start(say: Say) -> Server:
            server = servers.enter_context(served(say))
            stand_in(tmp_path, server)
            return server

        yield start


def stand_in(folder: Path, server: Server, more: str = "") -> None:
    (folder / "standin.py").write_text(STANDIN.format(embed=f"{server.elsewhere}{EMBED}", more=more))


@pytest.mark.parametrize("source", SOURCES)
def test_a_thread_is_gathered_whole_and_found_again_in_the_archive(
    source: str, serving: Serving, crawl: Crawl, run: Run
) -> None:
    server = serving(SOURCES[source])
    crawled = crawl("reviews", *STANDS_IN, url=server.url + POST)
    assert (crawled.ended.returncode, crawled.ended.stderr) == (0, "")
    [record] = crawled.records
    assert (record["comments_state"], record["comments_found"], record["comments_declared"]) == ("complete", 10, 10)
    assert sorted(comment["native_id"][-3:] for comment in record["comments"]) == [str(600 + n) for n in range(1, 11)]
    assert (crawled.manifest["incomplete"], crawled.manifest["counts"]["comments"]) == ([], 10)
    assert extracted(run) == without_instant(crawled.records)


@pytest.mark.parametrize("source", SOURCES)
def test_every_answer_lies_in_the_file_of_its_page(source: str, serving: Serving, crawl: Crawl) -> None:
    server = serving(SOURCES[source])
    crawled = crawl("reviews", *STANDS_IN, url=server.url + POST)
    [record], [archive] = crawled.records, crawled.archives
    page, *others = record["captures"]
    answers = [one for one in crawled.archived if one.type in ("response", "revisit") and of(one) == "comments"]
    parts = [part for before, part in pairwise([page, *others]) if not before["warc_refers_to"]]  # but where they refer
    assert [part["warc_record_id"] for part in parts] == [id_of(one) for one in answers]
    assert {one.fields["Archiver-Part-Of"] for one in answers} == {f"<{page['warc_record_id']}>"}
    assert len({one.fields["Archiver-Ask"] for one in answers}) == len(answers)
    for part, one in zip(parts, answers, strict=True):
        assert part["warc_filename"] == str(archive.relative_to(crawled.data)) == page["warc_filename"]
        assert part["fetch_status"] == 200
        member = archive.read_bytes()[part["warc_record_offset"] :][: part["warc_record_length"]]
        assert b"WARC/1.1" in subprocess.run(["gzip", "-dc"], input=member, capture_output=True, check=True).stdout
        assert one.url
    assert archive.parent.name == "127.0.0.1"


@pytest.mark.parametrize(
    ("source", "gap", "ill", "lost"),
    [
        ("pages", f"{POST}comment-page-2/", f"{POST}comment-page-3/", {"603", "604"}),
        ("rest", rest_path(2), rest_path(3), {"605", "606", "607", "608"}),
    ],
)
def test_a_gap_is_told_and_the_next_visit_fills_it(
    source: str, gap: str, ill: str, lost: set[str], serving: Serving, crawl: Crawl, run: Run, tmp_path: Path
) -> None:
    server = serving(SOURCES[source])
    server.ills = {gap: [GONE], ill: [TOO_MANY, BROKEN]}
    first = crawl("reviews", url=server.url + POST)
    assert (first.ended.returncode, first.ended.stderr) == (0, "")
    [record] = first.records
    assert record["comments_state"] == "partial"
    assert record["title"] == "Kettle Street"
    assert {str(600 + n) for n in range(1, 11)} - ids(record).keys() == lost
    assert server.asked[ill] == 3
    [said] = first.manifest["incomplete"]
    assert said == {"url": server.url + POST, "missing": 1, "reason": "HTTP status 404", "status": 404}
    assert (first.manifest["failed"], first.manifest["counts"]["incomplete"]) == ([], 1)
    assert extracted(run) == without_instant(first.records)
    (tmp_path / "data").rename(tmp_path / "before")
    second = crawl("reviews", url=server.url + POST)
    [healed] = second.records
    assert (healed["comments_state"], healed["comments_found"]) == ("complete", 10)
    assert ids(record).items() <= ids(healed).items()
    assert second.manifest["incomplete"] == []


def test_an_answer_that_fails_each_time_is_archived_each_time(serving: Serving, crawl: Crawl, run: Run) -> None:
    server = serving(SOURCES["pages"])
    server.ills = {f"{POST}comment-page-2/": [BROKEN] * 3}
    crawled = crawl("reviews", url=server.url + POST)
    assert crawled.ended.returncode == 0
    purposes = [of(one) for one in crawled.archived if one.type == "response" and "comment-page-2" in one.url]
    assert purposes == ["hop", "hop", "comments"]
    assert [one["reason"] for one in crawled.manifest["incomplete"]] == ["HTTP status 500"]
    assert crawled.records[0]["comments_found"] == 8
    assert extracted(run) == without_instant(crawled.records)


def test_an_answer_that_breaks_off_is_a_gap(serving: Serving, crawl: Crawl, run: Run) -> None:
    server = serving(SOURCES["pages"])
    server.cut = {f"{POST}comment-page-2/"}
    crawled = crawl("reviews", url=server.url + POST)
    assert crawled.ended.returncode == 0
    assert server.asked[f"{POST}comment-page-2/"] == 3
    assert (crawled.records[0]["comments_state"], crawled.records[0]["comments_found"]) == ("partial", 8)
    assert [one["reason"] for one in crawled.manifest["incomplete"]] == ["the answer broke off"]
    assert extracted(run) == without_instant(crawled.records)


def test_robots_txt_counts_for_comments_too(serving: Serving, crawl: Crawl, run: Run) -> None:
    robots = Answer(b"User-agent: *\nDisallow: /wp-json/\n", content_type="text/plain")
    whole = SOURCES["rest"]
    server = serving(lambda path, body: robots if path == "/robots.txt" else whole(path, body))
    crawled = crawl("reviews", url=server.url + POST)
    assert not any("wp-json" in path for path in server.asked)
    assert (crawled.ended.returncode, crawled.records[0]["comments_state"]) == (0, "partial")
    assert [one["reason"] for one in crawled.manifest["incomplete"]] == ["forbidden by robots.txt"]
    assert extracted(run) == without_instant(crawled.records)


def test_a_redirect_of_an_answer_is_followed(serving: Serving, crawl: Crawl, run: Run) -> None:
    moved = Answer(b"", 301, headers=(("Location", f"{POST}comment-page-1"),))
    server = serving(SOURCES["pages"])
    server.ills = {f"{POST}comment-page-1/": [moved]}
    crawled = crawl("reviews", url=server.url + POST)
    assert (crawled.records[0]["comments_state"], crawled.records[0]["comments_found"]) == ("complete", 10)
    assert extracted(run) == without_instant(crawled.records)


def test_comments_elsewhere_can_be_left_alone(serving: Serving, crawl: Crawl, run: Run) -> None:
    server = serving(SOURCES["pages"])
    crawled = crawl("reviews", url=server.url + POST, ARCHIVER_COMMENTS=0)
    assert (crawled.ended.returncode, set(server.asked)) == (0, {"/robots.txt", POST})
    assert (crawled.records[0]["comments_state"], crawled.records[0]["comments_found"]) == ("partial", 2)
    assert (crawled.manifest["incomplete"], len(crawled.records[0]["captures"])) == ([], 1)
    assert extracted(run) == without_instant(crawled.records)


def test_many_pages_are_gathered_at_a_time_into_one_file(
    serving: Serving, crawl: Crawl, run: Run, tmp_path: Path
) -> None:
    servers = [serving(wordpress_pages(numbers)) for numbers in (10, 7, 9, 4, 10, 3)]
    (tmp_path / "pages.txt").write_text("".join(f"{server.url}{POST}\n" for server in servers))
    crawled = crawl("reviews", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8", urls="pages.txt")
    found = {record["url"]: record["comments_found"] for record in crawled.records}
    assert found == dict(zip([s.url + POST for s in servers], (10, 7, 9, 4, 10, 3), strict=True))
    assert (len(crawled.records), len(crawled.archives)) == (6, 1)
    assert extracted(run) == without_instant(crawled.records)


def test_a_fault_in_reading_comments_does_not_cost_the_page(serving: Serving, crawl: Crawl, tmp_path: Path) -> None:
    server = serving(SOURCES["pages"])
    stand_in(tmp_path, server, "wordpress.WordPressPages.read = lambda *_: 1 / 0")
    crawled = crawl("reviews", *STANDS_IN, url=server.url + POST)
    assert crawled.ended.returncode == 1
    assert "reading what belongs to" in crawled.ended.stderr
    assert [record["comments_found"] for record in crawled.records] == [2]


@pytest.mark.parametrize(("times", "found"), [(1, 6), (2, 4)], ids=["stopped", "stopped at once"])
def test_a_run_that_is_stopped_writes_what_came(
    times: int, found: int, serving: Serving, environment: dict[str, str], run: Run, tmp_path: Path
) -> None:
    server = serving(wordpress_pages(10))
    server.slow = {f"{POST}comment-page-3/"}
    started = begin(server, environment, tmp_path)
    for _ in range(times):
        started.send_signal(signal.SIGTERM)
        time.sleep(0.5)
    server.let_go.set()
    _, said = started.communicate(timeout=30)
    crawled = Crawled(subprocess.CompletedProcess([], started.returncode, "", said), tmp_path / "data")
    assert started.returncode == 143, said
    [record] = crawled.records
    # The page itself shows the last two.
    assert (record["comments_state"], record["comments_found"]) == ("partial", found + 2)
    assert server.asked[f"{POST}comment-page-4/"] == 0
    assert [one["url"] for one in crawled.manifest["incomplete"]] == [server.url + POST]
    assert not list(crawled.data.rglob("*.open"))
    assert extracted(run) == without_instant(crawled.records)


def test_a_run_that_is_stopped_tries_no_answer_again(
    serving: Serving, environment: dict[str, str], tmp_path: Path
) -> None:
    server = serving(wordpress_pages(10))
    server.slow = {f"{POST}comment-page-3/"}
    server.ills = {f"{POST}comment-page-3/": [BROKEN] * 3}
    started = begin(server, environment, tmp_path)
    started.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    server.let_go.set()
    started.communicate(timeout=30)
    assert (started.returncode, server.asked[f"{POST}comment-page-3/"]) == (143, 1)


def test_a_time_limit_ends_the_asking_too(serving: Serving, crawl: Crawl, run: Run) -> None:
    server = serving(wordpress_pages(10))
    server.slow = {f"{POST}comment-page-2/"}
    server.patience = 3
    crawled = crawl("reviews", "-s", "CLOSESPIDER_TIMEOUT=2", url=server.url + POST)
    assert crawled.ended.returncode == 15
    assert server.asked[f"{POST}comment-page-3/"] == 0
    assert [(record["comments_state"], record["comments_found"]) for record in crawled.records] == [("partial", 6)]
    assert extracted(run) == without_instant(crawled.records)


def test_what_came_before_a_kill_is_in_the_archive(
    serving: Serving, environment: dict[str, str], run: Run, tmp_path: Path
) -> None:
    server = serving(wordpress_pages(10))
    server.slow = {f"{POST}comment-page-3/"}
    started = begin(server, environment, tmp_path)
    started.kill()
    started.communicate()
    again = run("python", "-m", "archiver", "crawl", "reviews", "-a", f"url={server.url}/missing")
    assert again.returncode == 3  # the page is missing, but the folder is in order again
    assert not list((tmp_path / "data").rglob("*.open"))
    [record] = [one for one in extracted(run) if one["url"].endswith(POST)]
    assert (record["comments_state"], record["comments_found"], len(record["captures"])) == ("partial", 6, 3)


def begin(server: Server, environment: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    """A crawl that has come as far as the answer that is held back."""
    words = [sys.executable, "-m", "archiver", "crawl", "reviews", "-a", f"url={server.url}{POST}"]
    started = subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 20
    while not any(server.asked[path] for path in server.slow):
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)
    return started


def extracted(run: Run) -> list[dict[str, Any]]:
    """The records that the archive alone gives, in the order of their addresses."""
    both = "import sys, pathlib; sys.path.insert(0, '.'); pathlib.Path('standin.py').exists() and __import__('standin')"
    ended = run("python", "-c", f"{both}; from archiver.cli import main; sys.exit(main(['extract', 'data']))")
    assert (ended.returncode, ended.stderr) == (0, "")
    return without_instant([json.loads(line) for line in ended.stdout.splitlines()])


def without_instant(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The instant of the extraction alone may differ, and the order of lines is that of their completion."""
    less = [{**one, "extractor": {**one["extractor"], "parsed_at": None}} for one in records]
    return sorted(less, key=lambda record: str(record["url"]))


def ids(record: dict[str, Any]) -> dict[str, str]:
    return {comment["native_id"]: comment["comment_id"] for comment in record["comments"]}


def of(record: Archived) -> str:
    return record.fields["Archiver-Purpose"]


def id_of(record: Archived) -> str:
    return record.fields["WARC-Record-ID"].strip("<>")
