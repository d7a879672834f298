"""Mutated pages: real ones, cut, doubled, swapped, nested, with tags dropped and strange characters put in.

    python -m benchmarks.mutations --pages 100000 [--data ../shared/bench]

No page may make ``extract`` raise, or hold it up. Mutant number i is the same on every machine, so a
fault that is reported by its number can be looked at again: ``--only i``.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import multiprocessing
import os
import random
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from archiver.extraction import extract
from archiver.page import Page

Mutation = Callable[[bytes, random.Random], bytes]

PAGES: Final = Path(__file__).resolve().parent.parent / "tests" / "pages"
#: Seconds of CPU time after which a page counts as hung: a busy machine is not its fault.
LIMIT: Final = 20
_MOST_BYTES: Final = 400_000
_SLOWEST: Final = 10
_TAG: Final = re.compile(rb"<[^<>]{1,400}>")
_END_TAG: Final = re.compile(rb"</[a-z0-9]{1,12}>", re.I)
_NUMBER: Final = re.compile(rb"\d{1,8}")
_TAGS: Final = b"div p span table tr td article section blockquote li ul a b form select svg math h1 template".split()
#: Bytes that are no characters, characters that are no text, and references to them.
_SIGNS: Final = (
    b"\x00", b"\x1b[2J", b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbf\xbf", b"\xe2\x80\xa8", b"\r",
    b"\x0c", b"\x80", b"\xe2\x80\xae", b"&#0;", b"&#xD800;", b"&#x110000;", b"&#99999999999999999999;", b"&lt", b"<",
    b">", b'"', b"'", b"\\", b"&amp;&",
)  # fmt: skip
#: Tags that change how what follows is read.
_SWITCHES: Final = (
    b"<!--", b"-->", b"<script>", b"</script>", b"<style>", b"<title>", b"<textarea>", b"<plaintext>", b"<![CDATA[",
    b"]]>", b"<svg><style>", b"<math><mi>", b"</body></html>", b"<body>", b"<frameset>", b"<noscript>", b"<template>",
    b"<?php ", b"<!doctype>", b"<base href='http://[::1'>", b"<base href='//'>", b"<meta charset=utf-16>",
    b"<meta charset=x-nobody-knows>", b"<html lang='xx-\xff'>",
)  # fmt: skip
#: Markup that rules read, with values that nobody should write.
_VALUES: Final = (
    b"<a href='http://[x'>y</a>",
    b"<a rel=tag href='/tag/%zz%'></a>",
    b"<link rel=canonical href='http://['>",
    b"<time datetime='9999999999-99-99T99:99:99+99:99'>",
    b"<time datetime=''>",
    b"<meta property='article:published_time' content='0000-00-00'>",
    b"<meta http-equiv=refresh content='0;url=http://['>",
    b"<ol class=commentlist><li id=comment->",
    b'<div itemscope itemtype="http://schema.org/Review"><span itemprop="ratingValue">-1e400</span>',
    (
        b'<script type="application/ld+json">'
        b'{"@graph":[[{"@type":[null,3],"reviewRating":{"ratingValue":1e999}}]]}</script>'
    ),
    b'<script type="application/ld+json">{"@type":"Review","author":{"name":[{}]},"datePublished":17e17}</script>',
    b'<script id="__NEXT_DATA__" type="application/json">' + b"[" * 3000 + b"</script>",
)
_STRANGE: Final = (*_SIGNS, *_SWITCHES, *_VALUES)


class Mutant(NamedTuple):
    """A page to try, as a server might send it."""

    number: int
    body: bytes
    url: str | None
    status: int | None
    content_type: str | None


def _part(body: bytes, random_: random.Random, most: int = 20_000) -> tuple[int, int]:
    start = random_.randrange(len(body) + 1)
    return start, min(len(body), start + random_.randrange(1, most))


def _cut(body: bytes, random_: random.Random) -> bytes:
    start, end = _part(body, random_)
    return body[:start] if random_.random() < 0.3 else body[:start] + body[end:]


def _double(body: bytes, random_: random.Random) -> bytes:
    start, end = _part(body, random_)
    return body[:end] + body[start:end] * random_.choice((1, 1, 1, 3, 20)) + body[end:]


def _swap(body: bytes, random_: random.Random) -> bytes:
    (a, b), (c, d) = sorted((_part(body, random_, 5_000), _part(body, random_, 5_000)))
    return body if c < b else body[:a] + body[c:d] + body[b:c] + body[a:b] + body[d:]


def _swap_bytes(body: bytes, random_: random.Random) -> bytes:
    mutable = bytearray(body)
    for _ in range(random_.randrange(1, 30)):
        if mutable:
            mutable[random_.randrange(len(mutable))] = random_.randrange(256)
    return bytes(mutable)


def _nest(body: bytes, random_: random.Random) -> bytes:
    start, end = _part(body, random_)
    tag, depth = random_.choice(_TAGS), random_.choice((1, 3, 30, 300, 2_000))
    close = b"" if random_.random() < 0.5 else b"</%s>" % tag * depth
    return body[:start] + b"<%s>" % tag * depth + body[start:end] + close + body[end:]


def _drop_end_tags(body: bytes, random_: random.Random) -> bytes:
    share = random_.choice((0.05, 0.5, 1.0))
    return _END_TAG.sub(lambda match: b"" if random_.random() < share else match[0], body)


def _move_tags(body: bytes, random_: random.Random) -> bytes:
    tags = _TAG.findall(body) or [b"<p>"]
    for _ in range(random_.randrange(1, 20)):
        at = random_.randrange(len(body) + 1)
        body = body[:at] + random_.choice(tags) + body[at:]
    return body


def _strange(body: bytes, random_: random.Random) -> bytes:
    for _ in range(random_.randrange(1, 8)):
        at = random_.randrange(len(body) + 1)
        body = body[:at] + random_.choice(_STRANGE) + body[at:]
    return body


def _numbers(body: bytes, random_: random.Random) -> bytes:
    odd = (b"0", b"-1", b"99999999999999999999999", b"13", b"2147483648", b"1e999", b"", "٣".encode(), "²".encode())
    return _NUMBER.sub(lambda match: random_.choice(odd) if random_.random() < 0.1 else match[0], body)


MUTATIONS: Final[tuple[Mutation, ...]] = (
    _cut, _double, _swap, _swap_bytes, _nest, _drop_end_tags, _move_tags, _strange, _strange, _numbers,
)  # fmt: skip


def mutant(sources: Sequence[bytes], number: int) -> Mutant:
    """Mutant number so-and-so of these pages."""
    random_ = random.Random(number)  # noqa: S311 - the same mutants everywhere, no secrets
    body = random_.choice(sources)
    for _ in range(random_.randrange(1, 5)):
        body = random_.choice(MUTATIONS)(body, random_)
    if random_.random() < 0.1:
        other = random_.choice(sources)
        body = body[: _part(body, random_)[0]] + other[_part(other, random_)[0] :]
    return Mutant(
        number,
        body[:_MOST_BYTES],
        random_.choice((None, "https://example.org/2019/a-review", "https://example.org/", "http://[", "about:blank")),
        random_.choice((None, 200, 200, 200, 403, 404, 410, 503, 999)),
        random_.choice(
            (None, "text/html", "text/html; charset=utf-8", "text/html; charset=utf-16", "text/plain", "x", "")
        ),
    )


def page_of(mutant: Mutant) -> Page:
    headers = (("Content-Type", mutant.content_type),) if mutant.content_type is not None else ()
    return Page(body=mutant.body, url=mutant.url, status=mutant.status, headers=headers)


def sources(data: Path | None = None) -> list[bytes]:
    """The pages of the tests; of the labelled data too, where given."""
    found = [path.read_bytes() for path in sorted(PAGES.rglob("*.html"))]
    if data is not None:
        from benchmarks.gold import read_pages

        for data_set in ("review-gold-dev", "atf"):
            found += [page.body for page in itertools.islice(read_pages(data, data_set), 150)]
    return found


class Tried(NamedTuple):
    """How a mutant fared: ``fault`` is the traceback, or that it hung."""

    seconds: float
    number: int
    fault: str | None


class _TooLong(BaseException):
    """Raised by the clock; no `except Exception` of what is tried takes it."""


def attempt(pages: Sequence[bytes], number: int) -> Tried:
    page = page_of(mutant(pages, number))
    start = time.process_time()
    fault = None
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        extract(page)
    except _TooLong:
        fault = f"took longer than {LIMIT} s"
    except Exception:  # noqa: BLE001 - this is what is looked for
        fault = traceback.format_exc(limit=-4)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return Tried(time.process_time() - start, number, fault)


def _ring(*_: object) -> None:
    raise _TooLong


#: What a process mutates: handed over once, when it starts.
_held: list[bytes] = []


def wake(pages: Sequence[bytes]) -> None:
    """Make this process ready to attempt mutants of these pages."""
    _held[:] = pages
    signal.signal(signal.SIGPROF, _ring)


def attempt_held(number: int) -> Tried:
    return attempt(_held, number)


def report(pages: Sequence[bytes], count: int, jobs: int) -> int:
    start = time.monotonic()
    total = 0.0
    faults: dict[str, list[int]] = {}
    slowest: list[Tried] = []
    with multiprocessing.get_context("fork").Pool(jobs, initializer=wake, initargs=(pages,)) as pool:
        for done, tried in enumerate(pool.imap_unordered(attempt_held, range(count), chunksize=50), 1):
            total += tried.seconds
            slowest = heapq.nlargest(_SLOWEST, [*slowest, tried])
            if tried.fault is not None:
                faults.setdefault(tried.fault, []).append(tried.number)
            if done % 10_000 == 0:
                print(f"{done:,} of {count:,}, {len(faults)} kinds of fault", file=sys.stderr)
    for fault, numbers in faults.items():
        print(f"{len(numbers)} times, first in mutant {min(numbers)}:\n{fault}")
    failed = sum(map(len, faults.values()))
    print(
        f"{count:,} mutants of {len(pages)} pages in {time.monotonic() - start:.0f} s: {failed} raised or hung; "
        f"{1000 * total / max(count, 1):.1f} ms of CPU a page; the slowest:"
    )
    for tried in slowest:
        print(f"  mutant {tried.number}: {1000 * tried.seconds:.0f} ms")
    return 1 if faults else 0


def main() -> int:
    """0 where no page raised or hung."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=2_000, metavar="N", help="how many mutants")
    arguments.add_argument("--data", type=Path, help="mutate the labelled pages there too")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--only", type=int, metavar="I", help="write mutant number I to stdout and stop")
    options = arguments.parse_args()
    pages = sources(options.data)
    if options.only is not None:
        sys.stdout.buffer.write(mutant(pages, options.only).body)
        return 0
    return report(pages, options.pages, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
