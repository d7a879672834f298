"""Knowledge as data: the rule files beside this module, read and validated.

A file that does not hold what its type says stops the program before it does anything, naming
the file and the key. Pages owe us nothing; our own files owe us everything.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

import msgspec

T = TypeVar("T")


class RuleError(Exception):
    """A rule file is wrong; the message names the file and the key."""


def read(name: str, kind: type[T]) -> T:
    """Read one rule file (``phrases.toml``, ``comments/wordpress.toml``) into its type."""
    return _convert(_folder().joinpath(*name.split("/")), name, kind)


def read_all(folder: str, kind: type[T]) -> dict[str, T]:
    """Read every rule file of a folder, by name without ending, sorted by name."""
    found = sorted(_folder().joinpath(folder).iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".toml"): _convert(file, f"{folder}/{file.name}", kind)
        for file in found
        if file.name.endswith(".toml")
    }


@cache
def digest() -> str:
    """SHA-256 over all rule files: which rules made a record."""
    sums = hashlib.sha256()
    for name, content in sorted(_contents(_folder(), "")):
        sums.update(name.encode() + b"\0" + content + b"\0")
    return f"sha256:{sums.hexdigest()}"


def _folder() -> Traversable:
    return files(__name__)


def _contents(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _contents(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".toml"):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def _convert(file: Traversable, name: str, kind: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(file.read_text("utf-8")), kind)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"rules/{name}: {error}") from error
    except (msgspec.ValidationError, ValueError) as error:
        raise RuleError(f"rules/{name}: {error}") from error
