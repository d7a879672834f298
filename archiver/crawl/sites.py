"""Which site an address belongs to."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

import tldextract

#: The list of suffixes that came with the library: a crawl asks no third party for anything.
_split = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@lru_cache(maxsize=4096)
def site_of(url: str) -> str:
    """The registrable domain, or the host where there is none (an address, a local name)."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return _split(host).top_domain_under_public_suffix or host or "unknown"


def place_of(url: str) -> tuple[str, int | None]:
    """What is taken for one and the same site while links are followed: `www.` and the scheme aside."""
    parts = urlsplit(url)
    port = parts.port if parts.port not in (80, 443) else None
    return (parts.hostname or "").rstrip(".").removeprefix("www."), port
