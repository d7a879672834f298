"""What sources tell of a site's pages, and which of them are worth asking for."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from archiver.crawl.discovery import feeds, listings, sitemaps, wordpress
from archiver.crawl.discovery.addresses import folded, trap
from archiver.crawl.discovery.found import FEED, LISTING, REST, SITEMAP, Found, utc
from archiver.crawl.discovery.judging import Judge, calls_itself_of_reviews, revised
from archiver.crawl.sites import at_home
from archiver.extraction.identity import surt, without_tracking
from archiver.page import Page

SITE = "https://paper.example"


def page(body: str | bytes, url: str = f"{SITE}/", kind: str = "text/html", **headers: str) -> Page:
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    content = body.encode() if isinstance(body, str) else body
    return Page(body=content, url=url, status=200, headers=(("Content-Type", kind), *told))


# -- addresses


@pytest.mark.parametrize(
    ("variant", "plain"),
    [
        ("/kettle/amp/", "/kettle/"),
        ("/kettle/amp", "/kettle"),
        ("/kettle.amp.html", "/kettle.html"),
        ("/kettle?amp", "/kettle"),
        ("/kettle?amp=1", "/kettle"),
        ("/kettle?output=amp", "/kettle"),
        ("/kettle?outputType=amp", "/kettle"),
        ("/kettle?utm_source=rss&utm_medium=feed&id=7", "/kettle?id=7"),
        ("/kettle?fbclid=x#comments", "/kettle"),
        ("/kettle?p=12&m=1", "/kettle?p=12"),
    ],
)
def test_variants_are_folded_into_the_page(variant: str, plain: str) -> None:
    assert folded(SITE + variant) == SITE + plain


@pytest.mark.parametrize(
    "path", ["/amp/", "/amp", "/revamp", "/?p=12", "/?story=4", "/a?output=print", "/camp.amplifier"]
)
def test_what_is_no_variant_stays_as_it_is(path: str) -> None:
    assert folded(SITE + path) == SITE + path


@pytest.mark.parametrize("path", ["/kettle?utm_source=x", "/kettle?amp=1", "/kettle?outputType=amp", "/kettle#top"])
def test_what_is_folded_has_the_same_record_id(path: str) -> None:
    assert surt(without_tracking(SITE + path)) == surt(without_tracking(folded(SITE + path)))


def test_a_session_is_no_story() -> None:
    """`sid` is the number of a story in one system, and a visitor's session in another."""
    assert without_tracking(f"{SITE}/article.php?sid=1234") == f"{SITE}/article.php?sid=1234"
    assert without_tracking(f"{SITE}/viewtopic.php?t=3&sid={'0a' * 16}") == f"{SITE}/viewtopic.php?t=3"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/" + "a" * 2000, "longer"),
        ("/a" * 17, "segments"),
        ("/films/news/films/news/films/", "3 times films"),
        ("/a?" + "&".join(f"p{n}=1" for n in range(13)), "parameters"),
        ("/2011/06/kettle-street/", None),
        ("/11/11/eleven/", None),
    ],
)
def test_traps_are_told_by_their_addresses(path: str, why: str | None) -> None:
    told = trap(SITE + path)
    assert (told is None) if why is None else (told is not None and why in told)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://www.paper.example/a", f"{SITE}/a"),
        ("https://user:word@paper.example/a", f"{SITE}/a"),
        ("https://paper.example./a", f"{SITE}/a"),
        ("https://paper.example:8080/a", None),
        ("https://other.example/a", None),
        ("https://paper.example.other.example/a", None),
        ("https://paper.example@other.example/a", None),
        ("ftp://paper.example/a", None),
        ("file:///etc/passwd", None),
        ("data:text/html,x", None),
        ("javascript:alert(1)", None),
        ("https://[/", None),
        ("https://paper.example:x/", None),
    ],
)
def test_a_page_of_the_site_has_one_address_and_others_none(url: str, asked: str | None) -> None:
    assert at_home(url, f"{SITE}/") == asked


