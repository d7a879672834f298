"""The files of an archive: those below the folders that were named, and those that lie beside a file that was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from archiver.warc.growing import OPEN

_ARCHIVES: Final = (".warc", ".warc.gz", ".wet", ".wet.gz", ".wat", ".wat.gz")
_LINES: Final = ".jsonl"
_INDEX: Final = ".cdxj"
_PACKAGE: Final = ".wacz"
_TORN: Final = re.compile(r"\.torn(?:-\d+)?\Z")
_BEGINNINGS: Final = (b"WARC/", b"\x1f\x8b")
#: How far above a file the folder may be that the names in it are relative to.
_HEIGHT: Final = 3


@dataclass(frozen=True)
class Found:
    """``folders`` are those of which all was looked at."""

    archives: list[Path] = field(default_factory=list)
    lines: list[Path] = field(default_factory=list)
    indexes: list[Path] = field(default_factory=list)
    packages: list[Path] = field(default_factory=list)
    torn: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    def is_complete(self, path: Path) -> bool:
        """Whether all of the archive that a file belongs to was looked at."""
        return any(folder in path.resolve().parents for folder in self.folders)


def find(names: Iterable[str]) -> Found:
    """Each file once, in the order of the names. OSError for a folder that may not be read."""
    found = Found()
    seen: set[Path] = set()
    for path in map(Path, names):
        if path.is_dir():
            found.folders.append(path.resolve())
        for one in _files(path):
            if one.resolve() not in seen:
                seen.add(one.resolve())
                _sort_in(found, one, is_named=one == path)
    return found


def named(name: str, by: Path) -> Path | None:
    """The archive that a line of ``by`` names: a path within the data folder. None for one that is not there.

    What a file says never leads out of the folders that it lies in.
    """
    said = PurePosixPath(name)
    if not name or said.is_absolute() or ".." in said.parts:
        return None
    folders = [by.parent, *by.resolve().parent.parents][: _HEIGHT + 1]
    for candidate in (*(folder / said for folder in folders), by.parent / said.name):
        for path in (candidate, Path(f"{candidate}{OPEN}")):
            with suppress(OSError, ValueError):
                if path.is_file():
                    return path
    return None


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (one for one in sorted(path.rglob("*")) if one.is_file())
        return
    yield path
    if _kind(path) == "archives":
        stem = _stem(path)
        beside = (path.with_name(stem + suffix) for suffix in (_LINES, f"{_LINES}{OPEN}", _INDEX))
        yield from (one for one in beside if one.is_file())
        yield from sorted(one for one in path.parent.glob(f"{_escaped(path)}*") if _TORN.search(one.name))


def _sort_in(found: Found, path: Path, *, is_named: bool) -> None:
    kind = _kind(path)
    if kind is None and is_named and _begins_as_one(path):
        kind = "archives"
    if kind is not None:
        getattr(found, kind).append(path)


def _begins_as_one(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_BEGINNINGS[0])).startswith(_BEGINNINGS)


def _kind(path: Path) -> str | None:
    name = path.name.lower()
    if _TORN.search(name):
        return "torn"
    if name.endswith(_INDEX):
        return "indexes"
    if name.endswith(_PACKAGE):
        return "packages"
    name = name.removesuffix(OPEN)
    if name.endswith(_LINES):
        return "lines"
    return "archives" if name.endswith(_ARCHIVES) else None


def _stem(path: Path) -> str:
    name = path.name.removesuffix(OPEN)
    return next((name.removesuffix(one) for one in reversed(_ARCHIVES) if name.endswith(one)), name)


def _escaped(path: Path) -> str:
    return re.sub(r"([*?\[])", r"[\1]", path.name.removesuffix(OPEN))
