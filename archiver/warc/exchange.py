"""Exchange: what crossed the wire, as it came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from string import ascii_letters, digits
from typing import Final
from urllib.parse import quote


class Purpose(StrEnum):
    """Why a request was made. Only the answer to ``page`` becomes a record, and those to ``comments`` and ``part``
    become a part of one."""

    PAGE = "page"
    ROBOTS = "robots"
    SITEMAP = "sitemap"
    FEED = "feed"
    API = "api"
    HOP = "hop"
    COMMENTS = "comments"
    PART = "part"


#: What is asked for to complete the record of a page.
COMPLETING: Final = frozenset({Purpose.COMMENTS, Purpose.PART})


@dataclass(frozen=True)
class Part:
    """What makes an answer a part of a page's record: the id of the page's own record in the archive,
    and the id of what was asked, by which the same question finds the answer again."""

    of: str
    ask: str


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An earlier answer that a later one repeats, and where it lies, in the terms of :class:`Location`."""

    record_id: str
    url: str
    started_at: datetime
    filename: str
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Exchange:
    """One request and its answer.

    ``request`` and ``response`` are the bytes sent and received: start line, headers, body,
    with transfer coding. ``response`` is empty where nothing came, and ``failure`` then says
    why; a response that was cut says so in ``truncated``, in WARC's words (length, time,
    disconnect, unspecified). ``reconstructed`` marks bytes that were put together again from
    parsed parts because the wire could not be read. ``refers_to`` is what a conditional request
    asked about, and a 304 tells to be as it was. ``withheld`` says why the body of the answer is
    not to be kept.
    """

    url: str
    started_at: datetime
    request: bytes
    response: bytes = b""
    ip: str | None = None
    protocols: tuple[str, ...] = ()
    cipher: str | None = None
    truncated: str | None = None
    failure: str | None = None
    purpose: Purpose = Purpose.PAGE
    redirected_from: tuple[str, ...] = ()
    interim: bytes = b""
    reconstructed: bool = False
    part: Part | None = None
    refers_to: Reference | None = None
    withheld: str | None = None


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where a record lies: `length` bytes from `offset` are its gzip member, and enough to read it.

    ``filename`` is relative to the data folder; ``record_id`` is without angle brackets;
    ``payload_digest`` is `sha256:` and hex, over the payload with transfer coding removed and
    content coding kept, None where there is no answer. ``offset`` and ``length`` are None in
    an archive, written by others, that is compressed as one piece. ``refers_to`` tells where the
    payload lies, where the record itself holds the head of the answer alone.
    """

    filename: str
    offset: int | None
    length: int | None
    record_id: str
    payload_digest: str | None
    refers_to: Reference | None = None


#: All that a URI may hold (RFC 3986); a percent sign is taken to begin an escape.
_URI_CHARACTERS: Final = f"{ascii_letters}{digits}-._~:/?#[]@!$&'()*+,;=%"
#: A user and a password before a host.
_USER: Final = re.compile(r"\A(\s*[a-z][a-z0-9+.-]*://)[^/?#\\]*@", re.I)


def uri(url: str) -> str:
    """A URL as it can stand in a header, and as archived pages are known by: never a line break in it, nor a password.

    Its scheme is in lower case, by which readers of archives know HTTP. Any other URI without a user is
    returned as it is.
    """
    scheme, colon, rest = _USER.sub(r"\1", url).partition(":")
    return quote(f"{scheme.lower()}{colon}{rest}" if colon else scheme, safe=_URI_CHARACTERS, errors="surrogatepass")
