"""Sitemaps: all pages, or the sitemaps that list them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

from lxml import etree
from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap

#: Asked for where robots.txt names no sitemap.
USUAL_PATH: Final = "/sitemap.xml"
INDEX: Final = "sitemapindex"
_GZIP: Final = b"\x1f\x8b\x08"
#: What the protocol allows an unpacked sitemap to have, in bytes.
_LARGEST: Final = 50 * 2**20


def locations(body: bytes, url: str) -> tuple[str, list[str]]:
    """The kind of sitemap (``urlset`` or :data:`INDEX`) and the addresses in it.

    What is no sitemap has none. A sitemap may be a gzip file, whatever its content coding was.
    """
    try:
        sitemap = Sitemap(gunzip(body, max_size=_LARGEST) if body.startswith(_GZIP) else body)
        return sitemap.type, [urljoin(url, entry["loc"]) for entry in sitemap if entry["loc"]]
    except (etree.XMLSyntaxError, StopIteration, ValueError, OSError, EOFError):
        return "", []
