"""Pages that are visited again: what is asked, what is written, and what a run that was killed leaves to the next."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from archiver.extraction import extract
from archiver.record import Capture
from archiver.store.lines import LineWriter
from tests.conftest import Run
from tests.crawl.conftest import Archived, Crawl, Crawled

LONG_AGO = format_datetime(datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), usegmt=True)
FEED = '<?xml version="1.0"?><rss version="2.0"><channel><title>Reviews</title>{}</channel></rss>'


def comment(number: int, text: str, replies: str = "") -> str:
    return (
        f'<li class="comment" id="comment-{number}"><div id="div-comment-{number}" class="comment-body">'
        f'<div class="comment-author"><cite class="fn">Reader {number}</cite></div>'
        f'<div class="comment-meta"><time datetime="2020-01-0{number}T10:00:00+00:00">January {number}</time></div>'
        f"<p>{text}</p></div>{replies}</li>"
    )


def review(title: str, *comments: str, body: str = "Four families share one kitchen and no secrets.") -> bytes:
    listed = f'<section id="comments"><ol class="comment-list">{"".join(comments)}</ol></section>' if comments else ""
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><article><h1>{title}</h1>'
        f'<time datetime="2020-01-01T00:00:00Z">January 1, 2020</time><p>{body}</p>'
        f"<p>{'They have lived there for years. ' * 60}</p></article>{listed}</body></html>"
    ).encode()


@dataclass
class Page:
    body: bytes
    etag: str | None = None
    modified: str | None = None
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    #: Seconds.
    waits: float = 0


@dataclass
class Site:
    """A server that honours validators, and tells what it was asked and what it answered."""

    pages: dict[str, Page]
    url: str = ""
    answered: list[tuple[str, int]] = field(default_factory=list)
    conditions: list[dict[str, str]] = field(default_factory=list)

    def forget(self) -> None:
        self.answered.clear()
        self.conditions.clear()

    def bodies(self) -> list[str]:
        return sorted(path for path, status in self.answered if status == 200 and path in self.pages)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site({})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = site.pages.get(self.path, Page(b"<h1>Not found</h1>", status=404))
            asked = {
                name: value for name in ("If-None-Match", "If-Modified-Since") if (value := self.headers.get(name))
            }
            is_same = page.etag is not None and asked.get("If-None-Match") == page.etag
            is_old = page.modified is not None and asked.get("If-Modified-Since") == page.modified
            status = 304 if page.status == 200 and (is_same or is_old) else page.status
            site.answered.append((self.path, status))
            site.conditions.append(asked)
            time.sleep(page.waits)
            self.send_response(status)
            for name, value in (("ETag", page.etag), ("Last-Modified", page.modified)):
                if value:
                    self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Type", page.content_type)
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if status != 304:
                self.wfile.write(page.body)

        def log_message(self, *_: object, **__: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield site
    server.shutdown()
    server.server_close()


def last(crawled: Crawled) -> dict[str, int]:
    """What the last run counted."""
    newest = max((crawled.data / "runs").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    counts: dict[str, int] = json.loads(newest.read_bytes())["counts"]
    return counts


def by_time(crawled: Crawled) -> list[dict[str, Any]]:
    return sorted(crawled.records, key=lambda record: str(record["captures"][0]["fetch_time"]))


def revisits(crawled: Crawled) -> list[Archived]:
    return [record for record in crawled.archived if record.type == "revisit"]


@pytest.mark.parametrize(
    ("etag", "modified", "sent"),
    [
        ('"one"', None, {"If-None-Match": '"one"'}),
        (None, LONG_AGO, {"If-Modified-Since": LONG_AGO}),
        ('W/"one"', LONG_AGO, {"If-None-Match": 'W/"one"', "If-Modified-Since": LONG_AGO}),
    ],
)
def test_a_page_that_is_as_it_was_is_a_revisit_record_and_no_line(
    etag: str | None, modified: str | None, sent: dict[str, str], site: Site, crawl: Crawl, run: Run
) -> None:
    site.pages["/a"] = Page(review("Kettle Street"), etag, modified)
    crawl("reviews", url=f"{site.url}/a")
    assert sent not in site.conditions
    site.forget()
    crawled = crawl("reviews", "--table", url=f"{site.url}/a")
    assert (crawled.ended.returncode, crawled.ended.stderr) == (0, "")
    assert "visited again: 1 (1 unchanged, 0 changed, 0 gone), 0 comments new, 0 vanished" in crawled.ended.stdout
    assert ("/a", 304) in site.answered
    assert sent in site.conditions
    [line] = crawled.records
    [again] = revisits(crawled)
    assert again.fields["WARC-Profile"].endswith("server-not-modified")
    assert again.fields["WARC-Refers-To"] == f"<{line['captures'][0]['warc_record_id']}>"
    assert again.fields["WARC-Refers-To-Target-URI"] == line["url"]
    assert again.fields["WARC-Refers-To-Date"] == line["captures"][0]["fetch_time"]
    counts = last(crawled)
    assert (counts["answered"], counts["records"], counts["known"], counts["unchanged"]) == (1, 0, 1, 1)
    assert run("python", "-m", "archiver", "verify", "data").returncode == 0


def test_a_page_is_fetched_whole_where_the_archive_has_it_no_more(site: Site, crawl: Crawl) -> None:
    site.pages["/a"] = Page(review("Kettle Street"), '"one"')
    for path in crawl("reviews", url=f"{site.url}/a").archives:
        path.unlink()
    site.forget()
    crawl("reviews", url=f"{site.url}/a")
    assert site.bodies() == ["/a"]


def test_validators_stay_with_the_address_that_gave_them(site: Site, crawl: Crawl) -> None:
    """A redirect from a page that is known brings none of them along."""
    site.pages["/a"] = Page(review("Kettle Street"), '"one"')
    crawl("reviews", url=f"{site.url}/a")
    site.forget()
    site.pages["/a"] = Page(b'<meta http-equiv="refresh" content="0; url=/b"><p>Moved.</p>', '"two"')
    site.pages["/b"] = Page(review("The Lantern Room"), '"one"')
    crawled = crawl("reviews", url=f"{site.url}/a")
    assert [record["page_state"] for record in by_time(crawled)] == ["article", "redirect_stub", "article"]
    site.forget()
    crawl("reviews", url=f"{site.url}/a")
    assert [(path, status) for path, status in site.answered if path != "/robots.txt"] == [("/a", 200), ("/b", 304)]


def test_what_changed_is_a_new_revision_and_comments_keep_their_history(site: Site, crawl: Crawl, run: Run) -> None:
    site.pages["/a"] = Page(review("Kettle Street", comment(1, "Mine too."), comment(2, "Never.")), '"one"')
    site.pages["/b"] = Page(review("The Lantern Room"), '"b"')
    (Path(crawl("reviews", url=f"{site.url}/b").data).parent / "pages.txt").write_text(f"{site.url}/a\n")
    crawl("reviews", urls="pages.txt")
    site.pages["/a"] = Page(
        review(
            "Kettle Street", comment(1, "Mine too.", f"<ol class='children'>{comment(3, 'So?')}</ol>"), body="Five."
        ),
        '"two"',
    )
    site.forget()
    crawled = crawl("revisit", all=1)
    assert (crawled.ended.returncode, crawled.ended.stderr) == (0, "")
    assert site.bodies() == ["/a"]
    before, now = [record for record in by_time(crawled) if record["url"].endswith("/a")]
    assert before["record_id"] == now["record_id"]
    assert before["revision_id"] != now["revision_id"]
    first, second = (record["captures"][0]["fetch_time"] for record in (before, now))
    assert [
        (c["native_id"], c["state"], c["first_seen"], c["last_seen"], c["vanished_at"]) for c in now["comments"]
    ] == [
        (before["comments"][0]["native_id"], "visible", first, second, None),
        (now["comments"][1]["native_id"], "visible", second, second, None),
        (before["comments"][1]["native_id"], "vanished", first, first, second),
    ]
    assert [c["path"] for c in now["comments"]] == ["0001", "0001.0001", "0002"]
    assert all(c["first_seen"] is None for c in before["comments"])
    counts = last(crawled)
    told = {name: counts[name] for name in ("known", "unchanged", "changed", "comments_new", "comments_vanished")}
    assert told == {"known": 2, "unchanged": 1, "changed": 1, "comments_new": 1, "comments_vanished": 1}
    verified = run("python", "-m", "archiver", "verify", "data")
    assert verified.returncode == 0, verified.stdout


def test_a_page_that_is_gone_is_recorded_and_comes_back_with_its_history(site: Site, crawl: Crawl) -> None:
    here = Page(review("Kettle Street", comment(1, "Mine too.")))
    site.pages["/a"] = here
    crawl("reviews", url=f"{site.url}/a")
    site.pages["/a"] = Page(b"<h1>Gone</h1>", status=410)
    crawled = crawl("revisit", all=1)
    assert (crawled.ended.returncode, last(crawled)["gone"]) == (0, 1)
    site.pages["/a"] = here
    crawled = crawl("revisit", all=1)
    assert [record["page_state"] for record in by_time(crawled)] == ["article", "gone", "article"]
    first, _, third = by_time(crawled)
    assert third["comments"][0]["first_seen"] == first["captures"][0]["fetch_time"]


def test_pages_are_due_later_the_longer_they_have_not_changed(site: Site, crawl: Crawl) -> None:
    site.pages["/a"] = Page(review("Kettle Street"))
    crawl("reviews", url=f"{site.url}/a")
    site.forget()
    crawled = crawl("revisit", "--table")
    assert (crawled.ended.returncode, crawled.ended.stderr) == (0, "")
    assert "nothing is due" in crawled.ended.stdout
    assert site.answered == []
    crawl("revisit", due="2099-01-01")
    assert site.bodies() == ["/a"]
    site.forget()
    crawl("revisit", due="2099-01-01", site="elsewhere.example")
    assert site.bodies() == []


def test_the_shortest_time_and_the_longest_are_settings(site: Site, crawl: Crawl) -> None:
    site.pages["/a"] = Page(review("Kettle Street"))
    now = {"ARCHIVER_REVISIT_SHORTEST": "0", "ARCHIVER_REVISIT_LONGEST": "0"}
    crawl("reviews", url=f"{site.url}/a", **now)
    site.forget()
    crawl("revisit")
    assert site.bodies() == ["/a"]
    site.forget()
    crawl("revisit", ARCHIVER_REVISIT_SHARE="0.001", **now)
    assert site.bodies() == [], "it was put off by the visit before, at 36 days or more"


def test_what_failed_is_taken_up_alone(site: Site, crawl: Crawl, tmp_path: Path) -> None:
    site.pages |= {"/a": Page(review("Kettle Street")), "/b": Page(b"<h1>Oops</h1>", status=500)}
    (tmp_path / "pages.txt").write_text(f"{site.url}/a\n{site.url}/b\n")
    assert crawl("reviews", "-s", "RETRY_TIMES=0", urls="pages.txt").ended.returncode == 3
    site.pages["/b"] = Page(review("The Lantern Room"))
    site.forget()
    crawled = crawl("revisit", failed=1)
    assert (crawled.ended.returncode, crawled.ended.stderr, site.bodies()) == (0, "", ["/b"])
    site.forget()
    assert crawl("revisit", failed=1).ended.returncode == 0
    assert site.answered == []


def test_a_site_that_is_crawled_again_gives_what_is_new_or_told_to_have_changed(site: Site, crawl: Crawl) -> None:
    site.pages |= {
        "/": Page(b'<h2><a href="/a">Kettle Street</a></h2><h2><a href="/b">The Lantern Room</a></h2>', '"list"'),
        "/a": Page(review("Kettle Street")),
        "/b": Page(review("The Lantern Room")),
    }
    crawl("site", url=f"{site.url}/")
    site.pages["/"] = Page(site.pages["/"].body + b'<h2><a href="/c">Nine Summers</a></h2>', '"list"')
    site.pages["/c"] = Page(review("Nine Summers"))
    site.forget()
    crawled = crawl("site", url=f"{site.url}/")
    assert (crawled.ended.returncode, crawled.ended.stderr) == (0, "")
    assert site.bodies() == ["/", "/c"]


def test_older_folders_are_read_once_from_their_lines(site: Site, crawl: Crawl) -> None:
    site.pages["/a"] = Page(review("Kettle Street", comment(1, "Mine too.")), '"one"')
    crawled = crawl("reviews", url=f"{site.url}/a")
    for path in crawled.data.glob("archive.sqlite*"):
        path.unlink()
    site.forget()
    again = crawl("revisit", all=1)
    assert site.bodies() == ["/a"]
    first, second = by_time(again)
    assert second["comments"][0]["first_seen"] == first["captures"][0]["fetch_time"]


def test_a_line_whose_visit_was_not_noted_is_read_by_the_next_run(site: Site, crawl: Crawl) -> None:
    """As a run leaves it that is killed after its lines were safe."""
    site.pages["/a"] = Page(review("Kettle Street", comment(1, "Mine too.")), '"one"')
    crawled = crawl("reviews", url=f"{site.url}/a")
    with sqlite3.connect(crawled.data / "archive.sqlite") as database:
        for name in ("visits", "visit_lines", "visit_files"):
            database.execute(f"DELETE FROM {name}")  # noqa: S608
    database.close()
    site.forget()
    crawl("revisit", all=1)
    assert site.bodies() == ["/a"]
    with sqlite3.connect(crawled.data / "archive.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM visits").fetchone() == (1,)
        assert database.execute("SELECT COUNT(*) FROM visit_files").fetchone() == (2,)
    database.close()


def test_a_visit_that_is_killed_loses_nothing(
    site: Site, crawl: Crawl, environment: dict[str, str], tmp_path: Path
) -> None:
    """The first page was written, the second is on its way: neither is noted yet."""
    one, two, three = comment(1, "Mine too."), comment(2, "Never."), comment(3, "So?")
    site.pages |= {"/a": Page(review("Kettle Street", one), '"1"'), "/b": Page(review("The Lantern Room"), '"b"')}
    (tmp_path / "pages.txt").write_text(f"{site.url}/a\n{site.url}/b\n")
    crawled = crawl("reviews", urls="pages.txt")
    site.pages |= {"/a": Page(review("Kettle Street", one, two), '"2"'), "/b": Page(b"", '"b2"', waits=30)}
    running = subprocess.Popen(
        [sys.executable, "-m", "archiver", "crawl", "revisit", "-a", "all=1"], cwd=tmp_path, env=environment
    )
    until = time.monotonic() + 60
    while not [path for path in crawled.data.glob("*/*.jsonl.open") if path.stat().st_size]:
        assert time.monotonic() < until
        time.sleep(0.05)
    running.kill()
    running.wait()
    site.pages["/b"] = Page(review("The Lantern Room", body="Six families."), '"b2"')
    site.forget()
    crawled = crawl("revisit", all=1)
    assert (crawled.ended.returncode, site.bodies()) == (0, ["/b"])
    site.pages["/a"] = Page(review("Kettle Street", one, two, three), '"3"')
    crawled = crawl("revisit", all=1)
    lines = [record for record in by_time(crawled) if record["url"].endswith("/a")]
    first, second, third = (record["captures"][0]["fetch_time"] for record in lines)
    assert [one["first_seen"] for one in lines[-1]["comments"]] == [first, second, third]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"due": "soon"}, "a date is meant"),
        ({"failed": 1, "all": 1}, "one of"),
        ({"failed": "perhaps"}, "failed"),
        ({"url": "https://reviews.example/"}, "unknown argument"),
    ],
)
def test_what_is_asked_wrongly_is_refused(arguments: dict[str, object], said: str, crawl: Crawl) -> None:
    crawled = crawl("revisit", **arguments)
    assert crawled.ended.returncode == 2
    assert said in crawled.ended.stderr
    assert not crawled.data.exists()


def test_nobody_is_visited_who_is_not_told_whom_to_write_to(crawl: Crawl, tmp_path: Path) -> None:
    capture = Capture(fetch_time="2026-11-01T04:00:00Z", fetch_status=200)
    known = extract(review("Kettle Street"), url="https://reviews.example/kettle-street")
    with LineWriter(tmp_path / "data" / "reviews.example" / "older.jsonl") as lines:
        lines.write(msgspec.structs.replace(known, captures=(capture,)))
    crawled = crawl("revisit", all=1)
    assert crawled.ended.returncode == 2
    assert "ARCHIVER_CONTACT" in crawled.ended.stderr
    assert "reviews.example" in crawled.ended.stderr
    assert crawled.archived == []


def test_there_is_no_archive_to_visit(crawl: Crawl) -> None:
    crawled = crawl("revisit")
    assert crawled.ended.returncode == 10
    assert "data: there is no archive" in crawled.ended.stderr
    assert not crawled.data.exists()
