"""A page's own tags and categories: shown, recovered, lost, and none of its neighbours'."""

from __future__ import annotations

import pytest

from archiver.extraction.blocks import segment
from archiver.extraction.reading import Reading
from archiver.extraction.tags import tags
from archiver.extraction.tags.found import Tags
from archiver.extraction.tags.lines import tag_line
from archiver.page import page_of
from archiver.record import Role, TagsState

URL = "https://kettles.example/2019/05/the-copper-kettle/"


LINKED = (
    '<script type="application/ld+json">{"@type": "BlogPosting", "headline": "The Copper Kettle",'
    ' "keywords": "Section:Home, copper ware", "articleSection": ["kitchen"]}</script>'
)


def opened(footer: str, *, around: str = "", head: str = "", classes: str = "post hentry") -> Reading:
    html = (
        f"<!doctype html><html><head><title>The Copper Kettle</title>{head}</head><body><main>"
        f'<article class="{classes}"><h1>The Copper Kettle</h1><div class="entry-content"><p>It sings in the morning,'
        f" and the lid sticks after a month.</p></div>{footer}</article></main>{around}</body></html>"
    )
    return Reading(page_of(html.encode(), url=URL, headers={"content-type": "text/html; charset=utf-8"}))


@pytest.mark.parametrize(
    ("footer", "tagged", "filed"),
    [
        pytest.param(
            '<p>Filed under <a href="/k" rel="category tag">Kitchen</a> and tagged <a href="/t" rel="tag">tin</a></p>',
            ("tin",), ("Kitchen",), id="rel: the token category wins over tag",
        ),
        pytest.param(
            '<p><a rel="tag" href="/category/kitchen/">Kitchen</a> <a rel="tag" href="/tag/copper/">copper</a></p>',
            ("copper",), ("Kitchen",), id="rel=tag of any taxonomy: the address tells",
        ),
        pytest.param(
            '<div class="tags-cats"><span class="categories">in <a href="/x">Kitchen</a></span>'
            '<span class="tags">Tags <a href="/y">copper</a></span></div>',
            ("copper",), ("Kitchen",), id="the class of the place",
        ),
        pytest.param(
            '<nav class="article-tags"><h3>Read More About:</h3><a href="/a">Gallery,</a><a href="/b">Tin</a></nav>',
            ("Gallery", "Tin"), (), id="trailing commas",
        ),
        pytest.param('<div class="tags"><a href="/tagged/tin">#tin</a></div>', ("tin",), (), id="a leading hash"),
        pytest.param(
            '<p>Schlagwörter: <a href="/1">Kupfer</a>, <a href="/2">Tee</a></p>',
            ("Kupfer", "Tee"), (), id="a German label",
        ),
        pytest.param('<p>标签：<a href="/1">铜</a></p>', ("铜",), (), id="a full-width colon"),
        pytest.param('<p>Рубрика: <a href="/1">Кухня</a></p>', (), ("Кухня",), id="a Russian label"),
        pytest.param(
            '<p class="post-footers">Posted by Ada on May 3 in <a href="/k/">Kitchen</a>, <a href="/tea/">Tea</a></p>',
            (), ("Kitchen", "Tea"), id="after a byline",
        ),
        pytest.param(
            '<p><a rel="tag" href="/actor/ada">Ada</a> <a rel="tag" href="/tag/tin">tin</a></p>',
            ("tin",), (), id="persons",
        ),
        pytest.param(
            '<span class="cat-links"><a rel="category tag" href="/category/uncategorized/">Uncategorized</a></span>',
            (), (), id="the default category",
        ),
        pytest.param('<div class="post-tags">Tags: copper, tin</div>', ("copper", "tin"), (), id="terms without links"),
    ],
)  # fmt: skip
def test_terms_of_the_article(footer: str, tagged: tuple[str, ...], filed: tuple[str, ...]) -> None:
    found = tags(opened(footer))
    assert (found.tags, found.categories) == (tagged, filed)


@pytest.mark.parametrize(
    "around",
    [
        '<div class="tagcloud"><a rel="tag" href="/tag/tin">tin</a></div>',
        '<aside class="sidebar"><ul class="post-tags"><li><a href="/tag/tin">tin</a></li></ul></aside>',
        '<article class="post"><h2>Pans</h2><a rel="tag" href="/tag/tin">tin</a></article>',
        '<div class="related-posts"><span class="post-category"><a href="/category/pans">Pans</a></span></div>',
        '<nav class="menu"><a rel="category tag" href="/category/pans">Pans</a></nav>',
        '<footer class="site"><div class="footer-tags"><a href="/tag/tin">tin</a></div></footer>',
    ],
)
def test_terms_of_the_site_and_of_other_posts_are_not_the_articles(around: str) -> None:
    found = tags(opened("", around=around))
    assert (found.tags, found.categories, found.state) == ((), (), TagsState.ABSENT)


def test_a_body_link_to_a_topic_is_no_tag() -> None:
    assert tags(opened('<p>We met <a href="/topic/tea">tea</a> before.</p>')).tags == ()


def test_tags_whose_text_is_gone_are_recovered_from_their_addresses() -> None:
    found = tags(opened('<p class="post-tags"><a rel="tag" href="/tag/copper-ware/"></a></p>'))
    assert (found.tags, found.state, found.slots) == (("copper ware",), TagsState.RECOVERED, 1)


