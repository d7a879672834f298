"""WordPress: its REST interface knows every post, when it was changed, and the sections it stands in.

`/wp-json/wp/v2/posts` gives 100 posts an answer and says in `X-WP-TotalPages` how many answers there are;
`/types` names the kinds of posts a site has, `/categories` what the numbers of sections mean, and `/comments`
gives 100 comments an answer, by which those of each post are counted: a comment does not change its post's date
(developer.wordpress.org, REST API handbook). Any of them may be closed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urljoin

from w3lib.url import add_or_replace_parameters, url_query_parameter

from archiver.crawl.discovery.found import REST, Found, text, utc
from archiver.crawl.discovery.rules import discovery
from archiver.extraction.comments.values import html_text, json_of, member, whole_number
from archiver.page import Page

_API: Final = "https://api.w.org/"
_LINK: Final = re.compile(r'<([^<>]{1,2000})>\s{0,9};\s{0,9}rel="?https://api\.w\.org/"?')
#: Entries of one answer; more are not given.
_AT_ONCE: Final = 100
_FIELDS: Final = "id,link,modified_gmt,date_gmt,title,type,categories"
#: Answers that are asked for to count the comments of posts; a site with more of them tells by them too dearly.
MOST_COUNTED: Final = 200
_ROUTE: Final = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){0,3}")
_POSTS: Final = "wp/v2/posts"
#: The kinds of posts where a site does not tell which it has: by route, as :func:`routes` gives them.
POSTS: Final[Mapping[str, str]] = {_POSTS: ""}


def root(page: Page) -> str | None:
    """Where a page says that its site's interface is: in a header `Link`, or in a link."""
    said = [match[1] for name, value in page.headers if name.lower() == "link" for match in _LINK.finditer(value)]
    said += [node.get("href") for node in page.document.nodes if node.tag == "link" and node.get("rel") == _API]
    try:
        return urljoin(page.url or "", said[0].strip()) if said and said[0].strip() else None
    except ValueError:
        return None


def categories_address(root: str) -> str:
    return _address(root, "wp/v2/categories", {"_fields": "id,name,slug", "per_page": str(_AT_ONCE)})


def types_address(root: str) -> str:
    return _address(root, "wp/v2/types", {"_fields": "slug,name,rest_base,rest_namespace"})


def posts_address(root: str, route: str = _POSTS) -> str:
    return _address(root, route, {"_fields": _FIELDS, "per_page": str(_AT_ONCE), "page": "1"})


def comments_address(root: str) -> str:
    """The comments of the whole site, each with no more than its post."""
    return _address(root, "wp/v2/comments", {"_fields": "id,post", "per_page": str(_AT_ONCE), "page": "1"})


def counted(page: Page) -> dict[str, int] | None:
    """How many comments of an answer belong to which post, by its number; None where it is not to be counted:
    closed, or one of too many."""
    listed = json_of(page.text)
    answers = whole_number(page.header("X-WP-TotalPages"))
    if page.status != 200 or not isinstance(listed, list) or answers is None or answers > MOST_COUNTED:
        return None
    posts = (member(one, "post") for one in listed)
    return dict(Counter(str(post) for post in posts if isinstance(post, int)))


def categories(page: Page) -> dict[str, str]:
    """Sections by their numbers."""
    listed = json_of(page.text)
    if not isinstance(listed, list):
        return {}
    named = ((member(one, "id"), text(html_text(member(one, "name")))) for one in listed)
    return {str(number): name for number, name in named if isinstance(number, int) and name}


def routes(page: Page) -> dict[str, str]:
    """The kinds of posts that may be reviews: by their route, what they are called. Its posts are first."""
    kinds = json_of(page.text)
    found = dict(POSTS)
    for kind in kinds.values() if isinstance(kinds, dict) else ():
        slug, base = member(kind, "slug"), member(kind, "rest_base")
        route = f"{member(kind, 'rest_namespace') or 'wp/v2'}/{base}"
        if base and slug not in discovery().others.types and _ROUTE.fullmatch(route) and route != _POSTS:
            found[route] = f"{slug} {text(member(kind, 'name')) or ''}".strip()
    return found


def entries(
    page: Page, named: Mapping[str, str], kind: str = "", comments: Mapping[str, int] | None = None
) -> list[Found]:
    """The posts of an answer, in its order; ``named`` are sections by number, ``kind`` what its route is called,
    ``comments`` how many each post has, where all were counted."""
    listed = json_of(page.text)
    told = (_found(one, named, kind, page.url or "", comments) for one in listed) if isinstance(listed, list) else ()
    return [found for found in told if found is not None]


def further(page: Page) -> str | None:
    """The next answer, as long as there is one and this one told something."""
    at = whole_number(url_query_parameter(page.url or "", "page")) or 1
    last = whole_number(page.header("X-WP-TotalPages"))
    listed = json_of(page.text)
    if not isinstance(listed, list) or not listed or at >= (last if last is not None else 10**6):
        return None
    if last is None and len(listed) < _AT_ONCE:
        return None
    return add_or_replace_parameters(page.url or "", {"page": str(at + 1)})


def _found(
    one: Any, named: Mapping[str, str], kind: str, base: str, comments: Mapping[str, int] | None
) -> Found | None:
    link = member(one, "link")
    if not isinstance(link, str):
        return None
    numbers = member(one, "categories")
    sections = [named[str(n)] for n in numbers if str(n) in named] if isinstance(numbers, list) else []
    try:
        url = urljoin(base, link.strip())
    except ValueError:
        return None
    return Found(
        url=url,
        source=REST,
        title=text(html_text(member(one, "title", "rendered"))),
        published=utc(member(one, "date_gmt")),
        changed=utc(member(one, "modified_gmt")),
        sections=(*([kind] if kind else []), *sections),
        commented=comments.get(str(member(one, "id")), 0) if comments is not None else None,
    )


def _address(root: str, route: str, asked: dict[str, str]) -> str:
    """``root`` has ``?rest_route=`` in it where addresses are plain."""
    return add_or_replace_parameters(f"{root.rstrip('/')}/{route}", asked)
