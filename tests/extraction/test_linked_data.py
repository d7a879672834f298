"""What a page says in schema.org's words comes out in one shape, however it says it."""

from __future__ import annotations

import pytest

from archiver.extraction.linked_data import parse, text, texts, types
from archiver.extraction.reading import Reading
from archiver.page import page_of

URL = "https://films.example/reviews/lantern-bay"


def reading(head: str = "", body: str = "", url: str = URL) -> Reading:
    html = f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"
    return Reading(page_of(html.encode(), url=url))


def script(content: str) -> str:
    return f'<script type="application/ld+json">{content}</script>'


@pytest.mark.parametrize(
    "written",
    [
        '{"@type": "Review", "headline": "Lantern Bay"}',
        '[{"@type": "Review", "headline": "Lantern Bay"}]',
        '{"@type": "Review", "headline": "Lantern Bay",}',
        '<!-- {"@type": "Review", "headline": "Lantern Bay"} -->',
        '//<![CDATA[\n{"@type": "Review", "headline": "Lantern Bay"}\n//]]>',
        '/* <![CDATA[ */{"@type": "Review", "headline": "Lantern Bay"}/* ]]> */',
        '{"@type": "Review", "headline": "Lantern\nBay"}',
        '{"@type": "Review", "headline": "Lantern Bay"};',
        '{"@type": "Review", "headline": "Lantern Bay"}\n{"@type": "Person"}',
        '{"@type": "Review", "headline": "Lantern Bay", "description": "Sal\\\'s"}',
        "{&quot;@type&quot;: &quot;Review&quot;, &quot;headline&quot;: &quot;Lantern Bay&quot;}",
        '{"@type": "http://schema.org/Review", "http://schema.org/headline": "Lantern Bay"}',
        '{"@type": ["schema:Review", "Thing"], "schema:headline": {"@value": "Lantern Bay"}}',
    ],
)
def test_blocks_are_read_as_sites_write_them(written: str) -> None:
    linked = reading(script(written)).linked
    [review] = linked.of_type("Review")
    assert text(review["headline"]) == "Lantern Bay"


@pytest.mark.parametrize("broken", ["", "{", "not json", "[" * 100_000, '{"a": ' * 50_000, '{"a" "b"}'])
def test_a_block_past_mending_is_skipped(broken: str) -> None:
    linked = reading(script(broken) + script('{"@type": "Article"}')).linked
    assert len(linked.of_type("Article")) == 1


def test_concatenated_objects_are_all_read() -> None:
    assert len(parse('{"a": 1} {"b": 2}\n[3]')) == 3


def test_references_within_a_graph_are_resolved() -> None:
    linked = reading(
        script(
            '{"@graph": [{"@type": "Article", "@id": "#a", "author": {"@id": "#p"}, "isPartOf": {"@id": "#w"}},'
            '{"@type": "WebPage", "@id": "#w", "mainEntity": {"@id": "#a"}},'
            '{"@type": "Person", "@id": "#p", "name": "Iris Hale"}]}'
        )
    ).linked
    [article] = linked.of_type("Article")
    assert text(article["author"]) == "Iris Hale"
    assert article["isPartOf"]["mainEntity"] is article
    assert linked.holder(article) is None


def test_microdata_has_the_shape_of_json_ld() -> None:
    linked = reading(
        body=(
            '<article itemscope itemtype="https://schema.org/Review">'
            '<h1 itemprop="name">Lantern Bay</h1>'
            '<p itemprop="author" itemscope itemtype="https://schema.org/Person">'
            'By <b itemprop="name">Iris Hale</b></p>'
            '<time itemprop="datePublished" datetime="2019-04-02">April 2</time>'
            '<span itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating">'
            '<meta itemprop="ratingValue" content="4"> <i itemprop="bestRating">5</i></span>'
            '<a itemprop="url" href="/reviews/lantern-bay">link</a>'
            "</article>"
        )
    ).linked
    [review] = linked.of_type("Review")
    assert review["name"] == "Lantern Bay"
    assert review["author"]["name"] == "Iris Hale"
    assert review["datePublished"] == "2019-04-02"
    assert review["reviewRating"] == {"@type": ["Rating"], "ratingValue": "4", "bestRating": "5"}
    assert review["url"] == URL
    node = linked.node(review)
    assert node is not None
    assert node.tag == "article"
    held = linked.holder(review["reviewRating"])
    assert held is not None
    assert held.property == "reviewRating"
    assert linked.main is review


def test_rdfa_and_old_vocabularies_speak_the_same_words() -> None:
    linked = reading(
        body=(
            '<div typeof="v:Review"><span property="v:itemreviewed">Lantern Bay</span>'
            '<span property="v:reviewer">Iris Hale</span>'
            '<span property="v:dtreviewed" content="2011-03-04">4 March</span></div>'
            '<div typeof="sioc:Item foaf:Document">'
            '<span property="dc:date dc:created" content="2014-10-09T14:20:00+02:00">'
            "9 October</span></div>"
        )
    ).linked
    [review] = linked.of_type("Review")
    assert (review["itemReviewed"], review["author"], review["datePublished"]) == (
        "Lantern Bay",
        "Iris Hale",
        "2011-03-04",
    )
    [work] = linked.of_type("CreativeWork")
    assert work["datePublished"] == "2014-10-09T14:20:00+02:00"


def test_the_main_object_is_the_page_s_own() -> None:
    linked = reading(
        "<title>Lantern Bay | Films</title>"
        + script('{"@type": "Article", "headline": "Another", "url": "https://films.example/reviews/another"}')
        + script(
            '{"@type": "Article", "headline": "It shines", "mainEntityOfPage": {"@id": "http://www.films.example/reviews/lantern-bay/"}}'
        )
    ).linked
    assert linked.main is not None
    assert linked.main["headline"] == "It shines"


def test_of_several_strangers_none_is_the_main_object() -> None:
    listing = script('[{"@type": "Article", "headline": "One"}, {"@type": "Article", "headline": "Two"}]')
    assert reading(listing, "<h1>Latest</h1>").linked.main is None


def test_a_reader_s_review_of_a_product_is_not_the_main_object() -> None:
    product = '{"@type": "Product", "name": "Kettle", "review": {"@type": "Review", "name": "Leaks", "author": "Tom"}}'
    assert reading(script(product), "<h1>Kettle</h1>").linked.main is None


def test_breadcrumbs_are_in_order() -> None:
    trail = (
        '{"@type": "BreadcrumbList", "itemListElement": [{"position": 2, "item": {"@id": "/r", "name": "Reviews"}},'
        '{"position": "1", "name": "Home &amp; more"}]}'
    )
    assert reading(script(trail)).linked.breadcrumb == ("Home & more", "Reviews")


def test_texts_take_what_is_text() -> None:
    assert texts(["  a\n b ", {"name": "c"}, None, True, {"x": 1}, 4.5, {"@value": ["d"]}]) == ["a b", "c", "4.5", "d"]
    assert types({"@type": ["Review", 3]}) == ("Review",)