@pytest.mark.parametrize(
    ("head", "classes"),
    [
        ("", "post-7 hentry category-kitchen tag-copper-ware tag-12"),
        (
            '<meta property="article:tag" content="copper ware"><meta property="article:section" content="kitchen">',
            "post",
        ),
        (LINKED, "post"),
        ('<script>var pmc_meta = {"lob": "k", "category": "kitchen", "tag": "copper-ware"};</script>', "post"),
    ],
)
def test_terms_that_only_classes_and_metadata_know(head: str, classes: str) -> None:
    found = tags(opened("", head=head, classes=classes))
    assert (found.tags, found.categories, found.state) == (("copper ware",), ("kitchen",), TagsState.RECOVERED)


def test_what_the_page_shows_counts_before_what_its_metadata_say() -> None:
    shown = '<p class="cat-links"><a rel="category tag" href="/category/k">Kitchen</a></p>'
    found = tags(opened(shown, classes="post-7 hentry category-home tag-seo"))
    assert (found.tags, found.categories, found.state) == ((), ("Kitchen",), TagsState.ABSENT)


def test_a_section_is_read_from_the_breadcrumb() -> None:
    crumb = '<div class="breadcrumb"><a href="/">Home</a> » <a href="/kitchen">Kitchen</a> » The Copper Kettle</div>'
    found = tags(opened("", around=crumb))
    assert found.categories == ("Kitchen",)
    assert [claim.role for claim in found.claims] == [Role.BREADCRUMB]


def test_the_whole_line_is_labelled() -> None:
    reading = opened('<footer>Filed under <a href="/k" rel="category tag">Kitchen</a>, by Ada</footer>')
    [block] = [b for b in segment(reading.document, tags(reading).claims) if b.role is Role.TAG_LINE]
    assert block.text == "Filed under Kitchen, by Ada"


@pytest.mark.parametrize(
    ("line", "tagged", "filed"),
    [
        ("Tags: copper, tin", ("copper", "tin"), ()),
        ("Posted in Kitchen | Tagged copper, tin | 3 Comments", ("copper", "tin"), ("Kitchen",)),
        (
            "This entry was posted in Kitchen and tagged copper, tin by Ada on May 3, 2019. Bookmark the permalink.",
            ("copper", "tin"), ("Kitchen",),
        ),
        ("Dieser Beitrag wurde unter Küche abgelegt und mit Kupfer verschlagwortet.", ("Kupfer",), ("Küche",)),
        ("Étiquettes : cuivre, étain", ("cuivre", "étain"), ()),
    ],
)  # fmt: skip
def test_a_line_of_plain_text_that_files(line: str, tagged: tuple[str, ...], filed: tuple[str, ...]) -> None:
    found = tag_line(line)
    assert found is not None
    assert (found.tags, found.categories, found.state) == (tagged, filed, TagsState.FOUND)


def test_commas_with_nothing_between_them_are_lost_tags() -> None:
    found = tag_line("This Article is related to: Reviews and tagged , , , , , , ,")
    assert found == Tags(categories=("Reviews",), state=TagsState.LOST, slots=8)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Tags",
        "In the kitchen, everything sings.",
        "Tagged as a genius, she went home.",
        "The tags: they are gone.",
        "x" * 2_000,
    ],
)
def test_other_lines_file_nothing(line: str) -> None:
    assert tag_line(line) is None


KEYWORDS = '<meta name="keywords" content="copper, tin, kettles of the north, seo-7">'


@pytest.mark.parametrize(
    ("footer", "head", "tagged"),
    [
        pytest.param(
            '<div class="x9"><a href="/n/1">Copper</a><a href="/n/2">Tin</a><a href="/n/3">News</a></div>',
            KEYWORDS, ("Copper", "Tin", "News"), id="links that name the page's keywords",
        ),
        pytest.param(
            '<ul class="x9"><li><a href="/topic/a">Tea</a></li><li><a href="/topic/b">Tin</a></li></ul>',
            "", ("Tea", "Tin"), id="links whose addresses lead to tags",
        ),
        pytest.param("<p>Tags: copper, tin</p>", "", ("copper", "tin"), id="a label and words"),
        pytest.param(
            "<div><b>Tags:</b><span>copper</span> <span>tin</span></div>", "", ("copper", "tin"), id="a label and spans"
        ),
        pytest.param('<p><a rel="tag" href="/tag/2019/">2019</a></p>', "", ("2019",), id="a year"),
        pytest.param('<p>More <a href="/n/1">Copper</a> and also some <a href="/n/2">Tin</a> from the hills behind'
                     " the old town.</p>", KEYWORDS, (), id="links in prose"),
        pytest.param("<p>Tags: they are gone. Nobody knows who took them from here.</p>", "", (), id="a sentence"),
    ],
)  # fmt: skip
def test_places_for_tags_that_no_class_names(footer: str, head: str, tagged: tuple[str, ...]) -> None:
    found = tags(opened(footer, head=head))
    assert found.tags == tagged
    assert found.state is (TagsState.FOUND if tagged else TagsState.ABSENT)


def test_keywords_of_the_system_and_of_the_site_are_no_tags() -> None:
    head = LINKED.replace('"Section:Home, copper ware"', '["Valk, Ada", "_no-amp", "Kettles"]')
    assert tags(opened("", head=head + '<meta property="og:site_name" content="Kettles">')).tags == ("Valk, Ada",)


@pytest.mark.parametrize(
    ("footer", "classes", "confidence"),
    [
        ('<p class="post-tags"><a href="/tag/tin">tin</a></p>', "post", 0.95),
        ("<p>Tags: copper, tin</p>", "post", 0.9),
        ('<p class="post-tags"><a rel="tag" href="/tag/tin/"></a></p>', "post", 0.8),
        ("", "post-7 hentry tag-tin", 0.5),
        ("", "post", None),
    ],
)
def test_how_tags_were_found_tells_how_sure_they_are(footer: str, classes: str, confidence: float | None) -> None:
    assert tags(opened(footer, classes=classes)).confidence == confidence
