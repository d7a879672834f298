"""Archive the pages that are named, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct
from scrapy import Request

from archiver.crawl import arguments
from archiver.crawl.spider import PageSpider


@dataclass(frozen=True)
class Plan:
    #: Some may be named twice; the frontier takes each once.
    given: tuple[str, ...]
    listed: Iterable[str]

    @property
    def urls(self) -> Iterable[str]:
        return chain(self.given, self.listed)


class Reviews(PageSpider):
    name = "reviews"

    class Arguments(Struct, forbid_unknown_fields=True):
        url: str = ""
        urls: str = ""

    @classmethod
    def read_arguments(cls, spoken: Mapping[str, str]) -> Plan:
        said = arguments.read(spoken, cls.Arguments)
        if not said.url and not said.urls:
            raise arguments.complaint("reviews needs -a url=ADDRESS, or -a urls=FILE with one address a line")
        given = (arguments.web_address(said.url),) if said.url else ()
        return Plan(given, arguments.addresses(Path(said.urls)) if said.urls else ())

    async def start(self) -> AsyncIterator[Any]:
        for url in self.plan.urls:
            yield self._asked_for(url)

    def _asked_for(self, url: str) -> Request:
        return self.ask(url, named=True)
