"""Facts beside a review, as printed; an article's own sentences are none."""

from __future__ import annotations

import pytest

from archiver.extraction.facts import Facts, facts, facts_in_line
from archiver.extraction.reading import Reading
from archiver.page import page_of
from archiver.record import Role


def told(body: str) -> Facts:
    html = (
        "<!doctype html><html><head><title>Lantern Bay</title></head><body><article><h1>Lantern Bay</h1>"
        f"<p>Fog comes second in it, after the harbour.</p>{body}</article></body></html>"
    )
    return facts(Reading(page_of(html.encode(), headers={"content-type": "text/html; charset=utf-8"})))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            "Rated R for language. Running time: 1:38. Directed by Ida Crowe. Opened 3/5/1972. Aspect 16/9.",
            [("certificate", "R for language"), ("runtime", "1:38"), ("director", "Ida Crowe")],
        ),
        ("Rated PG-13. Running time: 103 minutes.", [("certificate", "PG-13"), ("runtime", "103 minutes")]),
        (
            "Regie: Ida Crowe | Darsteller: Ulla Voss, Per Lund",
            [("director", "Ida Crowe"), ("cast", "Ulla Voss, Per Lund")],
        ),
        (
            "Verlag: Salz\nSeiten: 312\nISBN: 978-0-00-000000-2",
            [("publisher", "Salz"), ("pages", "312"), ("isbn", "978-0-00-000000-2")],
        ),
        ("Rated by nobody, loved by all.", []),
        ("Price: it generally costs a little less than you would think it did", []),
        ("The director: a man of few words.", []),
        ("", []),
    ],
)
def test_a_line_of_facts(line: str, values: list[tuple[str, str]]) -> None:
    assert facts_in_line(line) == values


def test_a_line_of_several_facts_is_labelled_one_fact_alone_is_not() -> None:
    several = told("<p>Rated R for language. Running time: 1:38.</p>")
    assert several.values == {"certificate": "R for language", "runtime": "1:38"}
    assert [claim.role for claim in several.claims] == [Role.FACTS]
    alone = told("<p>Running time: 98 min.</p><p>Pages : 1 2</p>")
    assert alone == Facts({"runtime": "98 min"}, ())


@pytest.mark.parametrize(
    "box",
    [
        "<dl><dt>Director</dt><dd>Ida Crowe</dd><dt>Runtime:</dt><dd>98 min</dd></dl>",
        "<table><tr><th>Director</th><td>Ida Crowe</td></tr><tr><th>Runtime</th><td>98 min</td></tr></table>",
    ],
)
def test_lists_and_tables(box: str) -> None:
    found = told(box)
    assert found.values == {"director": "Ida Crowe", "runtime": "98 min"}
    assert [claim.role for claim in found.claims] == [Role.FACTS]


def test_pros_cons_and_verdict() -> None:
    found = told(
        '<div class="review-desc"><p><strong>Summary</strong></p><p>A small film with a large harbour.</p></div>'
        '<div class="review-pros"><h5>Pros</h5><ul><li>Fog</li><li>Boats</li></ul></div>'
        '<div class="review-cons"><h5>Cons</h5><ul><li>Gulls</li></ul></div>'
    )
    assert found.values == {
        "verdict": "A small film with a large harbour.",
        "pros": ["Fog", "Boats"],
        "cons": ["Gulls"],
    }


def test_facts_of_other_articles_are_not_the_pages() -> None:
    assert told('<div class="related-posts"><p>Rated R for language. Running time: 1:38.</p></div>').values == {}
