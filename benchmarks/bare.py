"""Scrapy by itself: fetches the addresses in a file and keeps nothing. What a crawl of ours is measured against."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

from benchmarks.crawl import AT_ONCE


class Bare(Spider):
    name = "bare"

    async def start(self) -> AsyncIterator[Any]:
        for url in self.urls:  # type: ignore[attr-defined]  # as Scrapy hands on its arguments
            yield Request(url, self.parse)

    def parse(self, response: Response) -> None:
        """Fetched, and that is all."""


def main() -> None:
    process = AsyncCrawlerProcess(
        {
            "CONCURRENT_REQUESTS": AT_ONCE,
            "CONCURRENT_REQUESTS_PER_DOMAIN": AT_ONCE,
            "DOWNLOAD_DELAY": 0,
            "HTTPERROR_ALLOW_ALL": True,
            "LOG_LEVEL": "INFO",
            "RETRY_ENABLED": False,
            "TWISTED_DNS_RESOLVER": "benchmarks.saved_web.Loopback",
        }
    )
    process.crawl(Bare, urls=Path(sys.argv[1]).read_text(encoding="utf-8").split())
    process.start()


if __name__ == "__main__":
    main()
