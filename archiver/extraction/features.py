"""What the labeller sees of a block: numbers, none of which names a site.

Lengths and links, punctuation, the tag, where in the page it stands, what surrounds it, what
its containers hold, what class names and words say (by the weights that training learned), and
how the page's other blocks of the same make-up look. :data:`NAMES` is
the order of a row; :data:`CONTEXT_NAMES` what the second look adds.

Elements that hold most of the page's text tell nothing by their names (a theme's ``has-sidebar``
on ``body``); names count from the innermost of them on down.

Most blocks of a page are links in lists, far from its text; they are never asked about.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from archiver.document import Document, Node
from archiver.extraction.blocks import HEADINGS, Block
from archiver.extraction.hints import names_hint, words_of
from archiver.record import Role

NAMES: Final = tuple(
    (
        "chars words link_share enders ends_sentence tag"
        " place chars_before long_before long_after since_long until_long"
        " prev_chars prev_links next_chars next_links prev2_chars next2_chars prev_tag next_tag"
        " own_chars own_links up1_chars up1_links up1_blocks up2_chars up2_links up2_blocks"
        " up3_chars up3_links"
        " off_spine below_spine spine_share depth"
        " in_article in_main in_footer in_form in_list in_figure"
        " token_own token_up1 token_up2 token_sum token_low token_high hint word_score phrase"
        " caption_near notice_near legal promo"
        " since_byline until_end"
        " alike_count alike_chars alike_links after_title title_gap twice"
    ).split()
)
CONTEXT_NAMES: Final = tuple(
    (
        "score prev_score prev2_score next_score next2_score before_scores after_scores"
        " own_share own_mass up1_share up1_mass up2_share up2_mass up3_share up3_mass"
        " alike_share page_share page_mass since_first until_last mass_before"
    ).split()
)

#: Blocks at least this long, with few links, are the page's long text.
LONG: Final = 80
_LONG_LINKS: Final = 0.3
#: A link list's items: mostly linked, and shorter than this.
_LINK_ITEM: Final = 100
_LINKED: Final = 0.9
#: The spine is the chain of elements that each hold this share of the long text.
_SPINE: Final = 0.62
#: Words and phrases are looked at in blocks up to this length.
_SHORT: Final = 300
_FAR: Final = 60
_KEPT: Final = 50_000
#: A block of fewer characters, so many blocks from long text, is not the article's (0.4 % of articles' text is).
_FEW: Final = 25
_APART: Final = 6
_AMONG: Final = 3
#: No page that people read has more text blocks; of a page made to be slow the longest are asked about.
_MOST_CANDIDATES: Final = 8_000
#: Where the first look gives less than this, the second is not asked.
_HOPELESS: Final = 0.03
#: How the scores of the next five blocks to one side fade.
_FADE: Final = (0.8, 0.64, 0.512, 0.4096, 0.32768)

_TAG_CODES: Final = {
    tag: code
    for code, tags in enumerate(
        (
            "p", "li", "h1", "h2", "h3", "h4 h5 h6", "td", "th", "dt", "dd", "blockquote", "pre code", "figcaption",
            "div", "section article main", "header", "footer", "aside", "nav",
            "form fieldset label button option select textarea",
            "caption", "summary details", "center font span", "body", "iframe noscript svg",
        )
    )
    for tag in tags.split()
}  # fmt: skip
_OTHER_TAG: Final = 30
#: How much a block's last character makes it a sentence.
_ENDS: Final = {**dict.fromkeys(".!?…", 1.0), **dict.fromkeys("\"'”’)»", 0.7), **dict.fromkeys(":,;", 0.4)}
_FLAGS: Final = {
    "article": 1, "main": 2, "footer": 4, "form": 8, "button": 8, "select": 8, "ul": 16, "ol": 16, "dl": 16,
    "figure": 32,
}  # fmt: skip
_ROLES: Final = {"main": 2, "contentinfo": 4, "article": 1, "search": 8}
_BITS: Final = tuple(1 << i for i in range(6))
#: The flags as the numbers of a row, for every combination seen.
_FLAG_ROWS: Final[dict[int, tuple[float, ...]]] = {}
#: Words of legal notices and of what asks the reader to do something, without a first letter that may be large.
_LEGAL: Final = (
    "ookie", "rivacy", "onsent", "ersonal information", "pt out", "pt-out", "ights reserved", "isclaimer", "erms of ",
)  # fmt: skip
_PROMO: Final = (
    "ubscri", "ewsletter", "ign up", "ontact ", "ollow ", "lick here", "Read more", "@", "ontributed to",
)  # fmt: skip
#: What names of elements hint at that tells of a caption, and of a notice; see _Scope.
_CAPTION: Final = 1
_NOTICE: Final = 2
_HINTS: Final = {
    Role.CAPTION_CREDIT: _CAPTION, Role.PULL_QUOTE: _CAPTION,
    Role.AUTHOR_BIO: _NOTICE, Role.AFFILIATE_DISCLOSURE: _NOTICE, Role.NEWSLETTER_SIGNUP: _NOTICE,
    Role.COOKIE_NOTICE: _NOTICE, Role.COPYRIGHT_FOOTER: _NOTICE, Role.COMMENT_FORM: _NOTICE, Role.COUNTER: _NOTICE,
    Role.MOST_POPULAR: _NOTICE,
}  # fmt: skip
#: No element around: as if it stood this far up.
_NOWHERE: Final = -99
_FARTHEST: Final = 20
#: Claims that an article begins after, and that it has ended before.
_BEGINS: Final = frozenset({Role.TITLE, Role.SUBTITLE, Role.BYLINE, Role.DATELINE})
_ENDED: Final = frozenset({Role.TAG_LINE, Role.COMMENT, Role.COMMENT_META})
_WORD: Final = re.compile(r"[^\W\d_]{2,}|\d+")


def token_words(names: str) -> tuple[str, ...]:
    """The words of class and id attributes that weights are learned for; numbers are ids, mostly."""
    return tuple(word for word in words_of(names) if not word.isdigit())


def block_words(text: str) -> list[str]:
    """The words of a short block that weights are learned for, each once: its first ten, the first
    one and the first pair marked, numbers as ``0``. In order, so that their weights add up to the
    same number in every process."""
    words = [word if word[0] > "9" else "0" for word in _WORD.findall(text[:100].lower())][:10]
    found = list(dict.fromkeys(words))
    if words:
        found.append("^" + words[0])
        if len(words) > 1:
            found.append(f"{words[0]}_{words[1]}")
    return found


def is_link_item(block: Block) -> bool:
    """Whether a block is what lists of links are made of: short, and nothing but a link."""
    return (
        len(block.text) < _LINK_ITEM
        and block.linked >= _LINKED * len(block.text)
        and (block.node is None or (block.node.tag not in HEADINGS and block.node.tag not in ("td", "th")))
    )


class _Scope(Struct, frozen=True, eq=False, gc=False):
    """What an element passes on to all that stands in it."""

    flags: int
    own: float
    total: float
    low: float
    high: float
    hint: float
    #: how deep the nearest element stands that its tag or name calls a caption, and a notice
    caption: int
    notice: int


_NO_SCOPE: Final = _Scope(0, 0.0, 0.0, 0.0, 0.0, 0.0, _NOWHERE, _NOWHERE)
_NOTHING_HELD: Final = (0.0, 0.0, 0.0)
MakeUp = tuple[str, str, str, str]
#: From the class and id of an element: what training learned of their words, how strong a hint they give (0 to 2),
#: and of what.
Weigh = Callable[[str | None, str | None], tuple[float, float, int]]
Weighed = dict[tuple[str | None, str | None], tuple[float, float, int]]


def weighing(score_tokens: Callable[[str], float], seen: Weighed) -> Weigh:
    """Weigh class and id; ``seen`` remembers, since sites repeat the same few."""

    def weigh(name: str | None, ident: str | None) -> tuple[float, float, int]:
        found = seen.get((name, ident))
        if found is None:
            if len(seen) > _KEPT:
                seen.clear()
            hint = names_hint(name, ident)
            level = 0.0 if hint is None else 2.0 if hint.strong else 1.0
            told = 0 if hint is None else _HINTS.get(hint.role, 0)
            found = seen[name, ident] = (score_tokens(f"{name or ''} {ident or ''}"), level, told)
        return found

    return weigh


class Candidates:
    """One page's blocks as rows of numbers. ``weigh`` tells of the class and id of an element,
    ``score_words`` of the words of a short block."""

    def __init__(
        self,
        document: Document,
        blocks: Sequence[Block],
        weigh: Weigh,
        score_words: Callable[[str], float],
        title: str | None = None,
    ) -> None:
        self.document = document
        self.blocks = blocks
        self.weigh = weigh
        self.score_words = score_words
        self.starts = [block.first for block in blocks]
        self.chars = [float(len(block.text)) for block in blocks]
        self.links = [block.linked / len(block.text) for block in blocks]
        self.tags = [float(_TAG_CODES.get(block.node.tag, _OTHER_TAG)) if block.node else 0.0 for block in blocks]
        self.is_long = [c >= LONG and share < _LONG_LINKS for c, share in zip(self.chars, self.links, strict=True)]
        self.since, self.until = self._gaps()
        self.chosen = _longest(blocks, [i for i, b in enumerate(blocks) if b.role is None and not self._is_aside(i, b)])
        self.char_sums = _running(self.chars)
        self.link_sums = _running([float(block.linked) for block in blocks])
        self.long_sums = _running([c if long else 0.0 for c, long in zip(self.chars, self.is_long, strict=True)])
        self.title_place = self._title_place(title)
        self._scopes: dict[int, _Scope] = {}
        self._spans: dict[int, tuple[int, int]] = {}
        self._held: dict[int, tuple[float, float, float]] = {}
        self._branches: dict[int, tuple[float, float]] = {}
        self._rows: dict[int, list[float]] = {}
        self._make_ups = [_make_up(block) for block in blocks]
        self.spine = self._spine()
        #: how many elements of the spine stand below; 0 for its end
        self._above_end = {node.index: len(self.spine) - 1 - depth for depth, node in enumerate(self.spine)}

    # --- the first look

    def rows(self) -> Iterator[tuple[int, list[float]]]:
        """The place of each candidate among the blocks, and its row in the order of NAMES."""
        if not self.chosen:
            return
        count = len(self.blocks)
        chars, links, tags = self.chars, self.links, self.tags
        total = self.char_sums[-1] or 1.0
        long_total = self.long_sums[-1] or 1.0
        since, until = self.since, self.until
        alike = self._alike()
        twice: dict[str, int] = {}
        for block in self.blocks:
            twice[block.text] = twice.get(block.text, 0) + 1
        spine = self.spine
        first, last = self.span(spine[-1]) if spine else (0, count)
        spine_share = (self.long_sums[last] - self.long_sums[first]) / long_total
        title_place = self.title_place
        marks = self._marks()
        for i in self.chosen:
            block = self.blocks[i]
            node = block.node
            assert node is not None
            up1 = node.parent
            up2 = up1.parent if up1 is not None else None
            up3 = up2.parent if up2 is not None else None
            over3 = self.held(up3)
            scope = self.scope(node)
            group = alike[self._make_ups[i]]
            gap = float(min(i - title_place, 99)) if title_place >= 0 else 0.0
            flags = _FLAG_ROWS.get(scope.flags)
            if flags is None:
                flags = _FLAG_ROWS[scope.flags] = tuple(1.0 if scope.flags & bit else 0.0 for bit in _BITS)
            row = [
                *self._own(block, chars[i]), tags[i],
                i / count, self.char_sums[i] / total,
                self.long_sums[i] / long_total, (self.long_sums[-1] - self.long_sums[i + 1]) / long_total,
                since[i], until[i],
                chars[i - 1] if i else 0.0, links[i - 1] if i else 0.0,
                chars[i + 1] if i + 1 < count else 0.0, links[i + 1] if i + 1 < count else 0.0,
                chars[i - 2] if i > 1 else 0.0, chars[i + 2] if i + 2 < count else 0.0,
                tags[i - 1] if i else -1.0, tags[i + 1] if i + 1 < count else -1.0,
                *self.held(node)[:2], *self.held(up1), *self.held(up2), over3[0], over3[1],
                *self.branch(node), spine_share, float(node.depth),
                *flags,
                scope.own,
                self.scope(up1).own if up1 is not None else 0.0, self.scope(up2).own if up2 is not None else 0.0,
                scope.total, scope.low, scope.high, scope.hint,
                *self._said(block, chars[i]),
                float(min(node.depth - scope.caption, _FARTHEST)), float(min(node.depth - scope.notice, _FARTHEST)),
                *_asks(block.text), *marks[i],
                group[0], group[1] / group[0], group[2] / (group[1] or 1.0),
                0.5 if title_place < 0 else 1.0 if gap > 0 else -1.0 if gap < 0 else 0.0, gap, float(twice[block.text]),
            ]  # fmt: skip
            self._rows[i] = row
            yield i, row

    @staticmethod
    def _own(block: Block, chars: float) -> tuple[float, ...]:
        text = block.text
        count = text.count
        ends = _ENDS.get(text[-1], 0.0)
        enders = count(". ") + count("! ") + count("? ") + (1 if ends == 1.0 else 0)
        return chars, count(" ") + 1.0, block.linked / chars, float(enders), ends

    def _said(self, block: Block, chars: float) -> tuple[float, float]:
        if chars > _SHORT:
            return 0.0, 0.0
        return self.score_words(block.text), 0.0 if block.said is None else 1.0

    def _marks(self) -> list[tuple[float, float]]:
        """How many blocks back the article's headline, byline or date was claimed, and how far ahead stands
        what follows articles."""
        since, until = [], []
        gap = float(_FAR)
        for block in self.blocks:
            gap = min(gap + 1.0, _FAR)
            since.append(gap)
            if block.role in _BEGINS:
                gap = 0.0
        gap = float(_FAR)
        for block in reversed(self.blocks):
            gap = min(gap + 1.0, _FAR)
            until.append(gap)
            if block.role in _ENDED:
                gap = 0.0
        until.reverse()
        return list(zip(since, until, strict=True))

    def _is_aside(self, i: int, block: Block) -> bool:
        """Whether a block is not asked about: a few words far from all long text (of a page that has
        some), or an item of a list of links that is not among the article's paragraphs."""
        gap = min(self.since[i], self.until[i])
        return (self.chars[i] < _FEW and _APART < gap < _FAR) or (gap > _AMONG and is_link_item(block))

    def _gaps(self) -> tuple[list[float], list[float]]:
        """How many blocks back and ahead the nearest long text stands."""
        count = len(self.blocks)
        since, until = [float(_FAR)] * count, [float(_FAR)] * count
        seen = -1
        for i in range(count):
            if seen >= 0:
                since[i] = float(i - seen)
            if self.is_long[i]:
                seen = i
        seen = -1
        for i in range(count - 1, -1, -1):
            if seen >= 0:
                until[i] = float(seen - i)
            if self.is_long[i]:
                seen = i
        return since, until

    def _alike(self) -> Mapping[MakeUp, tuple[float, float, float]]:
        """For each make-up, how many of the page's blocks have it, their characters and linked characters."""
        groups: dict[MakeUp, tuple[float, float, float]] = {}
        for block, make_up, chars in zip(self.blocks, self._make_ups, self.chars, strict=True):
            n, c, linked = groups.get(make_up, _NOTHING_HELD)
            groups[make_up] = (n + 1.0, c + chars, linked + block.linked)
        return groups

    def _title_place(self, title: str | None) -> int:
        """Where the headline stands: the heading that says the title, else the first h1; -1 for none."""
        wanted = title.casefold() if title else None
        first = -1
        for i, block in enumerate(self.blocks):
            tag = block.node.tag if block.node is not None else ""
            if tag in HEADINGS:
                if wanted is not None and len(block.text) < _SHORT and block.text.casefold() == wanted:
                    return i
                if tag == "h1" and first < 0:
                    first = i
        return first

    # --- what stands around

    def span(self, node: Node) -> tuple[int, int]:
        """The blocks within an element, as a range."""
        found = self._spans.get(node.index)
        if found is None:
            starts = self.starts
            first = bisect_left(starts, node.first)
            found = self._spans[node.index] = (first, bisect_left(starts, node.last, first))
        return found

    def held(self, node: Node | None) -> tuple[float, float, float]:
        """Characters, share of links and number of blocks within an element."""
        if node is None:
            return _NOTHING_HELD
        found = self._held.get(node.index)
        if found is None:
            first, last = self.span(node)
            chars = self.char_sums[last] - self.char_sums[first]
            links = self.link_sums[last] - self.link_sums[first]
            found = self._held[node.index] = (chars, links / chars if chars else 0.0, float(last - first))
        return found

    def scope(self, node: Node) -> _Scope:
        found = self._scopes.get(node.index)
        if found is not None:
            return found
        chain = []
        here: Node | None = node
        while here is not None and here.index not in self._scopes:
            chain.append(here)
            here = here.parent
        above = self._scopes[here.index] if here is not None else _NO_SCOPE
        for one in reversed(chain):
            above = self._scopes[one.index] = self._scope_of(one, above)
        return above

    def _scope_of(self, node: Node, above: _Scope) -> _Scope:
        attrs = node.attrs
        flags = above.flags | _FLAGS.get(node.tag, 0)
        caption, notice = above.caption, above.notice
        if node.tag == "figcaption":
            caption = node.depth
        own, hint = 0.0, above.hint
        if attrs:
            role = attrs.get("role")
            if role is not None:
                flags |= _ROLES.get(role, 0)
            name, ident = attrs.get("class"), attrs.get("id")
            left = self._above_end.get(node.index)
            if (name is not None or ident is not None) and not left:
                own, level, told = self.weigh(name, ident)
                if left is None:
                    hint = max(hint, level)
                    if told == _CAPTION:
                        caption = node.depth
                    elif told == _NOTICE:
                        notice = node.depth
        if own == 0.0 and above.own == 0.0 and (flags, hint, caption, notice) == (
            above.flags, above.hint, above.caption, above.notice,
        ):  # fmt: skip
            return above
        return _Scope(
            flags, own, above.total + own, min(above.low, own), max(above.high, own), hint, caption, notice
        )  # fmt: skip

    def branch(self, node: Node) -> tuple[float, float]:
        """How far above the spine's end the element's branch leaves it, and how deep it is in the branch."""
        chain = []
        here: Node | None = node
        while here is not None and here.index not in self._branches and here.index not in self._above_end:
            chain.append(here)
            here = here.parent
        if here is None:
            left, path = float(len(self.spine)), 0.0
        elif here.index in self._above_end:
            left, path = float(self._above_end[here.index]), 0.0
        else:
            left, path = self._branches[here.index]
        for one in reversed(chain):
            path += 1.0
            self._branches[one.index] = (left, path)
        return left, path

    def _spine(self) -> list[Node]:
        """Elements from the root down that each hold most of the page's long text."""
        total = self.long_sums[-1]
        nodes = self.document.nodes
        if not total or not nodes:
            return []
        here = nodes[0]
        spine = [here]
        while True:
            inner = None
            for child in self.document.children(here):
                if child.first < child.last:
                    first, last = self.span(child)
                    if self.long_sums[last] - self.long_sums[first] >= _SPINE * total:
                        inner = child
                        break
            if inner is None:
                return spine
            spine.append(inner)
            here = inner

    # --- the second look

    def rows_in_context(self, scores: Sequence[float]) -> Iterator[tuple[int, list[float]]]:
        """The row of each candidate that may be the article's, with the first look's scores around it, in the
        order of NAMES, then CONTEXT_NAMES. ``scores`` has one for each block of the page."""
        if not self._rows:
            return
        count = len(self.blocks)
        chars = self.chars
        flat = [0.0, 0.0, *scores, 0.0, 0.0]
        mass = _running([flat[i + 2] * chars[i] for i in range(count)])
        all_mass = mass[-1] + 1e-9
        total = self.char_sums[-1] or 1.0
        roots = [c**0.5 for c in chars]
        shares: dict[int, tuple[float, float]] = {}

        def share(node: Node | None) -> tuple[float, float]:
            if node is None:
                return 0.0, 0.0
            found = shares.get(node.index)
            if found is None:
                first, last = self.span(node)
                held = mass[last] - mass[first]
                size = self.char_sums[last] - self.char_sums[first]
                found = shares[node.index] = (held / size if size else 0.0, held / all_mass)
            return found

        groups: dict[MakeUp, tuple[float, float]] = {}
        for i, make_up in enumerate(self._make_ups):
            c, m = groups.get(make_up, (0.0, 0.0))
            groups[make_up] = (c + chars[i], m + chars[i] * flat[i + 2])
        sure = [i for i in self.chosen if flat[i + 2] >= 0.5 and chars[i] >= LONG]
        first_sure, last_sure = (sure[0], sure[-1]) if sure else (-1, -1)

        for i, row in self._rows.items():
            if flat[i + 2] < _HOPELESS:
                continue
            node = self.blocks[i].node
            assert node is not None
            up1 = node.parent
            up2 = up1.parent if up1 is not None else None
            up3 = up2.parent if up2 is not None else None
            size, held = groups[self._make_ups[i]]
            yield i, [
                *row,
                flat[i + 2], flat[i + 1], flat[i], flat[i + 3], flat[i + 4],
                _faded(roots, flat, i, -1), _faded(roots, flat, i, 1),
                *share(node), *share(up1), *share(up2), *share(up3),
                held / size, all_mass / total, all_mass,
                float(i - first_sure) if sure else 0.0, float(last_sure - i) if sure else 0.0,
                mass[i] / all_mass,
            ]  # fmt: skip


