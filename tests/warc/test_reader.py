"""A page from the archive equals the page from the wire; of others' archives come the documents."""

from __future__ import annotations

import gzip
import os
import pickle
from dataclasses import fields
from pathlib import Path

import pytest

from archiver.page import Page
from archiver.warc.exchange import Location, Part, Purpose
from archiver.warc.http import page_of
from archiver.warc.reader import Captured, captured, page_at, pages
from archiver.warc.writer import ArchiveWriter
from tests.warc.shapes import SHAPES, TEXT, ZIPPED, Shape, answer, archive, exchange

URL = "http://kettles.example/review"


def told(page: Page) -> dict[str, object]:
    return {field.name: getattr(page, field.name) for field in fields(Page)}


@pytest.mark.parametrize(
    "shape", [s for s in SHAPES.values() if s.status], ids=[n for n, s in SHAPES.items() if s.status]
)
def test_an_archived_page_equals_the_live_one(shape: Shape, tmp_path: Path) -> None:
    live = exchange(
        shape.response,
        url="http://kettles.example/caf\xe9 |{}\r\n?q=%zz",
        redirected_from=("http://kettles.example/a b", "http://kettles.example/\ud800"),
        truncated="time",
    )
    [(page, location)] = pages(archive(tmp_path, live))
    assert told(page) == told(page_of(live))
    assert page.body == shape.body
    assert location.offset is not None
    assert location.length is not None
    assert told(page_at(tmp_path / location.filename, location.offset, location.length)) == told(page)


def test_a_location_read_is_the_one_written(tmp_path: Path) -> None:
    path = tmp_path / "kettles.example" / "run.warc.gz"
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run") as writer:
        written = [writer.write(exchange(shape.response)) for shape in SHAPES.values() if shape.status]
    assert [location for _, location in pages(path)] == written


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.PAGE])
def test_only_pages_come_out_of_our_own(purpose: Purpose, tmp_path: Path) -> None:
    hop = exchange(answer(), purpose=purpose)
    found = list(pages(archive(tmp_path, hop, exchange(answer(b"Content-Type: image/png")), hop)))
    assert [page.content_type for page, _ in found] == ["image/png"]


def test_what_got_no_answer_is_no_page(tmp_path: Path) -> None:
    failed = exchange(b"", failure="timed out")
    assert list(pages(archive(tmp_path, failed, exchange(b"HTTP/1.1 2", failure="broke off")))) == []


