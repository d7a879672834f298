"""Lines of records held against their archive: the bytes lie where a line says, and it is made of them.

A line that was made by other rules, or by another model, cannot come out the same. Then its
places, its digests and what it says of the exchange are compared, and that this was all is told.
"""

from __future__ import annotations

import io
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from archiver.cli.converted import Made, made
from archiver.cli.found import named
from archiver.crawl.doors import archived_review
from archiver.record import Capture, Review
from archiver.store.history import as_seen
from archiver.store.lines import decode, encode
from archiver.warc.digests import stated
from archiver.warc.faults import Fault, Kind
from archiver.warc.http import parse, payload_digest
from archiver.warc.reader import Captured, Place, captured_at
from archiver.warc.records import Record, records
from archiver.warc.revisit import ElsewhereError

#: Lines handed to a process at once: enough that handing over costs little, few enough to share evenly.
_BATCH: Final = 16
#: Longer ones are nobody's record, and must not fill the memory.
_LONGEST_LINE: Final = 256 * 2**20


@dataclass(frozen=True)
class Lines:
    """Some lines of a file; ``first`` is the number of the first of them."""

    path: Path
    first: int
    lines: list[bytes]


@dataclass(frozen=True)
class Checked:
    path: Path
    count: int
    faults: list[Fault]
    made: list[Made]


def checked(paths: Iterable[Path], jobs: int) -> Iterator[Checked]:
    """All lines of some files, in order, by several processes. A single batch is not worth one."""
    batches = itertools.chain.from_iterable(map(_batches, paths))
    first = list(itertools.islice(batches, 2))
    if jobs == 1 or len(first) < 2:
        yield from map(_check, itertools.chain(first, batches))
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting: deque[Future[Checked]] = deque()
        for batch in itertools.chain(first, batches):
            waiting.append(pool.submit(_check, batch))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def is_of_records(path: Path) -> bool:
    """Whether a file holds records, going by its first line: other lists of objects lie about in archives too."""
    with path.open("rb") as file:
        line = file.readline(_LONGEST_LINE)
    try:
        said = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True
    return isinstance(said, dict) and "record_id" in said


def _batches(path: Path) -> Iterator[Lines]:
    with path.open("rb") as file:
        numbered = enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1)
        while batch := list(itertools.islice(numbered, _BATCH)):
            yield Lines(path, batch[0][0], [line for _, line in batch])


def _check(batch: Lines) -> Checked:
    faults = [
        replace(fault, line=number)
        for number, line in enumerate(batch.lines, batch.first)
        for fault in _of_line(line, batch.path)
    ]
    return Checked(batch.path, len(batch.lines), faults, [one for line in batch.lines if (one := made(line))])


def _of_line(line: bytes, path: Path) -> Iterator[Fault]:
    if line.isspace():
        return
    try:
        review = decode(line)
    except (ValueError, RecursionError) as error:
        said = f"it holds no record: {error}" if line.endswith(b"\n") else "it is not finished"
        yield Fault(kind=Kind.LINE, said=said)
        return
    if not review.captures or review.captures[0].warc_record_offset is None:
        yield Fault(kind=Kind.NO_PLACE, said="it names no place in an archive")
        return
    faults = [fault for capture in review.captures for fault in _of_place(capture, path)]
    yield from faults or _of_content(review, path)


# Where the bytes lie


def _of_place(capture: Capture, path: Path) -> Iterator[Fault]:
    member = _member(capture, path)
    if isinstance(member, str):
        yield _misplaced(capture, member)
        return
    torn: list[str] = []
    found = list(itertools.islice(records(io.BytesIO(member), torn.append), 2))
    if not found or torn:
        yield _misplaced(capture, "no whole record lies there")
    elif found[0].length != len(member):
        yield _misplaced(capture, f"the record there is {found[0].length} bytes long")
    elif (found[0].get("warc-record-id") or "").strip("<>") != capture.warc_record_id:
        yield _misplaced(capture, "the record there has another id")
    elif _is_withheld(found[0]):
        said = "the body is not in the archive: only its place was compared"
        yield Fault(kind=Kind.NOT_KEPT, said=said, record=capture.warc_record_id)
    elif (digest := _digest(found[0])) != capture.content_digest and not found[0].full:
        said = f"its content_digest is not that of the payload, which is {digest}"
        yield Fault(kind=Kind.LINE_DIFFERS, said=said, record=capture.warc_record_id)


