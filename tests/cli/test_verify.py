"""``archiver verify`` as its users start it: folders, indexes, lines, the report and the exit code."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.cli import main
from archiver.extraction import extract
from archiver.store.lines import LineWriter, decode, encode
from archiver.store.records import located
from archiver.warc.reader import pages
from archiver.warc.records import records
from archiver.warc.writer import ArchiveWriter
from tests.conftest import Answer, Run, Serve
from tests.warc.handmade import INFO, Made, an_id, answered, packed, write
from tests.warc.shapes import SHAPES, answer, archive, exchange
from tests.warc.test_revisit import AGAIN, FIRST
from tests.warc.test_revisit import run as visited

PAGE = b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>"
NAME = "kettles.example/run"

Verify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    """Verify these, and give the exit code and what was found."""

    def start(*words: str | Path) -> tuple[int, dict[str, Any]]:
        code = main(["verify", "--json", "--jobs", "1", *map(str, words)])
        said = capsys.readouterr()
        assert said.err == ""
        found: dict[str, Any] = json.loads(said.out)
        return code, found

    return start


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as a crawl leaves it: archive, index, lines."""
    data = tmp_path_factory.mktemp("sound") / "data"
    path = archive(data, *[exchange(answer(body=PAGE), url=f"http://kettles.example/{n}") for n in range(3)])
    with LineWriter(data / f"{NAME}.jsonl") as lines:
        for page, location in pages(path):
            lines.write(located(extract(page), location))
    return data


@pytest.fixture
def data(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "data")
    return tmp_path / "data"


def told(found: dict[str, Any], what: str = "faults") -> list[tuple[str, str]]:
    return [(Path(file["file"]).name, one["kind"]) for file in found["files"] for one in file[what]]


def test_the_archive_of_a_crawl_is_sound(serve: Serve, run: Run, verify: Verify, tmp_path: Path) -> None:
    base = serve({"/a": Answer(PAGE), "/b": Answer(b"", 302, headers=(("Location", "/a"),)), "/c": Answer(b"%PDF-1")})
    (tmp_path / "pages.txt").write_text(f"{base}/a\n{base}/b\n{base}/c\n{base}/gone\n")
    assert run("python", "-m", "archiver", "crawl", "reviews", "-a", "urls=pages.txt").returncode == 3
    code, found = verify(tmp_path / "data")
    assert (code, found["lines"], told(found), told(found, "notes")) == (0, 4, [], [])


def test_every_odd_answer_is_sound(verify: Verify, tmp_path: Path) -> None:
    archive(tmp_path / "data", *[exchange(shape.response) for shape in SHAPES.values()])
    code, found = verify(tmp_path / "data")
    assert (code, told(found), told(found, "notes")) == (0, [], [])


def test_a_file_brings_what_lies_beside_it(data: Path, verify: Verify) -> None:
    code, found = verify(data / f"{NAME}.warc.gz")
    assert (code, found["lines"]) == (0, 3)
    assert {Path(file["file"]).name for file in found["files"]} == {"run.warc.gz", "run.cdxj", "run.jsonl"}


