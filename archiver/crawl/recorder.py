"""Everything that crossed the wire goes into the archive here, before anybody reads it.

An exchange is held until its part is known (a hop, or the final answer), then written, and
then a page can be made of it, which knows where it lies.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.log import get_scrapy_root_handler
from twisted.python.failure import Failure

from archiver.crawl import config, gates
from archiver.crawl.addon import software
from archiver.crawl.discretion import keep_to_yourself
from archiver.crawl.doors import Answered, page_of, review_of
from archiver.crawl.frontier.forms import frontier
from archiver.crawl.leases import Leases, job_of
from archiver.crawl.notes import SITE, first_asked, in_words, is_named
from archiver.crawl.run import Run
from archiver.crawl.shelf import Shelf
from archiver.crawl.sites import site_of
from archiver.crawl.visits.visiting import Visiting
from archiver.extraction.rights import asks_not_to_be_kept
from archiver.page import Page
from archiver.record import Review
from archiver.store import lines
from archiver.store.layout import Layout, folder_name, new_run_id
from archiver.warc import cdxj, repair
from archiver.warc.exchange import COMPLETING, Exchange, Location, Purpose, Reference
from archiver.warc.seen import Seen
from archiver.warc.writer import ArchiveWriter, Keeping

logger = logging.getLogger(__name__)


#: Seconds. A power cut costs the pages of as many; to wait for the disk at each would slow the crawl to its pace.
SYNC_EVERY: Final = 10.0


#: Why a body is not kept.
_NOARCHIVE: Final = "the page asks not to be archived (noarchive)"


class Stopping(IgnoreRequest):
    """The archive cannot be written any more; nothing is fetched that could not be kept."""


class _Sink(NamedTuple):
    write: Callable[[Review], object]
    sync: Callable[[], None]
    close: Callable[[], None]


class Recorder:
    """The extension that holds the run. Everybody in this room finds it by :meth:`of`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        layout = Layout(
            data=config.data_folder(crawler.settings),
            run_id=crawler.settings.get(config.RUN_ID) or new_run_id(),
        )
        self._config = config.from_settings(crawler.settings)
        #: Whether comments are asked for elsewhere.
        self.gathers = self._config.comments
        #: Bytes at which a file is followed by another.
        self.warc_size = self._config.warc_size
        spider = crawler.spider
        self.run = Run(layout, spider.name if spider else "", _spoken(spider))
        job = job_of(spider.name if spider else "", _spoken(spider))
        waiting = frontier(self._config.frontier, layout.data, job=job, worker=layout.run_id)
        self.leases = Leases(waiting, crawler, self._broke)
        self._archives = Shelf(self._new_archive, full=self.warc_size)
        self._keeping = Keeping(keep_credentials=self._config.keep_credentials)
        self._held: dict[Request, Exchange] = {}
        self._written: WeakKeyDictionary[Request, tuple[Exchange, Location]] = WeakKeyDictionary()
        self._pages: WeakKeyDictionary[Request, Page] = WeakKeyDictionary()
        self._askers: dict[str, str] = {}
        #: What is known of each page from earlier visits; None until the archive is open.
        self.visits: Visiting | None = None
        self._unfinished: list[Callable[[], Review]] = []
        self._sinks: list[_Sink] = []
        self._syncing = create_looping_call(self._sync)
        self._stopping: asyncio.Future[None] | None = None
        self._is_broken = False
        self._closed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        recorder = cls(crawler)
        connect = crawler.signals.connect
        connect(recorder._opened, signals.spider_opened)
        connect(recorder._closing, signals.spider_closed)
        connect(recorder._item_failed, signals.item_error)
        connect(recorder._callback_failed, signals.spider_error)
        return recorder

    @staticmethod
    def of(crawler: Crawler) -> Recorder:
        recorder = crawler.get_extension(Recorder)
        if recorder is None:
            raise RuntimeError("the Recorder extension is switched off, and nothing could be kept")
        return recorder

    # What the wire tap and the middlewares tell

    def asked(self, request: Request) -> None:
        """A request sets out. What a foreign host answers lies with the site that asked first."""
        if self._stopping is not None:
            raise Stopping("the run is being stopped")
        site = request.meta.get(SITE)
        if site:
            self._askers.setdefault(urlsplit(request.url).netloc, site)
        try:
            if self.visits:
                self.visits.ask_if_changed(request)
        except OSError as error:
            self._broke(error, "reading the visits")

    def hold(self, request: Request, exchange: Exchange) -> None:
        self._held[request] = exchange

    def held(self, request: Request) -> Exchange:
        return self._held[request]

    def settle(self, request: Request, purpose: Purpose) -> None:
        """The part of a held exchange is known; it is written."""
        exchange = self._held.pop(request, None)
        if exchange is not None:
            exchange = self._as(exchange, purpose, self.visits.asked_about(request) if self.visits else None)
            self._written[request] = (exchange, self._write(request, exchange))

    def keep(self, request: Request, exchange: Exchange) -> None:
        """An exchange without a usable answer is written at once."""
        self._write(request, exchange)

    # What spiders ask

    def kept(self, response: Response) -> Answered:
        """The page of a response, with its content coding removed, and where it lies in the archive."""
        request = request_of(response)
        exchange, location = self._written[request]
        if request not in self._pages:  # which is decoded and parsed once
            self._pages[request] = page_of(exchange)
        return Answered(self._pages[request], location)

    def page(self, response: Response) -> Page:
        return self.kept(response).page

    def review(self, response: Response) -> Review:
        """The record of a response, with what the page itself holds."""
        self.run.answered()
        page, location = self.kept(response)
        review = review_of(page, location)
        if self.visits:
            self.visits.came(request_of(response), page, location)
        self.run.made()
        return review

    def is_as_it_was(self, response: Response) -> bool:
        """Whether a page is the one that was archived before: then it has no body, and becomes no record."""
        request = request_of(response)
        if self.visits is None or not self.visits.is_as_it_was(request, response.status, self._written[request][0]):
            return False
        self.run.answered()
        return True

    def with_history(self, review: Review) -> Review:
        """The record with what earlier visits know of its comments."""
        return self.visits.with_history(review) if self.visits else review

    def wants(self, request: Request) -> bool:
        """Whether a page that was come upon is to be asked for; a known one only where there may be news of it."""
        try:
            return self.visits is None or self.visits.wants(request)
        except OSError as error:
            self._broke(error, "reading the visits")
            return False

    def site(self, request: Request) -> str:
        """The site in whose archive a request's exchange lies."""
        asker = request.meta.get(SITE) or self._askers.get(urlsplit(request.url).netloc)
        return asker or site_of(request.url)

    @contextmanager
    def unfinished(self, site: str, finish: Callable[[], Review]) -> Iterator[None]:
        """While a record is being completed its answers lie in one file with its page; a run that is
        cut short writes what ``finish`` returns."""
        self._unfinished.append(finish)
        try:
            with self._archives.kept_open(folder_name(site)):
                yield
        finally:
            self._unfinished.remove(finish)

    @property
    def is_ending(self) -> bool:
        """Whether the run was told to end, by whomever: Scrapy itself tells nobody."""
        slot = self._crawler.engine._slot
        return self._stopping is not None or self.run.signal is not None or slot is None or slot.closing is not None

    def page_failed(self, failure: Failure) -> None:
        """A page got no answer. What robots.txt keeps from us is a failure only where the user asked for it."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if isinstance(failure.value, Stopping) or (isinstance(failure.value, IgnoreRequest) and not is_named(request)):
            return
        self.failed(request, in_words(failure.value))

    def failed(self, request: Request, reason: str, status: int | None = None) -> None:
        """A page did not come as it should: the manifest names it, and so does the frontier until it does."""
        self.run.failed(first_asked(request), reason, status)
        try:
            self.leases.frontier.fail(first_asked(request), reason, status)
        except OSError as error:
            self._broke(error, "writing the frontier")

    # What pipelines ask

    def recorded(self, review: Review, path: Path, begin: int, length: int) -> None:
        """A record stands in a file of lines: the page has been visited."""
        if self.visits:
            self.visits.recorded(review, path, begin, length)

    def convert(self, review: Review) -> None:
        """The record goes into the archive too, beside its page."""
        capture = review.captures[0]
        if not self._config.conversions or self._stopping is not None or capture.warc_record_id is None:
            return
        archive = self._archives.of(PurePosixPath(capture.warc_filename or "").parent.name)
        archive.convert(review.url or "", capture.warc_record_id, lines.encode(review))

    # Power cuts, and the end

    def keep_safe(
        self,
        *,
        write: Callable[[Review], object],
        sync: Callable[[], None] = lambda: None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """What a pipeline wants made safe from power cuts now and then, and closed in whatever way the run ends;
        ``write`` takes the last records of a run that is cut short."""
        self._sinks.append(_Sink(write, sync, close))

    def sync_archives(self) -> None:
        """What is archived so far outlasts a power cut: done before a line that names a place in it does."""
        self._archives.sync()
        if self._keeping.seen:
            self._keeping.seen.commit()

    def close(self) -> None:
        """Write what is still held and close every file; a second call does nothing."""
        if self._closed:
            return
        for request in list(self._held):
            try:
                self.settle(request, Purpose.HOP)
            except Stopping:
                break
        back = self.leases.back()
        self._closed = True
        if self._syncing.running:
            self._syncing.stop()
        for close in (
            self._write_unfinished,
            self.sync_archives,
            self._archives.close,
            *([self._keeping.seen.close] if self._keeping.seen else []),
            *(sink.close for sink in self._sinks),
            self._commit_visits,
            *([self.visits.close] if self.visits else []),
            lambda: self.leases.acknowledge(back),
            lambda: self.leases.close(finished=self.run.ending == "finished" and self.run.signal is None),
            self._last_manifest,
        ):
            try:
                close()
            except OSError as error:
                self._broke(error, "closing the files")

    def _as(self, exchange: Exchange, purpose: Purpose, asked_about: Reference | None) -> Exchange:
        """With its purpose known, what it was to differ from, and whether its body is kept: judged of what is read."""
        exchange = exchange if exchange.purpose is purpose else replace(exchange, purpose=purpose)
        if asked_about is not None:
            exchange = replace(exchange, refers_to=asked_about)
        if self._config.noarchive is config.NoArchive.KEEP or purpose not in (Purpose.PAGE, *COMPLETING):
            return exchange
        return replace(exchange, withheld=_NOARCHIVE) if asks_not_to_be_kept(page_of(exchange)) else exchange

    def _write(self, request: Request, exchange: Exchange) -> Location:
        if self._stopping is not None:
            raise Stopping("the run is being stopped")
        try:
            location = self._archives.of(folder_name(self.site(request))).write(exchange)
        except OSError as error:
            self._broke(error, "writing the archive")
            raise Stopping("the archive cannot be written") from error
        self.run.counts.exchanges += 1
        return location

    def _write_unfinished(self) -> None:
        for finish in self._unfinished:
            review = self.with_history(finish())
            for sink in self._sinks:
                sink.write(review)

    def _new_archive(self, site: str, part: int) -> ArchiveWriter:
        layout = self.run.layout
        return ArchiveWriter(
            layout.warc(site, part),
            data=layout.data,
            software=software(),
            run_id=layout.run_id,
            robots="obey" if self._crawler.settings.getbool("ROBOTSTXT_OBEY") else "ignore",
            keeping=self._keeping,
        )

    def _broke(self, error: BaseException, what: str) -> None:
        """There is no going on: the crawl is stopped, once."""
        logger.error("%s: %s", what, error, exc_info=error)
        self._is_broken = True
        self.leases.freeze()
        self.run.broke(error, what)
        if self._stopping is None and not self._closed:
            self._stopping = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason="cannot go on"))

    def _sync(self) -> None:
        try:
            back = self.leases.back()
            if back:  # the links of a page before its record, its record before its lease goes
                self.leases.frontier.sync()
            self.sync_archives()
            for sink in self._sinks:
                sink.sync()
            self._commit_visits()
            self.leases.acknowledge(back)
        except OSError as error:
            self._broke(error, "writing to the disk")

    def _commit_visits(self) -> None:
        """Once all lines are safe; of what could not be made safe, nothing is said."""
        if self.visits is not None and not self._is_broken:
            self.visits.commit()

    def _last_manifest(self) -> None:
        run = self.run
        by = config.from_settings(self._crawler.settings).gate
        run.fell = gates.fallen(run.sites, run.layout.manifest().parent, run.spider, run.layout.run_id, by)
        self.run.write_manifest(over=True)

    def _complete_what_was_left(self) -> None:
        """What a killed run left open: its torn tail is cut and kept aside, all before it stays."""
        data = self.run.layout.data
        for left in (*repair.repair(data), *lines.repair(data)):
            logger.warning(
                "completed %s, which a killed run left: %s bytes kept, %s cut", left.path, left.kept, left.cut
            )
        try:
            cdxj.complete(data)
        except OSError as error:  # an index can always be made later
            logger.warning("an index is missing: %s", error)

    def _go_on(self) -> None:
        try:
            self.run.earlier = self.leases.take_up(self.run.layout.data)
        except OSError as error:
            self._broke(error, "reading the frontier")
        if self.run.earlier:
            logger.info("going on with a job: %s requests of it are done", self.run.earlier)

    # Scrapy's signals

    def _opened(self) -> None:
        keep_to_yourself(get_scrapy_root_handler())
        try:
            self._complete_what_was_left()
            if self._config.deduplicate:
                self._keeping = replace(self._keeping, seen=Seen(self.run.layout.data))
            self.visits = Visiting(self.run, self._config)
            self._go_on()
            self.run.write_manifest(over=False)
        except OSError as error:
            self._broke(error, "opening the archive")
        self._syncing.start(SYNC_EVERY, now=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            _listen(number, self.run)

    def _closing(self, reason: str) -> None:
        self.run.ending = reason
        self.close()

    def _item_failed(self, failure: Failure) -> None:
        """A pipeline raised. A full disk or a lost one ends the run; anything else spoils its exit code."""
        error = _error(failure)
        if isinstance(error, OSError):
            self._broke(error, "writing a record")
        else:
            self.run.broke(error, "a pipeline")

    def _callback_failed(self, failure: Failure, response: Response | Failure | None) -> None:
        if isinstance(failure.value, Stopping):
            return
        if isinstance(response, Response):
            if request_of(response) not in self._pages:  # it got an answer, which nobody came to read
                self.run.answered()
            self.failed(request_of(response), in_words(failure.value), response.status)
        else:
            self.run.broke(_error(failure), "the spider")


def request_of(response: Response) -> Request:
    if response.request is None:
        raise ValueError("a response that no request led to")
    return response.request


def _error(failure: Failure) -> BaseException:
    return failure.value if failure.value is not None else RuntimeError("a failure that tells no cause")


def _spoken(spider: Spider | None) -> Mapping[str, str]:
    return dict(getattr(spider, "spoken", {}))


def _listen(number: signal.Signals, run: Run) -> None:
    """Note a signal on its way to Scrapy, which stops the crawl but never says why."""
    onward = signal.getsignal(number)

    def note(signum: int, frame: FrameType | None) -> None:
        run.signal = run.signal or signum
        if callable(onward):
            onward(signum, frame)

    signal.signal(number, note)
