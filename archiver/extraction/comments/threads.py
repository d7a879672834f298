"""Threads: from the parts of each comment to the list in the record, with parents told."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from archiver.document import Node
from archiver.extraction.comments.items import Item, Places
from archiver.extraction.comments.parts import Parts
from archiver.extraction.comments.systems import Source
from archiver.extraction.comments.words import is_tool
from archiver.extraction.dates import in_utc
from archiver.page import address_of
from archiver.record import AuthorRole, Comment, CommentKind, CommentState, ParentSource

_CUT_BEFORE: Final = re.compile(r"[\s\-–—•]{0,6}[\[(](?:…|\.\.\.)[\])]")
_CUT_AFTER: Final = re.compile(r"(?:…|\.\.\.)[\])]?[\s.]{0,3}\Z")
_LAST_DIGITS: Final = re.compile(r"\d{1,20}\Z")
#: Links to the comment before or after are no answers.
_NEIGHBOUR: Final = re.compile(r"\b(?:next|prev|previous|newer|older|nächste|vorherige|suivant|précédent)\b")
_FROM_SITES: Final = frozenset({CommentKind.PINGBACK, CommentKind.TRACKBACK})
_CUT: Final = 12
_NUMBER: Final = re.compile(r"[-−–]?\d[\d.,]*")
_DEEPEST: Final = 100


@dataclass(frozen=True)
class Said:
    """One comment as a page's HTML or its data says it, before its place in the thread is known.

    ``parent`` is the place, in the list it comes in, of the comment answered; ``native_parent``
    its native id, where that is what is said. ``native_parent`` counts where both are given.
    """

    text: str | None
    native_id: str | None = None
    parent: int | None = None
    native_parent: str | None = None
    source: ParentSource = ParentSource.UNKNOWN
    author: str | None = None
    author_role: AuthorRole = AuthorRole.UNKNOWN
    posted_at: str | None = None
    posted_at_raw: str | None = None
    permalink: str | None = None
    votes_up: int | None = None
    votes_down: int | None = None
    kind: CommentKind = CommentKind.COMMENT
    state: CommentState = CommentState.VISIBLE


def thread(said: Sequence[Said], url: str | None) -> tuple[Comment, ...]:
    """Comments in page order with ids, parents, depths and paths."""
    parents = _parents(said)
    ids = _comment_ids(said, url)
    comments: list[Comment] = []
    depths: list[int] = []
    paths: list[str] = []
    replies: dict[int | None, int] = {}
    for position, (one, parent) in enumerate(zip(said, parents, strict=True)):
        replies[parent] = replies.get(parent, 0) + 1
        step = f"{replies[parent]:04d}"
        depths.append(0 if parent is None else depths[parent] + 1)
        paths.append(step if parent is None else f"{paths[parent]}.{step}")
        comments.append(
            Comment(
                comment_id=ids[position],
                text=one.text,
                position=position,
                native_id=one.native_id,
                parent_id=None if parent is None else ids[parent],
                depth=depths[position],
                path=paths[position],
                parent_source=one.source,
                author=one.author,
                author_role=one.author_role,
                posted_at=in_utc(one.posted_at),
                posted_at_raw=one.posted_at_raw,
                permalink=one.permalink,
                votes_up=one.votes_up,
                votes_down=one.votes_down,
                kind=one.kind,
                state=one.state,
            )
        )
    return tuple(comments)


def said_again(comments: Sequence[Comment]) -> tuple[Said, ...]:
    """A thread's comments as they were said: what :func:`thread` was given."""
    places = {comment.comment_id: place for place, comment in enumerate(comments)}
    return tuple(
        Said(
            text=one.text, native_id=one.native_id, parent=places.get(one.parent_id) if one.parent_id else None,
            source=one.parent_source, author=one.author, author_role=one.author_role, posted_at=one.posted_at,
            posted_at_raw=one.posted_at_raw, permalink=one.permalink, votes_up=one.votes_up,
            votes_down=one.votes_down, kind=one.kind, state=one.state,
        )
        for one in comments
    )  # fmt: skip


def _parents(said: Sequence[Said]) -> list[int | None]:
    """The place of each comment's parent: always one before it, so that no thread is a circle; what answers one
    at the greatest depth stands beside it, so that paths stay short whatever a page makes up."""
    places = {one.native_id: i for i, one in reversed(list(enumerate(said))) if one.native_id is not None}
    out: list[int | None] = []
    depths: list[int] = []
    for i, one in enumerate(said):
        parent = places.get(one.native_parent) if one.native_parent is not None else None
        if parent is None:
            parent = one.parent
        parent = parent if parent is not None and parent < i else None
        if parent is not None and depths[parent] == _DEEPEST:
            parent = out[parent]
        out.append(parent)
        depths.append(0 if parent is None else depths[parent] + 1)
    return out


