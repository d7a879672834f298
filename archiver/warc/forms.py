"""Which records an exchange becomes, and what stands in their fields.

The answer comes first, then what belongs to it: a record names only earlier ones, as warcat
asks. They share one date, the instant the capture began.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from archiver.warc import revisit
from archiver.warc.exchange import Exchange, Reference, uri
from archiver.warc.http import HttpMessage, parse
from archiver.warc.redaction import redacted

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Form:
    """A record before it is bytes."""

    type: str
    content_type: str
    block: bytes
    date: str
    fields: Fields = ()
    is_answer: bool = False
    #: Whether most of the block came compressed.
    is_packed: bool = False
    id: str = field(default_factory=lambda: f"urn:uuid:{uuid4()}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """An exchange with what is worked out of it once."""

    exchange: Exchange
    keep_credentials: bool = False

    @cached_property
    def message(self) -> HttpMessage:
        return parse(self.exchange.response)

    @cached_property
    def digest(self) -> bytes:
        """Of the payload."""
        return revisit.sha256(self.message.body)

    @cached_property
    def head(self) -> re.Match[bytes] | None:
        """The head of an answer that every reader takes in."""
        head = _PLAIN_HEAD.match(self.exchange.response)
        return head if head and head.end() <= _LONGEST_HEAD else None

    @property
    def has_plain_payload(self) -> bool:
        """Whether all readers mean the same bytes by its payload.

        The standard takes transfer coding off the payload; every checker there is leaves it on, and
        rejects the right digest.
        """
        return self.head is not None and not _CODED.search(self.head[0])

    @property
    def is_packed(self) -> bool:
        """Whether the body is in a content coding, going by its header, and larger than its head."""
        is_coded = self.message.every("content-encoding") not in ("", "identity")
        return is_coded and 2 * len(self.message.body) > len(self.exchange.response)

    @property
    def can_stand_for_others(self) -> bool:
        """Whether it is, or could be, a `response` that others refer to, or a `revisit`."""
        exchange = self.exchange
        return (
            self.head is not None
            and not self.head[0].startswith((b"HTTP/1.1 1", b"HTTP/1.0 1"))
            and not (exchange.failure or exchange.withheld or exchange.reconstructed)
            and revisit.can_stand_for_others(self.message, exchange.truncated)
        )

    @property
    def is_not_modified(self) -> bool:
        """A 304 that was asked for. One that was not tells of nothing."""
        return self.message.status == 304 and self.head is not None and bool(_CONDITION.search(self.exchange.request))


def warcinfo(name: str, filename: str, about: Fields) -> Form:
    return Form(
        type="warcinfo",
        content_type=_FIELDS,
        block=lines(about),
        date=date(datetime.now(UTC)),
        fields=(("WARC-Filename", name), ("Archiver-Filename", filename)),
    )


def conversion(url: str, refers_to: str, block: bytes) -> Form:
    """What was made of an answer: a JSON line."""
    return Form(
        type="conversion",
        content_type="application/json",
        block=block,
        date=date(datetime.now(UTC)),
        fields=(("WARC-Target-URI", uri(url)), ("WARC-Refers-To", f"<{refers_to}>")),
    )


def forms(told: Told, earlier: Reference | None) -> Iterator[Form]:
    """Never none. ``earlier`` is where the payload lies already."""
    exchange = told.exchange
    when = date(exchange.started_at)
    about: Fields = (("WARC-Target-URI", uri(exchange.url)), *_about(exchange))
    wire = tuple(_wire(exchange))
    if exchange.response:
        answer = _answer(told, earlier, when, (*about, *wire))
        yield answer
        about += _concurrent(answer)
    if exchange.withheld:
        yield _said("withheld", exchange.withheld, when, about)
    if exchange.request:
        request = _request(told, when, (*about, *wire))
        yield request
        about += _concurrent(request) if not exchange.response else ()
    if exchange.interim:
        fields = (*about, ("Archiver-Holds", "interim"))
        yield Form(type="metadata", content_type=_RESPONSE, block=exchange.interim, date=when, fields=fields)
    if exchange.failure or not (exchange.request or exchange.response):
        yield _said("failure", exchange.failure or "no answer", when, about)


_REQUEST: Final = "application/http;msgtype=request"
_RESPONSE: Final = "application/http;msgtype=response"
#: The type of a single message, with which readers leave alone a head that they would fail at.
_ODD_RESPONSE: Final = "message/http;msgtype=response"
_FIELDS: Final = "application/warc-fields"

#: An answer that every reader of WARC files takes for one. Another (`ICY 200`, `HTTP/2 200`, noise)
#: stops some of them at the whole file, and stands in a metadata record.
_ANSWER: Final = re.compile(rb"HTTP/1\.[01][ \t]+\d{3}")
#: A head that every reader takes in, and ends at the same byte.
_PLAIN_HEAD: Final = re.compile(
    rb"HTTP/1\.[01] \d{3}[^\r\n]*\r\n(?:[^\s:]+:[^\r\n]*\r\n(?:[ \t]+[^\s][^\r\n]*\r\n)*)*\r\n"
)
_LONGEST_HEAD: Final = 32 * 1024  # bytes; FastWARC gives up a file at some 64 KiB
_CODED: Final = re.compile(rb"^transfer-encoding[ \t]*:", re.I | re.M)
_CONDITION: Final = re.compile(rb"^if-(?:none-match|modified-since)[ \t]*:", re.I | re.M)
_HEAD: Final = re.compile(rb".*?\r?\n\r?\n", re.S)
_REASONS: Final = ("length", "time", "disconnect", "unspecified")


def _answer(told: Told, earlier: Reference | None, when: str, about: Fields) -> Form:
    exchange = told.exchange
    if exchange.withheld:
        return _withheld(told, when, about)
    if told.is_not_modified:
        return _revisit(told, exchange.refers_to, when, about)
    if earlier:
        return _revisit(told, earlier, when, about)
    fields = [*about]
    if exchange.truncated:
        fields.append(("WARC-Truncated", exchange.truncated if exchange.truncated in _REASONS else "unspecified"))
    kind, content_type = "response", _RESPONSE
    if told.head:
        fields.extend(_payload_digest(told, told.head))
    elif _ANSWER.match(exchange.response):
        content_type = _ODD_RESPONSE
    else:
        kind, content_type = "metadata", "application/octet-stream"
        fields.append(("Archiver-Holds", "response"))
    return Form(
        type=kind,
        content_type=content_type,
        block=exchange.response,
        date=when,
        fields=tuple(fields),
        is_answer=True,
        is_packed=told.is_packed,
    )


def _payload_digest(told: Told, head: re.Match[bytes]) -> Iterator[tuple[str, str]]:
    """Chunked answers have a block digest alone: see :attr:`Told.has_plain_payload`."""
    if told.has_plain_payload:
        block = told.exchange.response
        is_body = head.end() + len(told.message.body) == len(block)  # a 1xx answer left before it is no part of a body
        yield "WARC-Payload-Digest", revisit.told(told.digest if is_body else revisit.sha256(block[head.end() :]))


def _revisit(told: Told, earlier: Reference | None, when: str, about: Fields) -> Form:
    """The head of an answer whose payload is an earlier one's."""
    fields = [*about, ("WARC-Profile", revisit.NOT_MODIFIED if told.is_not_modified else revisit.IDENTICAL)]
    if earlier:
        fields += [
            ("WARC-Refers-To", f"<{earlier.record_id}>"),
            ("WARC-Refers-To-Target-URI", earlier.url),
            ("WARC-Refers-To-Date", date(earlier.started_at)),
            ("Archiver-Refers-To-Location", revisit.place(earlier)),
        ]
    if not told.is_not_modified:
        fields += [("WARC-Payload-Digest", revisit.told(told.digest)), ("WARC-Truncated", "length")]
    block = told.head[0] if told.head else b""
    return Form(type="revisit", content_type=_RESPONSE, block=block, date=when, fields=tuple(fields), is_answer=True)


