"""Site files: for which pages they count, and what is refused in one. What one does: tests/pages/kettles.example."""

from __future__ import annotations

import pytest

from archiver import extract, rules
from archiver.extraction.sites import Site, SiteRule, site_file

_ELSEWHERE = b"""<html><body><h1>A kettle</h1><p class="kettle-name">Another one</p>
<article><p>It sings in D, which is rare for a kettle of this size, and it sings early, which is rarer.</p></article>
</body></html>"""


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://kettles.example/a", "kettles.example"),
        ("https://www.kettles.example/a", "kettles.example"),
        ("http://journal.kettles.example:8080/a?b", "kettles.example"),
        ("https://teakettles.example/a", None),
        ("https://kettles.example.org/a", None),
        ("no address", None),
        (None, None),
    ],
)
def test_a_file_counts_for_its_host_and_what_lies_below(url: str | None, host: str | None) -> None:
    found = site_file(url)
    assert (found.host if found is not None else None) == host


def test_what_a_file_names_and_the_page_lacks_is_read_as_on_any_other_page() -> None:
    here, elsewhere = (extract(_ELSEWHERE, url=f"https://{host}/a") for host in ("kettles.example", "pots.example"))
    assert here.title == "Another one"
    assert elsewhere.title == "A kettle"
    assert here.body_text == elsewhere.body_text is not None


def test_a_comment_system_that_nobody_described_is_refused() -> None:
    with pytest.raises(rules.RuleError, match=r"sites/pots\.example\.toml: comments: .*teapress"):
        Site.of("pots.example", SiteRule(comments="teapress"))
