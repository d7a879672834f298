"""The index beside an archive: written along, or read out of it again, to the same bytes."""

from __future__ import annotations

import base64
import errno
import hashlib
import random
from pathlib import Path
from typing import IO

import msgspec
import pytest

from archiver.warc import cdxj
from archiver.warc.cdxj import Entry, Sorted
from archiver.warc.exchange import Part, Purpose
from archiver.warc.http import parse, payload_digest
from archiver.warc.reader import page_at
from archiver.warc.records import records
from archiver.warc.seen import Seen
from archiver.warc.surt import surt
from archiver.warc.writer import ArchiveWriter, Keeping
from tests.warc.shapes import CONDITIONAL, MOMENT, NOT_MODIFIED, SHAPES, TEXT, answer, archive, chunked, exchange


def lines(path: Path) -> list[bytes]:
    return cdxj.index_of(path).read_bytes().splitlines(keepends=True)


def entries(path: Path) -> list[Entry]:
    return [cdxj.read(line) for line in lines(path)]


def test_a_line_tells_what_was_answered_and_where_it_lies(tmp_path: Path) -> None:
    response = answer(b"Content-Type: Text/HTML; charset=utf-8", b"Transfer-Encoding: chunked", body=chunked(TEXT))
    path = archive(tmp_path, exchange(response, url="http://www.Kettles.example/A/?b&a"))
    [line] = lines(path)
    key, moment, said = line.decode().split(" ", 2)
    assert (key, moment) == ("example,kettles)/a?a&b", "20261123004512")
    told = msgspec.json.decode(said, type=dict[str, str])
    place = {"offset": told.pop("offset"), "length": told.pop("length")}
    assert told == {
        "url": "http://www.Kettles.example/A/?b&a",
        "mime": "Text/HTML",
        "status": "200",
        "digest": "sha256:" + _base_32(hashlib.sha256(TEXT).digest()),
        "filename": "kettles.example/run.warc.gz",
    }
    assert page_at(path, int(place["offset"]), int(place["length"])).body == TEXT


def test_the_index_written_along_is_the_one_read_out_of_the_archive(tmp_path: Path) -> None:
    shapes = [exchange(shape.response, url=f"http://x.example/{name}") for name, shape in SHAPES.items()]
    path = archive(
        tmp_path,
        *shapes,
        *[exchange(answer(), url=f"http://y.example/{purpose}", purpose=purpose) for purpose in Purpose],
        exchange(b"", failure="timed out"),
        exchange(b"", request=b"", failure="host not found"),
        exchange(answer(), interim=b"HTTP/1.1 103 Early Hints\r\n\r\n", truncated="length"),
    )
    along = lines(path)
    cdxj.index_of(path).unlink()
    assert cdxj.complete(tmp_path) == [cdxj.index_of(path)]
    assert lines(path) == along == sorted(along)
    assert cdxj.complete(tmp_path) == []
    assert not list(tmp_path.rglob("*.open"))
    with path.open("rb") as file:
        answered = {record.offset: record for record in records(file, pytest.fail) if record.type == "response"}
    assert len(along) == len(answered) >= 45
    for entry in entries(path):
        record = answered[int(entry.offset)]
        message = parse(record.block)
        assert (entry.url, int(entry.length)) == (record.address, record.length)
        assert entry.status == str(message.status or "-")
        digest = bytes.fromhex(payload_digest(message).removeprefix("sha256:"))
        assert entry.digest == f"sha256:{_base_32(digest)}"


def test_what_came_before_is_indexed_too_and_lines_in_the_archive_are_not(tmp_path: Path) -> None:
    whole = answer(b"Content-Type: text/html", body=TEXT * 40)
    seen, path = Seen(tmp_path), tmp_path / "s" / "run.warc.gz"
    keeping = Keeping(seen=seen)
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run", keeping=keeping) as writer:
        first = writer.write(exchange(whole, url="http://x.example/1"))
        writer.write(exchange(whole, url="http://x.example/2"))
        writer.write(exchange(NOT_MODIFIED, url="http://x.example/3", request=CONDITIONAL))
        writer.write(exchange(whole, url="http://x.example/4", withheld="it asks for that"))
        writer.write(exchange(whole, url="http://x.example/5", purpose=Purpose.COMMENTS, part=Part("urn:x:1", "a")))
        writer.convert("http://x.example/1", first.record_id, b"{}")
    seen.close()
    along = lines(path)
    cdxj.index(path, tmp_path)
    assert lines(path) == along
    told = [(entry.url[-1], entry.mime, entry.status) for entry in entries(path)]
    again = "warc/revisit"
    assert told == [("1", "text/html", "200"), ("2", again, "200"), ("3", again, "304"), ("5", again, "200")]
    digests = {entry.url[-1]: entry.digest for entry in entries(path)}
    assert digests["1"] == digests["2"] == digests["5"] == f"sha256:{_base_32(hashlib.sha256(TEXT * 40).digest())}"
    assert digests["3"] == "-"


