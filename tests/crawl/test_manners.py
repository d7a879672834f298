"""Hosts are asked at their pace, left alone when they say so, and told who asks."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from archiver.crawl.manners import MOST_REFUSALS, MOST_SILENCES
from tests.conftest import Answer, Serve
from tests.crawl.conftest import Crawl

PAGE = Answer(b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>")
BUSY = Answer(b"<h1>Slow down</h1>", 429)
#: A public host's name, by a resolver that knows it.
KNOWN = """
from archiver.crawl import guard
from twisted.internet.defer import succeed

class Known(guard.GuardedResolver):
    def getHostByName(self, name, timeout=()):
        return succeed("127.0.0.1") if name == "reviews.example" else super().getHostByName(name)
"""


class Watched(dict[str, Answer]):
    """Answers, and a note of when each was asked for and of how many were asked for at once."""

    def __init__(self, answer: Callable[[str, int], Answer], takes: float = 0.0) -> None:
        super().__init__()
        self._answer = answer
        self._takes = takes
        self._lock = threading.Lock()
        self.asked: list[tuple[float, str]] = []
        self.at_once = self.most_at_once = 0

    def get(self, path: str, _: Any = None) -> Any:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            before = sum(each == path for _, each in self.asked)
            self.asked.append((time.monotonic(), path))
        time.sleep(self._takes)
        with self._lock:
            self.at_once -= 1
        return self._answer(path, before)

    @property
    def paths(self) -> list[str]:
        return [path for _, path in self.asked]

    @property
    def gaps(self) -> list[float]:
        return [after - before for (before, _), (after, _) in pairwise(self.asked)]


def _robots(said: str = "", status: int = 200) -> Answer:
    return Answer(said.encode(), status, "text/plain")


def _pages(folder: Path, base: str, number: int) -> str:
    (folder / "pages.txt").write_text("".join(f"{base}/{n}\n" for n in range(number)))
    return "pages.txt"


def test_a_host_is_asked_for_one_thing_at_a_time_and_at_its_pace(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    site = Watched(lambda path, _: _robots() if path == "/robots.txt" else PAGE, takes=0.1)
    crawled = crawl("reviews", urls=_pages(tmp_path, serve(site), 5), ARCHIVER_DELAY=0.4)
    assert (crawled.ended.returncode, len(site.asked), site.most_at_once) == (0, 6, 1)
    assert min(site.gaps) > 0.38


def test_the_delay_that_robots_txt_asks_for_is_kept(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    robots = _robots("User-agent: review-archiver\nCrawl-delay: 0.6\n")
    site = Watched(lambda path, _: robots if path == "/robots.txt" else PAGE)
    crawled = crawl("reviews", urls=_pages(tmp_path, serve(site), 3))
    assert (crawled.ended.returncode, len(site.asked)) == (0, 4)
    assert min(site.gaps) > 0.58


def test_a_redirect_to_another_host_keeps_that_hosts_pace(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    robots = _robots("User-agent: *\nCrawl-delay: 0.6\n")
    site = Watched(lambda path, _: robots if path == "/robots.txt" else PAGE)
    there = serve(site).replace("127.0.0.1", "localhost")
    moved = {f"/{n}": Answer(b"", 302, headers=(("Location", f"{there}/{n}"),)) for n in range(3)}
    crawled = crawl("reviews", urls=_pages(tmp_path, serve(moved), 3))
    assert (crawled.ended.returncode, len(site.asked)) == (0, 4)
    assert min(site.gaps) > 0.58


@pytest.mark.parametrize(
    ("answer", "settings"),
    [
        (Answer(b"", 429, headers=(("Retry-After", "1"),)), {}),
        (Answer(b"", 503, headers=(("Retry-After", "1"),)), {}),
        (BUSY, {"ARCHIVER_DELAY": "0.1"}),  # ten delays
    ],
)
def test_a_busy_host_is_asked_again_after_a_pause(
    answer: Answer, settings: dict[str, str], serve: Serve, crawl: Crawl
) -> None:
    site = Watched(lambda path, before: _robots() if path == "/robots.txt" else PAGE if before else answer)
    crawled = crawl("reviews", url=serve(site) + "/0", **settings)
    assert (crawled.ended.returncode, len(crawled.records)) == (0, 1), crawled.ended.stderr
    assert site.paths == ["/robots.txt", "/0", "/0"]
    assert site.gaps[-1] > 0.95


def test_a_host_that_keeps_refusing_is_left_alone(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    site = Watched(lambda path, _: _robots() if path == "/robots.txt" else BUSY)
    crawled = crawl("reviews", urls=_pages(tmp_path, serve(site), 12))
    assert crawled.ended.returncode == 16, crawled.ended.stderr
    assert len(site.asked) == 1 + MOST_REFUSALS
    assert len(crawled.manifest["failed"]) == 12
    assert "the host keeps refusing" in crawled.ended.stderr


def test_other_hosts_are_asked_on(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    busy = Watched(lambda path, _: _robots() if path == "/robots.txt" else BUSY)
    well = Watched(lambda path, _: _robots() if path == "/robots.txt" else PAGE)
    _pages(tmp_path, serve(busy), 12)
    with (tmp_path / "pages.txt").open("a") as file:
        file.write("".join(f"{serve(well).replace('127.0.0.1', 'localhost')}/{n}\n" for n in range(3)))
    crawled = crawl("reviews", urls="pages.txt")
    assert crawled.ended.returncode == 3, crawled.ended.stderr
    assert len(well.asked) >= 3
    assert len(crawled.manifest["failed"]) == 12


def test_a_host_that_wants_a_day_is_left_alone_at_once(serve: Serve, crawl: Crawl) -> None:
    tomorrow = Answer(b"", 429, headers=(("Retry-After", "86400"),))
    site = Watched(lambda path, _: _robots() if path == "/robots.txt" else tomorrow)
    crawled = crawl("reviews", url=serve(site) + "/0")
    assert (crawled.ended.returncode, site.paths) == (16, ["/robots.txt", "/0"])


def test_a_host_that_gives_no_answer_is_not_asked_for_every_page(crawl: Crawl, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        pages = _pages(tmp_path, f"http://127.0.0.1:{unused.getsockname()[1]}", 3 * MOST_SILENCES)
        crawled = crawl("reviews", "-s", "RETRY_TIMES=0", urls=pages)
    assert crawled.ended.returncode == 4
    reasons = {page["reason"] for page in crawled.manifest["failed"]}
    assert reasons == {"connection refused", "the host gives no answer"}
    assert len(crawled.manifest["failed"]) == 3 * MOST_SILENCES


@pytest.mark.parametrize(("status", "code"), [(503, 16), (500, 16), (404, 0), (403, 0)])
def test_a_robots_txt_that_fails_keeps_everybody_out(status: int, code: int, serve: Serve, crawl: Crawl) -> None:
    site = Watched(lambda path, _: _robots("", status) if path == "/robots.txt" else PAGE)
    crawled = crawl("reviews", "-s", "RETRY_TIMES=0", url=serve(site) + "/0")
    assert crawled.ended.returncode == code, crawled.ended.stderr
    assert ("/0" in site.paths) == (not code)


def test_a_run_that_is_stopped_waits_for_no_host(serve: Serve, environment: dict[str, str], tmp_path: Path) -> None:
    later = Answer(b"", 429, headers=(("Retry-After", "120"),))
    site = Watched(lambda path, _: _robots() if path == "/robots.txt" else later)
    words = ["-m", "archiver", "crawl", "reviews", "-a", f"url={serve(site)}/0"]
    started = subprocess.Popen([sys.executable, *words], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while "/0" not in site.paths and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    started.send_signal(signal.SIGTERM)
    assert started.wait(timeout=10) == 143


@pytest.fixture
def public(serve: Serve, tmp_path: Path) -> str:
    (tmp_path / "known.py").write_text(KNOWN)
    return serve({"/": PAGE}).replace("127.0.0.1", "reviews.example")


def test_a_site_is_not_visited_by_somebody_without_an_address(public: str, crawl: Crawl) -> None:
    resolver, url = ("-s", "TWISTED_DNS_RESOLVER=known.Known"), f"{public}/"
    refused = crawl("site", *resolver, url=url)
    assert (refused.ended.returncode, refused.data.exists()) == (2, False)
    assert "site needs ARCHIVER_CONTACT" in refused.ended.stderr
    assert crawl("site", *resolver, url=url, ARCHIVER_CONTACT="mail@library.example").ended.returncode == 0


def test_a_single_page_is_fetched_with_a_notice(public: str, crawl: Crawl) -> None:
    crawled = crawl("reviews", "-s", "TWISTED_DNS_RESOLVER=known.Known", url=f"{public}/")
    assert (crawled.ended.returncode, len(crawled.records)) == (0, 1)
    assert (
        crawled.ended.stderr
        == "archiver: note: reviews.example is not told whom to write to; ARCHIVER_CONTACT would say it\n"
    )