def _misplaced(capture: Capture, why: str) -> Fault:
    place = f"{capture.warc_record_length} bytes at byte {capture.warc_record_offset} of {capture.warc_filename}"
    return Fault(kind=Kind.LINE_PLACE, said=f"{place}: {why}", record=capture.warc_record_id)


def _member(capture: Capture, path: Path) -> bytes | str:
    """The bytes that a capture names, or why there are none."""
    offset, length = capture.warc_record_offset, capture.warc_record_length
    archive = named(capture.warc_filename or "", path)
    if archive is None:
        return "there is no such archive"
    if offset is None or length is None or offset < 0 or not 0 < length <= archive.stat().st_size - offset:
        return "the archive is not as long"
    try:
        with archive.open("rb") as file:
            file.seek(offset)
            return file.read(length)
    except OSError as error:
        return error.strerror or str(error)


def _is_withheld(record: Record) -> bool:
    return record.get("archiver-holds") == "head"


def _digest(record: Record) -> str:
    """That of the payload; of one that lies elsewhere, what the record says: it is read when the line is made again."""
    if record.type == "revisit":
        told = stated(record.get("warc-payload-digest") or "")
        return f"sha256:{told.value.hex()}" if told is not None and told.value is not None else "not told"
    if record.type == "response" or record.get("archiver-holds") == "response":
        return payload_digest(parse(record.block))
    return f"sha256:{sha256(record.block).hexdigest()}"


# What is made of them

#: What a line says of the exchange, whoever made it.
_OF_THE_EXCHANGE: Final = ("fetch_time", "fetch_status", "redirect_chain", "content_type", "content_truncated")


def _of_content(review: Review, path: Path) -> Iterator[Fault]:
    capture = review.captures[0]
    try:
        captured = _captured(review, path)
    except ElsewhereError as error:
        yield _misplaced(capture, str(error))
        return
    if captured is None:
        yield _misplaced(capture, "the record there is no page")
        return
    again = decode(encode(archived_review(captured)))
    if _maker(again) != _maker(review):
        yield _not_compared(capture, f"it was made by {_in_words(review)}, and this is {_in_words(again)}")
    else:
        differing = _differing(_comparable(review), _comparable(again))
        if differing:
            said = f"extracted again it differs in {', '.join(differing)}"
            yield Fault(kind=Kind.LINE_DIFFERS, said=said, record=capture.warc_record_id)
        return
    said_then, says_now = msgspec.to_builtins(capture), msgspec.to_builtins(again.captures[0])
    differing = [name for name in _OF_THE_EXCHANGE if said_then[name] != says_now[name]]
    if differing or review.url != again.url:
        said = f"it tells another {', '.join(differing or ['url'])} than the archive"
        yield Fault(kind=Kind.LINE_DIFFERS, said=said, record=capture.warc_record_id)


def _not_compared(capture: Capture, why: str) -> Fault:
    said = f"{why}: only its place, its digest and what it says of the exchange were compared"
    return Fault(kind=Kind.OTHER_EXTRACTOR, said=said, record=capture.warc_record_id)


def _captured(review: Review, path: Path) -> Captured | None:
    """The page as it is read out of its archive, with what came for its sake: all from where the line says they lie.

    ElsewhereError where a payload that came before is not to be had.
    """
    own, *others = review.captures
    archive, place = named(own.warc_filename or "", path), _place(own)
    if archive is None or place is None:
        return None
    places = (_place(other) for other in others if other.warc_filename == own.warc_filename)
    return captured_at(archive, place, filter(None, places), filename=own.warc_filename or "")


def _place(capture: Capture) -> Place | None:
    offset, length = capture.warc_record_offset, capture.warc_record_length
    return (offset, length) if offset is not None and length is not None else None


def _maker(review: Review) -> tuple[str, str | None, str | None]:
    return review.extractor.version, review.extractor.rules, review.extractor.model


def _in_words(review: Review) -> str:
    version, rules, model = _maker(review)
    return f"version {version}, rules {(rules or 'unknown')[-8:]}, model {(model or 'unknown')[-8:]}"


def _comparable(review: Review) -> dict[str, Any]:
    said = as_seen(review).to_dict()
    del said["extractor"]["parsed_at"]
    return said


def _differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [name for name in one if one[name] != other.get(name)]
