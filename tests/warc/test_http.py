"""What a server said is read whatever its shape, and never further than a limit."""

from __future__ import annotations

import gzip
import random
import zlib

import brotli
import pytest
from backports import zstd

from archiver.warc.http import MAX_SIZE, decoded_body, parse, payload_digest
from tests.warc.shapes import SHAPES, TEXT, ZIPPED, Shape, answer, chunked


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_an_answer_is_read(shape: Shape) -> None:
    message = parse(shape.response)
    assert (message.status, message.reason, message.headers) == (shape.status, shape.reason, shape.headers)
    assert decoded_body(message) == (shape.body, shape.truncated)


def test_the_payload_keeps_its_content_coding_and_loses_its_chunks() -> None:
    lines = (b"Transfer-Encoding: chunked", b"Content-Encoding: gzip")
    assert parse(answer(*lines, body=chunked(ZIPPED))).body == ZIPPED
    assert payload_digest(parse(answer(*lines, body=chunked(ZIPPED, 3)))) == payload_digest(parse(answer(body=ZIPPED)))


BOMB = b"0" * (MAX_SIZE * 3)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BOMB)),
        ("deflate", zlib.compress(BOMB)),
        ("br", brotli.compress(BOMB)),
        ("zstd", zstd.compress(BOMB)),
        ("gzip, gzip", gzip.compress(gzip.compress(BOMB))),
        ("identity", BOMB),
    ],
)
def test_a_bomb_is_cut(coding: str, body: bytes) -> None:
    message = parse(answer(b"Content-Encoding: " + coding.encode(), body=body))
    assert decoded_body(message) == (BOMB[:MAX_SIZE], "length")


PAGE = TEXT + random.Random(1).randbytes(200_000).hex().encode()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)),
        ("br", brotli.compress(PAGE)),
        ("zstd", zstd.compress(PAGE)),
    ],
)
def test_a_broken_body_is_read_as_far_as_it_goes(coding: str, body: bytes) -> None:
    message = parse(answer(b"Content-Encoding: " + coding.encode(), body=body[: len(body) // 2]))
    read, reason = decoded_body(message)
    assert reason == "unspecified"
    assert len(read) > len(PAGE) // 4
    assert PAGE.startswith(read)


def test_a_damaged_body_is_read_up_to_the_damage() -> None:
    deflate = zlib.compressobj(wbits=31)
    body = deflate.compress(PAGE) + deflate.flush(zlib.Z_FULL_FLUSH) + b"\xff" * 50  # there is no third type of block
    assert decoded_body(parse(answer(b"Content-Encoding: gzip", body=body))) == (PAGE, "unspecified")


def test_nothing_that_a_server_sends_raises() -> None:
    source = random.Random(7)
    for shape in SHAPES.values():
        for _ in range(25):
            damaged = bytearray(shape.response[:5_000])
            for _ in range(source.randrange(1, 6)):
                damaged[source.randrange(len(damaged))] = source.randrange(256)
            decoded_body(parse(bytes(damaged[: source.randrange(len(damaged) + 1)])))
