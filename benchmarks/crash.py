"""Crawls that are killed at random moments, and what is left of them when they have come to their end.

    python -m benchmarks.crash --pages 1000 --kills 50 --write

Serves pages on loopback, some of them behind redirects, some slow, some errors that go away, some that
stay. ``archiver crawl reviews`` is started again and again on one list of them and is killed each
time: with SIGKILL, with one SIGTERM, with two. When the kills are used up it may end; a job that ends
before is followed by another in a new folder. Of each job it is then counted:

- URLs lost: named, and neither recorded nor among the failed pages that the frontier keeps;
- records lost: pages that answered, and have no record;
- duplicates: records of one page beyond the first, as `archiver.load` gives them;
- broken files: archives that `warcio check` refuses, and lines that hold no record.

It ends with 1 where any of these is not 0. ``--write`` puts the table into docs/crash.md.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from archiver import load
from archiver.crawl.database import FILE
from archiver.crawl.frontier.sqlite import SqliteFrontier

ROOT: Final = Path(__file__).resolve().parent.parent
_TABLE: Final = ROOT / "docs" / "crash.md"
#: How a crawl is ended, and the signals of it.
WAYS: Final = {
    "SIGKILL": (signal.SIGKILL,),
    "SIGTERM": (signal.SIGTERM,),
    "SIGTERM twice": (signal.SIGTERM, signal.SIGTERM),
}
#: Seconds between two signals.
_BETWEEN: Final = 0.05
#: Seconds that a crawl may take to end once it was told to, or is left alone.
_PATIENCE: Final = 600
_SLOW: Final = 0.3  # seconds
#: Pages a second that a crawl of the site makes on a usual machine; slower ones see more of their kills.
_USUAL_SPEED: Final = 100


@dataclass
class Site:
    """What is served, and how often each path was asked for."""

    #: Seconds before each answer.
    pause: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, where it leads, body: told by the number in the path."""
        time.sleep(self.pause)
        number = int("".join(filter(str.isdigit, path)) or 0)
        if path.startswith("/to/"):
            return 200, "", _page(number)
        match number % 10:
            case 3:
                return 302, f"/to/{number}", b""
            case 5 if self.asked[path] == 1:
                return 503, "", b"busy"
            case 7:
                return 404, "", b"<h1>Gone</h1>"
            case 9:
                time.sleep(_SLOW)
        return 200, "", _page(number)


def _page(number: int) -> bytes:
    words = " ".join(f"word{number * 7 + i}" for i in range(60))
    return f"<!doctype html><title>Review {number}</title><article><h1>Review {number}</h1><p>{words}.</p>".encode()


@contextmanager
def served(site: Site) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked[self.path] += 1
            status, location, body = (404, "", b"") if self.path == "/robots.txt" else site.answer(self.path)
            with suppress(OSError):  # the crawler was killed
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object, **__: object) -> None:
            """The table says what came of it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A connection broke off with the crawler."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Figures:
    """Of one job, or of all of them."""

    kills: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    jobs: int = 0
    pages: int = 0
    asked: int = 0
    urls_lost: list[str] = field(default_factory=list)
    records_lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        named = {"lost": self.urls_lost, "no record": self.records_lost, "twice": self.duplicates, "": self.broken}
        return [f"{what} {fault}".strip() for what, faults in named.items() for fault in faults]

    def add(self, other: Figures) -> None:
        self.kills += other.kills
        self.exits += other.exits
        self.jobs += other.jobs
        self.pages += other.pages
        self.asked += other.asked
        self.urls_lost += other.urls_lost
        self.records_lost += other.records_lost
        self.duplicates += other.duplicates
        self.broken += other.broken


def main() -> int:
    options = _options()
    chance = random.Random(options.seed)  # noqa: S311
    total = Figures()
    begin = time.monotonic()
    while total.kills.total() < options.kills and time.monotonic() - begin < options.minutes * 60:
        with tempfile.TemporaryDirectory() as folder:
            left = options.kills - total.kills.total()
            job = killed(Path(folder), options.pages, min(left, options.each), chance)
        total.add(job)
        print(
            f"{job.kills.total()} kills, {job.asked} requests for {job.pages} pages, {len(job.faults)} faults",
            flush=True,
        )
    print(_told(total))
    if options.write:
        _TABLE.write_text(_document(total, options.pages), encoding="utf-8")
    return 1 if total.faults or not total.kills else 0


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=1000, help="of each job")
    arguments.add_argument("--kills", type=int, default=50, help="of all jobs")
    arguments.add_argument("--each", type=int, default=10, metavar="KILLS", help="of one job, at most")
    arguments.add_argument("--minutes", type=float, default=60, help="begin no other job after as many")
    arguments.add_argument("--seed", type=int, default=1, help="of the moments")
    arguments.add_argument("--write", action="store_true", help="write docs/crash.md")
    return arguments.parse_args()


def killed(
    folder: Path, pages: int, kills: int, chance: random.Random, *, quick: float = 0.0, pause: float = 0.0
) -> Figures:
    """One job, killed so many times at most, then left to come to its end. ``quick`` is the longest a
    crawl goes on once it asked for its first page; by default as long as a share of the job takes."""
    figures, site = Figures(jobs=1, pages=pages), Site(pause)
    with served(site) as base:
        urls = [f"{base}/{number}" for number in range(pages)]
        (folder / "pages.txt").write_text("".join(f"{url}\n" for url in urls), encoding="utf-8")
        longest = quick or pages / _USUAL_SPEED / max(1, kills)
        while figures.kills.total() < kills:
            way = list(WAYS)[figures.kills.total() % len(WAYS)]
            code = _run(folder, site, WAYS[way], chance.uniform(0, longest))
            figures.exits[code] += 1
            if code in (0, 3):
                break
            figures.kills[way] += 1
        else:
            figures.exits[_run(folder, site, (), 0)] += 1
        figures.asked = site.asked.total() - site.asked["/robots.txt"]
        _judge(figures, folder / "data", urls)
    return figures


def _run(folder: Path, site: Site, signals: Sequence[signal.Signals], after: float) -> int:
    """The exit code of one crawl, which gets these signals a while after it asked for its first page."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ARCHIVER_", "SCRAPY_"))}
    environment = kept | {"ARCHIVER_ALLOW_PRIVATE_HOSTS": "1", "ARCHIVER_DELAY": "0", "PYTHONPATH": str(ROOT)}
    words = (sys.executable, "-m", "archiver", "crawl", "reviews", "-a", "urls=pages.txt")
    settings = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8")
    before = site.asked.total()
    with (folder / "said.txt").open("a") as said:
        crawl = subprocess.Popen([*words, *settings], cwd=folder, env=environment, stdout=said, stderr=said)
    while signals and crawl.poll() is None and site.asked.total() == before:
        time.sleep(0.01)
    if signals:
        with suppress(subprocess.TimeoutExpired):
            crawl.wait(after)
    for number in signals:
        if crawl.poll() is None:
            crawl.send_signal(number)
            time.sleep(_BETWEEN)
    return crawl.wait(_PATIENCE)