def _comment_ids(said: Sequence[Said], url: str | None) -> list[str]:
    """Stable where the page gives native ids, however often and in whatever order they are seen."""
    host = (address_of(url).hostname or "").removeprefix("www.")
    seen: dict[str, int] = {}
    ids = []
    for one in said:
        key = one.native_id or "\n".join((one.author or "", one.posted_at_raw or "", one.text or ""))
        seen[key] = seen.get(key, 0) + 1
        told = "\0".join((host, key, str(seen[key])))
        ids.append("c_" + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16])
    return ids


# -- from the HTML ---------------------------------------------------------------------------


def say(found: Sequence[Parts], places: Places) -> list[Said]:
    """What each item says; ``found`` are those kept, in page order."""
    levels = _levels([parts.item for parts in found], places)
    if all(level.parent is None for level in levels):
        levels = _linked(found, places) or levels
    threaded = any(level.parent is not None for level in levels)
    return [_say(parts, places, level, threaded=threaded) for parts, level in zip(found, levels, strict=True)]


class _Level(NamedTuple):
    parent: int | None
    source: ParentSource


def _say(parts: Parts, places: Places, level: _Level, *, threaded: bool) -> Said:
    item, system = parts.item, parts.item.system
    kind = CommentKind.PINGBACK if is_excerpt(parts.text or "") else kind_of(item, places)
    native_id = _native(item, places)
    native_parent = _value(system.parent, places, item, system.parent_pattern)
    source = level.source if level.parent is not None or threaded else ParentSource.UNKNOWN
    if native_parent is not None and native_parent != native_id:
        source = ParentSource(system.rule.parent_says)
    if level.parent is not None and _is_flattened(item):
        source = ParentSource.UNKNOWN
    return Said(
        text=None if parts.removed else parts.text,
        native_id=native_id,
        parent=level.parent,
        native_parent=native_parent if native_parent != native_id else None,
        source=source,
        author=_linked_name(item, places) if kind in _FROM_SITES else parts.author,
        author_role=_role(item, places),
        posted_at=parts.posted_at,
        posted_at_raw=parts.date_raw,
        permalink=_permalink(parts, places, native_id),
        votes_up=_number(system.votes_up, places, item),
        votes_down=_number(system.votes_down, places, item),
        kind=kind,
        state=_state(parts, places),
    )


def _linked_name(item: Item, places: Places) -> str | None:
    """What a pingback links to: the other site's page is its author."""
    links = (places.reading.text(node) for node in item.own() if node.tag == "a")
    return next((text for text in links if text), None)


def kind_of(item: Item, places: Places) -> CommentKind:
    if places.own(item.system.pingback, item):
        return CommentKind.PINGBACK
    if places.own(item.system.trackback, item):
        return CommentKind.TRACKBACK
    return item.system.rule.kind


def is_excerpt(text: str) -> bool:
    """Whether a text is cut out of another site's page, as pingbacks are that no class marks: "[…] … […]"."""
    return bool(_CUT_BEFORE.match(text) and _CUT_AFTER.search(text[-_CUT:]))


def _state(parts: Parts, places: Places) -> CommentState:
    item, system = parts.item, parts.item.system
    if parts.removed or places.own(system.deleted, item):
        return CommentState.DELETED
    if places.own(system.moderated, item):
        return CommentState.MODERATED
    if places.own(system.collapsed, item):
        return CommentState.COLLAPSED
    return CommentState.VISIBLE


def _role(item: Item, places: Places) -> AuthorRole:
    system = item.system
    if places.own(system.reviewer, item):
        return AuthorRole.REVIEWER
    if places.own(system.moderator, item):
        return AuthorRole.MODERATOR
    return AuthorRole.READER if system.reviewer is not None else AuthorRole.UNKNOWN


def _levels(items: Sequence[Item], places: Places) -> list[_Level]:
    """Parents by nesting; where items stand side by side, by how deep each says it stands."""
    rank = {id(item): i for i, item in enumerate(items)}
    deep = [_depth(item, places) for item in items]
    nested = any(item.around is not None for item in items)
    out: list[_Level] = []
    above: list[tuple[int, int]] = []
    for i, item in enumerate(items):
        around = item.around
        while around is not None and id(around) not in rank:
            around = around.around
        depth = deep[i]
        if around is not None:
            out.append(_Level(rank[id(around)], ParentSource.NESTING))
        elif nested or depth is None:
            out.append(_Level(None, ParentSource.NESTING))
        else:
            while above and above[-1][0] >= depth:
                above.pop()
            out.append(_Level(above[-1][1] if above else None, ParentSource.INDENT))
            above.append((depth, i))
    return out


