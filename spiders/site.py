"""Archive a site's reviews: what its REST interface, its feeds, its sitemaps and its lists tell, in this order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self
from urllib.parse import urljoin, urlsplit

from msgspec import Meta, Struct, json
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archiver.crawl import arguments
from archiver.crawl.discovery import feeds, listings, sitemaps, wordpress
from archiver.crawl.discovery.addresses import LONGEST, folded, trap
from archiver.crawl.discovery.found import LISTING, NAMED, Found
from archiver.crawl.discovery.found import REST as FROM_REST
from archiver.crawl.discovery.judging import Judge, Verdict, calls_itself_of_reviews, revised
from archiver.crawl.discovery.preview import Preview
from archiver.crawl.notes import CHANGED, COMMENTED, COUNTED, FIRST, LISTS, PURPOSE, SITE, is_named
from archiver.crawl.recorder import request_of
from archiver.crawl.sites import at_home, place_of, site_of
from archiver.crawl.spider import PageSpider
from archiver.page import Page
from archiver.record import Review
from archiver.warc.exchange import Purpose

#: What is asked for first when several wait: what is trusted most.
REST, FEED, SITEMAP, LIST, PAGE = 40, 30, 20, 10, 0
#: The kinds of requests of which there may be only so many.
PAGES, POSTS, COUNTS, FEEDS, SITEMAPS = "pages", "posts", "counts", "feeds", "sitemaps"
#: Of one site in one job; a sitemap index may name any number.
MOST_SITEMAPS = 50
#: Answers of feeds and of the REST interface for each page that may be fetched: a feed tells ten pages an answer,
#: and they may all be left.
FEEDS_A_PAGE, POSTS_A_PAGE, LEAST = 0.2, 0.02, 20
#: Lists and feeds are read on as long as they tell something new; after so many that did not, their past is known.
MOST_BARREN_LISTS, MOST_BARREN_FEEDS = 10, 2
#: What the frontier remembers: where the site was found, whether it calls itself one of reviews, its sections'
#: names, and why a page was left.
FOUND_AT, OF_REVIEWS, SECTIONS, LEFT = "found at", "of reviews", "sections", "left"
#: And: how many comments each post has; that the REST interface was read to its end, or could not be.
COMMENTS, READ, UNREAD = "comments", "read", "unread"
#: Noted on requests: how many before it told nothing new, the root of a REST interface,
#: what its kind of posts is called, what to ask for where there is no sitemap, and what the front page lists, pages
#: and other lists: that waits until the sources that say more of a page have been read.
BARREN, ROOT, KIND, INSTEAD, LISTED, FURTHER = "barren", "root", "kind", "instead", "listed", "further"
#: Noted on the requests that count comments: the kinds of posts that come after them, by their routes.
ROUTES = "routes"
#: Comments by post, by the answer that told of them; None where one was not as expected.
Counts = dict[str, dict[str, int] | None]
#: Of what a front page lists.
MOST_LISTED = 2000


@dataclass(frozen=True)
class Plan:
    url: str
    pages: int
    match: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.url,)


class Site(PageSpider):
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
        self._site = site_of(plan.url)
        self._home = plan.url
        self._judge_of = Judge(plan.match, plan.exclude)
        #: What the frontier takes no more of than so many; it also knows which pages are known already.
        self.caps = {
            PAGES: plan.pages,
            POSTS: LEAST + int(POSTS_A_PAGE * plan.pages),
            COUNTS: wordpress.MOST_COUNTED,
            FEEDS: LEAST + int(FEEDS_A_PAGE * plan.pages),
            SITEMAPS: MOST_SITEMAPS,
        }
        self._told_by_robots: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._robots_read, signals.robots_parsed)
        return spider

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
        is_new = yield from self._pages(feeds.entries(page))
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

    # What a site is, and what is asked of it

    def _settle(self, page: Page, url: str) -> None:
        """The site has been found."""
        self._home = url
        remember = self.recorder.leases.frontier.remember
        remember(FOUND_AT, url)
        if calls_itself_of_reviews(listings.name(page), urlsplit(url).hostname):
            remember(OF_REVIEWS, "yes")
            self._judge_of = replace(self._judge_of, of_reviews=True)

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
            if found.commented is not None and (found.source == FROM_REST or self._counted() is None):
                request.meta[COMMENTED] = found.commented  # sources count differently: one of them is compared
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

    def _source(self, url: str, callback: Any, purpose: Purpose, priority: int, counted: str) -> Request:
        meta = {PURPOSE: purpose.value, SITE: self._site, COUNTED: counted, FIRST: True}
        return Request(url, callback=callback, errback=self.not_read, meta=meta, priority=priority)

    def _tell(self, request: Request, found: Found, verdict: Verdict) -> bool:
        assert self._preview is not None
        assert self.crawler.request_fingerprinter is not None
        return self._preview.tell(self.crawler.request_fingerprinter.fingerprint(request), found, verdict)

    def _count(self, found: Found, verdict: Verdict) -> None:
        """For the log's closing numbers."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(f"discovery/{found.source}/{'taken' if verdict.taken else 'left'}")

    def _robots_read(self, robotparser: Any, request: Request) -> None:
        """Protego tells the `Sitemap:` lines; other parsers of robots.txt do not."""
        if place_of(request.url) == place_of(self._home):
            told = getattr(getattr(robotparser, "rp", None), "sitemaps", ())
            self._told_by_robots = [url for url in told if len(url) <= LONGEST][:MOST_SITEMAPS]
