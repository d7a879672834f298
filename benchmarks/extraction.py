"""Extraction against its peers: how right, how fast, how large, in one run on the same pages.

    python -m benchmarks.extraction --data ../shared/bench                  everything; writes docs/benchmarks.md
    python -m benchmarks.extraction --data ../shared/bench --only speed     prints, writes nothing
    python -m benchmarks.extraction --data ../shared/bench --pages 100 --peers trafilatura

``--data`` names the folder of the labelled pages with their scorers. A run of a part prints its
tables and leaves the document alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from benchmarks import peers, quality, speed
from benchmarks.folds import FOLDS, train_folds
from benchmarks.gold import GoldPage, read_pages
from benchmarks.peers import PEERS, Peer
from benchmarks.quality import OURS, Answers, Figures

P = ParamSpec("P")
T = TypeVar("T")

DATA_SETS: Final = ("wcxb-dev", "atf", "review-gold-dev")
DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
#: What the document says it was made with.
COMMAND: Final = "python -m benchmarks.extraction --data ../shared/bench"
PASSES: Final = 3
_MANY: Final = 10_000
CPU: Final = "CPU a page of atf, ms"
RATIO: Final = "… as a multiple of review-archiver's"
PEAK: Final = "peak memory over atf, MB"
BEFORE: Final = "… of it before the first page"
#: Rows of cost, and whether more is better.
COSTS: Final = {CPU: False, RATIO: False, PEAK: False, BEFORE: False}
_WHOLE: Final = frozenset({PEAK, BEFORE, quality.RAISED})  # shown without decimals


def main() -> None:
    options = _options()
    peers.no_network()
    taking_part, absent = _chosen(options.peers)
    pages = _pages(options.data, options.pages)
    names = [OURS, *(peer.name for peer in taking_part)]
    found: dict[str, Figures] = {name: {} for name in names}
    remarks = [_sizes(pages)]
    if options.only != "speed":
        for name, figures in _quality(options, taking_part, pages).items():
            found[name] |= figures
    if options.only != "extraction":
        costs, grown = _costs(names, pages, 2 * options.pages if options.pages else _MANY)
        for name, figures in costs.items():
            found[name] |= figures
        remarks.append(
            f"Memory in use by {OURS} after {min(speed.SETTLED, grown.pages):,} pages: {grown.settled:.0f} MB; "
            f"after {grown.pages:,}: {grown.end:.0f} MB."
        )
    text = document(found, remarks, taking_part, absent)
    print(text)
    if options.only is None and options.pages is None and options.peers is None:
        DOCUMENT.write_text(text, encoding="utf-8")


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the labelled pages and their scorers")
    arguments.add_argument("--only", choices=("extraction", "speed"), help="only how right, or only what it costs")
    arguments.add_argument("--pages", type=int, metavar="N", help="some N pages of each data set")
    arguments.add_argument("--peers", metavar="NAME,…", help="only these peers; an empty word for none")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that judge quality")
    arguments.add_argument("--cache", type=Path, metavar="FOLDER", help="keep the models of the folds there")
    return arguments.parse_args()


def _chosen(names: str | None) -> tuple[list[Peer], list[tuple[Peer, str]]]:
    """The peers that take part, and those that cannot with the reason."""
    wanted = [peer for peer in PEERS if names is None or peer.name.partition(",")[0] in names.split(",")]
    reasons = [(peer, peers.missing(peer)) for peer in wanted]
    return [peer for peer, why in reasons if why is None], [(peer, why) for peer, why in reasons if why is not None]


def _pages(data: Path, some: int | None) -> list[GoldPage]:
    found = []
    for data_set in DATA_SETS:
        pages = list(read_pages(data, data_set))
        step = max(1, len(pages) // some) if some else 1
        found += pages[::step][:some]
    return found


def _quality(options: argparse.Namespace, taking_part: Sequence[Peer], pages: Sequence[GoldPage]) -> dict[str, Figures]:
    judges = quality.Judges.of(options.data)
    answers: dict[str, tuple[Answers, int]] = {}
    with _folder(options.cache) as kept:
        folds = _timed("models of the folds", train_folds, options.data, kept)
        answers[OURS] = _timed(OURS, quality.our_answers, pages, folds, options.jobs)
    for peer in taking_part:
        answers[peer.name] = _timed(peer.name, quality.peer_answers, peer.name, pages, options.jobs)
    return {name: quality.figures(judges, pages, *found) for name, found in answers.items()}


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _costs(names: Sequence[str], pages: Sequence[GoldPage], many: int) -> tuple[dict[str, Figures], speed.Growth]:
    with tempfile.TemporaryDirectory() as folder:
        saved = {page.key: _save(page, Path(folder), place) for place, page in enumerate(pages)}
        news = [saved[page.key] for page in pages if page.data_set == "atf"]
        taken = _timed("CPU time", speed.cpu, names, news, PASSES)
        found: dict[str, Figures] = {}
        for name in names:
            memory = _timed(f"memory of {name}", speed.memory, name, news)
            ratio = None if name == OURS else taken[name] / taken[OURS]
            found[name] = {CPU: taken[name], RATIO: ratio, PEAK: memory.peak, BEFORE: memory.before}
        return found, _timed("memory over many pages", speed.growth, list(saved.values()), many)


def _save(page: GoldPage, folder: Path, place: int) -> speed.Saved:
    path = folder / f"{place}.html"
    path.write_bytes(page.body)
    return path, page.gold["url"]


def _timed(what: str, work: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
    """Do it, and say on stderr how long it took."""
    start = time.monotonic()
    result = work(*arguments, **keywords)
    print(f"{what}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    return result


def document(
    found: dict[str, Figures], remarks: Sequence[str], taking_part: Sequence[Peer], absent: Sequence[tuple[Peer, str]]
) -> str:
    """The table, and all that is needed to take it again."""
    versions = {OURS: _version()} | {peer.distribution: peer.version for peer in taking_part}
    return _DOCUMENT.format(
        command=COMMAND,
        table="\n".join(_table(found)),
        remarks="\n\n".join([*remarks, *(f"{peer.name} is {why}." for peer, why in absent)]),
        ours=OURS,
        folds=FOLDS,
        passes=PASSES,
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
        machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
    )


_DOCUMENT: Final = """\
# Benchmarks of extraction

