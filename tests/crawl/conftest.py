"""Servers that misbehave, and a crawl of them as a user starts it."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.conftest import Run

#: What a server does with one connection, once it has read a request.
Behaviour = Callable[[socket.socket, bytes], None]
Misbehave = Callable[..., str]


@dataclass(frozen=True)
class Archived:
    """A record of an archive, read by nobody's library."""

    fields: dict[str, str]
    block: bytes

    @property
    def type(self) -> str:
        return self.fields["WARC-Type"]

    @property
    def url(self) -> str:
        return self.fields.get("WARC-Target-URI", "")


@dataclass(frozen=True)
class Crawled:
    """What a crawl left behind."""

    ended: CompletedProcess[str]
    data: Path

    @property
    def records(self) -> list[dict[str, Any]]:
        lines = [line for path in sorted(self.data.rglob("*.jsonl")) for line in path.read_bytes().splitlines()]
        return [json.loads(line) for line in lines]

    @property
    def manifest(self) -> dict[str, Any]:
        [path] = (self.data / "runs").glob("*.json")
        manifest: dict[str, Any] = json.loads(path.read_bytes())
        return manifest

    @property
    def log(self) -> str:
        [path] = (self.data / "runs").glob("*.log")
        return path.read_text(encoding="utf-8")

    @property
    def archives(self) -> list[Path]:
        return sorted(self.data.rglob("*.warc.gz"))

    @property
    def archived(self) -> list[Archived]:
        return [record for path in self.archives for record in self.records_of(path)]

    @staticmethod
    def records_of(archive: Path) -> list[Archived]:
        return list(_records(gzip.decompress(archive.read_bytes())))


Crawl = Callable[..., Crawled]


@pytest.fixture
def crawl(run: Run, tmp_path: Path) -> Crawl:
    """Crawl in an empty folder: the spider's name, its arguments, then options as they are typed."""

    def start(spider: str, *options: str, **arguments: object) -> Crawled:
        extra = {name: str(value) for name, value in arguments.items() if name.isupper()}
        said = [w for name, value in arguments.items() if name not in extra for w in ("-a", f"{name}={value}")]
        ended = run("python", "-m", "archiver", "crawl", *options, spider, *said, **extra)
        return Crawled(ended, tmp_path / "data")

    return start


@pytest.fixture
def misbehave() -> Iterator[Misbehave]:
    """Serve one behaviour to every connection, and give the address to put before a path."""
    listeners: list[socket.socket] = []

    def start(behaviour: Behaviour, secrecy: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> str:
        listener = socket.create_server((host, 0), backlog=128)
        listeners.append(listener)
        threading.Thread(target=_serve, args=(listener, behaviour, secrecy), daemon=True).start()
        return f"http://{host}:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def _records(content: bytes) -> Iterator[Archived]:
    while content:
        head, _, rest = content.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        length = int(fields["Content-Length"])
        yield Archived(fields, rest[:length])
        content = rest[length + 4 :]


def _serve(listener: socket.socket, behaviour: Behaviour, secrecy: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # the test is over
            return
        threading.Thread(target=_answer, args=(connection, behaviour, secrecy), daemon=True).start()


def _answer(plain: socket.socket, behaviour: Behaviour, secrecy: ssl.SSLContext | None) -> None:
    try:
        connection = secrecy.wrap_socket(plain, server_side=True) if secrecy else plain
    except OSError:  # the crawler would not have it
        return
    with connection:
        asked = b""
        while b"\r\n\r\n" not in asked and (piece := connection.recv(65536)):
            asked += piece
        if asked.startswith(b"GET /robots.txt"):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif asked:
            with suppress(OSError):  # the crawler has gone
                behaviour(connection, asked)
