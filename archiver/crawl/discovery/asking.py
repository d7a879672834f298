"""What a site's sources are asked, and in which order: REST first, then feeds, sitemaps, and what the front page lists.

Each is asked when the one before it is done, since what a better one says of a page holds for those that
come after it. What must outlast a run that is killed between two answers is remembered by the frontier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Self
from urllib.parse import urljoin

from msgspec import json
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archiver.crawl.discovery import feeds, listings, sitemaps, wordpress
from archiver.crawl.discovery.addresses import LONGEST
from archiver.crawl.discovery.found import LISTING, Found
from archiver.crawl.notes import COUNTED, FIRST, PURPOSE, SITE
from archiver.crawl.recorder import request_of
from archiver.crawl.sites import at_home, place_of, site_of
from archiver.crawl.spider import PageSpider
from archiver.page import Page
from archiver.warc.exchange import Purpose

#: What is asked for first when several wait: what is trusted most. Lists and pages come after these.
REST, FEED, SITEMAP = 40, 30, 20
#: The kinds of requests of which there may be only so many.
POSTS, COUNTS, FEEDS, SITEMAPS = "posts", "counts", "feeds", "sitemaps"
#: Of one site in one job; a sitemap index may name any number.
MOST_SITEMAPS: Final = 50
#: Answers of feeds and of the REST interface for each page that may be fetched: a feed tells ten pages an answer,
#: and they may all be left.
FEEDS_A_PAGE, POSTS_A_PAGE, LEAST = 0.2, 0.02, 20
#: Feeds are read on as long as they tell something new; after so many that did not, their past is known.
MOST_BARREN_FEEDS: Final = 2
#: Of what a front page lists.
MOST_LISTED: Final = 2000
#: What the frontier remembers: the names of sections, how many comments each post has, and that the REST interface
#: was read to its end, or could not be.
SECTIONS, COMMENTS, READ, UNREAD = "sections", "comments", "read", "unread"
#: Noted on requests: how many before it told nothing new; the root of a REST interface, what its kind of posts is
#: called, and the kinds that come after the comments, by their routes.
BARREN, ROOT, KIND, ROUTES = "barren", "root", "kind", "routes"
#: And: what to ask for where there is no sitemap, and what the front page lists, pages and other lists. These wait
#: until the sources that say more of a page have been read.
INSTEAD, LISTED, FURTHER = "instead", "listed", "further"
#: Comments by post, by the answer that told of them; None where one was not as expected.
Counts = dict[str, dict[str, int] | None]


def most_asked(pages: int) -> dict[str, int]:
    """How many requests of a kind there may be, where so many pages may be fetched."""
    return {
        POSTS: LEAST + int(POSTS_A_PAGE * pages),
        COUNTS: wordpress.MOST_COUNTED,
        FEEDS: LEAST + int(FEEDS_A_PAGE * pages),
        SITEMAPS: MOST_SITEMAPS,
    }


class Sources(PageSpider):
    """A spider that asks a site's sources. Subclasses say what becomes of the pages and lists that these tell."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: The address at which the site was found.
        self._home: str = self.plan.url
        self._site = site_of(self.plan.url)
        self._told_by_robots: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._robots_read, signals.robots_parsed)
        return spider

    def _pages(self, told: Iterable[Found]) -> Generator[Request, None, bool]:
        """Asks for what is worth it; returns whether any of it was new."""
        raise NotImplementedError

    def _lists(self, urls: Iterable[str], barren: int) -> Iterator[Request]:
        """Asks for pages that list others, after so many that told nothing new."""
        raise NotImplementedError

    def _sources(self, page: Page, url: str) -> Iterator[Request]:
        root = at_home(wordpress.root(page) or "", self._home)
        if root:
            request = self._source(wordpress.categories_address(root), self.sections, Purpose.API, REST, POSTS)
            yield request.replace(errback=self.no_sections, meta={**request.meta, ROOT: root})
        for told in feeds.feeds(page):
            feed = at_home(told, self._home)
            if feed:
                yield self._feed(feed)
        named = [urljoin(url, told) for told in self._told_by_robots]
        usual = [urljoin(url, path) for path in sitemaps.USUAL_PATHS]
        first, *others = [*self._sitemaps(named)] or [*self._sitemaps(usual[:1], usual[1:])]
        listed = listings.entries(page)[:MOST_LISTED]
        first.meta[LISTED] = [[one.url, one.title, *one.sections] for one in listed]
        first.meta[FURTHER] = list(listings.further(page))[:MOST_LISTED]
        yield from (first, *others)

    # The REST interface of WordPress: what sections are called, which kinds of posts there are, the posts

    def sections(self, response: Response) -> Iterator[Request]:
        if response.status == 200:
            named = wordpress.categories(self.recorder.page(response))
            self.recorder.leases.frontier.remember(SECTIONS, json.encode(named).decode())
        yield self._kinds(request_of(response))

    def no_sections(self, failure: Failure) -> Iterator[Request]:
        self.not_read(failure)
        yield self._kinds(failure.request)  # type: ignore[attr-defined]

    def kinds(self, response: Response) -> Iterator[Request]:
        page = self.recorder.page(response)
        routes = wordpress.routes(page) if response.status == 200 else wordpress.POSTS
        yield self._comments(request_of(response), routes)

    def no_kinds(self, failure: Failure) -> Iterator[Request]:
        self.not_read(failure)
        yield self._comments(failure.request, wordpress.POSTS)  # type: ignore[attr-defined]

    def comments(self, response: Response) -> Iterator[Request]:
        """Counted before the posts are read: what is told of a post is told at once."""
        asked, page = request_of(response), self.recorder.page(response)
        counted, following = wordpress.counted(page), wordpress.further(page)
        self._count_comments(response.url, counted)
        if counted is not None and following:
            yield asked.replace(url=following)
        else:
            yield from self._after_comments(asked)

    def no_comments(self, failure: Failure) -> Iterator[Request]:
        self.not_read(failure)
        self._count_comments(failure.request.url, None)  # type: ignore[attr-defined]
        yield from self._after_comments(failure.request)  # type: ignore[attr-defined]

    def posts(self, response: Response) -> Iterator[Request]:
        remember = self.recorder.leases.frontier.remember
        if response.status != 200:
            remember(UNREAD, response.url)
            return
        page = self.recorder.page(response)
        named = json.decode(self.recorder.leases.frontier.recall(SECTIONS) or "{}", type=dict[str, str])
        kind: str = request_of(response).meta.get(KIND, "")
        yield from self._pages(wordpress.entries(page, named, kind, self._counted()))
        following = wordpress.further(page)
        if following:
            yield self._posts(following, kind)
        else:
            remember(READ, response.url)

    def no_posts(self, failure: Failure) -> None:
        self.not_read(failure)
        self.recorder.leases.frontier.remember(UNREAD, failure.request.url)  # type: ignore[attr-defined]

    def _kinds(self, after: Request) -> Request:
        root: str = after.meta[ROOT]
        request = self._source(wordpress.types_address(root), self.kinds, Purpose.API, REST, POSTS)
        return request.replace(errback=self.no_kinds, meta={**request.meta, ROOT: root})

    def _comments(self, after: Request, routes: Mapping[str, str]) -> Request:
        root: str = after.meta[ROOT]
        request = self._source(wordpress.comments_address(root), self.comments, Purpose.API, REST, COUNTS)
        meta = {**request.meta, ROOT: root, ROUTES: dict(routes)}
        return request.replace(errback=self.no_comments, meta=meta)

    def _after_comments(self, asked: Request) -> Iterator[Request]:
        for route, kind in asked.meta[ROUTES].items():
            yield self._posts(wordpress.posts_address(asked.meta[ROOT], route), kind)

    def _posts(self, url: str, kind: str = "") -> Request:
        request = self._source(url, self.posts, Purpose.API, REST, POSTS)
        request.meta[KIND] = kind
        return request.replace(errback=self.no_posts)

    def _count_comments(self, answer: str, counted: dict[str, int] | None) -> None:
        """By answer, since one may come twice; where one is missing, nothing is counted."""
        known = json.decode(self.recorder.leases.frontier.recall(COMMENTS) or "{}", type=Counts)
        self.recorder.leases.frontier.remember(COMMENTS, json.encode({**known, answer: counted}).decode())

    def _counted(self) -> Counter[str] | None:
        """How many comments each post has; None where they were not counted."""
        known = json.decode(self.recorder.leases.frontier.recall(COMMENTS) or "{}", type=Counts)
        answers = [counted for counted in known.values() if counted is not None]
        return sum(map(Counter, answers), Counter()) if answers and len(answers) == len(known) else None

    def _is_told_by_rest(self) -> bool:
        """Whether the REST interface told all its posts."""
        recall = self.recorder.leases.frontier.recall
        return recall(READ) is not None and recall(UNREAD) is None

    # Feeds and sitemaps

    def feed(self, response: Response) -> Iterator[Request]:
        if response.status != 200:
            return
        page = self.recorder.page(response)
        told = feeds.entries(page)
        if self._counted() is not None:  # sources count differently: what the REST interface told is compared
            told = [replace(one, commented=None) for one in told]
        is_new = yield from self._pages(told)
        barren = 0 if is_new else request_of(response).meta.get(BARREN, 0) + 1
        following = at_home(feeds.further(page) or "", self._home) if barren < MOST_BARREN_FEEDS else None
        if following:
            yield self._feed(following, barren)

    def sitemap(self, response: Response) -> Iterator[Request]:
        told = sitemaps.read(self.recorder.page(response)) if response.status == 200 else sitemaps.Sitemap()
        yield from self._pages(told.pages)
        yield from self._sitemaps(told.sitemaps)
        yield from self._after_sitemap(request_of(response), read=bool(told.sitemaps or told.pages))

    def no_sitemap(self, failure: Failure) -> Iterator[Request]:
        self.not_read(failure)
        yield from self._after_sitemap(failure.request, read=False)  # type: ignore[attr-defined]

    def not_read(self, failure: Failure) -> None:
        """A source that cannot be read takes nothing from the pages told by others."""
        request: Request = failure.request  # type: ignore[attr-defined]
        self.logger.info("could not be read: %s (%s)", request.url, type(failure.value).__name__)

    def _feed(self, url: str, barren: int = 0) -> Request:
        request = self._source(url, self.feed, Purpose.FEED, FEED, FEEDS)
        request.meta[BARREN] = barren
        return request

    def _after_sitemap(self, asked: Request, *, read: bool) -> Iterator[Request]:
        listed = [
            Found(url=url, source=LISTING, title=title, sections=tuple(sections))
            for url, title, *sections in asked.meta.get(LISTED, ())
        ]
        is_new = yield from self._pages(listed)
        if is_new or not (read and self._is_told_by_rest()):  # otherwise lists would tell the same again
            yield from self._lists(asked.meta.get(FURTHER, ()), 0)
        if not read:
            yield from self._sitemaps(asked.meta.get(INSTEAD, ())[:1], asked.meta.get(INSTEAD, ())[1:])

    def _sitemaps(self, urls: Iterable[str], instead: Sequence[str] = ()) -> Iterator[Request]:
        for told in urls:
            url = at_home(told, self._home)
            if url:
                request = self._source(url, self.sitemap, Purpose.SITEMAP, SITEMAP, SITEMAPS)
                yield request.replace(errback=self.no_sitemap, meta={**request.meta, INSTEAD: list(instead)})

    def _source(self, url: str, callback: Any, purpose: Purpose, priority: int, counted: str) -> Request:
        meta = {PURPOSE: purpose.value, SITE: self._site, COUNTED: counted, FIRST: True}
        return Request(url, callback=callback, errback=self.not_read, meta=meta, priority=priority)

    def _robots_read(self, robotparser: Any, request: Request) -> None:
        """Protego tells the `Sitemap:` lines; other parsers of robots.txt do not."""
        if place_of(request.url) == place_of(self._home):
            told = getattr(getattr(robotparser, "rp", None), "sitemaps", ())
            self._told_by_robots = [url for url in told if len(url) <= LONGEST][:MOST_SITEMAPS]
