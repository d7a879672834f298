"""How far a run may go: for how long, over how many pages, and over how much of the disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import CallLaterResult, call_later

from archiver.crawl import config
from archiver.crawl.recorder import Recorder
from archiver.crawl.run import PAGE_LIMIT, SIZE_LIMIT, TIME_LIMIT
from archiver.record import Review

MEGABYTE: Final = 1_000_000


class Limits:
    """Judged after each record: what is written then is as much as a run goes beyond its limit."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._limits = config.from_settings(crawler.settings)
        if not any((*_of_the_disk(self._limits), self._limits.time_limit, self._limits.page_limit)):
            raise NotConfigured("no limit is set")
        self._data = Path(self._limits.data)
        self._before = 0
        self._sizes: dict[Path, int] = {}
        self._records = 0
        self._clock: CallLaterResult | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        limits = cls(crawler)
        crawler.signals.connect(limits._opened, signals.spider_opened)
        crawler.signals.connect(limits._recorded, signals.item_scraped)
        crawler.signals.connect(limits._closed, signals.spider_closed)
        return limits

    def _opened(self) -> None:
        if self._limits.disk_budget:
            self._before = size_of(self._data)
        if self._limits.time_limit:
            self._clock = call_later(self._limits.time_limit, self._end, TIME_LIMIT)

    def _closed(self) -> None:
        if self._clock is not None:
            self._clock.cancel()

    def _recorded(self, item: Any) -> None:
        if not isinstance(item, Review):
            return
        self._records += 1
        written = self._written(item) if any(_of_the_disk(self._limits)) else 0
        if self._limits.disk_budget and self._before + written >= self._limits.disk_budget * MEGABYTE:
            run = Recorder.of(self._crawler).run
            run.full = run.full or spent(self._limits.disk_budget)
            self._end("disk budget")
        elif self._limits.size_limit and written >= self._limits.size_limit * MEGABYTE:
            self._end(SIZE_LIMIT)
        elif self._limits.page_limit and self._records >= self._limits.page_limit:
            self._end(PAGE_LIMIT)

    def _written(self, review: Review) -> int:
        """Bytes this run has written: of its files, only those beside the last record can have grown since."""
        folder = (self._data / (review.captures[0].warc_filename or "")).parent
        for path in folder.glob(f"{Recorder.of(self._crawler).run.layout.run_id}-*"):
            self._sizes[path.with_name(path.name.removesuffix(".open"))] = path.stat().st_size
        return sum(self._sizes.values())

    def _end(self, reason: str) -> None:
        engine = self._crawler.engine
        if not Recorder.of(self._crawler).is_ending:
            self._ending = asyncio.ensure_future(engine.close_spider_async(reason=reason))


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def spent(budget: float) -> str:
    return f"the disk budget of {budget:g} MB is spent"


def _of_the_disk(limits: config.Config) -> tuple[float, float]:
    return limits.disk_budget, limits.size_limit
