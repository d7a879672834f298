"""Plain text pages: a page flattened to lines, as a WET file holds it.

Tags are gone, so what a block is can only be told by what it says and by the gaps: one blank
line parts paragraphs, two part one thing from the next. The line that files the article under
its tags, where there is one, ends the body; what follows, up to the comment form, are comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from archiver.extraction.blocks import Block
from archiver.extraction.comments import Thread, thread_of_texts
from archiver.extraction.tags.found import Tags
from archiver.extraction.tags.lines import tag_line
from archiver.record import Role

#: A headline is no longer than this.
_LONGEST_TITLE: Final = 160
#: Blank lines that part one comment from the next.
_COMMENT_GAP: Final = 2
#: What ends a comment area, whatever the gap.
_FORM: Final = frozenset({Role.COMMENT_FORM, Role.COMMENTS_CLOSED, Role.LOGIN_PROMPT})


@dataclass(frozen=True)
class PlainText:
    """A flattened page read: its title, its tags, and its comments, without names and dates."""

    title: str | None
    tags: Tags
    thread: Thread


def read_plain(blocks: Sequence[Block], url: str | None) -> PlainText:
    """Read a plain text's blocks, and label them on the way: there is nothing else to go by."""
    for block in blocks:
        hint = block.said
        if hint is not None:
            _label(block, hint.role, hint.reason)
    title = _title(blocks)
    filed_at, filed = _filed(blocks)
    comments = _comments(blocks, filed_at) if filed_at is not None else []
    for block in blocks:
        if block.role is None:
            _label(block, Role.BODY, "text of the page")
    has_form = any(block.role in _FORM for block in blocks)
    return PlainText(title, filed or Tags(), _thread(comments, has_form, url))


def _thread(comments: Sequence[Sequence[Block]], has_form: bool, url: str | None) -> Thread:
    told = thread_of_texts([[block.text for block in blocks] for blocks in comments], has_form=has_form, url=url)
    for comment, blocks in zip(told.comments, comments, strict=True):
        for block in blocks:
            block.ref = comment.comment_id
    return told


def _label(block: Block, role: Role, reason: str) -> None:
    block.role, block.reason, block.confidence = role, reason, 0.9


def _title(blocks: Sequence[Block]) -> str | None:
    """The first short line that is no notice and no sentence; a second copy is its echo."""
    open_blocks = [block for block in blocks if block.role is None]
    if (
        len(open_blocks) < 2
        or len(open_blocks[0].text) > _LONGEST_TITLE
        or open_blocks[0].text.endswith((".", ",", ";"))
    ):
        return None
    head = open_blocks[0]
    _label(head, Role.TITLE, "first line")
    for block in open_blocks[1:4]:
        if block.text.casefold() == head.text.casefold():
            _label(block, Role.TITLE_ECHO, "equals the title")
    return head.text


def _filed(blocks: Sequence[Block]) -> tuple[int | None, Tags | None]:
    for place, block in enumerate(blocks):
        if block.role is None:
            filed = tag_line(block.text)
            if filed is not None:
                _label(block, Role.TAG_LINE, "files the page under tags")
                return place, filed
    return None, None


def _comments(blocks: Sequence[Block], after: int) -> list[list[Block]]:
    found: list[list[Block]] = []
    for block in blocks[after + 1 :]:
        if block.role in _FORM:
            break
        if block.role is not None:
            continue
        if not found or block.blank >= _COMMENT_GAP:
            found.append([])
        found[-1].append(block)
        _label(block, Role.COMMENT, "parted by blank lines, after the tag line")
    return found
