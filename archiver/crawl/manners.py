"""How a host is treated: one request at a time, its pace kept, its refusals believed.

The pace is Scrapy's download slot's; here a host's slot gets the delay that its robots.txt asks
for, waits while the host wants to be left alone, and is emptied when it keeps refusing or the
run ends. Slots are Scrapy's own business, and all that leans on them stands in this module.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import DownloadConnectionRefusedError, DownloadTimeoutError
from scrapy.http import Response
from scrapy.utils.asyncio import create_looping_call

from archiver.crawl.addon import SHORTEST_DELAY
from archiver.crawl.notes import RefusingHostError, purpose_of
from archiver.crawl.recorder import Recorder, Stopping
from archiver.crawl.run import REFUSALS, REFUSING
from archiver.warc.exchange import Purpose

logger = logging.getLogger(__name__)

#: Seconds a host may make us wait, by Crawl-delay or Retry-After; one that wants more is left for this run.
MOST_WAIT: Final = 300.0
#: Delays to wait after a first refusal without Retry-After; twice as many after each further one.
BACK_OFF: Final = 10
#: Refusals in a row after which a host is left alone, and requests in a row without any answer.
MOST_REFUSALS, MOST_SILENCES = 6, 10
#: Answers that ask for a pause; other refusals are about the page, until they go on and on.
_BUSY: Final = frozenset({429, 503})
#: One is next when another is answered.
_MOST_TURNS: Final = 2
_NOBODY_LET_IN: Final = b"User-agent: *\nDisallow: /\n"


@dataclass
class _Host:
    refusals: int = 0
    silences: int = 0
    left: str | None = None


class Manners:
    """A middleware that stands nearest to the wire, and what the wire tap asks before a request sets out."""

    _all: ClassVar[WeakKeyDictionary[Crawler, Manners]] = WeakKeyDictionary()

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._hosts: dict[str, _Host] = {}
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_MOST_TURNS))
        self._ending = False
        self._looking = create_looping_call(self._look)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        manners = cls(crawler)
        cls._all[crawler] = manners
        crawler.signals.connect(manners._opened, signals.spider_opened)
        crawler.signals.connect(manners._closed, signals.spider_closed)
        crawler.signals.connect(manners._robots_read, signals.robots_parsed)
        return manners

    @classmethod
    def of(cls, crawler: Crawler) -> Manners:
        return cls._all[crawler]

    def process_request(self, request: Request) -> None:
        host = _host_of(request)
        self._may_ask(host)
        request.meta["download_slot"] = host  # one that was redirected brings the other host's

    def turn(self, request: Request) -> asyncio.Semaphore:
        """What is not leased from the frontier waits here for its turn at a host, and not in Scrapy, whose
        places one slow host that many pages need would fill."""
        return self._turns[_host_of(request)]

    def may_set_out(self, request: Request) -> None:
        """Judged again when a request's turn has come, which may be long after it was made."""
        if self._ending:
            Recorder.of(self._crawler).leases.leave(request)
            raise Stopping("the run is being stopped")
        self._may_ask(_host_of(request))

    def answered(self, request: Request, response: Response, sent_ago: float) -> None:
        """Told by the wire tap before the next request of the host's slot has its turn. The pace counts
        from when the last one was sent, which on a busy machine is later than when it had its turn."""
        name = _host_of(request)
        host = self._hosts.setdefault(name, _Host())
        host.silences = 0
        self._sent(name, sent_ago)
        if response.status in _BUSY or (response.status in REFUSALS and purpose_of(request) is Purpose.PAGE):
            host.refusals += 1
            self._refused(name, host, response)
        elif response.status < 500:
            host.refusals = 0

    def unanswered(self, request: Request, error: Exception, sent_ago: float) -> None:
        self._sent(_host_of(request), sent_ago)
        if isinstance(error, (DownloadConnectionRefusedError, DownloadTimeoutError)):
            host = self._hosts.setdefault(_host_of(request), _Host())
            host.silences += 1
            if host.silences >= MOST_SILENCES:
                self._leave(_host_of(request), host, "the host gives no answer")

    def _sent(self, name: str, ago: float) -> None:
        slot = self._downloader.slots.get(name)
        if slot is not None:
            slot.lastseen = max(slot.lastseen, time.monotonic() - ago)

    def _may_ask(self, name: str) -> None:
        host = self._hosts.get(name)
        if host is not None and host.left:
            raise RefusingHostError(host.left)

    def _refused(self, name: str, host: _Host, response: Response) -> None:
        asked_for = _retry_after(response) if response.status in _BUSY else 0.0
        if host.refusals >= MOST_REFUSALS or (asked_for or 0.0) > MOST_WAIT:
            self._leave(name, host, REFUSING)
            return
        backed_off = self._delay * BACK_OFF * 2 ** (host.refusals - 1)
        wait = min(backed_off if asked_for is None else asked_for, MOST_WAIT)
        if wait:
            logger.info("%s answers %s: it is left alone for %.0f s", name, response.status, wait)
            self._pause(name, wait)

    def _pause(self, name: str, wait: float) -> None:
        """The slot takes its last request to have been made so late that the next one is due after the wait."""
        slot = self._downloader.slots.get(name)
        if slot is not None:
            slot.delay = slot.delay or SHORTEST_DELAY  # a slot without one would not wait
            slot.lastseen = max(slot.lastseen, time.monotonic() + wait - slot.delay)

    def _leave(self, name: str, host: _Host, why: str) -> None:
        if not host.left:
            logger.warning("%s is not asked again in this run: %s", name, why)
            host.left = why
            self._release(name)

    def _release(self, name: str) -> None:
        """Requests that wait in a slot have their turn now, and are refused one by one."""
        slot = self._downloader.slots.get(name)
        if slot is None:
            return
        slot.delay = 0
        if slot.latercall is not None:
            slot.latercall.cancel()
            slot.latercall = None
        self._downloader._process_queue(slot)

    def _robots_read(self, robotparser: Any, request: Request) -> None:
        asked_for = robotparser.crawl_delay(self._crawler.settings["USER_AGENT"])
        if asked_for is None or not asked_for > self._delay:
            return
        name, delay = _host_of(request), min(float(asked_for), MOST_WAIT)
        logger.info("%s asks for %.1f s between two requests", name, delay)
        self._downloader.per_slot_settings[name] = {"concurrency": 1, "delay": delay, "jitter": 0}
        slot = self._downloader.slots.get(name)
        if slot is not None:
            slot.delay, slot.concurrency = delay, 1

    def _look(self) -> None:
        """A run that ends waits for no host."""
        if not self._ending and Recorder.of(self._crawler).is_ending:
            self._ending = True
            for name in list(self._downloader.slots):
                self._release(name)

    @property
    def _downloader(self) -> Any:
        return self._crawler.engine.downloader

    def _opened(self) -> None:
        self._looking.start(1.0, now=False)

    def _closed(self) -> None:
        if self._looking.running:
            self._looking.stop()


class Robots(RobotsTxtMiddleware):
    """A robots.txt that cannot be had because its server fails keeps everybody out (RFC 9309, 2.3.1.4)."""

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            logger.warning("%s answers %s for its robots.txt: nothing is asked there", netloc, response.status)
            response = response.replace(body=_NOBODY_LET_IN)
        await super()._parse_robots(response, netloc, request)


def _host_of(request: Request) -> str:
    return urlsplit(request.url).hostname or ""


def _retry_after(response: Response) -> float | None:
    """Seconds, told as such or as a date (RFC 9110, 10.2.3); None where it is not told, or not so."""
    said = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
