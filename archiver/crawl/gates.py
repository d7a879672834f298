"""Whether a site's pages still give what they gave: a redesign empties records without any error.

Shares of a run are held against the same site's last runs, as their manifests tell them. Where
too little is known nothing is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from msgspec import Struct

from archiver.crawl.run import SiteCounts

#: Runs of the same spider that a run is held against, the last ones; with fewer than the least nothing is judged.
MOST_RUNS, LEAST_RUNS = 7, 3
#: Pages, or declared comments, below which a share says nothing.
LEAST_PAGES: Final = 10
#: Manifests that are read at most to find those runs.
_MOST_READ: Final = 200


class _Manifest(Struct):
    spider: str
    finished_at: str | None = None
    exit_code: int | None = None
    sites: dict[str, SiteCounts] = {}


def fallen(now: Mapping[str, SiteCounts], runs: Path, spider: str, own: str, by: float) -> str | None:
    """What fell by more than the share ``by`` against the median of the last runs, in one line, if anything did."""
    if not by or not any(_shares(counts) for counts in now.values()):
        return None
    past = list(_past(runs, spider, own))
    fell = [
        f"{site}: {name} {share:.0%}, before {before:.0%}"
        for site, counts in sorted(now.items())
        for name, share in _shares(counts).items()
        if (before := _before(past, site, name)) is not None and share < before * (1 - by)
    ]
    return f"a quality gate failed: {'; '.join(fell)}" if fell else None


def _shares(counts: SiteCounts) -> dict[str, float]:
    shares: dict[str, float] = {}
    if counts.read >= LEAST_PAGES:
        having = (
            ("body", counts.with_body),
            ("title", counts.with_title),
            ("authors", counts.with_authors),
            ("date", counts.with_date),
        )
        shares = {f"pages with {name}": number / counts.read for name, number in having}
    if counts.declared >= LEAST_PAGES:
        shares["declared comments found"] = counts.declared_found / counts.declared
    return shares


def _before(past: Sequence[Mapping[str, SiteCounts]], site: str, name: str) -> float | None:
    shares = [_shares(sites[site]) for sites in past if site in sites]
    known = [of[name] for of in shares if name in of][:MOST_RUNS]
    return median(known) if len(known) >= LEAST_RUNS else None


def _past(runs: Path, spider: str, own: str) -> Iterator[Mapping[str, SiteCounts]]:
    """The last runs' counts, the newest first. A run that itself failed a gate is no measure for the next,
    or a site that stays broken would pass after a few nights."""
    names = sorted((path.name for path in runs.glob("*.json") if path.stem != own), reverse=True)
    for name in names[:_MOST_READ]:
        try:
            manifest = msgspec.json.decode((runs / name).read_bytes(), type=_Manifest)
        except (OSError, msgspec.DecodeError):  # another version's, or removed meanwhile
            continue
        if manifest.spider == spider and manifest.finished_at and manifest.exit_code != 14:
            yield manifest.sites
