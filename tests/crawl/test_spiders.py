"""What the spiders find, and what a crawl keeps of the demonstration site."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY
from urllib.parse import urlsplit

import pytest

from tests.conftest import Answer, Run, Serve
from tests.crawl.conftest import Crawl, Crawled
from tests.demo import Demo, served

REVIEW = b"<!doctype html><title>Kettle Street</title><h1>Kettle Street</h1><p>Four families share one kitchen.</p>"
ZIPPED = (("Content-Encoding", "gzip"),)
ARTICLES = {
    "/2010/09/film-review-never-let-me-go-101912/",
    "/2011/06/kettle-street/",
    "/2011/07/cafe-a-minuit/",
    "/2011/08/the-cartographers-wife/",
    "/2011/09/nine-summers/",
    "/2011/10/the-last-matinee/",
}


@pytest.fixture
def demo() -> Iterator[Demo]:
    with served() as site:
        yield site


def test_a_site_is_found_and_kept_whole(demo: Demo, crawl: Crawl) -> None:
    crawled = crawl("site", url=f"{demo.url}/")
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    pages = [urlsplit(record["url"]).path for record in crawled.records]
    lantern = "/2011/05/the-lantern-room/"
    assert sorted(pages) == sorted([*ARTICLES, lantern, lantern, "/", "/page/2/", "/2011/11/withdrawn/"])
    hosts = {line.split()[0] for line in demo.asked}
    assert hosts == {urlsplit(demo.url).netloc}, "another site was asked"
    assert not any("/comments/feed/" in line for line in demo.asked)
    assert len(crawled.archives) == 1


def test_every_exchange_is_archived_with_its_purpose(demo: Demo, crawl: Crawl) -> None:
    crawled = crawl("site", url=f"{demo.url}/")
    kept = _answers(crawled)
    assert kept[f"{demo.url}/robots.txt"] == ["robots"]
    assert kept[f"{demo.url}/feed/"] == ["feed"]
    assert kept[f"{demo.url}/sitemap.xml"] == ["sitemap"]
    assert kept[f"{demo.url}/cartographer"] == ["hop"]
    assert kept[f"{demo.url}/2011/05/the-lantern-room/"] == ["page", "page"]
    assert sum(map(len, kept.values())) == len(demo.asked) == crawled.manifest["counts"]["exchanges"]


def test_an_interstitial_is_recorded_and_then_seen_through(demo: Demo, crawl: Crawl) -> None:
    url = f"{demo.url}/2011/05/the-lantern-room/"
    crawled = crawl("reviews", url=url)
    assert crawled.ended.returncode == 0
    assert [record["page_state"] for record in crawled.records] == ["interstitial", "article"]
    assert crawled.records[1]["title"] == "The Lantern Room"
    assert crawled.records[1]["captures"][0]["redirect_chain"] == [url]


def test_a_stub_is_followed_to_its_end_and_no_further(serve: Serve, crawl: Crawl) -> None:
    def stub(target: str) -> Answer:
        return Answer(
            f'<!doctype html><title>Redirecting</title><meta http-equiv="refresh" content="0; url={target}">'
            f'<p>If you are not redirected, <a href="{target}">click here</a>.</p>'.encode()
        )

    base = serve({"/a": stub("/b"), "/b": stub("/a"), "/passwd": stub("file:///etc/passwd")})
    crawled = crawl("reviews", url=f"{base}/a")
    paths = [urlsplit(record["url"]).path for record in crawled.records]
    assert paths == ["/a", "/b", "/a", "/b"]


def test_a_file_is_never_followed_to(serve: Serve, crawl: Crawl) -> None:
    page = Answer(b'<meta http-equiv="refresh" content="0; url=file:///etc/passwd"><p>Moved.</p>')
    crawled = crawl("reviews", url=serve({"/": page}) + "/")
    assert len(crawled.records) == 1
    assert "passwd" not in crawled.log


def test_a_redirect_that_leaves_the_site_is_the_last_answer(serve: Serve, crawl: Crawl) -> None:
    elsewhere = serve({"/": Answer(b"<p>Another site.")})
    base = serve(
        {"/": Answer(b'<h2><a href="/out">Out</a></h2>'), "/out": Answer(b"", 302, headers=(("Location", elsewhere),))}
    )
    crawled = crawl("site", url=f"{base}/")
    assert {(urlsplit(record["url"]).path, record["captures"][0]["fetch_status"]) for record in crawled.records} == {
        ("/", 200),
        ("/out", 302),
    }
    assert not any(elsewhere in url for url in _answers(crawled))


def test_a_site_stops_at_the_number_of_pages_asked_for(serve: Serve, crawl: Crawl) -> None:
    class Endless(dict[str, Answer]):
        def get(self, path: str, default: object = None) -> Answer:  # noqa: ARG002
            return Answer(f'<h2><a href="{path}1">One</a></h2><a rel="next" href="{path}2">more</a>'.encode())

    crawled = crawl("site", url=serve(Endless()) + "/", pages=5)
    assert (crawled.ended.returncode, len(crawled.records)) == (0, 5)


def test_named_pages_are_each_kept_though_one_leads_to_the_other(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    base = serve({"/new": Answer(b"<p>A page."), "/old": Answer(b"", 301, headers=(("Location", "/new"),))})
    crawled = crawl("reviews", urls=_listed(tmp_path, f"{base}/new", f"{base}/old", f"{base}/new"))
    chains = sorted(record["captures"][0]["redirect_chain"] for record in crawled.records)
    assert chains == [[], [f"{base}/old"]]


def test_the_table_shows_what_was_kept(demo: Demo, run: Run) -> None:
    ended = run("python", "-m", "archiver", "crawl", "site", "-a", f"url={demo.url}/", "--table")
    [row] = [line for line in ended.stdout.splitlines() if "Kettle Street" in line]
    assert row.split()[:3] == ["article", "Kettle", "Street"]
    assert "Comedy, Stage to screen" in row
    assert ".jsonl" in row
    assert ".warc.gz @" in row


def _answers(crawled: Crawled) -> dict[str, list[str]]:
    """The purposes of the answers in the archive, by address."""
    found: dict[str, list[str]] = {}
    for record in crawled.archived:
        if record.type in ("response", "revisit"):
            found.setdefault(record.url, []).append(record.fields["Archiver-Purpose"])
    return found


def _listed(folder: Path, *urls: str) -> Path:
    path = folder / "pages.txt"
    path.write_text("\n".join(urls))
    return path


@pytest.mark.parametrize(
    ("answer", "states", "failure"),
    [
        (Answer(b""), {"empty"}, None),
        (Answer(b"\0" * 30_000_000), {"empty", "error"}, "the answer is too long"),
        (Answer(b"\0" * 12_000_000), {"empty", "error"}, None),
        (Answer(gzip.compress(REVIEW * 500)[:-100], headers=ZIPPED), {"article", "error"}, "the answer broke off"),
        (Answer(REVIEW, headers=ZIPPED), {"article"}, None),
        (Answer(b"\x1f\x8b\x08" + b"\xff" * 40, headers=ZIPPED), {"empty", "error", "unsupported"}, ANY),
        (Answer(gzip.compress(b"\0" * 200_000_000), headers=ZIPPED), {"empty", "error"}, "the answer is too long"),
    ],
    ids=["empty", "too many zeros", "zeros", "cut gzip", "no gzip", "broken gzip", "bomb"],
)
def test_a_bad_answer_is_a_record_that_says_what_it_is(
    answer: Answer, states: set[str], failure: object, serve: Serve, crawl: Crawl
) -> None:
    begin = time.monotonic()
    crawled = crawl("reviews", url=serve({"/review": answer}) + "/review")
    assert time.monotonic() - begin < 120, "it hung"
    [record] = crawled.records
    assert record["page_state"] in states
    assert crawled.ended.returncode == (3 if crawled.manifest["failed"] else 0)
    assert failure == next((page["reason"] for page in crawled.manifest["failed"]), None)
    assert "Traceback" not in crawled.ended.stderr + crawled.log
