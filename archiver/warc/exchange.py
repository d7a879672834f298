"""Exchange: what crossed the wire, as it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Purpose(StrEnum):
    """Why a request was made. Only the answer to ``page`` becomes a record."""

    PAGE = "page"
    ROBOTS = "robots"
    SITEMAP = "sitemap"
    FEED = "feed"
    API = "api"
    HOP = "hop"


@dataclass(frozen=True, kw_only=True, eq=False)
class Exchange:
    """One request and its answer.

    ``request`` and ``response`` are the bytes sent and received: start line, headers, body,
    with transfer coding. ``response`` is empty where nothing came, and ``failure`` then says
    why; a response that was cut says so in ``truncated``, in WARC's words (length, time,
    disconnect, unspecified). ``reconstructed`` marks bytes that were put together again from
    parsed parts because the wire could not be read.
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
