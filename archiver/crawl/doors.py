"""From the wire to a page, and from a page to its record: the live door.

A page is made of the very bytes that go into the archive, by the very function that reads
them back from there. That is why a live record equals the archived one.
"""

from __future__ import annotations

from archiver import extract
from archiver.page import Page
from archiver.record import Review
from archiver.store.records import located
from archiver.warc.exchange import Location
from archiver.warc.http import page_of

__all__ = ["page_of", "review_of"]


def review_of(page: Page, location: Location) -> Review:
    """The record of a page that lies in an archive."""
    return located(extract(page), location)
