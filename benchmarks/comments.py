"""Score comments, tags, ratings and works against hand-labelled review pages.

    python -m benchmarks.comments --data ../shared/bench

prints what ``score_comments.py`` of the data folder says, for all pages and for the two halves of
their sites (md5 of the registered domain, even and odd): rules are written looking at one half
only, so that the other tells how they carry over.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import archiver
from benchmarks.gold import GoldPage, read_pages
from benchmarks.quality import answer_of, fields_of, judge

DATA_SET: Final = "review-gold-dev"
#: Rows of the scorer that are no measure of what a record holds.
_LEFT_OUT: Final = frozenset({"missing predictions"})


def halves(pages: Sequence[GoldPage]) -> Mapping[str, Sequence[GoldPage]]:
    """All pages, and those of either half of the sites."""

    def half(page: GoldPage) -> int:
        return int(hashlib.md5(page.site.encode(), usedforsecurity=False).hexdigest(), 16) % 2

    return {
        "all": pages,
        "even sites": [page for page in pages if half(page) == 0],
        "odd sites": [page for page in pages if half(page) == 1],
    }


def table(data: Path, pages: Sequence[GoldPage], extract: Callable[..., Any] = archiver.extract) -> list[list[str]]:
    """The scorer's rows, a column for all pages and for each half; the first row is the heading."""
    scorer = judge(data / "score_comments.py")
    found = {page.key: dict(fields_of(page, answer_of(extract(page.body, url=page.gold["url"])))) for page in pages}
    columns = {}
    for name, some in halves(pages).items():
        columns[name] = scorer.score([page.gold for page in some], {page.gold["id"]: found[page.key] for page in some})[
            0
        ]
    measures = [measure for measure in columns["all"] if measure not in _LEFT_OUT]
    return [["", *columns]] + [
        [measure, *(_shown(scores.get(measure)) for scores in columns.values())] for measure in measures
    ]


def _shown(value: object) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the labelled pages and their scorers")
    data = arguments.parse_args().data
    rows = table(data, list(read_pages(data, DATA_SET)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
