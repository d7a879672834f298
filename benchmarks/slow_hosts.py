"""What hosts that answer a byte every half second, or without end, cost the others: trial T11.

    python -m benchmarks.slow_hosts

Some quick hosts, each asked at its pace, are crawled alone and beside slow ones, by turns. It is measured at the
quick hosts how long each is kept busy, from its first request to its last: their throughput is as many
pages by that time. Ends with 1 where less than 90 % of it is left.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LEAST_LEFT: Final = 0.9
DELAY: Final = 0.1  # seconds a host
_PAGE: Final = b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>"
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
_PORT: Final = 8917
#: Seconds between two bytes of a host that drips.
_DRIP: Final = 0.5

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD + b"\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(_DRIP)


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD + b"\r\n")
    while True:
        writer.write(b"x" * 10_000)
        await writer.drain()
        await asyncio.sleep(0.01)


def main() -> int:
    options = _options()
    spans: dict[str, list[float]] = {"alone": [], "beside slow hosts": []}
    for _ in range(options.rounds):
        for name, slow in (("alone", 0), ("beside slow hosts", options.slow)):
            spans[name].append(asyncio.run(crawled(options.quick, options.pages, slow)))
    rates = {name: options.quick * options.pages / median(taken) for name, taken in spans.items()}
    for name, rate in rates.items():
        print(f"{name:20} {rate:6.1f} pages a second, {options.quick} quick hosts, delay {DELAY} s")
    left = rates["beside slow hosts"] / rates["alone"]
    print(f"left of it: {left:.0%} (asked: {LEAST_LEFT:.0%}), {options.slow} slow hosts, median of {options.rounds}")
    return 0 if left >= LEAST_LEFT else 1


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", type=int, default=4, metavar="N", help="quick hosts")
    arguments.add_argument("--slow", type=int, default=20, metavar="N", help="slow hosts; every other one never ends")
    arguments.add_argument("--pages", type=int, default=60, metavar="N", help="of each host")
    arguments.add_argument("--rounds", type=int, default=3, metavar="N")
    return arguments.parse_args()


async def crawled(quick: int, pages: int, slow: int) -> float:
    """Seconds from the first request to a quick host to the last; the crawl is ended then."""
    asked: list[float] = []
    all_asked = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        asked.append(time.monotonic())
        if len(asked) == quick * pages:
            all_asked.set()
        writer.write(_HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(_PAGE), _PAGE))
        await writer.drain()

    behaviours = [*((drip, flood)[n % 2] for n in range(slow)), *([answer] * quick)]
    hosts = [f"127.0.1.{number + 1}" for number in range(len(behaviours))]
    async with AsyncExitStack() as servers:
        for host, behaviour in zip(hosts, behaviours, strict=True):
            await servers.enter_async_context(await asyncio.start_server(_served(behaviour), host, _PORT))
        with tempfile.TemporaryDirectory() as folder:
            crawl = await _started(Path(folder), hosts, pages)
            await asyncio.wait({asyncio.create_task(all_asked.wait()), asyncio.create_task(crawl.wait())},
                               return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
            with suppress(ProcessLookupError):
                crawl.kill()
            await crawl.wait()
    if not all_asked.is_set():
        raise RuntimeError("the crawl ended before all pages of the quick hosts were asked for")
    return asked[-1] - asked[0]


def _served(behaviour: Behaviour) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):  # the crawl, or all of it, is over
            first = await reader.readuntil(b"\r\n\r\n")
            if b" /robots.txt " in first.split(b"\r\n")[0]:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
            else:
                await behaviour(writer)
        writer.close()

    return serve


async def _started(folder: Path, hosts: Sequence[str], pages: int) -> asyncio.subprocess.Process:
    """The slow hosts are named first."""
    urls = (f"http://{host}:{_PORT}/{number}\n" for host in hosts for number in range(pages))
    (folder / "pages.txt").write_text("".join(urls), encoding="utf-8")
    ours = {"ARCHIVER_ALLOW_PRIVATE_HOSTS": "1", "ARCHIVER_DELAY": str(DELAY), "PYTHONPATH": str(ROOT)}
    words = (sys.executable, "-m", "archiver", "crawl", "reviews", "-a", "urls=pages.txt")
    return await asyncio.create_subprocess_exec(
        *words, cwd=folder, env={**os.environ, **ours}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


if __name__ == "__main__":
    sys.exit(main())
