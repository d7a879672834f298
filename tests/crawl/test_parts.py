"""The pages of one article, asked of a server, become one line; the archive gives the same line again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Answer, Run, Serve
from tests.crawl.conftest import Crawl
from tests.extraction.test_joining import SITE, URL, WHOLE, address

HOST = "http://lanterns.example"


@pytest.fixture
def start(serve: Serve) -> str:
    """The address of the first page."""
    answers: dict[str, Answer] = {}
    base = serve(answers)
    for url, body in SITE.items():
        answers[url.removeprefix(HOST)] = Answer(body.replace(HOST.encode(), base.encode()))
    return base + address(1).removeprefix(HOST)


def test_an_article_on_several_pages_is_one_line(start: str, crawl: Crawl, run: Run, tmp_path: Path) -> None:
    crawled = crawl("reviews", url=start)
    assert crawled.ended.returncode == 0
    [record] = crawled.records
    assert (record["page_state"], record["body_text"]) == ("article", WHOLE)
    assert [one["warc_record_id"] is not None for one in record["captures"]] == [True] * 3
    purposes = [one.fields["Archiver-Purpose"] for one in crawled.archived if one.type == "response"]
    assert purposes == ["robots", "page", "part", "part"]
    assert run("python", "-m", "archiver", "extract", "data", "-o", "again.jsonl").returncode == 0
    again = json.loads((tmp_path / "again.jsonl").read_bytes())
    for line in (record, again):
        del line["extractor"]["parsed_at"]
    assert again == record
    assert run("python", "-m", "archiver", "verify", "data").returncode == 0


def test_pages_are_joined_without_comments_being_asked_for(start: str, crawl: Crawl) -> None:
    [record] = crawl("reviews", url=start, ARCHIVER_COMMENTS="0").records
    assert record["body_text"] == WHOLE


def test_a_missing_page_is_told_of(serve: Serve, crawl: Crawl) -> None:
    path = URL.removeprefix(HOST)
    base = serve({f"{path}/": Answer(SITE[address(1)].replace(HOST.encode(), b""))})
    crawled = crawl("reviews", url=f"{base}{path}/")
    [record] = crawled.records
    assert (record["page_state"], record["redirects_to"]) == ("article_part", f"{base}{path}/2/")
    [missing] = crawled.manifest["incomplete"]
    assert (missing["url"], missing["missing"], missing["status"]) == (f"{base}{path}/", 2, 404)
