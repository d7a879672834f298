"""What waits to be fetched outlasts whatever ends a run, and nothing is fetched twice that was kept."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request, Spider
from scrapy.http.request import NO_CALLBACK

from archiver.crawl.database import FILE
from archiver.crawl.frontier import Count, Entry, Form
from archiver.crawl.frontier.forms import frontier as frontier_of
from archiver.crawl.frontier.sqlite import SqliteFrontier
from archiver.crawl.leases import _stored, job_of
from benchmarks import crash
from tests.conftest import Answer, Serve
from tests.crawl.conftest import Crawl


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE


@pytest.fixture
def frontier(path: Path) -> Iterator[SqliteFrontier]:
    opened = SqliteFrontier(path, job="a job", worker="first run")
    yield opened
    opened.close()


def entry(name: str, host: str = "a.example", **said: object) -> Entry:
    given = {"key": name.encode(), "page": name.encode(), "url": f"https://{host}/{name}", "request": name.encode()}
    return Entry(host=host, **{**given, **said})  # type: ignore[arg-type]


def names(frontier: SqliteFrontier, *besides: str) -> list[str]:
    return [leased.request.decode() for leased in iter(lambda: frontier.lease(besides), None)]


def test_of_a_host_the_highest_priority_comes_first_and_hosts_take_turns(frontier: SqliteFrontier) -> None:
    for name in ("a1", "a2"):
        frontier.add(entry(name))
    frontier.add(entry("a0", priority=5))
    frontier.add(entry("b1", "b.example"))
    assert names(frontier) == ["a0", "b1", "a1", "a2"]


def test_a_host_that_is_busy_is_passed_over(frontier: SqliteFrontier) -> None:
    frontier.add(entry("a1"))
    frontier.add(entry("b1", "b.example"))
    assert names(frontier, "a.example") == ["b1"]
    assert frontier.has_waiting()


def test_a_page_is_added_once_and_what_must_be_asked_once_a_way(frontier: SqliteFrontier) -> None:
    assert frontier.add(entry("a1"))
    assert not frontier.add(entry("a1"))
    assert not frontier.add(entry("other way", page=b"a1"))
    assert frontier.add(entry("other way", page=b"a1", always=True))
    assert not frontier.add(entry("other way", page=b"a1", always=True))


def test_what_was_done_is_known_and_not_leased_again(frontier: SqliteFrontier) -> None:
    frontier.add(entry("a1"))
    [leased] = iter(frontier.lease, None)
    frontier.acknowledge([leased.key])
    assert not frontier.add(entry("a1"))
    assert frontier.count() == Count(waiting=0, leased=0, done=1)


def test_a_hop_is_done_with_the_request_that_carries_it_on(frontier: SqliteFrontier) -> None:
    frontier.add(entry("a1"))
    frontier.lease()
    frontier.add(entry("a2"), instead_of=b"a1")
    assert frontier.count() == Count(waiting=1, leased=0, done=1)


def test_there_are_only_so_many_of_a_kind_in_later_runs_too(frontier: SqliteFrontier, path: Path) -> None:
    assert frontier.add(entry("a1", counted="pages"), most=2)
    again = SqliteFrontier(path, job="a job", worker="second run")
    assert again.add(entry("a2", counted="pages"), most=2)
    assert not again.add(entry("a3", counted="pages"), most=2)
    again.close()


def test_what_a_dead_run_had_leased_waits_again_behind_the_rest(frontier: SqliteFrontier, path: Path) -> None:
    for name in ("a1", "a2", "a3"):
        frontier.add(entry(name))
    frontier.lease(), frontier.lease()
    again = SqliteFrontier(path, job="a job", worker="second run")
    assert again.lease() is None, "the host is another worker's"
    assert again.abandoned() == {"first run": {b"a1", b"a2"}}
    again.take_over("first run", [b"a1"])
    assert names(again) == ["a3", "a2"]
    again.close()


def test_jobs_know_nothing_of_each_other_and_a_finished_one_begins_anew(frontier: SqliteFrontier, path: Path) -> None:
    frontier.add(entry("a1"))
    frontier.remember("place", "here")
    other = SqliteFrontier(path, job="another", worker="second run")
    assert (other.lease(), other.recall("place")) == (None, None)
    other.close()
    frontier.finish()
    again = SqliteFrontier(path, job="a job", worker="second run")
    assert again.recall("place") is None
    assert again.add(entry("a1"))
    again.close()


def test_a_page_that_failed_is_kept_with_its_reason_until_it_comes(frontier: SqliteFrontier, path: Path) -> None:
    frontier.add(entry("a1"))
    frontier.lease()
    frontier.fail("https://a.example/a1", "timed out", None)
    frontier.acknowledge([b"a1"])
    assert [(failure.url, failure.reason) for failure in frontier.failures()] == [("https://a.example/a1", "timed out")]
    again = SqliteFrontier(path, job="another", worker="second run")
    again.add(entry("a1"))
    again.lease()
    again.acknowledge([b"a1"])
    assert list(again.failures()) == []
    again.close()


def test_a_frontier_of_a_later_version_is_left_alone(frontier: SqliteFrontier, path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("UPDATE frontier_schema SET version = 99")
    with pytest.raises(OSError, match="version 99"):
        SqliteFrontier(path, job="a job", worker="second run")


def test_a_million_requests_take_no_memory(tmp_path: Path) -> None:
    """A tenth of them here: what grows with them would grow by far more than is allowed."""
    script = """
