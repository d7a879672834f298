"""Verdicts in all their forms; the readers' average apart; what only looks like a rating is none."""

from __future__ import annotations

import time

import pytest

from archiver.extraction.ratings import Ratings, ratings
from archiver.extraction.ratings.forms import number
from archiver.extraction.ratings.lines import printed_verdict, rating_in_line
from archiver.extraction.reading import Reading
from archiver.page import page_of
from archiver.record import AggregateRating, Role


def rated(body: str, *, head: str = "", headline: str = "Lantern Bay review") -> Ratings:
    html = (
        f"<!doctype html><html><head><title>Lantern Bay review</title>{head}</head><body><article><h1>{headline}</h1>"
        f"<p>The harbour is the best thing in it, and the fog comes second.</p>{body}</article></body></html>"
    )
    return ratings(Reading(page_of(html.encode(), headers={"content-type": "text/html; charset=utf-8"})))


def script(content: str) -> str:
    return f'<script type="application/ld+json">{content}</script>'


@pytest.mark.parametrize(
    ("line", "value", "best", "raw"),
    [
        ("Rating: 4/5", 4, 5, "Rating: 4/5"),
        ("Wertung: 7,5/10 Punkte", 7.5, 10, "Wertung: 7,5/10 Punkte"),
        ("Оценка: 8 из 10", 8, 10, "Оценка: 8 из 10"),
        ("Note : 3,5/5", 3.5, 5, "Note : 3,5/5"),
        ("3½/5 stars", 3.5, 5, "3½/5 stars"),
        ("3 1/2 out of 5", 3.5, 5, "3 1/2 out of 5"),
        ("3 stars (out of four)", 3, 4, "3 stars (out of four)"),
        ("three-and-a-half stars", 3.5, None, "three-and-a-half stars"),
        ("★★★☆☆", 3, 5, "★★★☆☆"),
        ("★★★½☆", 3.5, 5, "★★★½☆"),
        ("★★★½", 3.5, None, "★★★½"),
        ("***½", 3.5, None, "***½"),
        ("Score: 85%", 85, 100, "Score: 85%"),
        ("Score: 85", 85, 100, "Score: 85"),
        ("Bewertung: 4 Sterne", 4, None, "Bewertung: 4 Sterne"),
        ("10点満点中7点", 7, 10, "10点満点中7点"),
        ("Grade: B+", None, None, "Grade: B+"),
        ("Grade: A−", None, None, "Grade: A−"),
    ],
)
def test_a_line_that_only_rates(line: str, value: float | None, best: float | None, raw: str) -> None:
    found = rating_in_line(line)
    assert found is not None
    assert found.whole_line
    assert (found.rating.value, found.rating.best, found.rating.raw) == (value, best, raw)


@pytest.mark.parametrize(
    ("line", "value", "best", "raw"),
    [
        ("FLEA CIRCUS: ★★★½", 3.5, None, "★★★½"),
        ("NEVER LET ME GO: 4 ½ STARS", 4.5, None, "4 ½ STARS"),
        ("Lantern Bay – 7/10", 7, 10, "7/10"),
        ("Rating: R Grade: 3 out of 5", 3, 5, "3 out of 5"),
        ("It is scratched and glorious. 3 stars out of 4.", 3, 4, "3 stars out of 4"),
        (
            "All told, and after two nights of thinking it over, I give it 8 out of 10 and a pat on the back.",
            8,
            10,
            "8 out of 10",
        ),
    ],
)
def test_a_verdict_in_a_headline_or_a_sentence(line: str, value: float, best: float | None, raw: str) -> None:
    found = rating_in_line(line)
    assert found is not None
    assert not found.whole_line
    assert (found.rating.value, found.rating.best, found.rating.raw) == (value, best, raw)


@pytest.mark.parametrize(
    "line",
    [
        "Rated R for language. Running time: 1:38.",
        "Rating: R",
        "Rating: PG-13",
        "Opened 3/5/1972. Aspect 16/9.",
        "About 2/3 of the jokes land, and by 3/5 of the way in you stop counting.",
        "Metascore says 61; my aunt says walk out.",
        "The IMDb gives it 7.1/10",
        "Readers: 6.1/10 (880 votes)",
        "He scored 3 out of 10 goals of the season",
        "Open 24/7",
        "Chapter 3/5",
        "85%",
        "***",
        "Top 10",
        "Note: see page 5",
        "",
    ],
)
def test_what_only_looks_like_a_verdict(line: str) -> None:
    assert rating_in_line(line) is None


