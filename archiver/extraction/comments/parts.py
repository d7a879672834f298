"""The parts of one comment: who wrote it, when, what, and what stands around that.

A system's own sources come first; where they find nothing, microdata, then the words of class
attributes, then what is left. The text is the text element's words, or the whole item's, without
the parts found and without tools ("Reply", "Report", votes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from archiver.document import Document, Node, Piece, join
from archiver.extraction.comments.items import Item, Places
from archiver.extraction.comments.systems import Source
from archiver.extraction.comments.words import WORDS, Flag, flags_of, fold, is_lead_in, is_removed, is_tool, name_of
from archiver.extraction.dates import find_dates, parse_date
from archiver.extraction.select import closest

LONGEST_NAME: Final = 80
LONGEST_DATE: Final = 80
#: A header, in characters beyond the name and the date in it.
_HEADER_SLACK: Final = 60
_HEADER_LEVELS: Final = 8
#: Longer texts are prose, whatever their element is called.
_LONGEST_TOOL: Final = 160
_CONTROLS: Final = frozenset(
    {"button", "form", "textarea", "select", "label", "input", "svg", "option", "noscript", "iframe", "dialog"}
)
_TEXT_PROPERTIES: Final = frozenset({"text", "commenttext", "reviewbody", "description", "articlebody"})
_AUTHOR_PROPERTIES: Final = frozenset({"author", "creator"})
_DATE_PROPERTIES: Final = frozenset({"datepublished", "datecreated", "commenttime", "dateposted"})
_DATE_ATTRIBUTES: Final = (
    "datetime",
    "data-timestamp",
    "data-time",
    "data-datetime",
    "data-date",
    "data-utime",
    "data-created",
    "content",
    "pubdate",
    "title",
)
_TOOL_TAGS: Final = frozenset({"a", "span", "em", "small", "li", "div", "p", "i"})
_DATE_TAGS: Final = frozenset("a span small p em i td li div dd dt footer h4 h5 cite".split())
_ALONE_TAGS: Final = frozenset({"div", "span", "header", "td"})
_PRINTED_TAGS: Final = _DATE_TAGS | {"time", "abbr", "b", "strong"}
_PROSE_TAGS: Final = frozenset({"p", "blockquote", "br", "ul", "dd"})
_FEW_WORDS: Final = 6
_NAME_TAGS: Final = frozenset({"cite", "b", "strong", "a", "h2", "h3", "h4", "h5", "h6", "dt"})
_NUMERIC: Final = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(?:19|20)?\d\d(?!\d)")
#: Seconds since 1970, or ISO 8601 with a time.
_MACHINE_DATE: Final = re.compile(r"\d{10}(?:\d{3})?\Z|\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_DIGIT: Final = re.compile(r"\d")
_DAY: Final = len("2014-12-30")
#: "17.07, 2011": a date format of WordPress that only blogs in German use.
_COMMA: Final = re.compile(r"(?<!\d)(\d{1,2}\.\d{1,2})\.?, (?=(?:19|20)\d\d)")
_QUARTER: Final = timedelta(minutes=15)
_WIDEST_OFFSET: Final = timedelta(hours=14)
_YEARS: Final = (1990, 2100)


#: An item's elements with what their classes say they are.
Marks = Sequence[tuple[Node, int]]


@dataclass(frozen=True)
class Hints:
    """What the whole page says about its dates."""

    language: str | None = None
    fetched_at: datetime | None = None
    day_first: bool | None = None


@dataclass
class Parts:
    """What was found of one comment, and where."""

    item: Item
    author: str | None = None
    author_nodes: list[Node] = field(default_factory=list)
    #: Whether the page's markup calls the author one; else it is the likeliest of the first words.
    signed: bool = False
    date_raw: str | None = None
    posted_at: str | None = None
    date_nodes: list[Node] = field(default_factory=list)
    text: str | None = None
    #: The elements that hold the text; none where the text is what the item's parts leave over.
    text_nodes: list[Node] = field(default_factory=list)
    #: Elements in the text or the item that are no text of the comment.
    title_nodes: list[Node] = field(default_factory=list)
    quote_nodes: list[Node] = field(default_factory=list)
    junk_nodes: list[Node] = field(default_factory=list)
    removed: bool = False
    #: A date such as 03/04/2010, which the other dates of the page may tell how to read.
    ambiguous: Node | None = None


def read_parts(item: Item, places: Places, hints: Hints) -> Parts:
    parts = Parts(item)
    marks = [(node, flags_of(node)) for node in item.own() if node.index != item.start]
    _find_text(parts, places, marks)
    inside, outside = _parted(marks, parts.text_nodes)
    _find_author(parts, places, marks, outside)
    _find_date(parts, places, outside, hints)
    _find_printed(parts, outside, hints)
    _find_junk(parts, places, marks, inside if parts.text_nodes else outside)
    _compose(parts)
    return parts


def _parted(marks: Marks, holders: Sequence[Node]) -> tuple[Marks, Marks]:
    """An item's elements within those of its text, and the others."""
    if not holders:
        return [], marks
    bounds = [(holder.index, holder.end) for holder in holders]
    inside: list[tuple[Node, int]] = []
    outside: list[tuple[Node, int]] = []
    for mark in marks:
        place = mark[0].index
        for start, end in bounds:
            if start <= place < end:
                inside.append(mark)
                break
        else:
            outside.append(mark)
    return inside, outside


