"""Articles that stand in a page's data and not (or not whole) in its markup.

Some pages send their text as JSON-LD ``articleBody``, or as the state of a script application
(``__NEXT_DATA__`` and its like), and have the browser make the page. Their text is read from
there, and the blocks made from it say so in their reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any, Final

import msgspec

from archiver.document import Node, read
from archiver.extraction.blocks import Block, segment
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.record import Role

#: An article in the data has at least this many characters.
_LEAST: Final = 400
#: It is taken where it is this many times as long as what the markup gives.
_LONGER: Final = 2.5
_MOST_STATE: Final = 8_000_000
_MOST_VALUES: Final = 200_000
_MOST_PARTS: Final = 500  # of one paragraph
_JSON_SCRIPTS: Final = rule('script[type="application/json"], script#__NEXT_DATA__, script[type="text/json"]')
_STATE: Final = re.compile(r"^\s*window\.(?:__[A-Z_]+__|__\w+|initialState)\s*=\s*(?=[{\[])")
_PARAGRAPH_KINDS: Final = frozenset({"paragraph", "p", "text", "heading", "blockquote"})
_SENTENCE_END: Final = re.compile(r"[.!?…][\"'”’)]?(?:\s|$)")


def embedded_article(reading: Reading, found: str | None) -> list[Block]:
    """Body blocks from the page's data; none where the markup has the article already."""
    least = max(_LEAST, int(_LONGER * len(found or "")))
    paragraphs, node, reason = _from_linked_data(reading)
    if sum(map(len, paragraphs)) < least and not found_enough(found):
        paragraphs, node, reason = _from_state(reading)
    if sum(map(len, paragraphs)) < least:
        return []
    blocks = []
    for text in paragraphs:
        block = Block(text, node, 0, 0, 0)
        block.role, block.reason, block.confidence = Role.BODY, reason, 0.8
        blocks.append(block)
    return blocks


def found_enough(found: str | None) -> bool:
    """Whether the markup's text is an article by itself, so that no state needs to be searched."""
    return found is not None and len(found) >= 1500


def _from_linked_data(reading: Reading) -> tuple[list[str], Node | None, str]:
    best = ""
    for item in reading.linked.objects:
        for key in ("articleBody", "reviewBody"):
            said = item.get(key)
            if isinstance(said, str) and len(said) > len(best):
                best = said
    return _paragraphs(best), None, "articleBody of the page's linked data"


def _from_state(reading: Reading) -> tuple[list[str], Node | None, str]:
    best: list[str] = []
    holder: Node | None = None
    for node, text in _states(reading):
        try:
            state = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            continue
        for paragraphs in _texts_in(state):
            if sum(map(len, paragraphs)) > sum(map(len, best)):
                best, holder = paragraphs, node
    return best, holder, "state of the page's script"


def _states(reading: Reading) -> Iterator[tuple[Node, str]]:
    islands = reading.document.data_islands
    for node in reading.index.select(_JSON_SCRIPTS):
        text = islands.get(node.index, "")
        if _LEAST < len(text) < _MOST_STATE:
            yield node, text
    for index, text in islands.items():
        if _LEAST < len(text) < _MOST_STATE:
            start = _STATE.match(text[:200])
            if start:
                yield reading.document.nodes[index], text[start.end() :].rstrip().rstrip(";")


def _texts_in(state: Any) -> Iterator[list[str]]:
    """Runs of paragraphs in a state: long strings of prose or markup, and lists of paragraph objects."""
    stack = [state]
    seen = 0
    while stack and seen < _MOST_VALUES:
        value = stack.pop()
        seen += 1
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            told = [text for text in map(_paragraph_of, value) if text]
            if len(told) >= 3 and sum(map(len, told)) >= _LEAST:
                yield told
            else:
                stack.extend(value)
        elif isinstance(value, str) and len(value) >= _LEAST:
            paragraphs = _paragraphs(value)
            if _is_prose(paragraphs):
                yield paragraphs


def _paragraph_of(value: Any) -> str | None:
    """The text of ``{"type": "paragraph", "content": [{"type": "text", "value": …}]}`` and its like."""
    if not isinstance(value, dict):
        return None
    kind = value.get("type", value.get("_type", value.get("__typename", value.get("blockType"))))
    if not isinstance(kind, str) or kind.lower().removeprefix("core/").removesuffix("block") not in _PARAGRAPH_KINDS:
        return None
    parts: list[str] = []
    stack: list[Any] = [value]
    while stack and len(parts) < _MOST_PARTS:
        part = stack.pop()
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, list):
            stack.extend(reversed(part))
        elif isinstance(part, dict):
            for key in ("value", "text", "html", "content", "children", "parts"):
                if part.get(key):
                    stack.append(part[key])
                    break
    text = " ".join("".join(parts).split())
    return " ".join(_paragraphs(text)) if "<" in text else unescape(text) or None


def _paragraphs(text: str) -> list[str]:
    if "<" in text and "</" in text:
        return [block.text for block in segment(read(f"<body>{text}".encode()))]
    return [" ".join(unescape(line).split()) for line in re.split(r"\n+|\r+", text) if line.strip()]


def _is_prose(paragraphs: list[str]) -> bool:
    text = " ".join(paragraphs)
    return len(_SENTENCE_END.findall(text)) >= max(3, len(text) // 400) and text.count("{") < 5
