"""Values out of data that others wrote: each function gives the value in its one form, or None for what is none."""

from __future__ import annotations

from typing import Any

import msgspec

from archiver.document import join, read
from archiver.extraction.comments.parts import Hints, epoch, moment_of


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
        return msgspec.json.decode(text.strip())
    except (msgspec.DecodeError, RecursionError):
        return None


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
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 12:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def instant(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e14:
        return epoch(value / 1000 if value > 1e11 else value)
    return moment_of(value, Hints()) if isinstance(value, str) else None


def link(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith(("http://", "https://")) else None
