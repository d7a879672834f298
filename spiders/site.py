"""Archive what a site announces: its feeds first, then its sitemaps, then its listings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self
from urllib.parse import urldefrag, urljoin

from msgspec import Meta, Struct
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from archiver.crawl import arguments
from archiver.crawl.discovery import feeds, listings, sitemaps
from archiver.crawl.notes import COUNTED, PURPOSE, SITE, is_named
from archiver.crawl.sites import place_of, site_of
from archiver.crawl.spider import PageSpider
from archiver.record import Review
from archiver.warc.exchange import Purpose

#: What is asked for first when both wait. Feeds tell the newest, sitemaps the most.
FEED, SITEMAP, LISTING, PAGE = 30, 20, 10, 0
#: Of one site in one run; a sitemap index may name any number.
MOST_SITEMAPS = 50
#: Characters of an address that is worth asking for; traps grow theirs without end.
LONGEST_ADDRESS = 2000
#: The kinds of requests of which there may be only so many.
PAGES, SITEMAPS = "pages", "sitemaps"
#: What the frontier remembers: the address at which the site was found.
FOUND_AT = "found at"
#: Noted on a request for a page that lists others.
LISTS = "lists"


@dataclass(frozen=True)
class Plan:
    url: str
    pages: int

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.url,)


class Site(PageSpider):
    """Stays on the host of the address given, or of the one that this redirects to."""

    name = "site"
    needs_contact = True

    class Arguments(Struct, forbid_unknown_fields=True):
        url: str = ""
        pages: Annotated[int, Meta(ge=1)] = 1000

    @classmethod
    def read_arguments(cls, spoken: Mapping[str, str]) -> Plan:
        said = arguments.read(spoken, cls.Arguments)
        if not said.url:
            raise arguments.complaint("site needs an address: -a url=ADDRESS")
        return Plan(arguments.web_address(said.url), said.pages)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._site = site_of(self.plan.url)
        self._place = place_of(self.plan.url)
        #: What the frontier takes no more of than so many; it also knows which pages are known already.
        self.caps = {PAGES: self.plan.pages, SITEMAPS: MOST_SITEMAPS}
        self._told_by_robots: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._robots_read, signals.robots_parsed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        found_at = self.recorder.leases.frontier.recall(FOUND_AT)
        if found_at:  # in an earlier run of this job
            self._place = place_of(found_at)
        yield self._list(self.plan.url, named=True)

    def allows(self, request: Request) -> bool:
        return is_named(request) or self._is_here(request.url)

    def discover(self, response: Response, review: Review) -> Iterator[Request]:  # noqa: ARG002
        asked = response.request
        if asked is None or not asked.meta.get(LISTS):
            return
        page = self.recorder.page(response)
        if is_named(asked):
            self._place = place_of(response.url)
            self.recorder.leases.frontier.remember(FOUND_AT, response.url)
            yield from self._sources(response.url, feeds.feeds(page))
        yield from self._pages(listings.entries(page))
        further = listings.next_page(page)
        if further and self._is_here(further):
            yield self._list(further)

    def feed(self, response: Response) -> Iterator[Request]:
        if response.status == 200:
            yield from self._pages(feeds.entries(response.body, response.url))

    def sitemap(self, response: Response) -> Iterator[Request]:
        if response.status != 200:
            return
        kind, found = sitemaps.locations(response.body, response.url)
        if kind == sitemaps.INDEX:
            yield from self._sitemaps(found)
        else:
            yield from self._pages(found)

    def _sources(self, url: str, announced: Iterable[str]) -> Iterator[Request]:
        for feed in announced:
            if self._is_here(feed):
                yield self._source(feed, self.feed, Purpose.FEED, FEED)
        yield from self._sitemaps(self._told_by_robots or [urljoin(url, sitemaps.USUAL_PATH)])

    def _sitemaps(self, urls: Iterable[str]) -> Iterator[Request]:
        for url in urls:
            if self._is_here(url):
                request = self._source(url, self.sitemap, Purpose.SITEMAP, SITEMAP)
                request.meta[COUNTED] = SITEMAPS
                yield request

    def _pages(self, urls: Iterable[str]) -> Iterator[Request]:
        for url in urls:
            if self._is_here(url):
                request = self.ask(urldefrag(url).url, site=self._site, priority=PAGE)
                request.meta[COUNTED] = PAGES
                yield request

    def _is_here(self, url: str) -> bool:
        try:
            is_web = url.startswith(("http://", "https://")) and len(url) <= LONGEST_ADDRESS
            return is_web and place_of(url) == self._place
        except ValueError:  # such as a port that is no number
            return False

    def _list(self, url: str, *, named: bool = False) -> Request:
        request = self.ask(url, site=self._site, named=named, priority=LISTING)
        request.meta[LISTS] = True
        request.meta[COUNTED] = PAGES
        return request

    def _source(self, url: str, callback: Any, purpose: Purpose, priority: int) -> Request:
        """A feed or a sitemap: one that cannot be read takes nothing from the pages told by others."""
        meta = {PURPOSE: purpose.value, SITE: self._site}
        return Request(url, callback=callback, errback=self._source_failed, meta=meta, priority=priority)

    def _source_failed(self, failure: Any) -> None:
        self.logger.info("could not be read: %s (%s)", failure.request.url, type(failure.value).__name__)

    def _robots_read(self, robotparser: Any, request: Request) -> None:
        """Protego tells the `Sitemap:` lines; other parsers of robots.txt do not."""
        if place_of(request.url) == self._place:
            self._told_by_robots = list(getattr(getattr(robotparser, "rp", None), "sitemaps", ()))