def edit(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines(keepends=True)[0]


#: What is done to one file of a sound folder, and what is then told of it.
INDEX_FAULTS: dict[str, tuple[str, str, list[str]]] = {
    "an offset": ('"offset":"', '"offset":"1', ["index-place", "not-indexed"]),
    "a length": ('"length":"', '"length":"1', ["index-place"]),
    "an archive": ("run.warc.gz", "gone.warc.gz", ["index-place", "not-indexed"]),
    "an archive elsewhere": ("kettles.example/run", "../kettles.example/run", ["index-place", "not-indexed"]),
    "a digest": ('"sha256:', '"sha256:AAAA', ["index-differs"]),
    "a status": ('"status":"200"', '"status":"404"', ["index-differs"]),
    "an address": (".example/0", ".example/9", ["index-differs"]),
    "a time": (" 20261123", " 20261122", ["index-differs"]),
    "a key": ("example,kettles)/0", "example,kettles)/", ["index-differs"]),
    "a field less": ('"mime"', '"kind"', ["index-line", "not-indexed"]),
    "noise": (" {", " \x1b[31m{", ["index-line", "not-indexed"]),
}


@pytest.mark.parametrize(("old", "new", "kinds"), INDEX_FAULTS.values(), ids=INDEX_FAULTS)
def test_an_index_is_held_against_the_archive(old: str, new: str, kinds: list[str], data: Path, verify: Verify) -> None:
    edit(data / f"{NAME}.cdxj", old, new)
    code, found = verify(data)
    assert (code, told(found)) == (3, [("run.cdxj", kind) for kind in kinds])


def test_a_line_that_stands_twice_is_told(data: Path, verify: Verify) -> None:
    index = data / f"{NAME}.cdxj"
    edit(index, first_line(index), first_line(index) * 2)
    assert told(verify(data)[1]) == [("run.cdxj", "index-order")]


def test_a_record_that_no_index_names_is_told(data: Path, verify: Verify) -> None:
    index = data / f"{NAME}.cdxj"
    edit(index, first_line(index), "")
    assert told(verify(data)[1]) == [("run.cdxj", "not-indexed")]


def test_an_index_out_of_order_is_told(data: Path, verify: Verify) -> None:
    index = data / f"{NAME}.cdxj"
    index.write_text("".join(reversed(index.read_text().splitlines(keepends=True))))
    assert told(verify(data)[1]) == [("run.cdxj", "index-order")] * 2


LINE_FAULTS: dict[str, tuple[str, str, str]] = {
    "an offset": ('"warc_record_offset":', '"warc_record_offset":1', "line-place"),
    "a length": ('"warc_record_length":', '"warc_record_length":1', "line-place"),
    "a shorter length": ('"warc_record_length":', '"warc_record_length":4,"x":', "line-place"),
    "a negative offset": ('"warc_record_offset":', '"warc_record_offset":-', "line-place"),
    "an archive": (f"{NAME}.warc.gz", "gone.warc.gz", "line-place"),
    "an archive elsewhere": (f"{NAME}.warc.gz", "../../../etc/passwd", "line-place"),
    "an id": ('"warc_record_id":"urn', '"warc_record_id":"urx', "line-place"),
    "a digest": ('"content_digest":"sha256:', '"content_digest":"sha256:0', "line-differs"),
    "the body": ("Four families", "Five families", "line-differs"),
    "the title": ('"title":"Kettle Street"', '"title":"Kettle Lane"', "line-differs"),
    "the address": ('"url":"http://kettles.example/0"', '"url":"http://kettles.example/9"', "line-differs"),
    "its braces": ("{", "", "line"),
}


@pytest.mark.parametrize(("old", "new", "kind"), LINE_FAULTS.values(), ids=LINE_FAULTS)
def test_a_line_is_held_against_its_bytes(old: str, new: str, kind: str, data: Path, verify: Verify) -> None:
    edit(data / f"{NAME}.jsonl", old, new)
    code, found = verify(data)
    assert (code, told(found)) == (3, [("run.jsonl", kind)])
    [fault] = [fault for file in found["files"] for fault in file["faults"]]
    assert fault["line"] == 1


def test_when_it_was_extracted_does_not_matter(data: Path, verify: Verify) -> None:
    edit(data / f"{NAME}.jsonl", '"parsed_at":"2', '"parsed_at":"1')
    code, found = verify(data)
    assert (code, told(found, "notes")) == (0, [])


def test_a_line_by_other_rules_is_compared_as_far_as_it_can_be(data: Path, verify: Verify) -> None:
    lines = data / f"{NAME}.jsonl"
    edit(lines, '"rules":"', '"rules":"other-')
    edit(lines, "Four families", "Five families")
    code, found = verify(data)
    assert (code, told(found), told(found, "notes")) == (0, [], [("run.jsonl", "other-extractor")])
    edit(lines, '"fetch_status":200', '"fetch_status":404')
    assert told(verify(data)[1]) == [("run.jsonl", "line-differs")]


def test_lines_by_several_processes_are_the_same(data: Path, run: Run) -> None:
    lines = data / f"{NAME}.jsonl"
    edit(lines, "Four", "Nine")
    lines.write_text(lines.read_text() * 20)
    said = [run("python", "-m", "archiver", "verify", data, "--json", "--jobs", jobs).stdout for jobs in ("1", "2")]
    assert said[0] == said[1]
    assert json.loads(said[0])["faults"] == 20


def test_a_list_of_something_else_is_left_alone(data: Path, verify: Verify) -> None:
    (data / "pages.jsonl").write_text('{"format":"json-pages-1.0"}\n{"url":"http://kettles.example/"}\n')
    assert verify(data)[0] == 0


#: What is done to the second of two runs, whose page came before, and what then differs.
REVISIT_FAULTS: dict[str, tuple[bytes, bytes, str]] = {
    "a place": (b"/one.warc.gz ", b"/one.warc.gz 1", "place"),
    "a file": (b"Location: kettles.example/one.", b"Location: kettles.example/two.", "file"),
    "an address": (b"Target-URI: http://kettles.example/first", b"Target-URI: http://kettles.example/other", "address"),
    "a date": (b"Refers-To-Date: 2026-11-23", b"Refers-To-Date: 2026-11-22", "date"),
}


@pytest.mark.damages
@pytest.mark.parametrize(("old", "new", "differing"), REVISIT_FAULTS.values(), ids=REVISIT_FAULTS)
def test_a_payload_that_came_before_is_held_against_its_record(
    old: bytes, new: bytes, differing: str, verify: Verify, tmp_path: Path
) -> None:
    visited(tmp_path, "one", FIRST)
    visited(tmp_path, "two", AGAIN)
    code, found = verify(tmp_path)
    assert (code, told(found)) == (0, [])
    rewrite(tmp_path / "kettles.example" / "two.warc.gz", old, new)
    (tmp_path / "kettles.example" / "two.cdxj").unlink()
    code, found = verify(tmp_path)
    assert (code, told(found)) == (3, [("two.warc.gz", "revisit")])
    [said] = [fault["said"] for file in found["files"] for fault in file["faults"]]
    assert said.endswith(f"has another {differing}")


@pytest.mark.damages
def test_a_payload_that_was_changed_since_is_told(verify: Verify, tmp_path: Path) -> None:
    visited(tmp_path, "one", FIRST)
    visited(tmp_path, "two", AGAIN)
    rewrite(tmp_path / "kettles.example" / "one.warc.gz", b"Four families", b"Five families")
    assert ("two.warc.gz", "revisit") in told(verify(tmp_path)[1])


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    """Another record, and no other fault in the file."""
    with path.open("rb") as file:
        ends = [(each.offset or 0, each.length or 0) for each in records(file, pytest.fail)]
    whole = path.read_bytes()
    members = [gzip.decompress(whole[begin : begin + length]) for begin, length in ends]
    assert sum(old in member for member in members) == 1
    path.write_bytes(b"".join(gzip.compress(member.replace(old, new), mtime=0) for member in members))


def test_a_record_in_the_archive_is_held_against_its_line(data: Path, verify: Verify) -> None:
    lines = data / f"{NAME}.jsonl"
    first = decode(first_line(lines).encode())
    with ArchiveWriter(data / "kettles.example" / "more.warc.gz", data=data, software="t", run_id="more") as writer:
        writer.convert(first.url or "", first.captures[0].warc_record_id or "", encode(first))
    assert verify(data)[0] == 0
    edit(lines, '"title":"Kettle Street"', '"title":"Kettle Lane"')
    assert told(verify(data)[1]) == [("more.warc.gz", "conversion"), ("run.jsonl", "line-differs")]
    edit(lines, '"parsed_at":"2', '"parsed_at":"1')  # a line that was made anew
    assert told(verify(data)[1]) == [("run.jsonl", "line-differs")]


#: A member of the package, and what becomes of it: None where it goes, otherwise another content.
PACKAGE_FAULTS: dict[str, tuple[str, Callable[[bytes], bytes | None]]] = {
    "no pages": ("pages/pages.jsonl", lambda _: None),
    "no index": ("indexes/index.cdx.gz", lambda _: None),
    "no list": ("datapackage.json", lambda _: None),
    "a list of nothing": ("datapackage.json", lambda _: b"[]"),
    "other pages": ("pages/pages.jsonl", lambda content: content + b"{}\n"),
    "a list that was changed": ("datapackage.json", lambda content: content.replace(b"1.1.1", b"1.1.0")),
    "something more": ("more/notes.txt", lambda _: b"notes"),
}


@pytest.fixture
def package(data: Path, tmp_path: Path) -> Path:
    assert main(["export", "--format", "wacz", str(data), "-o", str(tmp_path / "reviews.wacz")]) == 0
    return tmp_path / "reviews.wacz"


def repacked(
    package: Path, member: str, change: Callable[[bytes], bytes | None], how: int = zipfile.ZIP_STORED
) -> None:
    with zipfile.ZipFile(package) as old:
        members = {name: old.read(name) for name in old.namelist()}
    changed = change(members.pop(member, b""))
    with zipfile.ZipFile(package, "w", how) as new:
        for name, content in (members if changed is None else {**members, member: changed}).items():
            new.writestr(name, content)


def test_a_package_is_sound_beside_what_it_was_made_of(package: Path, verify: Verify) -> None:
    code, found = verify(package.parent)
    assert (code, told(found), found["archives"]) == (0, [], 2)


@pytest.mark.parametrize(("member", "change"), PACKAGE_FAULTS.values(), ids=PACKAGE_FAULTS)
def test_a_package_is_held_against_its_standard(
    member: str, change: Callable[[bytes], bytes | None], package: Path, verify: Verify
) -> None:
    repacked(package, member, change)
    code, found = verify(package)
    assert code == 3
    assert {kind for _, kind in told(found)} == {"package"}


def test_an_archive_compressed_twice_is_told(package: Path, verify: Verify) -> None:
    repacked(package, "pages/pages.jsonl", lambda content: content, zipfile.ZIP_DEFLATED)
    assert "compressed twice" in str(verify(package)[1])


def test_a_fault_within_a_package_is_told(package: Path, verify: Verify) -> None:
    with zipfile.ZipFile(package) as members:
        [name] = [name for name in members.namelist() if name.startswith("archive/")]
    repacked(package, name, lambda content: content[:-20])
    code, found = verify(package)
    assert code == 3
    assert (Path(name).name, "cut") in told(found)


def test_a_package_that_is_cut_is_told(package: Path, verify: Verify) -> None:
    package.write_bytes(package.read_bytes()[:-200])
    assert told(verify(package)[1]) == [("reviews.wacz", "package")]


def test_records_that_bear_one_id_are_told(verify: Verify, tmp_path: Path) -> None:
    page = answered()
    path = write(tmp_path, packed(INFO, page, page))
    assert told(verify(path)[1]) == [("made.warc.gz", "duplicate-id")]


@pytest.mark.parametrize(
    ("record", "as_file", "as_folder"),
    [
        (Made("metadata", more=(("WARC-Concurrent-To", an_id(77)),)), ["dangling"], ["dangling"]),
        (Made("metadata", more=(("WARC-Refers-To", an_id(77)),)), [], ["dangling"]),
        (Made("revisit", more=(("WARC-Refers-To", an_id(77)),)), [], ["dangling"]),
        (Made("metadata", more=(("WARC-Refers-To", an_id(9)),)), [], []),
    ],
    ids=["concurrent", "refers", "revisits", "refers to one that is there"],
)
def test_a_record_that_names_none_is_told(
    record: Made, as_file: list[str], as_folder: list[str], verify: Verify, tmp_path: Path
) -> None:
    """What a file refers to may lie in another one: that is a fault where all of them were looked at."""
    path = write(tmp_path, packed(INFO, record))
    assert [kind for _, kind in told(verify(path)[1])] == as_file
    assert [kind for _, kind in told(verify(tmp_path)[1])] == as_folder


def test_a_record_of_another_file_of_the_folder_is_found(verify: Verify, tmp_path: Path) -> None:
    write(tmp_path, packed(Made("revisit", number=2, more=(("WARC-Refers-To", an_id(1)),))), "b.warc.gz")
    write(tmp_path, packed(answered()), "a.warc.gz")
    assert verify(tmp_path)[0] == 0


def test_what_a_dead_run_left_is_told(data: Path, verify: Verify) -> None:
    path = data / f"{NAME}.warc.gz"
    path.rename(f"{path}.open")
    Path(f"{path}.torn").write_bytes(b"torn")
    code, found = verify(data)
    assert (code, told(found)) == (3, [("run.warc.gz.open", "left-open")])
    assert told(found, "notes") == [("run.warc.gz.torn", "torn")]


@pytest.mark.damages
def test_what_a_run_is_writing_is_not_judged(verify: Verify, tmp_path: Path) -> None:
    path = tmp_path / "run.warc.gz"
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run") as writer:
        writer.write(exchange(answer()))
        with Path(f"{path}.open").open("ab") as file:
            file.write(b"\x1f\x8b\x08half a record")
        code, found = verify(tmp_path)
        assert (code, told(found, "notes")) == (0, [("run.warc.gz.open", "being-written")])


def test_many_faults_of_one_kind_are_counted(verify: Verify, run: Run, tmp_path: Path) -> None:
    records = [answered().but(number=number, less=("WARC-Date",)) for number in range(1, 41)]
    path = write(tmp_path, packed(*records))
    code, found = verify(path)
    assert (code, found["faults"], found["files"][0]["counts"]) == (3, 40, {"missing-field": 40})
    assert len(found["files"][0]["faults"]) == 20
    assert "and 20 more" in run("python", "-m", "archiver", "verify", path).stdout


def test_the_report_says_what_to_do(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, packed(INFO, answered())[:-9])
    ended = run("python", "-m", "archiver", "verify", path)
    assert (ended.returncode, ended.stderr) == (3, "")
    assert ended.stdout.splitlines() == [
        str(path),
        "  cut: archiver repair keeps every whole record and puts the rest aside",
        f"    byte {len(packed(INFO))}: the file ends within this record",
        "",
        "1 archives, 1 records, 0 lines: 1 faults",
    ]


def test_nothing_hostile_reaches_a_terminal(run: Run, tmp_path: Path) -> None:
    hostile = "http://kettles.example/\x1b]0;owned\x07\u202e \x9b2J"
    page = answered(WARC_Target_URI=hostile, WARC_Date="\x1b[31m", WARC_Record_ID="<\x1b[2J>")
    path = write(tmp_path, packed(page, answered(status=b"\x1b[31m 200")), "a\x1b[31m.warc.gz")
    path.with_name("a\x1b[31m.jsonl").write_text('{"record_id":"\x1b[31m"}\n')
    ended = run("python", "-m", "archiver", "verify", path)
    assert ended.returncode == 3
    assert not [sign for sign in ended.stdout + ended.stderr if not sign.isprintable() and sign != "\n"]
    asked = run("python", "-m", "archiver", "verify", "--json", path)
    assert not [sign for sign in asked.stdout if not sign.isprintable() and sign != "\n"]
    said = [fault["said"] for file in json.loads(asked.stdout)["files"] for fault in file["faults"]]
    assert any(hostile in one for one in said)


@pytest.mark.parametrize("name", ["run.jsonl", "run.cdxj"])
@pytest.mark.parametrize(
    "noise",
    [b"[" * 100_000 + b"\n", b'{"record_id":' * 50_000 + b"\n", b"\xff\xfe\0\n", b"a 20261123004512 {" * 9 + b"\n"],
    ids=["brackets", "braces", "bytes", "words"],
)
def test_no_line_makes_it_raise(name: str, noise: bytes, data: Path, verify: Verify) -> None:
    path = data / "kettles.example" / name
    path.write_bytes(path.read_bytes() + b"a 20261123004512 " * (name == "run.cdxj") + noise)
    code, found = verify(data)
    assert code == 3
    assert {kind for _, kind in told(found)} <= {"line", "index-line", "index-order"}


@pytest.mark.parametrize(
    ("words", "code"),
    [(["gone"], 10), (["empty"], 10), (["page.html"], 10), ([], 2), (["empty", "--jobs", "0"], 2)],
    ids=str,
)
def test_what_is_no_archive_is_told(words: list[str], code: int, run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "page.html").write_bytes(PAGE)
    ended = run("python", "-m", "archiver", "verify", *words)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert ended.stderr