@pytest.mark.parametrize("told", ["", ";charset=utf-8", "\x00", "caf\xe9", " text/html", 'text/html"}'])
def test_what_a_server_calls_its_answer_stays_within_its_field(told: str, tmp_path: Path) -> None:
    path = archive(tmp_path, exchange(answer(b"Content-Type: " + told.encode("latin-1"))))
    [entry] = entries(path)
    assert entry.mime.isascii()
    assert entry.mime.isprintable()
    assert " " not in entry.mime
    assert entry.status == "200"


def test_an_archive_of_others_is_indexed_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "theirs.warc"
    record = b"WARC-Target-URI: <http://x.example/a>\r\nWARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Type: "
    blocks = [
        record + b"response\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(answer()), answer()),
        record + b"revisit\r\nWARC-Payload-Digest: sha1:ABC\r\nContent-Length: 0\r\n\r\n\r\n\r\n",
        record + b"resource\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi\r\n\r\n",
        record + b"request\r\nContent-Length: 0\r\n\r\n\r\n\r\n",
        record.replace(b"2020", b"x") + b"response\r\nContent-Length: 0\r\n\r\n\r\n\r\n",
        b"WARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n",
    ]
    path.write_bytes(b"".join(b"WARC/1.0\r\n" + block for block in blocks))
    assert cdxj.index(path) == tmp_path / "theirs.cdxj"
    found = sorted((entry.mime, entry.status, entry.filename) for entry in entries(path))
    assert found == [
        ("text/plain", "-", "theirs.warc"),
        ("unk", "200", "theirs.warc"),
        ("warc/revisit", "-", "theirs.warc"),
    ]
    assert {line.split()[1] for line in lines(path)} == {b"20200102030405"}


@pytest.mark.damages
def test_an_archive_that_is_torn_is_indexed_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    path = archive(tmp_path, *[exchange(answer(), url=f"http://x.example/{n}") for n in range(3)])
    whole = entries(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(whole[2].offset) + 9])
    cdxj.index(path, tmp_path)
    assert entries(path) == whole[:2]


@pytest.mark.parametrize("most", [1, 100, 5000, 10**6])
def test_lines_are_sorted_however_few_fit_into_memory(most: int, tmp_path: Path) -> None:
    chance = random.Random(most)
    given = [b"%s\n" % (b"%x" % chance.getrandbits(64)) * chance.randrange(1, 9) for _ in range(300)]
    with Sorted(tmp_path, most) as held:
        for line in b"".join(given).splitlines(keepends=True):
            held.add(line)
        assert list(tmp_path.iterdir()) == []
        assert list(held) == sorted(b"".join(given).splitlines(keepends=True))


def test_an_archive_is_not_lost_for_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> IO[bytes]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cdxj, "_ALONG", 100)
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    path = archive(tmp_path, exchange(answer()), exchange(answer()))
    assert not cdxj.index_of(path).exists()
    monkeypatch.undo()
    assert cdxj.complete(tmp_path) == [cdxj.index_of(path)]
    assert len(lines(path)) == 2


def test_a_key_is_the_address_of_the_line(tmp_path: Path) -> None:
    urls = ["http://b.example/", "http://a.example/z", "http://a.example/A", "http://a.example:8080/"]
    path = archive(tmp_path, *[exchange(answer(), url=url, started_at=MOMENT) for url in urls])
    assert [line.split()[0].decode() for line in lines(path)] == sorted(map(surt, urls))


def _base_32(digest: bytes) -> str:
    return base64.b32encode(digest).decode()
