"""Markup: what stands in a page's elements, looked up by rules. Each part is made once, when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urljoin

from archiver.document import Document, Node
from archiver.extraction.select import Index, rule
from archiver.page import Page

_META = rule("meta")
_BASE = rule("base[href]")


@dataclass(frozen=True)
class Markup:
    """A page, its document and the index that selectors look in."""

    page: Page

    @cached_property
    def document(self) -> Document:
        return self.page.document

    @cached_property
    def index(self) -> Index:
        return Index(self.document)

    @cached_property
    def meta(self) -> dict[str, list[str]]:
        """``content`` of the page's meta elements under their lower-case name, property, itemprop or http-equiv."""
        said: dict[str, list[str]] = {}
        for node in self.index.select(_META):
            content = node.get("content").strip()
            for attribute in ("name", "property", "itemprop", "http-equiv"):
                for name in node.get(attribute).lower().split():
                    if content:
                        said.setdefault(name, []).append(content)
        return said

    @cached_property
    def base_url(self) -> str | None:
        """What relative links count from; None where neither the page nor its address is known."""
        base = self.index.first(_BASE)
        return self.absolute_from(self.page.url, base.get("href")) if base is not None else self.page.url

    def absolute(self, link: str) -> str | None:
        """A link as an absolute http(s) URL; None for anything else."""
        return self.absolute_from(self.base_url, link)

    @staticmethod
    def absolute_from(base: str | None, link: str) -> str | None:
        try:
            url = urljoin(base or "", link.strip())
        except ValueError:
            return None
        return url if url.startswith(("http://", "https://")) else None

    def text(self, node: Node) -> str:
        """An element's visible text on one line."""
        return " ".join(self.document.text(node).split())