@pytest.mark.parametrize(
    ("body", "value", "best"),
    [
        pytest.param('<div class="star-rating" title="Rated 3.50 out of 4"></div>', 3.5, 4, id="a title attribute"),
        pytest.param('<div class="rating" aria-label="4 out of 5 stars"></div>', 4, 5, id="an aria-label"),
        pytest.param('<div class="star-rating"><span style="width:70%"></span></div>', 3.5, 5, id="a width"),
        pytest.param(
            '<div class="stars">' + '<img src="/star-on.png">' * 3
            + '<img src="/star-half.png"><img src="/star-off.png"></div>',
            3.5, 5, id="images",
        ),
        pytest.param(
            '<span class="rating">' + '<i class="fa fa-star"></i>' * 4 + '<i class="fa fa-star-o"></i></span>',
            4, 5, id="icons",
        ),
        pytest.param(
            '<div class="c-rating c-rating--5-stars">'
            + '<svg class="c-rating__star c-rating__star-active"><use href="#svg-icon-star"></use></svg>' * 3
            + '<svg class="c-rating__star c-rating__star-active"><use href="#svg-icon-star"></use>'
            '<use href="#svg-icon-star--half"></use></svg></div>',
            3.5, None, id="SVG with a half",
        ),
        pytest.param('<span class="rated-7"></span><b class="rating rated-7"></b>', 7, 10, id="a number in the class"),
        pytest.param('<div class="review-final-score"><h3>84%</h3></div>', 84, 100, id="Taqyeem"),
        pytest.param(
            '<div class="wp-review-point-type"><p class="review-total-box"><b>Overall</b> 8.4</p></div>',
            8.4, 10, id="WP Review",
        ),
        pytest.param('<div class="field-stars"><div>Stars:&nbsp;</div><div>4 out of 5</div></div>', 4, 5, id="Drupal"),
        pytest.param("<p><strong>Rating:</strong> 4/5</p>", 4, 5, id="a labelled paragraph"),
    ],
)  # fmt: skip
def test_verdicts_in_elements_of_their_own(body: str, value: float, best: float | None) -> None:
    found = rated(body).rating
    assert found is not None
    assert (found.value, found.best) == (value, best)


@pytest.mark.parametrize(
    "widget",
    [
        '<div class="kk-star-ratings"><div class="kksr-legend">5/5 - (3 votes)</div></div>',
        '<div class="post-ratings"><img alt=""> (<b>3</b> votes, average: <b>5,00</b> out of 5)</div>',
        '<span class="yasr-vv-text-container">[Total: <span>3</span> Average: <span>5.0</span>]</span>',
        '<div class="user-review-area"><div style="width:62%"></div><div>5.0 (3 votes)</div></div>',
        "<p>Readers: 5/5 (3 votes)</p>",
    ],
)
def test_the_readers_average_is_never_the_verdict(widget: str) -> None:
    found = rated(widget)
    assert found.rating is None
    assert found.aggregate is not None
    assert (found.aggregate.value, found.aggregate.count) == (5, 3)
    assert {claim.role for claim in found.claims} == {Role.RATING_WIDGET_USER}


@pytest.mark.parametrize(
    ("data", "value", "best", "worst", "normalized"),
    [
        ('"ratingValue": "7.8", "bestRating": "10", "worstRating": "0"', 7.8, 10, 0, 0.78),
        ('"ratingValue": 4', 4, 5, None, 0.8),
        ('"ratingValue": "8"', 8, 10, None, 0.8),
        ('"ratingValue": "4,5", "bestRating": 5, "worstRating": 1', 4.5, 5, 1, 0.875),
        ('"ratingValue": "4/5"', 4, 5, None, 0.8),
    ],
)
def test_structured_data(data: str, value: float, best: float, worst: float | None, normalized: float) -> None:
    found = rated("", head=script('{"@type": "Review", "reviewRating": {"@type": "Rating", ' + data + "}}")).rating
    assert found is not None
    assert (found.value, found.best, found.worst, found.normalized) == (value, best, worst, normalized)


def test_microdata_keep_what_was_printed() -> None:
    found = rated(
        '<div itemscope itemtype="http://schema.org/Review"><div itemprop="reviewRating" itemscope'
        ' itemtype="http://schema.org/Rating"><meta itemprop="worstRating" content="0">'
        '<span itemprop="ratingValue">8</span>/<span itemprop="bestRating">10</span></div></div>'
    )
    assert found.rating is not None
    assert (found.rating.value, found.rating.best, found.rating.worst, found.rating.raw) == (8, 10, 0, "8/10")


def test_the_one_review_of_a_product_with_an_average_is_a_buyers() -> None:
    review = '"review": {"@type": "Review", "reviewRating": {"ratingValue": 5}}'
    assert rated("", head=script('{"@type": "Product", "name": "Kettle", ' + review + "}")).rating is not None
    average = '"aggregateRating": {"ratingValue": 5, "ratingCount": 1}'
    assert (
        rated("", head=script('{"@type": "Product", "name": "Kettle", ' + average + ", " + review + "}")).rating is None
    )