@pytest.mark.parametrize(
    ("said", "instant"),
    [
        ("2019-04-03T10:00:00+02:00", "2019-04-03T08:00:00Z"),
        ("2019-04-03T10:00:00", "2019-04-03T10:00:00Z"),
        ("2019-04-03T10:00:00.123Z", "2019-04-03T10:00:00Z"),
        ("2019-04-03", "2019-04-03T00:00:00Z"),
        ("Sun, 11 Sep 2011 12:00:00 +0100", "2011-09-11T11:00:00Z"),
        ("0001-01-01T00:00:00+23:00", None),
        ("yesterday", None),
        ("", None),
        (7, None),
    ],
)
def test_instants_are_utc(said: object, instant: str | None) -> None:
    assert utc(said) == instant


# -- judging


@pytest.mark.parametrize(
    ("path", "told", "taken"),
    [
        # what says that it is a review
        ("/film-review-never-let-me-go", {}, True),
        ("/politics/reviews/the-years-of-lyndon-johnson", {}, True),
        ("/kultur/filmkritik/der-kessel", {}, True),
        ("/a", {"sections": ("Politics", "Book Reviews")}, True),
        ("/politics/a", {"title": "Critique : La Bouilloire"}, True),
        ("/sport/a", {"title": "映画『やかん』レビュー"}, True),
        ("/cultura/rese%C3%B1as/la-tetera", {}, True),
        # what tells nothing
        ("/2011/06/kettle-street/", {}, True),
        ("/?p=12", {}, True),
        ("/a.html", {"sections": ("Drama",)}, True),
        ("/a", {"sections": ("Politics", "Drama")}, True),
        ("/2018/06/tag/", {}, True),
        # other sections
        ("/politics/2019/04/minister-resigns", {}, False),
        ("/sport/football/a", {}, False),
        ("/a", {"sections": ("World news",)}, False),
        ("/a", {"sections": ("Politique",)}, False),
        # lists, machinery and papers of the house, whatever they say
        ("/", {}, False),
        ("/tag/reviews/", {}, False),
        ("/category/film-reviews/", {}, False),
        ("/author/jane-critic/", {}, False),
        ("/reviews/author/jane", {}, False),
        ("/shop/kettle-review", {}, False),
        ("/privacy", {}, False),
        ("/contact.html", {}, False),
        ("/poster.jpg", {}, False),
        ("/?s=review", {}, False),
        ("/film-review/feed/", {}, False),
        ("/film-review/comment-page-2/", {}, False),
        ("/film-review/?replytocom=7", {}, False),
        ("/reviews/page/3/", {}, False),
        ("/wp-content/uploads/review", {}, False),
    ],
)
def test_a_page_is_judged_by_what_is_told_of_it(path: str, told: dict[str, Any], taken: bool) -> None:
    verdict = Judge().judge(Found(url=SITE + path, source=SITEMAP, **told))
    assert verdict.taken is taken, verdict.reason


def test_a_film_may_be_called_as_a_paper_of_the_house() -> None:
    told = [
        Judge().judge(Found(url=f"{SITE}/contact/", source=source)).taken for source in (REST, FEED, SITEMAP, LISTING)
    ]
    assert told == [True, True, False, False]


def test_on_a_site_of_reviews_sections_say_nothing_against_a_page() -> None:
    book = Found(url=f"{SITE}/politics/the-prince", source=REST, sections=("Politics",))
    assert not Judge().judge(book).taken
    assert Judge(of_reviews=True).judge(book).taken
    assert calls_itself_of_reviews("Reel Ledger – film reviews", "reels.example")
    assert not calls_itself_of_reviews("The Daily Kettle – all the news", "kettle.example")


def test_what_one_source_says_holds_for_others_that_say_nothing() -> None:
    judge = Judge()
    left = judge.judge(Found(url=f"{SITE}/a", source=REST, sections=("Sport",)))
    untold = judge.judge(Found(url=f"{SITE}/a", source=LISTING))
    praised = judge.judge(Found(url=f"{SITE}/a", source=LISTING, title="A review"))
    assert [revised(verdict, left.reason).taken for verdict in (untold, praised)] == [False, True]


