"""The peers that extraction is measured against, each called as its own documentation shows.

Every peer gets the bytes of a page and its address, and gives an :class:`Answer`. Text that
comes as HTML is read with the reader of this project, so that no words are joined. A peer that
is not installed is named with the reason, never left out in silence.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from typing import Any

from archiver.document import join, read

Extract = Callable[[bytes, str], "Answer"]


@dataclass(frozen=True)
class Answer:
    """What an extractor says of a page. ``comments`` is its comments as one text, ``""`` where it knows none."""

    body: str = ""
    title: str | None = None
    authors: str | list[str] | None = None
    date: str | None = None
    comments: str = ""
    #: Comments one by one, with author, date, text and parent, where the extractor tells them apart.
    listed: list[dict[str, Any]] | None = None
    #: Further fields of score_comments.py: tags, categories, rating, item_reviewed.
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """An extractor of somebody else's. ``load`` imports it and gives the function to call."""

    name: str
    distribution: str
    load: Callable[[], Extract]
    #: What it needs that a plain installation may lack.
    needs: str = ""

    @property
    def version(self) -> str | None:
        try:
            return metadata.version(self.distribution)
        except metadata.PackageNotFoundError:
            return None


def no_network() -> None:
    """From here on this process connects to nothing: newspaper4k, for one, asks for images."""

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
            raise ConnectionRefusedError(f"a benchmark asks nobody: {arguments[1:]}")

    sys.addaudithook(refuse)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def _trafilatura(**mode: Any) -> Extract:
    from trafilatura import bare_extraction

    def extract(body: bytes, url: str) -> Answer:
        found = bare_extraction(body, url=url, with_metadata=True, include_comments=True, **mode)
        if found is None:
            return Answer()
        assert not isinstance(found, dict)
        return Answer(found.text or "", found.title, found.author, found.date, found.comments or "")

    return extract


def _readability() -> Extract:
    from readability import Document

    from archiver.page import Page

    def extract(body: bytes, url: str) -> Answer:
        document = Document(Page(body=body).text, url=url)  # its own decoding of bytes raises in 0.8.4
        return Answer(_text(document.summary()), document.short_title())

    return extract


def _newspaper() -> Extract:
    import newspaper

    settings = newspaper.Config()
    settings.fetch_images = False

    def extract(body: bytes, url: str) -> Answer:
        article = newspaper.Article(url, config=settings)
        article.download(input_html=body)
        article.parse()
        published = article.publish_date
        return Answer(article.text, article.title, list(article.authors), published.isoformat() if published else None)

    return extract


def _resiliparse() -> Extract:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import detect_encoding
    from resiliparse.parse.html import HTMLTree

    def extract(body: bytes, url: str) -> Answer:  # noqa: ARG001 - it reads no address
        tree = HTMLTree.parse_from_bytes(body, detect_encoding(body) or "utf-8")
        text = extract_plain_text(tree, main_content=True, alt_texts=False, list_bullets=False, comments=False)
        return Answer(text, tree.title)

    return extract


def _rs_trafilatura() -> Extract:
    from rs_trafilatura import extract_bytes

    def extract(body: bytes, url: str) -> Answer:
        found = extract_bytes(body, url=url)
        return Answer(found.main_content, found.title, found.author, found.date)

    return extract


def _magic_html() -> Extract:
    from magic_html import GeneralExtractor

    from archiver.page import Page

    extractor = GeneralExtractor()

    def extract(body: bytes, url: str) -> Answer:
        found = extractor.extract(Page(body=body).text, base_url=url)  # takes text alone
        return Answer(_text(found["html"]), found["title"])

    return extract


def _text(html: str) -> str:
    return join(read(html.encode("utf-8", "replace")).pieces) if html.strip() else ""


PEERS = (
    Peer("trafilatura", "trafilatura", _trafilatura),
    Peer("trafilatura, precision", "trafilatura", partial(_trafilatura, favor_precision=True)),
    Peer("trafilatura, recall", "trafilatura", partial(_trafilatura, favor_recall=True)),
    Peer("rs-trafilatura", "rs-trafilatura", _rs_trafilatura, "its only wheel is for CPython 3.12"),
    Peer("readability-lxml", "readability-lxml", _readability),
    Peer("newspaper4k", "newspaper4k", _newspaper),
    Peer("resiliparse", "resiliparse", _resiliparse),
    Peer("magic-html", "magic-html", _magic_html, "asks for Python 3.12"),
)


def missing(peer: Peer) -> str | None:
    """Why a peer takes no part; None where it does."""
    if peer.version is None:
        return "not installed" + (f": {peer.needs}" if peer.needs and sys.version_info[:2] != (3, 12) else "")
    try:
        peer.load()
    except ImportError as error:
        return f"cannot be loaded: {error}"
    return None
