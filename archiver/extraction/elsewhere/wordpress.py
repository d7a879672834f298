"""WordPress: its REST interface, the one exact source of parents; else the further pages of a thread, as HTML.

``/wp-json/wp/v2/comments?post=ID`` gives 100 comments an answer, pingbacks apart, and says in ``X-WP-Total`` and
``X-WP-TotalPages`` how many there are (developer.wordpress.org, REST API handbook, Comments).
Pages of a long thread are ``…/comment-page-N/``, or ``?cpage=N`` where addresses are plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final

from w3lib.url import add_or_replace_parameters

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import (
    html_text,
    identifier,
    instant,
    json_of,
    link,
    member,
    whole_number,
    words,
)
from archiver.extraction.elsewhere.pages import MOST_PAGES, read_page
from archiver.extraction.elsewhere.source import Ask, Told, host_of, lacks_comments, own_address, unsure_of_parents
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page, address_of
from archiver.record import CommentKind, ParentSource, Review

_API: Final = rule('link[rel="https://api.w.org/"]')
_OWN: Final = rule('link[rel="alternate"][type="application/json"]')
_FORM: Final = rule('input[name="comment_post_ID"]')
_SHORT: Final = rule('link[rel="shortlink"]')
_OWN_ID: Final = re.compile(r"/wp/v2/[a-z_-]{1,40}/(\d{1,20})$")
_FORM_ID: Final = re.compile(r"(\d{1,20})$")
_SHORT_ID: Final = re.compile(r"[?&]p=(\d{1,20})$")
_A_PAGE: Final = 100
_KINDS: Final = {"pingback": CommentKind.PINGBACK, "trackback": CommentKind.TRACKBACK}


class WordPressRest:
    """Asked for parents too, where the theme prints the deepest replies side by side."""

    system: ClassVar[str] = "wordpress"

    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if lacks_comments(review) or unsure_of_parents(review):
            root, post = _api(reading), _post_id(reading)
            if root and post:
                yield _ask(f"{root.rstrip('/')}/wp/v2/comments", post, 1)

    def read(self, ask: Ask, answer: Page) -> Told | None:
        listed = json_of(answer.text)
        if not isinstance(listed, list):
            return None
        said = tuple(_said(one) for one in listed if isinstance(one, dict))
        return Told(said, tuple(_following(ask, answer, len(listed))), whole_number(answer.header("X-WP-Total")))


def _ask(url: str, post: str, page: int) -> Ask:
    """``url`` has ``?rest_route=`` in it where addresses are plain."""
    asked = {"post": post, "per_page": str(_A_PAGE), "orderby": "date", "order": "asc", "page": str(page)}
    return Ask(add_or_replace_parameters(url, asked), at=page)


def _following(ask: Ask, answer: Page, listed: int) -> Iterator[Ask]:
    """After the first page all others; where nothing says how many there are, the next one after a full one."""
    pages = whole_number(answer.header("X-WP-TotalPages"))
    if pages is None:
        pages = ask.at + 1 if listed >= _A_PAGE else 1
    elif ask.at > 1:
        return
    for page in range(ask.at + 1, min(pages, MOST_PAGES) + 1):
        yield Ask(add_or_replace_parameters(ask.url, {"page": str(page)}), at=page)


def _api(reading: Reading) -> str | None:
    node = reading.index.first(_API)
    return own_address(reading, node.get("href")) if node is not None else None


def _post_id(reading: Reading) -> str | None:
    said = [
        *(_OWN_ID.search(node.get("href")) for node in reading.index.select(_OWN)),
        *(_FORM_ID.match(node.get("value").strip()) for node in reading.index.select(_FORM)),
        *(_SHORT_ID.search(node.get("href")) for node in reading.index.select(_SHORT)),
    ]
    return next((match[1] for match in said if match is not None and match[1] != "0"), None)


def _said(one: dict[str, Any]) -> Said:
    gmt = words(one.get("date_gmt"))  # in UTC, and says so nowhere
    return Said(
        text=html_text(member(one, "content", "rendered")),
        native_id=identifier(one.get("id")),
        native_parent=identifier(one.get("parent")),
        source=ParentSource.API,
        author=words(html_text(one.get("author_name"))),
        posted_at=instant(f"{gmt}Z" if gmt else one.get("date")),
        posted_at_raw=words(one.get("date")) or gmt,
        permalink=link(one.get("link")),
        kind=_KINDS.get(str(one.get("type")), CommentKind.COMMENT),
    )


# -- pages -----------------------------------------------------------------------------------

_LINKS: Final = rule("a[href]")
_PAGE: Final = re.compile(r"/comment-page-(\d{1,5})(?=[/?#]|$)|[?&]cpage=(\d{1,5})(?=[&#]|$)")


class WordPressPages:
    system: ClassVar[str] = "wordpress"

    def asks(self, reading: Reading, review: Review) -> Iterable[Ask]:
        return _pages(reading) if lacks_comments(review) else ()

    def read(self, ask: Ask, answer: Page) -> Told | None:
        return read_page(ask, answer, _thread_of, _pages)


def _pages(reading: Reading) -> list[Ask]:
    """Every page up to the last that is linked. The first is among them: where the newest comments are shown
    first, a thread's plain address is its last page."""
    own = reading.page.url or ""
    linked: dict[int, str] = {}
    for node in reading.index.select(_LINKS):
        href = node.attrs["href"]
        if "comment-page-" not in href and "cpage=" not in href:
            continue
        url = own_address(reading, href)
        number = _page_number(url) if url is not None else None
        if url is not None and number is not None and _thread_of(url) == _thread_of(own):
            linked[number] = url
    if not linked:
        return []
    last, example = max(linked.items())
    numbers = (n for n in range(1, min(last, MOST_PAGES) + 1) if n != _page_number(own))
    return [Ask(_with_number(example, n), at=n) for n in numbers]


def _page_number(url: str) -> int | None:
    match = _PAGE.search(url)
    return int(match[1] or match[2]) if match is not None else None


def _with_number(url: str, number: int) -> str:
    match = _PAGE.search(url)
    start, end = match.span(match.lastindex or 0) if match is not None else (0, 0)
    return f"{url[:start]}{number}{url[end:]}"


def _thread_of(url: str) -> tuple[str, str, str]:
    """What the pages of one thread have in common."""
    parts = address_of(_PAGE.sub("", url))
    return host_of(url), parts.path.rstrip("/"), parts.query