import resource, sys
from pathlib import Path
from archiver.crawl.frontier import Entry
from archiver.crawl.frontier.sqlite import SqliteFrontier
frontier = SqliteFrontier(Path("f.sqlite"), job="j", worker="w")
def some(begin):
    for n in range(begin, begin + 20_000):
        key = str(n).encode() * 4
        frontier.add(Entry(key=key, page=key, host="h", url=f"https://h/{n}", request=key * 10))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = some(0)
print((some(20_000), some(40_000))[1] - before)
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 6_000  # kilobytes; 8 MB of pages are cached at most


class Asking(Spider):
    name = "asking"

    def page(self) -> None:
        """A method that can be named."""


@pytest.mark.parametrize(
    "said",
    [
        {"callback": lambda: None},
        {"callback": NO_CALLBACK},
        {"errback": print},
        {"meta": {"a": object()}},
        {"meta": {"a": (1,)}},
    ],
    ids=["lambda", "no callback", "function", "object", "tuple"],
)
def test_a_request_that_cannot_wait_on_disk_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cannot wait on disk"):
        _stored(Request("https://a.example/", **said), Asking())  # type: ignore[arg-type]


def test_a_job_is_a_spider_and_its_arguments() -> None:
    assert job_of("site", {"a": "1", "b": "2"}) == job_of("site", {"b": "2", "a": "1"})
    assert job_of("site", {"a": "1"}) != job_of("reviews", {"a": "1"})


def test_nothing_is_lost_or_doubled_by_three_kills(tmp_path: Path) -> None:
    figures = crash.killed(tmp_path, 60, 3, random.Random(24), quick=0.5, pause=0.2)
    assert figures.faults == []
    assert figures.kills.total() == 3
    assert figures.asked < 2 * 60, "what was done is fetched again"


def test_a_job_that_was_done_and_not_closed_ends_well_and_then_begins_anew(serve: Serve, crawl: Crawl) -> None:
    url = serve({"/": Answer(b"<p>A page.")}) + "/"
    assert crawl("reviews", url=url).ended.returncode == 0
    crawled = crawl("reviews", url=url)
    assert len(crawled.records) == 2
    with sqlite3.connect(crawled.data / FILE) as file:
        assert file.execute("SELECT COUNT(*) FROM frontier_requests").fetchone() == (0,)


def test_a_site_goes_on_where_it_was_killed(
    serve: Serve, crawl: Crawl, tmp_path: Path, environment: dict[str, str]
) -> None:
    """The pages are told by a first page that is not asked for again, and their number holds for both runs."""
    asked: list[str] = []

    class Slow(dict[str, Answer]):
        def get(self, path: str, default: object = None) -> Answer:  # noqa: ARG002
            asked.append(path)
            if path == "/":
                return Answer(b"".join(b'<h2><a href="/%d">Review %d</a></h2>' % (n, n) for n in range(30)))
            time.sleep(0.1)
            return Answer(b"<title>T</title><p>A page.") if path[1:].isdigit() else Answer(b"", 404)

    base = serve(Slow())
    words = [sys.executable, "-m", "archiver", "crawl", "site", "-a", f"url={base}/", "-a", "pages=21"]
    killed = subprocess.Popen(words, cwd=tmp_path, env=environment)
    while sum(path[1:].isdigit() for path in asked) < 5:
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    crawled = crawl("site", url=f"{base}/", pages=21)
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert asked.count("/") == 1
    urls = [record["url"] for record in crawled.records]
    assert len(urls) == len(set(urls)) == 21


def test_every_form_of_a_frontier_can_be_opened(tmp_path: Path) -> None:
    for form in Form:
        opened = frontier_of(form, tmp_path / form, job="a job", worker="a run")
        assert opened.add(entry("a1"))
        opened.close()


@pytest.mark.parametrize("words", [("-s", "ARCHIVER_FRONTIER=redis"), ()])
def test_a_frontier_that_there_is_not_is_refused(words: tuple[str, ...], crawl: Crawl) -> None:
    crawled = crawl("reviews", *words, url="http://127.0.0.1:9/", **({} if words else {"ARCHIVER_FRONTIER": "redis"}))
    assert (crawled.ended.returncode, crawled.data.exists()) == (2, False)
    assert "frontier = 'redis': there is sqlite" in crawled.ended.stderr
