"""Whether a page is worth asking for: judged by all that is told of it before it is.

Recall comes first. What a site marks as a review is taken; what plainly is something else is left;
where nothing tells, the page is asked for. docs/discovery.md tells operators the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from archiver.crawl.discovery.addresses import query_of, segments_of, trap
from archiver.crawl.discovery.found import FEED, NAMED, REST, Found
from archiver.crawl.discovery.rules import discovery, plain, review_word, words_of

#: What a site publishes as an article is told here.
_PUBLISHED: Final = (REST, FEED)
_UNTOLD: Final = "nothing says otherwise"
_NUMBER: Final = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class Verdict:
    taken: bool
    #: Why, for people.
    reason: str
    #: Whether it rests on what a source says of this very page; other sources may say nothing of it.
    is_told: bool = False


@dataclass(frozen=True)
class Judge:
    """``of_reviews``: the site calls itself one of reviews, and its sections say nothing against a page."""

    match: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None
    of_reviews: bool = False

    def judge(self, found: Found) -> Verdict:
        """``found.url`` is folded, and lies on the site."""
        trapped = trap(found.url)
        if trapped:
            return _left(f"trap: {trapped}")
        if self.exclude and self.exclude.search(found.url):
            return _left("excluded")
        if self.match:
            return _taken("matches") if self.match.search(found.url) else _left("does not match")
        return _by_address(found) or self._by_words(found)

    def _by_words(self, found: Found) -> Verdict:
        said = review_word((*found.sections, unquote(urlsplit(found.url).path), found.title or ""))
        if said:
            return Verdict(True, f"says {said}", is_told=True)
        segments = [plain(unquote(segment)) for segment in segments_of(found.url)]
        if len(segments) == 1 and found.source not in _PUBLISHED and _bare(segments[0]) in discovery().others.papers:
            return _left(f"of the house: /{segments[0]}")
        other = None if self.of_reviews else _other_section(found, segments)
        return Verdict(False, f"section: {other}", is_told=True) if other else _taken(_UNTOLD)


def revised(verdict: Verdict, earlier: str | None) -> Verdict:
    """A verdict for want of words gives way to ``earlier``, why a source that is trusted more had the page left."""
    return _left(earlier) if earlier and verdict.reason == _UNTOLD else verdict


def calls_itself_of_reviews(*said: str | None) -> bool:
    """By the site's name, its front page's title, its host."""
    return review_word(one for one in said if one) is not None


def _by_address(found: Found) -> Verdict | None:
    """What holds no article, whatever its words say."""
    others = discovery().others
    segments = [segment.lower() for segment in segments_of(found.url)]
    if found.source == NAMED:
        return _taken("named")
    if not segments and not urlsplit(found.url).query:
        return _left("the front page")
    if segments and segments[-1].endswith(others.endings):
        return _left("no page: ." + segments[-1].rpartition(".")[2])
    if segments and (segments[-1] in others.last_segments or _is_numbered(segments[-1])):
        return _left(f"no article: /{segments[-1]}")
    for segment in segments[:1] + segments[1:-1]:
        if segment in others.segments:
            return _left(f"no article: /{segment}/")
    if len(segments) > 1 and segments[-2] in discovery().listings.segments and _NUMBER.fullmatch(segments[-1]):
        return _left(f"a list: /{segments[-2]}/{segments[-1]}")
    name = next((name for name, _ in query_of(found.url) if name.lower() in others.parameters), None)
    return _left(f"no article: ?{name}=") if name else None


def _other_section(found: Found, segments: list[str]) -> str | None:
    """The section that plainly is none of reviews; where several are told, all of them must be such."""
    sections = discovery().others.sections
    told = ["-".join(words_of(section)) for section in found.sections]
    if told:
        return told[0] if all(section in sections for section in told) else None
    return next((segment for segment in segments[:-1] if segment in sections), None)


def _is_numbered(segment: str) -> bool:
    begun = next((start for start in discovery().others.numbered if segment.startswith(start)), None)
    return begun is not None and segment.removeprefix(begun).isdecimal()


def _bare(segment: str) -> str:
    return segment.partition(".")[0]


def _taken(reason: str) -> Verdict:
    return Verdict(True, reason)


def _left(reason: str) -> Verdict:
    return Verdict(False, reason)
