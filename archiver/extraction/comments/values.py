"""Values out of data that others wrote: each function gives the value in its one form, or None for what is none."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from archiver.document import join, read
from archiver.extraction.comments.parts import Hints, epoch, moment_of

#: Half of an emoji, as programs leave it that cut a text by length: no JSON, but no reason to lose the rest.
_HALVES: Final = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\\\|(?P<half>\\u[dD][89a-fA-F]\w\w)")
_MOST: Final = 10**12  # no count of anything here is greater


def html_text(value: object) -> str | None:
    """A fragment of HTML, or a plain text, as a comment's text."""
    if not isinstance(value, str) or not value.strip():
        return None
    if "<" not in value and "&" not in value:
        return "\n".join(" ".join(line.split()) for line in value.strip().splitlines()) or None
    document = read(f"<div>{value}</div>".encode("utf-8", "replace"))
    return join(document.pieces) or None


def json_of(text: object) -> Any:
    if not isinstance(text, str):
        return None
    try:
        return msgspec.json.decode(_HALVES.sub(_whole, text.strip()) if "\\ud" in text.lower() else text.strip())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def _whole(escape: re.Match[str]) -> str:
    return escape[0] if escape["half"] is None else r"\ufffd"


def member(data: object, *path: str) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def words(value: object) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None


def identifier(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value else None
    return value.strip() or None if isinstance(value, str) and value not in ("0", "root") else None


def whole_number(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) <= 12:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST else None


def instant(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e14:
        return epoch(value / 1000 if value > 1e11 else value)
    return moment_of(value, Hints()) if isinstance(value, str) else None


def link(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith(("http://", "https://")) else None
