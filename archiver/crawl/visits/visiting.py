"""Between Scrapy's requests and the table of visits: what is asked for, on which condition, and what came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from msgspec.structs import replace
from scrapy import Request

from archiver.crawl.config import Config
from archiver.crawl.notes import CHANGED, COMMENTED, LISTS, purpose_of, redirected_from
from archiver.crawl.run import Run
from archiver.crawl.visits.schedule import Pace
from archiver.crawl.visits.table import Line, Visits
from archiver.crawl.visits.visit import Told, Validators, Visit, is_other, validators
from archiver.page import Page
from archiver.record import Review
from archiver.store.history import growth, has_thread, seen_again
from archiver.warc import revisit
from archiver.warc.exchange import Exchange, Location, Purpose, Reference

#: The headers that ask for a page only if it is another than the one we have, in Scrapy's spelling.
_CONDITIONS: Final = ("If-None-Match", "If-Modified-Since")


class _Came(NamedTuple):
    """What came with a page and stands in no record."""

    told: Told
    etag: str | None
    last_modified: str | None
    location: Location


class Visiting:
    """OSError wherever the table cannot be read or written."""

    def __init__(self, run: Run, judged: Config) -> None:
        self._run = run
        self._data = run.layout.data
        self._table = Visits(self._data, _pace(judged))
        self._conditions: WeakKeyDictionary[Request, Validators] = WeakKeyDictionary()
        self._came: dict[str, _Came] = {}

    # Before a page is asked for

    def due(self, by: datetime | None, site: str) -> Iterator[str]:
        """The addresses due by then, the longest ago first; all that are ever due, where no instant is given."""
        return self._table.due(by, site)

    def wants(self, request: Request) -> bool:
        """Whether a page that was come upon is to be asked for; a known one only where there may be news of it."""
        told = _told(request)
        return self._table.wants(request.url, datetime.now(UTC), told.changed, told.commented)

    def ask_if_changed(self, request: Request) -> None:
        """A page that is known is to be sent only where it is another now. Redirects and retries bring along what
        was asked of the address before them."""
        for name in _CONDITIONS:
            request.headers.pop(name, None)
        self._conditions.pop(request, None)
        if purpose_of(request) is not Purpose.PAGE or request.meta.get(LISTS):
            return
        known = self._validators(self._table.find(request.url, redirected_from(request)))
        if known is not None:
            self._conditions[request] = known
            for name, value in zip(_CONDITIONS, (known.etag, known.last_modified), strict=True):
                if value:
                    request.headers[name] = value

    # What came

    def asked_about(self, request: Request) -> Reference | None:
        """The answer in the archive that a request was to differ from."""
        known = self._conditions.get(request)
        return known.payload.reference if known else None

    def is_as_it_was(self, request: Request, status: int, exchange: Exchange) -> bool:
        """Whether a page is the one that was archived before: then it has no body, and becomes no record."""
        if status != 304 or request not in self._conditions:
            return False
        self._table.note_unchanged(exchange.url, redirected_from(request), exchange.started_at, _told(request))
        self._run.counts.known += 1
        self._run.counts.unchanged += 1
        return True

    def came(self, request: Request, page: Page, location: Location) -> None:
        """A page came that becomes a record."""
        told = _Came(_told(request), page.header("etag"), page.header("last-modified"), location)
        self._came[location.record_id] = told

    def with_history(self, review: Review) -> Review:
        """The record with what earlier visits know of its comments."""
        before = self._table.earlier(review.record_id) if has_thread(review) else None
        if before is None:
            return review
        now = seen_again(before, review)
        brought = growth(now)
        self._run.counts.comments_new += brought.new
        self._run.counts.comments_vanished += brought.vanished
        return now

    def recorded(self, review: Review, path: Path, begin: int, length: int) -> None:
        """The record stands in a file of lines."""
        came = self._came.pop(review.captures[0].warc_record_id or "", None)
        told = Told() if came is None else replace(came.told, validators=validators(review, *came[1:]))
        line = Line(path.relative_to(self._data).as_posix(), begin, length)
        self._compare(*self._table.note(review, line, told))

    def commit(self) -> None:
        """What was noted is known to later runs: to be called once its lines outlast a power cut."""
        self._table.commit()

    def close(self) -> None:
        self._table.close()

    def _validators(self, visit: Visit | None) -> Validators | None:
        """Those of a page whose payload the archive still has: a 304 brings none."""
        known = visit.told.validators if visit and not visit.is_troubled else None
        if known is None:
            return None
        digest = bytes.fromhex(known.payload.digest.removeprefix("sha256:"))
        return known if revisit.holds(self._data, known.payload.reference, digest) else None

    def _compare(self, before: Visit | None, now: Visit | None) -> None:
        """What has become of a page since the visit before."""
        if before is None or now is None or now.is_passed_through or not before.revision_id:
            return
        counts = self._run.counts
        counts.known += 1
        if now.is_troubled:
            return
        if now.gone and not before.gone:
            counts.gone += 1
        elif is_other(before, now):
            counts.changed += 1
        else:
            counts.unchanged += 1


def _told(request: Request) -> Told:
    """What a source told of a page, before it was asked for."""
    changed, commented = request.meta.get(CHANGED), request.meta.get(COMMENTED)
    return Told(
        changed=changed if isinstance(changed, str) else None,
        commented=commented if isinstance(commented, int) else None,
    )


def _pace(judged: Config) -> Pace:
    return Pace(
        share=judged.revisit_share,
        shortest=timedelta(days=judged.revisit_shortest),
        longest=timedelta(days=judged.revisit_longest),
    )
