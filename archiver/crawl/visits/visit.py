"""One page as it was last found, worked out of its line and of what was known before.

All but the validators and what sources told is in the lines: a table of visits that is lost is made again of them.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urldefrag

from msgspec import Struct
from msgspec.structs import replace

from archiver.crawl.follow import onward
from archiver.record import Capture, CommentsState, PageState, Review
from archiver.store.history import as_seen, comments_digest
from archiver.warc.exchange import Location, Reference, uri

#: Answers, and states of pages, by which a page is gone.
_GONE: Final = frozenset({404, 410, 451})
_GONE_STATES: Final = frozenset({PageState.GONE, PageState.SOFT_404})
#: Answers that tell nothing of the page: it is asked for again by the next run that comes by.
_TROUBLE: Final = frozenset({PageState.ERROR, PageState.MAINTENANCE, PageState.CHALLENGE})
#: Lists of comments that may be longer elsewhere, whatever the page's own bytes are.
_LACKING: Final = frozenset({CommentsState.PARTIAL, CommentsState.EXTERNAL, CommentsState.LOST})
#: What is sent back to a server, to the byte: nothing that could end a header's line, and nothing without end.
_SENDABLE: Final = re.compile(r"[\x20-\x7e]{1,1000}")
_MONTH: Final = re.compile(r"\d{4}(?:-\d\d)?")


class Payload(Struct, frozen=True, kw_only=True):
    """Where the bytes lie that a 304 tells to be as they were, and their digest (`sha256:` and hex)."""

    reference: Reference
    digest: str


class Validators(Struct, frozen=True, kw_only=True):
    """By which a server tells whether a page is still the one that it sent, and where that lies."""

    etag: str | None = None
    last_modified: str | None = None
    payload: Payload


class Told(Struct, frozen=True, kw_only=True):
    """What came with a visit and stands in no line: the validators, and what a source told of the page."""

    validators: Validators | None = None
    changed: str | None = None
    commented: int | None = None


class Visit(Struct, frozen=True, kw_only=True):
    """``asked`` is the address first asked for, ``fetched_at`` when an answer last told how the page is.

    ``changed_at`` is its last change that is known: published, modified, commented, or found to be another.
    ``gone`` counts the visits in a row that found it gone. ``is_troubled`` means that the last answer told
    nothing of it; ``is_passed_through``, that it is a listing, or only leads to another page.
    """

    asked: str
    url: str
    record_id: str
    fetched_at: datetime
    changed_at: datetime
    status: int | None = None
    revision_id: str = ""
    comments_digest: str = ""
    comments: int = 0
    gone: int = 0
    is_troubled: bool = False
    is_passed_through: bool = False
    told: Told = Told()


def key_of(url: str, chain: tuple[str, ...]) -> bytes:
    """A page by its address and the way there: one that only leads to itself is not the page that comes after it."""
    return hashlib.blake2b("\n".join((uri(urldefrag(url).url), *map(uri, chain))).encode(), digest_size=16).digest()


def visited(before: Visit | None, review: Review, told: Told) -> Visit | None:
    """What is known after a page's line was written; None of a line that was made of no answer."""
    capture = review.captures[0] if review.captures else Capture()
    at = moment(capture.fetch_time)
    if at is None or review.url is None:
        return None
    if _tells_nothing(review, capture):
        return replace(before, status=capture.fetch_status, is_troubled=True) if before else _first(review, at, True)
    now = _first(review, at, False)
    gone = before.gone + 1 if before and now.gone else now.gone
    now = replace(now, told=_remembered(before, told), gone=gone)
    if before is None or not before.revision_id:
        return now
    return replace(now, changed_at=_last_change(before, now, review))


def unchanged(before: Visit, at: datetime, told: Told) -> Visit:
    """What is known after a 304."""
    remembered = replace(_remembered(before, told), validators=before.told.validators)
    return replace(before, fetched_at=at, is_troubled=False, told=remembered)


def is_other(before: Visit, now: Visit) -> bool:
    """Whether the review, or what is said of it, has changed from one visit to the next."""
    return (before.revision_id, before.comments_digest) != (now.revision_id, now.comments_digest)


def validators(review: Review, etag: str | None, last_modified: str | None, at: Location) -> Validators | None:
    """Those of a page whose bytes alone make its line: what stands elsewhere may change while the page does not."""
    etag, last_modified = _sendable(etag), _sendable(last_modified)
    capture = review.captures[0]
    is_whole = capture.fetch_status == 200 and not capture.content_truncated and review.comments_state not in _LACKING
    stands_alone = len(review.captures) == (2 if capture.warc_refers_to else 1) and onward(review, 0) is None
    payload = _payload(review, at)
    if not (etag or last_modified) or not (is_whole and stands_alone) or payload is None:
        return None
    return Validators(etag=etag, last_modified=last_modified, payload=payload)


def _payload(review: Review, at: Location) -> Payload | None:
    earlier, started = at.refers_to, moment(review.captures[0].fetch_time)
    if at.payload_digest is None or at.offset is None or at.length is None or started is None:
        return None
    if earlier is None:
        earlier = Reference(
            record_id=at.record_id,
            url=review.url or "",
            started_at=started,
            filename=at.filename,
            offset=at.offset,
            length=at.length,
        )
    return Payload(reference=earlier, digest=at.payload_digest)


def _first(review: Review, at: datetime, is_troubled: bool) -> Visit:
    chain = review.captures[0].redirect_chain
    shown = as_seen(review).comments
    dates = [date for date in _dates(review) if date <= at]
    gone = review.captures[0].fetch_status in _GONE or review.page_state in _GONE_STATES
    return Visit(
        asked=chain[0] if chain else review.url or "",
        url=review.url or "",
        record_id=review.record_id,
        fetched_at=at,
        changed_at=max(dates, default=at),
        status=review.captures[0].fetch_status,
        revision_id="" if is_troubled else review.revision_id,
        comments_digest="" if is_troubled else comments_digest(shown),
        comments=len(shown),
        gone=int(gone),
        is_troubled=is_troubled,
        is_passed_through=review.page_state is PageState.INDEX or onward(review, 0) is not None,
    )


def _tells_nothing(review: Review, capture: Capture) -> bool:
    status = capture.fetch_status or 0
    return (
        status >= 500 or status == 429 or capture.content_truncated is not None or review.page_state in _TROUBLE
    ) and status not in _GONE


def _last_change(before: Visit, now: Visit, review: Review) -> datetime:
    """When it happened, where the page tells; when it was found, where not."""
    if not is_other(before, now):
        return before.changed_at
    dates = [date for date in _dates(review) if before.fetched_at < date <= now.fetched_at]
    return max(dates, default=now.fetched_at)


def _dates(review: Review) -> list[datetime]:
    said = (review.published_at, review.modified_at, *(one.posted_at for one in as_seen(review).comments))
    return [date for date in map(moment, said) if date is not None]


def _remembered(before: Visit | None, told: Told) -> Told:
    """What no source told this time is still known."""
    if before is None:
        return told
    return Told(
        validators=told.validators,
        changed=told.changed or before.told.changed,
        commented=before.told.commented if told.commented is None else told.commented,
    )


def _sendable(said: str | None) -> str | None:
    return said if said and _SENDABLE.fullmatch(said) else None


def moment(said: str | None) -> datetime | None:
    """A date as records have it, however precise."""
    if not said:
        return None
    if _MONTH.fullmatch(said):
        said = f"{said}-01" if len(said) == 7 else f"{said}-01-01"
    try:
        read = datetime.fromisoformat(said)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
