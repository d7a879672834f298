"""Labels: each block gets a role and the reason for it.

Claims come first (what a rule says of an element). What the page's article is, the labeller
decides for every block that nobody claimed; a phrase that names a notice overrules it for a
short block. What is left gets the role that the nearest hint names: its own words, the classes
and tags around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archiver.document import Document, Node
from archiver.extraction.blocks import Block
from archiver.extraction.hints import Hint, phrase_hint, token_hint
from archiver.extraction.model import Labeller
from archiver.record import Role

#: From this probability on a block is the article's.
BODY: Final = 0.5
#: An article shorter than this is taken at a lower probability rather than lost.
_LEAST_BODY: Final = 200  # characters
_LOWER: Final = (0.3, 0.15, 0.06)
#: Notices that end or interrupt an article in so many words; the labeller is not asked.
_SAID: Final = frozenset(
    {
        Role.AD, Role.SHARE_BAR, Role.COMMENT_FORM, Role.COOKIE_NOTICE, Role.REDIRECT_NOTICE, Role.PAYWALL_NOTICE,
        Role.COMMENTS_CLOSED, Role.COMMENT_PLACEHOLDER, Role.PASSWORD_FORM, Role.CHALLENGE_NOTICE, Role.ARCHIVE_TOOLBAR,
        Role.ERROR_PLACEHOLDER, Role.LOGIN_PROMPT, Role.COPYRIGHT_FOOTER, Role.PAGINATION, Role.LIKE_WIDGET,
        Role.NEWSLETTER_SIGNUP, Role.RATING_WIDGET_USER, Role.VIDEO_PLAYER,
    }
)  # fmt: skip
#: How sure the labeller must be to keep a block whose words name a notice.
_AGAINST_WORDS: Final = 0.97
#: Elements whose class names a notice, whatever they say.
_NAMED: Final = frozenset(
    {
        Role.REDIRECT_NOTICE, Role.SHARE_BAR, Role.LIKE_WIDGET, Role.COOKIE_NOTICE, Role.RELATED, Role.PAGINATION,
        Role.BREADCRUMB, Role.CAPTION_CREDIT, Role.PULL_QUOTE, Role.A11Y_HIDDEN, Role.COMMENT_FORM, Role.PASSWORD_FORM,
        Role.PAYWALL_NOTICE, Role.NEWSLETTER_SIGNUP, Role.AUTHOR_BIO, Role.AD, Role.MOST_POPULAR, Role.COUNTER,
        Role.ARCHIVE_TOOLBAR, Role.AGE_GATE, Role.CHALLENGE_NOTICE, Role.LOGIN_PROMPT, Role.COMMENTS_CLOSED,
        Role.FACTS, Role.PRINT_HEADER, Role.VIDEO_PLAYER, Role.COPYRIGHT_FOOTER, Role.NAVIGATION, Role.TAG_LINE,
    }
)  # fmt: skip
#: An element that holds more than this share of the page's long text is the article's, whatever its class says.
_TOO_MUCH: Final = 0.3
_TAG_ROLES: Final = {
    "nav": Role.NAVIGATION, "footer": Role.COPYRIGHT_FOOTER, "aside": Role.RELATED, "figcaption": Role.CAPTION_CREDIT,
    "header": Role.NAVIGATION, "select": Role.NAVIGATION, "textarea": Role.OTHER, "video": Role.VIDEO_PLAYER,
    "audio": Role.VIDEO_PLAYER,
}  # fmt: skip


def label(document: Document, blocks: Sequence[Block], labeller: Labeller, title: str | None) -> None:
    """Give every block its role. Blocks that come with one (claims) keep it."""
    scores = labeller.scores(document, blocks, title)
    long_text = sum(len(block.text) for block in blocks if len(block.text) > 80) or 1
    named = [_named(document, block, long_text) if block.role is None else None for block in blocks]
    threshold = _threshold(blocks, scores, named)
    for block, score, name in zip(blocks, scores, named, strict=True):
        if block.role is not None:
            continue
        said = phrase_hint(block.text)
        if name is not None:
            _give(block, name.role, name.reason, 0.95)
        elif said is not None and said.role in _SAID and score < _AGAINST_WORDS:
            _give(block, said.role, said.reason, 0.9)
        elif score >= threshold:
            _give(block, Role.BODY, "labeller", score)
        else:
            _give_other(block, said, title, 1 - score)
    _part_pull_quotes(blocks)


def _give(block: Block, role: Role, reason: str, confidence: float) -> None:
    block.role, block.reason, block.confidence = role, reason, round(confidence, 3)


def _named(document: Document, block: Block, long_text: int) -> Hint | None:
    """The strong hint of the nearest element that has one, unless the article stands in it."""
    node = block.node
    while node is not None:
        hint = token_hint(node)
        if hint is not None and hint.strong and hint.role in _NAMED:
            held = sum(len(p.text) for p in document.pieces[node.first : node.last] if len(p.text) > 80)
            return hint if held <= _TOO_MUCH * long_text or held < 200 else None
        node = node.parent
    return None


def _threshold(blocks: Sequence[Block], scores: Sequence[float], named: Sequence[Hint | None]) -> float:
    """The probability from which on a block is body: lower where the page would have none."""
    for least in (BODY, *_LOWER):
        size = sum(
            len(block.text)
            for block, score, name in zip(blocks, scores, named, strict=True)
            if block.role is None and name is None and score >= least
        )
        if size >= _LEAST_BODY:
            return least
    return BODY


def _give_other(block: Block, said: Hint | None, title: str | None, confidence: float) -> None:
    if title is not None and block.text.casefold() == title.casefold():
        _give(block, Role.TITLE_ECHO, "equals the title", confidence)
    elif said is not None:
        _give(block, said.role, said.reason, confidence)
    else:
        hint = _around(block.node)
        _give(block, hint.role, hint.reason, confidence * (1.0 if hint.strong else 0.7))


def _around(node: Node | None) -> Hint:
    while node is not None:
        hint = token_hint(node)
        if hint is not None:
            return hint
        role = _TAG_ROLES.get(node.tag)
        if role is not None:
            return Hint(role, True, f"in {node.tag}")
        node = node.parent
    return Hint(Role.OTHER, False, "nothing tells")


def _part_pull_quotes(blocks: Sequence[Block]) -> None:
    """A quotation that repeats a sentence of the body is a pull quote."""
    body = [block for block in blocks if block.role is Role.BODY]
    quotes = [b for b in body if len(b.text) > 30 and _in_quote(b.node)]
    for quote in quotes:
        words = quote.text.strip("“”\"'‘’ ")
        if any(words in other.text for other in body if other is not quote and len(other.text) > len(quote.text)):
            _give(quote, Role.PULL_QUOTE, "repeats a sentence of the body", 0.95)


def _in_quote(node: Node | None) -> bool:
    for _ in range(3):
        if node is None:
            return False
        if node.tag in ("blockquote", "aside", "q"):
            return True
        node = node.parent
    return False
