"""Identity: which page a capture shows, and which revision of it.

The keys are SURTs, as archives sort by them: scheme, ``www.``, case and the order of
parameters do not count. (The ``surt`` package is under the AGPL and last changed in 2019.)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
import tldextract
from w3lib.url import safe_url_string, url_query_cleaner

from archiver import rules
from archiver.page import Page
from archiver.record import Rating


class _Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    parameters: tuple[str, ...]
    prefixes: tuple[str, ...]
    sessions: tuple[str, ...]
    only: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Identity:
    """``canonical_url`` and ``site`` are None where the page does not tell the one, or came without a URL."""

    record_id: str
    canonical_url: str | None
    site: str | None


_TRACKING: Final = rules.read("urls.toml", _Parameters)
_PARAMETERS: Final = frozenset(name.lower() for name in _TRACKING.parameters)
#: The list of suffixes that came with the library: nothing is asked of the network, nothing written.
_SUFFIXES: Final = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
_DIGITS: Final = 16
_SESSION: Final = re.compile(r";jsessionid=[^/?;]{0,200}", re.I)
_SESSION_ID: Final = re.compile(r"[0-9a-f]{32}")
_WWW: Final = re.compile(r"www\d{0,3}\.")


def identify(page: Page, canonical_url: str | None) -> Identity:
    """Its id comes from the canonical URL, from ``url`` where that lies on another site, else from the bytes."""
    site = site_of(page.url) if page.url else None
    address = canonical_url
    if page.url and (canonical_url is None or site_of(canonical_url) != site):
        address = page.url
    key = surt(without_tracking(address)).encode() if address else page.body
    return Identity(_digest("r", key), canonical_url, site or (site_of(canonical_url) if canonical_url else None))


def revision_id(title: str | None, body: str | None, rating: Rating | None, tags: Sequence[str]) -> str:
    """Changes when the review does: title, body, the rating as given, tags; nothing else counts."""
    given = None if rating is None else (rating.value, rating.best, rating.worst, rating.raw)
    return _digest("v", msgspec.json.encode((title, body, given, tuple(tags))))


def without_tracking(url: str) -> str:
    """The URL without fragment and without the parameters that only say how a reader came."""
    names = [name for name, value in _query(url) if _is_tracking(name, value)]
    return url_query_cleaner(url, names, remove=True, unique=False) if names else url.partition("#")[0]


@lru_cache(maxsize=4096)
def site_of(url: str) -> str | None:
    """The registrable domain by the public suffix list; the host itself where it has none (an IP, localhost)."""
    host = _host(url)
    return (_SUFFIXES.extract_str(host).top_domain_under_public_suffix or host) if host else None


def surt(url: str) -> str:
    """Sort-friendly form of a URL, as Internet Archive's tools write it: ``org,archive)/goo?a=1&b=2``."""
    try:
        parts = urlsplit(safe_url_string(url).lower())
    except ValueError:  # no address, only what stands in for one: http://[
        return url.lower()
    host = _WWW.sub("", _host(url), count=1) if _WWW.match(_host(url)) else _host(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    where = ",".join(reversed(host.split("."))) + (f":{port}" if port not in (None, 80, 443) else "")
    path = _SESSION.sub("", parts.path).rstrip("/") or "/"
    query = "&".join(sorted(parts.query.split("&")))
    return f"{where}){path}" + (f"?{query}" if query else "")


def _host(url: str) -> str:
    """Lower case, international names in their ASCII form."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return []


def _is_tracking(name: str, value: str) -> bool:
    if name in _TRACKING.sessions and _SESSION_ID.fullmatch(value):
        return True
    return name.lower() in _PARAMETERS or name.startswith(_TRACKING.prefixes) or value in _TRACKING.only.get(name, ())


def _digest(kind: str, key: bytes) -> str:
    return f"{kind}_{hashlib.sha256(key).hexdigest()[:_DIGITS]}"
