"""WordPress: its REST interface, the one exact source of parents; else the further pages of a thread, as HTML.

``/wp-json/wp/v2/comments?post=ID`` gives 100 comments an answer and says in ``X-WP-Total`` and
``X-WP-TotalPages`` how many there are (developer.wordpress.org, REST API handbook, Comments).
Pages of a long thread are ``…/comment-page-N/``, or ``?cpage=N`` where addresses are plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from w3lib.url import add_or_replace_parameters

from archiver.extraction.comments import comments
from archiver.extraction.comments.threads import Said, said_again
from archiver.extraction.comments.values import html_text, identifier, json_of, link, member, words
from archiver.extraction.elsewhere.source import Ask, Told, lacks_comments, unsure_of_parents
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import CommentKind, ParentSource, Review

_API: Final = rule('link[rel="https://api.w.org/"]')
_OWN: Final = rule('link[rel="alternate"][type="application/json"]')
_FORM: Final = rule('input[name="comment_post_ID"]')
_SHORT: Final = rule('link[rel="shortlink"]')
_OWN_ID: Final = re.compile(r"/wp/v2/(?:posts|pages|[a-z_-]{1,40})/(\d{1,20})")
_SHORT_ID: Final = re.compile(r"[?&]p=(\d{1,20})")
_LINKS: Final = rule("a[href]")
_PAGE: Final = re.compile(r"(?:/comment-page-|[?&]cpage=)(\d{1,5})")
_PAGE_NUMBER: Final = re.compile(r"(?<=/comment-page-)\d{1,5}|(?<=[?&]cpage=)\d{1,5}")
_MOST_PAGES: Final = 500
_A_PAGE: Final = 100
_KINDS: Final = {"pingback": CommentKind.PINGBACK, "trackback": CommentKind.TRACKBACK}


class WordPressRest:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        root, post = _api(reading), _post_id(reading)
        if root and post and (lacks_comments(review) or unsure_of_parents(review)):
            yield Ask(_comments_url(root, post, 1), at=1)

    def read(self, ask: Ask, answer: Page) -> Told | None:
        listed = json_of(answer.text)
        if not isinstance(listed, list):
            return None
        asks: tuple[Ask, ...] = ()
        if ask.at == 1:
            pages = min(_whole(answer.header("X-WP-TotalPages")) or 1, _MOST_PAGES)
            asks = tuple(Ask(add_or_replace_parameters(ask.url, {"page": str(n)}), at=n) for n in range(2, pages + 1))
        said = tuple(_said(one) for one in listed if isinstance(one, dict))
        return Told(said, asks, _whole(answer.header("X-WP-Total")))


def _comments_url(root: str, post: str, page: int) -> str:
    """``root`` ends in ``/wp-json/``, or in ``?rest_route=/`` where addresses are plain."""
    asked = {"post": post, "per_page": str(_A_PAGE), "orderby": "date", "order": "asc", "page": str(page)}
    return add_or_replace_parameters(f"{root.rstrip('/')}/wp/v2/comments", asked)


def _api(reading: Reading) -> str | None:
    node = reading.index.first(_API)
    return reading.absolute(node.get("href")) if node is not None else None


def _post_id(reading: Reading) -> str | None:
    said = [
        *(_OWN_ID.search(node.get("href")) for node in reading.index.select(_OWN)),
        *(re.fullmatch(r"(\d{1,20})", node.get("value").strip()) for node in reading.index.select(_FORM)),
        *(_SHORT_ID.search(node.get("href")) for node in reading.index.select(_SHORT)),
    ]
    return next((match[1] for match in said if match is not None and match[1] != "0"), None)


def _said(one: dict[str, Any]) -> Said:
    gmt = words(one.get("date_gmt"))
    return Said(
        text=html_text(member(one, "content", "rendered")),
        native_id=identifier(one.get("id")),
        native_parent=identifier(one.get("parent")),
        source=ParentSource.API,
        author=html_text(one.get("author_name")),
        posted_at=f"{gmt}Z" if gmt else None,
        posted_at_raw=words(one.get("date")) or gmt,
        permalink=link(one.get("link")),
        kind=_KINDS.get(str(one.get("type")), CommentKind.COMMENT),
    )


def _whole(said: str | None) -> int | None:
    return int(said) if said and said.isdecimal() and len(said) < 8 else None


class WordPressPages:
    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        if lacks_comments(review):
            yield from _pages(reading)

    def read(self, ask: Ask, answer: Page) -> Told | None:  # noqa: ARG002
        if answer.media_type != "text/html":
            return None
        reading = Reading(answer)
        found = said_again(comments(reading).comments)
        return Told(found, tuple(_pages(reading))) if found else None


def _pages(reading: Reading) -> Iterable[Ask]:
    """Every page of the thread up to the last that is linked, the page's own included where it is numbered."""
    own = _without_page(reading.page.url or "")
    links = (reading.absolute(node.get("href")) or "" for node in reading.index.select(_LINKS))
    linked = {int(match[1]): url for url in links if (match := _PAGE.search(url)) and _without_page(url) == own}
    if not linked:
        return ()
    last, example = max(linked.items())
    example = example.partition("#")[0]
    numbers = range(1, min(last, _MOST_PAGES) + 1)
    before, after = _PAGE_NUMBER.split(example, maxsplit=1)
    return [Ask(f"{before}{n}{after}", at=n) for n in numbers]


def _without_page(url: str) -> tuple[str, str]:
    """What the pages of one thread have in common."""
    parts = urlsplit(_PAGE.sub("", url.partition("#")[0]))
    return parts.netloc.lower(), parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
