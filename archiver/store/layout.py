"""Where a run's files lie in the data folder. What others say never names a file unchecked."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

#: The folder of manifests and logs, which no site can be named.
RUNS: Final = "runs"

_RUN_ID: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


def new_run_id() -> str:
    """When the run began, in UTC, and a token: two runs of one second differ."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class Layout:
    """Paths of one run below ``data``. ValueError for a run id that :func:`new_run_id` does not give."""

    data: Path
    run_id: str

    def __post_init__(self) -> None:
        if not _RUN_ID.fullmatch(self.run_id):
            raise ValueError(f"{self.run_id!r} is no run id; one looks like 20261123T004512Z-1a2b3c")

    def warc(self, site: str, part: int = 1) -> Path:
        return self.data / folder_name(site) / f"{self.run_id}-{part:05}.warc.gz"

    def lines(self, site: str, part: int = 1) -> Path:
        return self.data / folder_name(site) / f"{self.run_id}-{part:05}.jsonl"

    def manifest(self) -> Path:
        return self.data / RUNS / f"{self.run_id}.json"

    def log(self) -> Path:
        return self.data / RUNS / f"{self.run_id}.log"


#: A host name that every file system takes as it stands, and tells from every other one.
_PLAIN: Final = re.compile(r"(?!.*\.\.)[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?")
#: Names that Windows keeps for devices, whatever follows them after a dot.
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
_UNSAFE: Final = re.compile(r"[^a-z0-9.]+|\.{2,}")
_LONGEST_START: Final = 80  # characters of a name that are kept of one that cannot be


def folder_name(site: str) -> str:
    """A site's folder: its name where that is safe, otherwise what can be kept of it and a digest.

    The name of a folder is its own folder's name.
    """
    if _PLAIN.fullmatch(site) and not _DEVICE.fullmatch(site) and site != RUNS:
        return site
    digest = hashlib.sha256(site.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    start = _UNSAFE.sub("-", site.lower())[:_LONGEST_START].strip("-.")
    return f"site-{start}-{digest}" if start else f"site-{digest}"
