"""What a crawl of a site would ask for, and why: printed, one page a line, in place of asking."""

from __future__ import annotations

import hashlib
from typing import TextIO

import msgspec

from archiver.crawl.discovery.found import Found
from archiver.crawl.discovery.judging import Verdict
from archiver.crawl.table import printable


class Preview:
    """Lines of six columns with tabs between them, or of JSON: see docs/discovery.md."""

    def __init__(self, out: TextIO, *, as_json: bool, most: int) -> None:
        self._out = out
        self._as_json = as_json
        self._left = most
        self._told: set[bytes] = set()

    def tell(self, page: bytes, found: Found, verdict: Verdict) -> bool:
        """Whether the page, known by its fingerprint, was new; one that is known is not told again."""
        key = hashlib.blake2b(page, digest_size=8).digest()
        if key in self._told:
            return False
        self._told.add(key)
        if verdict.taken and not self._left:
            verdict = Verdict(False, "more pages than asked for (-a pages=NUMBER)")
        self._left -= verdict.taken
        self._out.write((_as_json if self._as_json else _as_columns)(found, verdict) + "\n")
        self._out.flush()
        return True


def _as_columns(found: Found, verdict: Verdict) -> str:
    said = ("take" if verdict.taken else "leave", found.url, found.source, found.changed or found.published or "")
    return "\t".join(printable(one) for one in (*said, found.title or "", verdict.reason))


def _as_json(found: Found, verdict: Verdict) -> str:
    said = {"taken": verdict.taken, "reason": verdict.reason, **msgspec.to_builtins(found)}
    return msgspec.json.encode({name: _harmless(value) for name, value in said.items()}).decode()


def _harmless(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    return [_harmless(one) for one in value] if isinstance(value, list | tuple) else value
