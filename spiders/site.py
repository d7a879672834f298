"""Archive a site's reviews: what its REST interface, its feeds, its sitemaps and its lists tell, in this order."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta, Struct
from scrapy import Request
from scrapy.http import Response

from archiver.crawl import arguments
from archiver.crawl.discovery import listings
from archiver.crawl.discovery.addresses import folded, trap
from archiver.crawl.discovery.asking import BARREN, Sources, most_asked
from archiver.crawl.discovery.found import LISTING, NAMED, Found
from archiver.crawl.discovery.judging import Judge, Verdict, calls_itself_of_reviews, revised
from archiver.crawl.discovery.preview import Preview
from archiver.crawl.notes import CHANGED, COMMENTED, COUNTED, LISTS, is_named
from archiver.crawl.recorder import request_of
from archiver.crawl.sites import at_home
from archiver.page import Page
from archiver.record import Review

#: What is asked for when all sources have been: lists, then the pages that they and the sources tell.
LIST, PAGE = 10, 0
#: The kind of requests of which there may be as many as the user says.
PAGES = "pages"
#: Lists are read on as long as they tell something new; after so many that did not, their past is known.
MOST_BARREN_LISTS = 10
#: What the frontier remembers: where the site was found, whether it calls itself one of reviews, why a page was left.
FOUND_AT, OF_REVIEWS, LEFT = "found at", "of reviews", "left"


@dataclass(frozen=True)
class Plan:
    url: str
    pages: int
    match: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.url,)


class Site(Sources):
    """Stays on the host of the address given, or of the one that this redirects to."""

    name = "site"
    needs_contact = True
    can_preview = True

    class Arguments(Struct, forbid_unknown_fields=True):
        url: str = ""
        pages: Annotated[int, Meta(ge=1)] = 1000
        match: str = ""
        exclude: str = ""

    @classmethod
    def read_arguments(cls, spoken: Mapping[str, str]) -> Plan:
        said = arguments.read(spoken, cls.Arguments)
        if not said.url:
            raise arguments.complaint("site needs an address: -a url=ADDRESS")
        return Plan(
            arguments.web_address(said.url),
            said.pages,
            arguments.pattern("match", said.match),
            arguments.pattern("exclude", said.exclude),
        )

    def __init__(self, *args: Any, preview: Preview | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan: Plan = self.plan
        self._preview = preview
        self._judge_of = Judge(plan.match, plan.exclude)
        #: What the frontier takes no more of than so many; it also knows which pages are known already.
        self.caps = {PAGES: plan.pages, **most_asked(plan.pages)}

    async def start(self) -> AsyncIterator[Any]:
        recall = self.recorder.leases.frontier.recall
        self._home = recall(FOUND_AT) or self._home  # in an earlier run of this job
        self._judge_of = replace(self._judge_of, of_reviews=recall(OF_REVIEWS) is not None)
        request = self._list(self.plan.url, named=True)
        if self._preview:
            self._tell(request, Found(url=request.url, source=NAMED), Verdict(True, "named"))
        yield request

    def allows(self, request: Request) -> bool:
        return is_named(request) or at_home(request.url, self._home) is not None

    def discover(self, response: Response, review: Review) -> Iterator[Request]:  # noqa: ARG002
        asked = request_of(response)
        if not asked.meta.get(LISTS):
            return
        page = self.recorder.page(response)
        if is_named(asked):
            self._settle(page, response.url)
            yield from self._sources(page, response.url)
            return
        is_new = yield from self._pages(listings.entries(page))
        barren = 0 if is_new else asked.meta.get(BARREN, 0) + 1
        if barren < MOST_BARREN_LISTS:
            yield from self._lists(listings.further(page), barren)

    # What a site is, and what is asked of it

    def _settle(self, page: Page, url: str) -> None:
        """The site has been found."""
        self._home = url
        remember = self.recorder.leases.frontier.remember
        remember(FOUND_AT, url)
        if calls_itself_of_reviews(listings.name(page), urlsplit(url).hostname):
            remember(OF_REVIEWS, "yes")
            self._judge_of = replace(self._judge_of, of_reviews=True)

    def _pages(self, told: Iterable[Found]) -> Generator[Request, None, bool]:
        """Asks for what is worth it; returns whether any of it was new."""
        is_new = False
        for one in told:
            url = at_home(one.url, self._home)
            if url is None:
                continue
            found = replace(one, url=folded(url))
            verdict = self._judged(found)
            self._count(found, verdict)
            request = self.ask(found.url, site=self._site, priority=PAGE)
            request.meta[COUNTED] = PAGES
            if found.changed:
                request.meta[CHANGED] = found.changed
            if found.commented is not None:
                request.meta[COMMENTED] = found.commented
            if self._preview:
                is_new |= self._tell(request, found, verdict)
            elif verdict.taken:
                is_new = is_new or (not self.recorder.leases.knows(request) and self.recorder.wants(request))
                yield request
        return is_new

    def _judged(self, found: Found) -> Verdict:
        """What a source that says more of a page has it left for holds for those that come after it."""
        verdict = self._judge_of.judge(found)
        frontier = self.recorder.leases.frontier
        if verdict.taken:
            return verdict if verdict.is_told else revised(verdict, frontier.recall(f"{LEFT} {found.url}"))
        if verdict.is_told:
            frontier.remember(f"{LEFT} {found.url}", verdict.reason)
        return verdict

    def _lists(self, urls: Iterable[str], barren: int) -> Iterator[Request]:
        for told in urls:
            url = at_home(told, self._home)
            if url is None or trap(url) or (self.plan.exclude and self.plan.exclude.search(url)):
                continue
            request = self._list(url)
            request.meta[BARREN] = barren
            if self._preview:
                self._tell(request, Found(url=url, source=LISTING), Verdict(True, "a list"))
            yield request

    def _list(self, url: str, *, named: bool = False) -> Request:
        request = self.ask(url, site=self._site, named=named, priority=LIST)
        request.meta[LISTS] = True
        request.meta[COUNTED] = PAGES
        return request

    def _tell(self, request: Request, found: Found, verdict: Verdict) -> bool:
        assert self._preview is not None
        assert self.crawler.request_fingerprinter is not None
        return self._preview.tell(self.crawler.request_fingerprinter.fingerprint(request), found, verdict)

    def _count(self, found: Found, verdict: Verdict) -> None:
        """For the log's closing numbers."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(f"discovery/{found.source}/{'taken' if verdict.taken else 'left'}")