def _linked(found: Sequence[Parts], places: Places) -> list[_Level]:
    """Parents by links: "in reply to <a href="#comment-7">Ann</a>", "@Ann" before the text. Empty where
    no comment has one."""
    ids = {i: _native(parts.item, places) for i, parts in enumerate(found)}
    ranks = {native: i for i, native in ids.items() if native}
    if len(ranks) < 2:
        return []
    out = []
    for i, parts in enumerate(found):
        parent = next((rank for link in _links(parts) if (rank := ranks.get(link)) is not None and rank < i), None)
        out.append(_Level(parent, ParentSource.TEXT if parent is not None else ParentSource.UNKNOWN))
    return out if any(level.parent is not None for level in out) else []


def _links(parts: Parts) -> Iterator[str]:
    """Ids of the comments that a comment links to as the one it answers."""
    item = parts.item
    for node in item.own():
        fragment = node.get("href").partition("#")[2] if node.tag == "a" else ""
        match = _LAST_DIGITS.search(fragment)
        if match is None:
            continue
        in_text = any(holder.holds(node) for holder in parts.text_nodes)
        said = " ".join(piece.text for piece in item.document.pieces[max(item.first, node.first - 2) : node.last])
        if in_text and not (said.lstrip().startswith("@") and (parts.text or "").startswith("@")):
            continue
        if not is_tool(said) and not _NEIGHBOUR.search(said.casefold()):
            yield match[0]


def _native(item: Item, places: Places) -> str | None:
    return item.native_id or _value(item.system.native_id, places, item, item.system.native_id_pattern)


def _depth(item: Item, places: Places) -> int | None:
    system = item.system
    if system.indent is not None:
        return sum(system.indent.matches(node) for node in [item.node, *item.node.ancestors()])
    if not system.depth:
        return None
    said = _value(system.depth, places, item, system.depth_pattern)
    if said is None:
        return 0
    return int(said[:6]) // system.rule.depth_unit if said.isdecimal() else 1


def _is_flattened(item: Item) -> bool:
    """Whether the sibling before an item is marked as a parent and yet holds no reply: the site
    prints replies below its greatest depth as siblings, so the item may well answer that one."""
    flattened, before = item.system.flattened, item.before()
    return flattened is not None and before is not None and flattened.matches(before.node) and not before.inner


def _value(given: Sequence[Source], places: Places, item: Item, pattern: re.Pattern[str]) -> str | None:
    """The first match of the pattern's group in what the sources say."""
    for source in given:
        nodes = [item.node] if source.selector is None else places.own(source.selector, item)
        for node in nodes:
            said = node.get(source.attribute) if source.attribute is not None else places.reading.text(node)
            match = pattern.search(said)
            if match is not None:
                return next((group for group in match.groups() if group), None)
    return None


def _number(given: Sequence[Source], places: Places, item: Item) -> int | None:
    for source in given:
        nodes = [item.node] if source.selector is None else places.own(source.selector, item)
        for node in nodes:
            said = node.get(source.attribute) if source.attribute is not None else places.reading.text(node)
            number = whole(said)
            if number is not None:
                return number
    return None


def whole(said: str) -> int | None:
    """The number in a text: "+3", "1,204 likes", "−2"."""
    match = _NUMBER.search(said)
    if match is None:
        return None
    digits = "".join(c for c in match[0] if c.isdigit())[:12]
    return (-1 if match[0][0] in "-−–" else 1) * int(digits)


def _permalink(parts: Parts, places: Places, native_id: str | None) -> str | None:
    item, reading = parts.item, places.reading
    for source in item.system.permalink:
        for node in [item.node] if source.selector is None else places.own(source.selector, item):
            link = reading.absolute(node.get(source.attribute or "href"))
            if link is not None:
                return link
    if native_id is None:
        return None
    dated = {node.index for node in parts.date_nodes} | {node.parent.index for node in parts.date_nodes if node.parent}
    links = [node for node in item.own() if node.tag == "a" and native_id in node.get("href").partition("#")[2]]
    links.sort(key=lambda node: node.index not in dated)
    if links:
        return reading.absolute(links[0].get("href"))
    anchor = _anchor(item.node, native_id)
    if anchor is None or reading.page.url is None:
        return None
    return f"{reading.page.url.partition('#')[0]}#{anchor}"


def _anchor(node: Node, native_id: str) -> str | None:
    own = node.get("id")
    return own if native_id in own else None
