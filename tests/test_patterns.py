"""No pattern of the program takes more than its share of time, whatever it is given (TRIALS: T23)."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from math import log
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import archiver

#: How much longer four times the text may take: 4 ** 1.2, with room for the clock.
GROWTH = 1.2
ROOM = 0.25
LENGTHS = (250, 1_000, 4_000, 16_000)
#: Seconds below which growth cannot be told from noise.
UNNOTICED = 0.004
#: Patterns in a container that its module asks with match.
ANCHORED = frozenset({"archiver.extraction.facts._LIKE", "archiver.warc.surt._SESSIONS_IN_QUERY"})
COMMON = [
    "a",
    "1",
    " ",
    "\n",
    "<",
    "(",
    '"',
    "-",
    "é",
    "a ",
    "1 ",
    "1/",
    "a,",
    "a.",
    " \n",
    "Ab ",
    "1:",
    "20",
    "* ",
    "'",
]


def patterns() -> dict[str, re.Pattern[Any]]:
    """Every compiled pattern that a module holds, alone or in a container, by where it stands."""
    for one in pkgutil.walk_packages(archiver.__path__, "archiver."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
    found: dict[str, re.Pattern[Any]] = {}
    seen: set[int] = set()
    for name, loaded in sorted(sys.modules.items()):
        if name == "archiver" or name.startswith("archiver."):
            for variable, value in vars(loaded).items():
                for number, pattern in enumerate(held(value, seen)):
                    found[f"{name}.{variable}[{number}]"] = pattern
    return found


def held(value: object, seen: set[int], depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if id(value) in seen or depth > 6:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for one in (*value.keys(), *value.values()):
            yield from held(one, seen, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from held(one, seen, depth + 1)
    elif type(value).__module__.startswith("archiver"):
        names = getattr(value, "__struct_fields__", None) or getattr(value, "__slots__", None) or vars(value)
        for name in tuple(names):
            yield from held(getattr(value, name, None), seen, depth + 1)


PATTERNS = patterns()


def test_there_are_patterns() -> None:
    assert len(PATTERNS) > 100


@pytest.mark.parametrize("name", PATTERNS)
def test_time_grows_with_the_text(name: str) -> None:
    pattern = PATTERNS[name]
    ask = pattern.match if is_anchored(name) else pattern.search
    cost_of = partial(cost, ask, in_bytes=isinstance(pattern.pattern, bytes))
    for hostile in hostile_to(pattern):
        before = cost_of(hostile, LENGTHS[0])
        for shorter, longer in itertools.pairwise(LENGTHS):
            taken = cost_of(hostile, longer)
            if taken > UNNOTICED and exponent(taken, before, longer / shorter) > GROWTH + ROOM:
                taken = min(taken, *(cost_of(hostile, longer) for _ in range(2)))
                before = min(before, *(cost_of(hostile, shorter) for _ in range(4)))
                assert exponent(taken, before, longer / shorter) <= GROWTH + ROOM, (hostile, longer, taken)
            before = taken


def exponent(taken: float, before: float, times: float) -> float:
    return log(taken / max(before, 1e-6)) / log(times)


def is_anchored(name: str) -> bool:
    """Whether a pattern is only ever matched where a text begins, by the module that holds it."""
    module, _, rest = name.rpartition(".")
    variable = rest.partition("[")[0]
    source = Path(str(sys.modules[module].__file__)).read_text(encoding="utf-8")
    used = set(re.findall(rf"\b{re.escape(variable)}\.(match|fullmatch|search|sub|split|finditer|findall)\b", source))
    return f"{module}.{variable}" in ANCHORED or (bool(used) and used <= {"match", "fullmatch"})


def cost(ask: Callable[[Any], object], hostile: str, length: int, *, in_bytes: bool) -> float:
    """Seconds of asking for what is not there."""
    text = (hostile * (length // len(hostile) + 1))[:length] + "\0!"
    given = text.encode() if in_bytes else text
    start = time.process_time()
    ask(given)
    return time.process_time() - start


def hostile_to(pattern: re.Pattern[Any]) -> list[str]:
    """Strings made of what the pattern itself names, over and over."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    named = list(literals(_parser.parse(source, pattern.flags & ~re.DEBUG)))
    text = "".join(named)
    parts = [text[:size] for size in (2, 3, 5, 8, 12, 40) if len(text) >= size]
    singles = list(dict.fromkeys(named))[:16]
    return list(dict.fromkeys([*COMMON, *singles, *(one + " " for one in singles[:6]), *parts]))


def literals(parsed: Any) -> Iterator[str]:
    for operation, value in parsed:
        match str(operation):
            case "LITERAL":
                yield chr(value)
            case "IN":
                for kind, one in value:
                    if str(kind) in ("LITERAL", "RANGE"):
                        yield chr(one[0] if isinstance(one, tuple) else one)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                yield from literals(value[2])
            case "SUBPATTERN":
                yield from literals(value[3])
            case "ASSERT" | "ASSERT_NOT":
                yield from literals(value[1])
            case "BRANCH":
                for one in value[1]:
                    yield from literals(one)
