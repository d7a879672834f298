"""What a crawl keeps, what it leaves out, and where: over two runs of one site."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from archiver.warc.cdxj import index_of
from tests.conftest import Answer, Run, Serve
from tests.crawl.conftest import Archived, Crawl, Crawled

REVIEW = (
    b"<!doctype html><title>Kettle Street</title><article><h1>Kettle Street</h1>"
    + b"<p>Four families share one kitchen and no secrets, and the actors have lived there for years.</p>" * 20
    + b"</article>"
)
OTHER = REVIEW.replace(b"Four", b"Five")
SECRET = "sid=t0psecret"
SITE = {
    "/a": Answer(REVIEW),
    "/b": Answer(REVIEW),
    "/c": Answer(OTHER, headers=(("X-Robots-Tag", "noarchive"),)),
    "/d": Answer(b"<meta name=robots content='nofollow, NOARCHIVE'>" + OTHER),
    "/e": Answer(OTHER, headers=(("X-Robots-Tag", "otherbot: noarchive"),)),
}
#: Sends us on to a page, with a cookie to bring.
COOKIE = Answer(status=302, headers=(("Location", "/a"), ("Set-Cookie", SECRET)))


@pytest.fixture
def listed(serve: Serve, tmp_path: Path) -> str:
    """The address of the site, whose pages stand in pages.txt."""
    base = serve({**SITE, "/cookie": COOKIE})
    (tmp_path / "pages.txt").write_text("".join(f"{base}{path}\n" for path in SITE))
    return base


def archived(path: Path) -> list[Archived]:
    return Crawled.records_of(path)


def test_two_runs_keep_each_payload_once_and_lines_are_made_again_of_them(
    listed: str, crawl: Crawl, run: Run, tmp_path: Path
) -> None:
    assert crawl("reviews", urls="pages.txt").ended.returncode == 0
    crawled = crawl("reviews", urls="pages.txt")
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert len(crawled.records) == 2 * len(SITE)
    kinds = [
        [one.type for one in archived(path) if one.fields.get("Archiver-Purpose") == "page"]
        for path in crawled.archives
    ]
    assert [(kind.count("response"), kind.count("revisit")) for kind in kinds] == [(3, 2), (0, 5)]
    assert all(len(record["captures"]) == 2 for record in crawled.records[len(SITE) :])

    ended = run("python", "-m", "archiver", "extract", "data", "-o", "again.jsonl")
    assert ended.returncode == 0, ended.stderr
    again = [json.loads(line) for line in (tmp_path / "again.jsonl").read_bytes().splitlines()]
    assert by_record(again) == by_record(crawled.records)

    lines = [json.loads(one.block) for one in crawled.archived if one.type == "conversion"]
    assert by_record(lines) == by_record(crawled.records)
    for one in crawled.archived:
        if one.type == "conversion":
            assert one.fields["WARC-Refers-To"] == f"<{json.loads(one.block)['captures'][0]['warc_record_id']}>"
            assert one.fields["Content-Type"] == "application/json"
            assert one.fields["WARC-Target-URI"] == json.loads(one.block)["url"]


def by_record(records: list[dict[str, object]]) -> dict[str, object]:
    def place(record: dict[str, object]) -> str:
        [first, *_] = record["captures"]  # type: ignore[misc]
        return str(first["warc_record_id"])  # type: ignore[has-type]

    return {place(one): {**one, "extractor": None} for one in records}


def test_no_secret_of_ours_is_written_anywhere(listed: str, crawl: Crawl, tmp_path: Path) -> None:
    with (tmp_path / "pages.txt").open("a") as pages:
        pages.write(listed.replace("http://", "http://anna:geheim@") + "/a\n")
        pages.write(f"http://anna:geheim@127.0.0.1:9/a\n{listed}/cookie\n")
    words = ("-s", "LOG_LEVEL=DEBUG", "-s", "COOKIES_DEBUG=True", "-s", "RETRY_TIMES=1")
    crawled = crawl("reviews", *words, urls="pages.txt")
    assert crawled.ended.returncode == 3
    asked = b"".join(one.block for one in crawled.archived if one.type == "request")
    assert b"Cookie: [redacted]" in asked
    redacted = {one.fields.get("Archiver-Redacted") for one in crawled.archived}
    assert redacted == {None, "authorization", "authorization, cookie"}
    assert SECRET.encode() not in asked
    for path in crawled.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"geheim" not in (gzip.decompress(content) if path.suffix == ".gz" else content), path
    assert SECRET not in crawled.log.replace("Set-Cookie", "")
    assert "geheim" not in crawled.ended.stderr


def test_credentials_and_conversions_as_the_operator_wants_them(listed: str, crawl: Crawl, tmp_path: Path) -> None:
    (tmp_path / "pages.txt").write_text(f"{listed}/cookie\n{listed}/b\n")
    crawled = crawl("reviews", urls="pages.txt", ARCHIVER_KEEP_CREDENTIALS="1", ARCHIVER_CONVERSIONS="0")
    assert any(SECRET.encode() in one.block for one in crawled.archived if one.type == "request")
    assert {one.type for one in crawled.archived} == {"warcinfo", "response", "revisit", "request"}


def test_archives_stand_by_themselves_where_the_operator_wants_it(listed: str, crawl: Crawl) -> None:
    crawl("reviews", urls="pages.txt", ARCHIVER_DEDUPLICATE="0")
    crawled = crawl("reviews", urls="pages.txt", ARCHIVER_DEDUPLICATE="0")
    assert len(crawled.archives) == 2
    assert {one.type for one in crawled.archived} == {"warcinfo", "response", "request", "conversion"}


def test_a_page_that_asks_not_to_be_kept_is_told_of(listed: str, crawl: Crawl) -> None:
    crawled = crawl("reviews", urls="pages.txt", ARCHIVER_NOARCHIVE="record", ARCHIVER_CONVERSIONS="0")
    assert crawled.ended.returncode == 0
    rights = {record["url"]: record["rights"]["noarchive"] for record in crawled.records}
    assert [path for path in SITE if rights[listed + path]] == ["/c", "/d"]
    for path in SITE:
        kept = [one for one in crawled.archived if one.url == listed + path and one.type != "request"]
        if path in ("/c", "/d"):
            head, why = kept
            assert (head.fields["Archiver-Holds"], why.fields["Archiver-Holds"]) == ("head", "withheld")
            assert head.block.startswith(b"HTTP/1.1 200 OK\r\n")
            assert head.block.endswith(b"\r\n\r\n")
            assert why.block == b"withheld: the page asks not to be archived (noarchive)\r\n"
        else:
            assert [one.type for one in kept] in (["response"], ["revisit"])
    whole = b"".join(one.block for one in crawled.archived)
    assert whole.count(OTHER) == 1, "the page of /e, which nobody asked us not to keep"


def test_files_are_followed_by_others_at_their_size(listed: str, crawl: Crawl, run: Run, tmp_path: Path) -> None:
    crawled = crawl("reviews", urls="pages.txt", ARCHIVER_WARC_SIZE="1")
    assert crawled.ended.returncode == 0
    assert len(crawled.archives) > len(SITE)
    assert len(list(crawled.data.rglob("*.jsonl"))) == len(SITE)
    assert [path.name[-13:] for path in crawled.archives] == [
        f"{n:05}.warc.gz" for n in range(1, 1 + len(crawled.archives))
    ]
    assert all(archived(path)[0].type == "warcinfo" for path in crawled.archives)
    assert [index_of(path) for path in crawled.archives] == sorted(crawled.data.rglob("*.cdxj"))
    assert run("python", "-m", "archiver", "verify", "data").returncode == 0
    assert run("python", "-m", "archiver", "extract", "data", "-o", "again.jsonl").returncode == 0
    again = [json.loads(line) for line in (tmp_path / "again.jsonl").read_bytes().splitlines()]
    assert by_record(again) == by_record(crawled.records)
