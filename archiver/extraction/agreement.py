"""Which claims can hold together.

Each finder claims what it knows without knowing the others. What stands beside an article (a
byline, a tag line, a fact box) holds neither the headline nor the article; what stands among
comments is theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archiver.document import Document, Node
from archiver.extraction.blocks import Claim
from archiver.record import Role

#: A tag line, a fact box, a byline has no more runs of text than this.
_MOST_RUNS: Final = 120
#: Runs of text from this size on are an article's, or a comment's.
_LONG: Final = 80  # characters
#: Boilerplate that holds both this much of long text and this share of the page's holds the article.
_MOST_TEXT: Final = 800  # characters
_MOST_SHARE: Final = 0.3
#: Roles of elements that hold long text by right.
_WITH_TEXT: Final = frozenset({Role.BODY, Role.COMMENT, Role.RELATED, Role.PINGBACK, Role.TRACKBACK})


def agreed(document: Document, area: Sequence[Claim], beside: Sequence[Claim]) -> list[Claim]:
    """The claims that can hold. ``area`` are the comments', the first post's and other articles';
    ``beside`` what metadata, tags, ratings and facts claim."""
    held = _LongText(document)
    area = [claim for claim in area if claim.role in _WITH_TEXT or not held.is_the_article(claim.node)]
    headlines = [claim.node for claim in beside if claim.role is Role.TITLE]
    taken = [(claim.node.index, claim.node.end) for claim in area]
    kept = [
        claim
        for claim in beside
        if claim.node.last - claim.node.first <= _MOST_RUNS
        and (claim.role is Role.TITLE or not any(claim.node.holds(node) for node in headlines))
        and not any(first <= claim.node.index < end for first, end in taken)
        and not held.is_the_article(claim.node)
    ]
    return [*area, *kept]


class _LongText:
    """How much of the page's long text an element holds."""

    def __init__(self, document: Document) -> None:
        total = 0
        self.sums = [0]
        for piece in document.pieces:
            size = len(piece.text)
            if size >= _LONG:
                total += size
            self.sums.append(total)

    def is_the_article(self, node: Node) -> bool:
        size = self.sums[node.last] - self.sums[node.first]
        return size > _MOST_TEXT and size > _MOST_SHARE * self.sums[-1]
