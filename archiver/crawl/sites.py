"""Which site an address belongs to."""

from __future__ import annotations

from urllib.parse import urlsplit

from archiver.extraction import identity


def site_of(url: str) -> str:
    """The registrable domain, or the host where there is none (an address, a local name)."""
    return identity.site_of(url) or "unknown"


def place_of(url: str) -> tuple[str, int | None]:
    """What is taken for one and the same site while links are followed: `www.` and the scheme aside."""
    parts = urlsplit(url)
    port = parts.port if parts.port not in (80, 443) else None
    return (parts.hostname or "").rstrip(".").removeprefix("www."), port
