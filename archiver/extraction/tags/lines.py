"""Lines of plain text that file a page ("Filed under X and tagged A, B")."""

from __future__ import annotations

import re
from typing import Final

from archiver.extraction.tags.found import UNNAMED, Found, Tags, categories_of, displayed, unique
from archiver.extraction.tags.wording import LABELS, LONGEST_LINE, MOST_WORDS, RULES, SAID, SPLIT, Kind
from archiver.record import TagsState


def tag_line(text: str) -> Tags | None:
    """A line that files a page ("Filed under X and tagged A, B"), read; None for any other.

    A line whose links were stripped upstream has only commas left: n commas stand for n + 1 tags.
    """
    line = " ".join(text.split())
    if not line or len(line) > LONGEST_LINE:
        return None
    runs = _runs(line)
    if not runs:
        return None
    found, slots = Found(), 0
    for kind, said in runs:
        names = [name for part in _parts(said) for name in map(displayed, SPLIT.split(part)) if name]
        if any(len(name.split()) > MOST_WORDS - 2 or name.endswith((".", "!", "?")) for name in names):
            return None
        for name in names:
            found.add(kind, name)
        if kind == "tag" and not names and "," in said:
            slots = max(slots, said.count(",") + 1)
    if not found.tags and not found.categories and not slots:
        return None
    state = TagsState.FOUND if found.tags else TagsState.LOST if slots else TagsState.ABSENT
    names_ = unique(found.tags)
    sure = UNNAMED if names_ else None
    return Tags(names_, categories_of(found.categories), state, len(names_) or slots, confidence=sure)


def _runs(line: str) -> list[tuple[Kind, str]]:
    """The line as labels and what stands after each; empty where it does not begin with a label."""
    folded = line.casefold()
    if len(folded) != len(line):
        return []
    marks = [(m.start(), m.end(), m.group(1) or m.group(2)) for m in _LABEL.finditer(folded)]
    if not marks or folded[: marks[0][0]].strip(" *•·«»[("):
        return []
    _, _, first = marks[0]
    has_colon = folded[marks[0][1] - 1 : marks[0][1]] in (":", "：")
    if not has_colon and (first not in SAID or (line.endswith(".") and _until_end(line) == line.rstrip(" ."))):
        return []
    ends = [start for start, _, _ in marks[1:]] + [len(line)]
    return [(LABELS[label], _until_end(line[after:end])) for (_, after, label), end in zip(marks, ends, strict=True)]


def _parts(said: str) -> list[str]:
    """What bars part: names of their own, or other data of the line after the first ("a, b | 3 Comments")."""
    first, *others = said.split("|")
    return [first] if "," in said else [first, *(other for other in others if not other.strip()[:1].isdigit())]


def _until_end(said: str) -> str:
    folded = said.casefold()
    if len(folded) != len(said):
        return said
    cut = min((at for end in RULES.text.ends if (at := folded.find(end)) >= 0), default=len(said))
    run = said[:cut].rstrip(" .")
    last = run.rpartition(" ")
    return last[0] if last[2].casefold() in RULES.text.joins else run


def _label_pattern() -> re.Pattern[str]:
    """A label: one that needs no colon before a space, any before a colon."""
    longest_first = sorted(LABELS, key=len, reverse=True)
    said = "|".join(re.escape(label) for label in longest_first if label in SAID)
    every = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![\w-])(?:({every})\s?[:：]|({said})(?=[\s,]))")


_LABEL: Final = _label_pattern()
