"""The state of a page's comments: what the page says there should be, against what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct

from archiver import rules
from archiver.document import Node
from archiver.extraction.blocks import Claim
from archiver.extraction.comments.systems import Source, sources
from archiver.extraction.comments.threads import whole
from archiver.extraction.comments.words import WORDS, is_elsewhere
from archiver.extraction.hints import phrase_hint, words_of
from archiver.extraction.reading import Reading
from archiver.extraction.select import Selector, Watch, rule
from archiver.record import CommentsState, ExternalComments, Role


class AreaRule(Struct, frozen=True, forbid_unknown_fields=True):
    """``rules/comment_area.toml``: what stands around comments, whatever the system."""

    roles: dict[Role, tuple[str, ...]]
    #: Elements that may say how many comments there are, and attributes that hold the number.
    count: tuple[str, ...]
    #: And those that may where the page has a place for comments.
    count_headings: tuple[str, ...]
    count_attributes: tuple[str, ...]
    #: Ends of links whose text may say it.
    count_links: tuple[str, ...]
    #: Signs that comments are closed, may be written, go on elsewhere.
    closed: tuple[str, ...]
    open: tuple[str, ...]
    more: tuple[str, ...]
    #: Parts of links that lead to more comments.
    more_links: tuple[str, ...]


class Widget(Struct, frozen=True, forbid_unknown_fields=True):
    """A system that keeps comments outside of the page."""

    mount: tuple[str, ...]
    thread_id: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    count: tuple[str, ...] = ()
    #: Patterns over the page's scripts, where the elements do not say it.
    script_thread_id: str = ""
    script_url: str = ""
    #: The scripts that are searched hold this word.
    script: str = ""
    #: Some script must hold this before the mount counts.
    needs_script: str = ""


class _Mount(NamedTuple):
    name: str
    mount: Selector
    thread_id: tuple[Source, ...]
    url: tuple[Source, ...]
    total: tuple[Source, ...]
    script_thread_id: re.Pattern[str] | None
    script_url: re.Pattern[str] | None
    script: str
    needs_script: str


def _pattern(written: str) -> re.Pattern[str] | None:
    return re.compile(written) if written else None


_AREA: Final = rules.read("comment_area.toml", AreaRule)
_ROLES: Final = Watch(
    (selector, (role, selector))
    for role, selector in ((role, rule(", ".join(said))) for role, said in _AREA.roles.items())
)
_COUNT: Final = rule(", ".join(_AREA.count))
_COUNT_HEADINGS: Final = rule(", ".join((*_AREA.count, *_AREA.count_headings)))
_COUNT_ATTRIBUTES: Final = sources(_AREA.count_attributes)
_CLOSED: Final = rule(", ".join(_AREA.closed))
_OPEN: Final = rule(", ".join(_AREA.open))
_MORE: Final = rule(", ".join(_AREA.more))
_SCRIPTS: Final = rule("script")
_LINKS: Final = rule("a[href]")
_MOUNTS: Final = tuple(
    _Mount(
        name,
        rule(", ".join(widget.mount)),
        sources(widget.thread_id),
        sources(widget.url),
        sources(widget.count),
        _pattern(widget.script_thread_id),
        _pattern(widget.script_url),
        widget.script,
        widget.needs_script,
    )
    for name, widget in rules.read("comment_widgets.toml", dict[str, Widget]).items()
)
_WATCHED: Final = Watch((widget.mount, widget) for widget in _MOUNTS)
#: A heading that says how many; longer texts only mention a number.
_LONGEST_COUNT: Final = 160
_MOST_PIECES: Final = 16


class Declared(NamedTuple):
    """How many comments the page says it has, and the elements that say so."""

    number: int | None
    nodes: tuple[Node, ...]
    #: The number counts the page's own text too, as a forum's "3 posts" does.
    with_opening: bool = False


def external(reading: Reading) -> tuple[ExternalComments, int | None] | None:
    """The widget that holds the comments, and the number it declares."""
    for widget in _WATCHED.candidates(reading.index):
        for node in reading.index.select(widget.mount):
            if widget.needs_script and not any(_scripts(reading, widget.needs_script)):
                continue
            thread_id = _said(widget.thread_id, node, reading) or _scripted(
                widget.script_thread_id, widget.script, reading
            )
            url = _said(widget.url, node, reading) or _scripted(widget.script_url, widget.script, reading)
            count = _said(widget.total, node, reading)
            found = ExternalComments(system=widget.name, thread_id=thread_id, url=url and reading.absolute(url))
            return found, whole(count) if count else None
    return None


def _said(given: Sequence[Source], mount: Node, reading: Reading) -> str | None:
    for source in given:
        nodes = [mount] if source.selector is None else reading.index.select(source.selector)
        for node in nodes:
            said = node.get(source.attribute) if source.attribute is not None else reading.text(node)
            if said.strip():
                return said.strip()
    return None


def _scripts(reading: Reading, word: str) -> Iterator[str]:
    """Texts of the scripts that hold a word."""
    for node in reading.index.select(_SCRIPTS):
        text = reading.document.data_islands.get(node.index, "")
        if word in text:
            yield text


def _scripted(pattern: re.Pattern[str] | None, word: str, reading: Reading) -> str | None:
    if pattern is None:
        return None
    return next((match[1] for text in _scripts(reading, word) if (match := pattern.search(text))), None)


def declared(reading: Reading, *, has_comments: bool) -> Declared:
    """The page's own count: an attribute made for it, else a heading or link that says it."""
    for source in _COUNT_ATTRIBUTES:
        for node in reading.index.select(source.selector) if source.selector is not None else ():
            number = whole(node.get(source.attribute or ""))
            if number is not None:
                return Declared(abs(number), ())
    said: list[tuple[int, Node, bool]] = []
    links = [node for node in reading.index.under("@", "href") if node.attrs["href"].endswith(_AREA.count_links)]
    has_place = has_comments or reading.index.first(_OPEN) is not None
    for node in [*reading.index.select(_COUNT_HEADINGS if has_place else _COUNT), *links]:
        if not 0 < node.last - node.first <= _MOST_PIECES:
            continue
        found = count_in(reading.text(node))
        if found is not None and not any(is_elsewhere(above) for above in [node, *node.ancestors()]):
            said.append((found[0], node, found[1]))
    if said:
        number, _, posts = said[0]
        return Declared(number, tuple(node for _, node, _ in said), posts)
    return Declared(_linked_count(reading), ())


