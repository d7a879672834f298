"""One line on a terminal that says how far the run is. Nothing is written where nobody watches."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Final, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from archiver.crawl.recorder import Recorder
from archiver.crawl.run import Counts

#: Seconds between two looks.
EVERY: Final = 0.5
#: The cursor goes to the line's begin; what stood there is cleared.
_CLEAR: Final = "\r\x1b[K"


class Progress:
    def __init__(self, crawler: Crawler) -> None:
        if not (sys.stderr.isatty() and sys.stdout.isatty()):
            raise NotConfigured("no terminal")
        self._crawler = crawler
        self._began = time.monotonic()
        self._telling = create_looping_call(self._tell)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        progress = cls(crawler)
        crawler.signals.connect(progress._opened, signals.spider_opened)
        crawler.signals.connect(progress._closed, signals.spider_closed)
        return progress

    def _opened(self) -> None:
        self._telling.start(EVERY, now=True)

    def _closed(self) -> None:
        if self._telling.running:
            self._telling.stop()
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()

    def _tell(self) -> None:
        counts = Recorder.of(self._crawler).run.counts
        width = shutil.get_terminal_size().columns
        said = line(counts, self._queued(), time.monotonic() - self._began)
        sys.stderr.write(_CLEAR + said[: width - 1])
        sys.stderr.flush()

    def _queued(self) -> int:
        engine = self._crawler.engine
        assert engine is not None
        scheduler = engine._slot.scheduler if engine._slot is not None else None
        waiting = len(scheduler) if scheduler is not None and hasattr(scheduler, "__len__") else 0
        return waiting + len(engine.downloader.active)


def line(counts: Counts, queued: int, seconds: float) -> str:
    """What the terminal shows; the time left is that of what is known by now."""
    rate = counts.answered / seconds if seconds else 0.0
    left = f", {_duration(queued / rate)} left" if queued and rate else ""
    return (
        f"{counts.answered} fetched, {queued} queued, {counts.records} records, {counts.comments} comments, "
        f"{counts.failed} errors, {rate:.1f}/s{left}"
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
