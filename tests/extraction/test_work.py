"""The work reviewed: from data, from titles in several languages, from where a review is filed."""

from __future__ import annotations

import pytest

from archiver.extraction.reading import Reading
from archiver.extraction.work import work
from archiver.page import page_of
from archiver.record import ItemReviewed


def opened(title: str, *, head: str = "", body: str = "", url: str = "https://films.example/2019/x") -> Reading:
    html = (
        f"<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>{body}</article></body></html>"
    )
    return Reading(page_of(html.encode(), url=url, headers={"content-type": "text/html; charset=utf-8"}))


def script(content: str) -> str:
    return f'<script type="application/ld+json">{content}</script>'


@pytest.mark.parametrize(
    ("title", "name", "kind"),
    [
        ("film review: Never Let Me Go", "Never Let Me Go", "Movie"),
        ("Review: Patience (1998)", "Patience", "Movie"),
        ("Review – Lantern Bay", "Lantern Bay", None),
        ("REVIEW | Lantern Bay", "Lantern Bay", None),
        ("A Review of “Lantern Bay”", "Lantern Bay", None),
        ("Lantern Bay review", "Lantern Bay", None),
        ("Lantern Bay album review: salt and static", "Lantern Bay", "MusicAlbum"),
        ("Lantern Bay [Book Review]", "Lantern Bay", "Book"),
        ("Kritik: Der stille Kiosk", "Der stille Kiosk", None),
        ("Filmkritik: Der stille Kiosk", "Der stille Kiosk", "Movie"),
        ("Im Test: Kessel 3000", "Kessel 3000", None),
        ("Kessel 3000 im ersten Test – leise und schnell", "Kessel 3000", None),
        ("Critique : La Dernière Écluse", "La Dernière Écluse", None),
        ("Crítica: El faro dormido", "El faro dormido", None),
        ("Recensione: Il faro", "Il faro", None),
        ("Рецензия: «Северный причал»", "Северный причал", None),
        ("Рецензия на фильм «Северный причал»", "Северный причал", "Movie"),
        ("LANTERN BAY: ★★★½", "LANTERN BAY", None),
    ],
)
def test_titles_that_name_the_work(title: str, name: str, kind: str | None) -> None:
    found = work(opened(title), title)
    assert found is not None
    assert (found.name, found.type) == (name, kind)


def test_year_and_creator_in_a_title() -> None:
    found = work(opened("Book review: Ten Winters by A. Valk (2009)"), "Book review: Ten Winters by A. Valk (2009)")
    assert found == ItemReviewed(type="Book", name="Ten Winters", year=2009, creator="A. Valk")


@pytest.mark.parametrize(
    "title",
    [
        "Council votes for a new bridge",
        "The Year in Review",
        "Court to hear case under review",
        "10 Best Kettles of 2026, Reviewed",
        "Best kettles: our review",
        "Kettle 3000 vs Kettle 4000 review",
        "How to review a kettle",
        "",
    ],
)
def test_other_titles_name_none(title: str) -> None:
    assert work(opened(title), title or None) is None


def test_a_shouted_name_is_taken_as_another_title_writes_it() -> None:
    reading = opened("FLEA CIRCUS: ★★★½", head='<meta property="og:title" content="Flea Circus (1972): B+">')
    found = work(reading, "FLEA CIRCUS: ★★★½", facts=["runtime"])
    assert found == ItemReviewed(type="Movie", name="Flea Circus", year=1972)


def test_a_rated_page_filed_under_a_kind_of_work_is_about_what_its_headline_names() -> None:
    reading = opened("Kettle & Crow, Leith")
    assert work(reading, "Kettle & Crow, Leith", ["Restaurants"]) is None
    found = work(reading, "Kettle & Crow, Leith", ["Restaurants"], rated=True)
    assert found == ItemReviewed(type="Restaurant", name="Kettle & Crow, Leith")


def test_a_recipe_that_readers_rate_reviews_nothing() -> None:
    reading = opened("Copper Cake", head=script('{"@type": "Recipe", "name": "Copper Cake", "author": "Ada"}'))
    assert work(reading, "Copper Cake", rated=True) is None


