"""What a page says of itself, as its readers and its data say it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from archiver.extraction.bylines import names_in
from archiver.extraction.comments import comments
from archiver.extraction.extract import extract
from archiver.extraction.language import guess, language_tag, without_region
from archiver.extraction.metadata import Metadata, metadata, of_first_post, plain_metadata
from archiver.extraction.reading import Reading
from archiver.page import Page, page_of
from archiver.record import PageKind, PageState, Role

URL = "https://films.example/reviews/lantern-bay"
BODY = "<p>The bay is never seen by daylight, and the film is the better for it.</p>" * 6
#: A page whose headline stands in an h1, to put other parts around.
PLAIN = "<article><h1>Lantern Bay</h1>{}" + BODY + "</article>"

FORUM = '<script type="application/ld+json">{{"@type": "DiscussionForumPosting", {}}}</script>'
REVIEW = '<script type="application/ld+json">{{"@type": "Review", {}}}</script>'
PUBLISHER = """<script type="application/ld+json">{"@type": "Article", "headline": "Lantern Bay",
"author": {"@type": "Organization", "name": "Film Notes"}, "publisher": {"name": "Film Notes"}}</script>"""
NAMED = "<meta property='og:site_name' content='Film Notes'>"
CARD = """<meta name='twitter:label1' content='Est. reading time'><meta name='twitter:data1' content='3 minutes'>
<meta name='twitter:label2' content='Written by'><meta name='twitter:data2' content='Iris Hale'>"""
PUBLISHED = "<meta property='article:published_time' content='2019-05-03T07:15:00Z'>"


def read(head: str = "", body: str = "", url: str | None = URL, captured: datetime | None = None) -> Metadata:
    html = f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"
    return metadata(Reading(Page(body=html.encode(), url=url, fetched_at=captured)))


def roles(found: Metadata) -> list[Role]:
    return [claim.role for claim in found.claims]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("<title>Lantern Bay | Film Notes</title>", PLAIN.format("")),
        ("<title>Lantern Bay - Film Notes</title><meta property='og:site_name' content='Film Notes'>", ""),
        ("<title>Film Notes » Blog Archive » Lantern Bay</title>", "<h1>Film Notes</h1><h2>Lantern Bay</h2>" + BODY),
        ("<title>Film Notes: Lantern Bay</title>", "<h3 class='entry-header'>Lantern Bay</h3>" + BODY),
        ("<title>Films Example – Lantern Bay</title>", "<div class='t'>Lantern Bay</div>" + BODY),
        ("<meta property='og:title' content='Lantern Bay'>", "<h1 class='logo'>Film Notes</h1>" + BODY),
        ("<title>Lantern Bay</title>", "<h1>Protected: Lantern Bay</h1>" + BODY),
        (
            FORUM.format('"headline": "Lantern Bay"'),
            "<h1><span class='label'>Seen</span> Lantern Bay</h1>" + BODY,
        ),
    ],
)
def test_the_title_comes_once_and_without_the_site(head: str, body: str) -> None:
    assert read(head, body).title == "Lantern Bay"


def test_a_heading_that_the_metadata_contradicts_is_not_the_title() -> None:
    head = "<title>Lantern Bay | Films</title><meta property='og:title' content='Lantern Bay'>"
    assert read(head, "<h1>Sign up for our letter</h1>" + BODY).title == "Lantern Bay"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        (
            "<title>Films of May - The List</title><meta property='og:title' content='Films of May - The List'>",
            "<h1>Films of May</h1>" + BODY,
            "Films of May",
        ),
        ("<title>Films - Lantern Bay</title>", "", "Lantern Bay"),
        (
            NAMED + REVIEW.format('"headline": "The Bay"') + "<title>The Bay | Dramas</title>"
            "<meta property='og:title' content='The Bay | Dramas'>",
            "",
            "The Bay",
        ),
        (NAMED + "<title>A review of Lantern Bay | Dramas</title>", "", "A review of Lantern Bay"),
        (NAMED + "<title>Bay | Dramas</title>", "", "Bay | Dramas"),
        (
            "<title>Lantern Bay by night</title><meta property='og:title' content='Lantern Bay by night'>",
            "<div class='headline'><h1>Dramas</h1>Lantern Bay and all else that is seen by night</div>" + BODY,
            "Lantern Bay by night",
        ),
    ],
)
def test_which_part_of_what_is_told_is_the_title(head: str, body: str, title: str) -> None:
    assert read(head, body).title == title


def test_the_site_s_front_page_keeps_its_name() -> None:
    found = read("<title>Films: reviews since 1999</title>", BODY, url="https://films.example/")
    assert found.title == "Films: reviews since 1999"
    assert read("<title>Films</title>", "<h1>Posts</h1>" + BODY, url="https://films.example/").title == "Posts"
    named = "<title>Films</title><meta property='og:title' content='Films'>"
    assert read(named, "<h1>Posts</h1>" + BODY, url="https://films.example/").title == "Films"


def test_a_dek_is_the_subtitle_and_an_echo_of_the_title_is_none() -> None:
    found = read("", PLAIN.format("<p class='dek'>A lighthouse with nothing to warn of</p>"))
    assert found.subtitle == "A lighthouse with nothing to warn of"
    assert roles(found)[:2] == [Role.TITLE, Role.SUBTITLE]
    echoed = read("", PLAIN.format("<h2 class='article-dek'>Lantern Bay</h2>"))
    assert echoed.subtitle is None
    assert Role.TITLE_ECHO in roles(echoed)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("By Iris Hale", ("Iris Hale",)),
        ("Written by: Iris Hale and Tom Orr", ("Iris Hale", "Tom Orr")),
        ("Iris Hale, PhD, and Tom Orr | 3 May 2019", ("Iris Hale", "Tom Orr")),
        ("June 8, 2011 | By Saul Wexler", ("Saul Wexler",)),
        ("Posted by Celia Munro on January 9, 2009 at 06:15 AM", ("Celia Munro",)),
        ("Submitted by Petra Lund on Thu, 10/09/2014 - 14:20", ("Petra Lund",)),
        ("Von Jutta Hagen am 3. Oktober 2018", ("Jutta Hagen",)),
        ("Publié le 9 février 2020 par Maud Serre", ("Maud Serre",)),
        ("Publicado por Lucía Ferro en 1:15", ("Lucía Ferro",)),
        ("di Gaia Monti", ("Gaia Monti",)),
        ("door Saskia Vos en Piet Smit", ("Saskia Vos", "Piet Smit")),
        ("Автор: Анна Крылова", ("Анна Крылова",)),
        ("作者：林小雨", ("林小雨",)),
        ("Iris Hale, Senior Film Critic", ("Iris Hale",)),
        ("Iris (Orr) Hale (photos: Tom)", ("Iris (Orr) Hale",)),
        ("Facebook-f Twitter Linkedin-in", ()),
        ("admin", ()),
        ("https://www.facebook.com/films", ()),
        ("films.example", ()),
        ("", ()),
    ],
)
def test_names_in_bylines(said: str, names: tuple[str, ...]) -> None:
    assert names_in(said) == names


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            '<script type="application/ld+json">{"@type": "Review", "author": {"name": "Iris Hale"}}</script>',
            PLAIN.format(""),
        ),
        ("<meta name='author' content='Iris Hale'>", PLAIN.format("")),
        ("", "<article><h1>Lantern Bay</h1><p class='byline'>By Iris Hale</p>" + BODY + "</article>"),
        ("", "<article><h1>Lantern Bay</h1><p>By Iris Hale</p>" + BODY + "</article>"),
        ("", "<article><h1>Lantern Bay</h1><p>Words by</p><p>Iris Hale</p>" + BODY + "</article>"),
        ("", "<article><h1>Lantern Bay</h1><p>Iris Hale</p><p>3 May 2019</p>" + BODY + "</article>"),
        (
            PUBLISHER,
            "<article><h1>Lantern Bay</h1><a rel='author' href='/iris'>Iris Hale</a>" + BODY + "</article>",
        ),
        (CARD, PLAIN.format("")),
        (
            "<meta name='author' content='ihale'>",
            "<article><h1>Lantern Bay</h1><span class='author vcard'>Iris Hale</span>" + BODY + "</article>",
        ),
    ],
)
def test_authors_from_every_place(head: str, body: str) -> None:
    assert read(head, body).authors == ("Iris Hale",)


def test_names_of_neighbours_and_commenters_are_no_authors() -> None:
    around = (
        "<aside class='trending'><h3>Trending</h3><span class='author'>By Tom Orr</span></aside>"
        "<ol class='commentlist'><li class='comment'><cite class='fn'>Libby</cite><p>Lovely.</p></li></ol>"
    )
    assert read("", PLAIN.format("") + around).authors == ()


@pytest.mark.parametrize(
    ("head", "shown", "names"),
    [
        ("<meta name='author' content='Iris Hale\n\t and Tom Orr'>", "", ("Iris Hale", "Tom Orr")),
        ("<meta name='author' content='ihale777'>", "", ("ihale777",)),
        ("<meta name='author' content='ihale777'>", "<p>By Tom Orr</p>", ("Tom Orr",)),
        ("<meta name='author' content='iris@films.example'>", "", ()),
        (REVIEW.format('"author": {"@type": "Organization", "name": "Hale & Orr"}'), "", ("Hale & Orr",)),
        (REVIEW.format('"author": {"name": "Hale & Orr"}'), "", ("Hale", "Orr")),
        (
            REVIEW.format('"author": {"name": "Iris van der Hale"}'),
            "<p class='byline'>By Dr. Iris van der Hale and Tom Orr</p>",
            ("Dr. Iris van der Hale", "Tom Orr"),
        ),
        ("", "<p class='byline'><span>Iris Orr Hale</span><i>Founder of Films</i></p>", ("Iris Orr Hale",)),
    ],
)
def test_who_of_those_that_are_told_and_seen(head: str, shown: str, names: tuple[str, ...]) -> None:
    assert read(head, PLAIN.format(shown)).authors == names


def test_what_holds_the_headline_is_the_page_s_own_whatever_its_name_tells_of_its_layout() -> None:
    shown = "<div class='with-sidebar'>" + PLAIN.format("<p>by Iris Hale on 3 May 2019</p>") + "</div>" + BODY * 3
    found = read("", shown)
    assert (found.authors, found.published_at) == (("Iris Hale",), "2019-05-03")


@pytest.mark.parametrize("layout", ["with-sidebar wide", "grow mr-[--sidebar-width]", "page no-menu"])
def test_a_layout_s_name_does_not_make_the_headline_a_neighbour_s(layout: str) -> None:
    trail = "<p>Lantern Bay</p>" + "<p>A lamp.</p>" * 20
    shown = f"{trail}<div class='{layout}'><h1>Lantern Bay</h1></div><p>by Iris Hale, 3 May 2019</p>{BODY * 9}"
    assert read("<title>Lantern Bay</title>", shown).published_at == "2019-05-03"


def test_a_thread_is_its_first_post_s() -> None:
    posts = [("p1", "lulu_30", "Wed May 01, 2019 9:15 am"), ("p2", "Tom", "Fri May 03, 2019 8:15 am")]
    shown = "".join(
        f"<div id='{ident}' class='post'><p class='author'><a class='username'>{name}</a> » {when}</p>"
        f"<div class='postbody'><div class='content'>{BODY}</div></div></div>"
        for ident, name, when in posts
    )
    reading = Reading(page_of(f"<body id='phpbb'><h2>Lantern Bay</h2>{shown}</body>".encode(), url=URL))
    post = comments(reading).opening
    seen = Metadata(authors=("Tom",), published_at="2019-05-03T08:15:00", published_source="line")
    told = Metadata(authors=("Tom",), published_at="2019-05-03", published_source="json-ld")
    found = of_first_post(reading, seen, post)
    assert (found.authors, found.published_at) == (("lulu_30",), "2019-05-01T09:15:00")
    assert of_first_post(reading, told, post).published_at == "2019-05-03"
    assert of_first_post(reading, Metadata(), post).published_at == "2019-05-01T09:15:00"
    assert of_first_post(reading, seen, None) == seen


def test_a_user_name_is_a_name_where_the_data_gives_it_as_author() -> None:
    head = (
        '<script type="application/ld+json">{"@type": "DiscussionForumPosting", "author": {"name": "lulu_30"}}</script>'
    )
    assert read(head, PLAIN.format("")).authors == ("lulu_30",)


@pytest.mark.parametrize(
    ("head", "shown", "iso", "source"),
    [
        (
            REVIEW.format('"datePublished": "2019-05-03T08:15:00+01:00"'),
            "",
            "2019-05-03T08:15:00+01:00",
            "json-ld",
        ),
        (PUBLISHED, "", "2019-05-03T07:15:00Z", "meta article:published_time"),
        ("", "<time datetime='2019-05-03'>May 3</time>", "2019-05-03", "time"),
        ("", "<abbr class='published' title='2019-05-03T08:15Z'>8:15</abbr>", "2019-05-03T08:15:00Z", "abbr"),
        ("", "<p class='entry-meta'>3 May 2019 by Iris Hale</p>", "2019-05-03", "element"),
        ("", "<p>3. Mai 2019</p>", "2019-05-03", "line"),
        ("", "<p>May 2019</p>", None, None),
        ("", "<p>Updated 3 May 2019</p>", None, None),
        ("", "<p>Member since 3 May 2019</p>", None, None),
    ],
)  # fmt: skip
def test_the_published_date_and_where_it_stands(head: str, shown: str, iso: str | None, source: str | None) -> None:
    found = read(head, PLAIN.format(shown))
    assert (found.published_at, found.published_source) == (iso, source)


def test_neither_date_is_filled_from_the_other() -> None:
    changed = read("", PLAIN.format("<p class='updated'>Last updated: 5 May 2019</p>"))
    assert (changed.published_at, changed.modified_at) == (None, "2019-05-05")
    both = read("", PLAIN.format("<p class='date'>Published: 3 May 2019 | Updated: 5 May 2019</p>"))
    assert (both.published_at, both.modified_at) == ("2019-05-03", "2019-05-05")
    assert both.published_at_raw == "Published: 3 May 2019 | Updated: 5 May 2019"


@pytest.mark.parametrize(
    ("told", "shown", "iso"),
    [
        ("2020-06-01", "3 May 2019", "2019-05-03"),
        ("2019-05-04T01:00:00Z", "3 May 2019", "2019-05-03"),
        ("2019-05-03T20:00:00-05:00", "3 May 2019", "2019-05-03T20:00:00-05:00"),
        ("2019-05-03", "1 June 2020", "2019-05-03"),
    ],
)
def test_an_earlier_day_shown_outweighs_the_data(told: str, shown: str, iso: str) -> None:
    found = read(REVIEW.format(f'"datePublished": "{told}"'), PLAIN.format(f"<p class='post-date'>{shown}</p>"))
    assert found.published_at == iso


@pytest.mark.parametrize("filler", ["- ", "| ", ": ", " » ", "by ", "a", ", and "])
def test_time_grows_no_faster_than_the_title(filler: str) -> None:
    long = filler * (100_000 // len(filler))
    began = time.perf_counter()
    read(f"<title>{long}</title><meta name='author' content='{long}'>", f"<h1>{long}</h1><p class='byline'>{long}</p>")
    assert time.perf_counter() - began < 1


def test_a_comment_s_date_is_not_the_page_s() -> None:
    comment = "<ol class='commentlist'><li class='comment'><time datetime='2019-05-04'>4 May 2019</time></li></ol>"
    assert read("", PLAIN.format("") + comment).published_at is None


def test_the_day_of_03_04_is_told_by_language_or_country_or_not_at_all() -> None:
    line = "<p class='date'>03/04/2019</p>"
    assert read("<meta property='og:locale' content='en_US'>", PLAIN.format(line)).published_at == "2019-03-04"
    assert read("", PLAIN.format(line), url="https://films.co.uk/x").published_at == "2019-04-03"
    assert read("", PLAIN.format(line)).published_at is None


def test_nothing_lies_after_the_capture_and_relative_dates_count_from_it() -> None:
    captured = datetime(2019, 5, 3, 12, tzinfo=UTC)
    head = "<meta property='article:published_time' content='2031-01-01'>"
    assert read(head, PLAIN.format(""), captured=captured).published_at is None
    assert read("", PLAIN.format("<p class='date'>2 days ago</p>"), captured=captured).published_at == "2019-05-01"
    assert read("", PLAIN.format("<p class='date'>2 days ago</p>")).published_at is None


def test_the_language_is_said_or_told_by_the_words() -> None:
    said = metadata(Reading(page_of(b"<html lang='de-AT'><body><p>x</p></body></html>")))
    assert said.language == "de"
    german = (
        "<p>Der Film ist nicht neu, und das ist auch gut so, denn die Bucht und das Licht sind mit der Zeit da.</p>"
    )
    assert read("", german).language == "de"
    assert read("", "<p>12 34</p>").language is None


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("en_us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("EN", "en"),
        ("de_DE.UTF-8", "de-DE"),
        ("english", None),
        ("und", None),
        ("", None),
    ],
)
def test_language_tags_as_bcp_47_writes_them(said: str, tag: str | None) -> None:
    assert language_tag(said) == tag


def test_a_language_has_no_region_and_a_script_tells_one() -> None:
    assert [without_region(tag) for tag in ("en-US", "zh-Hant-TW", "ru", None)] == ["en", "zh-Hant", "ru", None]
    assert guess("灯台の湾はいつも夜だった。" * 3) == "ja"


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ("<link rel='canonical' href='/r/1?utm_source=x&amp;p=2'>", "https://films.example/r/1?p=2"),
        ("<link rel='canonical' href='https://films.example/'>", None),
        ("<link rel='canonical' href=''><meta property='og:url' content='/r/1'>", "https://films.example/r/1"),
        ("<link rel='canonical' href='javascript:void(0)'>", None),
        ("<link rel='canonical' href='http://[broken'>", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_canonical_url_is_the_page_s_own_word(head: str, canonical: str | None) -> None:
    assert read(head, BODY).canonical_url == canonical


def test_the_kind_is_what_the_data_says() -> None:
    def of(kind: str) -> PageKind:
        return read(f'<script type="application/ld+json">{{"@type": "{kind}"}}</script>', BODY).kind

    assert [of(kind) for kind in ("Review", "NewsArticle", "DiscussionForumPosting", "Organization")] == [
        PageKind.REVIEW,
        PageKind.ARTICLE,
        PageKind.FORUM,
        PageKind.OTHER,
    ]


def test_a_plain_text_has_the_title_it_is_given() -> None:
    page = page_of(b"It was the best of the films and the worst of the seats, and that is what this was for.")
    assert plain_metadata(Reading(page), "Lantern Bay") == Metadata(title="Lantern Bay", language="en")


@pytest.mark.parametrize(
    "html", [b"", b"<", b"<html>", b"<h1></h1>", b"<title></title><h1>&nbsp;</h1><time datetime=x>"]
)
def test_an_empty_page_says_nothing(html: bytes) -> None:
    found = metadata(Reading(page_of(html, headers={"content-type": "text/html"})))
    assert (found.title, found.authors, found.published_at) == (None, (), None)


def test_of_a_page_that_shows_nothing_its_data_tell() -> None:
    head = "<meta property='og:title' content='Lantern Bay'>" + PUBLISHED
    found = extract(f"<html><head>{head}</head><body></body></html>".encode(), url=URL)
    assert (found.page_state, found.title, found.published_at) == (
        PageState.EMPTY,
        "Lantern Bay",
        "2019-05-03T07:15:00Z",
    )
