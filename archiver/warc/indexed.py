"""An index (CDXJ) held against the archives that it is of: every line, and every record that lacks one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from gzip import GzipFile
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from archiver.warc.digests import stated
from archiver.warc.faults import Fault, Kind
from archiver.warc.ledger import Ledger, Seen
from archiver.warc.surt import surt

#: Finds the file that an index, or a line, names; None where it is not there.
Find = Callable[[str], Path | None]

_LONGEST_LINE: Final = 2**20
_LINE: Final = re.compile(rb"(\S+) (\d{14}|\d{17}) (\{.*\})\s*", re.S)
_MUST: Final = ("url", "digest", "mime", "filename", "offset", "length", "status")
#: Lines that tell of the index itself.
_ABOUT: Final = (b"!", b" ")


def faults_of_index(file: IO[bytes] | GzipFile, find: Find, ledger: Ledger) -> Iterator[Fault]:
    """What is wrong with each line; the ledger then knows the records that no line named."""
    before = b""
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if line.startswith(_ABOUT):
            continue
        if line <= before:
            said = "it stands there twice" if line == before else "it does not stand where its bytes sort"
            yield Fault(kind=Kind.INDEX_ORDER, said=said, line=number)
        before = line
        for kind, said in _of_line(line, find, ledger):
            yield Fault(kind=kind, said=said, line=number)


def _of_line(line: bytes, find: Find, ledger: Ledger) -> Iterator[tuple[Kind, str]]:
    parts = _LINE.fullmatch(line)
    said = _said(parts[3]) if parts else None
    if parts is None or said is None:
        yield Kind.INDEX_LINE, "it is not a key, a time and an object"
        return
    if missing := [name for name in _MUST if name not in said]:
        yield Kind.INDEX_LINE, f"it does not tell {', '.join(missing)}"
        return
    path, offset, length = find(str(said["filename"])), _number(said["offset"]), _number(said["length"])
    if path is None or not ledger.has(path):
        yield Kind.INDEX_PLACE, f"the archive that it names is not there: {said['filename']}"
        return
    seen = ledger.at(path, offset) if offset is not None else None
    if seen is None:
        yield Kind.INDEX_PLACE, f"no record begins at byte {said['offset']} of {said['filename']}"
    elif seen.length != length:
        yield Kind.INDEX_PLACE, f"the record at byte {offset} is {seen.length} bytes long, not {said['length']}"
    else:
        key, moment = parts[1].decode("utf-8", "replace"), parts[2].decode("ascii")
        differing = [name for name, differs in _differences(key, moment, said, seen).items() if differs]
        if differing:
            yield Kind.INDEX_DIFFERS, f"the record at byte {offset} of {said['filename']} has another {differing[0]}"


def _said(text: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _differences(key: str, moment: str, said: dict[str, Any], seen: Seen) -> dict[str, bool]:
    """Only our own keys are judged: others have ideas of theirs about what makes two addresses one."""
    status = str(said["status"])
    digits = re.sub(r"\D", "", seen.date)[:14]
    return {
        "url": said["url"] != seen.url.strip("<>"),
        "time": bool(digits) and not moment.startswith(digits),
        "key": seen.is_own and key != surt(seen.url),
        "status": status.isdigit() and seen.status is not None and status != seen.status,
        "digest": not _same_digest(str(said["digest"]), seen),
    }


def _same_digest(text: str, seen: Seen) -> bool:
    """That of the payload, or what the record itself says; by an algorithm that neither has, it cannot be told."""
    digest, told = stated(text), stated(seen.told or "")
    if digest is None:  # a sha1 goes without its name in most indexes
        digest = stated(f"sha1:{text}")
    if digest is None or digest.value is None:
        return text == "-" and seen.payload is None
    if digest.algorithm == "sha256" and seen.payload is not None:
        return digest.value == seen.payload
    return told is None or told.algorithm != digest.algorithm or told.value == digest.value
