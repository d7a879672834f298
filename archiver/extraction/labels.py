"""Labels: each block gets a role and the reason for it.

Claims come first (what a rule says of an element). What the page's article is, the labeller
decides for every block that nobody claimed; a phrase that names a notice overrules it for a
short block. What is left gets the role that the nearest hint names: its own words, the classes
and tags around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from archiver import rules
from archiver.document import Node
from archiver.extraction.blocks import HEADINGS, Block
from archiver.extraction.hints import Hint, token_hint
from archiver.extraction.model import Labeller
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.record import Role


class _Containers(Struct, frozen=True, forbid_unknown_fields=True):
    containers: tuple[str, ...]


_CONTAINERS: Final = rule(", ".join(rules.read("body.toml", _Containers).containers))
_ARTICLES: Final = rule("article")
_BY_LABELLER: Final = "labeller"
#: A page with less long text than this gives the labeller nothing to compare.
_LITTLE: Final = 700  # characters

#: From which probability on a block is the article's is told by the page (see threshold), but not below or above these.
_LOWEST: Final = 0.2
_HIGHEST: Final = 0.45
#: An article shorter than this is taken at a lower probability rather than lost.
_LEAST_BODY: Final = 200  # characters
_LOWER: Final = (0.3, 0.15, 0.06)
#: Notices that end or interrupt an article in so many words; the labeller is not asked.
_SAID: Final = frozenset(
    {
        Role.AD, Role.SHARE_BAR, Role.COMMENT_FORM, Role.COOKIE_NOTICE, Role.REDIRECT_NOTICE, Role.PAYWALL_NOTICE,
        Role.COMMENTS_CLOSED, Role.COMMENT_PLACEHOLDER, Role.PASSWORD_FORM, Role.CHALLENGE_NOTICE, Role.ARCHIVE_TOOLBAR,
        Role.ERROR_PLACEHOLDER, Role.LOGIN_PROMPT, Role.COPYRIGHT_FOOTER, Role.PAGINATION, Role.LIKE_WIDGET,
        Role.NEWSLETTER_SIGNUP, Role.RATING_WIDGET_USER, Role.VIDEO_PLAYER, Role.ERROR_NOTICE, Role.RELATED,
    }
)  # fmt: skip
#: How sure the labeller must be to keep a block whose words name a notice.
_AGAINST_WORDS: Final = 0.97
#: And no labeller is where those words are all that the block says.
_LITTLE_MORE: Final = 30  # characters
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
#: A text of this length stands in an article once; only cells of a table may say the same.
_NOT_TWICE: Final = 40  # characters
_NOTHING_TELLS: Final = Hint(Role.OTHER, False, "nothing tells")
_CAPTION: Final = Hint(Role.CAPTION_CREDIT, True, "in figcaption")
#: An element that holds more than this share of the page's long text is the article's, whatever its class says.
_TOO_MUCH: Final = 0.3
_TAG_ROLES: Final = {
    "nav": Role.NAVIGATION, "footer": Role.COPYRIGHT_FOOTER, "aside": Role.RELATED, "figcaption": Role.CAPTION_CREDIT,
    "header": Role.NAVIGATION, "select": Role.NAVIGATION, "textarea": Role.OTHER, "video": Role.VIDEO_PLAYER,
    "audio": Role.VIDEO_PLAYER,
}  # fmt: skip


def label(reading: Reading, blocks: Sequence[Block], labeller: Labeller | None, title: str | None) -> None:
    """Give every block its role. Blocks that come with one (claims) keep it; without a labeller
    they have said already what the article is."""
    long_text = sum(len(block.text) for block in blocks if len(block.text) > 80)
    scores = _scores(reading, blocks, labeller, title, long_text)
    named = _Named(reading, long_text)
    names = [named.hint(block.node) if block.role is None else None for block in blocks]
    least = _threshold(blocks, scores, names)
    around = _Around()
    for block, score, name in zip(blocks, scores, names, strict=True):
        if block.role is not None:
            continue
        said = block.said
        if name is not None:
            _give(block, name.role, name.reason, 0.95)
        elif said is not None and said.role in _SAID and (score < _AGAINST_WORDS or len(block.text) < _LITTLE_MORE):
            _give(block, said.role, said.reason, 0.9)
        elif score >= least:
            _give(block, Role.BODY, _BY_LABELLER, score)
        else:
            _give_other(block, around, title, 1 - score)
    _part_repeats(blocks)
    _part_pull_quotes(blocks)


def _scores(
    reading: Reading, blocks: Sequence[Block], labeller: Labeller | None, title: str | None, long_text: int
) -> Sequence[float]:
    if labeller is None:
        return [0.0] * len(blocks)
    scores = labeller.scores(reading.document, blocks, title)
    return _by_container(reading, blocks, scores) if long_text < _LITTLE else scores


def _give(block: Block, role: Role, reason: str, confidence: float) -> None:
    block.role, block.reason, block.confidence = role, reason, round(confidence, 3)


class _Named:
    """Strong hints of elements, each element looked at once."""

    def __init__(self, reading: Reading, long_text: int) -> None:
        self.pieces = reading.document.pieces
        self.long_text = long_text
        self.known: dict[int, Hint | None] = {}

    def hint(self, node: Node | None) -> Hint | None:
        """The strong hint of the nearest element that has one, unless the article stands in it."""
        chain = []
        found: Hint | None = None
        while node is not None:
            if node.index in self.known:
                found = self.known[node.index]
                break
            chain.append(node)
            hint = token_hint(node) if node.tag != "figcaption" else _CAPTION
            if hint is not None and hint.strong and hint.role in _NAMED and not self._holds_the_article(node):
                found = hint
                break
            node = node.parent
        for one in chain:
            self.known[one.index] = found
        return found

    def _holds_the_article(self, node: Node) -> bool:
        held = sum(len(piece.text) for piece in self.pieces[node.first : node.last] if len(piece.text) > 80)
        return held > 200 and held > _TOO_MUCH * self.long_text


def _by_container(reading: Reading, blocks: Sequence[Block], scores: Sequence[float]) -> list[float]:
    """Scores of a page that says little: what stands where articles stand is taken, the rest is not."""
    containers = reading.index.select(_CONTAINERS)
    if not any(_is_within(block, containers) for block in blocks if block.role is None):
        containers = reading.index.select(_ARTICLES)
    if not containers:
        return list(scores)
    return [
        0.0 if not _is_within(block, containers) or block.linked > 0.9 * len(block.text)
        else max(score, 0.6) if block.node is None or block.node.tag not in HEADINGS else score
        for block, score in zip(blocks, scores, strict=True)
    ]  # fmt: skip


def _is_within(block: Block, nodes: Sequence[Node]) -> bool:
    return block.node is not None and any(node.holds(block.node) for node in nodes)


def _threshold(blocks: Sequence[Block], scores: Sequence[float], named: Sequence[Hint | None]) -> float:
    free = [
        (len(block.text), score)
        for block, score, name in zip(blocks, scores, named, strict=True)
        if block.role is None and name is None
    ]
    return threshold(free)


def threshold(blocks: Sequence[tuple[int, float]]) -> float:
    """The score from which on a block is body, given each block's size and score: the one that promises
    the best F1 if scores are what they say, probabilities; lower where the page would have next to no article."""
    total = sum([size * score for size, score in blocks])
    best = right = taken = 0.0
    promising = _HIGHEST
    for size, score in sorted(blocks, key=lambda block: -block[1]):
        if score < _LOWEST:
            break
        right += size * score
        taken += size
        promised = 2 * right / (taken + total)
        if promised > best:
            best, promising = promised, score
    for least in (min(promising, _HIGHEST), *_LOWER):
        if sum([size for size, score in blocks if score >= least]) >= _LEAST_BODY:
            return least
    return _HIGHEST if any(score > 0 for _, score in blocks) else 1.0


def _give_other(block: Block, around: _Around, title: str | None, confidence: float) -> None:
    said = block.said
    if title is not None and block.text.casefold() == title.casefold():
        _give(block, Role.TITLE_ECHO, "equals the title", confidence)
    elif said is not None:
        _give(block, said.role, said.reason, confidence)
    else:
        hint = around.hint(block.node)
        _give(block, hint.role, hint.reason, confidence * (1.0 if hint.strong else 0.7))


class _Around:
    """The nearest hint around an element: of its class, its id or its tag; each element looked at once."""

    def __init__(self) -> None:
        self.known: dict[int, Hint] = {}

    def hint(self, node: Node | None) -> Hint:
        chain = []
        found = _NOTHING_TELLS
        while node is not None:
            known = self.known.get(node.index)
            if known is not None:
                found = known
                break
            chain.append(node)
            hint = token_hint(node)
            if hint is not None:
                found = hint
                break
            role = _TAG_ROLES.get(node.tag)
            if role is not None:
                found = Hint(role, True, f"in {node.tag}")
                break
            node = node.parent
        for one in chain:
            self.known[one.index] = found
        return found


def _part_repeats(blocks: Sequence[Block]) -> None:
    """Of a text that stands in the page twice (for two widths of a screen, as teaser and in its place) the
    likelier one is the article's."""
    kept: dict[str, Block] = {}
    for block in blocks:
        if block.role is not Role.BODY or block.reason != _BY_LABELLER or len(block.text) < _NOT_TWICE:
            continue
        if block.node is None or block.node.tag in ("td", "th"):
            continue
        other = kept.setdefault(block.text, block)
        if other is not block:
            less = other if (block.confidence or 0) > (other.confidence or 0) else block
            if less is other:
                kept[block.text] = block
            _give(less, Role.OTHER, "stands in the article elsewhere", 0.9)


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