@pytest.mark.parametrize(
    ("match", "exclude", "taken"),
    [
        ("/film/", "", ["/film/a", "/film/tag/b"]),
        ("", "/film/", ["/c"]),
        ("/film/", "/tag/", ["/film/a"]),
        ("^/", "", []),
    ],
)
def test_the_operator_has_the_last_word(match: str, exclude: str, taken: list[str]) -> None:
    judge = Judge(re.compile(match) if match else None, re.compile(exclude) if exclude else None)
    paths = ("/film/a", "/film/tag/b", "/c")
    assert [path for path in paths if judge.judge(Found(url=SITE + path, source=FEED)).taken] == taken


# -- feeds

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>{head}
<item><title>Kettle &amp; Street</title><link>/kettle</link><pubDate>Sun, 11 Sep 2011 12:00:00 +0000</pubDate>
<category>Reviews</category><category>Film</category>
<media:content xmlns:media="m"><media:title>x</media:title></media:content></item></channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{head}<entry><title>Kettle</title>
<link rel="self" href="/feeds/7"/><link rel="alternate" href="/kettle"/><link rel="replies" href="/kettle#c"/>
<published>2011-09-11T12:00:00Z</published><updated>2012-01-02T03:04:05+01:00</updated><category term="review"/>
</entry></feed>"""
JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "next_url": "/feed.json?page=2",
    "items": [
        {"url": "/kettle", "title": "Kettle", "date_modified": "2012-01-02T02:04:05Z", "tags": ["review"]},
        7,
        {},
    ],
}
SEARCH = 'xmlns:os="http://a9.com/-/spec/opensearchrss/1.0/"'
BLOGGER = (
    f"<os:totalResults {SEARCH}>120</os:totalResults><os:startIndex {SEARCH}>1</os:startIndex>"
    "<generator>Blogger</generator>"
)
GENERATOR = "<generator>https://wordpress.org/?v=6.5</generator>"


def test_feeds_tell_titles_dates_and_sections() -> None:
    [rss] = feeds.entries(page(RSS.format(head=""), kind="application/rss+xml"))
    assert rss == Found(
        url=f"{SITE}/kettle",
        source=FEED,
        title="Kettle & Street",
        published="2011-09-11T12:00:00Z",
        sections=("Reviews", "Film"),
    )
    [atom] = feeds.entries(page(ATOM.format(head=""), kind="application/atom+xml"))
    assert (atom.url, atom.changed, atom.sections) == (f"{SITE}/kettle", "2012-01-02T02:04:05Z", ("review",))
    [item] = feeds.entries(page(json.dumps(JSON_FEED), kind="application/feed+json"))
    assert (item.url, item.title, item.changed, item.sections) == (atom.url, "Kettle", atom.changed, ("review",))


@pytest.mark.parametrize(
    ("body", "path", "following"),
    [
        (ATOM.format(head='<link rel="next" href="/atom?after=7"/>'), "/atom", "/atom?after=7"),
        (RSS.format(head='<atom:link rel="next" href="/rss?n=2"/>'), "/rss", "/rss?n=2"),
        (RSS.format(head=GENERATOR), "/feed/", "/feed/?paged=2"),
        (RSS.format(head=GENERATOR), "/feed/?paged=7", "/feed/?paged=8"),
        (RSS.format(head=BLOGGER), "/feeds/posts/default?alt=rss", "/feeds/posts/default?alt=rss&start-index=2"),
        (json.dumps(JSON_FEED), "/feed.json", "/feed.json?page=2"),
        (RSS.format(head=""), "/rss", None),
        (f'<rss version="2.0"><channel>{GENERATOR}</channel></rss>', "/feed/?paged=9", None),
        ("<html><p>Not found", "/feed", None),
        ("", "/feed", None),
    ],
)
def test_feeds_go_on_into_the_past(body: str, path: str, following: str | None) -> None:
    assert feeds.further(page(body, SITE + path, "application/xml")) == (SITE + following if following else None)


def test_feeds_of_comments_are_left_out() -> None:
    links = [
        ("application/rss+xml", "/feed/", "Paper"),
        ("application/rss+xml", "/comments/feed/", "Paper"),
        ("application/rss+xml", "/rss2", "Derniers commentaires"),
        ("application/atom+xml", "/a/atom", "Kommentare zu A"),
        ("application/feed+json", "/feed.json", ""),
        ("application/json", "/wp-json/wp/v2/posts/7", "JSON"),
        ("application/atom+xml", "/feeds/posts/default", "Atom"),
    ]
    head = "".join(f'<link rel="alternate" type="{k}" href="{href}" title="{title}">' for k, href, title in links)
    told = [url.removeprefix(SITE) for url in feeds.feeds(page(f"<head>{head}</head><p>x"))]
    assert told == ["/feed/", "/feed.json", "/feeds/posts/default?max-results=50"]


# -- sitemaps

NEWS = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>/old</loc><lastmod>2010-01-01</lastmod></url>
<url><loc> /none </loc></url>
<url><image:image><image:loc>/poster.jpg</image:loc><image:title>Poster</image:title></image:image>
<loc>/pictured</loc></url>
<url><loc>/new</loc><news:news><news:publication><news:name>Paper</news:name></news:publication>
<news:publication_date>2019-04-03T10:00:00Z</news:publication_date>
<news:title>Review: Kettle</news:title></news:news></url>
</urlset>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>/post-sitemap1.xml</loc><lastmod>2011-01-01</lastmod></sitemap>
<sitemap><loc>/category-sitemap.xml</loc><lastmod>2020-01-01</lastmod></sitemap>
<sitemap><loc>/wp-sitemap-users-1.xml</loc></sitemap>
<sitemap><loc>/post-sitemap2.xml</loc><lastmod>2019-01-01</lastmod></sitemap>
<sitemap><loc>/sitemap-category/posts.xml</loc></sitemap></sitemapindex>"""


