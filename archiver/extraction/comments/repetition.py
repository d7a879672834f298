"""Comments of a system that no rule file describes: elements that repeat, and look like comments.

Elements are grouped by the word for comment in their class or id ("fig-comment", "comment443722").
A group is a thread when its elements have an author, a text and, most of them, a date. Precision
first: side bars, teasers and single boxes that call themselves a comment have no such parts.

A forum's posts need not call themselves comments. Where address or data say that a page is a
thread, elements that call themselves posts are looked at too and, where classes say nothing at
all, the elements that stand side by side with a date each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Final

from msgspec.structs import replace

from archiver.document import Node
from archiver.extraction.comments.items import Item, Places, nest
from archiver.extraction.comments.parts import LONGEST_DATE, Hints, Parts, moment_of, numeric_date, read_parts
from archiver.extraction.comments.systems import System, SystemRule
from archiver.extraction.comments.words import WORDS, is_elsewhere
from archiver.extraction.hints import words_of
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule, rule_letters

#: Letters of a class that make an element worth a look, and whether they say "comment" outright.
_LETTERS: Final = {
    letters: letters in WORDS.repetition.sure for letters in (*WORDS.repetition.sure, *WORDS.repetition.unsure)
}
for _letters in (*_LETTERS, *WORDS.forum.posts):
    rule_letters(_letters)

rule("h1")
_ID: Final = re.compile(r"([a-z_-]{0,24}(?:comment|kommentar|reply|cmt|cid)[a-z_-]{0,12})(\d+)$", re.IGNORECASE)
_NEVER: Final = frozenset(
    "span a button form input textarea label h1 h2 h3 h4 h5 h6 p b i em strong img time svg small script"
    " style nav header footer".split()
)
_HEADLINES: Final = frozenset({"h1", "article", "main"})
_LONGEST: Final = 6_000
#: Runs of text of an element too large for a side bar, however small the page.
_LARGE: Final = 100
_DIGITS: Final = re.compile(r"\d")
#: How many of a group are read before it is believed.
_SAMPLE: Final = 6
_ENOUGH: Final = 0.6
_FEW: Final = 2
_MOST_GROUPS: Final = 24

#: Characters, links aside, between a thread's title and its first post: who began it, how many answered.
_LONGEST_HEAD: Final = 250
#: Short runs of text with numbers that are asked for a date.
_MOST_DATES: Final = 1_000
_NARROWEST_DATE: Final = len("1.1.2020")

_RULE: Final = SystemRule(
    native_id=("@id", "@data-comment-id", "@data-id", "@data-commentid"),
    native_id_pattern=r"(\d{2,20})$",
    needs=("author",),
    depth=("@class",),
    depth_pattern=r"(?:depth|level|indent)[-_]?(\d+)|[-_](indented|reply|child|nested|answer)\b",
)
UNKNOWN: Final = System("unknown", _RULE, known=False)
#: A forum's thread from its first post on.
FORUM: Final = System("unknown", replace(_RULE, opening="first", depth=()), known=False)


def find_repeated(reading: Reading) -> list[Item]:
    """Items of the group that looks most like a thread; none where no group does."""
    found = _best(reading, _groups(reading, _LETTERS))
    return _posts(reading, found) if _is_of_forum(reading) else found


def _posts(reading: Reading, comments: list[Item]) -> list[Item]:
    """A forum's posts, where they are more than what calls itself comments: an opening and its answers."""
    posts = _best(reading, _groups(reading, dict.fromkeys(WORDS.forum.posts, False)))
    posts = posts or ([] if comments else _best(reading, _dated_groups(reading)))
    found = posts if len(posts) > len(comments) and _have_prose(posts) else comments
    if found and _opens(reading, found):
        for item in found:
            item.system = FORUM
    return found


def _have_prose(items: Sequence[Item]) -> bool:
    """Whether a group's longest words are no links, as the titles in a list of threads are."""
    longest = [max(item.pieces(), key=lambda piece: len(piece.text)) for item in items[:_SAMPLE]]
    return 2 * sum(not piece.linked for piece in longest) >= len(longest)


def _is_of_forum(reading: Reading) -> bool:
    """Whether a page's address or data say that it is a forum's."""
    address = words_of((reading.page.url or "").lower())
    return not WORDS.forum.addresses.isdisjoint(address) or bool(reading.linked.of_type(*WORDS.forum.types))


def _opens(reading: Reading, items: Sequence[Item]) -> bool:
    """Whether a thread begins with what the page is about: its first post follows the title, or holds it."""
    first = items[0]
    titles = [node for node in reading.index.under("t", "h1") if node.first < first.last]
    if not titles:
        return False
    between = reading.document.pieces[titles[-1].last : first.first]
    return sum(len(piece.text.strip()) for piece in between if not piece.linked) <= _LONGEST_HEAD


def _best(reading: Reading, groups: Iterator[tuple[bool, list[Node]]]) -> list[Item]:
    places = Places(reading)
    best: list[Item] = []
    best_count = 0
    for outright, nodes in groups:
        items = _items(reading, nodes)
        count = _count(items, places, outright)
        inner = count == best_count == 1 and items[0].start > best[0].start
        if count > best_count or inner:
            best, best_count = items, count
    return best


