"""A WordPress filled once: what is in it, and what a first and a second crawl of it left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.wordpress import server

Post = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """A site with what php/fill.php says is in it."""

    site: server.WordPress
    posts: list[Post]
    #: Texts that no visitor is shown.
    unseen: list[str]


@pytest.fixture(scope="session")
def filled() -> Iterator[Filled]:
    lacking = server.missing()
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(f"not installed: {', '.join(lacking)}")
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)} (apt-get install --no-install-recommends)")
    with server.served() as site:
        yield Filled(site, **site.php("fill"))
