"""A payload that came before is kept once; its page is read as if it had come whole."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.page import Page
from archiver.warc.exchange import Exchange, Location, Part, Purpose
from archiver.warc.http import page_of
from archiver.warc.reader import captured, page_at, pages
from archiver.warc.records import Record
from archiver.warc.remember import remember
from archiver.warc.revisit import LEAST, ElsewhereError
from archiver.warc.seen import NAME, Seen
from archiver.warc.writer import ArchiveWriter, Keeping, refer
from tests.conftest import Run
from tests.warc.shapes import CONDITIONAL, MOMENT, NOT_MODIFIED, answer, chunked, exchange
from tests.warc.test_writer import CHECKERS, checked, read

BODY = b"<h1>Kettle Street</h1>" + b"<p>Four families share one kitchen.</p>" * 40
PLAIN = answer(b"Content-Type: text/html", b"X-Visit: 1", body=BODY)
CHUNKED = answer(b"Content-Type: text/html", b"Transfer-Encoding: chunked", b"X-Visit: 2", body=chunked(BODY, 700))
FIRST = exchange(PLAIN, url="http://kettles.example/first")
AGAIN = exchange(CHUNKED, url="http://kettles.example/again", started_at=MOMENT + timedelta(days=1))


@pytest.fixture
def run_command(environment: dict[str, str], request: pytest.FixtureRequest) -> Run:
    command: Run = request.getfixturevalue("run")
    return command


def told(page: Page) -> dict[str, object]:
    return {field.name: getattr(page, field.name) for field in fields(Page)}


def run(data: Path, name: str, *exchanges: Exchange) -> list[Location]:
    """One run over one site, with its memory of the runs before."""
    seen = Seen(data)
    path = data / "kettles.example" / f"{name}.warc.gz"
    with ArchiveWriter(path, data=data, software="test", run_id=name, keeping=Keeping(seen=seen)) as writer:
        places = [writer.write(one) for one in exchanges]
        writer.sync()
        seen.commit()
    seen.close()
    return places


def found(data: Path, name: str, kind: str = "revisit") -> list[Record]:
    return [record for record in read(data / "kettles.example" / f"{name}.warc.gz") if record.type == kind]


@pytest.mark.parametrize("in_one_run", [True, False])
def test_a_payload_that_came_before_is_told_by_a_revisit(in_one_run: bool, tmp_path: Path) -> None:
    if in_one_run:
        first, again = run(tmp_path, "one", FIRST, AGAIN)
    else:
        [first], [again] = run(tmp_path, "one", FIRST), run(tmp_path, "two", AGAIN)
    [original] = found(tmp_path, "one", "response")
    [revisit] = found(tmp_path, "one" if in_one_run else "two")
    assert revisit.block == CHUNKED[: CHUNKED.index(b"\r\n\r\n") + 4]
    assert revisit.get("warc-profile") == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert revisit.get("warc-refers-to") == original.get("warc-record-id")
    assert revisit.get("warc-refers-to-target-uri") == "http://kettles.example/first"
    assert revisit.get("warc-refers-to-date") == original.get("warc-date")
    assert revisit.get("warc-payload-digest") == original.get("warc-payload-digest")
    assert revisit.get("warc-truncated") == "length"
    assert revisit.get("archiver-refers-to-location") == f"{first.filename} {first.offset} {first.length}"
    assert again.payload_digest == first.payload_digest
    assert again.refers_to == refer(first, FIRST)


def test_its_page_is_the_page_that_came(tmp_path: Path) -> None:
    run(tmp_path, "one", FIRST)
    [place] = run(tmp_path, "two", AGAIN)
    path = tmp_path / place.filename
    [(page, location)] = pages(path, torn=pytest.fail)
    assert told(page) == told(page_of(AGAIN))
    assert location == place
    assert told(page_at(path, place.offset or 0, place.length or 0)) == told(page)
    assert (page.header("x-visit"), page.truncated) == ("2", None)


def test_an_answer_about_comments_is_found_too(tmp_path: Path) -> None:
    part = exchange(CHUNKED, purpose=Purpose.COMMENTS)
    page = exchange(answer(b"Content-Type: text/html", body=b"<p>page"))
    seen = Seen(tmp_path)
    path = tmp_path / "kettles.example" / "run.warc.gz"
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run", keeping=Keeping(seen=seen)) as writer:
        writer.write(replace(FIRST, purpose=Purpose.HOP))
        of = writer.write(page).record_id
        place = writer.write(replace(part, part=Part(of=of, ask="sha256:1")))
    assert place.refers_to is not None
    [one] = captured(path, torn=pytest.fail)
    assert one.answers.find("sha256:1", place.filename) is not None
    answered, location = one.answers.find("sha256:1", place.filename) or (None, None)
    assert answered is not None
    assert (answered.body, location) == (BODY, place)


@pytest.mark.damages
@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("gone", lambda path: path.unlink()),
        ("cut", lambda path: path.write_bytes(path.read_bytes()[:700])),
        ("another", lambda path: path.write_bytes(b"\0" * 5_000)),
    ],
)
def test_where_the_payload_is_not_to_be_had_it_is_said_where_it_should_be(
    name: str, lost: Callable[[Path], Any], tmp_path: Path
) -> None:
    [first], [place] = run(tmp_path, "one", FIRST), run(tmp_path, "two", AGAIN)
    lost(tmp_path / first.filename)
    said = f"its payload lies in {first.filename}, byte {first.offset}, and is not there"
    with pytest.raises(ElsewhereError, match=said):
        page_at(tmp_path / place.filename, place.offset or 0, place.length or 0)
    faults: list[str] = []
    assert list(pages(tmp_path / place.filename, torn=faults.append)) == []
    assert len(faults) == 1
    assert said in faults[0]
    [whole] = run(tmp_path, "three", AGAIN)
    assert whole.refers_to is None, "nothing is left out that is not kept elsewhere"


def test_a_payload_of_other_bytes_is_not_taken_for_it(tmp_path: Path) -> None:
    [first], [place] = run(tmp_path, "one", FIRST), run(tmp_path, "two", AGAIN)
    (tmp_path / first.filename).unlink()
    run(tmp_path, "one", exchange(PLAIN.replace(b"Four", b"Five"), url=FIRST.url))
    with pytest.raises(ElsewhereError):
        page_at(tmp_path / place.filename, place.offset or 0, place.length or 0)


def test_files_may_be_moved_together(tmp_path: Path) -> None:
    [first], [place] = run(tmp_path / "data", "one", FIRST), run(tmp_path / "data", "two", AGAIN)
    (tmp_path / "flat").mkdir()
    for one in (first, place):
        (tmp_path / "data" / one.filename).rename(tmp_path / "flat" / Path(one.filename).name)
    [(page, _)] = pages(tmp_path / "flat" / "two.warc.gz", torn=pytest.fail)
    assert page.body == BODY


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("cut", exchange(PLAIN, truncated="disconnect")),
        ("failed", exchange(PLAIN, failure="the answer broke off")),
        ("put together", exchange(PLAIN, reconstructed=True)),
        ("other", exchange(PLAIN + b".")),
        ("torn chunks", exchange(CHUNKED[:-9])),
        ("odd head", exchange(PLAIN.replace(b"\r\n", b"\n"))),
        ("no HTTP/1", exchange(PLAIN.replace(b"HTTP/1.1", b"HTTP/2"))),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_what_is_not_whole_or_not_plain_neither_refers_nor_is_referred_to(
    name: str, second: Exchange, turned: bool, tmp_path: Path
) -> None:
    pair = (second, FIRST) if turned else (FIRST, second)
    assert [place.refers_to for place in run(tmp_path, "one", *pair)] == [None, None]


@pytest.mark.parametrize(("size", "refers"), [(LEAST - 1, False), (LEAST, True)])
def test_small_payloads_are_kept_again(size: int, refers: bool, tmp_path: Path) -> None:
    one = exchange(answer(body=b"a" * size))
    _, again = run(tmp_path, "one", one, one)
    assert (again.refers_to is not None) == refers


def test_a_304_that_was_asked_for_is_a_revisit(tmp_path: Path) -> None:
    [first] = run(tmp_path, "one", FIRST)
    asked = exchange(NOT_MODIFIED, request=CONDITIONAL, refers_to=refer(first, FIRST))
    run(tmp_path, "two", asked, exchange(NOT_MODIFIED, request=CONDITIONAL), exchange(NOT_MODIFIED))
    known, unknown = found(tmp_path, "two")
    assert known.get("warc-profile") == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert (known.block, unknown.block) == (NOT_MODIFIED, NOT_MODIFIED)
    assert known.get("warc-refers-to") == f"<{first.record_id}>"
    assert known.get("warc-refers-to-target-uri") == FIRST.url
    assert known.get("warc-refers-to-date") == "2026-11-23T00:45:12.123456Z"
    assert known.get("warc-payload-digest") is known.get("warc-truncated") is unknown.get("warc-refers-to") is None
    assert len(found(tmp_path, "two", "response")) == 1


@pytest.mark.parametrize("checker", CHECKERS, ids=CHECKERS)
def test_checkers_accept_a_file_with_revisits(checker: str, run_command: Run, tmp_path: Path) -> None:
    asked = exchange(NOT_MODIFIED, request=CONDITIONAL, refers_to=refer(run(tmp_path, "one", FIRST)[0], FIRST))
    withheld = exchange(CHUNKED, withheld="noarchive")
    run(tmp_path, "two", AGAIN, FIRST, asked, withheld, exchange(b"\x15\x03", withheld="noarchive"))
    ended = checked(run_command, checker, tmp_path / "kettles.example" / "two.warc.gz")
    if checker == "fastwarc with payloads":  # it wants the payload in the revisit itself: docs/archive.md
        told = {record.get("warc-record-id") for record in found(tmp_path, "two")[:2]}
        assert set(re.findall("<urn:[^>]+>", ended.stdout)) == told
    else:
        assert ended.returncode == 0, ended.stdout + ended.stderr


# The memory


def ruined(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("UPDATE payloads SET offset = offset + 1")
    database.commit()
    database.close()


def aged(path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript("UPDATE tables SET version = 99; DROP TABLE payloads; CREATE TABLE payloads (other)")
    database.close()


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("lost", lambda path: path.unlink()),
        ("no database", lambda path: path.write_bytes(b"no database" * 1000)),
        ("empty", lambda path: path.write_bytes(b"")),
        ("cut", lambda path: path.write_bytes(path.read_bytes()[:5000])),
        ("zeros", lambda path: path.write_bytes(path.read_bytes()[:100] + b"\0" * 20_000)),
        ("wrong", ruined),
        ("of another version", aged),
        ("a folder", lambda path: (path.unlink(), path.mkdir())),
    ],
)
def test_without_its_memory_a_run_keeps_everything_again(
    name: str, harm: Callable[[Path], Any], tmp_path: Path
) -> None:
    run(tmp_path, "one", FIRST)
    harm(tmp_path / NAME)
    [again] = run(tmp_path, "two", AGAIN)
    assert again.refers_to is None
    [(page, _)] = pages(tmp_path / again.filename)
    assert told(page) == told(page_of(AGAIN))
    if name != "a folder":
        [third] = run(tmp_path, "three", AGAIN)
        assert third.refers_to == refer(again, AGAIN), "it remembers again"


def test_the_memory_is_filled_from_the_archives(tmp_path: Path) -> None:
    [first] = run(tmp_path, "one", FIRST, exchange(answer()))[:1]
    (tmp_path / NAME).unlink()
    seen = Seen(tmp_path)
    assert remember(tmp_path, seen) == 1
    seen.close()
    [again] = run(tmp_path, "two", AGAIN)
    assert again.refers_to == refer(first, FIRST)


def test_what_a_power_cut_could_take_is_known_in_its_own_file_alone(tmp_path: Path) -> None:
    seen = Seen(tmp_path)
    given: dict[str, Any] = {"data": tmp_path, "software": "test", "run_id": "run", "keeping": Keeping(seen=seen)}
    with ArchiveWriter(tmp_path / "a.warc.gz", **given) as a, ArchiveWriter(tmp_path / "b.warc.gz", **given) as b:
        a.write(FIRST)
        assert b.write(AGAIN).refers_to is None
        assert b.write(AGAIN).refers_to is not None
        a.sync()
        b.sync()
        seen.commit()
        assert a.write(AGAIN).refers_to is not None
    seen.close()