def _dated_groups(reading: Reading) -> Iterator[tuple[bool, list[Node]]]:
    """Elements that stand side by side and hold a date each: those below the element that parts most dates."""
    parted: dict[int, dict[int, Node]] = {}
    for one, other in pairwise(_dated(reading)):
        around = {node.index: node for node in [one, *one.ancestors()]}
        below = other
        for node in other.ancestors():
            if node.index in around:
                first = next((child for child in around.values() if child.parent is node), below)
                held = parted.setdefault(node.index, {})
                held[first.index], held[below.index] = first, below
                break
            below = node
    if parted:
        held = max(parted.values(), key=len)
        tags = [node.tag for node in held.values()]
        most = max(tags, key=tags.count)
        if most not in _NEVER:
            yield True, [held[place] for place in sorted(held) if held[place].tag == most]


def _dated(reading: Reading) -> list[Node]:
    """Elements of the page that hold no more than a date."""
    pieces = reading.document.pieces
    short = (piece for piece in pieces if _NARROWEST_DATE <= len(piece.text.strip()) <= LONGEST_DATE)
    numbered = islice((piece for piece in short if _DIGITS.search(piece.text)), _MOST_DATES)
    return [piece.node for piece in numbered if moment_of(piece.text, Hints()) or numeric_date(piece.text)]


def _groups(reading: Reading, watched: Mapping[str, bool]) -> Iterator[tuple[bool, list[Node]]]:
    groups: dict[tuple[str, str], list[Node]] = {}
    outright: dict[tuple[str, str], bool] = {}
    for letters, sure in watched.items():
        for node in reading.index.under("~", letters):
            if node.tag not in _NEVER and node.first < node.last:
                token = _token(node.attrs["class"], letters)
                if token:
                    groups.setdefault((node.tag, token), []).append(node)
                    outright[node.tag, token] = sure
    for node in reading.index.under("@", "id"):
        match = _ID.match(node.attrs["id"]) if node.attrs["id"][-1:].isdecimal() else None
        if match is not None and node.tag not in _NEVER and node.first < node.last:
            key = node.tag, f"#{match[1]}"
            groups.setdefault(key, []).append(node)
            outright[key] = True
    ordered = sorted(groups, key=lambda key: -len(groups[key]))[:_MOST_GROUPS]
    for key in ordered:
        yield outright[key], groups[key]


def _token(attribute: str, letters: str) -> str:
    """The shortest class that holds the letters: what the element is, its states ("card--with-message") left aside."""
    tokens = [
        token
        for token in attribute.split()
        if letters in token.lower().partition("--")[0]
        and not _DIGITS.search(token)
        and WORDS.repetition.never.isdisjoint(words_of(token))
    ]
    return min(tokens, key=len, default="")


def _items(reading: Reading, nodes: Sequence[Node]) -> list[Item]:
    items = [Item(UNKNOWN, reading.document, node, None) for node in nodes]
    nest(items)
    return items


def _looks_like_one(parts: Parts, outright: bool, *, many: bool) -> bool:
    if not parts.author or not parts.text or parts.author == parts.text:
        return False
    dated = parts.date_raw is not None
    return (dated and (outright or parts.signed)) or (many and outright and parts.signed)


def _stands_alone(item: Item) -> bool:
    """Whether an element may be a page's only comment, and not a box around the article or around a list."""
    document, node = item.document, item.node
    if any(inner.tag in _HEADLINES for inner in document.within(node)):
        return False
    return sum(len(piece.text) for piece in item.pieces()) < _LONGEST and any(
        word in WORDS.repetition.around
        for above in node.ancestors()
        for word in words_of(f"{above.get('class')} {above.get('id')}")
    )


def _is_elsewhere(node: Node, count: int, headlines: Sequence[Node], share: float) -> bool:
    """Whether an element is a side bar or the like. Threads do stand in an ``aside``; and what holds the
    headline or half of the page is no side bar, whatever it is called."""
    if node.tag == "body" or not is_elsewhere(node) or (node.tag == "aside" and count > _FEW):
        return False
    return not any(node.holds(headline) for headline in headlines) and node.last - node.first < share


def _count(items: Sequence[Item], places: Places, outright: bool) -> int:
    """How many comments a group holds; 0 where too many of it do not look like one."""
    headlines = places.index.under("t", "h1")
    half = max(len(items[0].document.pieces) / 2, _LARGE)
    if any(_is_elsewhere(node, len(items), headlines, half) for node in [items[0].node, *items[0].node.ancestors()]):
        return 0
    if len(items) < _FEW and not (outright and _stands_alone(items[0])):
        return 0
    sample = items[:_SAMPLE]
    good = 0
    for tried, item in enumerate(sample):
        if item.last - item.first < _FEW or (tried == _FEW and not good):
            break
        parts = read_parts(item, places, Hints())
        good += _looks_like_one(parts, outright, many=len(items) > _FEW)
    return len(items) if good and good >= _ENOUGH * len(sample) else 0
