"""Complete the archives of runs that were killed: cut the torn tail, keep it aside, give the file its name."""

from __future__ import annotations

from pathlib import Path

from archiver.warc.growing import OPEN, Finished, finish
from archiver.warc.records import records


def repair(folder: Path) -> list[Finished]:
    """Complete every archive below a folder that a dead run left open; those still being written are left alone."""
    left = sorted(folder.rglob(f"*.warc.gz{OPEN}"))
    return [finished for path in left if (finished := finish(path, whole)) is not None]


def whole(path: Path) -> int:
    """Bytes from the start of a file that are whole records."""
    end = 0
    with path.open("rb") as file:
        for record in records(file, lambda _: None):
            end = (record.offset or 0) + (record.length or 0)
    return end
