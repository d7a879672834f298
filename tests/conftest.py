"""What tests share: a real web server on loopback, and the program started as its users start it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: Lies where a test damages archives, or writes files that only look like some: they are not the program's.
DAMAGED = ".damaged"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--written", metavar="FOLDER", help="where other tests wrote the archives to be judged")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder is not None and item.get_closest_marker("damages"):
        (folder / DAMAGED).touch()


@dataclass(frozen=True)
class Answer:
    """What the server says to one path."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Serve = Callable[[Mapping[str, Answer]], str]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve these paths, 404 for every other, and give the address to put before a path."""
    servers: list[ThreadingHTTPServer] = []

    def start(answers: Mapping[str, Answer]) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answers))
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment less the settings of whoever runs the tests: loopback is allowed, and `python`,
    `archiver` and `scrapy` are those of this run."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ARCHIVER_", "SCRAPY_", "PYTHON"))
    }
    tools = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return {**kept, "PATH": tools, "ARCHIVER_ALLOW_PRIVATE_HOSTS": "1", "ARCHIVER_DELAY": "0"}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run a command to its end in an empty folder; `python` is the one that runs the tests."""

    def command(
        *words: str | Path, cwd: Path = tmp_path, timeout: float = 120, stdin: str = "", **extra: str
    ) -> subprocess.CompletedProcess[str]:
        program, *arguments = map(str, words)
        return subprocess.run(
            [sys.executable if program == "python" else program, *arguments],
            cwd=cwd,
            env={**environment, **extra},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return command


def _handler(answers: Mapping[str, Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = answers.get(self.path, Answer(b"<h1>Not found</h1>", 404))
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object, **__: object) -> None:
            """Tests look at what the program says, not at this."""

    return Handler