def count_in(text: str) -> tuple[int, bool] | None:
    """The number in "12 Comments", "One thought on …", "Kommentare (3)", and whether it counts posts."""
    if not text or len(text) > _LONGEST_COUNT:
        return None
    folded = text.casefold().replace("\u00a0", " ")
    match = _COUNTED.match(folded) or _COUNTED_AFTER.match(folded)
    if match is None:
        return None
    said = match["n"]
    noun = match["noun"]
    number = 1 if said in WORDS.counts.one else 0 if not said[0].isdigit() else whole(said)
    return None if number is None else (number, noun in WORDS.counts.posts)


def _alternatives(words: Any) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NOUN: Final = rf"(?P<noun>{_alternatives(WORDS.counts.nouns)})"
_N: Final = rf"(?P<n>\d[\d.,]{{0,8}}|(?:{_alternatives([*WORDS.counts.one, *WORDS.counts.none])})\b)"
_COUNTED: Final = re.compile(
    rf"\W{{0,8}}(?:(?:view|show|all|see|read|alle) ){{0,2}}{_N}\s{{0,3}}(?:reader |user |bisherige |weitere )?{_NOUN}\b"
)
_COUNTED_AFTER: Final = re.compile(
    rf"\W{{0,8}}{_NOUN}\s{{0,3}}[(\[:–—-]?\s{{0,3}}(?P<n>\d[\d.,]{{0,8}})\s?[)\]]?\s{{0,3}}\W{{0,3}}$"
)


def _linked_count(reading: Reading) -> int | None:
    for name in ("commentCount", "interactionCount"):
        for thing in reading.linked.objects:
            value = thing.get(name)
            if name == "interactionCount" and "comment" not in str(value).casefold():
                continue
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            if isinstance(value, str) and (number := whole(value)) is not None:
                return number
    return None


def area_claims(reading: Reading) -> list[Claim]:
    """What stands around comments: forms, pagination, notices."""
    claims = []
    for role, selector in _ROLES.candidates(reading.index):
        for node in reading.index.select(selector):
            if node.first < node.last:
                said = phrase_hint(reading.text(node)) if role is Role.COMMENTS_CLOSED else None
                claims.append(Claim(node, said.role if said is not None else role, "comments:area"))
    return claims


def count_claims(said: Declared) -> list[Claim]:
    """The counters; a forum prints its own beside the numbers of its pages."""
    return [
        Claim(node, Role.PAGINATION if "pagination" in words_of(node.get("class")) else Role.COUNTER, "comments:count")
        for node in said.nodes
        if node.first < node.last
    ]


def _says_closed(reading: Reading, node: Node) -> bool:
    """Whether a notice is not about something else: themes print "enter the password" in its place."""
    hint = phrase_hint(reading.text(node))
    return hint is None or hint.role is Role.COMMENTS_CLOSED


def _leads_to_more(reading: Reading) -> bool:
    """Whether a link goes to another page of comments; a comment's own link may name its page too."""
    links = (node.attrs["href"] for node in reading.index.under("@", "href"))
    return any(part in link and not link[-1:].isdigit() for link in links for part in _AREA.more_links)


def state_of(reading: Reading, listed: int, said: int | None, *, elsewhere: bool) -> CommentsState:
    """``listed``: entries found, pingbacks and removed ones too; ``said``: how many the page declares."""
    index = reading.index
    if listed:
        more = index.first(_MORE) is not None or _leads_to_more(reading)
        short = said is not None and said > listed
        return CommentsState.PARTIAL if more or short else CommentsState.COMPLETE
    if elsewhere:
        return CommentsState.EXTERNAL
    if any(_says_closed(reading, node) for node in index.select(_CLOSED)):
        return CommentsState.CLOSED if not said else CommentsState.LOST
    if said:
        return CommentsState.LOST
    if index.first(_OPEN) is not None or said == 0:
        return CommentsState.OPEN_EMPTY
    return CommentsState.NONE
