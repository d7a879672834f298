"""Whole sites, as systems of several kinds tell them, found and crawled."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.conftest import ROOT, Answer, Run, Serve
from tests.crawl.conftest import Crawl, Crawled

REVIEW = (
    "<!doctype html><title>{0}</title><article><h1>{0}</h1><p>Four families share one kitchen, and {0}.</p></article>"
)
JSON, XML = "application/json", "application/xml"
GONE = Answer(b"<h1>Not found</h1>", 404)


class Site(dict[str, Answer]):
    """Answers by path, or as a function makes them of path and query; keeps what was asked for, in order."""

    def __init__(self, made: Callable[[str, dict[str, str]], Answer | None] = lambda path, query: None) -> None:
        super().__init__()
        self._made = made
        self.base = ""
        self.asked: list[str] = []

    def get(self, path: str, default: object = None) -> Answer:  # noqa: ARG002
        self.asked.append(path)
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        return super().get(path) or self._made(parts.path, query) or GONE


def served(serve: Serve, site: Site) -> Site:
    site.base = serve(site)
    return site


def paths(crawled: Crawled) -> list[str]:
    """Of all records, the front page and lists among them."""
    return sorted(urlsplit(record["url"])._replace(scheme="", netloc="").geturl() for record in crawled.records)


def review(title: str) -> Answer:
    return Answer(REVIEW.format(title).encode())


def posts_of(number: int) -> list[str]:
    return [f"/2011/06/post-{n}/" for n in range(number)]


# -- WordPress, open and closed

POSTS = 230


def wordpress(*, is_open: bool = True, posts: int = POSTS) -> Site:
    categories = [{"id": 1, "name": "Film", "slug": "film"}, {"id": 2, "name": "Politics", "slug": "politics"}]
    kinds = {
        "post": {"slug": "post", "name": "Posts", "rest_base": "posts", "rest_namespace": "wp/v2"},
        "page": {"slug": "page", "name": "Pages", "rest_base": "pages", "rest_namespace": "wp/v2"},
        "book-review": {"slug": "book-review", "name": "Books", "rest_base": "books", "rest_namespace": "wp/v2"},
    }

    def made(path: str, query: dict[str, str]) -> Answer | None:
        if path.startswith("/wp-json/"):
            if not is_open:
                return Answer(b'{"code":"rest_forbidden"}', 401, JSON)
            return rest(path.removeprefix("/wp-json/wp/v2/"), int(query.get("page", 1)))
        if path == "/feed/":
            return feed(int(query.get("paged", 1)))
        return review(path) if path.startswith(("/2011/", "/book/", "/politics-")) else None

    def rest(route: str, page: int) -> Answer | None:
        if route == "categories":
            return Answer(json.dumps(categories).encode(), 200, JSON)
        if route == "types":
            return Answer(json.dumps(kinds).encode(), 200, JSON)
        if route == "books":
            return Answer(json.dumps([{"link": f"{site.base}/book/one/", "categories": []}]).encode(), 200, JSON)
        if route != "posts":
            return None
        links = [*posts_of(posts), "/politics-1/"]
        listed = [
            {
                "link": site.base + link,
                "title": {"rendered": link},
                "date_gmt": "2011-06-01T00:00:00",
                "modified_gmt": "2012-06-01T00:00:00",
                "categories": [2 if "politics" in link else 1],
            }
            for link in links[(page - 1) * 100 : page * 100]
        ]
        pages = (("X-WP-TotalPages", str(-(-len(links) // 100))),)
        return Answer(json.dumps(listed).encode(), 200, JSON, pages)

    def feed(page: int) -> Answer | None:
        links = posts_of(posts)[(page - 1) * 10 : page * 10]
        items = "".join(f"<item><title>x</title><link>{site.base}{link}</link></item>" for link in links)
        body = f"<rss><channel><generator>https://wordpress.org/?v=6.5</generator>{items}</channel></rss>"
        return Answer(body.encode(), 200, XML) if links else None

    site = Site(made)
    site["/"] = Answer(
        b'<title>A paper</title><link rel="https://api.w.org/" href="/wp-json/"><link rel="alternate" '
        b'type="application/rss+xml" href="/feed/"><h2><a href="/politics-1/">Of ministers</a></h2>'
    )
    return site


def test_rest_tells_all_posts_and_other_kinds_and_their_sections(serve: Serve, crawl: Crawl) -> None:
    site = served(serve, wordpress())
    crawled = crawl("site", "-s", "ARCHIVER_COMMENTS=0", url=f"{site.base}/")
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert paths(crawled) == sorted(["/", "/book/one/", *posts_of(POSTS)])
    asked = [path.partition("?")[0] for path in site.asked]
    assert (asked.count("/wp-json/wp/v2/posts"), asked.count("/wp-json/wp/v2/pages")) == (3, 0)
    assert "/politics-1/" not in asked, "what REST says of it holds for the front page that links it"
    assert asked.count("/feed/") == 2, "a feed that tells nothing new is not read on"
    purposes = {record.fields["Archiver-Purpose"] for record in crawled.archived if "/wp-json/" in record.url}
    assert purposes == {"api"}


def test_when_a_page_was_changed_travels_with_its_request(serve: Serve, crawl: Crawl) -> None:
    site = served(serve, wordpress())
    crawled = crawl("site", "-s", "ARCHIVER_PAGE_LIMIT=3", url=f"{site.base}/")
    with sqlite3.connect(crawled.data / "archive.sqlite") as frontier:
        stored = [row for (row,) in frontier.execute("SELECT request FROM frontier_requests WHERE request IS NOT NULL")]
    told = {msgspec.msgpack.decode(one)["meta"].get("changed") for one in stored}
    assert "2012-06-01T00:00:00Z" in told


def test_a_closed_rest_interface_costs_nothing_but_the_asking(serve: Serve, crawl: Crawl) -> None:
    site = served(serve, wordpress(is_open=False, posts=45))
    crawled = crawl("site", url=f"{site.base}/")
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert paths(crawled) == sorted(["/", "/politics-1/", *posts_of(45)])
    assert not crawled.manifest["failed"]


# -- Blogger, lists, archives


def blogger() -> Site:
    posts = posts_of(120)

    def made(path: str, query: dict[str, str]) -> Answer | None:
        if path != "/feeds/posts/default":
            return review(path) if path in posts else None
        start, most = int(query.get("start-index", 1)), int(query.get("max-results", 25))
        entries = "".join(
            f'<entry><title>x</title><link rel="alternate" href="{site.base}{post}"/></entry>'
            for post in posts[start - 1 : start - 1 + most]
        )
        further = f"?start-index={start + most}&amp;max-results={most}"
        following = f'<link rel="next" href="{path}{further}"/>' if start + most <= len(posts) else ""
        return Answer(f'<feed xmlns="http://www.w3.org/2005/Atom">{following}{entries}</feed>'.encode(), 200, XML)

    site = Site(made)
    site["/"] = Answer(b'<link rel="alternate" type="application/atom+xml" href="/feeds/posts/default">')
    return site


def numbered() -> Site:
    """Four pages of a list, each linking to the next by a number in its address alone."""

    def made(path: str, query: dict[str, str]) -> Answer | None:
        if path == "/":
            at = int(query.get("offset", 0))
            links = "".join(f'<h2><a href="/2011/06/post-{n}/">x</a></h2>' for n in range(at, min(at + 10, 40)))
            return Answer(f'{links}<a href="/?offset={at + 10}">Older posts</a>'.encode())
        return review(path) if path.startswith("/2011/") else None

    return Site(made)


def monthly() -> Site:
    """Archives by month, linked from the front page, whose lists are plain."""

    def made(path: str, query: dict[str, str]) -> Answer | None:
        if path == "/":
            months = "".join(f'<li><a href="/2011/{n:02}/">Month {n}</a></li>' for n in range(1, 13))
            return Answer(months.encode())
        parts = path.strip("/").split("/")
        if len(parts) == 2:
            return Answer("".join(f'<li><a href="{path}post-{n}/">Post</a></li>' for n in range(3)).encode())
        return review(path) if len(parts) == 3 else None

    return Site(made)


@pytest.mark.parametrize(
    ("site", "posts"),
    [
        (blogger(), posts_of(120)),
        (numbered(), posts_of(40)),
        (monthly(), [f"/2011/{month:02}/post-{n}/" for month in range(1, 13) for n in range(3)]),
    ],
    ids=["blogger", "offset", "months"],
)
def test_the_past_is_found(site: Site, posts: list[str], serve: Serve, crawl: Crawl) -> None:
    served(serve, site)
    crawled = crawl("site", "-s", "ARCHIVER_COMMENTS=0", url=f"{site.base}/")
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert [path for path in paths(crawled) if "post" in path] == sorted(posts)


# -- a newspaper

PAPER = {
    "/politics/2019/04/minister-resigns": False,
    "/sport/football/cup-final": False,
    "/culture/film/reviews/the-kettle": True,
    "/culture/theatre/kettle-street-review": True,
    "/arts/a-novel-of-kitchens": True,
    "/tag/kettles/": False,
    "/author/ida-holm/": False,
    "/privacy": False,
    "/shop/kettle": False,
}


def newspaper() -> Site:
    site = Site(lambda path, query: review(path) if path in PAPER else None)
    links = "".join(f'<h2><a href="{path}">x</a></h2>' for path in PAPER)
    site["/"] = Answer(f"<title>The Daily Kettle</title>{links}<a href='/culture/film/reviews/'>Reviews</a>".encode())
    site["/culture/film/reviews/"] = Answer(b'<a href="/culture/film/reviews/the-lid">The lid</a>')
    site["/culture/film/reviews/the-lid"] = review("The lid")
    return site


def test_of_a_newspaper_only_the_reviews_are_fetched(serve: Serve, crawl: Crawl) -> None:
    site = served(serve, newspaper())
    crawled = crawl("site", url=f"{site.base}/")
    wanted = [path for path, taken in PAPER.items() if taken]
    assert paths(crawled) == sorted([*wanted, "/", "/culture/film/reviews/", "/culture/film/reviews/the-lid"])
    assert not {path for path, taken in PAPER.items() if not taken} & set(site.asked)


@pytest.mark.parametrize("flags", [True, False])
def test_match_and_exclude_say_which_pages(flags: bool, serve: Serve, run: Run, tmp_path: Path) -> None:
    site = served(serve, newspaper())
    said = (
        ("--match", "minister|/tag/|/arts/", "--exclude", "/tag/")
        if flags
        else ("-a", "match=minister|/tag/|/arts/", "-a", "exclude=/tag/")
    )
    ended = run("python", "-m", "archiver", "crawl", "site", *said, "-a", f"url={site.base}/")
    assert ended.returncode == 0, ended.stderr
    fetched = [path for path in PAPER if path in site.asked]
    assert fetched == ["/politics/2019/04/minister-resigns", "/arts/a-novel-of-kitchens"]


def test_a_flag_and_an_argument_must_not_differ(run: Run) -> None:
    ended = run(
        "python", "-m", "archiver", "crawl", "site", "--match", "a", "-a", "match=b", "-a", "url=http://127.0.0.1:1/"
    )
    assert ended.returncode == 2
    assert "say different things" in ended.stderr


# -- one page, one review


def test_amp_and_tracking_variants_are_one_page(serve: Serve, crawl: Crawl) -> None:
    site = Site()
    ways = [
        "/kettle/",
        "/kettle/amp/",
        "/kettle/?amp=1",
        "/kettle/?utm_source=x",
        "/kettle/?fbclid=y#top",
        "/mobile/kettle/",
    ]
    site["/"] = Answer("".join(f'<h2><a href="{way}">x</a></h2>' for way in ways).encode())
    base = served(serve, site).base
    own = f'<link rel="canonical" href="{base}/kettle/">'.encode()
    site["/kettle/"] = site["/mobile/kettle/"] = Answer(own + review("Kettle").body)
    crawled = crawl("site", url=f"{base}/")
    assert [path for path in site.asked if "kettle" in path] == ["/kettle/", "/mobile/kettle/"]
    ids = {record["record_id"] for record in crawled.records if "kettle" in record["url"]}
    assert len(ids) == 1, "one review, told twice"


def test_addresses_that_differ_in_the_order_of_their_parameters_are_one_page(serve: Serve, crawl: Crawl) -> None:
    site = Site(lambda path, query: review(path) if path == "/show" else None)
    site["/"] = Answer(b'<h2><a href="/show?a=1&b=2">x</a></h2><h2><a href="/show?b=2&a=1">x</a></h2>')
    served(serve, site)
    crawl("site", url=f"{site.base}/")
    assert [path for path in site.asked if path.startswith("/show")] == ["/show?a=1&b=2"]


# -- traps

CAP = 30


def calendar() -> Site:
    """Every month links to the next, and to its days, for ever."""

    def made(path: str, query: dict[str, str]) -> Answer | None:
        year, month = int(query.get("year", 2019)), int(query.get("month", 1))
        after = f"/calendar/?year={year + month // 12}&month={month % 12 + 1}"
        days = "".join(f'<h3><a href="{path}{year}/{month}/{day}/">{day}</a></h3>' for day in range(28))
        return Answer(f'{days}<a rel="next" href="{after}">next month</a>'.encode())

    return Site(made)


def dated() -> Site:
    """A calendar whose months look like archives, and hold new pages, for ever."""

    def made(path: str, query: dict[str, str]) -> Answer | None:
        parts = [part for part in path.split("/") if part.isdecimal()]
        year = int(parts[0]) if parts else 2019
        return Answer(f'<a href="/{year - 1}/">before</a><a href="/{year + 1}/">after</a>'.encode())

    return Site(made)


def deep() -> Site:
    """Relative links against the wrong folder: each page leads deeper."""
    return Site(
        lambda path, query: Answer(
            f'<h2><a href="{path}films/news/">x</a></h2><a rel="next" href="{path}news/films/">next</a>'.encode()
        )
    )


def counting() -> Site:
    """Lists without end that tell new pages, each of which is a list."""

    def made(path: str, query: dict[str, str]) -> Answer | None:
        at = int(query.get("page", 1))
        return Answer(f'<h2><a href="/film-{at}/">x</a></h2><a href="/?page={at + 1}">{at + 1}</a>'.encode())

    return Site(made)


def barren() -> Site:
    """A list that goes on without end and tells the same each time."""

    def made(path: str, query: dict[str, str]) -> Answer | None:
        at = int(query.get("page", 1))
        return Answer(f'<h2><a href="/film/">x</a></h2><a rel="next" href="/?page={at + 1}">more</a>'.encode())

    return Site(made)


def feeding() -> Site:
    """A feed whose every page is new and has a next."""

    def made(path: str, query: dict[str, str]) -> Answer | None:
        at = int(query.get("n", 1))
        if path == "/feed":
            item = f"<item><link>/film-{at}/</link></item>" if at < 10 else "<item><link>/film/</link></item>"
            return Answer(
                f'<rss><channel><link rel="next" href="/feed?n={at + 1}"/>{item}</channel></rss>'.encode(), 200, XML
            )
        if path == "/":
            return Answer(b'<link rel="alternate" type="application/rss+xml" href="/feed">')
        return review(path)

    return Site(made)


def mapped() -> Site:
    """Sitemaps that name further sitemaps, for ever."""

    def made(path: str, query: dict[str, str]) -> Answer | None:
        if "sitemap" not in path:
            return Answer(b"<p>A site.")
        number = int(query.get("n", 1))
        inner = "".join(f"<sitemap><loc>/sitemap.xml?n={number * 2 + n}</loc></sitemap>" for n in (0, 1))
        return Answer(f"<sitemapindex>{inner}</sitemapindex>".encode(), 200, XML)

    return Site(made)


@pytest.mark.parametrize(
    ("site", "most", "requests"),
    [
        (calendar(), CAP, CAP + 5),
        (dated(), CAP, CAP + 5),
        (deep(), CAP, CAP + 5),
        (counting(), CAP, CAP + 5),
        (barren(), 12, 17),
        (feeding(), 12, 45),
        (mapped(), 1, 60),
    ],
    ids=["calendar", "years", "path", "numbers", "nothing new", "feed", "sitemaps"],
)
def test_a_trap_ends_at_a_cap(site: Site, most: int, requests: int, serve: Serve, crawl: Crawl) -> None:
    served(serve, site)
    crawled = crawl("site", "-s", "ARCHIVER_COMMENTS=0", url=f"{site.base}/", pages=CAP)
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert len(crawled.records) <= most
    assert len(site.asked) <= requests


# -- what would be fetched


def told(out: str) -> dict[str, tuple[str, ...]]:
    """The columns of each line by the path that it tells of."""
    rows = [line.split("\t") for line in out.splitlines()]
    assert all(len(row) == 6 for row in rows)
    return {urlsplit(row[1]).path: (row[0], *row[2:]) for row in rows}


def test_a_dry_run_lists_what_would_be_fetched_and_keeps_nothing(serve: Serve, run: Run, tmp_path: Path) -> None:
    site = served(serve, wordpress())
    before = sorted(tmp_path.rglob("*"))
    temporary = tmp_path.parent / f"{tmp_path.name}-tmp"
    temporary.mkdir()
    words = ("crawl", "site", "--dry-run", "-a", f"url={site.base}/", "-a", "pages=100")
    ended = run("python", "-m", "archiver", *words, TMPDIR=str(temporary))
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = told(ended.stdout)
    assert rows["/"] == ("take", "named", "", "", "named")
    assert rows["/2011/06/post-0/"] == (
        "take",
        "rest",
        "2012-06-01T00:00:00Z",
        "/2011/06/post-0/",
        "nothing says otherwise",
    )
    assert rows["/politics-1/"][-1] == "section: politics"
    assert sum(row[0] == "take" for row in rows.values()) == 100
    assert rows["/2011/06/post-229/"][-1].startswith("more pages than asked for")
    assert len(rows) == POSTS + 3
    assert not [path for path in site.asked if path.startswith("/2011/")], "a page was fetched"
    assert sorted(tmp_path.rglob("*")) == before
    assert not list(temporary.iterdir())


def test_a_dry_run_leaves_the_frontier_as_it_is(serve: Serve, crawl: Crawl, run: Run) -> None:
    site = served(serve, wordpress())
    left = crawl("site", "-s", "ARCHIVER_PAGE_LIMIT=3", "-s", "ARCHIVER_COMMENTS=0", url=f"{site.base}/")
    state = {path: path.read_bytes() for path in left.data.rglob("*") if path.is_file()}
    ended = run("python", "-m", "archiver", "crawl", "site", "--dry-run", "-a", f"url={site.base}/")
    assert ended.returncode == 0, ended.stderr
    assert {path: path.read_bytes() for path in left.data.rglob("*") if path.is_file()} == state


def test_a_dry_run_is_scrapys_too_and_speaks_json(serve: Serve, run: Run, tmp_path: Path) -> None:
    site = served(serve, newspaper())
    for name in ("scrapy.cfg", "archiver", "spiders", "pipelines"):
        (tmp_path / name).symlink_to(ROOT / name)
    ended = run("scrapy", "crawl", "site", "--dry-run", "--json", "-a", f"url={site.base}/")
    assert ended.returncode == 0, ended.stderr
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    taken = {urlsplit(row["url"]).path: row["taken"] for row in rows}
    assert {path: taken[path] for path in PAPER} == PAPER
    assert set(rows[0]) == set("taken reason url source title published changed sections commented".split())
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("reviews", "--dry-run", "-a", "url=http://127.0.0.1:1/"), "--dry-run is for site"),
        (("site", "--json", "-a", "url=http://127.0.0.1:1/"), "--json is for --dry-run"),
        (("reviews", "--match", "a", "-a", "url=http://127.0.0.1:1/"), "unknown argument -a match"),
    ],
)
def test_flags_that_mean_nothing_are_refused(words: tuple[str, ...], fault: str, run: Run) -> None:
    ended = run("python", "-m", "archiver", "crawl", *words)
    assert ended.returncode == 2
    assert fault in ended.stderr


def test_what_a_site_says_does_nothing_to_a_terminal(serve: Serve, run: Run) -> None:
    site = Site()
    site["/"] = Answer("<h2><a href='/a'>\x1b[2J\u202eRed\tGreen</a></h2>".encode())
    served(serve, site)
    for form in ((), ("--json",)):
        ended = run("python", "-m", "archiver", "crawl", "site", "--dry-run", *form, "-a", f"url={site.base}/")
        assert "Green" in ended.stdout
        assert not {"\x1b", "\u202e"} & set(ended.stdout)


def test_a_dry_run_that_finds_no_site_says_so(run: Run) -> None:
    words = ("crawl", "site", "--dry-run", "-s", "RETRY_TIMES=0", "-a", "url=http://127.0.0.1:1/")
    ended = run("python", "-m", "archiver", *words)
    assert ended.returncode == 4
    assert ended.stderr == "archiver: failed: http://127.0.0.1:1/ (connection refused)\n"