def _judge(figures: Figures, data: Path, urls: Sequence[str]) -> None:
    """The first address asked is what a record and a failed page are known by."""
    try:
        reviews = [(review.url or "", review.captures[0].redirect_chain) for review in load(data)]
    except ValueError as error:
        figures.broken.append(str(error))
        return
    recorded = Counter((*chain, url)[0] for url, chain in reviews)
    frontier = SqliteFrontier(data / FILE, job="to look at it", worker="nobody")
    failed = {failure.url for failure in frontier.failures()}
    frontier.finish()
    frontier.close()
    figures.urls_lost += [url for url in urls if url not in recorded and url not in failed]
    figures.records_lost += [url for url in urls if url not in recorded]
    figures.duplicates += [url for url, count in recorded.items() if count > 1]
    figures.broken += [str(path) for path in data.rglob("*.open")]
    archives = sorted(map(str, data.rglob("*.warc.gz")))
    words = (sys.executable, "-m", "warcio.cli", "check", *archives)
    checked = subprocess.run(words, capture_output=True, text=True, check=False)
    if checked.returncode:
        figures.broken.append(checked.stdout + checked.stderr)


def _rows(figures: Figures) -> list[tuple[str, str]]:
    return [
        ("kills", ", ".join(f"{count} {way}" for way, count in figures.kills.items())),
        ("jobs, each come to its end", str(figures.jobs)),
        ("pages named", str(figures.pages)),
        ("requests made for them, hops and retries included", str(figures.asked)),
        ("exit codes of the runs", ", ".join(f"{code}: {count}" for code, count in sorted(figures.exits.items()))),
        ("URLs lost", str(len(figures.urls_lost))),
        ("records lost", str(len(figures.records_lost))),
        ("duplicates after `archiver.load`", str(len(figures.duplicates))),
        ("archives or lines broken", str(len(figures.broken))),
    ]


def _told(figures: Figures) -> str:
    rows = _rows(figures)
    width = max(len(name) for name, _ in rows)
    return "\n".join([*(f"{name:{width}}  {value}" for name, value in rows), *figures.faults[:20]])


def _document(figures: Figures, pages: int) -> str:
    rows = "\n".join(f"| {name} | {value} |" for name, value in _rows(figures))
    return f"""# Crawls that are killed

Written by `python -m benchmarks.crash --write`; not to be edited. Jobs of {pages} pages on loopback, a tenth
of them redirects, a tenth slow, a tenth missing, a tenth that fail once. A crawl of them is killed at a random moment
and started again with the same arguments, up to ten times; then it may come to its end.

| | |
|---|---|
{rows}

What is fetched twice is what was on its way when the crawl was killed. A page whose record was written is not fetched
again: the next run finds it among the records of the killed one.
"""


if __name__ == "__main__":
    sys.exit(main())