@pytest.mark.parametrize("packed", [False, True])
def test_sitemaps_tell_the_newest_first(packed: bool) -> None:
    body = gzip.compress(NEWS.encode()) if packed else NEWS.encode()
    told = sitemaps.read(page(body, f"{SITE}/sitemap.xml.gz", "application/octet-stream"))
    assert [found.url.removeprefix(SITE) for found in told.pages] == ["/new", "/old", "/none", "/pictured"]
    new = told.pages[0]
    assert (new.title, new.published, new.source) == ("Review: Kettle", "2019-04-03T10:00:00Z", SITEMAP)
    assert told.pages[1].changed == "2010-01-01T00:00:00Z"


def test_an_index_tells_the_newest_first_and_no_lists() -> None:
    told = sitemaps.read(page(INDEX, kind="application/xml"))
    assert [url.removeprefix(SITE) for url in told.sitemaps] == [
        "/post-sitemap2.xml",
        "/post-sitemap1.xml",
        "/sitemap-category/posts.xml",
    ]
    assert not told.pages


def test_a_sitemap_named_after_reviews_says_so_of_its_pages() -> None:
    told = sitemaps.read(page(NEWS, f"{SITE}/review-sitemap.xml", "application/xml"))
    assert Judge().judge(told.pages[0]).is_told


