"""Visit known pages again when they are due: edits, new comments, takedowns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from scrapy import Request

from archiver.crawl import arguments, config, guard
from archiver.crawl.spider import PageSpider
from archiver.crawl.visits.table import is_of
from archiver.crawl.visits.visit import moment


@dataclass(frozen=True)
class Plan:
    failed: bool
    #: None for all that are ever due.
    by: datetime | None
    site: str


class Revisit(PageSpider):
    """Pages that are gone, or have nothing new, are no failures; those of a site alone with ``site``."""

    name = "revisit"
    needs_contact = True
    needs_archive = True

    class Arguments(Struct, forbid_unknown_fields=True):
        failed: bool = False
        all: bool = False
        due: str = ""
        site: str = ""

    @classmethod
    def read_arguments(cls, spoken: Mapping[str, str]) -> Plan:
        said = arguments.read(spoken, cls.Arguments)
        if said.failed + said.all + bool(said.due) > 1:
            raise arguments.complaint("revisit takes one of -a failed=1, -a all=1 and -a due=DATE")
        by = moment(said.due) if said.due else datetime.now(UTC)
        if by is None:
            raise arguments.complaint(f"-a due={said.due}: a date is meant, such as 2026-11-23 or 2026-11-23T04:00:00Z")
        return Plan(failed=said.failed, by=None if said.all else by, site=said.site.lower())

    async def start(self) -> AsyncIterator[Any]:
        stranger = self._stranger()
        if stranger is not None:
            self.recorder.run.misuse(
                f"revisit needs ARCHIVER_CONTACT, an address for the people of {stranger}: it stands in the user agent"
            )
            return
        self.recorder.run.is_idle = True
        for url in self._known():
            self.recorder.run.is_idle = False
            yield self._asked_for(url)

    def _known(self) -> Iterator[str]:
        recorder = self.recorder
        if not self.plan.failed:
            return recorder.visits.due(self.plan.by, self.plan.site) if recorder.visits else iter(())
        failures = recorder.leases.frontier.failures()
        return (failure.url for failure in failures if is_of(failure.url, self.plan.site))

    def _asked_for(self, url: str) -> Request:
        return self.ask(url)

    def _stranger(self) -> str | None:
        """A host that must be told whom to write to, and would not be."""
        if config.from_settings(self.crawler.settings).contact:
            return None
        hosts = (urlsplit(url).hostname or "" for url in self._known())
        return next((host for host in hosts if not guard.is_own(host)), None)
