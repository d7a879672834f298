"""The wire itself: what Twisted writes to a connection and reads from it, byte for byte.

This leans on names that Scrapy and Twisted keep to themselves. Everything that does so stands
in this module; where a name is gone, importing it fails and :mod:`archiver.crawl.tap` puts the
bytes together again from the parsed parts, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientFactory, _LenientHTTP11ClientProtocol
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web.client import HTTPConnectionPool
from zope.interface import directlyProvides, providedBy

#: Bytes of one line of a head; Twisted gives an answer up at 16 KiB, and a header of a megabyte has been seen.
LONGEST_LINE: Final = 4 * 2**20


@dataclass(eq=False)
class Take:
    """One attempt: a request written to a connection, and what came back until the answer ended."""

    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)
    ip: str | None = None
    protocols: tuple[str, ...] = ("http/1.1",)
    cipher: str | None = None
    over: bool = False


#: The takes of the request being made. A pooled connection is asked for in the same breath as
#: the request is made, and there it is handed from the request to the connection.
takes: ContextVar[list[Take]] = ContextVar("takes")


def tapped(pool: HTTPConnectionPool) -> HTTPConnectionPool:
    """A pool like the given one, whose connections are listened to."""
    listening = _Pool(pool._reactor, pool.persistent)  # type: ignore[no-untyped-call]
    listening.maxPersistentPerHost = pool.maxPersistentPerHost
    listening._factory = _Factory
    return listening


class _Pool(HTTPConnectionPool):
    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:  # noqa: N802
        mine = takes.get()
        connected: Deferred[Any] = super().getConnection(key, endpoint)
        return connected.addCallback(_Bound, mine)


@dataclass(eq=False)
class _Bound:
    """A connection for one request, which tells whose request it is. The pool may ask twice."""

    connection: Any
    mine: list[Take]

    def request(self, request: Any) -> Deferred[Any]:
        request.archiver_takes = self.mine
        answered: Deferred[Any] = self.connection.request(request)
        return answered


class _Protocol(_LenientHTTP11ClientProtocol):
    _take: Take | None = None

    def makeConnection(self, transport: Any) -> None:  # noqa: N802
        super().makeConnection(_Listening(transport, self))  # type: ignore[no-untyped-call]

    def request(self, request: Any) -> Deferred[Any]:
        connection: Any = self.transport
        self._take = Take(ip=getattr(connection.getPeer(), "host", None))
        request.archiver_takes.append(self._take)
        answered: Deferred[Any] = super().request(request)
        if self._parser is not None:
            self._parser.MAX_LENGTH = LONGEST_LINE
        return answered

    def sending(self, data: bytes) -> None:
        if self._take and not self._take.over:
            self._take.sent += data

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._take and not self._take.over:
            if not self._take.received:
                self._handshaken(self._take)
            self._take.received += data
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802
        if self._take and not self._take.over:
            self._take.over = True
            if rest:
                del self._take.received[-len(rest) :]
        super()._finishResponse(rest)

    def _handshaken(self, take: Take) -> None:
        """TLS's parameters are known once it has let through the first byte of an answer."""
        connection: Any = self.transport
        handle = connection.getHandle()
        if hasattr(handle, "get_cipher_name"):
            take.cipher = handle.get_cipher_name()
            version = handle.get_protocol_version_name().lower()  # "tlsv1.3"
            take.protocols = (*take.protocols, version.replace("tlsv", "tls/"))


class _Listening:
    """A transport whose writes are heard; all else goes straight to it."""

    def __init__(self, transport: Any, hearer: _Protocol) -> None:
        self._transport = transport
        self._hearer = hearer
        directlyProvides(self, providedBy(transport))

    def write(self, data: bytes) -> None:
        self._hearer.sending(data)
        self._transport.write(data)

    def writeSequence(self, pieces: Iterable[bytes]) -> None:  # noqa: N802
        whole = b"".join(pieces)
        self._hearer.sending(whole)
        self._transport.write(whole)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> _Protocol:  # noqa: ARG002, N802
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
