"""Records within the archive, each beside the answer it was made of: an archive by itself has the results too."""

from __future__ import annotations

from typing import Any, Self

from scrapy.crawler import Crawler

from archiver.crawl.recorder import Recorder
from archiver.record import Review


class Conversions:
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        recorder.keep_safe(write=self.process_item)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(Recorder.of(crawler))

    def process_item(self, item: Any) -> Any:
        if isinstance(item, Review):
            self._recorder.convert(item)
        return item
