"""From the wire, or from the archive, to a page, and from a page to its record.

A page is made of the very bytes that go into the archive, by the very function that reads
them back from there; and what its record needs besides is asked for by one and the same
generator, whether the answers come from the wire or from the archive. That is why a live
record equals the archived one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from typing import NamedTuple

from msgspec.structs import replace

from archiver import extract
from archiver.extraction.elsewhere import Ask
from archiver.extraction.extract import capture_of
from archiver.extraction.joining import completing
from archiver.page import Page
from archiver.record import Review
from archiver.store.records import located, placed
from archiver.warc.exchange import Location
from archiver.warc.http import page_of
from archiver.warc.reader import Captured

__all__ = ["Answered", "Ask", "Asking", "archived_review", "ask_id", "asking", "page_of", "review_of"]


class Answered(NamedTuple):
    """An answer, and where it lies in the archive."""

    page: Page
    location: Location


#: What to ask for; sent back is what was answered, or None where nothing was.
Asking = Generator[Ask, Answered | None, Review]


def review_of(page: Page, location: Location) -> Review:
    """The record of a page that lies in an archive, with what the page itself holds."""
    return located(extract(page), location)


def asking(page: Page, review: Review, *, comments: bool = True) -> Asking:
    """Asks for what the record lacks, and for nothing twice; returns the record with it, and with where it all lies.

    ``comments`` tells whether those are asked for too, as the further pages of an article are.
    """
    gatherer = completing(page, review, comments=comments)
    asked: set[str] = set()
    captures = list(review.captures)
    answer: Page | None = None
    while True:
        try:
            ask = gatherer.send(answer)
        except StopIteration as over:
            whole: Review = over.value
            return replace(whole, captures=tuple(captures))
        answer = None
        if ask_id(ask) not in asked:
            asked.add(ask_id(ask))
            answered = yield ask
            if answered is not None:
                answer = answered.page
                captures.extend(placed(capture_of(answer), answered.location))


def archived_review(captured: Captured) -> Review:
    """The record of a page with what was asked for its sake, all from the archive."""
    page, location, answers = captured
    review = review_of(page, location)
    if not answers:
        return review
    gatherer = asking(page, review)
    answer: Answered | None = None
    while True:
        try:
            found = answers.find(ask_id(gatherer.send(answer)), location.filename)
        except StopIteration as over:
            whole: Review = over.value
            return whole
        answer = Answered(*found) if found is not None else None


def ask_id(ask: Ask) -> str:
    """By which the archive finds the answer again: a digest of the address and of what was sent to it."""
    asked = ask.url.encode(errors="surrogatepass") + b"\n" + ask.body
    return f"sha256:{hashlib.sha256(asked).hexdigest()}"