# -- the text's element ----------------------------------------------------------------------


def _find_text(parts: Parts, places: Places, marks: Marks) -> None:
    item, system = parts.item, parts.item.system
    found = _outermost(node for node in places.own(system.text, item) if _holds_text(item, node))
    if not found:
        said = [node for node, _ in marks if _is_property(node, _TEXT_PROPERTIES) and node.first < node.last]
        found = _outermost(said)
    if not found:
        found = _text_by_class(parts.item.document, marks)
    parts.text_nodes = found


def _is_property(node: Node, names: frozenset[str]) -> bool:
    """Whether an element is marked up as one of these of schema.org's properties."""
    said = node.attrs.get("itemprop")
    return said is not None and said.lower() in names


def _holds_text(item: Item, node: Node) -> bool:
    return any(not piece.text.isspace() for piece in item.document.pieces[node.first : node.last])


def _text_by_class(document: Document, marks: Marks) -> list[Node]:
    """The element whose class says "text" that holds most of it, and no author or date of its own."""
    candidates = [
        node
        for node, flag in marks
        if flag & Flag.TEXT and not flag & (Flag.JUNK | Flag.AUTHOR | Flag.DATE) and node.first < node.last
    ]
    others = [
        node
        for node, flag in marks
        if (flag & (Flag.AUTHOR | Flag.DATE) or node.tag == "time") and node.first < node.last
    ]
    pure = [node for node in candidates if not any(node.holds(other) for other in others if other is not node)]
    if not pure:
        return []
    return [max(_outermost(pure), key=lambda node: _length(document, node))]


def _outermost(nodes: Iterable[Node]) -> list[Node]:
    kept: list[Node] = []
    for node in nodes:
        if not kept or not kept[-1].holds(node):
            kept.append(node)
    return kept


def _length(document: Document, node: Node) -> int:
    return sum(len(piece.text) for piece in document.pieces[node.first : node.last])


# -- who -------------------------------------------------------------------------------------


def _find_author(parts: Parts, places: Places, marks: Marks, outside: Marks) -> None:
    item = parts.item
    parts.signed = True
    for source in item.system.author:
        if _take_author(parts, _hits(source, places, item), source.attribute):
            return
    said = [node for node, _ in marks if _is_property(node, _AUTHOR_PROPERTIES)]
    if said and _author_by_property(parts, said, marks):
        return
    by_class = [node for node, flag in outside if flag & Flag.AUTHOR and not flag & (Flag.TEXT | Flag.JUNK)]
    better = [node for node, flag in outside if flag & Flag.BETTER]
    if _take_author(parts, better, None) or _take_author(parts, _innermost_names(by_class), None):
        return
    before = parts.text_nodes[0].index if parts.text_nodes else None
    parts.signed = False
    by_tag = [node for node, flag in outside if node.tag in _NAME_TAGS and not flag & (Flag.JUNK | Flag.DATE)]
    by_tag = [node for node in by_tag if "#" not in node.get("href")]
    early = [node for node in by_tag if before is None or node.index < before]
    first = _first_words(parts)
    if first is not None and (not early or first.node.index < early[0].index) and _take_words(parts, first):
        return
    likely = sorted(early[:4], key=lambda node: node.tag == "a") or by_tag[:3]
    if not _take_author(parts, likely, None) and first is not None and not item.system.known:
        _take_alone(parts, first)


