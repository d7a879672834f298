"""After a power cut no record names a place that its archive does not have."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from pathlib import Path

from archiver.crawl.shelf import Shelf
from tests.crawl.conftest import Crawl, Misbehave

PAGE = b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>"
#: Notes which files are synced, and has it done often.
WATCHED = """
import os
from archiver.crawl import guard, recorder

class Watching(guard.GuardedResolver):
    pass

recorder.SYNC_EVERY = 0.1
sync = os.fdatasync

def noted(fd):
    sync(fd)
    with open("synced.txt", "a") as file:
        file.write(f"{os.fstat(fd).st_ino}\\n")

os.fdatasync = noted
"""


def test_the_archive_is_synced_before_the_lines_that_name_places_in_it(
    misbehave: Misbehave, crawl: Crawl, tmp_path: Path
) -> None:
    def answer(connection: socket.socket, asked: bytes) -> None:
        time.sleep(1 if b"/slow" in asked else 0)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(PAGE), PAGE))

    base = misbehave(answer)
    (tmp_path / "watched.py").write_text(WATCHED)
    (tmp_path / "pages.txt").write_text(f"{base}/quick\n{base}/slow\n")
    crawled = crawl("reviews", "-s", "TWISTED_DNS_RESOLVER=watched.Watching", urls="pages.txt")
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    [archive], [lines] = crawled.archives, list(crawled.data.rglob("*.jsonl"))
    synced = [int(number) for number in (tmp_path / "synced.txt").read_text().split()]
    while_it_ran = synced[: synced.index(lines.stat().st_ino) + 1]
    assert while_it_ran[-2:] == [archive.stat().st_ino, lines.stat().st_ino]
    assert len(synced) < 8, "what has not grown is not synced again"


@dataclass
class Writer:
    site: str
    heard: list[str]
    size: int = 0

    def sync(self) -> None:
        self.heard.append(f"sync {self.site}")

    def close(self) -> None:
        self.heard.append(f"close {self.site}")


def test_what_must_outlast_a_power_cut_first_is_done_first() -> None:
    heard: list[str] = []
    shelf = Shelf(lambda site, _: Writer(site, heard), most_open=1, first=lambda: heard.append("first"))
    shelf.of("a.example")
    shelf.of("b.example")
    shelf.sync()
    assert heard == ["first", "close a.example", "first", "sync b.example"]


def test_a_file_in_use_is_not_closed_to_make_room() -> None:
    heard: list[str] = []
    shelf = Shelf(lambda site, part: Writer(f"{site} {part}", heard), most_open=1)
    shelf.of("a.example")
    with shelf.kept_open("a.example"):
        shelf.of("b.example")
        assert shelf.of("a.example").site == "a.example 1"
        assert heard == []
    shelf.of("c.example")
    assert heard == ["close b.example 1"]
    shelf.of("d.example")
    assert heard == ["close b.example 1", "close a.example 1"]
