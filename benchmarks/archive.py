"""What the archive costs: records a second against other writers, and a crawl with and without it.

    python -m benchmarks.archive --data FOLDER

Real pages, as saved and compressed as servers send them, are written by our writer, warcio's and
FastWARC's in turn, each exchange as a response and a request with their digests; then a small
web of them (:mod:`benchmarks.saved_web`) is crawled with the archive and without. CPU time, the
best of several turns. Writes docs/benchmarks-archive.md; ends with 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import gzip
import io
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Self

from fastwarc.stream_io import GzipWriter
from fastwarc.warc import WarcRecord, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.crawl import recorder
from archiver.warc.exchange import Exchange, Location
from archiver.warc.writer import ArchiveWriter
from benchmarks.crawl import chosen, crawl
from benchmarks.saved_web import Loopback, served

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "benchmarks-archive.md"
#: What is promised: our records a second to warcio's, and the CPU of a crawl with the archive to that without.
LEAST_TIMES: Final = 5.0
MOST_COST: Final = 1.2
TURNS: Final = 5
CRAWLS: Final = 3
_URL: Final = "https://reviews.example/page"
_DATE: Final = "2026-11-23T00:45:12Z"
_REQUEST_LINES: Final = (("Host", "reviews.example"), ("Accept", "*/*"), ("User-Agent", "benchmark"))


def main() -> int:
    options = _options()
    pages = chosen(options.data, options.pages)
    bodies = [page.body for page in pages]
    zipped = [gzip.compress(body, 6, mtime=0) for body in bodies]
    speeds = {"as saved": _speeds(bodies, ""), "gzip, as servers send them": _speeds(zipped, "gzip")}
    with tempfile.TemporaryDirectory() as folder, served(pages[: options.crawled], Path(folder)) as web:
        costs = {
            name: min(
                crawl(web, _made(Path(folder) / f"{name}-{turn}"), **settings).cpu / len(web.urls)
                for turn in range(CRAWLS)
            )
            for name, settings in {
                "without": {"resolver": "benchmarks.archive.Unarchived", "ARCHIVER_CONVERSIONS": "0"},
                "with": {},
            }.items()
        }
    report = _report(len(pages), sum(map(len, bodies)) / len(bodies), speeds, costs)
    DOCUMENT.write_text(report, encoding="utf-8")
    print(report)
    times = speeds["as saved"]["review-archiver"][0] / speeds["as saved"]["warcio"][0]
    return 0 if times >= LEAST_TIMES and costs["with"] <= MOST_COST * costs["without"] else 1


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="the data set, packed or not, or the folder of it")
    arguments.add_argument("--pages", type=int, default=300, metavar="N", help="some N pages of it")
    arguments.add_argument("--crawled", type=int, default=60, metavar="N", help="how many of them are crawled")
    return arguments.parse_args()


# Writers

#: Writes bodies, of a content coding, to a path.
Writer = Callable[[Sequence[bytes], str, Path], None]


def _ours(bodies: Sequence[bytes], coding: str, path: Path) -> None:
    request = "".join(["GET /page HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in _REQUEST_LINES), "\r\n"])
    with ArchiveWriter(path, data=path.parent, software="benchmark", run_id="benchmark") as writer:
        for body in bodies:
            writer.write(
                Exchange(
                    url=_URL, started_at=datetime.now(UTC), request=request.encode(), response=_message(body, coding)
                )
            )


def _warcio(bodies: Sequence[bytes], coding: str, path: Path) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for body in bodies:
            answered = StatusAndHeaders("200 OK", _lines(body, coding), protocol="HTTP/1.1")
            asked = StatusAndHeaders("GET /page HTTP/1.1", list(_REQUEST_LINES), is_http_request=True)
            writer.write_request_response_pair(
                writer.create_warc_record(_URL, "request", payload=io.BytesIO(), http_headers=asked),
                writer.create_warc_record(_URL, "response", payload=io.BytesIO(body), http_headers=answered),
            )


def _fastwarc(bodies: Sequence[bytes], coding: str, path: Path) -> None:
    request = "".join(["GET /page HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in _REQUEST_LINES), "\r\n"])
    with path.open("wb") as file, GzipWriter(file) as stream:
        for body in bodies:
            for kind, block in (
                (WarcRecordType.response, _message(body, coding)),
                (WarcRecordType.request, request.encode()),
            ):
                record = WarcRecord()
                record.init_headers(kind)
                record.headers["WARC-Target-URI"] = _URL
                record.set_bytes_content(block)
                record.is_http = True
                record.write(stream, checksum_data=True)


WRITERS: Final[dict[str, Writer]] = {"review-archiver": _ours, "warcio": _warcio, "FastWARC": _fastwarc}


def _lines(body: bytes, coding: str) -> list[tuple[str, str]]:
    said = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    return [*said, *([("Content-Encoding", coding)] if coding else [])]


def _message(body: bytes, coding: str) -> bytes:
    head = "".join(["HTTP/1.1 200 OK\r\n", *(f"{name}: {value}\r\n" for name, value in _lines(body, coding)), "\r\n"])
    return head.encode() + body


def _speeds(bodies: Sequence[bytes], coding: str) -> dict[str, tuple[float, float]]:
    """Records a second of CPU, and bytes a record in the file, by writer: they take turns."""
    best = dict.fromkeys(WRITERS, sys.float_info.max)
    sizes = dict.fromkeys(WRITERS, 0)
    for _ in range(TURNS):
        for name, write in WRITERS.items():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "run.warc.gz"
                begin = time.process_time()
                write(bodies, coding, path)
                best[name] = min(best[name], time.process_time() - begin)
                sizes[name] = path.stat().st_size
    records = 2 * len(bodies)
    return {name: (records / best[name], sizes[name] / records) for name in WRITERS}


# Crawls


class Unarchived(Loopback):
    """Named as a crawl's resolver, it sees to it that the crawl keeps no archive."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        vars(recorder)["ArchiveWriter"] = Nowhere


