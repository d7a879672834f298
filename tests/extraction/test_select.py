"""Selectors: an index finds what a look at every element would."""

from __future__ import annotations

import pytest

from archiver.document import read
from archiver.extraction.select import Index, Selector, rule

_PAGE = read(
    b"<body><div class='post hentry'><h2 class=title><a href=/a rel='bookmark me'>One</a></h2>"
    + b"<p>Text <a href=/b class='more post'>more</a></p>" * 12
    + b"<ul id=list><li class=post><a rel=tag>x</a><li>y</ul><div></div></div><div><a name=end>z</a></div>"
)
_SELECTORS = [
    rule(source)
    for source in (
        "a", "*", "h4", ".post", "#list", "[href]", "a[href]", "base[href]", "a.post", "a.post[href]", "li.post",
        'a[rel~="tag"]', '[rel~="boo"]', "a:not([href])", "h2 > a[href]", "h4 > a[href]", ".hentry a.more", "#list a",
        ".none a", "p, li, h2", ".post, a.post, li", "div div", "div.hentry > p a[href]",
    )
]  # fmt: skip


@pytest.mark.parametrize("selector", _SELECTORS, ids=lambda selector: selector.source)
def test_select_finds_what_matches(selector: Selector) -> None:
    index = Index(_PAGE)
    assert index.select(selector) == [node for node in _PAGE.nodes if selector.matches(node)]
    for outer in _PAGE.nodes:
        inner = [node for node in _PAGE.within(outer) if selector.matches(node)]
        assert index.select(selector, within=outer) == inner
        assert index.first(selector, within=outer) == next(iter(inner), None)
