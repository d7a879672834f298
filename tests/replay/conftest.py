"""The demonstration, crawled and visited again, and made into one package. Its server is gone by then."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.demo import served

#: Made by `make test-replay`, with the versions of requirements/replay.txt.
TOOLS = ROOT / ".replay-venv" / "bin"


@dataclass(frozen=True)
class Archived:
    """A data folder and the package made of it."""

    data: Path
    package: Path

    @property
    def archives(self) -> list[Path]:
        return sorted(self.data.rglob("*.warc.gz"))

    @property
    def index(self) -> list[bytes]:
        return [line for path in sorted(self.data.rglob("*.cdxj")) for line in path.read_bytes().splitlines(True)]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    folder = tmp_path_factory.mktemp("demo")
    ours = {"PYTHONPATH": str(ROOT), "ARCHIVER_ALLOW_PRIVATE_HOSTS": "1", "ARCHIVER_DELAY": "0"}
    package = folder / "demo.wacz"
    with served() as site:
        for words in (
            ["crawl", "site", "-a", f"url={site.url}/"],
            ["crawl", "revisit", "-a", "all=1"],
            ["export", "--format", "wacz", "data", "-o", str(package)],
        ):
            command = [sys.executable, "-m", "archiver", *words]
            subprocess.run(command, cwd=folder, env={**os.environ, **ours}, check=True)
    return Archived(folder / "data", package)
