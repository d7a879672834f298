"""Further pages of an article, and comments elsewhere: what a page's record asks for is fetched as a page is.

With the same politeness, robots.txt, retries, guard and archive. Whatever becomes of it, the
page keeps its record: an answer that does not come is a gap, and a run that ends asks no more.
"""

from __future__ import annotations

import logging
from typing import Final

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from archiver.crawl.credentials import bare
from archiver.crawl.doors import Answered, Ask, ask_id, asking
from archiver.crawl.manners import Manners
from archiver.crawl.notes import PART, PURPOSE, SITE, first_asked, in_words
from archiver.crawl.recorder import Recorder, request_of
from archiver.page import Page
from archiver.record import CommentsState, PageState, Review
from archiver.warc.exchange import Part, Purpose

logger = logging.getLogger(__name__)

#: The states of a record that lacks comments.
_LACKING: Final = frozenset({CommentsState.PARTIAL, CommentsState.EXTERNAL, CommentsState.LOST})
_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}


async def completed(crawler: Crawler, response: Response, review: Review) -> Review:
    """The record with what its page does not hold of the article and its comments; a run that is cut short
    writes what it has."""
    gathering = Gathering(crawler, response, review)
    with Recorder.of(crawler).unfinished(gathering.site, gathering.finish):
        return await gathering.run()


class Gathering:
    """What belongs to one page, as it comes."""

    def __init__(self, crawler: Crawler, response: Response, review: Review) -> None:
        self._crawler = crawler
        self._recorder = Recorder.of(crawler)
        self._page_request = request_of(response)
        self._page_record = review.captures[0].warc_record_id or ""
        self._asking = asking(self._recorder.kept(response).page, review, comments=self._recorder.gathers)
        self._review = review
        self._missing: list[tuple[str, int | None]] = []
        self.site = self._recorder.site(self._page_request)

    async def run(self) -> Review:
        ask = self._next(None)
        while ask is not None:
            ask = self._next(await self._answer(ask))
        return self._finished()

    def finish(self) -> Review:
        """The record with what came so far."""
        self._miss("the run was cut short")
        while self._next(None) is not None:
            pass
        return self._finished()

    def _next(self, answer: Answered | None) -> Ask | None:
        """What to ask for next; None once the record has all there is."""
        try:
            return self._asking.send(answer)
        except StopIteration as over:
            self._review = over.value
        except Exception as error:  # a fault in reading an answer, which must not cost the page
            logger.exception("reading what belongs to %s", self._review.url)
            self._recorder.run.broke(error, f"reading what belongs to {self._review.url}")
        return None

    async def _answer(self, ask: Ask) -> Answered | None:
        request = self._request(ask)
        async with Manners.of(self._crawler).turn(request):
            if self._recorder.is_ending:
                self._miss("the run was ended")
                return None
            try:
                response = await self._crawler.engine.download_async(request)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is a gap
                self._miss(in_words(error))
                return None
        answered = self._recorder.kept(response)
        self._judge(answered.page)
        return answered

    def _request(self, ask: Ask) -> Request:
        return Request(
            bare(ask.url),
            method="POST" if ask.body else "GET",
            body=ask.body,
            headers=_JSON if ask.body else None,
            meta={
                PURPOSE: Purpose(ask.what).value,
                SITE: self.site,
                PART: Part(of=self._page_record, ask=ask_id(ask)),
            },
        )

    def _judge(self, answer: Page) -> None:
        if answer.status != 200:
            self._miss(f"HTTP status {answer.status}", answer.status)
        elif answer.truncated:
            self._miss("the answer broke off", answer.status)

    def _miss(self, reason: str, status: int | None = None) -> None:
        self._missing.append((reason, status))

    def _finished(self) -> Review:
        """One source may be closed where the next one gives all: then nothing is missing."""
        lacks = self._review.comments_state in _LACKING or self._review.page_state is PageState.ARTICLE_PART
        if self._missing and lacks:
            reason, status = self._missing[0]
            self._recorder.run.incomplete(first_asked(self._page_request), len(self._missing), reason, status)
        return self._review
