"""Saved pages as a small web on loopback: each under its own host and path, over TLS where it was.

Every host is this machine, by :class:`Loopback`; only the ports differ from the addresses that
were saved. One certificate, made for the occasion, names all hosts: the crawler that is told to
trust it (``SSL_CERT_FILE``) checks certificates as it always does. Answers differ in coding,
framing and what they say of themselves, in turn.
"""

from __future__ import annotations

import gzip
import itertools
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import urldefrag, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from twisted.internet.defer import Deferred, succeed
from w3lib.url import safe_url_string

from archiver.crawl.guard import GuardedResolver
from benchmarks.gold import GoldPage

CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    "gzip": lambda body: gzip.compress(body, compresslevel=1, mtime=0),
    "deflate": lambda body: zlib.compress(body, 1),
}
FRAMINGS: Final = ("length", "chunks", "until closed")
TYPES: Final = ("text/html; charset=utf-8", "text/html")
#: Bytes; small enough that most pages come in several.
_CHUNK: Final = 16 * 1024
_ROBOTS: Final = b"User-agent: *\nDisallow:\n"


class Loopback(GuardedResolver):
    """Names no resolver of the outside world ever hears: every host is this machine."""

    def getHostByName(self, name: str, timeout: object = ()) -> Deferred[str]:  # noqa: ARG002, N802
        return succeed("127.0.0.1")


@dataclass(frozen=True)
class Answer:
    body: bytes
    coding: str
    framing: str
    content_type: str


@dataclass(frozen=True)
class SavedWeb:
    """Where the pages are now, and the certificate to trust."""

    urls: Sequence[str]
    certificate: Path


@contextmanager
def served(pages: Sequence[GoldPage], folder: Path) -> Iterator[SavedWeb]:
    """The pages, for as long as the block runs. The certificate goes into the folder."""
    answers: dict[tuple[str, str], Answer] = {}
    certificate = folder / "certificate.pem"
    _certify([urlsplit(page.gold["url"]).hostname or "" for page in pages], certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ExitStack() as servers:
        ports = {
            "http": servers.enter_context(_listening(answers)),
            "https": servers.enter_context(_listening(answers, context)),
        }
        urls: dict[str, None] = {}
        ways = itertools.cycle(itertools.product(TYPES, FRAMINGS, CODINGS))
        for page, (content_type, framing, coding) in zip(pages, ways, strict=False):
            parts = urlsplit(urldefrag(safe_url_string(page.gold["url"])).url)
            url = parts._replace(netloc=f"{parts.hostname}:{ports[parts.scheme]}", path=parts.path or "/")
            true_type = content_type if _is_utf8(page.body) else TYPES[1]
            place = url.netloc, url._replace(scheme="", netloc="").geturl()
            answers[place] = Answer(CODINGS[coding](page.body), coding, framing, true_type)
            urls[url.geturl()] = None
        yield SavedWeb(tuple(urls), certificate)


@contextmanager
def _listening(answers: Mapping[tuple[str, str], Answer], secrecy: ssl.SSLContext | None = None) -> Iterator[int]:
    server = _Server(("127.0.0.1", 0), _handler(answers))
    if secrecy:  # hands are shaken at the first read, in the connection's own thread
        server.socket = secrecy.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False


def _handler(answers: Mapping[tuple[str, str], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/robots.txt":
                self._say(200, Answer(_ROBOTS, "", "length", "text/plain"))
                return
            answer = answers.get((self.headers["Host"], self.path))
            missing = Answer(b"<h1>Not saved</h1>", "", "length", "text/html")
            self._say(200 if answer else 404, answer or missing)

        def _say(self, status: int, answer: Answer) -> None:
            self.send_response(status)
            self.send_header("Content-Type", answer.content_type)
            if answer.coding:
                self.send_header("Content-Encoding", answer.coding)
            if answer.framing == "chunks":
                self.send_header("Transfer-Encoding", "chunked")
            elif answer.framing == "length":
                self.send_header("Content-Length", str(len(answer.body)))
            else:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(_chunked(answer.body) if answer.framing == "chunks" else answer.body)

        def log_message(self, *_: object, **__: object) -> None:
            """The benchmark tells what was archived, not what was asked."""

    return Handler


def _chunked(body: bytes) -> bytes:
    pieces = [body[begin : begin + _CHUNK] for begin in range(0, len(body), _CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _certify(hosts: Sequence[str], path: Path) -> None:
    """A key and its own certificate for these hosts, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "saved pages")])
    begin = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in sorted(set(hosts))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
