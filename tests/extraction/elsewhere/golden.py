"""Golden threads: folders ``pages/<source>/<what-is-odd>/`` with the page, answers as the source gives them, and
``expected.json``: what is asked for, in order, each with its answer, and what must come out of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import archiver
from archiver.extraction.elsewhere import Ask
from archiver.page import Page
from archiver.record import Review

PAGES: Final = Path(__file__).parent / "pages"
FETCHED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=UTF-8",
    ".xml": "application/xml; charset=UTF-8",
}

Answering = Callable[[Ask], Page | None]


@dataclass(frozen=True)
class Thread:
    """One folder."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @cached_property
    def expected(self) -> Mapping[str, Any]:
        expected: Mapping[str, Any] = json.loads((self.folder / "expected.json").read_text("utf-8"))
        return expected

    @cached_property
    def page(self) -> Page:
        return self._page("page.html", self.expected["url"])

    @cached_property
    def review(self) -> Review:
        """The page's record before anything is asked for."""
        return archiver.extract(self.page)

    @cached_property
    def answers(self) -> list[Page]:
        """What the source answers, in the order of the asking."""
        return [
            self._page(one["answer"], one["url"], one.get("status", 200), one.get("headers", {}))
            for one in self.expected["asks"]
        ]

    def answer(self, ask: Ask) -> Page | None:
        asked = [shown(one) for one in self.expected["asks"]]
        return self.answers[asked.index(shown(ask))] if shown(ask) in asked else None

    def _page(self, file: str, url: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Page:
        sent = (("Content-Type", _TYPES[Path(file).suffix]), *(headers or {}).items())
        body = (self.folder / file).read_bytes()
        return Page(body=body, url=url, status=status, headers=sent, fetched_at=FETCHED_AT)


THREADS: Final = [Thread(file.parent) for file in sorted(PAGES.glob("*/*/expected.json"))]
ASKING: Final = [thread for thread in THREADS if thread.expected["asks"]]


def shown(ask: Ask | Mapping[str, Any]) -> tuple[str, str]:
    """A request as tests compare it: its address, and the variables of its query where it has one."""
    if isinstance(ask, Ask):
        variables = json.loads(ask.body)["variables"] if ask.body else None
        return ask.url, json.dumps(variables, sort_keys=True)
    return ask["url"], json.dumps(ask.get("variables"), sort_keys=True)


def comments_of(review: Review, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The comments by the keys that are wanted of them; ``parent`` is the place of the one answered."""
    places: dict[str | None, int] = {comment.comment_id: place for place, comment in enumerate(review.comments)}
    keys = [*wanted, *[{"native_id": None}] * len(review.comments)]
    return [
        {key: places.get(one.parent_id) if key == "parent" else getattr(one, key) for key in said}
        for one, said in zip(review.comments, keys, strict=False)
    ]
