"""The crawl, from real pages on a wire to records and archives, and what it promises of them.

    python -m benchmarks.crawl --data ../shared/bench/wcxb-dev.tar.xz --pages 300

Serves saved pages on loopback under their own hosts and paths, over https where they were saved
from there (see :mod:`benchmarks.saved_web`), crawls them with ``archiver crawl reviews`` as a
user does, robots.txt asked and obeyed, and extracts them once more from the archive. It ends
with 1 where a promise is not kept:

- every page yields a record, and no page an exception;
- every record is valid against the JSON Schema;
- ``warcio check`` passes for every archive;
- every record equals the one that its archive gives, the instant of extraction aside.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from archiver.record import json_schema
from benchmarks.gold import GoldPage, read_pages
from benchmarks.saved_web import SavedWeb, served

DATA_SET: Final = "wcxb-dev"
ROOT: Final = Path(__file__).resolve().parent.parent
_ARCHIVER: Final = (sys.executable, "-m", "archiver")
_KILOBYTE: Final = 1 if sys.platform == "darwin" else 1024
#: Requests: the pages of a site do not wait for each other here.
AT_ONCE: Final = 16
#: Shown of each promise that is not kept.
_MOST_FAULTS: Final = 10


def main() -> int:
    options = _options()
    pages = chosen(options.data, options.pages)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(options.keep or folder).resolve()
        kept.mkdir(parents=True, exist_ok=True)
        with served(pages, kept) as web:
            crawled = crawl(web, kept)
        report = _judge(web, crawled)
    print(report)
    return 1 if report.faults else 0


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="the data set, packed or not, or the folder of it")
    arguments.add_argument("--pages", type=int, metavar="N", help="some N pages of it")
    arguments.add_argument("--keep", type=Path, metavar="FOLDER", help="leave records, archives and log in this folder")
    return arguments.parse_args()


def chosen(data: Path, some: int | None) -> list[GoldPage]:
    """Pages from the whole of the data set, none twice."""
    if data.name.endswith(".tar.xz") or (data / "gold.jsonl").is_file():
        data, data_set = data.parent, data.name.removesuffix(".tar.xz")
    else:
        data_set = DATA_SET
    pages = list({page.gold["url"].partition("#")[0]: page for page in read_pages(data, data_set)}.values())
    step = max(1, len(pages) // some) if some else 1
    return pages[::step][:some]


@dataclass(frozen=True)
class Crawled:
    """What one crawl left behind, and what it cost."""

    data: Path
    exit_code: int
    said: str
    seconds: float
    cpu: float
    peak: float  # bytes

    @property
    def manifest(self) -> dict[str, Any]:
        [path] = (self.data / "runs").glob("*.json")
        manifest: dict[str, Any] = json.loads(path.read_bytes())
        return manifest

    @property
    def log(self) -> str:
        [path] = (self.data / "runs").glob("*.log")
        return path.read_text(encoding="utf-8")


def crawl(web: SavedWeb, folder: Path, resolver: str = "benchmarks.saved_web.Loopback", **settings: str) -> Crawled:
    (folder / "pages.txt").write_text("".join(f"{url}\n" for url in web.urls), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ARCHIVER_", "SCRAPY_"))}
    environment |= {
        "ARCHIVER_ALLOW_PRIVATE_HOSTS": "1",
        "ARCHIVER_DELAY": "0",
        "PYTHONPATH": str(ROOT),
        "SSL_CERT_FILE": str(web.certificate),
        **settings,
    }
    by_name = f"TWISTED_DNS_RESOLVER={resolver}"
    at_once = ("-s", f"CONCURRENT_REQUESTS_PER_DOMAIN={AT_ONCE}", "-s", f"CONCURRENT_REQUESTS={AT_ONCE}")
    words = (*_ARCHIVER, "crawl", "reviews", "-a", "urls=pages.txt", "-s", by_name, "-s", "RETRY_TIMES=0", *at_once)
    # A process's peak is never below the size of the one that started it: a small one does.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as small:
        return small.submit(measured, words, folder, environment).result()


def measured(words: Sequence[str], folder: Path, environment: dict[str, str]) -> Crawled:
    begin = time.monotonic()
    ended = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Crawled(
        data=folder / "data",
        exit_code=ended.returncode,
        said=ended.stdout + ended.stderr,
        seconds=time.monotonic() - begin,
        cpu=used.ru_utime + used.ru_stime,
        peak=used.ru_maxrss * _KILOBYTE,
    )


@dataclass
class Report:
    """Figures by name, and what was promised and not kept."""

    figures: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def promise(self, name: str, kept: int, of: int, faults: Sequence[str]) -> None:
        self.figures[name] = f"{kept} of {of}"
        if kept != of or faults:
            self.faults.append(f"{name}: {kept} of {of}")
            self.faults.extend(f"  {fault}" for fault in faults[:_MOST_FAULTS])

    def __str__(self) -> str:
        width = max(map(len, self.figures))
        lines = [f"{name:{width}}  {value}" for name, value in self.figures.items()]
        return "\n".join([*lines, "", *(self.faults or ["every promise is kept"])])


def _judge(web: SavedWeb, crawled: Crawled) -> Report:
    """A page may lead on to one that was not saved: that is told by the exit code 3, and no fault of the crawl."""
    report = Report()
    manifest = crawled.manifest
    records = [record for path in sorted(crawled.data.rglob("*.jsonl")) for record in _records(path.read_bytes())]
    archives = sorted(crawled.data.rglob("*.warc.gz"))
    asked, recorded = set(web.urls), {record["url"] for record in records}

    report.promise("pages fetched", min(manifest["counts"]["answered"], len(asked)), len(asked), [])
    report.promise("pages with a record", len(asked & recorded), len(asked), sorted(asked - recorded))
    raised = [line for line in crawled.log.splitlines() if " ERROR: " in line or " CRITICAL: " in line]
    well = crawled.exit_code in (0, 3) and not raised and "Traceback" not in crawled.said
    report.promise("crawls without an exception", int(well), 1, [crawled.said] * (not well) + raised)
    invalid = list(_invalid(records))
    report.promise("records valid", len(records) - len(invalid), len(records), invalid)
    broken = [said for path in archives if (said := _checked(path))] if _checked(*archives) else []
    report.promise("archives that pass warcio check", len(archives) - len(broken), len(archives), broken)
    different = list(_different(records, crawled.data))
    report.promise("records equal from the archive", max(0, len(records) - len(different)), len(records), different)

    led_on = {page["url"]: page["reason"] for page in manifest["failed"]}
    report.figures["pages that led on to one not saved"] = str(len(led_on))
    report.figures["exchanges archived"] = str(manifest["counts"]["exchanges"])
    report.figures["pages a second"] = f"{len(records) / crawled.seconds:.1f}"
    report.figures["CPU a page, ms"] = f"{1000 * crawled.cpu / max(1, len(records)):.0f}"
    report.figures["peak memory, MB"] = f"{crawled.peak / 2**20:.0f}"
    return report


def _records(content: bytes) -> Iterator[dict[str, Any]]:
    return map(json.loads, content.splitlines())


def _invalid(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    validator = Draft202012Validator(json_schema())
    for record in records:
        error = next(validator.iter_errors(record), None)
        if error is not None:
            yield f"{record['url']}: {error.json_path}: {error.message[:200]}"


def _checked(*archives: Path) -> str | None:
    """What warcio finds wrong with archives; None where all is well."""
    words = (sys.executable, "-m", "warcio.cli", "check", *map(str, archives))
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"{ended.stdout}{ended.stderr}" if ended.returncode else None


def _different(records: Sequence[dict[str, Any]], data: Path) -> Iterator[str]:
    """The records that come out otherwise when they are extracted from the archive."""
    again = data.parent / "again.jsonl"
    words = (*_ARCHIVER, "extract", str(data), "-o", str(again))
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode:
        yield f"archiver extract ended with {ended.returncode}: {ended.stderr}"
    found = {_place(record): _timeless(record) for record in _records(again.read_bytes())}
    for record in records:
        other = found.pop(_place(record), None)
        if other is None:
            yield f"{record['url']}: is not in the archive"
        elif other != _timeless(record):
            names = [name for name in other if other[name] != record.get(name) and name != "extractor"]
            yield f"{record['url']}: {', '.join(names)}"
    yield from (f"{other['url']}: is in the archive alone" for other in found.values())


def _place(record: dict[str, Any]) -> str:
    place: str = record["captures"][0]["warc_record_id"]
    return place


def _timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "extractor": {**record["extractor"], "parsed_at": None}}


if __name__ == "__main__":
    sys.exit(main())
