"""The bytes of every message stand in the archive as they came, and every checker accepts the file."""

from __future__ import annotations

import errno
import gzip
import random
import sys
from collections import Counter
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from fastwarc.warc import ArchiveIterator

from archiver.warc.exchange import Purpose, Reference
from archiver.warc.http import parse, payload_digest
from archiver.warc.reader import pages
from archiver.warc.records import Record, records
from archiver.warc.writer import ArchiveWriter
from tests.conftest import ROOT, Run
from tests.warc.shapes import (
    CONDITIONAL,
    MOMENT,
    NOT_MODIFIED,
    REQUEST,
    SHAPES,
    TEXT,
    answer,
    archive,
    chunked,
    exchange,
)

CHECKERS = {
    "warcio": ("warcio", "check"),
    "fastwarc": ("fastwarc", "check"),
    "fastwarc with payloads": ("fastwarc", "check", "-p"),
    "gzip": ("gzip", "-t"),
}

#: Words that try to be a field of their own.
FORGERIES = [
    f"{start}{end}Forged: yes{end}{end}WARC/1.1"
    for end in ("\r\n", "\n", "\r", "\0\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r\n\r\n")
    for start in ("", "a", "%0d%0a", "caf\xe9", "\ud800", " \t", "?q=")
]


def checked(run: Run, checker: str, path: Path) -> CompletedProcess[str]:
    program, *words = CHECKERS[checker]
    command = {"warcio": [sys.executable, "-m", "warcio.cli"], "gzip": ["gzip"]}
    return run(*command.get(program, [str(Path(sys.executable).parent / program)]), *words, path)


def read(path: Path) -> list[Record]:
    faults: list[str] = []
    with path.open("rb") as file:
        found = list(records(file, faults.append))
    assert not faults
    return found


@pytest.mark.parametrize("response", [s.response for s in SHAPES.values()], ids=SHAPES)
def test_the_bytes_are_kept(response: bytes, tmp_path: Path) -> None:
    path = archive(tmp_path, exchange(response))
    _, answered, asked = read(path)
    assert (answered.block, asked.block) == (response, REQUEST)
    with path.open("rb") as file:
        assert response in [record.reader.read() for record in ArchiveIterator(file, parse_http=False)]


