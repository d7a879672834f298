"""Golden pages: folders ``tests/pages/<host>/<what-is-odd>/`` with ``page.html`` (or ``page.txt``)
and ``expected.json``, what must come out of it.

An expectation is judged only by the keys it names. Most are the record's own names; the rest are those of
:data:`READ`, which reads a record in the expectation's words, so that a difference between the two is shown as one.
``""`` stands for null.

============================  =========================================================================
``http``                      ``status``, ``headers`` and ``url`` of the answer; not judged
``body_paragraphs``           ``body_text``, split at blank lines
``author``                    the one author, or null
``date``, ``date_hint``       ``published_at``: the same instant, or the same day; a hint (a date that only
                              the address tells) and null are both right
``comments``                  readers' comments: ``author``, ``date``, ``text`` and ``parent`` (its place in the
                              list); a deleted one is compared only where it is listed
``expected_comment_count``    ``comments_declared``
``comments_partial``          whether ``comments_state`` is partial
``boilerplate``               for each, a segment with the role ``kind`` whose text begins with ``text``
``next_action``               ``do`` and where to: what the crawl asks for next, or the address in the record
an object                     by the keys it names
============================  =========================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from archiver.crawl.follow import onward
from archiver.page import Page
from archiver.record import Comment, CommentKind, CommentsState, CommentState, Review, Segment

PAGES: Final = Path(__file__).parent.parent / "pages"

#: Where a page is asked for, when what comes next is the same address once more.
_ASKED: Final = "https://asked.example/"

Expected = Mapping[str, Any]


@dataclass(frozen=True)
class Golden:
    """One folder. ``expected`` has null for ``""``."""

    name: str
    body: bytes
    expected: Expected

    @classmethod
    def of(cls, folder: Path) -> Golden:
        expected = json.loads((folder / "expected.json").read_text("utf-8"))
        return cls(f"{folder.parent.name}/{folder.name}", _page_in(folder).read_bytes(), _with_nulls(expected))

    @property
    def page(self) -> Page:
        http = self.expected.get("http", {})
        headers = tuple(http.get("headers", {}).items())
        return Page(body=self.body, url=http.get("url"), status=http.get("status"), headers=headers)

    @property
    def judged(self) -> Expected:
        return {key: wanted for key, wanted in self.expected.items() if key not in _NOT_JUDGED}


def golden_pages() -> list[Golden]:
    return [Golden.of(file.parent) for file in sorted(PAGES.glob("*/*/expected.json"))]


def as_expected(review: Review, golden: Golden) -> dict[str, Any]:
    """What the record says, in the expectation's words: equal to it where the record is right."""
    return {
        key: READ[key](review, wanted, golden.expected) if key in READ else _by_keys(getattr(review, key), wanted)
        for key, wanted in golden.judged.items()
    }


def text_of(segment: Segment, review: Review) -> str:
    """A segment's text, read where it stands."""
    if segment.ref is None:
        return segment.text or ""
    texts = {"body_text": review.body_text, **{comment.comment_id: comment.text for comment in review.comments}}
    return (texts[segment.ref] or "")[segment.start : segment.end]


def readers_comments(review: Review) -> list[Comment]:
    return [one for one in review.comments if one.kind in (CommentKind.COMMENT, CommentKind.USER_REVIEW)]


def _page_in(folder: Path) -> Path:
    [page] = folder.glob("page.*")
    return page


def _with_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_nulls(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_nulls(one) for one in value]
    return None if value == "" else value


def _by_keys(said: object, wanted: object) -> object:
    """As the line holds it: objects by the keys that are named, lists and values whole."""
    built = json.loads(msgspec.json.encode(said))
    if isinstance(built, dict) and isinstance(wanted, dict):
        return {key: built.get(key) for key in wanted}
    return built


def _paragraphs(review: Review, _wanted: object, _expected: Expected) -> list[str]:
    return review.body_text.split("\n\n") if review.body_text is not None else []


