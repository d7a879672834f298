"""The wire tap: a download handler that keeps the bytes of every attempt, as sent and received.

Scrapy's own handler does the work; what it lets slip (the reason phrase, the case and order of
headers, the framing of chunks, answers that broke off, requests that failed) is kept as an
:class:`Exchange`. A page that broke off is handed on as far as it came, flagged
:data:`TRUNCATED`: half an answer is an answer, and says more than an error.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urldefrag, urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Headers, Response

from archiver.crawl import guard
from archiver.crawl.doors import page_of
from archiver.crawl.manners import Manners
from archiver.crawl.notes import in_words, is_read, part_of, purpose_of, redirected_from
from archiver.crawl.recorder import Recorder
from archiver.warc.exchange import Exchange

try:
    from archiver.crawl import wire
except ImportError:  # Scrapy or Twisted has moved what it never promised to keep
    wire = None  # type: ignore[assignment]

#: The flag of a response whose body broke off.
TRUNCATED = "truncated"

#: Why an answer broke off, in WARC's words.
_REASONS: Final = (
    (DownloadTimeoutError, "time"),
    (DownloadCancelledError, "length"),
    (ResponseDataLossError, "disconnect"),
    (DownloadFailedError, "disconnect"),
)
#: 1xx answers that come before the answer proper; 101 is an answer proper.
_INTERIM: Final = re.compile(rb"HTTP/\d\.\d 1(?!01)\d\d[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n")
_HEAD_ENDS: Final = re.compile(rb"\r?\n\r?\n")


class TapHandler(HTTP11DownloadHandler):
    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._recorder = Recorder.of(crawler)
        self._crawler = crawler
        if wire is not None:
            self._pool = wire.tapped(self._pool)

    async def download_request(self, request: Request) -> Response:
        manners = Manners.of(self._crawler)
        manners.may_set_out(request)
        started_at = datetime.now(UTC)
        takes: list[Any] = []
        if wire is not None:
            wire.takes.set(takes)
        try:
            response = await super().download_request(request)
        except Exception as error:
            manners.unanswered(request, error, _since(takes, started_at))
            self._keep_earlier(request, takes)
            exchange = _failed(request, takes, started_at, error)
            if is_read(request) and (partial := _partial(request, exchange)):
                self._recorder.hold(request, exchange)
                return partial
            self._recorder.keep(request, exchange)
            refusal = guard.refusal(urlsplit(request.url).hostname or "")
            if refusal and isinstance(error, CannotResolveHostError):
                raise guard.PrivateHostError(refusal) from error
            raise
        manners.answered(request, response, _since(takes, started_at))
        self._keep_earlier(request, takes)
        exchange = _answered(request, takes, started_at, response)
        self._recorder.hold(request, exchange)
        return response

    def _keep_earlier(self, request: Request, takes: list[Any]) -> None:
        """Twisted asks again by itself where a reused connection turns out to be dead."""
        for take in takes[:-1]:
            self._recorder.keep(request, _exchange(request, take, failure="the reused connection was closed"))


def _since(takes: list[Any], started_at: datetime) -> float:
    """Seconds since the last attempt was sent."""
    sent_at = takes[-1].started_at if takes else started_at
    return (datetime.now(UTC) - sent_at).total_seconds()


def _answered(request: Request, takes: list[Any], started_at: datetime, response: Response) -> Exchange:
    if takes:
        return _exchange(request, takes[-1])
    return Exchange(
        url=urldefrag(request.url).url,
        started_at=started_at,
        request=_request_again(request),
        response=_response_again(response),
        ip=str(response.ip_address) if response.ip_address else None,
        protocols=((response.protocol or "http/1.1").lower(),),
        purpose=purpose_of(request),
        redirected_from=redirected_from(request),
        reconstructed=True,
        part=part_of(request),
    )


def _failed(request: Request, takes: list[Any], started_at: datetime, error: Exception) -> Exchange:
    failure = in_words(error)
    if not takes:
        return Exchange(
            url=urldefrag(request.url).url,
            started_at=started_at,
            request=b"",
            failure=failure,
            purpose=purpose_of(request),
            redirected_from=redirected_from(request),
            part=part_of(request),
        )
    cut = next((why for kind, why in _REASONS if isinstance(error, kind)), "unspecified")
    return _exchange(request, takes[-1], failure=failure, truncated=cut)


def _exchange(request: Request, take: Any, *, failure: str | None = None, truncated: str | None = None) -> Exchange:
    received = bytes(take.received)
    begin = 0
    while interim := _INTERIM.match(received, begin):
        begin = interim.end()
    return Exchange(
        url=urldefrag(request.url).url,
        started_at=take.started_at,
        request=bytes(take.sent),
        response=received[begin:],
        interim=received[:begin],
        ip=take.ip,
        protocols=take.protocols,
        cipher=take.cipher,
        truncated=truncated if received[begin:] else None,
        failure=failure,
        purpose=purpose_of(request),
        redirected_from=redirected_from(request),
        part=part_of(request),
    )


def _partial(request: Request, exchange: Exchange) -> Response | None:
    """What came of an answer that broke off after its head."""
    if not _HEAD_ENDS.search(exchange.response):
        return None
    page = page_of(exchange)
    if page.status is None:
        return None
    headers = Headers([(name, value.encode("latin-1", "replace")) for name, value in page.headers])
    return Response(request.url, status=page.status, headers=headers, flags=[TRUNCATED])


def _request_again(request: Request) -> bytes:
    """A request as it was probably sent."""
    parts = urlsplit(request.url)
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    first = f"{request.method} {target} HTTP/1.1".encode()
    return b"\r\n".join([first, *_lines(request.headers), b"Host: " + parts.netloc.encode(), b"", request.body])


def _response_again(response: Response) -> bytes:
    """An answer as it probably came, its reason phrase and the framing of its body apart."""
    lines = [f"HTTP/1.1 {response.status} ".encode(), *_lines(response.headers)]
    return b"\r\n".join([*lines, b"", response.body])


def _lines(headers: Headers) -> list[bytes]:
    return [name + b": " + value for name, values in headers.items() for value in values]
