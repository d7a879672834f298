"""Logs and manifests that have lain long enough. Records and archives are never touched."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final

from archiver.store.layout import Layout

_DAY: Final = 86_400
#: In the name of a log that follows a full one.
_PART: Final = re.compile(r"(?<=-[0-9a-f]{6})-\d{5}\Z")


def tidy(runs: Path, *, keep_logs: float, keep_manifests: float) -> None:
    """Remove the logs and the manifests of runs that ended so many days ago; 0 keeps them all."""
    for ending, days in ((".log", keep_logs), (".json", keep_manifests)):
        if not days:
            continue
        oldest = time.time() - days * _DAY
        for path in runs.glob(f"*{ending}"):
            if _is_ours(path) and path.stat().st_mtime < oldest:
                path.unlink()


def _is_ours(path: Path) -> bool:
    try:
        Layout(data=path.parent.parent, run_id=_PART.sub("", path.stem))
    except ValueError:
        return False
    return True