def _asks(text: str) -> tuple[float, float]:
    """How many words of legal notices, and how many that ask for something, a text has."""
    count = text.count
    return float(sum([count(word) for word in _LEGAL])), float(sum([count(word) for word in _PROMO]))


def _longest(blocks: Sequence[Block], places: list[int]) -> list[int]:
    if len(places) <= _MOST_CANDIDATES:
        return places
    return sorted(sorted(places, key=lambda i: -len(blocks[i].text))[:_MOST_CANDIDATES])


def _faded(roots: Sequence[float], flat: Sequence[float], i: int, step: int) -> float:
    """The mean score of the next five blocks to one side, weighed by size, nearer ones more."""
    weight = total = 0.0
    j = i
    for fade in _FADE:
        j += step
        if not 0 <= j < len(roots):
            break
        w = roots[j] * fade
        weight += w
        total += w * flat[j + 2]
    return total / weight if weight else 0.0


def _running(values: Sequence[float]) -> list[float]:
    """Running totals, beginning with 0, so that a range's sum is a difference."""
    total = 0.0
    sums = [0.0]
    for value in values:
        total += value
        sums.append(total)
    return sums


def _make_up(block: Block) -> MakeUp:
    node = block.node
    if node is None:
        return "", "", "", ""
    up = node.parent
    name = node.attrs.get("class", "")
    return (node.tag, name, up.tag, up.attrs.get("class", "")) if up is not None else (node.tag, name, "", "")