def _withheld(told: Told, when: str, about: Fields) -> Form:
    """The head of an answer whose body is not kept; no `response`, which would be replayed as an empty page."""
    head = told.head or _HEAD.match(told.exchange.response)
    return Form(
        type="metadata",
        content_type=_RESPONSE if told.head else "application/octet-stream",
        block=head[0] if head else b"",
        date=when,
        fields=(*about, ("Archiver-Holds", "head")),
        is_answer=True,
    )


def _request(told: Told, when: str, about: Fields) -> Form:
    block = told.exchange.request
    if not told.keep_credentials:
        block, names = redacted(block)
        if names:
            about = (*about, ("Archiver-Redacted", ", ".join(names)))
    return Form(type="request", content_type=_REQUEST, block=block, date=when, fields=about)


def _said(what: str, why: str, when: str, about: Fields) -> Form:
    fields = (*about, ("Archiver-Holds", what))
    return Form(type="metadata", content_type=_FIELDS, block=lines(((what, why),)), date=when, fields=fields)


def _about(exchange: Exchange) -> Iterator[tuple[str, str]]:
    yield "Archiver-Purpose", exchange.purpose
    if exchange.redirected_from:
        yield "Archiver-Redirected-From", " ".join(map(uri, exchange.redirected_from))
    if exchange.part:
        yield "Archiver-Part-Of", f"<{exchange.part.of}>"
        yield "Archiver-Ask", exchange.part.ask


def _wire(exchange: Exchange) -> Iterator[tuple[str, str]]:
    if exchange.ip and (address := _address(exchange.ip)):
        yield "WARC-IP-Address", address
    for protocol in exchange.protocols:
        yield "WARC-Protocol", protocol
    if exchange.cipher:
        yield "WARC-Cipher-Suite", exchange.cipher
    if exchange.reconstructed:
        yield "Archiver-Reconstructed", "true"


def _address(ip: str) -> str | None:
    try:
        return str(ipaddress.ip_address(ip.partition("%")[0]))
    except ValueError:
        return None


def _concurrent(form: Form) -> Fields:
    return (("WARC-Concurrent-To", f"<{form.id}>"),)


# Words

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def lines(fields: Fields) -> bytes:
    return b"".join(f"{name}: {_one_line(value)}\r\n".encode() for name, value in fields)


def _one_line(value: str) -> str:
    """What others said cannot become a field of its own: controls are percent-encoded."""
    if value.isascii() and value.isprintable():
        return value
    return _CONTROLS.sub(lambda found: quote(found[0], safe="", errors="surrogatepass"), value)


def date(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