def _first_words(parts: Parts) -> Piece | None:
    """The first run of words of an item, where it stands before the text."""
    for piece in parts.item.pieces():
        if _within(piece.node, parts.text_nodes):
            return None
        if fold(piece.text):
            return piece
    return None


def _take_words(parts: Parts, piece: Piece) -> bool:
    words = " ".join(piece.text.split())
    name = name_of(_undated(words)) if len(words) <= LONGEST_NAME else None
    if not parts.text_nodes or name is None or not _is_name(name):
        return False
    parts.author = name
    return True


def _take_alone(parts: Parts, piece: Piece) -> None:
    """The first words as the author where they stand alone in an element that is no paragraph."""
    node, words = piece.node, " ".join(piece.text.split())
    name = name_of(words) if node.last - node.first == 1 and node.tag in _ALONE_TAGS else None
    if name is not None and _is_name(name) and len(words) <= LONGEST_NAME:
        parts.author = name
        parts.author_nodes.append(node)


def _is_name(name: str) -> bool:
    return (
        len(name) <= LONGEST_NAME
        and any(c.isalpha() for c in name)
        and not is_tool(name)
        and not is_lead_in(name)
        and not find_dates(name)
    )


def _hits(source: Source, places: Places, item: Item) -> list[Node]:
    return [item.node] if source.selector is None else places.own(source.selector, item)


def _take_author(parts: Parts, nodes: Sequence[Node], attribute: str | None) -> bool:
    document = parts.item.document
    for node in nodes:
        if attribute is None and node.tag == "meta":
            attribute = "content"
        said = node.get(attribute) if attribute is not None else _short_text(document, node)
        name = name_of(_undated(said)) if said and len(said) <= LONGEST_NAME * 2 else None
        if name is not None and len(name) <= LONGEST_NAME and not is_tool(name) and any(c.isalnum() for c in name):
            parts.author = name if attribute is not None else name + _unverified(document, node, name)
            if attribute is None:
                parts.author_nodes.append(node)
            return True
    return False


def _unverified(document: Document, node: Node, name: str) -> str:
    """What follows a name as part of it: " (not verified)"."""
    if node.last >= len(document.pieces) or name.endswith(")"):
        return ""
    after = " ".join(" ".join(piece.text for piece in document.pieces[node.last : node.last + 2]).split())
    return next((f" {said}" for said in WORDS.phrases.unverified if after.casefold().startswith(said)), "")


def _undated(said: str) -> str:
    """A text up to the date in it: name and date often share an element."""
    if not _DIGIT.search(said):
        return said
    line = " ".join(said.split())
    found = find_dates(line)
    return line[: found[0].start] if found and found[0].start else line


def _author_by_property(parts: Parts, said: Sequence[Node], marks: Marks) -> bool:
    for node in said:
        names = [inner for inner, _ in marks if node.holds(inner) and inner.get("itemprop").lower() == "name"]
        for name in [*names, node]:
            if name.get("content"):
                if _take_author(parts, [name], "content"):
                    return True
            elif _take_author(parts, [name], None):
                return True
    return False


def _innermost_names(nodes: Sequence[Node]) -> list[Node]:
    """Elements called author: those that hold another one after it, since they may hold more than a name."""
    return sorted(nodes, key=lambda node: any(node is not other and node.holds(other) for other in nodes))


def _short_text(document: Document, node: Node) -> str:
    """The element's text without buttons, links and labels that are no name."""
    skipped = [
        inner
        for inner in document.within(node)
        if flags_of(inner) & (Flag.JUNK | Flag.DATE) or inner.tag in _CONTROLS or inner.tag in ("time", "small", "sup")
    ]
    lines = join(_pieces(document, [(node.first, node.last)], skipped)).split("\n")
    return next((line for line in lines if line and not is_tool(line) and not is_lead_in(line)), "")


