"""A WACZ file held against its standard (1.1.1): what must be in it is, and is what its list of contents says."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from archiver.warc.digests import stated
from archiver.warc.faults import Fault, Kind
from archiver.warc.indexed import faults_of_index
from archiver.warc.ledger import Ledger

_LIST: Final = "datapackage.json"
_DIGEST_OF_LIST: Final = "datapackage-digest.json"
_PAGES: Final = "pages/pages.jsonl"
_ARCHIVES: Final = "archive/"
_INDEXES: Final = "indexes/"
_INDEX: Final = (".cdxj", ".cdx", ".cdxj.gz", ".cdx.gz")
#: Lists of contents longer than this are nobody's.
_LONGEST_LIST: Final = 64 * 2**20
_STEP: Final = 256 * 1024
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def faults_of_package(path: Path, archives: list[Path], ledger: Ledger) -> Iterator[Fault]:
    """``archives`` are those of the package, as the ledger knows them. Nothing is raised but OSError."""
    try:
        with zipfile.ZipFile(path) as package:
            yield from _contents(package)
            yield from _indexes(package, path, archives, ledger)
    except _BROKEN as error:
        yield _wrong(f"it is no whole ZIP file: {error}")


def _wrong(said: str) -> Fault:
    return Fault(kind=Kind.PACKAGE, said=said)


def _contents(package: zipfile.ZipFile) -> Iterator[Fault]:
    names = set(package.namelist())
    wanted = {"a list of pages": _PAGES, "archives": _ARCHIVES, "an index": _INDEXES, "a list of contents": _LIST}
    for what, name in wanted.items():
        if not any(one.startswith(name) and one != f"{name}/" for one in names):
            yield _wrong(f"it is without {what}: {name}")
    for info in package.infolist():
        is_packed = info.filename.startswith(_ARCHIVES) and info.filename.endswith(".gz")
        if is_packed and info.compress_type != zipfile.ZIP_STORED:
            yield _wrong(f"{info.filename} is compressed twice, and cannot be read from the middle")
    if _LIST in names:
        yield from _listed(package, names)


def _listed(package: zipfile.ZipFile, names: set[str]) -> Iterator[Fault]:
    said = _object(package, _LIST)
    resources = said.get("resources") if said is not None else None
    if said is None or not isinstance(resources, list) or not all(isinstance(one, dict) for one in resources):
        yield _wrong(f"{_LIST} lists nothing")
        return
    if not said.get("wacz_version"):
        yield _wrong(f"{_LIST} does not tell the version of the format")
    paths = {str(one.get("path")): one for one in resources}
    for name in sorted(paths.keys() - names):
        yield _wrong(f"{name} is listed, and is not there")
    for name in sorted(names - paths.keys() - {_LIST, _DIGEST_OF_LIST}):
        if not name.endswith("/"):
            yield _wrong(f"{name} is not listed")
    for name in sorted(paths.keys() & names):
        if not _is_of(package, name, paths[name].get("hash")):
            yield _wrong(f"{name} is not what its digest is of")
    digest = _object(package, _DIGEST_OF_LIST) if _DIGEST_OF_LIST in names else None
    if digest is not None and not _is_of(package, _LIST, digest.get("hash")):
        yield _wrong(f"{_LIST} is not what {_DIGEST_OF_LIST} is of")


def _object(package: zipfile.ZipFile, name: str) -> dict[str, Any] | None:
    with package.open(name) as member:
        content = member.read(_LONGEST_LIST)
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_of(package: zipfile.ZipFile, name: str, told: object) -> bool:
    digest = stated(str(told))
    if digest is None or digest.value is None:
        return False
    hashed = hashlib.new(digest.algorithm, usedforsecurity=False)
    with package.open(name) as member:
        while piece := member.read(_STEP):
            hashed.update(piece)
    return hashed.digest() == digest.value


def _indexes(package: zipfile.ZipFile, path: Path, archives: list[Path], ledger: Ledger) -> Iterator[Fault]:
    """Together the indexes name every record; that is asked once all of them were read."""
    find = _within(path, archives)
    names = [name for name in package.namelist() if name.startswith(_INDEXES) and name.endswith(_INDEX)]
    for name in names:
        with package.open(name) as member:
            lines = gzip.open(member) if name.endswith(".gz") else member  # noqa: SIM115 -- closed with it
            yield from faults_of_index(lines, find, ledger)
    for archive in archives if names else ():
        yield from ledger.not_indexed(archive)


def _within(path: Path, archives: list[Path]) -> Callable[[str], Path | None]:
    """Indexes of packages name an archive within its folder."""
    known = {str(archive): archive for archive in archives}
    return lambda name: known.get(f"{path}/{_ARCHIVES}{name}")
