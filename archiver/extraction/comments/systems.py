"""Comment systems as the rule files describe them: ``rules/comments/*.toml``, one file a system.

What a file leaves out is found by its words (:mod:`.parts`): most files say which elements are
comments and little else. A *source* is a selector, or a selector and an attribute
(``time@datetime``); ``@data-author`` alone is an attribute of the comment's own element.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from msgspec import Struct

from archiver import rules
from archiver.extraction.select import Selector, Watch, rule
from archiver.record import CommentKind, Role


class SystemRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule file, as written."""

    #: Selectors of the element that is one comment.
    item: tuple[str, ...] = ()
    #: Or: a pattern that the element's id matches; group 1 is the native id.
    item_id: str = ""
    #: Elements that the item selectors find and that are none.
    not_item: tuple[str, ...] = ()
    #: One of these must stand on the page.
    detect: tuple[str, ...] = ()
    #: Systems are tried in this order; the first to find comments in a place keeps it.
    rank: int = 50
    kind: CommentKind = CommentKind.COMMENT
    #: An item's comment goes on through its following siblings, up to the next item (``dt``, ``dd``).
    runs: bool = False
    #: The first item is the page's own text, not a comment: `first`, or a selector of that item.
    opening: str = ""
    #: Without words a person wrote these are no comments: an item needs author, date or both.
    needs: tuple[str, ...] = ("author|date",)

    native_id: tuple[str, ...] = ()
    native_id_pattern: str = r"(\d{1,20})$"
    author: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    #: Takes the date out of the source's value: group 1.
    date_pattern: str = ""
    text: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    #: Quotations of posts that stand on the page themselves.
    quote: tuple[str, ...] = ()
    permalink: tuple[str, ...] = ()
    votes_up: tuple[str, ...] = ()
    votes_down: tuple[str, ...] = ()
    reviewer: tuple[str, ...] = ()
    moderator: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    moderated: tuple[str, ...] = ()
    collapsed: tuple[str, ...] = ()
    pingback: tuple[str, ...] = ()
    trackback: tuple[str, ...] = ()

    #: Sources of the parent's native id, and the pattern that takes it out.
    parent: tuple[str, ...] = ()
    parent_pattern: str = r"(\d{1,20})$"
    #: ``attribute``, ``quote`` or ``text``: what kind of word that is.
    parent_says: str = "attribute"
    #: How deep an item stands: a source and a pattern, a number to divide by, or an element around it.
    depth: tuple[str, ...] = ()
    depth_pattern: str = r"(\d{1,20})$"
    depth_unit: int = 1
    indent: str = ""
    #: Marks a parent whose replies, for want of depth, follow it as siblings.
    flattened: str = ""

    #: Roles of elements in items and around them.
    roles: dict[Role, tuple[str, ...]] = {}


class Source(NamedTuple):
    """Where a value stands: an element and perhaps an attribute of it."""

    selector: Selector | None
    attribute: str | None


class System:
    """A rule file, compiled."""

    def __init__(self, name: str, given: SystemRule, *, known: bool = True) -> None:
        self.name = name
        #: Whether a rule file describes it.
        self.known = known
        self.rule = given
        self.item = _selector(given.item)
        self.item_id = re.compile(given.item_id) if given.item_id else None
        self.not_item = _selector(given.not_item)
        self.detect = _selector(given.detect)
        self.opening = rule(given.opening) if given.opening and given.opening != "first" else None
        self.native_id = sources(given.native_id)
        self.native_id_pattern = re.compile(given.native_id_pattern)
        self.author = sources(given.author)
        self.date = sources(given.date)
        self.date_pattern = re.compile(given.date_pattern) if given.date_pattern else None
        self.text = _selector(given.text)
        self.title = _selector(given.title)
        self.quote = _selector(given.quote)
        self.permalink = sources(given.permalink)
        self.votes_up = sources(given.votes_up)
        self.votes_down = sources(given.votes_down)
        self.reviewer = _selector(given.reviewer)
        self.moderator = _selector(given.moderator)
        self.deleted = _selector(given.deleted)
        self.moderated = _selector(given.moderated)
        self.collapsed = _selector(given.collapsed)
        self.pingback = _selector(given.pingback)
        self.trackback = _selector(given.trackback)
        self.parent = sources(given.parent)
        self.parent_pattern = re.compile(given.parent_pattern)
        self.depth = sources(given.depth)
        self.depth_pattern = re.compile(given.depth_pattern)
        self.indent = rule(given.indent) if given.indent else None
        self.flattened = rule(given.flattened) if given.flattened else None
        self.roles = {role: rule(", ".join(found)) for role, found in given.roles.items()}


def sources(written: tuple[str, ...]) -> tuple[Source, ...]:
    return tuple(_source(one) for one in written)


def _source(written: str) -> Source:
    selector, at, attribute = written.rpartition("@")
    if not at:
        return Source(rule(written), None)
    return Source(rule(selector) if selector else None, attribute)


def _selector(written: tuple[str, ...]) -> Selector | None:
    return rule(", ".join(written)) if written else None


#: Every system that a rule file describes, in the order they are tried.
SYSTEMS: Final = tuple(
    sorted(
        (System(name, given) for name, given in rules.read_all("comments", SystemRule).items()),
        key=lambda system: (system.rule.rank, system.name),
    )
)

#: Those with item selectors, by what must stand on a page.
BY_ITEM: Final = Watch((system.item, system) for system in SYSTEMS if system.item is not None)

#: For the elements whose id alone makes them a comment: one pattern asks for all of them.
BY_ID: Final = tuple(system for system in SYSTEMS if system.item_id is not None)
ANY_ID: Final = re.compile("|".join(f"(?:{system.rule.item_id})" for system in BY_ID) or "(?!)")
