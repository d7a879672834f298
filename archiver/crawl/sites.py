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


def at_home(url: str, home: str) -> str | None:
    """An address of the same site as ``home``, with its scheme and host; None for any other, and for what is none.

    So a page gets one address, whether it is told with `www.` and `https:` or without, and without the
    password that somebody may have written into a link.
    """
    try:
        parts, own = urlsplit(url), urlsplit(home)
        if parts.scheme not in ("http", "https") or place_of(url) != place_of(home):
            return None
    except ValueError:  # such as a port that is no number
        return None
    return parts._replace(scheme=own.scheme, netloc=own.netloc.rpartition("@")[2]).geturl()
