"""Control characters: whatever form a page gives them, none reaches a record."""

from __future__ import annotations

import json
import re

import pytest

from archiver.extraction.extract import extract
from archiver.page import Page
from archiver.store.lines import encode

#: As JSON in ASCII writes them.
CONTROLS = re.compile(r"\\(?:u00(?:[01]|7f|[89])|[bfr])")
SAID = "The bay is never seen by daylight, and the film is the better for it. "
PAGE = """<!doctype html><html><head><title>Lantern{0}Bay</title><meta charset="{1}">
<meta name="author" content="Iris{0}Hale">
<script type="application/ld+json">{{"@type": "Review", "headline": "Lantern{2}Bay", "author": "Iris{2}Hale",
"keywords": "ghosts{2}, lamps", "reviewRating": {{"ratingValue": "4{2}"}}}}</script></head>
<body><article class="post"><h1>Lantern{0}Bay</h1><p class="byline">By Iris{0}Hale</p><p>{3}{0}</p><p>{3}</p>
<p class="tags">Tags: <a rel="tag" href="/tag/l{0}amps/">lam{0}ps</a></p></article>
<ol class="commentlist">
<li class="comment" id="comment-7"><cite class="fn">Lib{0}by</cite><p>Love{0}ly, {3}</p></li></ol>
</body></html>"""


def page(control: str, charset: str = "utf-8", escape: str = "") -> bytes:
    return PAGE.format(control, charset, escape, SAID * 3).encode(charset)


@pytest.mark.parametrize(
    "body",
    [
        *(page(chr(one)) for one in (0, 1, 7, 8, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F, 0x7F, 0x80, 0x9B, 0x9F)),
        page("\x1b[31m", "cp1252"),
        page("\x1b[31m", "utf-16"),
        *(page(one) for one in ("&#27;", "&#x1b;", "&#0027", "&#X1B;", "&#12;", "&#127;", "&#155;", "&#x9b;")),
        page("&#&#27;27;"),
        page("&#2\x017;"),
        *(page("", escape=one) for one in (r"\u001b", r"\u001B", r"\u0000", r"\u009b", r"\u007F", r"\u\u001b001b")),
    ],
    ids=repr,
)
def test_no_control_reaches_a_record(body: bytes) -> None:
    review = extract(body, url="https://films.example/lantern-bay")
    assert review.title is not None
    assert review.body_text is not None
    assert CONTROLS.findall(json.dumps(json.loads(encode(review)))) == []


def test_nor_from_the_address_that_an_emptied_tag_leads_to() -> None:
    tags = "".join(f'<a rel="tag" href="/tag/{one}/"></a>, ' for one in ("tide%1Bs", "lam%C2%9Bps"))
    shown = f"<article class='post'><h1>Lantern Bay</h1><p>{SAID * 5}</p><p class='tags'>Tags: {tags}</p></article>"
    assert extract(shown.encode(), url="https://films.example/lantern-bay").tags == ("tides", "lamps")


def test_an_escaped_backslash_begins_no_control() -> None:
    [island] = Page(body=rb'<p><script>{"a": "\\u001b \\\u001b \u00e9"}</script>').document.data_islands.values()
    assert json.loads(island) == {"a": "\\u001b \\  é"}


@pytest.mark.parametrize(
    ("said", "read"),
    [("a\fb", "a b"), ("a\tb", "a b"), ("&#150;", "–"), ("&#27", ""), ("&#270;", "Ď"), ("&#x1bf;", "ƿ"), ("&#13;", "")],
)
def test_what_is_no_control_stays(said: str, read: str) -> None:
    document = Page(body=f"<p title='{said}'>{said}</p>".encode()).document
    shown = document.nodes[-1]
    assert document.text(shown) == read
    assert "\f" not in shown.get("title")
