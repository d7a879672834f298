"""Places without a name: told by where their links lead, by a label, or by the page's metadata."""

from __future__ import annotations

import re
from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from archiver.document import INLINE, Node
from archiver.extraction.blocks import Claim
from archiver.extraction.tags.bare import Bare
from archiver.extraction.tags.found import Found, displayed
from archiver.extraction.tags.terms import NO_TERM, base_of, kind_of, leads_within, line_of, may_be_term
from archiver.extraction.tags.wording import (
    LABELS,
    LINKS,
    LONGEST_LABEL,
    LONGEST_TERM,
    MOST_PIECES,
    MOST_TERM_PIECES,
    MOST_WORDS,
    RULES,
    SEPARATORS,
    SPLIT,
    WEAK,
)
from archiver.record import Role

if TYPE_CHECKING:
    from archiver.extraction.reading import Reading


_ECHO_MARKS: Final = SEPARATORS + "#"

#: A list of links is the page's tags where it names so many of its keywords, and they are so much of the list.
_FEWEST_ECHOES: Final = 2
_SHARE_OF_ECHOES: Final = 0.6

#: Cheap sign that a link's address has the base of tags.
_TAG_BASE: Final = re.compile(rf"/(?:{'|'.join(map(re.escape, RULES.bases.tag))})/|[?]tag=")


def in_unnamed_places(reading: Reading, known: Found) -> Bare | None:
    """The tags of the first such place."""
    late = _late_links(reading)
    found = _based(reading, late)
    if not found.tags:
        found = _listed_after_label(reading)
    if not found.tags:
        found = _echoed(reading, late, known)
    return found if found.tags else None


def _based(reading: Reading, late: list[Node]) -> Bare:
    """Lines of the article that are nothing but links whose addresses say they lead to tags."""
    based = Bare()
    leading = [link for link in late if "href" in link.attrs and _TAG_BASE.search(link.attrs["href"])]
    for line in _lines_of(reading, leading):
        links = [link for link in reading.index.select(LINKS, within=line) if link.first < link.last]
        said = [name for link in links if _may_be_tag(reading, link) and (name := displayed(reading.text(link)))]
        is_marked = all(reading.text(link).startswith("#") for link in links)
        if not reading.entry.owns(line) or len(said) < len(links) or not (len(said) >= _FEWEST_ECHOES or is_marked):
            continue
        if all(base_of(link.attrs.get("href", "")) == "tag" for link in links) and _only_lists(reading, line):
            based.tags += said
            based.claims.append(Claim(line, Role.TAG_LINE, "links that lead to tags"))
    return based


def _listed_after_label(reading: Reading) -> Bare:
    """What follows a label in a line of the article, linked or not ("Tags: copper, tin")."""
    listed = Bare()
    headline = reading.entry.headline
    for place, piece in enumerate(reading.document.pieces):
        if piece.linked or ":" not in piece.text[:LONGEST_LABEL] or (headline and piece.node.index < headline.index):
            continue
        label = piece.text[:LONGEST_LABEL].partition(":")[0].strip(_ECHO_MARKS).casefold()
        if LABELS.get(label) != "tag" or label in WEAK:
            continue
        line = _line_beyond(reading, place)
        if line is None or not reading.entry.owns(line) or reading.entry.holds_article(line):
            continue
        names = _names_after(reading, line, place)
        if names:
            listed.tags += names
            listed.claims.append(Claim(line, Role.TAG_LINE, "a label and what it lists"))
            return listed
    return listed


def _line_beyond(reading: Reading, place: int) -> Node | None:
    """The innermost element that holds a label and more words than the label."""
    pieces = reading.document.pieces
    here: Node | None = pieces[place].node
    if pieces[place].text.partition(":")[2].strip():
        while here is not None and here.tag in INLINE:
            here = here.parent
        return here
    while here is not None and not any(piece.text.strip(SEPARATORS) for piece in pieces[place + 1 : here.last]):
        here = here.parent
        if here is not None and here.last - place > MOST_PIECES:
            return None
    return here


def _names_after(reading: Reading, line: Node, place: int) -> list[str]:
    """The names that a line lists after its label; none where one of them is too long to be a name."""
    if line.last - place > MOST_PIECES:
        return []
    said = [piece.text for piece in reading.document.pieces[place : line.last]]
    said[0] = said[0].partition(":")[2]
    names = [name for one in said for part in SPLIT.split(one) if (name := displayed(part))]
    is_list = all(
        len(name) <= LONGEST_TERM and name.count(" ") < MOST_WORDS - 2 and not name.endswith((".", "!", "?", ":"))
        for name in names
    )
    return [name for name in names if name.casefold() not in NO_TERM] if is_list else []


def _echoed(reading: Reading, late: list[Node], known: Found) -> Bare:
    """Lists of links after the headline that name what the metadata name: whatever their class, they are its tags."""
    names = {name.casefold() for name in known.tags}
    for key in RULES.metadata.keywords:
        names.update(
            word.strip(SEPARATORS).casefold() for said in reading.meta.get(key, ()) for word in SPLIT.split(said)
        )
    names.discard("")
    echoed = Bare()
    if len(names) < _FEWEST_ECHOES:
        return echoed
    for line in _lines_of(
        reading, [link for link in late if reading.text(link).strip(_ECHO_MARKS).casefold() in names]
    ):
        links = [link for link in reading.index.select(LINKS, within=line) if _may_be_tag(reading, link)]
        said = [name for link in links if (name := displayed(reading.text(link)))]
        shared = {name.casefold() for name in said} & names
        if len(shared) >= _FEWEST_ECHOES and len(shared) >= _SHARE_OF_ECHOES * len(said) and _only_lists(reading, line):
            echoed.tags += said
            echoed.claims.append(Claim(line, Role.TAG_LINE, "links that name the page's keywords"))
    return echoed


def _late_links(reading: Reading) -> list[Node]:
    """Links of few words after the headline."""
    links = reading.index.under("t", "a")
    headline = reading.entry.headline
    start = bisect_left(links, headline.index, key=_place_of) if headline is not None else 0
    return [link for link in links[start:] if 0 < link.last - link.first <= MOST_TERM_PIECES]


_place_of: Final = attrgetter("index")


def _lines_of(reading: Reading, links: list[Node]) -> list[Node]:
    """The lists and lines that some links stand in."""
    lines = {line.index: line for line in map(line_of, links)}
    return [
        lines[place]
        for place in sorted(lines)
        if lines[place].last - lines[place].first <= MOST_PIECES and not reading.entry.holds_article(lines[place])
    ]


def _may_be_tag(reading: Reading, link: Node) -> bool:
    is_tag = link.first < link.last and kind_of(link, "tag") == "tag"
    return is_tag and leads_within(reading, link) and may_be_term(reading, link)


def _only_lists(reading: Reading, line: Node) -> bool:
    """Whether a line is its links and at most a label: in prose, links say what they will."""
    loose = [piece.text for piece in reading.document.pieces[line.first : line.last] if not piece.linked]
    return len("".join(loose).strip(SEPARATORS)) <= LONGEST_LABEL and all(len(text) <= LONGEST_LABEL for text in loose)
