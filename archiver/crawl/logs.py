"""A log that shows what pages say and does none of it, and that is followed by another at its size.

No control characters, and no line of another's making.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.log import get_scrapy_root_handler

from archiver.crawl import config

#: Before the further lines of a message: only a line of ours begins at the margin.
_INDENT: Final = "\n    "


class Logs:
    def __init__(self, size: int) -> None:
        self._size = size

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        logs = cls(config.from_settings(crawler.settings).log_size)
        crawler.signals.connect(logs._opened, signals.spider_opened)
        logs._opened()
        return logs

    def _opened(self) -> None:
        handler = get_scrapy_root_handler()
        if handler is not None and not isinstance(handler.formatter, Printable):
            handler.setFormatter(Printable(handler.formatter or logging.Formatter()))
            if isinstance(handler, logging.FileHandler):
                handler.addFilter(Parts(handler, self._size))


class Parts(logging.Filter):
    """Lets all through; what comes once ``size`` bytes are written begins the file's next part."""

    def __init__(self, handler: logging.FileHandler, size: int) -> None:
        super().__init__()
        self._handler = handler
        self._size = size
        self._part = 1

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        written = self._handler.stream
        try:
            if written is not None and os.fstat(written.fileno()).st_size >= self._size:
                first = Path(self._handler.baseFilename)
                following = first.with_name(f"{first.stem}-{self._part + 1:05}{first.suffix}")
                self._handler.setStream(following.open("a", encoding=self._handler.encoding))
                written.close()
                self._part += 1
        except (OSError, ValueError):  # it goes on in the file that there is
            pass
        return True


class Printable(logging.Formatter):
    """Another formatter's lines, with everything that would act on a terminal as an escape."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        said = self._inner.format(record)
        if said.isprintable():
            return said
        return _INDENT.join("".join(map(_seen, line)) for line in said.split("\n"))


def _seen(sign: str) -> str:
    return sign if sign.isprintable() or sign == "\t" else sign.encode("unicode_escape").decode("ascii")
