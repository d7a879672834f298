"""The state of a page, judged after its blocks are labelled: a page is a notice when notices are
all it says. Structure first, then a second signal; rules/states.toml holds both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from msgspec import Struct

from archiver import rules
from archiver.extraction.blocks import Block
from archiver.extraction.hints import fold
from archiver.extraction.parts import parts_of
from archiver.extraction.reading import Reading
from archiver.extraction.select import Selector, rule
from archiver.page import address_of
from archiver.record import PageState, Role

#: Fewer words of body than this are no article where something else says so.
FEW_WORDS: Final = 40
#: A redirect takes at most this many seconds; a longer refresh reloads a page that is read.
_LONGEST_WAIT: Final = 10
#: A page that says no more than this is a stub where it also points elsewhere.
_STUB_WORDS: Final = 60
_LONGEST_NOTICE: Final = 400  # characters
#: Script text is looked at this far; a challenge says what it is at once.
_SCRIPT_WINDOW: Final = 4_000
_REFRESH: Final = re.compile(
    r"\s{0,9}(\d{0,4})(?:\.\d{0,3})?\s{0,9}[;,]\s{0,9}(?:url\s{0,9}=\s{0,9})?[\"']?\s{0,9}([^\"'>]{1,2000})", re.I
)
_SCRIPT_MOVE: Final = re.compile(
    r"(?:window\.|document\.|top\.|self\.)?location(?:\.href)?\s{0,5}(?:=|\.(?:replace|assign)\()\s{0,5}[\"']([^\"']{1,2000})[\"']"
)
_PATH_OF_LIST: Final = re.compile(r"^/?$|/(?:category|tag|tags|author|archive|archives|page|search|label)(?:/|$)", re.I)


class StateRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One ``[[state]]`` of rules/states.toml."""

    name: PageState
    needs: int = 2
    most_words: int = FEW_WORDS
    selectors: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    headings: bool = False
    notices: tuple[Role, ...] = ()
    phrases: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    status: tuple[int, ...] = ()
    body_classes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class _States(Struct, frozen=True, forbid_unknown_fields=True):
    state: tuple[StateRule, ...]


@dataclass(frozen=True)
class Verdict:
    state: PageState
    reason: str
    confidence: float = 1.0
    redirects_to: str | None = None


_RULES: Final = rules.read("states.toml", _States).state
_SELECTORS: Final[dict[str, Selector]] = {css: rule(css) for one in _RULES for css in one.selectors}
_TITLES: Final = rule("title")
_BODY: Final = rule("body")
_H1: Final = rule("h1, h2")
_REFRESHES: Final = rule("meta[http-equiv]")
_CANONICAL: Final = rule('link[rel="canonical"]')
_SCRIPT: Final = rule("script")
_LINK: Final = rule("a[href]")
_PAYWALLS: Final = rule(
    ".paywall, #gateway-content, .tp-container-inner, .piano-container, .regwall, #paywall, .subscription-wall"
)
_MOUNTS: Final = rule(
    "#root, #app, #__next, #__nuxt, #___gatsby, app-root, [ng-app], [data-reactroot], #react-root, #main-app, #svelte"
)
_ONE_POST: Final = frozenset(
    {"single", "single-post", "singular", "postid", "post-template-default", "view-item", "page-node", "permalink"}
)
_MANY_POSTS: Final = frozenset(
    {"archive", "category", "tag", "blog", "search-results", "search", "paged", "author", "date", "tax", "view-list"}
)
_HEADINGS: Final = rule("h1, h2, h3, h4")


def judge(reading: Reading, blocks: Sequence[Block], *, has_comments: bool) -> Verdict:
    """The page's state with the signals that told. ``has_comments`` speaks for an article."""
    words = sum(len(block.text.split()) for block in blocks if block.role is Role.BODY)
    stub = _redirect(reading, blocks, words)
    return (
        _broken(reading)
        or _gone(reading)
        or _by_rules(reading, blocks, words, stub)
        or _failed(reading)
        or stub
        or _without_text(reading, blocks, words, has_comments)
        or _of_article(reading, blocks, words, has_comments)
    )


def _by_rules(reading: Reading, blocks: Sequence[Block], words: int, stub: Verdict | None) -> Verdict | None:
    for one in _RULES:
        if words <= one.most_words:
            look = _Look(one, reading, blocks)
            signals = [said for told in _SIGNALS if (said := told(look)) is not None]
            if len(signals) >= one.needs:
                return Verdict(one.name, ", ".join(signals), redirects_to=_target_of(one.name, reading, stub))
    return None


def _gone(reading: Reading) -> Verdict | None:
    status = reading.page.status
    return Verdict(PageState.GONE, f"status {status}") if status in (404, 410) else None


def _failed(reading: Reading) -> Verdict | None:
    status = reading.page.status
    return Verdict(PageState.ERROR, f"status {status}") if status is not None and status >= 500 else None


