"""One archived page, seen as a reader sees it: `make test-browser`.

replayweb.page is served from this machine, and Chromium knows no other.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from archiver.store.lines import load
from tests.conftest import ROOT
from tests.replay.chromium import tab
from tests.replay.conftest import Archived

pytestmark = pytest.mark.browser

#: Unpacked by `make test-browser`.
REPLAYWEB = ROOT / ".browser" / "package"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
START = b'<!doctype html><meta charset="utf-8"><script src="./ui.js"></script><replay-app-main></replay-app-main>'
#: The text of every page within the page, however deep it lies.
TEXTS = """(() => {
    const texts = [];
    const walk = (root) => {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) walk(one.shadowRoot);
            if (one.tagName === "IFRAME" && one.contentDocument && one.contentDocument.body) {
                texts.push(one.contentDocument.body.innerText);
                walk(one.contentDocument);
            }
        }
    };
    walk(document);
    return texts.join("\\n");
})()"""


@pytest.fixture
def served(demo: Archived) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(demo.package))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_an_archived_page_is_seen_in_a_browser(served: str, demo: Archived, tmp_path: Path) -> None:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert program, "Chromium is not installed"
    _, review = [review for review in load(demo.data) if review.title == "film review: Never Let Me Go"]
    assert review.captures[0].warc_refers_to, "of the second run, whose payload lies in the file of the first"
    said = "I came to this film knowing nothing about it"
    assert review.body_text
    assert said in review.body_text
    place = urlencode({"view": "replay", "url": review.url, "ts": _digits(review.captures[0].fetch_time or "")})
    with tab(program, tmp_path / "profile") as page:
        page.open(f"{served}/?{urlencode({'source': f'{served}/demo.wacz'})}#{place}")
        seen = page.wait(f"{TEXTS}.includes({said!r}) && {TEXTS}")
        assert page.picture().startswith(b"\x89PNG")
    assert "Page Not Found" not in seen


def _digits(instant: str) -> str:
    return re.sub(r"\D", "", instant)[:14]


def _handler(package: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Files, and parts of them, which is how a package is read."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            files = {"/demo.wacz": package, "/ui.js": REPLAYWEB / "ui.js", "/sw.js": REPLAYWEB / "sw.js"}
            if path != "/" and path not in files:
                self.send_error(404)
                return
            body = START if path == "/" else files[path].read_bytes()
            part = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            self.send_response(206 if part else 200)
            if part:
                begin = int(part[1]) if part[1] else max(0, len(body) - int(part[2]))
                end = min(int(part[2]) + 1, len(body)) if part[1] and part[2] else len(body)
                self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(body)}")
                body = body[begin:end]
            kind = {"/": "text/html", "/demo.wacz": "application/zip"}.get(path, "text/javascript")
            self.send_header("Content-Type", kind)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object, **__: object) -> None:
            """Nobody reads it."""

    return Handler