def _within(node: Node, holders: Sequence[Node]) -> bool:
    place = node.index
    return any(holder.index <= place < holder.end for holder in holders)


# -- when ------------------------------------------------------------------------------------


def _find_date(parts: Parts, places: Places, outside: Marks, hints: Hints) -> None:
    item, system = parts.item, parts.item.system
    for source in system.date:
        for node in _hits(source, places, item):
            said = node.get(source.attribute) if source.attribute is not None else _line(item.document, node)
            match = system.date_pattern.search(said) if system.date_pattern is not None else None
            if _take_date(parts, node, match[1] if match is not None else said, hints):
                if match is not None and source.attribute is None:
                    parts.date_raw = match[1].strip()
                return
    said_by = [node for node, _ in outside if node.tag in ("time", "abbr") or _is_property(node, _DATE_PROPERTIES)]
    said_by += [node for node, flag in outside if flag & Flag.DATE and node not in said_by]
    for node in said_by:
        if _date_from(parts, node, hints):
            return
    for node, _ in outside:
        if node.tag in _DATE_TAGS and node.first < node.last:
            line = _line(item.document, node, LONGEST_DATE)
            if line and _DIGIT.search(line) and _take_date(parts, node, line, hints):
                _narrow_date(parts, node, outside, hints)
                return
    _date_in_pieces(parts, hints)


def _narrow_date(parts: Parts, node: Node, outside: Marks, hints: Hints) -> None:
    """The element within one that holds a date, where it holds no more than that."""
    for inner, _ in outside:
        if node.index < inner.index < node.end and inner.first < inner.last:
            line = _line(parts.item.document, inner, LONGEST_DATE)
            if len(line) < len(parts.date_raw or "") and moment_of(line, hints) == parts.posted_at:
                parts.date_nodes, parts.date_raw = [inner], line


def _find_printed(parts: Parts, outside: Marks, hints: Hints) -> None:
    """The date as readers see it, where it was taken from what only machines read: the fewest words of the
    item that give the same day."""
    if parts.posted_at is None or not _MACHINE_DATE.match(parts.date_raw or ""):
        return
    day = parts.posted_at[:_DAY]
    found: list[tuple[int, Node, str]] = []
    for node, _ in outside:
        if node.tag not in _PRINTED_TAGS or node.first == node.last:
            continue
        line = _line(parts.item.document, node, LONGEST_DATE)
        if len(line) < _DAY or not _DIGIT.search(line) or _MACHINE_DATE.match(line):
            continue
        moment = moment_of(line, hints)
        if moment is not None and moment[:_DAY] == day:
            found.append((len(line), node, line))
    if found:
        _, node, parts.date_raw = min(found, key=lambda one: one[0])
        parts.date_nodes.append(node)


def _localised(instant: str, printed: str, hints: Hints) -> str:
    """An instant in the zone that the printed time stands in: both are said, so the zone is too."""
    local = moment_of(printed, hints) if printed else None
    if (
        local is None
        or len(local) < len("2014-12-30T02:07")
        or local.endswith("Z")
        or "+" in local
        or local.count("-") > 2
    ):
        return instant
    moment = datetime.fromisoformat(instant)
    offset = round((datetime.fromisoformat(local).replace(tzinfo=UTC) - moment.replace(second=0)) / _QUARTER) * _QUARTER
    return moment.astimezone(timezone(offset)).isoformat() if offset and abs(offset) <= _WIDEST_OFFSET else instant


def _date_from(parts: Parts, node: Node, hints: Hints) -> bool:
    for attribute in _DATE_ATTRIBUTES:
        said = node.get(attribute)
        if said and _DIGIT.search(said) and _take_date(parts, node, said, hints):
            return True
    line = _line(parts.item.document, node, LONGEST_DATE)
    return bool(line) and _take_date(parts, node, line, hints)


def _date_in_pieces(parts: Parts, hints: Hints) -> None:
    for piece in parts.item.pieces():
        text = " ".join(piece.text.split()).strip(" ,|·•–—()")
        if 5 < len(text) <= LONGEST_DATE and _DIGIT.search(text) and not _within(piece.node, parts.text_nodes):
            moment = moment_of(text, hints)
            if moment is not None:
                parts.posted_at, parts.date_raw = moment, text
                return