def test_reviews_of_a_products_buyers_are_not_the_pages() -> None:
    found = rated(
        "",
        head=script(
            '{"@type": "Product", "name": "Kettle", "aggregateRating": {"ratingValue": 4.1, "ratingCount": "2"},'
            ' "review": [{"@type": "Review", "reviewRating": {"ratingValue": 5}},'
            ' {"@type": "Review", "reviewRating": {"ratingValue": 3}}]}'
        ),
    )
    assert found.rating is None
    assert found.aggregate == AggregateRating(value=4.1, best=5.0, count=2)


def test_the_headline_counts_before_a_widget_that_tells_the_scale() -> None:
    found = rated(
        '<p><b>Grade: B+</b></p><div class="star-rating" title="Rated 3.50 out of 4"></div>',
        headline="LANTERN BAY: ★★★½",
    )
    assert found.rating is not None
    assert (found.rating.value, found.rating.best, found.rating.raw, found.rating.normalized) == (3.5, 4, "★★★½", 0.875)


def test_stars_in_a_testimonial_are_no_verdict() -> None:
    html = "<html><head><title>Kettles for sale</title></head><body><h1>Kettles</h1><p>★★★★★</p></body></html>"
    assert ratings(Reading(page_of(html.encode()))).rating is None


@pytest.mark.parametrize(
    ("said", "value"),
    [("3,5", 3.5), ("3½", 3.5), ("½", 0.5), ("3 1/2", 3.5), ("two and a half", 2.5), ("N/A", None), ("", None)],
)
def test_numbers_as_reviews_print_them(said: str, value: float | None) -> None:
    assert number(said) == value


@pytest.mark.parametrize("filling", ["1/", "1 ", "★ ", "give 1 ", "3 stars ", "(1 "])
def test_a_hostile_line_costs_little(filling: str) -> None:
    started = time.perf_counter()
    rating_in_line((filling * 2_000)[:2_000])
    rating_in_line(filling * 1_000_000)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("body", "value", "best"),
    [
        ('<p><img src="/i/x.gif" alt="3.5 stars"></p>', 3.5, None),
        ('<p><img src="/i/stars-35.png" alt=""></p>', 3.5, None),
        ('<p><img src="/i/4-sterne.svg"></p>', 4, None),
        ('<div class="stars" style="--rating: 3.5;"></div>', 3.5, 5),
    ],
)
def test_images_and_styles_that_tell_a_verdict(body: str, value: float, best: float | None) -> None:
    found = rated(body).rating
    assert found is not None
    assert (found.value, found.best) == (value, best)


@pytest.mark.parametrize("image", ['<img alt="1/4">', '<img src="/i/star-2x.png" alt="a star">', '<img alt="2019">'])
def test_other_images_tell_none(image: str) -> None:
    assert rated(f"<p>{image}</p>").rating is None


LOOSE = '<div class="stars" title="4.8 out of 5 stars"></div>'


def shop(body: str, *, title: str = "Copper kettle", head: str = "", entry: str = "post") -> Ratings:
    html = f'<title>{title}</title>{head}<article class="{entry}"><h1>{title}</h1><p>It sings.</p>{body}</article>'
    return ratings(Reading(page_of(html.encode(), headers={"content-type": "text/html; charset=utf-8"})))


def test_stars_rate_only_where_something_calls_the_page_a_review() -> None:
    assert shop(LOOSE).rating is None
    assert shop(LOOSE).refused
    assert shop(LOOSE, title="Copper kettle: reader reviews").rating is None
    assert shop(LOOSE, title="Copper kettle review").rating is not None
    assert shop(LOOSE, entry="node-review").rating is not None


def test_what_a_shop_shows_and_what_equals_the_average_is_the_buyers() -> None:
    sells = '<meta property="og:type" content="product">'
    assert shop(LOOSE, title="Copper kettle review", head=sells).rating is None
    average = script('{"@type": "Product", "aggregateRating": {"ratingValue": 4.8, "ratingCount": 9}}')
    assert shop(LOOSE, title="Copper kettle review", head=average).rating is None


@pytest.mark.parametrize(
    ("lines", "raw"),
    [
        (["It sings.", "4.2/10"], "4.2/10"),
        (["It sings.", "4.2/10", "Verdict: 4.2/10"], "4.2/10"),
        (["Kettle A", "4.2/10", "Kettle B", "8.1/10"], None),
        (["It sings."], None),
    ],
)
def test_a_verdict_printed_among_others_is_none(lines: list[str], raw: str | None) -> None:
    found = printed_verdict(lines, lines)
    assert (found.raw if found is not None else None) == raw
