"""What `scrapy crawl` of Scrapy 2.19 ends with 0, or with whatever came last, and the code that ours ends with."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Answer, Serve
from tests.crawl.conftest import Crawl, Crawled, Misbehave

REVIEW = Answer(b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(REVIEW.body), REVIEW.body)
#: A spider, or a pipeline, with one fault.
SPIDER = """
from scrapy.exceptions import CloseSpider
from spiders.reviews import Reviews

class Odd(Reviews):
    name = "odd"
    {fault}
"""
PIPELINE = """
from scrapy.exceptions import NotConfigured

class Odd:
    def process_item(self, item):
        return item

    {fault}
"""
SPIDERS = ("-s", "SPIDER_MODULES=odd")
PIPELINES = ("-s", 'ITEM_PIPELINES={"odd.Odd": 900, "pipelines.lines.Lines": 500}')
UNWRITABLE = ("-s", 'FEEDS={"/proc/nothing/out.jsonl": {"format": "jsonlines"}}')
NEVER = ("-s", "RETRY_TIMES=0")


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        ("async def start(self): yield self.plan.missing", SPIDERS, 1),
        ("async def start(self): yield self._asked_for(self.plan.urls[0]); raise ValueError('no')", SPIDERS, 1),
        ("def __init__(self, *_, **__): raise ValueError('no')", SPIDERS, 1),
        ("async def page(self, response): yield response.missing", SPIDERS, 3),
        ("async def page(self, response): yield response.missing", (*SPIDERS, "-s", "CLOSESPIDER_ERRORCOUNT=1"), 3),
        ("async def page(self, response): raise CloseSpider('bad'); yield", SPIDERS, 1),
        ("def __init__(self): raise ValueError('no')", PIPELINES, 1),
        ("def open_spider(self): raise ValueError('no')", PIPELINES, 1),
        ("def process_item(self, item): raise ValueError('no')", PIPELINES, 1),
        ("def close_spider(self): raise ValueError('no')", PIPELINES, 1),
        ("def __init__(self): raise NotConfigured", PIPELINES, 2),
        ("", UNWRITABLE, 2),
        ("", (), 0),
    ],
)
def test_a_fault_is_never_a_zero(
    fault: str, options: tuple[str, ...], code: int, serve: Serve, crawl: Crawl, tmp_path: Path
) -> None:
    text = SPIDER if options[:2] == SPIDERS else PIPELINE
    (tmp_path / "odd.py").write_text(text.format(fault=fault or "pass"))
    crawled = crawl(
        "odd" if options[:2] == SPIDERS else "reviews", *NEVER, *options, url=serve({"/review": REVIEW}) + "/review"
    )
    assert crawled.ended.returncode == code, crawled.ended.stderr
    assert bool(crawled.ended.stderr) == bool(code)
    assert "Traceback" not in crawled.ended.stderr
    if list((crawled.data / "runs").glob("*.json")):
        assert crawled.manifest["exit_code"] == code


@pytest.mark.parametrize(("status", "code"), [(500, 3), (404, 3), (None, 4)])
def test_pages_that_all_fail_are_no_success(
    status: int | None, code: int, serve: Serve, crawl: Crawl, tmp_path: Path
) -> None:
    base = serve({f"/{n}": Answer(b"<h1>Oops</h1>", status or 200) for n in range(3)})
    if status is None:
        base = "http://127.0.0.1:9"
    (tmp_path / "pages.txt").write_text("".join(f"{base}/{n}\n" for n in range(3)))
    assert crawl("reviews", *NEVER, urls="pages.txt").ended.returncode == code


@pytest.mark.parametrize(
    ("stop", "code", "delay"),
    [
        ([signal.SIGTERM], 143, "0"),
        ([signal.SIGTERM], 143, "3"),  # a request waits for its turn, which never comes
        ([signal.SIGTERM] * 2, 143, "0"),
        ([signal.SIGINT], 130, "0"),
        ([signal.SIGKILL], -9, "0"),
    ],
)
def test_a_run_after_one_that_was_stopped_misses_nothing(
    stop: list[signal.Signals], code: int, delay: str, misbehave: Misbehave, environment: dict[str, str], tmp_path: Path
) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        time.sleep(0.2)
        connection.sendall(OK)

    base = misbehave(answer)
    (tmp_path / "pages.txt").write_text("".join(f"{base}/{n}\n" for n in range(12)))
    words = [sys.executable, "-m", "archiver", "crawl", "-s", "DOWNLOAD_TIMEOUT=5", "reviews", "-a", "urls=pages.txt"]
    data = tmp_path / "data"
    slow = {**environment, "ARCHIVER_DELAY": delay}
    first = subprocess.Popen(words, cwd=tmp_path, env=slow, stderr=subprocess.DEVNULL)
    _wait_for(lambda: any(path.stat().st_size for path in data.rglob("*.jsonl.open")))
    for number in stop:
        first.send_signal(number)
        time.sleep(0.05)
    assert first.wait(timeout=30) == code
    second = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    crawled = Crawled(second, data)
    assert {record["url"] for record in crawled.records} == {f"{base}/{n}" for n in range(12)}
    assert not list(data.rglob("*.open"))


def test_of_twenty_that_start_at_once_one_runs(
    misbehave: Misbehave, environment: dict[str, str], tmp_path: Path
) -> None:
    others_are_over = threading.Event()

    def answer(connection: socket.socket, _: bytes) -> None:
        others_are_over.wait(200)
        connection.sendall(OK)

    words = ["-m", "archiver", "crawl", "-s", "DOWNLOAD_TIMEOUT=250", "reviews", "-a", f"url={misbehave(answer)}/slow"]
    started = [
        subprocess.Popen([sys.executable, *words], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(20)
    ]
    until = time.monotonic() + 200
    while sum(one.poll() is None for one in started) > 1 and time.monotonic() < until:
        time.sleep(0.1)
    others_are_over.set()
    said = [one.communicate(timeout=60)[1] for one in started]
    assert sorted(one.returncode for one in started) == [0] + [11] * 19
    [holder] = [one.pid for one in started if one.returncode == 0]
    assert sum(f"process {holder}" in each for each in said) == 19
    assert len(list((tmp_path / "data" / "runs").glob("*.json"))) == 1


def _wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)
