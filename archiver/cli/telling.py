"""What commands say to people: nothing in it moves anything on a terminal, whatever a page or a name holds."""

from __future__ import annotations

import sys
import unicodedata
from typing import Final

from archiver.crawl.run import Exit

#: Joiners that scripts and emoji need; they move nothing.
_JOINERS: Final = frozenset("\u200c\u200d")


def say(fault: str) -> None:
    """One fault, on stderr."""
    print("archiver:", "".join(sign if sign.isprintable() else "\ufffd" for sign in fault), file=sys.stderr)


def no_archive(name: str) -> Exit:
    """Says so, and is the exit code."""
    print(f"archiver: {one_line(name)}: there is no archive", file=sys.stderr)
    return Exit.NO_ARCHIVE


def one_line(text: str) -> str:
    return printable(text).replace("\n", "\\n")


def printable(text: str) -> str:
    """Text that moves nothing on a terminal: lines and words as they are, the rest of what is not seen as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_seen(sign) for sign in text)


def _seen(sign: str) -> str:
    if sign.isprintable() or sign == "\n" or sign in _JOINERS:
        return sign
    if sign == "\t" or unicodedata.category(sign) == "Zs":
        return " "
    return sign.encode("unicode_escape").decode("ascii")
