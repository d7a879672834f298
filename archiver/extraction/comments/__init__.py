"""Comments: what readers wrote below a page's text, as a thread.

The systems that rule files describe come first, then data that the page carries, then whatever
repeats itself like comments do. Widgets that keep their comments elsewhere are named, not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.comments import data, states
from archiver.extraction.comments.claims import item_claims, list_claims, system_claims
from archiver.extraction.comments.items import Item, Places, find_items, nest
from archiver.extraction.comments.parts import Hints, Parts, moment_of, numeric_date, read_parts
from archiver.extraction.comments.repetition import find_repeated
from archiver.extraction.comments.threads import Said, kind_of, say, thread
from archiver.extraction.reading import Reading
from archiver.record import Comment, CommentKind, CommentsState, ExternalComments

__all__ = ["Opening", "Thread", "comments", "thread_of_texts"]

#: By how the comments were told: a known system, a repetition, blank lines in a text.
_CONFIDENCE_SYSTEM: Final = 0.97
_CONFIDENCE_REPEATED: Final = 0.8
_CONFIDENCE_TEXT: Final = 0.6
_MONTHS: Final = 12


@dataclass(frozen=True)
class Opening:
    """A forum's first post: the page's own text. ``nodes`` hold the text."""

    nodes: tuple[Node, ...]
    item: Item
    text: str
    author: str | None = None
    posted_at: str | None = None
    posted_at_raw: str | None = None


@dataclass(frozen=True)
class Thread:
    """A page's comments and what the page says about them.

    ``claims`` cover every element in and around the comments; the text of a comment bears its
    ``comment_id`` as ``ref``. ``opening`` is the post that is the page's body, on a forum.
    """

    comments: tuple[Comment, ...] = ()
    state: CommentsState = CommentsState.NONE
    external: ExternalComments | None = None
    declared: int | None = None
    claims: tuple[Claim, ...] = ()
    opening: Opening | None = None
    #: The system that was recognised; None where there are no comments in the page.
    system: str | None = None
    #: 0-1; None where there is nothing to be sure of.
    confidence: float | None = None

    @property
    def is_forum(self) -> bool:
        return self.opening is not None


def comments(reading: Reading, only: str | None = None) -> Thread:
    """The comments in a page's HTML and data. What the page does not say is left empty. ``only``
    names the system that a site is known to use; no other is looked for."""
    places = Places(reading)
    items = find_items(reading, only)
    nest(items)
    found = _read(items, places, reading)
    if only is None and not any(_is_answer(parts) for parts in found):
        repeated = find_repeated(reading)
        nest(repeated)
        found = found + _read(repeated, places, reading) if repeated else found
    opening, found = _part_opening(found)
    kept = [parts for parts in found if _is_kept(parts, places)]
    said = say(kept, places)
    said_elsewhere = () if said else data.comments_in_data(reading)
    listed = thread(said or said_elsewhere, reading.page.url)
    return _thread(reading, places, kept, listed, opening)


def thread_of_texts(texts: Sequence[Sequence[str]], *, has_form: bool, url: str | None = None) -> Thread:
    """The thread of a page flattened to text: each comment's paragraphs are all that is left of it."""
    listed = thread([Said(text="\n\n".join(paragraphs)) for paragraphs in texts], url)
    state = CommentsState.COMPLETE if listed else CommentsState.OPEN_EMPTY if has_form else CommentsState.NONE
    return Thread(comments=listed, state=state, confidence=_CONFIDENCE_TEXT if listed else None)


