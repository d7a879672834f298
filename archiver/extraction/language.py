"""Language: what the page says it is written in, else what its words say."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from archiver import rules
from archiver.extraction.linked_data import text
from archiver.extraction.select import rule

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: dict[str, tuple[str, ...]]
    scripts: dict[str, str]


_RULES: Final = rules.read("languages.toml", _Rules)
_HTML: Final = rule("html")
_TAG: Final = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?(?:[-_.@].*)?", re.I)
_LANGUAGE_OF: Final = {
    word: [tag for tag, words in _RULES.words.items() if word in words]
    for words in _RULES.words.values()
    for word in words
}
_SCRIPTS: Final = {tag: re.compile(pattern) for tag, pattern in _RULES.scripts.items()}
#: So much of the text is looked at, in runs long enough to be prose.
_SAMPLE, _PROSE = 3000, 60
#: A language shows in so many of its words, and in half as many again as any other's.
_FEWEST, _AHEAD = 4, 1.5


def language_of(reading: Reading) -> str | None:
    """BCP 47; None where neither the page nor its words tell."""
    html = reading.index.first(_HTML)
    main = reading.linked.main
    said = [
        html.get("lang") if html is not None else None,
        html.get("xml:lang") if html is not None else None,
        *reading.meta.get("content-language", ()),
        *reading.meta.get("og:locale", ()),
        text(main.get("inLanguage")) if main is not None else None,
    ]
    declared = next((tag for one in said if one and (tag := language_tag(one))), None)
    return declared or guess(_prose(reading))


def language_tag(said: str) -> str | None:
    """A tag as BCP 47 writes it: ``en_us`` → en-US; None for what is none."""
    match = _TAG.fullmatch(said.strip().partition(",")[0])
    if match is None or match[1].lower() in ("und", "mul", "zxx"):
        return None
    script, region = match[2], match[3]
    return "-".join(part for part in (match[1].lower(), script and script.title(), region and region.upper()) if part)


def without_region(tag: str | None) -> str | None:
    """The language itself: a site's country says nothing of the text (``de-AT`` → de, ``zh-Hant-TW`` → zh-Hant)."""
    return "-".join(part for part in tag.split("-")[:2] if part.islower() or part.istitle()) if tag else None


def guess(words: str) -> str | None:
    """The language of a text by its commonest words, or by its script."""
    for tag, script in _SCRIPTS.items():
        if len(script.findall(words)) > len(words) // 10 + 2:
            return tag
    seen = Counter(tag for word in re.findall(r"[^\W\d_]+", words.casefold()) for tag in _LANGUAGE_OF.get(word, ()))
    ranked = [*seen.most_common(2), ("", 0), ("", 0)]
    (best, count), (_, second) = ranked[:2]
    return best if count >= _FEWEST and count >= _AHEAD * second else None


def _prose(reading: Reading) -> str:
    found: list[str] = []
    size = 0
    if reading.page.media_type == "text/plain":
        return reading.page.text[:_SAMPLE]
    for piece in reading.document.pieces:
        if len(piece.text) >= _PROSE:
            found.append(piece.text)
            size += len(piece.text)
            if size > _SAMPLE:
                break
    return " ".join(found)[: 2 * _SAMPLE]
