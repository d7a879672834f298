"""No password is written down: not in a manifest, not in a log, not on a terminal."""

from __future__ import annotations

import logging
import re
from typing import Final

#: A user and a password before a host, in an address or alone; looked for where a word begins, and nowhere within.
_PASSWORD: Final = re.compile(r"(?<=//)[^/\s'\"<>]*@|(?<![^/\s'\"<>])[^/\s'\"<>:]*:[^/\s'\"<>]*@")
_SECRET: Final = re.compile(r"\b((?:proxy-)?authorization|cookie)(['\"]?\s*[:=]\s*)[^\r\n]+", re.I)


def without_passwords(said: str) -> str:
    return _PASSWORD.sub("", said)


class Discreet(logging.Formatter):
    """Says what another formatter says, without passwords, and headers of ours without what lets somebody in."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"\1\2[redacted]", without_passwords(self._inner.format(record)))


def keep_to_yourself(handler: logging.Handler | None) -> None:
    """What goes through a handler from now on is discreet."""
    if handler is not None and not isinstance(handler.formatter, Discreet):
        handler.setFormatter(Discreet(handler.formatter or logging.Formatter()))
