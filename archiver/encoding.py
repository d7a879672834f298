"""Which encoding a page's bytes are in: decided once, on bytes, and recorded with how.

The order is the WHATWG's (byte order mark, transport, declaration in the page), with one
correction that the web's pages ask for: bytes that are valid UTF-8 with at least one
multi-byte sequence are UTF-8 whatever is declared, since no other encoding produces such
bytes by accident. Without a declaration, detection by charset-normalizer.
"""

from __future__ import annotations

import codecs
from typing import Final, NamedTuple

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, resolve_encoding

FALLBACK: Final = "cp1252"

#: How many bytes detection reads; the rest of a page is in the same encoding.
DETECTION_WINDOW: Final = 64 * 1024

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


#: UTF-8 is checked in parts of about this many bytes: most of a page's parts are plain ASCII, which is checked faster.
_PART: Final = 16 * 1024


class Encoding(NamedTuple):
    """Python's codec name, and what told: bom, header, meta, utf-8, detected or fallback."""

    name: str
    source: str
    #: Whether the bytes, as they are, were found to be UTF-8 from the first to the last.
    is_utf8: bool = False


def decide(body: bytes, content_type: str | None = None) -> Encoding:
    """Judge the encoding of a page from its bytes and its Content-Type header."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return Encoding(name, "bom")
    said = _declared(body, content_type)
    if said is not None and said.name.startswith("utf-16") | said.name.startswith("utf-32"):
        return said if b"\0" in body[:512] else Encoding("utf-8", "utf-8", _is_utf8(body))
    if said is None and b"\0" in body[:512]:
        wide = _wide(body)
        if wide is not None:
            return wide
    is_utf8 = _is_utf8(body)
    if is_utf8 or _is_cut_utf8(body):
        if said is None or said.name == "utf-8" or not body.isascii():
            source = said.source if said is not None and said.name == "utf-8" else "utf-8"
            return Encoding("utf-8", source, is_utf8)
        return said
    if said is not None and (said.name != "utf-8" or _nearly_utf8(body)):
        return said
    return _detected(body)


def decode(body: bytes, encoding: Encoding) -> str:
    """The text; bytes the encoding does not know become U+FFFD, nothing else is lost."""
    text = body.decode(encoding.name, "replace")
    return text.removeprefix("\ufeff")


def _declared(body: bytes, content_type: str | None) -> Encoding | None:
    in_header = http_content_type_encoding(content_type)
    if in_header is not None:
        return Encoding(_python_name(in_header), "header")
    in_page = html_body_declared_encoding(body)
    if in_page is not None:
        return Encoding(_python_name(in_page), "meta")
    return None


def _python_name(label: str) -> str:
    return resolve_encoding(label) or FALLBACK


def _is_utf8(body: bytes) -> bool:
    at = 0
    while at < len(body):
        # No character has the byte of a "<" within: each part may be judged alone.
        border = body.find(b"<", at + _PART)
        part = body[at : border if border > 0 else len(body)]
        if not part.isascii():
            try:
                part.decode("utf-8")
            except UnicodeDecodeError:
                return False
        at += len(part)
    return True


def _is_cut_utf8(body: bytes) -> bool:
    """A body cut in the middle of its last character is UTF-8 all the same."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end == len(body) and len(body) - error.start < 4 and error.reason == "unexpected end of data"
    return True


def _nearly_utf8(body: bytes) -> bool:
    """Whether a page that says UTF-8 and has stray bytes is still mostly that."""
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(1 for c in text[: DETECTION_WINDOW * 4] if c > "\x7f" and c != "\ufffd")
    return wrong <= right or wrong <= 2


def _wide(body: bytes) -> Encoding | None:
    """UTF-16 without mark: the other half of each letter of its markup is NUL, whatever script its text is in."""
    start = body[:512]
    low, high = start[0::2].count(0), start[1::2].count(0)
    if max(low, high) <= len(start) // 8:
        return None
    if high > 4 * low:
        return Encoding("utf-16-le", "detected")
    return Encoding("utf-16-be", "detected") if low > 4 * high else None


def _detected(body: bytes) -> Encoding:
    from charset_normalizer import from_bytes

    best = from_bytes(body[:DETECTION_WINDOW]).best()
    if best is None:
        return Encoding(FALLBACK, "fallback")
    return Encoding(resolve_encoding(best.encoding) or best.encoding, "detected")
