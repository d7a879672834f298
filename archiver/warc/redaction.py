"""What of our own requests is kept from the archive: the values that let somebody in."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: Stands where a value stood. Of one length, since a secret's own is told to nobody.
BLANK: Final = b"[redacted]"

_SECRET: Final = re.compile(
    rb"^(authorization|proxy-authorization|cookie)([ \t]*:[ \t]*)[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*", re.I | re.M
)
#: In the request line of a proxy's client, and in headers that hold an address.
_IN_ADDRESS: Final = re.compile(rb"^((?:[A-Z]+ +|[^\s:]+:[ \t]*)[a-z][a-z0-9+.-]*://)[^/?#\s]*@", re.I | re.M)
_HEAD_ENDS: Final = re.compile(rb"\r?\n\r?\n")


class Redacted(NamedTuple):
    """``names`` are of the headers whose values are gone, in lower case; `address` of one that held a password."""

    request: bytes
    names: tuple[str, ...]


def redacted(request: bytes) -> Redacted:
    """A request whose head lets nobody in; its body is left as it is."""
    head_end = end.end() if (end := _HEAD_ENDS.search(request)) else len(request)
    names: dict[str, None] = {}

    def blank(found: re.Match[bytes]) -> bytes:
        names[found[1].decode().lower()] = None
        return found[1] + found[2] + BLANK

    head = _SECRET.sub(blank, request[:head_end])
    head, passwords = _IN_ADDRESS.subn(rb"\1", head)
    if passwords:
        names["address"] = None
    return Redacted(head + request[head_end:] if names else request, tuple(names))