class Nowhere:
    """Takes what an archive takes."""

    size = 0

    def __init__(self, path: Path, **_: Any) -> None:
        self._filename = f"{path.parent.name}/{path.name}"

    def write(self, _: Exchange) -> Location:
        return Location(filename=self._filename, offset=0, length=0, record_id="none", payload_digest=None)

    def sync(self) -> None:
        pass

    def close(self) -> Self:
        return self


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# The document

_DOCUMENT: Final = """# What the archive costs

Made by `python -m benchmarks.archive --data FOLDER`; not written by hand.

{pages} real pages of {size:.0f} KB on average, each written as a `response` and a `request` with their digests. Records
a second of CPU time, the best of {turns} turns in one run, the writers taking turns; warcio and FastWARC compress at
zlib's level 9, their default, and ours with ISA-L's level 2.

{writers}

A crawl of saved pages on loopback, over http and https, with extraction, CPU a page (the best of {crawls}):

| | ms |
|---|---:|
| without an archive | {without:.0f} |
| with it: digests, compression, revisits, a `conversion` a page | {within:.0f} |
| times | **{times:.2f}** |

- Versions: {versions}.
- Machine: {machine}; Python {python}.
"""


def _report(pages: int, size: float, speeds: dict[str, dict[str, tuple[float, float]]], costs: dict[str, float]) -> str:
    rows = ["| bodies | writer | records a second | times warcio's | bytes a record |", "|---|---|---:|---:|---:|"]
    for kind, found in speeds.items():
        for name, (speed, room) in found.items():
            times = speed / found["warcio"][0]
            rows.append(f"| {kind} | {name} | {speed:,.0f} | {times:.1f} | {room:,.0f} |")
    return _DOCUMENT.format(
        pages=pages,
        size=size / 1000,
        turns=TURNS,
        crawls=CRAWLS,
        writers="\n".join(rows),
        without=1000 * costs["without"],
        within=1000 * costs["with"],
        times=costs["with"] / costs["without"],
        versions=", ".join(f"{name} {metadata.version(name)}" for name in ("warcio", "fastwarc", "isal", "scrapy")),
        machine=platform.machine(),
        python=platform.python_version(),
    )


if __name__ == "__main__":
    sys.exit(main())
