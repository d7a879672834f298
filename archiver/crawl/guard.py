"""No page may send the crawler to a machine that only the crawler can reach.

A name is judged by the address it resolved to, at the moment of the connection that uses this
very address: a name that changes its mind between two look-ups gains nothing, nor does an
address written in an odd way, nor a redirect.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final, Self

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from archiver.crawl import config

#: The last refusals, by host. Twisted tells a resolver's caller that nothing was found, never why.
_refused: dict[str, str] = {}
_KEPT = 10_000


class PrivateHostError(Exception):
    """The host is at a loopback, private, link-local or otherwise unroutable address."""


class GuardedResolver(CachingThreadedResolver):
    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float, open_to_all: bool) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._open_to_all = open_to_all

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        settings = crawler.settings
        return cls(
            reactor,
            settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0,
            settings.getfloat("DNS_TIMEOUT"),
            config.from_settings(settings).allow_private_hosts,
        )

    def getHostByName(self, name: str, timeout: object = ()) -> Deferred[str]:  # noqa: ARG002, N802
        found: Deferred[str] = super().getHostByName(name)
        return found if self._open_to_all else found.addCallback(_judged, name)


def refusal(host: str) -> str | None:
    """Why the guard refused a host, if it did."""
    return _refused.get(host)


def is_public(address: str) -> bool:
    """Whether an address can be reached from everywhere."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        within = _ipv4_within(ip)
        if within is not None and not is_public(str(within)):
            return False
        if ip not in _GIVEN_OUT and ip not in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast


#: All of IPv6 that is given to networks (RFC 4291, 2.4), and the prefix behind which all of IPv4 lies (RFC 6052).
_GIVEN_OUT: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def _ipv4_within(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a gateway would carry what is sent to this one."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.teredo[1] if ip.teredo else ip.sixtofour


#: Names that no public registry gives away (RFC 6761, 6762, 8375, and what networks use).
_OWN_NAMES: Final = ("localhost", "local", "test", "invalid", "internal", "intranet", "lan", "home.arpa")
#: All the ways to write an IPv4 address that a resolver takes.
_NUMBERS: Final = re.compile(r"[0-9a-fx.]+", re.IGNORECASE)


def is_own(host: str) -> bool:
    """Whether a host, as it is written, is of this machine or this network; a name that is not may still lead there."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        return not is_public(host)
    except ValueError:
        pass
    if _NUMBERS.fullmatch(host) and host[:1].isdigit():
        try:
            return not is_public(socket.inet_ntoa(socket.inet_aton(host)))
        except OSError:
            return False
    return "." not in host or host.endswith(tuple(f".{name}" for name in _OWN_NAMES))


def _judged(address: str, name: str) -> str:
    if is_public(address):
        return address
    if len(_refused) >= _KEPT:
        _refused.clear()
    _refused[name] = f"{name} is at {address}, which is no public address"
    raise DNSLookupError(_refused[name])