def test_tags_tell_the_type() -> None:
    found = work(opened("Moss Knight review"), "Moss Knight review", ["reviews"], tags=["metroidvania"])
    assert found == ItemReviewed(type="VideoGame", name="Moss Knight")


def test_the_pages_data() -> None:
    data = (
        '{"@type": "Review", "itemReviewed": {"@type": ["Thing", "Movie"], "name": "Ash Wednesday",'
        ' "datePublished": "2022-03", "director": [{"@type": "Person", "name": "Anders Tove"}], "sameAs": "https://www.imdb.com/title/tt0123456/"}}'
    )
    found = work(
        opened("Ash Wednesday: smoke without mirrors", head=script(data)), "Ash Wednesday: smoke without mirrors"
    )
    assert found == ItemReviewed(
        type="Movie", name="Ash Wednesday", year=2022, creator="Anders Tove", ids={"imdb": "tt0123456"}
    )


def test_a_review_within_a_product() -> None:
    data = '{"@type": "Product", "name": "Kettle 3000", "brand": {"name": "Brass"}, "review": {"@type": "Review"}}'
    found = work(opened("A loud morning", head=script(data)), "A loud morning")
    assert found == ItemReviewed(type="Product", name="Kettle 3000", creator="Brass")


def test_a_list_of_several_works_is_about_none() -> None:
    reviews = ", ".join(
        f'{{"@type": "Review", "itemReviewed": {{"@type": "Product", "name": "Kettle {n}"}}}}' for n in (1, 2)
    )
    assert work(opened("Which kettle to buy", head=script(f"[{reviews}]")), "Which kettle to buy") is None


def test_links_to_one_work_identify_it() -> None:
    body = (
        '<p><a href="https://www.imdb.com/title/tt0123456/?ref=x">IMDb</a>'
        ' <a href="https://www.amazon.de/Bay/dp/B00ABCDEFG">buy</a></p>'
    )
    found = work(opened("Lantern Bay review", body=body), "Lantern Bay review")
    assert found is not None
    assert found.ids == {"imdb": "tt0123456", "asin": "B00ABCDEFG"}
    more = body + '<p><a href="https://www.imdb.com/title/tt0999999/">another</a></p>'
    found = work(opened("Lantern Bay review", body=more), "Lantern Bay review")
    assert found is not None
    assert found.ids == {"asin": "B00ABCDEFG"}


@pytest.mark.parametrize(
    "line",
    [
        'Ada Valk: "Ten Winters" (North Quay)',
        "Ada Valk: Ten Winters. North Quay, 320 Seiten, 20 Euro. ISBN 978-3-000000-00-0",
        "Ada Valk\nTen Winters\nNorth Quay, 2014, ISBN 978-3-000000-00-0",
        "• Ten Winters by Ada Valk (North Quay, £9.99, ISBN 978-3-000000-00-0)",
    ],
)
def test_an_imprint_names_the_book(line: str) -> None:
    title = "A long walk through the snow, and the people one meets there on the way"
    found = work(opened(title), title, lines=["It snows.", line])
    assert found == ItemReviewed(type="Book", name="Ten Winters", creator="Ada Valk")
    assert work(opened(title), title, lines=[line, line.replace("Ten", "Twelve")]) is None  # a list of books


@pytest.mark.parametrize("line", ["Ada Valk: they left (early)", "Muse is an index published by Valk, in 320 pages"])
def test_other_lines_name_no_book(line: str) -> None:
    title = "A long walk through the snow, and the people one meets there on the way"
    assert work(opened(title), title, lines=[line]) is None


def test_the_name_beside_the_stars() -> None:
    title = "A real-life story that breaks the heart of whoever sees it in the dark"
    found = work(opened(title), title, lines=["LANTERN BAY ★★★★", "It snows."], rated=True)
    assert found is not None
    assert found.name == "LANTERN BAY"


def test_a_list_of_works_is_of_none_of_them() -> None:
    title = "11 of the best kettles"
    data = script('{"@type": "Review", "itemReviewed": {"@type": "Product", "name": "Copper 3000"}}')
    assert work(opened(title, head=data), title) is None