def _take_date(parts: Parts, node: Node, said: str, hints: Hints) -> bool:
    moment = moment_of(said, hints)
    printed = _printed(parts.item.document, node)
    if moment is None:
        if parts.ambiguous is None and numeric_date(said) is not None:
            parts.ambiguous, parts.date_raw = node, printed or said.strip()
        return False
    parts.posted_at = _localised(moment, printed, hints) if moment.endswith("Z") and printed != said.strip() else moment
    parts.date_raw = printed or said.strip()
    if printed:
        parts.date_nodes.append(node)
    return True


def _printed(document: Document, node: Node) -> str:
    """The date as it is printed, without the shorter form that some pages hold ready for narrow screens."""
    short = node.get("data-short")
    line = _line(document, node, LONGEST_DATE)
    return line.removesuffix(short).rstrip() or line if short else line


@lru_cache(maxsize=1024)  # elements hold the words of those within them, and comments share their dates
def moment_of(said: str, hints: Hints) -> str | None:
    """A date as a page gives it: printed, ISO 8601, or seconds or milliseconds since 1970."""
    said = _COMMA.sub(r"\1.", said.strip())
    if said.isascii() and said.isdigit() and len(said) in (10, 13):
        return epoch(int(said) / (1000 if len(said) == 13 else 1))
    return parse_date(said, language=hints.language, relative_to=hints.fetched_at, day_first=hints.day_first)


def numeric_date(said: str) -> tuple[int, int] | None:
    """The first two numbers of a date such as 03/04/2010."""
    match = _NUMERIC.search(said)
    return (int(match[1]), int(match[3])) if match is not None else None


def epoch(seconds: float) -> str | None:
    moment = datetime.fromtimestamp(seconds, UTC)
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        return None
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _line(document: Document, node: Node, longest: int = 400) -> str:
    if node.last - node.first > 12:
        return ""
    text = " ".join(" ".join(piece.text for piece in document.pieces[node.first : node.last]).split())
    return text if len(text) <= longest else ""


# -- what is no text -------------------------------------------------------------------------


def _find_junk(parts: Parts, places: Places, marks: Marks, searched: Marks) -> None:
    """What is no text: within the text's element, or, where there is none, anywhere in the item."""
    item, system = parts.item, parts.item.system
    parts.title_nodes = _titles(parts, places, marks)
    parts.quote_nodes = _outermost(_quotation(node, item) for node in places.own(system.quote, item))
    junk = [node for selector in system.roles.values() for node in places.own(selector, item)]
    parts.text_nodes = [text for text in parts.text_nodes if not _within(text, junk)] or parts.text_nodes
    texts = {node.index for node in parts.text_nodes}
    junk += [
        node
        for node, flag in searched
        if node.first < node.last and node.index not in texts and _is_junk(item.document, node, flag)
    ]
    parts.junk_nodes = junk


def _quotation(node: Node, item: Item) -> Node:
    """The quotation that an element in it belongs to."""
    around = closest(node, lambda above: above.tag == "blockquote" or above.index <= item.start)
    return around if around is not None and around.index > item.start else node


def _titles(parts: Parts, places: Places, marks: Marks) -> list[Node]:
    system = parts.item.system
    if system.title is not None:
        return places.own(system.title, parts.item)
    return [
        node
        for node, flag in marks
        if flag & Flag.TITLE
        and not flag & (Flag.TEXT | Flag.AUTHOR)
        and _length(parts.item.document, node) <= _LONGEST_TOOL
        and not _within(node, parts.author_nodes)
        and not any(node.holds(other) for other in parts.author_nodes + parts.text_nodes)
    ]


def _is_junk(document: Document, node: Node, flag: int) -> bool:
    if node.tag in _CONTROLS or node.get("role") == "button":
        return True
    if flag & Flag.JUNK and node.tag not in ("p", "blockquote") and _length(document, node) <= _LONGEST_TOOL:
        return True
    return node.tag in _TOOL_TAGS and _is_tool_node(document, node)


