"""What Scrapy logs as an error and passes over: told to the run, whose exit code then says so."""

from __future__ import annotations

import logging
from typing import Final, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import load_object

from archiver.crawl.recorder import Recorder
from archiver.crawl.run import Exit, Run, exit_for

#: Where Scrapy tells that a part of a crawl failed: start and end, signal handlers, feeds that cannot be written.
_LOGGERS: Final = ("scrapy.core.engine", "scrapy.utils.signal", "scrapy.extensions.feedexport")


class Faults(logging.Handler):
    def __init__(self, crawler: Crawler) -> None:
        super().__init__(logging.ERROR)
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        faults = cls(crawler)
        crawler.signals.connect(faults._opened, signals.spider_opened)
        for name in _LOGGERS:
            logging.getLogger(name).addHandler(faults)
        return faults

    def emit(self, record: logging.LogRecord) -> None:
        what = record.getMessage().splitlines()[0]
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, OSError) and exit_for(error) is Exit.USAGE:
            self._run.misuse(f"{error.filename or what}: {error.strerror or error}")
        elif error is not None:
            self._run.broke(error, what)
        else:
            self._run.crashed = self._run.crashed or what

    def _opened(self) -> None:
        """A pipeline that declares itself not configured is left out by Scrapy, and its records go nowhere."""
        settings, engine = self._crawler.settings, self._crawler.engine
        assert engine is not None
        there = {type(pipeline) for pipeline in engine.scraper.itemproc.middlewares}
        wanted = build_component_list(settings.getwithbase("ITEM_PIPELINES"))
        gone = [name for name in wanted if load_object(name) not in there]
        if gone:
            self._run.misuse(f"the pipeline {gone[0]} is not configured")

    @property
    def _run(self) -> Run:
        return Recorder.of(self._crawler).run
