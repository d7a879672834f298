"""Each fault is found, and nothing else is told of the file; what is sound has nothing told of it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import sys
import zlib
from pathlib import Path

import pytest

from archiver.warc.faults import ADVICE, Fault, Kind
from archiver.warc.verify import verified
from tests.conftest import Run
from tests.warc.handmade import HTML, INFO, Made, an_id, answered, packed, sha1, write
from tests.warc.shapes import SHAPES, answer, archive, chunked, exchange

PAGE = answered(b"Content-Type: text/html")
CHUNKS = chunked(HTML)
ZIPPED = gzip.compress(HTML, mtime=0)
TE, CE = b"Transfer-Encoding: chunked", b"Content-Encoding: gzip"
MD5 = hashlib.md5(PAGE.block, usedforsecurity=False).hexdigest()
ASKED = Made("request", b"GET /review HTTP/1.1\r\n\r\n", number=2)


def told(content: bytes) -> list[Fault]:
    faults: list[Fault] = []
    for _ in verified(io.BytesIO(content), faults.append):
        pass
    return faults


def changed(record: Made, **fields: str) -> Made:
    return record.but(fields={**record.fields, **{name.replace("_", "-"): value for name, value in fields.items()}})


#: Files that are wrong in one way.
WRONG = {
    "an empty file": (b"", Kind.EMPTY),
    "a page, and no archive": (HTML, Kind.NO_RECORD),
    "a page, compressed": (packed(HTML), Kind.NO_RECORD),
    "cut within a record": (packed(INFO, PAGE)[:-9], Kind.CUT),
    "cut after a byte": (packed(INFO, PAGE)[: len(packed(INFO)) + 1], Kind.CUT),
    "zeros at the end": (packed(INFO, PAGE) + b"\0" * 512, Kind.NO_RECORD),
    "not compressed, cut within a block": (bytes(INFO) + bytes(PAGE)[:-30], Kind.CUT),
    "not compressed, cut within a head": (bytes(INFO) + bytes(PAGE)[:30], Kind.CUT),
    "not compressed, cut before the last line ends": (bytes(INFO) + bytes(PAGE)[:-1], Kind.CUT),
    "a wrong byte": (packed(INFO) + b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xff" + packed(PAGE), Kind.DAMAGED),
    "a wrong check sum": (packed(INFO) + packed(PAGE)[:-8] + b"\1" * 8, Kind.DAMAGED),
    "compressed as one piece": (gzip.compress(bytes(INFO) + bytes(PAGE)), Kind.ONE_MEMBER),
    "Content-Length too small": (packed(INFO, changed(PAGE, Content_Length="20"), ASKED), Kind.CONTENT_LENGTH),
    "Content-Length too large": (packed(INFO, changed(PAGE, Content_Length="9999"), ASKED), Kind.CONTENT_LENGTH),
    "Content-Length larger by the line ends": (
        packed(changed(PAGE, Content_Length=str(len(PAGE.block) + 4))),
        Kind.CONTENT_LENGTH,
    ),
    "not compressed, Content-Length too small": (
        bytes(changed(PAGE, Content_Length="20")) + bytes(ASKED),
        Kind.CONTENT_LENGTH,
    ),
    "not compressed, Content-Length too large": (
        bytes(changed(PAGE, Content_Length=str(len(PAGE.block) + 20))) + bytes(ASKED),
        Kind.CONTENT_LENGTH,
    ),
    "Content-Length that is no number": (packed(changed(PAGE, Content_Length="-1")), Kind.CONTENT_LENGTH),
    "no Content-Length": (packed(PAGE.but(less=("Content-Length",))), Kind.CONTENT_LENGTH),
    "no WARC-Date": (packed(PAGE.but(less=("WARC-Date",))), Kind.MISSING_FIELD),
    "no WARC-Record-ID": (packed(PAGE.but(less=("WARC-Record-ID",))), Kind.MISSING_FIELD),
    "no WARC-Type": (packed(ASKED.but(less=("WARC-Type",))), Kind.MISSING_FIELD),
    "no WARC-Target-URI": (packed(ASKED.but(less=("WARC-Target-URI",))), Kind.MISSING_FIELD),
    "revisit without a profile": (packed(Made("revisit", less=("WARC-Profile",))), Kind.MISSING_FIELD),
    "revisit without the digest": (packed(Made("revisit", less=("WARC-Payload-Digest",))), Kind.MISSING_FIELD),
    "continuation without a number": (
        packed(Made("continuation", less=("WARC-Segment-Number",))),
        Kind.MISSING_FIELD,
    ),
    "date that is none": (packed(changed(PAGE, WARC_Date="2026-13-41T00:00:00Z")), Kind.DATE),
    "date in words": (packed(changed(PAGE, WARC_Date="Mon, 23 Nov 2026 00:45:12 GMT")), Kind.DATE),
    "date without a zone": (packed(changed(PAGE, WARC_Date="2026-11-23T00:45:12")), Kind.DATE),
    "id without brackets": (packed(changed(PAGE, WARC_Record_ID="urn:uuid:1")), Kind.RECORD_ID),
    "id with a space": (packed(changed(PAGE, WARC_Record_ID="<urn:uuid: 1>")), Kind.RECORD_ID),
    "space in the address": (packed(changed(PAGE, WARC_Target_URI="http://kettles.example/a b")), Kind.URI),
    "letters no URI has": (packed(changed(PAGE, WARC_Target_URI="http://kettles.example/\xe9")), Kind.URI),
    "address without a scheme": (packed(changed(PAGE, WARC_Target_URI="kettles.example/a")), Kind.URI),
    "brackets around the address": (packed(changed(PAGE, WARC_Target_URI="<http://kettles.example/>")), Kind.URI),
    "date twice": (packed(PAGE.but(more=(("warc-date", "2026-11-23T00:45:12Z"),))), Kind.REPEATED_FIELD),
    "address of a warcinfo": (packed(changed(INFO, WARC_Target_URI="http://a.example/")), Kind.FORBIDDEN_FIELD),
    "conversion concurrent to": (
        packed(PAGE, Made("conversion", HTML, 2, more=(("WARC-Concurrent-To", an_id(1)),))),
        Kind.FORBIDDEN_FIELD,
    ),
    "response that refers": (packed(INFO, changed(PAGE, WARC_Refers_To=an_id(9))), Kind.FORBIDDEN_FIELD),
    "response with a profile": (packed(changed(PAGE, WARC_Profile="http://a.example/")), Kind.FORBIDDEN_FIELD),
    "response with a file name": (packed(changed(PAGE, WARC_Filename="a.warc.gz")), Kind.FORBIDDEN_FIELD),
    "line feeds alone": (packed(ASKED.but(begin=b"WARC/1.1\n")), Kind.HEAD),
    "a version there is not": (packed(ASKED.but(begin=b"WARC/7.0\r\n")), Kind.HEAD),
    "a line that is no field": (packed(ASKED.but(begin=b"WARC/1.1\r\nwho knows\r\n")), Kind.HEAD),
    "wrong block": (packed(changed(PAGE, WARC_Block_Digest=sha1(b"another"))), Kind.BLOCK_DIGEST),
    "wrong payload": (packed(changed(PAGE, WARC_Payload_Digest=sha1(b"another"))), Kind.PAYLOAD_DIGEST),
    "digest that is none": (packed(changed(PAGE, WARC_Block_Digest="sha1:ABC")), Kind.DIGEST_FORM),
    "digest of an unknown kind": (packed(changed(PAGE, WARC_Block_Digest="blake3:ABCDEF")), Kind.UNCHECKED),
    "digest of the chunks": (packed(answered(TE, body=CHUNKS)), Kind.CHUNKED_DIGEST),
    "decoded, coding kept": (packed(answered(CE)), Kind.DECODED),
    "decoded from brotli, coding kept": (packed(answered(b"content-encoding: br")), Kind.DECODED),
    "decoded from deflate, coding kept": (packed(answered(b"Content-Encoding: deflate")), Kind.DECODED),
    "decoded, chunks on": (
        packed(changed(answered(TE, CE, body=CHUNKS), WARC_Payload_Digest=sha1(HTML))),
        Kind.DECODED,
    ),
    "dechunked, transfer coding kept": (packed(answered(TE)), Kind.DECHUNKED),
    "dechunked, content coding right": (packed(answered(TE, CE, body=ZIPPED)), Kind.DECHUNKED),
    "HTTP/2 in the status line": (packed(answered(status=b"HTTP/2 200")), Kind.STATUS_LINE),
    "another protocol's status line": (packed(answered(status=b"ICY 200 OK")), Kind.STATUS_LINE),
}


@pytest.mark.parametrize(("content", "kind"), WRONG.values(), ids=WRONG)
def test_a_fault_is_found_and_nothing_else(content: bytes, kind: Kind) -> None:
    assert [fault.kind for fault in told(content)] == [kind]


#: Files with nothing wrong in them, though readers have been seen to think so.
RIGHT = {
    "compressed": packed(INFO, PAGE, changed(ASKED, WARC_Concurrent_To=an_id(1))),
    "not compressed": bytes(INFO) + bytes(PAGE) + bytes(ASKED),
    "digest of the payload without its chunks": packed(
        changed(answered(TE, body=CHUNKS), WARC_Payload_Digest=sha1(HTML))
    ),
    "chunked and compressed": packed(changed(answered(TE, CE, body=chunked(ZIPPED)), WARC_Payload_Digest=sha1(ZIPPED))),
    "digest in hex": packed(changed(PAGE, WARC_Block_Digest=f"md5:{MD5}")),
    "answer to HEAD": packed(answered(TE, CE, body=b"")),
    "304 with the length of what is not sent": packed(answered(TE, body=b"", status=b"HTTP/1.1 304 Not Modified")),
    "a part of a compressed page": packed(answered(CE, body=b"of a page", status=b"HTTP/1.1 206 Partial")),
    "bare deflate": packed(answered(b"Content-Encoding: deflate", body=zlib.compress(HTML)[2:-4])),
    "a coding that is cut": packed(answered(CE, body=ZIPPED[:40])),
    "revisit without a block": packed(Made("revisit")),
    "several concurrent": packed(
        PAGE, INFO, ASKED.but(more=(("WARC-Concurrent-To", an_id(1)), ("WARC-Concurrent-To", an_id(9))))
    ),
    "several protocols": packed(PAGE.but(more=(("WARC-Protocol", "h2"), ("WARC-Protocol", "tls/1.3")))),
    "a version 1.0 with brackets": packed(
        changed(PAGE, WARC_Target_URI="<http://kettles.example/>").but(begin=b"WARC/1.0\r\n")
    ),
    "a date to the year": packed(changed(PAGE, WARC_Date="2026")),
    "a date to the nanosecond": packed(changed(PAGE, WARC_Date="2026-11-23T00:45:12.123456789Z")),
    "a type of somebody's own": packed(Made("note", HTML, more=(("WARC-Filename", "a"),))),
    "a folded field": packed(PAGE.but(more=(("X-Note", "one\r\n two"),))),
    "dns": packed(Made("response", b"20261123 1.2.3.4", fields={"Content-Type": "text/dns"})),
    "conversion": packed(Made("conversion", HTML, more=(("WARC-Payload-Digest", sha1(HTML)),))),
}


@pytest.mark.parametrize("content", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_not_complained_of(content: bytes) -> None:
    assert told(content) == []


@pytest.mark.parametrize("response", [shape.response for shape in SHAPES.values()], ids=SHAPES)
def test_what_a_server_really_sent_passes(response: bytes, tmp_path: Path) -> None:
    path = archive(tmp_path, exchange(response, ip="::1", protocols=("http/1.1", "tls/1.3")))
    assert told(path.read_bytes()) == []


def test_what_was_put_together_again_is_not_what_a_server_sent(tmp_path: Path) -> None:
    path = archive(tmp_path, exchange(answer(CE, body=HTML), reconstructed=True))
    assert [fault.kind for fault in told(path.read_bytes())] == [Kind.DECODED]


def test_a_fault_says_where_it_is() -> None:
    [fault] = told(packed(INFO, PAGE.but(less=("WARC-Date",)), ASKED))
    assert (fault.offset, f"<{fault.record}>") == (len(packed(INFO)), an_id(1))
    assert fault.said == "a response without WARC-Date"


def test_reading_goes_on_behind_a_wrong_length() -> None:
    """At the next member, and not in a file that is one piece: what looks like a record there may be forged."""
    wrong = changed(PAGE, Content_Length="20")
    later = ASKED.but(less=("WARC-Date",))
    assert [fault.kind for fault in told(packed(wrong, later))] == [Kind.CONTENT_LENGTH, Kind.MISSING_FIELD]
    assert [fault.kind for fault in told(bytes(wrong) + bytes(later))] == [Kind.CONTENT_LENGTH]


def test_every_kind_of_fault_has_its_advice() -> None:
    assert set(ADVICE) == set(Kind)


def test_no_bytes_make_it_raise() -> None:
    chance = random.Random(5)
    sound = [packed(INFO, PAGE, ASKED), bytes(INFO) + bytes(PAGE) + bytes(ASKED)]
    for _ in range(600):
        content = bytearray(chance.choice(sound))
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        told(bytes(content[: chance.randint(1, len(content))]))
    told(os.urandom(4096))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong block", ("fastwarc", "check")),
        ("Content-Length too small", ("fastwarc", "check")),
        ("Content-Length too large", ("fastwarc", "check")),
        ("cut within a record", ("gzip", "-t")),
        ("a wrong check sum", ("gzip", "-t")),
    ],
)
def test_another_checker_sees_what_it_can(name: str, words: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    """What no other sees has no second opinion."""
    path = write(tmp_path, WRONG[name][0])
    sound = write(tmp_path, RIGHT["compressed"], "sound.warc.gz")
    tool, *more = words
    program = tool if tool == "gzip" else Path(sys.executable).parent / tool
    assert run(program, *more, sound).returncode == 0
    assert run(program, *more, path).returncode != 0
