"""Payloads that came before: told by `revisit` records, whose payload lies in an earlier record.

Where it lies is told by a field of ours, `Archiver-Refers-To-Location`, in the terms of the JSON
lines: the file within the data folder, the first byte of the gzip member, and its length.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Protocol

from archiver.warc.exchange import Reference
from archiver.warc.growing import OPEN
from archiver.warc.http import HttpMessage, parse
from archiver.warc.records import Record, records

IDENTICAL: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
#: Bytes of the smallest payload that is told by a revisit: what a revisit says more than a response takes some 250
#: bytes once compressed, and a page that leans on another file should gain by it.
LEAST: Final = 1024


class Head(Protocol):
    """The fields of a record, by their names in lower case."""

    def get(self, name: str, /) -> str | None: ...


class ElsewhereError(ValueError):
    """The payload of a revisit cannot be found; the message says where it should be."""


def can_stand_for_others(message: HttpMessage, truncated: str | None) -> bool:
    """Whether an answer's payload is whole, and large enough to be referred to."""
    return message.status is not None and not message.cut and not truncated and len(message.body) >= LEAST


def sha256(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest()


def told(digest: bytes) -> str:
    """In base 32, the one form of SHA-256 that every checker takes (warcat decodes no hex)."""
    return f"sha256:{base64.b32encode(digest).decode()}"


def place(reference: Reference) -> str:
    return f"{reference.filename} {reference.offset} {reference.length}"


def reference_of(record: Head) -> Reference | None:
    """What a revisit of ours refers to; None where it does not say where that lies."""
    filename, _, numbers = (record.get("archiver-refers-to-location") or "").partition(" ")
    offset, _, length = numbers.partition(" ")
    try:
        moment = datetime.fromisoformat(record.get("warc-refers-to-date") or "")
        first, size = int(offset), int(length)
    except ValueError:
        return None
    if PurePosixPath(filename).is_absolute() or ".." in PurePosixPath(filename).parts or min(first, size) < 0:
        return None
    return Reference(
        record_id=(record.get("warc-refers-to") or "").strip("<>"),
        url=record.get("warc-refers-to-target-uri") or "",
        started_at=moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC),
        filename=filename,
        offset=first,
        length=size,
    )


def holds(data: Path, reference: Reference, digest: bytes) -> bool:
    """Whether an earlier record is still there, and has this payload."""
    try:
        payload(reference, told(digest), _files(data, reference.filename))
    except ElsewhereError:
        return False
    return True


def payload(reference: Reference, digest: str, files: Iterator[Path | BinaryIO]) -> bytes:
    """The payload of an earlier record, in the first of some files that holds it."""
    for file in files:
        found = _record(file, reference)
        if found is not None and found.get("warc-record-id") == f"<{reference.record_id}>" and not found.full:
            body = parse(found.block).body
            if told(sha256(body)) == digest:
                return body
    raise ElsewhereError(
        f"its payload lies in {reference.filename}, byte {reference.offset}, "
        f"and is not there (record {reference.record_id} of {reference.url})"
    )


def beside(path: Path, filename: str) -> Iterator[Path]:
    """Where another file of the same archive may lie: in the data folder that both are in, or in one folder with it."""
    here = path.resolve()
    depth = len(PurePosixPath(filename).parts)
    if len(here.parents) >= depth:
        yield from _files(here.parents[depth - 1], filename)
    yield from _files(here.parent, PurePosixPath(filename).name)


def _files(data: Path, filename: str) -> Iterator[Path]:
    """The file under its final name, or as it is being written."""
    yield data / filename
    yield data / f"{filename}{OPEN}"


def _record(file: Path | BinaryIO, reference: Reference) -> Record | None:
    if isinstance(file, Path):
        try:
            with file.open("rb") as opened:
                return _record(opened, reference)
        except OSError:
            return None
    here = file.tell()
    file.seek(reference.offset)
    member = io.BytesIO(file.read(reference.length))
    file.seek(here)
    return next(records(member, lambda _: None), None)