def _without_text(reading: Reading, blocks: Sequence[Block], words: int, has_comments: bool) -> Verdict | None:
    if not blocks:
        scripted = bool(reading.document.data_islands or reading.index.select(_SCRIPT))
        return Verdict(PageState.JS_SHELL if scripted else PageState.EMPTY, "no text outside scripts")
    mounted = words == 0 and not has_comments and reading.index.first(_MOUNTS) is not None
    if mounted and sum(len(block.text.split()) for block in blocks) < FEW_WORDS:
        return Verdict(PageState.JS_SHELL, "a mount, scripts and next to no text", 0.8)
    return None


def _of_article(reading: Reading, blocks: Sequence[Block], words: int, has_comments: bool) -> Verdict:
    if _is_paywalled(reading, blocks):
        return Verdict(PageState.PAYWALLED, "said not free, and cut")
    part = _part(reading)
    if part is not None:
        return part
    if reading.page.media_type == "text/html" and _is_index(reading, blocks, words, has_comments):
        return Verdict(PageState.INDEX, "a list of headings that lead to other pages", 0.8)
    return Verdict(PageState.ARTICLE, "nothing says otherwise", 0.9)


def _broken(reading: Reading) -> Verdict | None:
    page = reading.page
    if page.truncated is not None:
        return Verdict(PageState.ERROR, f"body cut: {page.truncated}")
    if not page.body.strip(b" \t\r\n\0"):
        return _failed(reading) or _gone(reading) or Verdict(PageState.EMPTY, "no bytes" if not page.body else "blank")
    if page.media_type not in ("text/html", "text/plain"):
        return Verdict(PageState.UNSUPPORTED, page.media_type)
    return None


class _Look(NamedTuple):
    """A rule held against a page."""

    rule: StateRule
    reading: Reading
    blocks: Sequence[Block]


def _element(look: _Look) -> str | None:
    return next(
        (f"element {css}" for css in look.rule.selectors if look.reading.index.first(_SELECTORS[css]) is not None), None
    )


def _title(look: _Look) -> str | None:
    if not look.rule.titles:
        return None
    said = _title_words(look.reading) + (_heading_words(look.reading) if look.rule.headings else ())
    return next((f"title “{wanted}”" for text in said for wanted in look.rule.titles if _opens(text, wanted)), None)


def _notice(look: _Look) -> str | None:
    return next((f"notice {block.role}" for block in look.blocks if block.role in look.rule.notices), None)


def _words(look: _Look) -> str | None:
    if not look.rule.phrases:
        return None
    texts = [block.text.casefold().replace("’", "'") for block in look.blocks if len(block.text) < _LONGEST_NOTICE]
    return next((f"words “{phrase}”" for phrase in look.rule.phrases if any(phrase in text for text in texts)), None)


def _script(look: _Look) -> str | None:
    if not look.rule.scripts:
        return None
    starts = [text[:_SCRIPT_WINDOW] for text in look.reading.document.data_islands.values()]
    return next((f"script {said}" for said in look.rule.scripts if any(said in text for text in starts)), None)


def _header(look: _Look) -> str | None:
    sent = look.reading.page.header
    return next((f"header {name}" for name, value in look.rule.headers.items() if value in (sent(name) or "\0")), None)


def _status(look: _Look) -> str | None:
    return f"status {look.reading.page.status}" if look.reading.page.status in look.rule.status else None


def _class(look: _Look) -> str | None:
    return None if _body_classes(look.reading).isdisjoint(look.rule.body_classes) else "class of body"


def _address(look: _Look) -> str | None:
    if not look.reading.page.url or not (look.rule.hosts or look.rule.paths):
        return None
    address = address_of(look.reading.page.url)
    told = address.hostname in look.rule.hosts or any(address.path.startswith(path) for path in look.rule.paths)
    return "address" if told else None


_SIGNALS: Final = (_element, _title, _notice, _words, _script, _header, _status, _class, _address)


def _opens(text: str, wanted: str) -> bool:
    """Whether a title is the words, or begins with them and goes on with a separator (“404 – Site”)."""
    return text == wanted or (
        text.startswith(wanted) and not text[len(wanted)].isalnum() and len(text) < len(wanted) + 60
    )


def _title_words(reading: Reading) -> tuple[str, ...]:
    node = reading.index.first(_TITLES)
    text = fold(reading.text(node)) if node is not None else ""
    return (text,) if text else ()


def _heading_words(reading: Reading) -> tuple[str, ...]:
    texts = []
    for node in reading.index.select(_H1)[:4]:
        text = fold(reading.text(node))
        texts.append(
            text.removeprefix("oops! that ").removeprefix("sorry, ").removeprefix("error: ").removeprefix("the ")
        )
    return tuple(texts)


def _body_classes(reading: Reading) -> frozenset[str]:
    node = reading.index.first(_BODY)
    return frozenset(node.get("class").lower().split()) if node is not None else frozenset()


