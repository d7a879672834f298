"""Scrapy's scheduler, which here only asks the frontier."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

from archiver.crawl.leases import Leases
from archiver.crawl.recorder import Recorder


class Scheduler(BaseScheduler):
    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(Recorder.of(crawler).leases)

    def has_pending_requests(self) -> bool:
        return self._leases.has_waiting()

    def enqueue_request(self, request: Request) -> bool:
        return self._leases.add(request)

    def next_request(self) -> Request | None:
        return self._leases.next()
