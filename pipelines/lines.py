"""Records as JSON Lines, beside the archive they were read from."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Self

from scrapy.crawler import Crawler

from archiver.crawl.recorder import Recorder
from archiver.crawl.shelf import Shelf
from archiver.record import Review
from archiver.store.lines import LineWriter


class Lines:
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._run = recorder.run
        self._lines = Shelf(
            lambda site, part: LineWriter(self._run.layout.lines(site, part)),
            full=recorder.warc_size,
            first=recorder.sync_archives,
        )
        recorder.keep_safe(write=self.process_item, sync=self._lines.sync, close=self._lines.close)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(Recorder.of(crawler))

    def process_item(self, item: Any) -> Any:
        if isinstance(item, Review):
            writer = self._lines.of(_site(item))
            begin = writer.size
            writer.write(item)
            self._run.recorded(item, writer.path)
            self._recorder.recorded(item, writer.path, begin, writer.size - begin)
        return item


def _site(review: Review) -> str:
    """The site whose archive holds the page: not always the page's own."""
    return PurePosixPath(review.captures[0].warc_filename or "unknown/").parent.name
