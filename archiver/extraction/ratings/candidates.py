"""What a page says that may be its verdict, and how far each source of it is trusted."""

from __future__ import annotations

from typing import NamedTuple

from archiver.document import Node
from archiver.record import Rating

#: How far each source is trusted; of equal ones the first on the page counts.
STRUCTURED, TITLE, PLUGIN, LINE, WIDGET = 5, 4, 3, 2, 1


class Candidate(NamedTuple):
    trust: int
    rating: Rating


def agree(one: Rating, other: Rating) -> bool:
    if one.value is None or other.value is None:
        return False
    if one.best is not None and other.best is not None:
        return abs(one.value / one.best - other.value / other.best) < 0.005
    return abs(one.value - other.value) < 0.005


def in_any(node: Node, others: list[Node]) -> bool:
    return any(other.holds(node) for other in others)
