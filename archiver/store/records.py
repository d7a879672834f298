"""What a record gains by being archived."""

from __future__ import annotations

from msgspec.structs import replace

from archiver.record import Capture, Review
from archiver.warc.exchange import Location


def located(review: Review, location: Location) -> Review:
    """The record with the place of its page's bytes: the same for a page from the wire and from the archive."""
    own, *others = review.captures or (Capture(),)
    return replace(review, captures=(*placed(own, location), *others))


def placed(capture: Capture, location: Location) -> tuple[Capture, ...]:
    """A capture with the place of its bytes; where its payload came before, that capture follows it."""
    own = replace(
        capture,
        content_digest=location.payload_digest,
        warc_filename=location.filename,
        warc_record_offset=location.offset,
        warc_record_length=location.length,
        warc_record_id=location.record_id,
    )
    earlier = location.refers_to
    if earlier is None:
        return (own,)
    before = Capture(
        fetch_time=earlier.started_at.isoformat().replace("+00:00", "Z"),
        content_digest=location.payload_digest,
        warc_filename=earlier.filename,
        warc_record_offset=earlier.offset,
        warc_record_length=earlier.length,
        warc_record_id=earlier.record_id,
    )
    return replace(own, warc_refers_to=earlier.record_id), before
