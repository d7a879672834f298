"""``archiver explain``: what each block of a page was taken for, and why.

Pages are hostile. Nothing of one reaches a terminal unless it is printable: control characters
could repaint the screen, bidirectional ones could make a line read as another. They are shown
as escapes. The HTML form holds no script, and its policy would run none.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import io
import itertools
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from archiver.cli.extract import Reading
from archiver.cli.telling import printable
from archiver.extraction import extract
from archiver.record import Review, Role, Segment

HELP = "show what each block of a page was taken for, and why"
EXAMPLES = """examples:
  archiver explain page.html --url https://example.org/a-review
  archiver explain page.html --html > explained.html
  archiver explain example.org.warc.gz --url https://example.org/a-review
"""


class Kind(NamedTuple):
    """Roles that are shown alike: on a terminal by an SGR code, in HTML by a colour."""

    name: str
    meaning: str
    sgr: str
    colour: str
    roles: frozenset[Role]


_ARTICLE: Final = frozenset({Role.TITLE, Role.SUBTITLE, Role.BYLINE, Role.DATELINE})
_ABOUT: Final = frozenset({Role.RATING, Role.FACTS, Role.TAG_LINE})
_READERS: Final = frozenset({Role.COMMENT, Role.COMMENT_META, Role.PINGBACK, Role.TRACKBACK})
_NOTICES: Final = frozenset(
    {
        Role.REDIRECT_NOTICE, Role.COOKIE_NOTICE, Role.PAYWALL_NOTICE, Role.AGE_GATE, Role.CHALLENGE_NOTICE,
        Role.PASSWORD_FORM, Role.ERROR_NOTICE, Role.ERROR_PLACEHOLDER, Role.LOGIN_PROMPT, Role.COMMENTS_CLOSED,
        Role.COMMENT_PLACEHOLDER, Role.MODERATION_NOTICE, Role.FORUM_NOTICE, Role.SPOILER_NOTICE, Role.ARCHIVE_TOOLBAR,
    }
)  # fmt: skip
KINDS: Final = (
    Kind("body", "the article", "32", "#d7f0d2", frozenset({Role.BODY})),
    Kind("head", "its headline, authors and date", "1;36", "#cdeaf2", _ARTICLE),
    Kind("about", "rating, facts, tags", "33", "#f6e8b8", _ABOUT),
    Kind("readers", "comments", "34", "#d9dcf7", _READERS),
    Kind("notice", "notices", "35", "#f5d5e8", _NOTICES),
    Kind(
        "rest", "all the rest", "90", "#e9e9e9", frozenset(Role) - _ARTICLE - _ABOUT - _READERS - _NOTICES - {Role.BODY}
    ),
)
_KIND_OF: Final = {role: kind for kind in KINDS for role in kind.roles}
_INDENT: Final = "    "
_RESET: Final = "\x1b[0m"
_STYLE: Final = "\n".join(
    [
        "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111;background:#fff}",
        "section{margin:.4em 0;padding:.3em .8em}p{margin:.2em 0;white-space:pre-line;overflow-wrap:anywhere}",
        "small{color:#444}ul{list-style:none;padding:0}li{display:inline-block;padding:0 .6em;margin:0 .4em .4em 0}",
        *(f".{kind.name}{{background:{kind.colour}}}" for kind in KINDS),
    ]
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("page", metavar="PAGE", help="a file, an archive, or - for stdin")
    parser.add_argument("--html", action="store_true", help="write a web page, with a legend of the colours")
    parser.add_argument("--url", help="the address of the page; of an archive, the page to show")


def run(options: argparse.Namespace) -> int:
    """0; 2 where there is no such page; 3 where some of an archive could not be read."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    reading = Reading([options.page], options.url)
    reviews = _explained(reading, options.url)
    shown = 0
    for part in _as_html(reviews) if options.html else _as_text(reviews, colours=_colours()):
        shown += 1
        print(part)
    if not shown:
        if not reading.faults:
            options.complain(f"{printable(options.page)} holds no such page")
        return 2
    return 3 if reading.faults else 0


def _explained(reading: Reading, url: str | None) -> Iterator[Review]:
    for source in reading:
        if source.captured is None or url is None or source.page.url == url:
            yield extract(source.page)


def _text_of(review: Review, segment: Segment) -> str:
    """A segment's text, which may stand in the body or in a comment."""
    if segment.text is not None:
        return segment.text
    if segment.ref == "body_text":
        whole = review.body_text
    else:
        whole = next((one.text for one in review.comments if one.comment_id == segment.ref), None)
    return (whole or "")[segment.start : segment.end]


def _why(segment: Segment) -> str:
    sure = f"{segment.confidence:.2f}" if segment.confidence is not None else None
    ref = segment.ref if segment.ref != "body_text" else None
    return " · ".join(printable(part) for part in (ref, segment.reason, sure) if part)


def _summary(review: Review) -> list[tuple[str, str]]:
    """What a page is, before its blocks."""
    said = {
        "page": review.url or "a page without an address",
        "state": f"{review.page_state}, {review.page_kind}",
        "title": review.title,
        "authors": ", ".join(review.authors),
        "published": review.published_at,
        "rating": review.rating.raw if review.rating else None,
        "tags": f"{', '.join(review.tags)} ({review.tags_state})" if review.tags else str(review.tags_state),
        "comments": f"{review.comments_found or 0} ({review.comments_state})",
    }
    return [(name, printable(value).replace("\n", " ")) for name, value in said.items() if value]


def _colours() -> bool:
    """Whether colours are wanted: on a terminal, unless NO_COLOR says otherwise (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _as_text(reviews: Iterable[Review], *, colours: bool) -> Iterator[str]:
    width = max(40, shutil.get_terminal_size((100, 24)).columns)
    for review in reviews:
        lines = [f"{name:10}{value}" for name, value in _summary(review)]
        for segment in review.segments:
            kind = _KIND_OF[segment.role]
            role = f"\x1b[{kind.sgr}m{segment.role}{_RESET}" if colours else str(segment.role)
            lines += ["", f"{role}  {_why(segment)}".rstrip(), *_wrapped(_text_of(review, segment), width)]
        yield "\n".join([*lines, ""])


def _wrapped(text: str, width: int) -> Iterator[str]:
    for line in printable(text).split("\n"):
        yield from textwrap.wrap(line, width, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _as_html(reviews: Iterable[Review]) -> Iterator[str]:
    """A page of its own, in parts: nothing is loaded, nothing runs, and the policy says so."""
    pages = iter(reviews)
    first = next(pages, None)
    if first is None:
        return
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            f"<title>A page explained</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
            _legend(),
        ]
    )
    for review in itertools.chain([first], pages):
        yield _page_as_html(review)
    yield "</body>\n</html>"


def _legend() -> str:
    return "<ul>" + "".join(f'<li class="{kind.name}">{kind.meaning}</li>' for kind in KINDS) + "</ul>"


def _page_as_html(review: Review) -> str:
    lines = ["<article>", "<h1>" + html.escape(printable(review.title or review.page_state)) + "</h1>"]
    lines += [f"<p><small>{name}</small> {html.escape(value)}</p>" for name, value in _summary(review)]
    for segment in review.segments:
        place = f' title="{html.escape(printable(segment.xpath))}"' if segment.xpath else ""
        lines.append(
            f'<section class="{_KIND_OF[segment.role].name}"{place}><b>{segment.role}</b>'
            f" <small>{html.escape(_why(segment))}</small>"
            f'<p dir="auto">{html.escape(printable(_text_of(review, segment)))}</p></section>'
        )
    return "\n".join([*lines, "</article>"])