@pytest.mark.parametrize("packed", [False, True])
def test_a_sitemap_may_be_a_list_of_addresses_or_a_feed(packed: bool) -> None:
    lines = f"\ufeff{SITE}/a\r\n{SITE}/b\n\n{SITE}/c".encode()
    told = sitemaps.read(page(gzip.compress(lines) if packed else lines, f"{SITE}/sitemap.txt", "text/plain"))
    assert [found.url for found in told.pages] == [f"{SITE}/{name}" for name in "abc"]
    assert [found.url for found in sitemaps.read(page(RSS.format(head=""), kind="text/xml")).pages] == [
        f"{SITE}/kettle"
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><p>Not found",
        b"{}",
        b"\x1f\x8b\x08",
        b"\x1f\x8b\x08" + b"\xff" * 50,
        b"\0" * 900,
        NEWS.encode()[:60],
    ],
)
def test_what_is_no_sitemap_lists_nothing(body: bytes) -> None:
    assert sitemaps.read(page(body, kind="application/xml")) == sitemaps.Sitemap()


def test_a_sitemap_that_broke_off_lists_what_came() -> None:
    assert len(sitemaps.read(page(NEWS.encode()[:-150], kind="application/xml")).pages) >= 3


# -- WordPress


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ('<link rel="https://api.w.org/" href="/wp-json/">', {}),
        ("<p>x", {"Link": f'<{SITE}/wp-json/>; rel="https://api.w.org/", <{SITE}/?p=7>; rel=shortlink'}),
    ],
)
def test_the_rest_interface_is_told_by_a_link_or_a_header(body: str, headers: dict[str, str]) -> None:
    assert wordpress.root(page(body, **headers)) == f"{SITE}/wp-json/"


def test_where_addresses_are_plain_the_route_is_a_parameter() -> None:
    asked = wordpress.posts_address(f"{SITE}/?rest_route=/")
    assert asked.startswith(f"{SITE}/?rest_route=%2Fwp%2Fv2%2Fposts&")


def test_posts_tell_when_they_were_changed_and_their_sections() -> None:
    post = {
        "link": f"{SITE}/kettle/",
        "date_gmt": "2011-09-11T12:00:00",
        "modified_gmt": "2012-01-02T03:04:05",
        "title": {"rendered": "Kettle &#8211; Street"},
        "categories": [3, 9, "x"],
    }
    told = wordpress.entries(page(json.dumps([post, {}, 7]), kind="application/json"), {"3": "Reviews"}, "book")
    assert told == [
        Found(
            url=f"{SITE}/kettle/",
            source=REST,
            title="Kettle – Street",
            published="2011-09-11T12:00:00Z",
            changed="2012-01-02T03:04:05Z",
            sections=("book", "Reviews"),
        )
    ]


def test_kinds_of_posts_that_hold_no_articles_are_not_asked_for() -> None:
    kinds = {
        slug: {"slug": slug, "name": slug.title(), "rest_base": base, "rest_namespace": space}
        for slug, base, space in [
            ("post", "posts", "wp/v2"),
            ("page", "pages", "wp/v2"),
            ("wp_block", "blocks", "wp/v2"),
            ("film_review", "film-reviews", "wp/v2"),
            ("product", "products", "wc/v3"),
            ("evil", "../../etc?x=", "wp/v2"),
            ("none", "", "wp/v2"),
        ]
    }
    told = wordpress.routes(page(json.dumps(kinds), kind="application/json"))
    assert told == {"wp/v2/posts": "", "wp/v2/film-reviews": "film_review Film_Review"}


@pytest.mark.parametrize(
    ("body", "headers", "following"),
    [
        ("[{}]", {"X_WP_TotalPages": "3"}, "2"),
        ("[{}]", {"X_WP_TotalPages": "1"}, None),
        ("[{}]", {}, None),
        (f"[{','.join(['{}'] * 100)}]", {}, "2"),
        ("[]", {"X_WP_TotalPages": "999999999"}, None),
        ('{"code":"rest_forbidden"}', {"X_WP_TotalPages": "3"}, None),
    ],
)
def test_posts_go_on_as_long_as_there_are_some(body: str, headers: dict[str, str], following: str | None) -> None:
    url = wordpress.further(page(body, f"{SITE}/wp-json/wp/v2/posts?page=1", "application/json", **headers))
    assert url == (f"{SITE}/wp-json/wp/v2/posts?page={following}" if following else None)


# -- listings


