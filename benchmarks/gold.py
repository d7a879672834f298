"""The labelled pages that the project is measured and trained with, and the two word metrics.

The pages are other people's and stay outside the repository; ``--data`` names the folder that
holds them, packed (``wcxb-dev.tar.xz``) or unpacked (``wcxb-dev/gold.jsonl``, ``wcxb-dev/html``).
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tldextract

_WORD = re.compile(r"\w+")
#: How many texts to each side tell where a text stands, and how much of each counts.
_NEAR = 6
_NEAR_SIZE = 400
_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@dataclass(frozen=True)
class GoldPage:
    """A page as it was saved, and what people found in it."""

    data_set: str
    gold: dict[str, Any]
    body: bytes

    @property
    def key(self) -> tuple[str, str]:
        return self.data_set, self.gold["id"]

    @property
    def site(self) -> str:
        return site_of(self.gold["url"])


def read_pages(data: Path, data_set: str) -> Iterator[GoldPage]:
    """Every page of a data set, in the order of its gold file."""
    folder = data / data_set
    if folder.is_dir():
        for gold in _lines((folder / "gold.jsonl").read_bytes()):
            yield GoldPage(data_set, gold, (folder / "html" / f"{gold['id']}.html").read_bytes())
        return
    golds: dict[str, dict[str, Any]] = {}
    bodies: dict[str, bytes] = {}
    with tarfile.open(data / f"{data_set}.tar.xz") as packed:
        for member in packed:
            file = packed.extractfile(member)
            if file is None:
                continue
            if member.name.endswith("gold.jsonl"):
                golds = {gold["id"]: gold for gold in _lines(file.read())}
            elif member.name.endswith(".html"):
                bodies[Path(member.name).name.removesuffix(".html")] = file.read()
    for key, gold in golds.items():
        yield GoldPage(data_set, gold, bodies[key])


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    # bytes, since str.splitlines() also parts at U+2028, which texts hold
    return map(json.loads, content.splitlines())


@cache
def site_of(url: str) -> str:
    """Registered domain; pages are folded by it, never by page."""
    parts = _SUFFIXES(url)
    return parts.top_domain_under_public_suffix or parts.domain or url


def fold_of(site: str, folds: int) -> int:
    """Which fold a site is in; the same on every machine."""
    return int(hashlib.md5(site.encode(), usedforsecurity=False).hexdigest(), 16) % folds


def words(text: str | None) -> list[str]:
    return _WORD.findall((text or "").lower())


def word_scores(gold: str | None, found: str | None) -> tuple[float, float, float]:
    """Precision, recall and F1 over the two texts' bags of words, as WCXB counts."""
    wanted, got = Counter(words(gold)), Counter(words(found))
    if not wanted or not got:
        same = float(not wanted and not got)
        return same, same, same
    hit = sum((wanted & got).values())
    precision, recall = hit / sum(got.values()), hit / sum(wanted.values())
    return precision, recall, 2 * precision * recall / (precision + recall) if hit else 0.0


def in_gold(texts: Sequence[str], gold: str) -> list[float]:
    """For each text of a page, the share of its three-word shingles that the gold text holds.

    Long texts are matched first and use up what they match, so that a teaser that repeats a
    sentence of the article does not count twice. A text of one or two words must be a line of
    the gold text. Of equal texts (an entry of the table of contents, and its heading) those
    count that stand among others that the gold holds.
    """
    left = Counter(_shingles(words(gold)))
    lines = Counter(tuple(words(line)) for line in gold.splitlines())
    shares = [0.0] * len(texts)
    for place in sorted(range(len(texts)), key=lambda i: -len(texts[i])):
        said = words(texts[place])
        if len(said) < 3:
            if said and lines[tuple(said)] > 0:
                shares[place] = 1.0
                lines[tuple(said)] -= 1
            continue
        mine = Counter(_shingles(said))
        shares[place] = sum(min(n, left[shingle]) for shingle, n in mine.items()) / mine.total()
        if shares[place] >= 0.5:
            for shingle, n in mine.items():
                left[shingle] -= min(n, left[shingle])
            lines[tuple(said)] -= 1
    return _among_their_like(texts, shares)


def _among_their_like(texts: Sequence[str], shares: Sequence[float]) -> list[float]:
    """The shares, those of equal texts given to the places that have more of the gold around them."""
    places = defaultdict(list)
    for place, text in enumerate(texts):
        places[text].append(place)
    size = [0 if len(places[text]) > 1 else min(len(text), _NEAR_SIZE) for text in texts]

    def around(place: int) -> float:
        near = [
            (size[i] / (1 + abs(i - place)), shares[i])
            for i in range(max(0, place - _NEAR), min(len(texts), place + _NEAR + 1))
        ]
        weight = sum(w for w, _ in near)
        return sum(w * share for w, share in near) / weight if weight else 0.0

    moved = list(shares)
    for same in places.values():
        if len(same) > 1:
            ranked = sorted(same, key=around, reverse=True)
            for place, share in zip(ranked, sorted((shares[i] for i in same), reverse=True), strict=True):
                moved[place] = share
    return moved


def _shingles(said: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(said[i : i + 3]) for i in range(len(said) - 2)] if len(said) >= 3 else [tuple(said)]
