"""SURT: the key by which archives sort and find addresses, ``org,example)/a?b=1`` for ``http://www.example.org/a/?b=1``.

Replay programs make the key of what is asked for and look it up, so ours has to be theirs to the
byte. That sets it apart from the key of a record (`archiver.extraction.identity`), which may
follow its own mind about what makes two addresses one page.
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

_PARTS: Final = re.compile(rb"(https?):/*([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.I | re.S)
_REPEATED: Final = re.compile(rb"\A(https?://)+", re.I)
_BREAKS: Final = re.compile(rb"[\t\r\n]")
_PORT: Final = re.compile(rb":(\d*)\Z")
_LAST_PORT: Final = 65_535
_WWW: Final = re.compile(rb"\Awww\d*\.")
_DEFAULT_PORTS: Final = {b"http": 80, b"https": 443}
#: What is left as it is when all else is escaped.
_SAFE: Final = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_TO_ESCAPE: Final = re.compile(rb"[^!\"$&-~]")


def surt(url: str) -> str:
    """The key of an address of the web. What cannot be taken apart is its own key."""
    given = _REPEATED.sub(lambda found: found[1], _BREAKS.sub(b"", url.encode("utf-8", "surrogatepass").strip()))
    parts = _PARTS.match(given)
    if parts is None:
        return url
    scheme, where, path, query = parts[1].lower(), parts[2].rpartition(b"@")[2], parts[3], parts[4] or b""
    port = _PORT.search(where)
    number = int(port[1]) if port and port[1] else None
    if number is not None and number > _LAST_PORT:
        return url
    host = _WWW.sub(b"", _host(where[: port.start()] if port else where))
    shown = b":%d" % number if number and number != _DEFAULT_PORTS[scheme] else b""
    asked = _query(query)
    key = b",".join(reversed(host.split(b"."))) + shown + b")" + _path(path) + (b"?" + asked if asked else b"")
    return key.decode("ascii")


# The host

#: An address of the Internet in fewer or other numbers than four decimal ones.
_NUMBERS: Final = re.compile(rb"[0-9]+(?:\.[0-9]+){0,3}")


def _host(given: bytes) -> bytes:
    host = _unescaped(given.strip(b"[]").lower())
    if not host.isascii():
        with suppress(ValueError):
            host = host.decode("utf-8", "ignore").encode("idna")
    host = host.replace(b"..", b".").strip(b".")
    if host.isdigit():
        return socket.inet_ntoa((int(host) & 0xFFFFFFFF).to_bytes(4, "big")).encode()
    if _NUMBERS.fullmatch(host):
        with suppress(OSError):
            return socket.inet_ntoa(socket.inet_aton(host.decode())).encode()
    return _escaped(host).lower()


# Path and query

_SESSION_IN_PATH: Final = re.compile(
    rb"(.*/)(?:\((?:[a-z]\([0-9a-z]{24}\))+\)/|\([0-9a-z]{24}\)/)([^?]+\.aspx.*)", re.S
)
_SESSIONS_IN_QUERY: Final = (
    re.compile(rb"(.*)jsessionid=[0-9a-z]{32}(?:&(.*))?", re.S),
    re.compile(rb"(.*)phpsessid=[0-9a-z]{32}(?:&(.*))?", re.S),
    re.compile(rb"(.*)sid=[0-9a-z]{32}(?:&(.*))?", re.S),
    re.compile(rb"(.*)aspsessionid[a-z]{8}=[a-z]{24}(?:&(.*))?", re.S),
    re.compile(rb"(.*)cfid=(?:(?!cfid=)[^&])+&cftoken=[^&]+(?:&(.*))?", re.S),
)


def _path(given: bytes) -> bytes:
    kept: list[bytes] = []
    for part in _unescaped(given).split(b"/")[1:]:
        if part == b"..":
            kept[-1:] = [] if kept else [part]
        elif part != b".":
            kept.append(part)
    folders, last = [part for part in kept[:-1] if part], kept[-1] if kept else b""
    path = _escaped(b"/" + b"".join(part + b"/" for part in folders) + last).lower()
    if found := _SESSION_IN_PATH.fullmatch(path):
        path = found[1] + found[2]
    return path.removesuffix(b"/") or b"/"


def _query(given: bytes) -> bytes:
    query = _escaped(_unescaped(given)).lower()
    for session in _SESSIONS_IN_QUERY:
        if found := session.fullmatch(query):
            query = found[1] + (found[2] or b"")
    return b"&".join(b"=".join(pair) for pair in sorted(one.split(b"=", 1) for one in query.split(b"&")))


def _unescaped(given: bytes) -> bytes:
    """As often as there is an escape left."""
    while b"%" in given and (plain := unquote_to_bytes(given)) != given:
        given = plain
    return given


def _escaped(plain: bytes) -> bytes:
    if not _TO_ESCAPE.search(plain):
        return plain
    return quote_from_bytes(plain, safe=_SAFE).encode()
