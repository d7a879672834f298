"""What a request costs that waits on disk: Scrapy's JOBDIR, and the frontier here.

    python -m benchmarks.frontier --requests 3000 --hosts 3000

Each is told of all requests, gives them out one by one as to a downloader, and hears of their ends. The
frontier is synced every 200 requests, and every one is committed as it is told of and given out; JOBDIR
keeps nothing of them unless it is closed well. JOBDIR makes and removes a folder a host whenever a host
has nothing waiting: with many requests a host it is quick, with few, as in most crawls, it is slow.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from scrapy import Request, Spider
from scrapy.core.scheduler import Scheduler
from scrapy.crawler import Crawler
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.request import RequestFingerprinter

from archiver.crawl.database import FILE
from archiver.crawl.frontier.sqlite import SqliteFrontier
from archiver.crawl.leases import Leases

_SYNC_EVERY: Final = 200
_KILOBYTE: Final = 1 if sys.platform == "darwin" else 1024


class Asking(Spider):
    name = "asking"

    def page(self, _: object) -> None:
        """A method that can be named."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--requests", type=int, default=3000)
    arguments.add_argument("--hosts", type=int, default=3000)
    options = arguments.parse_args()
    print(f"{'':10}{'seconds':>9}{'CPU':>9}{'ms each':>9}{'peak MB':>9}")
    for kind in (jobdir, frontier):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            seconds, cpu, peak = process.submit(_measured, kind, options.requests, options.hosts).result()
        each = 1000 * seconds / options.requests
        print(f"{kind.__name__:10}{seconds:9.2f}{cpu:9.2f}{each:9.3f}{peak:9.0f}", flush=True)
    return 0


def jobdir(folder: Path, count: int, hosts: int) -> int:
    crawler = _crawler({"JOBDIR": str(folder)})
    scheduler = Scheduler.from_crawler(crawler)
    active: dict[str, int] = {}
    slot = SimpleNamespace(slots={}, get_slot_key=lambda request: request.url.split("/")[2], active=active)
    crawler.engine = SimpleNamespace(downloader=slot)  # type: ignore[assignment]
    scheduler.open(crawler.spider)  # type: ignore[arg-type]
    for request in _requests(count, hosts, crawler.spider):  # type: ignore[arg-type]
        scheduler.enqueue_request(request)
    given = sum(1 for _ in iter(scheduler.next_request, None))
    scheduler.close("finished")
    return given


def frontier(folder: Path, count: int, hosts: int) -> int:
    crawler = _crawler({"CONCURRENT_REQUESTS_PER_DOMAIN": 8})
    held: set[Request] = set()
    crawler.engine = SimpleNamespace(_slot=SimpleNamespace(inprogress=held))  # type: ignore[assignment]
    kept = SqliteFrontier(folder / FILE, job="a job", worker="a run")
    leases = Leases(kept, crawler, _fail)
    for request in _requests(count, hosts, crawler.spider):  # type: ignore[arg-type]
        leases.add(request)
    given = 0
    while leases.next() is not None:
        given += 1
        if given % _SYNC_EVERY == 0:
            back = leases.back()
            kept.sync()
            leases.acknowledge(back)
    leases.acknowledge(leases.back())
    leases.close(finished=True)
    return given


def _measured(kind: Callable[[Path, int, int], int], count: int, hosts: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        begin, before = time.monotonic(), os.times()
        given = kind(Path(folder), count, hosts)
        seconds, after = time.monotonic() - begin, os.times()
    if given != count:
        raise RuntimeError(f"{given} of {count} requests were given out")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTE / 2**20
    return seconds, after.user + after.system - before.user - before.system, peak


def _requests(count: int, hosts: int, spider: Asking) -> Iterator[Request]:
    for number in range(count):
        yield Request(
            f"https://host{number % hosts}.example/{number}", callback=spider.page, meta={"site": "a.example"}
        )


def _crawler(settings: dict[str, Any]) -> Crawler:
    crawler = Crawler(Asking, {"TELNETCONSOLE_ENABLED": False, **settings})
    crawler.spider = Asking()
    crawler.request_fingerprinter = RequestFingerprinter(crawler)
    crawler.stats = MemoryStatsCollector(crawler)
    return crawler


def _fail(error: OSError, what: str) -> None:
    raise RuntimeError(what) from error


if __name__ == "__main__":
    sys.exit(main())
