"""``metrics.prom``: the last run in numbers, for node_exporter's textfile collector.

Runs over several sites may share a data folder: each replaces what it tells itself of and
leaves the numbers of the other spiders and sites as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from archiver.crawl.run import Run, replace

FILE: Final = "metrics.prom"

_SAMPLE: Final = re.compile(r"(archiver_[a-z_]+)(\{[^}\n]*\}) (-?[0-9.e+]+)")
_PREFIX: Final = "archiver_last_run_"
_HELP: Final = {
    "start_timestamp_seconds": "when the last run began",
    "end_timestamp_seconds": "when it ended",
    "exit_code": "its exit code",
    "answered": "pages that got an answer",
    "records": "records written",
    "comments": "comments in them",
    "exchanges": "requests archived",
    "failed": "pages that failed",
    "incomplete": "pages whose comments did not all come",
    "known": "pages that had been visited before",
    "unchanged": "of those, how many were as they had been",
    "changed": "how many had changed, or their comments had",
    "gone": "how many were gone that had been there",
    "comments_new": "comments that no earlier visit had found",
    "comments_vanished": "comments that an earlier visit had found and this one did not",
}


def write(path: Path, run: Run, spider: str) -> None:
    """Replace the file; a reader sees the old one or the new one."""
    samples = {**_read(path), **dict(_samples(run, spider))}
    text = "".join(_family(name, samples) for name in sorted({name for name, _ in samples}))
    replace(path, text.encode())


def _samples(run: Run, spider: str) -> Iterator[tuple[tuple[str, str], str]]:
    times = {
        "start_timestamp_seconds": run.started_at.timestamp(),
        "end_timestamp_seconds": datetime.now(UTC).timestamp(),
        "exit_code": run.exit_code,
    }
    whole = {**times, **msgspec.to_builtins(run.counts)}
    for name, value in whole.items():
        yield (f"{_PREFIX}{name}", f'{{spider="{spider}"}}'), f"{value:.15g}"
    for site, counts in run.sites.items():
        for name, value in {**times, "records": counts.records, "comments": counts.comments}.items():
            yield (f"{_PREFIX}site_{name}", f'{{spider="{spider}",site="{site}"}}'), f"{value:.15g}"


def _family(name: str, samples: dict[tuple[str, str], str]) -> str:
    said = _HELP.get(name.removeprefix(_PREFIX).removeprefix("site_"), "")
    lines = [f"{name}{labels} {value}" for (of, labels), value in sorted(samples.items()) if of == name]
    return "\n".join([f"# HELP {name} {said}", f"# TYPE {name} gauge", *lines, ""])


def _read(path: Path) -> dict[tuple[str, str], str]:
    try:
        said = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    return {(found[1], found[2]): found[3] for found in map(_SAMPLE.fullmatch, said.splitlines()) if found}