def _redirect(reading: Reading, blocks: Sequence[Block], words: int) -> Verdict | None:
    """A page that only points elsewhere, and where to."""
    if words > _STUB_WORDS or sum(len(block.text.split()) for block in blocks) > 4 * _STUB_WORDS:
        return None
    target, how = _refresh_target(reading)
    if target is None:
        target, how = _script_target(reading)
    if target is None:
        notice = next((b for b in blocks if b.role is Role.REDIRECT_NOTICE), None)
        links = [node for node in reading.index.select(_LINK) if reading.absolute(node.get("href")) is not None]
        if notice is None or len(links) != 1:
            return None
        target, how = reading.absolute(links[0].get("href")), "a notice and one link"
    if target is None or target.partition("#")[0] == (reading.page.url or "").partition("#")[0]:
        return None
    return Verdict(PageState.REDIRECT_STUB, how, redirects_to=_preferred(reading, target))


def _refresh_target(reading: Reading) -> tuple[str | None, str]:
    for node in reading.index.select(_REFRESHES):
        if node.get("http-equiv").strip().lower() == "refresh":
            told = _REFRESH.match(node.get("content"))
            if told and int(told[1] or 0) <= _LONGEST_WAIT:
                return reading.absolute(told[2].strip()), "meta refresh"
    return None, ""


def _script_target(reading: Reading) -> tuple[str | None, str]:
    for text in reading.document.data_islands.values():
        if len(text) < _SCRIPT_WINDOW:
            told = _SCRIPT_MOVE.search(text)
            if told:
                return reading.absolute(told[1]), "location set by script"
    return None, ""


def _preferred(reading: Reading, target: str) -> str:
    """The canonical URL where it is the target without its query (a tracking parameter, mostly)."""
    node = reading.index.first(_CANONICAL)
    canonical = reading.absolute(node.get("href")) if node is not None else None
    return canonical if canonical is not None and canonical == target.partition("?")[0] else target


def _target_of(state: PageState, reading: Reading, stub: Verdict | None) -> str | None:
    if state is PageState.ARCHIVE_REDIRECT:
        link = next((n for n in reading.index.select(_LINK) if "/web/" in n.get("href")), None)
        if link is None:
            return None
        href = link.get("href")
        return reading.absolute(href) or (f"https://web.archive.org{href}" if href.startswith("/web/") else None)
    if state in (PageState.INTERSTITIAL, PageState.REDIRECT_STUB) and stub is not None:
        return stub.redirects_to
    return None


def _is_paywalled(reading: Reading, blocks: Sequence[Block]) -> bool:
    wall = reading.index.first(_PAYWALLS) is not None
    notice = any(block.role is Role.PAYWALL_NOTICE for block in blocks)
    if not wall and not notice:
        return False
    locked = any(
        str(item.get("isAccessibleForFree", "")).strip().lower() in ("false", "no")
        for item in reading.linked.objects
        if "isAccessibleForFree" in item
    )
    return (notice and (locked or wall)) or (locked and wall and not _full_text(reading))


def _full_text(reading: Reading) -> bool:
    return any(len(str(item.get("articleBody", ""))) > 1500 for item in reading.linked.objects)


def _part(reading: Reading) -> Verdict | None:
    parts = parts_of(reading)
    if parts is None:
        return None
    first = min(parts.others, default=None)
    target = parts.others[first] if first is not None else None
    return Verdict(PageState.ARTICLE_PART, "one of several numbered pages", redirects_to=target)


def _teasers(reading: Reading) -> set[str]:
    """Where headings lead that are links."""
    return {
        child.attrs["href"]
        for heading in reading.index.select(_HEADINGS)
        for child in reading.document.children(heading)
        if child.tag == "a" and "href" in child.attrs
    }


def _is_index(reading: Reading, blocks: Sequence[Block], words: int, has_comments: bool) -> bool:
    """Several headings that each lead to another page, and no text of its own to speak of."""
    if has_comments:
        return False
    classes = _body_classes(reading)
    if not classes.isdisjoint(_ONE_POST):
        return False
    teasers = _teasers(reading)
    if len(teasers) < 2 and not _is_archive_of_one(reading, classes, teasers):
        return False
    if "article" in (reading.meta.get("og:type") or [""])[0].lower():
        return False
    if not classes.isdisjoint(_MANY_POSTS):
        return True
    path = address_of(reading.page.url).path if reading.page.url else None
    of_list = path is not None and _PATH_OF_LIST.search(path) is not None
    longest = max((len(block.text) for block in blocks if block.role is Role.BODY), default=0)
    return words < (400 if of_list else 120) and longest < 400


def _is_archive_of_one(reading: Reading, classes: frozenset[str], teasers: set[str]) -> bool:
    """A month, a tag or an author with a single post: WordPress calls it an archive, and its one heading leads away."""
    here = {reading.page.url, *(reading.absolute(node.get("href")) for node in reading.index.select(_CANONICAL))}
    return "archive" in classes and bool({reading.absolute(href) for href in teasers} - here - {None})