def _thread(
    reading: Reading, places: Places, kept: Sequence[Parts], listed: tuple[Comment, ...], opening: Opening | None
) -> Thread:
    counted = [comment for comment in listed if comment.kind in (CommentKind.COMMENT, CommentKind.USER_REVIEW)]
    said = states.declared(reading, has_comments=bool(listed))
    mount = states.external(reading)
    number = said.number if mount is None or mount[1] is None else mount[1]
    if number is not None and said.with_opening and opening is not None:
        number -= 1
    claims = states.area_claims(reading)
    claims += states.count_claims(said)
    first = opening.item if opening is not None else None
    if kept or first is not None:
        claims = [
            *system_claims(kept, first, places),
            *item_claims(kept, listed if kept else (), places),  # those of the data stand in no element
            *claims,
            *list_claims(kept, reading, first),
        ]
    external = mount[0] if mount is not None and not counted else None
    return Thread(
        comments=listed,
        state=states.state_of(reading, len(listed), number, elsewhere=external is not None),
        external=external,
        declared=number,
        claims=tuple(claims),
        opening=opening,
        system=kept[0].item.system.name if kept else None,
        confidence=None
        if not listed
        else _CONFIDENCE_REPEATED
        if kept and not kept[0].item.system.known
        else _CONFIDENCE_SYSTEM,
    )


def _read(items: Sequence[Item], places: Places, reading: Reading) -> list[Parts]:
    if not items:
        return []
    hints = Hints(_language(reading), reading.page.fetched_at, None)
    found = [read_parts(item, places, hints) for item in items]
    return _dated(found, hints)


def _language(reading: Reading) -> str | None:
    root = reading.document.nodes[0] if reading.document.nodes else None
    said = root.get("lang") if root is not None else ""
    return said.strip() or None


def _dated(found: list[Parts], hints: Hints) -> list[Parts]:
    """Dates such as 03/04/2010 read the way that all of the page's dates can be read."""
    fields = [numbers for parts in found if parts.date_raw and (numbers := numeric_date(parts.date_raw))]
    if not fields:
        return found
    if any(a > _MONTHS for a, _ in fields) or any(b > _MONTHS for _, b in fields):
        day_first = any(a > _MONTHS for a, _ in fields)
    else:
        day_first = _disorder([(b, a) for a, b in fields]) < _disorder(fields)
    told = Hints(hints.language, hints.fetched_at, day_first)
    for parts in found:
        if parts.date_raw and numeric_date(parts.date_raw):
            if parts.posted_at is None or parts.posted_at == moment_of(parts.date_raw, hints):
                parts.posted_at = moment_of(parts.date_raw, told) or parts.posted_at
            if parts.ambiguous is not None:
                parts.date_nodes.append(parts.ambiguous)
    return found


def _disorder(fields: Sequence[tuple[int, int]]) -> int:
    """How often a date is followed by one that differs in the month alone: days change, months hardly."""
    return sum(one[0] != other[0] for one, other in pairwise(fields))


def _is_kept(parts: Parts, places: Places) -> bool:
    """Whether an item is a comment: it has words, or it holds a removed one's place."""
    item = parts.item
    if kind_of(item, places) in (CommentKind.PINGBACK, CommentKind.TRACKBACK):
        return True
    if parts.removed or places.own(item.system.deleted, item):
        return True
    return parts.text is not None and _is_answer(parts)


def _is_answer(parts: Parts) -> bool:
    has = {"author": parts.author is not None, "date": parts.posted_at is not None or parts.date_raw is not None}
    return parts.text is not None and all(
        any(has[one] for one in need.split("|")) for need in parts.item.system.rule.needs
    )


def _part_opening(found: list[Parts]) -> tuple[Opening | None, list[Parts]]:
    """A forum's first post apart from its answers."""
    for i, parts in enumerate(found):
        system = parts.item.system
        first = system.rule.opening == "first" and i == 0
        told = system.opening is not None and bool(parts.text_nodes) and system.opening.matches(parts.item.node)
        if (first or told) and parts.text:
            opening = Opening(
                tuple(parts.text_nodes) or (parts.item.node,),
                parts.item,
                parts.text,
                parts.author,
                parts.posted_at,
                parts.date_raw,
            )
            return opening, found[:i] + found[i + 1 :]
    return None, found
