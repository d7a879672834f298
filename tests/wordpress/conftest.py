"""A WordPress filled once: what is in it, and what a first crawl of it left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.crawl.conftest import Archived, Crawled
from tests.wordpress import server

#: As php/fill.php tells it.
Post = dict[str, Any]
Record = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """A site with what is in it."""

    site: server.WordPress
    posts: list[Post]
    #: Texts that no visitor is shown.
    unseen: list[str]

    @cached_property
    def public(self) -> list[Post]:
        return [post for post in self.posts if post["what"] not in ("draft", "trash")]

    @cached_property
    def articles(self) -> list[Post]:
        """What every visitor can read."""
        return [post for post in self.public if post["what"] != "password"]

    def one(self, what: str) -> Post:
        [post] = [post for post in self.posts if post["what"] == what]
        return post

    @property
    def thread(self) -> Post:
        """The post with the longest thread."""
        return max(self.posts, key=lambda post: len(post["comments"]))


@dataclass(frozen=True)
class Visit:
    """One run in a folder, and the files that are its own."""

    ended: subprocess.CompletedProcess[str]
    files: tuple[Path, ...]

    @property
    def records(self) -> list[Record]:
        return [
            json.loads(line)
            for path in self.files
            if path.suffix == ".jsonl"
            for line in path.read_bytes().splitlines()
        ]

    @cached_property
    def archived(self) -> list[Archived]:
        return [one for path in self.files if path.name.endswith(".warc.gz") for one in Crawled.records_of(path)]


@pytest.fixture(scope="session")
def filled() -> Iterator[Filled]:
    lacking = server.missing()
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(f"not installed: {', '.join(lacking)}")
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)} (apt-get install --no-install-recommends)")
    with server.served() as site:
        yield Filled(site, **site.php("fill"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one job is run again and again."""
    return tmp_path_factory.mktemp("job")


@pytest.fixture(scope="session")
def first(filled: Filled, folder: Path) -> Visit:
    return crawl(folder, "site", "-a", f"url={filled.site.url}/")


@pytest.fixture(scope="session")
def records(first: Visit) -> dict[str, Record]:
    """What the first crawl made of each address."""
    return {record["url"]: record for record in first.records}


def crawl(folder: Path, *words: str) -> Visit:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ARCHIVER_", "SCRAPY_", "PYTHON"))
    }
    before = _files(folder)
    ended = subprocess.run(
        [sys.executable, "-m", "archiver", "crawl", *words],
        cwd=folder,
        env={**kept, "ARCHIVER_ALLOW_PRIVATE_HOSTS": "1", "ARCHIVER_DELAY": "0"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Visit(ended, tuple(sorted(_files(folder) - before)))


def _files(folder: Path) -> set[Path]:
    """Those that runs add and never come back to."""
    return {path for path in folder.glob("data/*/*") if path.is_file()}
