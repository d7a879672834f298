"""The demonstration site: a small film magazine, served on loopback.

``python -m tests.demo`` serves it, archives it with the real spider and prints what was kept.
Its pages lie in tests/pages/demo; what is odd about each stands in :data:`ROUTES`.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGES = Path(__file__).resolve().parent.parent / "pages" / "demo"
#: Stand in the pages for the address the site is served at, and for another site's.
HOME, ELSEWHERE = b"http://demo.invalid", b"http://elsewhere.invalid"


@dataclass(frozen=True)
class Route:
    file: str = ""
    status: int = 200
    content_type: str | None = "text/html; charset=utf-8"
    zipped: bool = False
    location: str = ""
    #: Shown instead to whoever does not bring this cookie.
    interstitial: str = ""


ROUTES = {
    "/robots.txt": Route("robots.txt", content_type="text/plain"),
    "/": Route("index.html"),
    "/page/2/": Route("page-2.html"),
    "/feed/": Route("feed.xml", content_type="application/rss+xml; charset=utf-8"),
    "/sitemap.xml": Route("sitemap.xml", content_type="application/xml"),
    "/2010/09/film-review-never-let-me-go-101912/": Route("never-let-me-go.html"),
    "/2011/05/the-lantern-room/": Route("the-lantern-room.html", interstitial="interstitial.html"),
    "/2011/06/kettle-street/": Route("kettle-street.html", zipped=True),
    "/2011/07/cafe-a-minuit/": Route("cafe-a-minuit.html", content_type="text/html"),
    "/cartographer": Route(status=301, location="/2011/08/the-cartographers-wife/"),
    "/2011/08/the-cartographers-wife/": Route("the-cartographers-wife.html"),
    "/2011/09/nine-summers/": Route("nine-summers.html"),
    "/2011/09/nine-summers/comment-page-1/": Route("nine-summers-1.html"),
    "/2011/09/nine-summers/comment-page-2/": Route("nine-summers.html"),
    "/2011/10/the-last-matinee/": Route("the-last-matinee.html"),
}
NOT_FOUND = Route("not-found.html", status=404)
SEEN = "interstitial=viewed"


@dataclass(frozen=True)
class Demo:
    url: str
    #: What was asked for, as ``host path``, in order.
    asked: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> str:
        """The same server by another name: another site, whose visitors are counted too."""
        return self.url.replace("127.0.0.1", "localhost")


@contextmanager
def served() -> Iterator[Demo]:
    """The site, for as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    port = server.server_address[1]
    demo = Demo(f"http://127.0.0.1:{port}")
    server.demo = demo  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield demo
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        demo: Demo = self.server.demo  # type: ignore[attr-defined]
        demo.asked.append(f"{self.headers['Host']} {self.path}")
        route = ROUTES.get(self.path, NOT_FOUND)
        shown = route.interstitial if route.interstitial and SEEN not in self.headers.get("Cookie", "") else route.file
        body = (PAGES / shown).read_bytes() if shown else b""
        body = body.replace(HOME, demo.url.encode()).replace(ELSEWHERE, demo.elsewhere.encode())
        self.send_response(route.status)
        if route.content_type:
            self.send_header("Content-Type", route.content_type)
        if route.location:
            self.send_header("Location", route.location)
        if route.zipped:
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object, **__: object) -> None:
        """The demonstration prints what was archived, not what was asked."""