def _author(review: Review, _wanted: object, _expected: Expected) -> str | list[str] | None:
    match review.authors:
        case ():
            return None
        case (one,):
            return one
        case several:
            return list(several)


def _date(review: Review, wanted: str | None, expected: Expected) -> str | None:
    said = review.published_at
    return wanted if "date_hint" in expected and said == expected["date_hint"] else _moment(said, wanted)


def _moment(said: str | None, wanted: str | None) -> str | None:
    """``wanted`` where both are the same instant or day, else what is said."""
    return wanted if said and wanted and _same_moment(said, wanted) else said


def _same_moment(said: str, wanted: str) -> bool:
    if len(wanted) <= len("2010-09-15"):
        return said[: len(wanted)] == wanted
    if len(said) <= len("2010-09-15"):
        return False
    one, other = datetime.fromisoformat(said), datetime.fromisoformat(wanted)
    return (one.tzinfo is None) == (other.tzinfo is None) and one == other


def _comments(review: Review, wanted: list[dict[str, Any]], _expected: Expected) -> list[dict[str, Any]]:
    kept = [one for one in readers_comments(review) if one.state is not CommentState.DELETED or _is_listed(one, wanted)]
    places: dict[str | None, int] = {one.comment_id: place for place, one in enumerate(kept)}
    return [
        {
            "author": one.author,
            "date": _moment(one.posted_at, wanted[place]["date"] if place < len(wanted) else None),
            "text": one.text,
            "parent": places.get(one.parent_id),
        }
        for place, one in enumerate(kept)
    ]


def _is_listed(deleted: Comment, wanted: list[dict[str, Any]]) -> bool:
    return any(
        one["text"] is None
        and one["author"] == deleted.author
        and _moment(deleted.posted_at, one["date"]) == one["date"]
        for one in wanted
    )


def _boilerplate(review: Review, wanted: list[dict[str, str]], _expected: Expected) -> list[dict[str, str]]:
    """The notices that stand on the page; of one that does not, the segments that hold its words."""
    said = [(str(segment.role), " ".join(text_of(segment, review).split())) for segment in review.segments]
    found = []
    for one in wanted:
        words = " ".join(one["text"].split())
        if any(role == one["kind"] and text.startswith(words) for role, text in said):
            found.append(one)
        else:
            found += [{"kind": role, "text": text} for role, text in said if words in text or text in words]
    return found


def _next(review: Review, wanted: dict[str, Any], _expected: Expected) -> dict[str, Any]:
    """``wanted`` where the record leads where it should, else where it leads."""
    led = onward(msgspec.structs.replace(review, url=_ASKED), followed=0)
    address, cookies = (led.url, led.cookies) if led else (None, {})
    match wanted["do"]:
        case "follow" | "follow_capture":
            right = address == wanted["target"] == review.redirects_to
        case "refetch_original":
            right = (address, cookies) == (_ASKED, wanted["cookies"])
        case "fetch_canonical":
            right = review.canonical_url == wanted["target"] and led is None
        case "fetch_parts":
            right = [review.redirects_to] == wanted["parts"]
        case "flag" | "retry_later" | "try_variants_then_archive":
            right = led is None and review.redirects_to is None
        case unknown:
            raise AssertionError(unknown)
    return wanted if right else {"asks": address, "cookies": cookies, "redirects_to": review.redirects_to}


#: How a record is read, where the expectation has words of its own: (the record, what is expected of it, the whole
#: expectation).
READ: Final[Mapping[str, Callable[[Review, Any, Expected], Any]]] = {
    "body_paragraphs": _paragraphs,
    "author": _author,
    "date": _date,
    "comments": _comments,
    "expected_comment_count": lambda review, wanted, expected: review.comments_declared,
    "comments_partial": lambda review, wanted, expected: review.comments_state is CommentsState.PARTIAL,
    "boilerplate": _boilerplate,
    "next_action": _next,
}
_NOT_JUDGED: Final = frozenset({"http", "date_hint"})
