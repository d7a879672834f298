"""Whether an archive is what it should be: its form, its digests, and whether these are the bytes that came.

Three faults here are seen by no other program: a digest of the payload that was made before its
chunks were taken off, a body that was decoded while the header of its coding was kept, and a
body put together from its chunks while Transfer-Encoding was kept. Servers lie in just these
ways too. What our own tap wrote is what a server sent, and passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from archiver.warc.digests import stated
from archiver.warc.faults import Fault, Kind
from archiver.warc.http import HttpMessage, head_end, is_in_coding, parse
from archiver.warc.scan import Block, Scanned, Tell, scan
from archiver.warc.standard import faults_of_head


def verified(file: BinaryIO, tell: Tell) -> Iterator[tuple[Scanned, HttpMessage | None]]:
    """Every record of a file, once all that is wrong with it has been told, and the answer it holds, if it holds one.

    A file can be larger than the memory; nothing is kept of a record when the next is read.
    """
    for record in scan(file, tell):
        for fault in faults_of_head(record):
            tell(fault)
        message = None
        if record.block is not None:
            message = parse(record.block.kept) if _is_answer(record) and record.block.is_whole else None
            for fault in _faults_of_block(record, record.block, message):
                tell(fault)
        yield record, message


def _faults_of_block(record: Scanned, block: Block, message: HttpMessage | None) -> Iterator[Fault]:
    yield from _block_digest(record, block)
    if record.type not in _PAYLOAD_ELSEWHERE and not record.get("warc-segment-number"):
        yield from _payload_digest(record, block, message)
        if message is not None and record.type == "response":
            yield from _message(record, block.kept, message)


# Digests

#: Types whose payload is another record's, or only a part of one.
_PAYLOAD_ELSEWHERE: Final = ("revisit", "continuation")


def _block_digest(record: Scanned, block: Block) -> Iterator[Fault]:
    if (told := record.get("warc-block-digest")) is None:
        return
    digest = stated(told)
    if digest is None or digest.value is None:
        yield _no_digest(record, "WARC-Block-Digest", told, is_form=digest is None)
    elif digest.value != block.digest:
        yield record.fault(Kind.BLOCK_DIGEST, f"the block is not the one that WARC-Block-Digest is of ({told})")


def _payload_digest(record: Scanned, block: Block, message: HttpMessage | None) -> Iterator[Fault]:
    if (told := record.get("warc-payload-digest")) is None:
        return
    digest = stated(told)
    if digest is None or digest.value is None:
        yield _no_digest(record, "WARC-Payload-Digest", told, is_form=digest is None)
    elif not block.is_whole:
        yield record.fault(Kind.UNCHECKED, f"its payload is too long to be looked at; its block has {block.size} bytes")
    elif any(map(digest.of, _payloads(record, block.kept, message))):
        return
    elif message is not None and digest.of(block.kept[head_end(block.kept) :]):
        yield record.fault(Kind.CHUNKED_DIGEST, f"WARC-Payload-Digest is of the payload with its chunks on ({told})")
    else:
        yield record.fault(Kind.PAYLOAD_DIGEST, f"the payload is not the one that WARC-Payload-Digest is of ({told})")


def _payloads(record: Scanned, block: bytes, message: HttpMessage | None) -> Iterator[bytes]:
    """What may be meant by the payload. Where 1xx answers stand before the answer, those may be a part of it."""
    if message is not None:
        yield message.body
        if not message.every("transfer-encoding"):
            yield block[head_end(block) :]
    elif _is_http(record):
        yield block.partition(b"\r\n\r\n")[2]
    else:
        yield block


def _no_digest(record: Scanned, name: str, told: str, *, is_form: bool) -> Fault:
    if is_form:
        return record.fault(Kind.DIGEST_FORM, f"{name} is no digest: {told}")
    return record.fault(Kind.UNCHECKED, f"{name} is of an algorithm that is not known here: {told}")


# The answer of a server

_STATUS_LINE: Final = re.compile(rb"HTTP/[01]\.\d[ \t]+\d{3}(?!\d)", re.I)
#: Marks of a record of our own, and of one that was put together again.
_OWN, _RECONSTRUCTED = "archiver-purpose", "archiver-reconstructed"


def _is_http(record: Scanned) -> bool:
    return (record.get("content-type") or "").lower().replace(" ", "").startswith(("application/http", "message/http"))


def _is_answer(record: Scanned) -> bool:
    if record.get("archiver-holds") == "response":
        return True
    return record.type in ("response", "revisit") and _is_http(record)


def _message(record: Scanned, block: bytes, message: HttpMessage) -> Iterator[Fault]:
    if not _STATUS_LINE.match(block):
        line = block[:40].partition(b"\r\n")[0].decode("latin-1")
        yield record.fault(Kind.STATUS_LINE, f"the answer does not begin as one of HTTP/1: {line}")
    if record.get(_OWN) and not record.get(_RECONSTRUCTED):
        return
    if _is_dechunked(block, message):
        yield record.fault(Kind.DECHUNKED, "the body is not in the chunks that Transfer-Encoding speaks of")
    if message.body and not message.cut and not is_in_coding(message):
        coding = message.every("content-encoding")
        yield record.fault(Kind.DECODED, f"the body is not in the coding that its header names: {coding}")


def _is_dechunked(block: bytes, message: HttpMessage) -> bool:
    """A body without chunks is given out as it is, and stands right behind the head."""
    if "chunked" not in message.every("transfer-encoding") or not message.body:
        return False
    return block.endswith(tuple(end + message.body for end in (b"\n\r\n", b"\n\n")))
