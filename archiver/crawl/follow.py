"""Where a page that only stands before another leads: the next address, and the cookies to bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from archiver import rules
from archiver.record import PageState, Review

#: States in which `redirects_to` is the page that was meant.
_LEADS: Final = frozenset({PageState.REDIRECT_STUB, PageState.INTERSTITIAL, PageState.ARCHIVE_REDIRECT})


class Following(Struct, frozen=True, forbid_unknown_fields=True):
    """rules/following.toml"""

    most: int
    seen: dict[str, str]


@dataclass(frozen=True)
class Onward:
    url: str
    cookies: dict[str, str] = field(default_factory=dict)


@cache
def following() -> Following:
    return rules.read("following.toml", Following)


def onward(review: Review, followed: int) -> Onward | None:
    """What to ask for next, after ``followed`` such pages in a row; None where the page is the last word."""
    if review.page_state not in _LEADS or followed >= following().most or review.url is None:
        return None
    if review.redirects_to and review.redirects_to != review.url:
        return Onward(review.redirects_to) if urlsplit(review.redirects_to).scheme in ("http", "https") else None
    if review.page_state is PageState.INTERSTITIAL:
        return Onward(review.url, following().seen)
    return None
