"""A user and a password that stand in an address which the user named.

They are kept in memory alone and sent to the origin that they were named for. Every address is
rid of them before a request is made of it: so they stand in no file, and what a page says for
credentials is never sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Self
from urllib.parse import SplitResult, unquote, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware
from w3lib.http import basic_auth_header

#: Headers of ours that let somebody in. They are set again whenever a request is made.
LETTING_IN: Final = (b"Authorization", b"Cookie", b"Proxy-Authorization")
_PORTS: Final = {"http": 80, "https": 443}
_Origin = tuple[str, str, int | None]


def bare(url: str) -> str:
    """The address without user and password; what is no address comes back as it is."""
    parts = _split(url)
    if parts is None or "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class Bare(BaseSpiderMiddleware):
    """What a spider asks for is asked for at the bare address."""

    def get_processed_request(self, request: Request, response: Response | None) -> Request:  # noqa: ARG002
        url = bare(request.url)
        return request if url == request.url else request.replace(url=url)


class Credentials:
    """Known from the first request on, since a job that is gone on with may begin with any of its requests."""

    def __init__(self, named: Iterable[str]) -> None:
        self._known = dict(_credentials(named))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(getattr(getattr(crawler.spider, "plan", None), "urls", ()))

    def process_request(self, request: Request) -> None:
        header = self._known.get(_origin(urlsplit(request.url))) if self._known else None
        if header is not None:
            request.headers.setdefault(b"Authorization", header)


def _credentials(named: Iterable[str]) -> Iterable[tuple[_Origin, bytes]]:
    for url in named:
        parts = _split(url) if "@" in url else None
        if parts is not None and (parts.username or parts.password):
            yield _origin(parts), basic_auth_header(unquote(parts.username or ""), unquote(parts.password or ""))


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return parts if parts.scheme in _PORTS else None


def _origin(parts: SplitResult) -> _Origin:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