@pytest.mark.parametrize(
    ("here", "link", "goes_on"),
    [
        ("/", '<a rel="next" href="/x/2">', True),
        ("/", '<link rel="next" href="/page/2/">', True),
        ("/film/", '<a href="/film/page/2/">2</a>', True),
        ("/film/page/4/", '<a href="/film/page/3/">3</a>', False),
        ("/film/", '<a href="/music/page/2/">2</a>', False),
        ("/film", '<a href="/film?offset=20">Older posts →</a>', True),
        ("/film?offset=20", '<a href="/film?offset=40">weiter »</a>', True),
        ("/film?offset=20", '<a href="?offset=20">2</a>', False),
        ("/film?g=3", '<a href="/film?g=3&amp;page=2">次へ</a>', True),
        ("/film?g=3", '<a href="/film?g=4&amp;page=2">2</a>', False),
        ("/films.php", '<a href="/films.php?start=15">Next</a>', True),
        ("/film", '<a href="/film?offset=20">A film of twenty words</a>', False),
        ("/", '<a href="/film/reviews/">Reviews</a>', True),
        ("/", '<a href="/filmkritiken">Filmkritiken</a>', True),
        ("/", '<a href="/film-review-never-let-me-go">Never Let Me Go</a>', False),
        ("/", '<h2><a href="/my-review">My review</a></h2>', False),
        ("/", '<a href="/2019/04/">April 2019</a>', True),
        ("/", '<a href="/blog/2019/">2019</a>', True),
        ("/", '<a href="/?m=201904">April</a>', True),
        ("/", '<a href="/2031/05/">May</a>', False),
        ("/", '<a href="/2019/04/03/">3</a>', False),
        ("/", '<a href="http://[/">x</a>', False),
    ],
)
def test_lists_go_on(here: str, link: str, goes_on: bool) -> None:
    assert bool(listings.further(page(f"<p>{link}", SITE + here))) is goes_on


def test_a_list_tells_headlines_permanent_links_dated_pages_and_what_lies_below_a_section() -> None:
    body = """<nav><a href="/about">About</a></nav><h2><a href="/a">A</a></h2><a href="/b"><h3>B</h3></a>
    <a rel="bookmark" href="/c">C</a><a href="/2019/04/dd/">D</a><a href="/film/reviews/e">E</a><a href="/f">F</a>"""
    told = listings.entries(page(body, f"{SITE}/film/reviews/page/2/"))
    assert [(found.url.removeprefix(SITE), found.title) for found in told] == [
        ("/a", "A"),
        ("/b", "B"),
        ("/c", "C"),
        ("/2019/04/dd/", "D"),
        ("/film/reviews/e", "E"),
    ]
    assert all(Judge().judge(found).is_told for found in told if found.url != f"{SITE}/2019/04/dd/")
    assert "/film/reviews/e" not in str(listings.entries(page(body, f"{SITE}/music/")))


def test_the_rules_are_written_as_they_are_compared() -> None:
    """In lower case and without accents: a word that is written otherwise would never be found."""
    from archiver.crawl.discovery.rules import discovery, plain

    rules = discovery()
    compared = [*rules.reviews.words, *rules.reviews.endings, *rules.others.feeds, *rules.listings.older]
    assert [word for word in compared if plain(word) != word] == []
    assert [end for end in rules.others.endings if not end.startswith(".")] == []


@pytest.mark.parametrize("said", ["(", "(a+)+$", "(a|a)*b", "(.*)*x", r"(\d+)*~x", ".*.*.*x", "a{1,99999999999999}"])
def test_a_pattern_that_is_none_or_takes_for_ever_is_refused(said: str, run: Any, tmp_path: Path) -> None:
    ended = run(
        "python", "-m", "archiver", "crawl", "site", "-a", "url=http://127.0.0.1:1/", "--exclude", said, timeout=60
    )
    assert ended.returncode == 2
    assert f"-a exclude={said}" in ended.stderr
    assert not (tmp_path / "data").exists()