def _is_tool_node(document: Document, node: Node) -> bool:
    if node.last - node.first > 4:
        return False
    text = " ".join(piece.text for piece in document.pieces[node.first : node.last])
    return len(text) <= LONGEST_NAME and not text.isspace() and bool(fold(text)) and is_tool(text)


# -- the text --------------------------------------------------------------------------------


def _compose(parts: Parts) -> None:
    item = parts.item
    document = item.document
    skipped = parts.junk_nodes + parts.title_nodes + parts.quote_nodes
    if parts.text_nodes:
        spans = [(node.first, node.last) for node in parts.text_nodes]
        spans = _without(spans, [(reply.first, reply.last) for reply in item.inner])
        skipped += [
            node for node in parts.author_nodes + parts.date_nodes if not any(node.holds(t) for t in parts.text_nodes)
        ]
    else:
        spans = list(item.spans())
        skipped += [_header(parts, node) for node in parts.author_nodes + parts.date_nodes]
    text = join(_pieces(document, spans, skipped))
    if not text and parts.text_nodes:
        # nothing but a quotation, or words whose element only sounds like a tool's
        parts.quote_nodes, parts.title_nodes = [], []
        parts.junk_nodes = [node for node in parts.junk_nodes if node.tag in _CONTROLS]
        text = join(_pieces(document, spans, parts.junk_nodes))
    if not parts.text_nodes:
        parts.junk_nodes += [_header(parts, node) for node in parts.author_nodes + parts.date_nodes]
        text = _without_tools(text)
    parts.removed = is_removed(text)
    parts.text = text or None


def _header(parts: Parts, node: Node) -> Node:
    """The largest element around a name or a date that holds little else."""
    item = parts.item
    document = item.document
    levels = 0
    limit = len(parts.author or "") + len(parts.date_raw or "") + _HEADER_SLACK
    while levels < _HEADER_LEVELS and node.parent is not None and node.parent.index > item.start:
        levels += 1
        parent = node.parent
        if _length(document, parent) > limit or _has_prose(document, parent, parts):
            break
        if not item.owns(parent) or any(parent.holds(sibling) for sibling in item.nodes):
            break
        node = parent
    return node


def _has_prose(document: Document, node: Node, parts: Parts) -> bool:
    """Whether an element holds words that are neither name nor date nor tools."""
    known = {
        id(piece)
        for one in parts.author_nodes + parts.date_nodes + parts.junk_nodes
        for piece in document.pieces[one.first : one.last]
    }
    words = 0
    for piece in document.pieces[node.first : node.last]:
        if id(piece) not in known and not is_tool(piece.text) and not is_lead_in(piece.text):
            words += len(piece.text.split())
    if words > _FEW_WORDS:
        return True
    return words > 0 and any(inner.tag in _PROSE_TAGS for inner in document.within(node))


def _without(spans: Iterable[tuple[int, int]], holes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in spans:
        here = start
        for first, last in holes:
            if last <= here or first >= end:
                continue
            if first > here:
                out.append((here, first))
            here = max(here, last)
        if here < end:
            out.append((here, end))
    return out


def _pieces(document: Document, spans: Iterable[tuple[int, int]], skipped: Sequence[Node]) -> list[Piece]:
    """The pieces of the spans without those of the elements skipped; a break skipped stays a break."""
    holes = sorted((node.first, node.last) for node in skipped if node.first < node.last)
    kept: list[Piece] = []
    last_end: int | None = None
    for start, end in _without(spans, holes):
        run = document.pieces[start:end]
        if kept and last_end is not None and start > last_end and run:
            gap = max(piece.gap for piece in document.pieces[last_end : start + 1])
            first = run[0]
            if gap > first.gap:
                run = [Piece(first.text, first.node, gap, first.linked), *run[1:]]
        kept += run
        last_end = end
    return kept


_EDGE: Final = re.compile(r"[\s|·•,;:/#\-–—]*\Z")


def _without_tools(text: str) -> str:
    """A text without the lines of tools before and after it."""
    lines = text.split("\n")
    while lines and (_EDGE.match(lines[0]) or is_tool(lines[0])):
        lines.pop(0)
    while lines and (_EDGE.match(lines[-1]) or is_tool(lines[-1])):
        lines.pop()
    return "\n".join(lines)
