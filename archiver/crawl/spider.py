"""What every spider here does with a page: record it, then follow it where it only leads elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, ClassVar, Self

from msgspec import Struct
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archiver.crawl.completing import completed
from archiver.crawl.follow import onward
from archiver.crawl.notes import FOLLOWED, NAMED, REDIRECTED, SITE, is_named, redirected_from
from archiver.crawl.recorder import Recorder, request_of
from archiver.crawl.sites import site_of
from archiver.record import Review


class PageSpider(Spider):
    """Subclasses say which pages, in :meth:`start` and :meth:`discover`.

    Every answer to a request made by :meth:`ask` becomes exactly one record, and every request
    without an answer one entry among the run's failed pages. What a page leads to is told before its
    record: a run that is killed in between asks again, and nothing that the page leads to is lost.
    """

    #: What may stand after `-a`.
    Arguments: ClassVar[type[Struct]]
    #: Whether it goes from page to page by itself, so that hosts must be told whom to write to.
    needs_contact: ClassVar[bool] = False
    #: Whether it takes a `preview`, which it tells what it would ask for.
    can_preview: ClassVar[bool] = False
    #: Whether there is nothing to do for it where nothing was archived before.
    needs_archive: ClassVar[bool] = False

    def __init__(self, plan: Any = None, spoken: Mapping[str, str] | None = None, **arguments: str) -> None:
        super().__init__()
        self.spoken = dict(arguments if spoken is None else spoken)
        self.plan = self.read_arguments(arguments) if plan is None else plan

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        return super().from_crawler(crawler, *args, **kwargs)

    @classmethod
    def read_arguments(cls, spoken: Mapping[str, str]) -> Any:
        """The plan that :meth:`__init__` takes; raises UsageError, and touches nothing but files it was given."""
        raise NotImplementedError

    def ask(self, url: str, *, site: str | None = None, named: bool = False, priority: int = 0) -> Request:
        """A request for a page. One that the user named is made even where the same page was seen before."""
        return Request(
            url,
            callback=self.page,
            errback=self.page_failed,
            meta={SITE: site or site_of(url), NAMED: named},
            dont_filter=named,
            priority=priority,
        )

    def allows(self, request: Request) -> bool:  # noqa: ARG002
        """Whether a redirect may be followed to where it leads."""
        return True

    def discover(self, response: Response, review: Review) -> Iterator[Request]:  # noqa: ARG002
        """What a recorded page leads to."""
        return iter(())

    async def page(self, response: Response) -> AsyncIterator[Review | Request]:
        if self.recorder.is_as_it_was(response):
            return
        review = self.recorder.review(response)
        following = self._onward(response, review)
        if following is not None:
            yield following
            yield review
            return
        fault: Exception | None = None
        try:
            for request in self.discover(response, review):
                yield request
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not cost the record
            fault = error
        review = await completed(self.crawler, response, review)
        self._judge(response, review)
        yield self.recorder.with_history(review)
        if fault is not None:
            raise fault

    def page_failed(self, failure: Failure) -> None:
        self.recorder.page_failed(failure)

    @property
    def recorder(self) -> Recorder:
        return Recorder.of(self.crawler)

    def _onward(self, response: Response, review: Review) -> Request | None:
        asked = request_of(response)
        followed = asked.meta.get(FOLLOWED, 0)
        target = onward(review, followed)
        if target is None:
            return None
        following = asked.replace(url=target.url, cookies=target.cookies, dont_filter=True)
        following.meta[FOLLOWED] = followed + 1
        following.meta[REDIRECTED] = [*redirected_from(asked), asked.url]
        return following if self.allows(following) else None

    def _judge(self, response: Response, review: Review) -> None:
        """What the last answer to a request must not be."""
        asked = request_of(response)
        status = response.status
        cut = review.captures[0].content_truncated
        if cut:
            reason = "the answer is too long" if cut == "length" else "the answer broke off"
            self.recorder.failed(asked, reason, status)
        elif status >= 500 or status == 429 or (is_named(asked) and status >= 300):
            self.recorder.failed(asked, f"HTTP status {status}", status)
