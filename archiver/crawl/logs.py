"""A log that shows what pages say and does none of it: no control characters, no line of another's making."""

from __future__ import annotations

import logging
from typing import Final, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.log import get_scrapy_root_handler

#: Before the further lines of a message: only a line of ours begins at the margin.
_INDENT: Final = "\n    "


class Logs:
    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        logs = cls()
        crawler.signals.connect(logs._opened, signals.spider_opened)
        logs._opened()
        return logs

    def _opened(self) -> None:
        handler = get_scrapy_root_handler()
        if handler is not None and not isinstance(handler.formatter, Printable):
            handler.setFormatter(Printable(handler.formatter or logging.Formatter()))


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
