"""Credentials in an address let us in where the user said so, and stand in no file."""

from __future__ import annotations

import gzip
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from base64 import b64decode
from collections import defaultdict
from pathlib import Path

import pytest

from archiver.crawl.credentials import bare
from archiver.crawl.database import FILE
from archiver.crawl.leases import job_of
from tests.crawl.conftest import Crawl, Misbehave

PAGE = b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>"


class Doorkeeper:
    """Lets in whoever says `anna:ge heim`, and notes what each was told; a path begins with what is to come of it."""

    def __init__(self) -> None:
        self.told: dict[str, list[str]] = defaultdict(list)
        self.elsewhere = ""

    def __call__(self, connection: socket.socket, asked: bytes) -> None:
        path = asked.split(b" ")[1].decode()
        [*said] = [line for line in asked.split(b"\r\n") if line.lower().startswith(b"authorization: basic ")]
        who = b64decode(said[0].split()[-1]).decode() if said else ""
        self.told[path].append(who)
        if path.startswith("/moved"):
            to = self.elsewhere.replace("//", "//eve:geraten@") + "/there"
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % to.encode())
        elif path.startswith("/busy") and len(self.told[path]) == 1:
            connection.sendall(
                b"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nSet-Cookie: sid=gemerkt\r\nContent-Length: 0\r\n\r\n"
            )
        elif who != "anna:ge heim":
            connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
        else:
            links = b"".join(b'<h2><a href="/%d">Review %d</a></h2>' % (n, n) for n in range(2)) * (path == "/")
            body = PAGE + links
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


@pytest.fixture
def door() -> Doorkeeper:
    return Doorkeeper()


@pytest.fixture
def base(door: Doorkeeper, misbehave: Misbehave) -> str:
    door.elsewhere = misbehave(door).replace("127.0.0.1", "localhost")
    return misbehave(door).replace("//", "//anna:ge%20heim@")


def nothing_told(data: Path) -> None:
    for path in data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            assert not any(word in content.lower() for word in (b"heim", b"yw5uyt")), path


def test_a_site_lets_us_in_for_all_its_pages(base: str, door: Doorkeeper, crawl: Crawl) -> None:
    crawled = crawl("site", url=f"{base}/", pages=3)
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert {record["page_state"] for record in crawled.records} <= {"article", "index"}
    assert {"/", "/0", "/1"} <= {path for path, who in door.told.items() if who == ["anna:ge heim"]}
    nothing_told(crawled.data)


def test_nobody_else_is_told_and_what_a_page_says_is_not_sent(base: str, door: Doorkeeper, crawl: Crawl) -> None:
    crawled = crawl("reviews", url=f"{base}/moved")
    assert crawled.ended.returncode == 3
    assert (door.told["/moved"], door.told["/there"]) == (["anna:ge heim"], [""])
    nothing_told(crawled.data)


def test_a_job_is_gone_on_with_and_its_file_holds_no_password(
    base: str, door: Doorkeeper, crawl: Crawl, environment: dict[str, str], tmp_path: Path
) -> None:
    """Killed while the answer to a first try is waited for to be asked for again: the second try is on disk."""
    words = [sys.executable, "-m", "archiver", "crawl", "reviews", "-a", f"url={base}/busy"]
    killed = subprocess.Popen(words, cwd=tmp_path, env=environment)
    file = tmp_path / "data" / FILE
    until = time.monotonic() + 30
    while time.monotonic() < until and not (door.told["/busy"] and b"retry_times" in waiting(file)):
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert b"retry_times" in waiting(file)
    for path in (tmp_path / "data").iterdir():
        content = b"" if path.is_dir() else path.read_bytes().lower()
        assert not any(word in content for word in (b"heim", b"yw5uyt", b"gemerkt")), path
    crawled = crawl("reviews", url=f"{base}/busy")
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert door.told["/busy"] == ["anna:ge heim"] * 2
    nothing_told(crawled.data)


def waiting(file: Path) -> bytes:
    """The requests in a frontier."""
    if not file.exists():
        return b""
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as opened:
            return b"".join(row[0] or b"" for row in opened.execute("SELECT request FROM frontier_requests"))
    except sqlite3.OperationalError:  # it is being made
        return b""


def test_a_job_is_the_same_whatever_the_password() -> None:
    assert job_of("site", {"url": "https://a:b@x.example/"}) == job_of("site", {"url": "https://x.example/"})
    assert job_of("site", {"url": "https://x.example/a:b@"}) != job_of("site", {"url": "https://x.example/"})


@pytest.mark.parametrize(
    ("url", "without"),
    [
        ("https://a:b@x.example/?", "https://x.example/"),
        ("https://a@b:c@x.example:81/p", "https://x.example:81/p"),
        ("http://x.example/@a:b@c?", "http://x.example/@a:b@c?"),
        ("pages@home.txt", "pages@home.txt"),
        ("http://[a:b@x/", "http://[a:b@x/"),
    ],
)
def test_an_address_is_rid_of_its_user(url: str, without: str) -> None:
    assert bare(url) == without
