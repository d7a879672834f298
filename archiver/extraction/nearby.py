"""Nearby: the elements and lines beside the headline, where pages say who wrote them and when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from archiver.document import SAME, Node, join
from archiver.extraction.hints import words_of
from archiver.extraction.select import Selector

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading

#: Of elements that a selector finds, so many nearest to the headline are looked at.
_NEAREST: Final = 16
#: Runs of text in an element or line that is more than a byline.
MOST_PIECES: Final = 16
#: An element above the headline ends within so many runs of text before it.
_REACH_ABOVE: Final = 24
_LINES_ABOVE, _LINES_BELOW = 5, 15


class Line(NamedTuple):
    """A run of text that no block-level element interrupts, with the element it begins in."""

    node: Node
    text: str


def elements_by_distance(
    reading: Reading, headline: Node | None, places: Selector, letters: Sequence[str]
) -> list[Node]:
    """Elements that match or whose class holds the letters: those after the headline first, nearest first."""
    index = reading.index
    nodes = {node.index: node for node in index.select(places)}
    for one in letters:
        nodes |= {node.index: node for node in index.under("~", one)}
    if headline is None:
        return [nodes[place] for place in sorted(nodes)[:_NEAREST]]
    start = headline.index
    near = [place for place, node in nodes.items() if place >= start or headline.first - node.last <= _REACH_ABOVE]
    return [nodes[place] for place in sorted(near, key=lambda i: (i < start, abs(i - start)))[:_NEAREST]]


def is_own(reading: Reading, node: Node) -> bool:
    """Whether an element stands in the page's own article; its own name (``h-card``) does not count."""
    return reading.entry.owns(node.parent if node.parent is not None else node)


def lines_beside(reading: Reading, headline: Node | None, longest: int) -> tuple[list[Line], list[Line]]:
    """Short lines above and below the headline, each from the headline outward."""
    if headline is None:
        return [], []
    pieces = reading.document.pieces
    starts = [i for i in range(max(0, headline.first - 4 * _LINES_ABOVE), headline.first) if pieces[i].gap != SAME]
    above = [_line(reading, start) for start in reversed(starts[-_LINES_ABOVE:])]
    below: list[Line] = []
    place = headline.last
    while place < len(pieces) and len(below) < _LINES_BELOW:
        below.append(_line(reading, place))
        place = _end_of_line(reading, place)
    most = len(pieces) // 2
    above, below = (
        [line for line in lines if 0 < len(line.text) <= longest and not _of_others(line.node, most, headline)]
        for lines in (above, below)
    )
    return above, below


def _line(reading: Reading, place: int) -> Line:
    pieces = reading.document.pieces
    return Line(pieces[place].node, join(pieces[place : _end_of_line(reading, place)]))


def _end_of_line(reading: Reading, place: int) -> int:
    pieces = reading.document.pieces
    end = place + 1
    while end < len(pieces) and end - place < MOST_PIECES and pieces[end].gap == SAME:
        end += 1
    return end


def naming_words(attribute: str) -> tuple[str, ...]:
    """Words of a class or id attribute, without the tokens that style an element by what stands elsewhere."""
    if "-" in attribute:
        tokens = attribute.split()
        attribute = " ".join(one for one in tokens if "[" not in one and not one.startswith(("has-", "with-", "no-")))
    return words_of(attribute)


def named_after(words: Collection[str]) -> Callable[[Node, int, Node | None], bool]:
    """A test: whether an element, or one around it of at most so many runs of text, is named with one of the words.

    What holds the headline too is the page's own, whatever it is named: ``with-sidebar`` tells of its layout.
    """
    wanted = frozenset(words)

    @lru_cache(maxsize=20_000)
    def names(attribute: str) -> bool:
        return not wanted.isdisjoint(naming_words(attribute))

    def test(node: Node, most_pieces: int, headline: Node | None) -> bool:
        here: Node | None = node
        while here is not None and here.last - here.first <= most_pieces:
            if headline is not None and here.holds(headline):
                return False
            attrs = here.attrs
            if attrs and (names(attrs.get("class", "")) or names(attrs.get("id", ""))):
                return True
            here = here.parent
        return False

    return test


_of_others: Final = named_after(
    "comment comments commentlist respond replies trending popular related recommended sidebar recent".split()
)
