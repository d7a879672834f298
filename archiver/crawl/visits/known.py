"""Pages that are known and come upon again: asked for where they are due, or a source tells news of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from archiver.crawl.notes import LISTS, is_named, purpose_of, redirected_from
from archiver.crawl.recorder import Recorder
from archiver.warc.exchange import Purpose


class Known:
    """A spider's middleware. What a spider begins with passes it by: the user named it, or it is due."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:  # noqa: ARG002
        async for one in result:
            if not isinstance(one, Request) or self._is_wanted(one):
                yield one

    def _is_wanted(self, request: Request) -> bool:
        is_come_upon = purpose_of(request) is Purpose.PAGE and not redirected_from(request) and not is_named(request)
        if not is_come_upon or request.meta.get(LISTS):
            return True
        return Recorder.of(self._crawler).wants(request)
