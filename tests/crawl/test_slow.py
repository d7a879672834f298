"""Hosts that drip, or never end, cost the others nothing."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

from tests.crawl.conftest import Crawl, Misbehave

PAGE = b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>"
DRIPPING, QUICK = range(2, 22), range(30, 34)
PAGES = 12
#: Seconds; far longer than the quick hosts need on a busy machine.
PATIENCE = 50.0


class Hosts:
    """The dripping ones drip until all of the quick ones' pages have been asked for, or patience is lost."""

    def __init__(self, misbehave: Misbehave) -> None:
        self.asked = 0
        self.dripping = self.gave_up = 0
        self.all_asked = threading.Event()
        self._lock = threading.Lock()
        self.slow = [misbehave(self.drip, host=f"127.0.0.{number}") for number in DRIPPING]
        self.quick = [misbehave(self.answer, host=f"127.0.0.{number}") for number in QUICK]

    def answer(self, connection: socket.socket, _: bytes) -> None:
        with self._lock:
            self.asked += 1
            if self.asked == len(self.quick) * PAGES:
                self.all_asked.set()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(PAGE), PAGE))

    def drip(self, connection: socket.socket, _: bytes) -> None:
        self.dripping += 1
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        until = time.monotonic() + PATIENCE
        while not self.all_asked.wait(0.1) and time.monotonic() < until:
            connection.sendall(b"x")
        self.gave_up += not self.all_asked.is_set()

    def list(self, folder: Path) -> str:
        """The dripping ones come first."""
        (folder / "pages.txt").write_text(
            "".join(f"{base}/{n}\n" for hosts in (self.slow, self.quick) for base in hosts for n in range(PAGES))
        )
        return "pages.txt"


def test_hosts_that_drip_keep_no_other_waiting(misbehave: Misbehave, crawl: Crawl, tmp_path: Path) -> None:
    """While one page of each of them drips, all pages of the others are fetched."""
    hosts = Hosts(misbehave)
    crawled = crawl("reviews", urls=hosts.list(tmp_path), ARCHIVER_PAGE_LIMIT=len(QUICK) * PAGES + 1)
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert (hosts.asked, hosts.gave_up) == (len(QUICK) * PAGES, 0)
    assert len(DRIPPING) <= hosts.dripping, "all of them dripped meanwhile"


def test_an_answer_has_so_long_and_is_kept_as_far_as_it_came(
    misbehave: Misbehave, crawl: Crawl, tmp_path: Path
) -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.1)

    def flood(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            connection.sendall(b"x" * 10_000)

    slow, endless = misbehave(drip), misbehave(flood, host="127.0.0.2")
    (tmp_path / "pages.txt").write_text(f"{slow}/\n{endless}/\n")
    words = ("-s", "DOWNLOAD_TIMEOUT=2", "-s", "DOWNLOAD_MAXSIZE=200000", "-s", "RETRY_TIMES=0")
    crawled = crawl("reviews", *words, urls="pages.txt")
    assert crawled.ended.returncode == 3, crawled.ended.stderr
    assert {page["url"]: page["reason"] for page in crawled.manifest["failed"]} == {
        f"{slow}/": "the answer broke off",
        f"{endless}/": "the answer is too long",
    }
    cut = {one.url: one.fields["WARC-Truncated"] for one in crawled.archived if "WARC-Truncated" in one.fields}
    assert cut == {f"{slow}/": "time", f"{endless}/": "length"}
    assert {record["page_state"] for record in crawled.records} == {"error"}
