"""What a user says after ``-a``, judged before anything starts."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from scrapy.exceptions import UsageError

S = TypeVar("S", bound=Struct)


def read(spoken: Mapping[str, str], kind: type[S]) -> S:
    """The arguments as their types say, or a complaint that names the fault."""
    known = [field.name for field in msgspec.structs.fields(kind)]
    for name in spoken:
        if name not in known:
            raise complaint(f"unknown argument -a {name}=…; there are {', '.join(known)}")
    try:
        return msgspec.convert(dict(spoken), kind, strict=False)
    except msgspec.ValidationError as error:
        fault, _, where = str(error).partition(" - at `$.")
        raise complaint(f"-a {where.rstrip('`')}: {fault}" if where else fault) from error


def web_address(url: str) -> str:
    """The address, if it is one that can be asked for."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise complaint(f"{url!r} is not the address of a page; it begins with https:// or http:// and a host")
    return url


def pattern(name: str, said: str) -> re.Pattern[str] | None:
    """The regular expression, if it is one, and one that no address keeps busy; None for an empty one."""
    if not said:
        return None
    try:
        compiled = re.compile(said)
    except (re.error, OverflowError, RecursionError) as error:
        raise complaint(f"-a {name}={said}: not a regular expression: {error}") from error
    slow = _slow_on(compiled)
    if slow is not None:
        raise complaint(f"-a {name}={said}: takes too long on addresses such as {slow}; repeat less within repetitions")
    return compiled


#: Seconds that a pattern may take for one address; a site has thousands.
_LONGEST_SEARCH: Final = 0.05
#: Characters after the host. From step to step so few more that even exponential growth is noticed in time.
_LENGTHS: Final = (*range(6, 40, 3), 80, 160, 320, 640, 1280, 1990)
_MOST_UNITS: Final = 24


def _slow_on(pattern: re.Pattern[str]) -> str | None:
    """The begin of an address, of those that a site could make up to keep us busy, that the pattern is too slow for."""
    said = [*dict.fromkeys(sign for sign in pattern.pattern if sign.isalnum() or sign in "/-_.=&?%")]
    units = [*said[:_MOST_UNITS], "/", "a", "1", "-", "a/", "ab", "1-"]
    for length in _LENGTHS:
        for unit in units:
            address = f"https://a.example/{unit * (length // len(unit))}~"
            began = time.perf_counter()
            pattern.search(address)
            if time.perf_counter() - began > _LONGEST_SEARCH:
                return f"{address[:40]}…"
    return None


def addresses(path: Path) -> Iterable[str]:
    """The addresses in a file: one a line, `#` begins a comment line. However many, they take no memory."""
    if not path.is_file():  # a pipe gives them once
        return tuple(_addresses(path))
    for _ in _addresses(path):
        """The whole file is judged before the crawl starts."""
    return Listed(path)


@dataclass(frozen=True)
class Listed:
    path: Path

    def __iter__(self) -> Iterator[str]:
        return _addresses(self.path)


def _addresses(path: Path) -> Iterator[str]:
    found = False
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(map(str.strip, file), 1):
                if line and not line.startswith("#"):
                    found = True
                    yield _address(line, path, number)
    except OSError as error:
        raise complaint(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise complaint(f"{path} is no text file in UTF-8") from error
    if not found:
        raise complaint(f"{path} names no page")


def _address(line: str, path: Path, number: int) -> str:
    try:
        return web_address(line)
    except UsageError as error:
        raise complaint(f"{path}, line {number}: {error}") from error


def complaint(fault: str) -> UsageError:
    return UsageError(fault, print_help=False)
