"""Between Scrapy's requests and the frontier: what is out, what has come back, what is safe.

A request is out from its lease until the engine has let it go: answered, failed, dropped or
refused, its records written and its links added. It is acknowledged by the sync that comes after that,
since what it led to outlasts a power cut only then. What was out when a run died is looked for among
the records that it wrote: a page that has one is done, any other waits again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.utils.request import request_from_dict

from archiver.crawl.credentials import LETTING_IN, bare
from archiver.crawl.frontier import Entry, Frontier
from archiver.crawl.notes import COUNTED, FIRST, FOLLOWED, first_asked, redirected_from
from archiver.crawl.visits.visit import key_of
from archiver.record import Review
from archiver.store import lines

#: Requests of one host that are out at once, for each that it may be sent at once: one is next when another
#: is answered, and however slow a host is, it takes no more of Scrapy's places than these.
_MOST_OF_A_HOST: Final = 2
#: Told by Scrapy about one attempt, and of no use to the next.
_OF_THE_ATTEMPT: Final = ("download_slot", "download_latency", "download_timeout")


def job_of(spider: str, arguments: Mapping[str, str]) -> str:
    """The name of a job: a spider and its arguments, however they were ordered, whatever the password."""
    said = {name: bare(value) for name, value in arguments.items()}
    return f"{spider} {json.dumps(said, sort_keys=True)}"


class Leases:
    def __init__(self, frontier: Frontier, crawler: Crawler, broke: Callable[[OSError, str], None]) -> None:
        self.frontier = frontier
        self._crawler = crawler
        self._broke = broke
        self._out: dict[Request, tuple[bytes, str]] = {}
        self._back: list[bytes] = []
        self._is_frozen = False
        self._most_of_a_host = _MOST_OF_A_HOST * crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")

    # Scrapy's scheduler

    def add(self, request: Request) -> bool:
        """Whether the request is one to make. A request that cannot be stored is a fault of the spider: ValueError."""
        entry = self._entry(request)
        try:
            again = self._leased_as(entry.key)
            if again is not None and _tries(request) > _tries(again):
                del self._out[again]
                self.frontier.release(entry.key, entry.request)
                return True
            return self.frontier.add(entry, instead_of=self._hop_to(request), most=self._cap(entry.counted))
        except OSError as error:
            self._broke(error, "writing the frontier")
            return False

    def knows(self, request: Request) -> bool:
        """Whether the page that a request asks for is known to the job."""
        try:
            return self.frontier.knows(self._fingerprint(request))
        except OSError as error:
            self._broke(error, "reading the frontier")
            return True

    def next(self) -> Request | None:
        if self._is_frozen:
            return None
        self._look()
        busy = Counter(host for _, host in self._out.values())
        try:
            alone = {host for request, (_, host) in self._out.items() if request.meta.get(FIRST)}
            leased = self.frontier.lease(busy)
            if leased is None and busy:
                leased = self.frontier.lease(
                    [host for host, out in busy.items() if out >= self._most_of_a_host or host in alone]
                )
        except OSError as error:
            self._broke(error, "reading the frontier")
            return None
        if leased is None:
            return None
        request = request_from_dict(msgspec.msgpack.decode(leased.request), spider=self._spider)
        self._out[request] = (leased.key, leased.host)
        return request

    def leave(self, request: Request) -> None:
        """A request that will not be made, since the run ends, is left to the next one."""
        self._out.pop(request, None)

    def has_waiting(self) -> bool:
        try:
            return not self._is_frozen and self.frontier.has_waiting()
        except OSError as error:
            self._broke(error, "reading the frontier")
            return False

    # The recorder

    def take_up(self, data: Path) -> int:
        """Go on where dead runs were; returns how many requests of the job are done."""
        for run, keys in self.frontier.abandoned().items():
            self.frontier.take_over(run, keys & frozenset(_recorded(data, run)))
        return self.frontier.count().done

    def back(self) -> list[bytes]:
        """What came back and is not acknowledged; after the next sync of all that was written it may be."""
        self._look()
        back, self._back = self._back, []
        return [] if self._is_frozen else back

    def acknowledge(self, keys: list[bytes]) -> None:
        if keys and not self._is_frozen:
            self.frontier.acknowledge(keys)

    def freeze(self) -> None:
        """Something could not be written: what is out, or came back, is left to the next run."""
        self._is_frozen = True

    def close(self, *, finished: bool) -> None:
        if finished and not self._is_frozen:
            count = self.frontier.count()
            if not count.waiting and not count.leased:
                self.frontier.finish()
        self.frontier.close()

    def _look(self) -> None:
        """Scrapy tells of the ways in which a request ends one by one, and of some not at all. The engine
        holds on to it through each of them, until its last record has passed the pipelines."""
        slot = self._crawler.engine._slot if self._out else None
        if slot is None:
            return
        for request in [request for request in self._out if request not in slot.inprogress]:
            self._back.append(self._out.pop(request)[0])

    def _leased_as(self, key: bytes) -> Request | None:
        return next((request for request, (leased, _) in self._out.items() if leased == key), None)

    def _hop_to(self, request: Request) -> bytes | None:
        """The redirected request that this one carries on, if there is one; a page that only leads on has a record."""
        chain = redirected_from(request)
        if not chain:
            return None
        hop = self._leased_as(_key(chain[-1], chain[:-1]))
        if hop is None or request.meta.get(FOLLOWED, 0) != hop.meta.get(FOLLOWED, 0):
            return None
        return self._out.pop(hop)[0]

    def _cap(self, counted: str | None) -> int | None:
        caps: Mapping[str, int] = getattr(self._spider, "caps", {})
        return caps.get(counted) if counted else None

    @property
    def _spider(self) -> Spider:
        assert self._crawler.spider is not None
        return self._crawler.spider

    def _entry(self, request: Request) -> Entry:
        chain = redirected_from(request)
        return Entry(
            key=_key(request.url, chain, request.method, request.body),
            page=self._fingerprint(request),
            host=urlsplit(request.url).hostname or "",
            url=first_asked(request),
            request=_stored(request, self._spider),
            priority=request.priority,
            always=request.dont_filter,
            counted=None if chain else request.meta.get(COUNTED),
        )

    def _fingerprint(self, request: Request) -> bytes:
        assert self._crawler.request_fingerprinter is not None
        return self._crawler.request_fingerprinter.fingerprint(request)


def _key(url: str, chain: tuple[str, ...], method: str = "GET", body: bytes = b"") -> bytes:
    """By the address and the way there, as a record has them: so a request is found again among records."""
    key = key_of(url, chain)
    if method == "GET" and not body:
        return key
    return hashlib.blake2b(key + method.encode() + b" " + body, digest_size=16).digest()


def _recorded(data: Path, run: str) -> Iterator[bytes]:
    """The requests that a run wrote a record for, its answer being in the archive."""
    for review in lines.load(sorted(data.glob(f"*/{run}-*.jsonl"))):
        if review.captures and review.url and _is_archived(data, review):
            yield _key(review.url, review.captures[0].redirect_chain)


def _is_archived(data: Path, review: Review) -> bool:
    capture = review.captures[0]
    path = data / (capture.warc_filename or "")
    end = (capture.warc_record_offset or 0) + (capture.warc_record_length or 0)
    return path.is_file() and path.stat().st_size >= end


def _tries(request: Request) -> int:
    tries: int = request.meta.get("retry_times", 0)
    return tries


def _stored(request: Request, spider: Spider) -> bytes:
    said: dict[str, Any] = {"url": request.url, "priority": request.priority, "dont_filter": request.dont_filter}
    if type(request) is not Request:
        raise ValueError(f"{request} cannot wait on disk: it is a {type(request).__name__}, and no plain Request")
    for name in ("callback", "errback"):
        function = getattr(request, name)
        if function is not None:
            said[name] = _method(function, spider, request)
    said["meta"] = {name: value for name, value in request.meta.items() if name not in _OF_THE_ATTEMPT}
    said |= {name: value for name, usual in _USUAL.items() if (value := getattr(request, name)) != usual}
    headers = {name: values for name, values in request.headers.items() if name not in LETTING_IN}
    if headers:
        said["headers"] = headers
    try:
        stored = msgspec.msgpack.encode(said)
        if msgspec.msgpack.decode(stored) == said:
            return stored
    except (TypeError, OverflowError, msgspec.MsgspecError):
        pass
    raise ValueError(f"{request} cannot wait on disk: its meta, cb_kwargs or cookies hold more than plain values")


_USUAL: Final[Mapping[str, Any]] = {
    "method": "GET", "body": b"", "cookies": {}, "encoding": "utf-8", "flags": [], "cb_kwargs": {},
}  # fmt: skip


def _method(function: Any, spider: Spider, request: Request) -> str:
    name: str = getattr(function, "__name__", "")
    if getattr(spider, name, None) != function:
        raise ValueError(f"{request} cannot wait on disk: {function!r} is no method of its spider")
    return name
