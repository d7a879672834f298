"""What becomes of an answer: followed, asked for again, or final.

Scrapy's own middlewares decide; here it is noted that they did, since an exchange is archived
once its part is known: only a final answer to a request for a page becomes a record.
"""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archiver.crawl.credentials import bare
from archiver.crawl.notes import is_read, purpose_of
from archiver.crawl.recorder import Recorder
from archiver.crawl.tap import TRUNCATED
from archiver.warc.exchange import COMPLETING, Purpose


class Final:
    """Stands nearest to the engine: what comes this far is the last word on its request."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(Recorder.of(crawler))

    def process_request(self, request: Request) -> None:
        self._recorder.asked(request)

    def process_response(self, request: Request, response: Response) -> Response:
        self._recorder.settle(request, purpose_of(request))
        return response


class Redirects(RedirectMiddleware):
    """A redirect that must not be followed is itself the final answer."""

    def process_response(  # type: ignore[override]  # `spider` is deprecated, here and below
        self, request: Request, response: Response
    ) -> Request | Response:
        try:
            result = super().process_response(request, response)
        except IgnoreRequest:  # one redirect too many
            return response
        if isinstance(result, Response):
            return response
        result = result.replace(url=bare(result.url))
        if not self._may_follow(result):
            return response
        Recorder.of(self.crawler).settle(request, Purpose.HOP)
        return result

    def _may_follow(self, request: Request) -> bool:
        allows = getattr(self.crawler.spider, "allows", None)
        return allows is None or purpose_of(request) is not Purpose.PAGE or bool(allows(request))


class Retries(RetryMiddleware):
    """An answer that broke off is asked for again, and handed on when it broke off each time."""

    def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        result = super().process_response(request, response)
        if result is response and TRUNCATED in response.flags and not self._too_long(request):
            result = self._retry(request, TRUNCATED) or response
        if isinstance(result, Request):
            Recorder.of(self.crawler).settle(request, Purpose.HOP)
        return result

    def _retry(self, request: Request, reason: str | Exception | type[Exception]) -> Request | None:
        """A run that ends waits for no better answer about comments: its pages are waiting to be written."""
        if purpose_of(request) in COMPLETING and Recorder.of(self.crawler).is_ending:
            return None
        return super()._retry(request, reason)

    def _too_long(self, request: Request) -> bool:
        """It would be as long the next time."""
        return Recorder.of(self.crawler).held(request).truncated == "length"


class Decompression(HttpCompressionMiddleware):
    """For what Scrapy and the spiders read themselves; what goes into a record is decoded by its door."""

    def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        if is_read(request):
            return response
        return super().process_response(request, response)