@pytest.mark.damages
def test_a_name_that_leads_out_of_the_folder_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "evil.warc.gz"
    info = (
        b"WARC/1.1\r\nWARC-Type: warcinfo\r\nArchiver-Filename: ../../etc/passwd\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    )
    path.write_bytes(gzip.compress(info) + archive(tmp_path, exchange(answer())).read_bytes())
    found = list(pages(path))
    assert {location.filename for _, location in found} == {"kettles.example/run.warc.gz"}
    path.write_bytes(gzip.compress(info) + gzip.compress(foreign(answer())))
    assert {location.filename for _, location in pages(path)} == {"evil.warc.gz"}


def foreign(block: bytes, **fields: str) -> bytes:
    """A record as another program might write it."""
    told = {
        "WARC-Type": "response",
        "WARC-Record-ID": "<urn:uuid:a53deded-fb3b-4b8c-ac49-a12c73e3e1f8>",
        "WARC-Date": "2020-02-03T04:05:06Z",
        "WARC-Target-URI": URL,
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def typed(content_type: str, body: bytes = TEXT) -> bytes:
    return answer(b"Content-Type: " + content_type.encode(), body=body)


@pytest.mark.parametrize(
    ("record", "read"),
    [
        (foreign(typed("text/html")), True),
        (foreign(typed("TEXT/HTML; charset=utf-8")), True),
        (foreign(typed("application/xhtml+xml")), True),
        (foreign(typed("text/plain")), True),
        (foreign(typed("application/pdf")), True),
        (foreign(typed("application/vnd.openxmlformats-officedocument.wordprocessingml.document")), True),
        (foreign(answer()), True),
        (foreign(answer(body=b"\x89PNG\r\n")), False),
        (foreign(answer(body=b"%PDF-1.7")), True),
        (foreign(typed("image/png")), False),
        (foreign(typed("text/css")), False),
        (foreign(typed("text/javascript")), False),
        (foreign(typed("application/json")), False),
        (foreign(typed("application/ld+json")), False),
        (foreign(typed("font/woff2")), False),
        (foreign(typed("application/rss+xml")), False),
        (foreign(typed("application/xml")), False),
        (foreign(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\ngone"), True),
        (foreign(b"HTTP/1.1 500 Oh\r\nContent-Type: text/html\r\n\r\noh"), True),
        (foreign(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Type: text/html\r\n\r\n"), False),
        (foreign(b"HTTP/1.1 300 Choose\r\nContent-Type: text/html\r\n\r\n<p>one, two"), True),
        (foreign(b"HTTP/1.1 304 Not Modified\r\n\r\n"), False),
        (foreign(typed("text/plain"), WARC_Target_URI="https://kettles.example/robots.txt"), False),
        (foreign(typed("text/html"), WARC_Target_URI=f"<{URL}>"), True),
        (foreign(b"127.0.0.1", WARC_Target_URI="dns:kettles.example", Content_Type="text/dns"), False),
        (foreign(b"GET / HTTP/1.1\r\n\r\n", WARC_Type="request"), False),
        (foreign(typed("text/html"), WARC_Type="revisit"), False),
        (foreign(b"a: b", WARC_Type="metadata", Content_Type="application/warc-fields"), False),
        (foreign(TEXT, WARC_Type="resource", Content_Type="text/html"), True),
        (foreign(TEXT, WARC_Type="resource", Content_Type="image/png"), False),
        (foreign(b"Never Let Me Go", WARC_Type="conversion", Content_Type="text/plain"), True),
    ],
)
@pytest.mark.parametrize("compressed", [True, False])
def test_of_others_come_documents(record: bytes, read: bool, compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / ("x.warc.gz" if compressed else "x.warc")
    raw = [foreign(b"software: x\r\n", WARC_Type="warcinfo"), record, foreign(typed("text/html"))]
    parts = [gzip.compress(one) if compressed else one for one in raw]
    path.write_bytes(b"".join(parts))
    *found, (page, location) = pages(path)
    assert bool(found) == read
    assert (page.url, page.status, page.body) == (URL, 200, TEXT)
    assert str(page.fetched_at) == "2020-02-03 04:05:06+00:00"
    assert (location.offset, location.length) == (len(parts[0]) + len(parts[1]), len(parts[2]))
    assert (location.filename, location.record_id) == (path.name, "urn:uuid:a53deded-fb3b-4b8c-ac49-a12c73e3e1f8")
    assert told(page_at(path, location.offset or 0, location.length or 0)) == told(page)


def test_the_text_of_a_wet_file_is_a_page_without_a_status(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.wet.gz"
    text = "Never Let Me Go\nCaf\xe9".encode()
    path.write_bytes(gzip.compress(foreign(text, WARC_Type="conversion", Content_Type="text/plain")))
    [(page, _)] = pages(path)
    assert (page.status, page.media_type, page.text) == (None, "text/plain", "Never Let Me Go\nCaf\xe9")


def test_a_body_decoded_by_whoever_archived_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    lines = (b"Content-Type: text/html", b"Transfer-Encoding: chunked", b"Content-Encoding: gzip")
    path.write_bytes(gzip.compress(foreign(answer(*lines))) + gzip.compress(foreign(answer(*lines, body=ZIPPED))))
    assert [page.body for page, _ in pages(path)] == [TEXT, TEXT]


def test_a_file_compressed_as_one_piece_is_read_and_has_no_places(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(gzip.compress(foreign(typed("text/html")) * 3))
    found = list(pages(path))
    assert [page.body for page, _ in found] == [TEXT] * 3
    assert {(location.offset, location.length) for _, location in found} == {(None, None)}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (b"", None),
        (gzip.compress(foreign(answer()))[:-1], "it is cut"),
        (gzip.compress(foreign(answer()))[:20], "it is cut"),
        (gzip.compress(foreign(answer(), Content_Length="99999")), "it is cut"),
        (gzip.compress(foreign(answer(), Content_Length="5")), "longer than it says"),
        (gzip.compress(foreign(answer(), Content_Length="-5")), "how long it is"),
        (gzip.compress(b"no record\r\n\r\n"), "does not begin as a WARC record"),
        (gzip.compress(b"WARC/1.1\r\n" + b"a" * 5_000_000), "its head is too long"),
        (gzip.compress(foreign(answer()))[:-8] + b"\0" * 8, "incorrect data check"),
        (b"\0" * 1000, "incorrect header check"),
    ],
    ids=[
        "empty",
        "cut late",
        "cut early",
        "short",
        "long",
        "negative",
        "no record",
        "endless head",
        "checksum",
        "zeros",
    ],
)
def test_what_cannot_be_read_is_told(damage: bytes, said: str | None, tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    good = gzip.compress(foreign(typed("text/html")))
    path.write_bytes(good + damage)
    faults: list[str] = []
    assert [page.body for page, _ in pages(path, torn=faults.append)] == [TEXT]
    assert len(faults) == (said is not None)
    assert all(said in fault and f"byte {len(good)} " in fault and str(path) in fault for fault in faults if said)


def test_nothing_behind_damage_is_believed(tmp_path: Path) -> None:
    """A page's bytes could hold a whole record of a page on another site."""
    path = tmp_path / "x.warc.gz"
    path.write_bytes(gzip.compress(foreign(answer()))[:40] + gzip.compress(foreign(answer())))
    assert list(pages(path, torn=lambda _: None)) == []


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n", b"<h1>no archive", b"\0" * 3_000_000, b"\x1f\x8b"])
def test_a_file_that_is_no_archive_is_told_of(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(content)
    faults: list[str] = []
    assert list(pages(path, torn=faults.append)) == []
    assert bool(faults) == bool(content.strip())


def test_an_archive_comes_through_a_pipe(tmp_path: Path) -> None:
    path = archive(tmp_path, exchange(answer()))
    reading, writing = os.pipe()
    os.write(writing, path.read_bytes())
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        [(page, location)] = pages(pipe)
    assert (page.body, location.filename) == (TEXT, "kettles.example/run.warc.gz")


def test_no_page_lies_elsewhere(tmp_path: Path) -> None:
    path = archive(tmp_path, exchange(answer()))
    for offset, length in ((0, 100), (0, 5_000), (1, 300), (10**9, 10)):
        with pytest.raises(ValueError, match="there is no page at byte"):
            page_at(path, offset, min(length, 200))


def test_a_bomb_in_an_archive_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(gzip.compress(foreign(typed("text/html", b"0" * 70 * 2**20)), 1))
    [(page, location)] = pages(path)
    assert (len(page.body), page.truncated, location.payload_digest) == (32 * 2**20, "length", None)


# What belongs to a page


def told_apart(folder: Path) -> tuple[Path, list[Location]]:
    """Two pages and their answers, in the order in which they came: one of them broke off at first."""
    path = folder / "kettles.example" / "run.warc.gz"
    with ArchiveWriter(path, data=folder, software="test", run_id="run") as writer:
        first, second = (writer.write(exchange(answer(), url=f"{URL}/{n}")) for n in (1, 2))

        def write(page: Location, ask: str, response: bytes, **more: str) -> Location:
            part = Part(of=page.record_id, ask=ask)
            return writer.write(exchange(response, url=f"{URL}/x", purpose=Purpose.COMMENTS, part=part, **more))

        places = [
            first,
            second,
            write(second, "sha256:a", answer(body=b"of the second")),
            write(first, "sha256:a", b"HTTP/1.1 200", failure="the answer broke off"),
            write(first, "sha256:a", answer(body=b"of the first")),
            write(first, "sha256:b", b"", failure="timed out"),
            write(first, "sha256:c", b"HTTP/1.1 200", failure="the answer broke off"),
        ]
        hop = exchange(answer(), purpose=Purpose.HOP, part=Part(of=first.record_id, ask="sha256:d"))
        writer.write(hop)
    return path, places


def found(one: Captured, *asks: str) -> list[bytes | None]:
    answers = [one.answers.find(f"sha256:{ask}", one.location.filename) for ask in asks]
    return [answer and answer[0].body for answer in answers]


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("opened", [True, False])
def test_a_page_comes_with_the_answers_that_belong_to_it(compressed: bool, opened: bool, tmp_path: Path) -> None:
    path, places = told_apart(tmp_path)
    if not compressed:
        plain = tmp_path / "plain.warc"
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        path = plain
    file = path.open("rb")
    seen = [
        (one.location, found(one, *"abcd"), len(pickle.dumps(one.answers)) if not opened else 0)
        for one in captured(file if opened else path)
    ]
    file.close()
    assert [answers for _, answers, _ in seen] == [[b"of the first", None, None, None], [b"of the second", *[None] * 3]]
    if compressed:
        assert [location for location, _, _ in seen] == places[:2]


def test_an_answer_tells_where_it_lies(tmp_path: Path) -> None:
    path, places = told_apart(tmp_path)
    first, second = captured(path)
    [of_first, of_second] = [one.answers.find("sha256:a", one.location.filename) for one in (first, second)]
    assert of_first is not None
    assert of_second is not None
    assert [of_first[1], of_second[1]] == [places[4], places[2]]


def test_pages_of_others_come_without_answers(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    given = {"Archiver_Part_Of": "<urn:uuid:a53deded-fb3b-4b8c-ac49-a12c73e3e1f8>", "Archiver_Ask": "sha256:a"}
    path.write_bytes(gzip.compress(foreign(typed("text/html"))) + gzip.compress(foreign(typed("text/html"), **given)))
    assert [len(one.answers) for one in captured(path)] == [0, 0]
    assert [(one.page.url, one.location) for one in captured(path)] == [
        (page.url, location) for page, location in pages(path)
    ]


@pytest.mark.damages
def test_the_pages_of_an_archive_compressed_as_one_piece_come_without_answers(tmp_path: Path) -> None:
    path, _ = told_apart(tmp_path)
    one_piece = tmp_path / "one.warc.gz"
    one_piece.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())))
    assert [len(one.answers) for one in captured(one_piece)] == [0, 0]
