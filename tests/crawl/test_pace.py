"""Under load too: no host sees two requests at once, nor two that are less than its delay apart."""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from tests.crawl.conftest import Crawl, Misbehave
from tests.crawl.threads import HOME, POST, wordpress_pages

PAGE = b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>"
HOSTS = [f"127.0.0.{number}" for number in range(2, 7)]
DELAY, RETRY_AFTER = 0.4, 2.0
#: Of a delay, what the clock of a busy machine's server may take away.
SEEN = 0.5


class Host:
    """Notes when each request came; it is busy, moves pages to the next host, and has threads of comments."""

    def __init__(self) -> None:
        self.came: list[tuple[float, str]] = []
        self.at_once = self.most_at_once = 0
        self.url = self.next = ""
        self._thread = wordpress_pages()
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket, asked: bytes) -> None:
        path = asked.split(b" ")[1].decode()
        with self._lock:
            again = path in (before for _, before in self.came)
            self.came.append((time.monotonic(), path))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(0.05)
        answer = self._answer(path, again)
        with self._lock:
            self.at_once -= 1
        connection.sendall(answer)

    def _answer(self, path: str, again: bool) -> bytes:
        busy = path == "/busy" or "comment-page-" in path
        if busy and not again:
            return _answer(429, "Too Many Requests", f"Retry-After: {RETRY_AFTER:.0f}")
        if path.startswith("/moved"):
            return _answer(302, "Found", f"Location: {self.next}{path.replace('moved', 'there')}")
        if path.startswith(POST) and (said := self._thread(path, b"")):
            return _answer(said.status, "As said", body=said.body.replace(HOME, self.url.encode()))
        return _answer(200, "OK", body=PAGE)


def _answer(status: int, reason: str, more: str = "X-Odd: no", body: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status} {reason}\r\n{more}\r\nContent-Type: text/html\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def test_every_hosts_pace_is_kept_under_load(misbehave: Misbehave, crawl: Crawl, tmp_path: Path) -> None:
    hosts = [Host() for _ in HOSTS]
    for host, name in zip(hosts, HOSTS, strict=True):
        host.url = misbehave(host, host=name)
    for host, following in zip(hosts, [*hosts[1:], hosts[0]], strict=True):
        host.next = following.url
    paths = ["/moved/1", POST, "/busy", "/moved/2", "/0", "/1"]
    (tmp_path / "pages.txt").write_text("".join(f"{host.url}{path}\n" for path in paths for host in hosts))
    crawled = crawl("reviews", urls="pages.txt", ARCHIVER_DELAY=DELAY)
    assert crawled.ended.returncode == 0, crawled.ended.stderr

    assert [host.most_at_once for host in hosts] == [1] * len(hosts)
    for host in hosts:
        came = [path for _, path in host.came]
        assert {"/there/1", "/there/2", "/0", "/1"} <= set(came), came
        assert came.count("/busy") == 2
        assert sum("comment-page-" in path for path in came) >= 2, "comments were asked for"
        gaps = [(after - before, path) for (before, path), (after, _) in pairwise(host.came)]
        assert min(gap for gap, _ in gaps) > DELAY * SEEN
        refusals = [gap for gap, path in _first_of(gaps) if path == "/busy" or "comment-page-" in path]
        assert len(refusals) >= 2
        assert min(refusals) > RETRY_AFTER - DELAY * SEEN, "whoever asks next waits, for pages and for comments"

    sent = defaultdict(list)
    for one in crawled.archived:
        if one.type == "request" and urlsplit(one.url).path != "/robots.txt":
            sent[urlsplit(one.url).hostname].append(datetime.fromisoformat(one.fields["WARC-Date"]))
    assert len(sent) == len(hosts)
    for moments in sent.values():
        gaps_sent = [(after - before).total_seconds() for before, after in pairwise(sorted(moments))]
        assert min(gaps_sent) > DELAY * 0.98


def _first_of(gaps: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """What followed the first request for each path."""
    seen: dict[str, float] = {}
    for gap, path in gaps:
        seen.setdefault(path, gap)
    return [(gap, path) for path, gap in seen.items()]
