"""A real WordPress: found whole, kept exactly. `make test-wordpress`."""

from __future__ import annotations

import pytest

from tests.wordpress.conftest import Filled

pytestmark = pytest.mark.wordpress


def test_the_site_is_filled(filled: Filled) -> None:
    kinds = [post["what"] for post in filled.posts]
    assert len(kinds) == 66
    assert {"sticky", "pages", "password", "trash", "draft", "page"} < set(kinds)
    assert max(len(post["comments"]) for post in filled.posts) >= 45
