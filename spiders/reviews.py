"""Archive the pages that are named, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import Struct
from scrapy import Request

from archiver.crawl import arguments
from archiver.crawl.spider import PageSpider


@dataclass(frozen=True)
class Plan:
    urls: tuple[str, ...]


class Reviews(PageSpider):
    name = "reviews"

    class Arguments(Struct, forbid_unknown_fields=True):
        url: str = ""
        urls: str = ""

    @classmethod
    def read_arguments(cls, spoken: Mapping[str, str]) -> Plan:
        said = arguments.read(spoken, cls.Arguments)
        given = (arguments.web_address(said.url),) if said.url else ()
        listed = arguments.addresses(Path(said.urls)) if said.urls else ()
        if not given and not listed:
            raise arguments.complaint("reviews needs -a url=ADDRESS, or -a urls=FILE with one address a line")
        return Plan(tuple(dict.fromkeys(given + listed)))

    async def start(self) -> AsyncIterator[Any]:
        for url in self.plan.urls:
            yield self._asked_for(url)

    def _asked_for(self, url: str) -> Request:
        return self.ask(url, named=True)
