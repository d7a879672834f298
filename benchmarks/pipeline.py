"""What a page costs from the wire to its record and its archive, beside what it costs Scrapy to fetch it alone.

    python -m benchmarks.pipeline --data ../shared/bench/wcxb-dev.tar.xz --pages 300

The same pages from the same servers (:mod:`benchmarks.saved_web`), as many at once, by turns: by
``archiver crawl reviews`` as a user starts it, by Scrapy with a spider that does nothing
(:mod:`benchmarks.bare`), and read from the archive by ``archiver extract``, which is what
reading them costs. Each figure is the least of the rounds. What starting takes is measured with
a single page and taken off: 300 pages are a small crawl.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from benchmarks.crawl import ROOT, Crawled, chosen, crawl, measured
from benchmarks.saved_web import SavedWeb, served

#: What was asked for: the CPU of the whole as a multiple of a bare fetch.
ASKED: Final = 2.0
_FULL, _BARE, _READ = "fetch, archive, extract, record", "Scrapy, fetch alone", "extract alone, from the archive"


@dataclass(frozen=True)
class Cost:
    """Of one run, or the least of several."""

    cpu: float = float("inf")
    seconds: float = float("inf")

    def least(self, other: Cost) -> Cost:
        return Cost(min(self.cpu, other.cpu), min(self.seconds, other.seconds))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="the data set, packed or not, or the folder of it")
    arguments.add_argument("--pages", type=int, metavar="N", default=300)
    arguments.add_argument("--rounds", type=int, metavar="N", default=3)
    options = arguments.parse_args()
    pages = chosen(options.data, options.pages)
    with tempfile.TemporaryDirectory() as folder, served(pages, Path(folder)) as web:
        whole = rounds(web, Path(folder), options.rounds)
        start = rounds(replace(web, urls=web.urls[:1]), Path(folder), options.rounds)
    print(report(whole, start, len(web.urls) - 1, options.rounds))


def rounds(web: SavedWeb, folder: Path, number: int) -> Mapping[str, Cost]:
    """The least that each way cost."""
    ways: dict[str, Callable[[SavedWeb, Path], Crawled]] = {_FULL: crawl, _BARE: _bare, _READ: _read}
    least = dict.fromkeys(ways, Cost())
    for _ in range(number):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            for name, way in ways.items():
                ended = way(web, Path(place))
                if ended.exit_code not in (0, 3):
                    raise RuntimeError(f"{name} ended with {ended.exit_code}: {ended.said[-2000:]}")
                least[name] = least[name].least(Cost(ended.cpu, ended.seconds))
    return least


def report(whole: Mapping[str, Cost], start: Mapping[str, Cost], pages: int, number: int) -> str:
    lines = [f"{'':32}  CPU a page, ms  pages a second  start, s CPU"]
    each = {name: Cost((cost.cpu - start[name].cpu) / pages, cost.seconds) for name, cost in whole.items()}
    for name, cost in each.items():
        lines.append(f"{name:32}  {1000 * cost.cpu:14.1f}  {pages / cost.seconds:14.1f}  {start[name].cpu:12.2f}")
    full, bare, read = (each[name].cpu for name in (_FULL, _BARE, _READ))
    return "\n".join(
        [
            *lines,
            "",
            f"{pages + 1} pages, the least of {number} rounds",
            f"the whole, as a multiple of the bare fetch: {full / bare:.2f} (asked: at most {ASKED})",
            f"the whole without reading the pages, the same: {(full - read) / bare:.2f}",
        ]
    )


def _bare(web: SavedWeb, folder: Path) -> Crawled:
    return _run([sys.executable, "-m", "benchmarks.bare", "pages.txt"], web, folder)


def _read(web: SavedWeb, folder: Path) -> Crawled:
    words = [sys.executable, "-m", "archiver", "extract", "data", "-o", "again.jsonl", "--jobs", "1"]
    return _run(words, web, folder)


def _run(words: list[str], web: SavedWeb, folder: Path) -> Crawled:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ARCHIVER_", "SCRAPY_"))}
    environment |= {"PYTHONPATH": str(ROOT), "SSL_CERT_FILE": str(web.certificate)}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as small:
        return small.submit(measured, words, folder, environment).result()


if __name__ == "__main__":
    main()