@pytest.mark.parametrize("checker", CHECKERS, ids=CHECKERS)
def test_checkers_accept_every_shape(checker: str, run: Run, tmp_path: Path) -> None:
    # warcio 1.8 sets an attribute on brotli's decoder, which newer ones do not allow.
    shapes = [shape for name, shape in SHAPES.items() if (checker, name) != ("warcio", "brotli")]
    more = {"ip": "::1", "protocols": ("http/1.1", "tls/1.3"), "cipher": "TLS_AES_256_GCM_SHA384"}
    path = archive(
        tmp_path,
        *[exchange(shape.response, **more) for shape in shapes],
        *[exchange(answer(), url=f"http://kettles.example/{words}") for words in FORGERIES],
        exchange(answer(), interim=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        exchange(b"", failure="timed out"),
        exchange(b"", request=b"", failure="host not found"),
    )
    ended = checked(run, checker, path)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_an_exchange_is_told_of(tmp_path: Path) -> None:
    path = archive(
        tmp_path,
        exchange(
            answer(),
            url="http://kettles.example/caf\xe9 |{}",
            ip="127.0.0.1",
            protocols=("http/1.1", "tls/1.3"),
            cipher="TLS_AES_256_GCM_SHA384",
            truncated="length",
            purpose=Purpose.HOP,
            redirected_from=("http://kettles.example/a b", "http://kettles.example/\xe9"),
            reconstructed=True,
        ),
    )
    info, answered, asked = read(path)
    assert (info.type, answered.type, asked.type) == ("warcinfo", "response", "request")
    assert b"software: review-archiver/test\r\nformat: WARC File Format 1.1\r\n" in info.block
    assert b"isPartOf: run\r\nrobots: obey\r\n" in info.block
    assert answered.get("warc-date") == asked.get("warc-date") == "2026-11-23T00:45:12.123456Z"
    assert asked.get("warc-concurrent-to") == answered.get("warc-record-id")
    assert (
        answered.get("warc-target-uri")
        == asked.get("warc-target-uri")
        == "http://kettles.example/caf%C3%A9%20%7C%7B%7D"
    )
    assert answered.get("warc-ip-address") == "127.0.0.1"
    assert answered.get("warc-cipher-suite") == "TLS_AES_256_GCM_SHA384"
    assert answered.get("warc-truncated") == "length"
    assert answered.get("archiver-purpose") == "hop"
    assert answered.get("archiver-reconstructed") == "true"
    assert answered.get("archiver-redirected-from") == "http://kettles.example/a%20b http://kettles.example/%C3%A9"
    whole = gzip.decompress(path.read_bytes())
    assert whole.count(b"WARC-Protocol: http/1.1\r\n") == whole.count(b"WARC-Protocol: tls/1.3\r\n") == 2


def test_a_failure_is_told_of(tmp_path: Path) -> None:
    _, asked, told, unasked, partial, request, why = read(
        archive(
            tmp_path,
            exchange(b"", failure="timed out"),
            exchange(b"", request=b"", failure="host not found"),
            exchange(answer(), failure="the answer broke off", truncated="disconnect"),
        )
    )
    assert (asked.type, told.type, told.block) == ("request", "metadata", b"failure: timed out\r\n")
    assert told.get("warc-concurrent-to") == asked.get("warc-record-id")
    assert (unasked.type, unasked.block) == ("metadata", b"failure: host not found\r\n")
    assert (partial.block, partial.get("warc-truncated")) == (answer(), "disconnect")
    assert (request.type, why.type, why.block) == ("request", "metadata", b"failure: the answer broke off\r\n")


def test_early_hints_stand_beside_the_answer(tmp_path: Path) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    _, answered, _, beside = read(archive(tmp_path, exchange(answer(), interim=hints)))
    assert (answered.block, beside.block, beside.type) == (answer(), hints, "metadata")


def test_no_word_becomes_a_field(tmp_path: Path) -> None:
    words = FORGERIES
    path = archive(
        tmp_path,
        *[exchange(answer(), url=f"http://kettles.example/{w}") for w in words],
        *[exchange(answer(), redirected_from=(f"http://kettles.example/{w}",)) for w in words],
        *[exchange(answer(), cipher=w, protocols=(w,), ip=w, truncated=w) for w in words],
        *[exchange(b"", failure=w) for w in words],
        *[exchange(answer(), withheld=w) for w in words],
        *[exchange(NOT_MODIFIED, request=CONDITIONAL, refers_to=_forged(w)) for w in words],
    )
    found = read(path)
    assert len(found) >= 500
    forged = [one for one in found if "forged" in one.fields or b"\r\nForged" in one.block.replace(b"\n", b"\r\n")]
    assert forged == []
    known = {name for one in read(archive(tmp_path / "plain", exchange(answer(), ip="::1"))) for name in one.fields}
    known |= {"warc-protocol", "warc-cipher-suite", "warc-truncated", "archiver-redirected-from", "archiver-holds"}
    known |= {"warc-profile", "warc-refers-to", "warc-refers-to-target-uri", "warc-refers-to-date"}
    known |= {"archiver-refers-to-location"}
    assert {name for one in found for name in one.fields} <= known


def _forged(word: str) -> Reference:
    return Reference(record_id=word, url=word, started_at=MOMENT, filename=word, offset=0, length=0)


def test_a_conversion_holds_the_line_of_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "run.warc.gz"
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run") as writer:
        place = writer.write(exchange(answer()))
        for word in FORGERIES:
            writer.convert(f"http://kettles.example/{word}", place.record_id, b'{"title":null}\n')
    _, answered, _, *made = read(path)
    assert len(made) == len(FORGERIES)
    for one in made:
        assert (one.type, one.get("content-type"), one.block) == ("conversion", "application/json", b'{"title":null}\n')
        assert one.get("warc-refers-to") == answered.get("warc-record-id")
        assert "forged" not in one.fields
    assert [location for _, location in pages(path)] == [place]


def test_a_location_is_where_the_answer_lies(tmp_path: Path) -> None:
    path = tmp_path / "kettles.example" / "run.warc.gz"
    body = chunked(TEXT)
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run") as writer:
        writer.write(exchange(answer()))
        place = writer.write(exchange(answer(b"Transfer-Encoding: chunked", body=body)))
    assert place.filename == "kettles.example/run.warc.gz"
    assert place.offset is not None
    assert place.length is not None
    member = path.read_bytes()[place.offset : place.offset + place.length]
    head, _, block = gzip.decompress(member).partition(b"\r\n\r\n")
    assert block == answer(b"Transfer-Encoding: chunked", body=body) + b"\r\n\r\n"
    assert f"WARC-Record-ID: <{place.record_id}>".encode() in head
    assert place.payload_digest == payload_digest(parse(answer()))
    # Checkers do not take the chunks off, and would reject what the standard asks for.
    assert b"WARC-Payload-Digest" not in head


def test_a_record_is_a_member(tmp_path: Path) -> None:
    path = archive(tmp_path, exchange(answer()), exchange(b"", failure="timed out"))
    whole = path.read_bytes()
    for record in read(path):
        assert record.offset is not None
        assert record.length is not None
        member = gzip.decompress(whole[record.offset : record.offset + record.length])
        assert member.endswith(record.block + b"\r\n\r\n")


def test_ids_are_given_once(tmp_path: Path) -> None:
    found = read(archive(tmp_path, *[exchange(answer())] * 50))
    assert max(Counter(record.get("warc-record-id") for record in found).values()) == 1


def test_a_file_is_open_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "run.warc.gz"
    writer = ArchiveWriter(path, data=tmp_path, software="test", run_id="run")
    assert [p.name for p in tmp_path.iterdir()] == ["run.warc.gz.open"]
    writer.sync()
    writer.close()
    writer.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.cdxj", "run.warc.gz"]


@pytest.mark.parametrize("taken", ["run.warc.gz", "run.warc.gz.open"])
def test_nothing_is_written_over(taken: str, tmp_path: Path) -> None:
    (tmp_path / taken).write_bytes(b"another run's")
    with pytest.raises(FileExistsError):
        ArchiveWriter(tmp_path / "run.warc.gz", data=tmp_path, software="test", run_id="run")
    assert (tmp_path / taken).read_bytes() == b"another run's"


FULL = """
import resource, sys
from pathlib import Path
from archiver.warc.growing import ArchiveFullError
from archiver.warc.writer import ArchiveWriter
from tests.warc.shapes import PAGES_OF_ALL_SIZES as pages
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
data = Path(sys.argv[1])
try:
    writer = ArchiveWriter(data / "run.warc.gz", data=data, software="test", run_id="run")
except ArchiveFullError:
    sys.exit(12)
written = 0
for page in pages:
    try:
        writer.write(page)
        written += 1
    except ArchiveFullError as full:
        print(full.errno, file=sys.stderr)
writer.close()
print(written)
"""


@pytest.mark.parametrize("room", [1, 300, 900, 5_000, 20_000, 20_001, 40_000, 77_777])
def test_a_full_disk_costs_only_what_did_not_fit(room: int, tmp_path: Path, run: Run) -> None:
    """The limit on a file's size stands in for the disk's: the system refuses either in the middle of a write."""
    ended = run("python", "-c", FULL, tmp_path, str(room), cwd=ROOT)
    if ended.returncode == 12:
        assert room <= 300
        assert list(tmp_path.iterdir()) == []
        return
    assert ended.stderr.split() == [str(errno.EFBIG)] * ended.stderr.count("\n")
    assert ended.stderr
    path = tmp_path / "run.warc.gz"
    assert path.stat().st_size <= room
    kept = [record for record in read(path) if record.type == "response"]
    assert len(kept) == int(ended.stdout)


def test_what_came_compressed_is_stored_as_it_is(tmp_path: Path) -> None:
    """In a member that every reader takes, of several stored blocks; a head that only says so makes no difference."""
    body = gzip.compress(random.Random(7).randbytes(150_000))
    coded = answer(b"Content-Encoding: gzip", body=body)
    path = archive(tmp_path, exchange(coded), exchange(answer(b"Content-Encoding: identity", body=TEXT * 400)))
    _, stored, _, shrunk, _ = read(path)
    assert stored.block == coded
    assert body[20:60_000] in path.read_bytes()
    assert (shrunk.length or 0) < len(TEXT * 400) / 10
    assert gzip.decompress(path.read_bytes()).count(b"WARC/1.1\r\n") == 5