Made by this command, and not edited by hand:

    {command}

{table}

The best figure of a row is bold. A dash: the extractor does not tell this.

{remarks}

## How the figures are taken

All extractors read the same bytes in one run, each page with its address; nothing is fetched. The labelled pages, what
their gold means and the scorers (`score.py`, `score_comments.py`) lie in the folder that `--data` names.

- The labeller of {ours} was fitted to pages of these data sets. Its quality is therefore taken with folds by site:
  {folds} labellers, each trained without the pages of one part of the registered domains, and each page is read with
  the one that has not seen its site. Speed and memory are those of the program as it is shipped.
- The text of a forum page is the body followed by the comments.
- Titles, authors and dates count as right where they are equal, case, accents, quotation marks and punctuation aside.
  Of the 647 pages whose gold has no date, 89 do state one, so 0 is not the best figure of that row.
- CPU time is of one core, bytes in, record out: for each page the median of {passes} passes in which the extractors
  take turns, then the mean over the pages. For {ours} that is the whole record (body, comments, tags, rating,
  page state, every segment with its reason), for trafilatura `bare_extraction` with metadata and comments, for the
  others what they have, which is less.
- Memory is that of a process which loads one extractor and reads the pages one by one.
- Versions: {versions}.
- Machine: {machine}; {python}.
"""


def _version() -> str:
    try:
        return metadata.version(OURS)
    except metadata.PackageNotFoundError:
        return "of this source tree"


def _sizes(pages: Sequence[GoldPage]) -> str:
    held = Counter(page.data_set for page in pages)
    return "Pages: " + ", ".join(f"{count:,} of {name}" for name, count in held.items()) + "."


def _table(found: dict[str, Figures]) -> list[str]:
    names = list(found)
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for row, more_is_better in (*quality.ROWS.items(), *COSTS.items()):
        values = [found[name].get(row) for name in names]
        told = [value for value in values if value is not None]
        if told:
            best = max(told) if more_is_better else min(told)
            shown = [_shown(row, value, bold=_shown(row, best) == _shown(row, value)) for value in values]
            lines.append(f"| {row} | {' | '.join(shown)} |")
    return lines


def _shown(row: str, value: float | None, *, bold: bool = False) -> str:
    if value is None:
        return "–"
    decimals = 0 if row in _WHOLE else 1 if row in COSTS else 3
    return f"**{value:.{decimals}f}**" if bold else f"{value:.{decimals}f}"


if __name__ == "__main__":
    main()
