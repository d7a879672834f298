"""What is noted on a request, and travels with it through redirects and retries."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http.request import NO_CALLBACK

from archiver.crawl.discretion import without_passwords
from archiver.crawl.guard import PrivateHostError
from archiver.crawl.run import FORBIDDEN
from archiver.warc.exchange import COMPLETING, Part, Purpose


class RefusingHostError(Exception):
    """A page was not asked for, since its host had refused too often."""


PURPOSE: Final = "purpose"
#: The site that a request is made for, wherever it leads.
SITE: Final = "site"
#: The page whose record needs the answer, and what was asked for it; None for pages themselves.
PART: Final = "part"
#: Whether the user gave this very address.
NAMED: Final = "named"
#: Of which kind a request is, where a job may make only so many of a kind (the spider's `caps`).
COUNTED: Final = "counted"
#: Nothing else is asked of the host until what this one leads to is known.
FIRST: Final = "first"
#: Noted on a request for a page that lists others: it is read anew each time.
LISTS: Final = "lists"
#: When a page was last changed, as whatever told of it says: an instant in ISO 8601, UTC. Not there where nothing does.
CHANGED: Final = "changed"
#: How many comments the page has, as a source told.
COMMENTED: Final = "commented"
#: How many pages in a row only pointed to the next.
FOLLOWED: Final = "followed"
#: Scrapy's list of the addresses that were redirected; pages that only point onward are added to it.
REDIRECTED: Final = "redirect_urls"


def purpose_of(request: Request) -> Purpose:
    if request.callback is NO_CALLBACK and urlsplit(request.url).path == "/robots.txt":
        return Purpose.ROBOTS
    return Purpose(request.meta.get(PURPOSE, Purpose.PAGE))


def part_of(request: Request) -> Part | None:
    part: Part | None = request.meta.get(PART)
    return part


def is_read(request: Request) -> bool:
    """Whether the answer goes into a record, and is therefore read as it lies in the archive."""
    return purpose_of(request) in (Purpose.PAGE, *COMPLETING)


def redirected_from(request: Request) -> tuple[str, ...]:
    """The addresses asked before this one, first asked first."""
    return tuple(request.meta.get(REDIRECTED, ()))


def first_asked(request: Request) -> str:
    """The address as it was given, before anything led elsewhere."""
    return (*redirected_from(request), request.url)[0]


def is_named(request: Request) -> bool:
    return bool(request.meta.get(NAMED, False))


#: Robots.txt's refusals have no type of their own.
_FORBIDDEN: Final = "Forbidden by robots.txt"

_NO_ANSWER: Final = "no answer"
_IN_WORDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (DownloadConnectionRefusedError, "connection refused"),
    (DownloadTimeoutError, "timed out"),
    (CannotResolveHostError, "host not found"),
    (ResponseDataLossError, "the answer broke off"),
    (DownloadCancelledError, "the answer is too long"),
    (DownloadFailedError, _NO_ANSWER),
)
#: Twisted tells of several failures as a list of their representations; OpenSSL has its own words.
_WRAPPED: Final = re.compile(r"<twisted\.python\.failure\.Failure (?:[\w.]+: )?([^>]*)>")
_UNTRUSTED: Final = ("certificate verify failed", "VerificationError")


def in_words(error: Any) -> str:
    """Why a request failed, for people, and no password in it."""
    return without_passwords(_in_words(error))


def _in_words(error: Any) -> str:
    if isinstance(error, (PrivateHostError, RefusingHostError)):
        return str(error)
    if isinstance(error, IgnoreRequest) and str(error) == _FORBIDDEN:
        return FORBIDDEN
    words = next((words for kind, words in _IN_WORDS if isinstance(error, kind)), None)
    detail = "; ".join(_WRAPPED.findall(str(error))) or str(error).strip()
    if any(sign in detail for sign in _UNTRUSTED):
        return "its certificate is not to be trusted"
    if words in (_NO_ANSWER, None) and detail:
        return f"{words or type(error).__name__}: {detail}"
    return words or type(error).__name__
