"""Sources that mean harm: bombs, entities, and ways to a machine of the crawler's own network."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import brotli
import pytest

from archiver.crawl.discovery import feeds, sitemaps
from archiver.page import Page
from tests.conftest import Answer, Run, Serve
from tests.crawl.conftest import Crawl
from tests.crawl.test_discovery_sites import Site, review, served

XML, FEED = "application/xml", "application/rss+xml"
#: Megabytes of memory that a crawl may take at its peak.
MOST_MEMORY = 300
#: Bytes of what a bomb unpacks to.
EXPLODED = 400 * 2**20

# -- bombs


def zeros(pack: Callable[[bytes], bytes], finish: Callable[[], bytes], begin: bytes = b"") -> bytes:
    """So much of nothing, packed without ever being whole."""
    piece = b" " * 2**20
    return b"".join([pack(begin), *(pack(piece) for _ in range(EXPLODED // len(piece))), finish()])


def gzipped(begin: bytes = b"") -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return zeros(packer.compress, packer.flush, begin=begin)


def deflated() -> bytes:
    packer = zlib.compressobj(9)
    return zeros(packer.compress, packer.flush)


def brotlied() -> bytes:
    packer = brotli.Compressor(quality=5)
    return zeros(packer.process, packer.finish)


def zstandard() -> bytes:
    library = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    packer = library.ZstdCompressor()
    return zeros(packer.compress, packer.flush)


BOMBS = {
    "gzip": (gzipped, "gzip"),
    "deflate": (deflated, "deflate"),
    "br": (brotlied, "br"),
    "zstd": (zstandard, "zstd"),
    "nested": (lambda: gzip.compress(gzipped()), "gzip, gzip"),
}


#: Runs a command and tells its exit code and its peak. The peak of a process that another started counts from
#: what that one took itself, which for a test may be more than any crawl.
MEASURED = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(ended.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def peak(environment: dict[str, str], folder: Path, *words: str) -> tuple[int, int]:
    """The exit code of a crawl, and the megabytes that it took at its peak."""
    command = [sys.executable, "-c", MEASURED, sys.executable, "-m", "archiver", "crawl", *words]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    code, megabytes = map(int, ended.stdout.split())
    return code, megabytes


@pytest.mark.parametrize("bomb", BOMBS)
def test_packed_pages_feeds_and_sitemaps_take_no_memory(
    bomb: str, serve: Serve, environment: dict[str, str], tmp_path: Path
) -> None:
    make, coding = BOMBS[bomb]
    body, headers = make(), (("Content-Encoding", coding),)
    site = Site()
    site["/"] = Answer(b'<link rel="alternate" type="application/rss+xml" href="/feed"><h2><a href="/page">x</a></h2>')
    site["/feed"] = Answer(body, 200, FEED, headers)
    site["/sitemap.xml"] = Answer(body, 200, XML, headers)
    site["/page"] = Answer(body, headers=headers)
    served(serve, site)
    code, megabytes = peak(environment, tmp_path, "site", "-a", f"url={site.base}/")
    assert {"/feed", "/sitemap.xml", "/page"} <= set(site.asked)
    assert code == 3, "the page is too long, and the crawl went on"
    assert megabytes <= MOST_MEMORY


URLS = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>/first</loc></url>'
SITEMAP_BOMBS = {
    "spaces": lambda: gzipped(URLS),
    "entries": lambda: gzip.compress(URLS + b"<url><loc>/a</loc></url>" * 15_000_000, 1)[:16_000_000],
    "text": lambda: gzip.compress(b"https://a.example/" + b"a" * EXPLODED),
    "elements": lambda: gzip.compress(URLS + b"<a>" * 16_000_000),
    "attributes": lambda: gzip.compress(URLS + b"<url " + b"".join(b'a%d="" ' % n for n in range(3_000_000))),
    "one entry": lambda: gzip.compress(URLS + b"<url>" + b"<loc>/a</loc>" * 10_000_000),
}


@pytest.mark.parametrize("bomb", SITEMAP_BOMBS)
def test_a_gzip_sitemap_takes_no_memory(bomb: str, serve: Serve, environment: dict[str, str], tmp_path: Path) -> None:
    site = Site(lambda path, query: review(path) if path == "/first" else None)
    site["/"] = Answer(b"<p>A site.")
    site["/robots.txt"] = Answer(b"Sitemap: /sitemap.xml.gz", content_type="text/plain")
    site["/sitemap.xml.gz"] = Answer(SITEMAP_BOMBS[bomb](), 200, "application/gzip")
    served(serve, site)
    code, megabytes = peak(environment, tmp_path, "site", "-a", f"url={site.base}/", "-a", "pages=3")
    assert "/sitemap.xml.gz" in site.asked
    assert code == 0
    assert megabytes <= MOST_MEMORY


# -- entities

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DECLARED = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lolololol">{laughs}
<!ENTITY file SYSTEM "file://{file}"><!ENTITY fifo SYSTEM "file://{fifo}"><!ENTITY web SYSTEM "{web}/entity">
<!ENTITY % pe SYSTEM "file://{fifo}"><!ENTITY % pw SYSTEM "{web}/parameter"> %pe; %pw;]>"""
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x SYSTEM "{web}/dtd">'
#: A sitemap, feeds, and a page that says it is one: entities in text and in attributes.
HOSTS = {
    "sitemap": '<urlset><url><loc>/a{0}</loc></url><url lastmod="{0}"><loc>/first</loc></url></urlset>',
    "index": "<sitemapindex><sitemap><loc>/a{0}</loc></sitemap></sitemapindex>",
    "rss": '<rss><channel><item x="{0}"><title>{0}</title><link>/a{0}</link></item></channel></rss>',
    "atom": '<feed><entry><title>{0}</title><link href="/a{0}"/></entry></feed>',
    "page": '<html><h2><a href="/a{0}">{0}</a></h2></html>',
}


@pytest.fixture
def canary_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("canary-of-a-file")
    return path


@pytest.fixture
def canary_pipe(tmp_path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A pipe, and a list that tells whether anybody ever opened it to read."""
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)

    def wait() -> None:
        with path.open("w"):
            read.append("opened")

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    yield path, read
    with path.open("rb"):
        waiting.join(5)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("entity", ["l9", "file", "fifo", "web"])
def test_no_entity_is_expanded_and_no_file_is_read(
    host: str, entity: str, serve: Serve, canary_file: Path, canary_pipe: tuple[Path, list[str]]
) -> None:
    pipe, read = canary_pipe
    web = Site()
    served(serve, web)
    for form in (DECLARED, EXTERNAL):
        head = form.format(laughs=LAUGHS, file=canary_file, fifo=pipe, web=web.base)
        body = (head + HOSTS[host].format(f"&{entity};")).encode()
        page = Page(body=body, url="https://a.example/", headers=(("Content-Type", XML),))
        found = [*feeds.entries(page), *sitemaps.read(page).pages]
        told = str(found) + str(sitemaps.read(page).sitemaps) + page.text.replace(str(body, "utf-8"), "")
        assert "canary" not in told.replace(str(canary_file), "")
        assert told.count("lolololol") == 0
        assert len(told) < 5_000
    assert not read
    assert not web.asked


@pytest.mark.parametrize("name", ["sitemap", "rss", "page"])
def test_a_crawl_of_laughs_is_short(name: str, serve: Serve, environment: dict[str, str], tmp_path: Path) -> None:
    head = DECLARED.format(laughs=LAUGHS, file="/etc/hostname", fifo="/dev/null", web="http://127.0.0.1:1")
    body = (head + HOSTS[name].format("&l9;")).encode()
    site = Site()
    front = b'<link rel="alternate" type="application/rss+xml" href="/rss"><h2><a href="/page">x</a></h2>'
    site |= {"/": Answer(front), "/rss": Answer(body, 200, FEED), "/sitemap.xml": Answer(body, 200, XML)}
    site["/page"] = Answer(body)
    served(serve, site)
    code, megabytes = peak(environment, tmp_path, "site", "-a", f"url={site.base}/")
    assert code in (0, 3)
    assert megabytes <= MOST_MEMORY
    assert not [path for path in site.asked if "lol" in path]


# -- the crawler's own network

#: Ways to write addresses of this machine that a resolver, a browser or a gateway may take.
LOOPBACK = """
127.0.0.1 127.0.0.2 127.1 127.0.1 127.255.255.254 0 0.0.0.0 0.0.0.0. 127.0.0.1. 2130706433 2130706434 017700000001
0177.0.0.1 0177.0.0.01 00000177.0.0.1 0x7f000001 0x7f.0.0.1 0x7f.1 0x7f.0.1 0x7F.0x0.0x0.0x1 0x7f.0.0x1 0177.0x0.1
127.000.000.001 ①②⑦.⓪.⓪.① １２７.０.０.１ 127。0。0。1 127．0．0．1 127｡0｡0｡1 %31%32%37.0.0.1
localhost LOCALHOST localhost. ip6-localhost [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::] [::ffff:127.0.0.1]
[::ffff:7f00:1] [::ffff:7f00:0001] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::7f00:1]
[64:ff9b::127.0.0.1] [64:ff9b::7f00:1]
[2002:7f00:1::] [2002:7f00:0001::1] [2001:0:7f00:1::] [::1%25lo] [fe80::1%25lo] [::ffff:0:127.0.0.1]
user@127.0.0.1 user:word@localhost paper.example@127.0.0.1 paper.example:80@127.0.0.1
inside.example rebinding.example metadata.example mapped.example
""".split()
#: Ways to write addresses of a network that only the crawler can reach; nobody answers there in a test.
PRIVATE = """
10.0.0.1 192.168.0.1 172.16.0.1 172.31.255.254 100.64.0.1 169.254.169.254 2852039166 0xA9FEA9FE 0251.0376.0251.0376
169.254.43518 [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [fd00:ec2::254] [fc00::1] [fe80::1] [64:ff9b::a9fe:a9fe]
192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255 240.0.0.1 private.example
""".split()
OTHER_SCHEMES = [
    "file:///etc/hostname",
    "data:text/html,canary",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
]
#: Stands where names are looked up, below the guard: what each name is at, in turn. One site is let through,
#: though it is on this machine too; else there would be nothing to lead anywhere.
RESOLVER = """
import itertools
from archiver.crawl import guard
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import succeed

AT = {
    "inside.example": itertools.cycle(["127.0.0.1"]),
    "rebinding.example": itertools.chain(["127.0.0.1"], itertools.cycle(["127.0.0.1", "127.0.0.2"])),
    "metadata.example": itertools.cycle(["169.254.169.254"]),
    "mapped.example": itertools.cycle(["::ffff:127.0.0.1"]),
    "private.example": itertools.cycle(["10.0.0.1"]),
    "turning.example": itertools.chain(["127.0.0.3"] * 3, itertools.cycle(["127.0.0.1"])),
}
LET_THROUGH = {"public.example": "127.0.0.3"}
asked = CachingThreadedResolver.getHostByName
CachingThreadedResolver.getHostByName = lambda self, name, timeout=(): (
    succeed(next(AT[name])) if name in AT else asked(self, name)
)
public = guard.is_public
guard.is_public = lambda address: address == "127.0.0.3" or public(address)

class Known(guard.GuardedResolver):
    def getHostByName(self, name, timeout=()):
        return succeed(LET_THROUGH[name]) if name in LET_THROUGH else super().getHostByName(name)
"""


class Canary:
    """Listens at every address of this machine, and counts who comes."""

    def __init__(self) -> None:
        self.port = 0
        self.calls: list[str] = []
        self._sockets: list[socket.socket] = []
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")):
            listener = socket.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((address, self.port))
            except OSError:  # a machine without IPv6
                listener.close()
                continue
            self.port = listener.getsockname()[1]
            listener.listen()
            self._sockets.append(listener)
            threading.Thread(target=self._count, args=(listener,), daemon=True).start()

    def _count(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            self.calls.append(str(listener.getsockname()))
            with caller:
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary")

    def close(self) -> None:
        for listener in self._sockets:
            listener.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    canary = Canary()
    yield canary
    canary.close()


@pytest.fixture
def public(serve: Serve, tmp_path: Path) -> Iterator[Callable[[Site], str]]:
    """A site at an address that the guard lets through, by a resolver that knows it."""
    (tmp_path / "known.py").write_text(RESOLVER)
    from http.server import ThreadingHTTPServer

    from tests.conftest import _handler

    servers = []

    def start(site: Site) -> str:
        server = ThreadingHTTPServer(("127.0.0.3", 0), _handler(site))
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        site.base = f"http://public.example:{server.server_address[1]}"
        return site.base

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


GUARDED = ("-s", "TWISTED_DNS_RESOLVER=known.Known", "-s", "RETRY_TIMES=0", "-s", "DOWNLOAD_TIMEOUT=5")


def targets(port: int) -> list[str]:
    return [f"http://{host}:{port}/" for host in (*LOOPBACK, *PRIVATE)] + [
        address.format(port=port) for address in OTHER_SCHEMES
    ]


def test_there_are_forms_enough() -> None:
    assert len({*targets(1)}) == len(targets(1)) >= 60


def test_no_address_that_is_given_reaches_the_own_network(
    canary: Canary, public: Any, crawl: Crawl, tmp_path: Path
) -> None:
    given = [url for url in targets(canary.port) if url.startswith("http")]
    (tmp_path / "pages.txt").write_text("\n".join(given), encoding="utf-8")
    crawled = crawl("reviews", *GUARDED, urls="pages.txt", ARCHIVER_ALLOW_PRIVATE_HOSTS=0)
    assert crawled.ended.returncode == 4, crawled.ended.stderr
    assert canary.calls == []
    assert not [record for record in crawled.archived if record.type == "response"]


@pytest.mark.parametrize("way", ["redirect", "stub"])
def test_no_page_leads_to_the_own_network(way: str, canary: Canary, public: Any, crawl: Crawl, tmp_path: Path) -> None:
    site = Site()
    for number, url in enumerate(targets(canary.port)):
        escaped = "".join(sign if sign.isascii() else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in url)
        stub = f'<meta charset="utf-8"><meta http-equiv="refresh" content="0; url={url}"><p>Moved.</p>'
        moved = Answer(b"", 302, headers=(("Location", escaped),))
        site[f"/{number}"] = moved if way == "redirect" else Answer(stub.encode())
    base = public(site)
    (tmp_path / "pages.txt").write_text("\n".join(base + path for path in site))
    crawled = crawl("reviews", *GUARDED, urls="pages.txt", ARCHIVER_ALLOW_PRIVATE_HOSTS=0)
    assert len([path for path in site.asked if path != "/robots.txt"]) == len(site), crawled.ended.stderr
    assert canary.calls == []
    assert all("public.example" in record.url for record in crawled.archived if record.type == "response")


def test_no_source_leads_to_the_own_network(canary: Canary, public: Any, crawl: Crawl) -> None:
    """A feed, a sitemap, an interface and a list that name each form, and a robots.txt that is moved there."""
    urls = targets(canary.port)
    xml = [url.replace("&", "&amp;") for url in urls]
    links = "".join(f'<h2><a href="{url}">x</a></h2><a rel="next" href="{url}">x</a>' for url in urls)
    head = "".join(f'<link rel="alternate" type="{FEED}" href="{url}">' for url in urls)
    site = Site()
    site["/"] = Answer(f'<meta charset="utf-8"><link rel="https://api.w.org/" href="/wp-json/">{head}{links}'.encode())
    site["/robots.txt"] = Answer("\n".join(f"Sitemap: {url}" for url in (*urls, "/sitemap.xml")).encode())
    maps = "".join(f"<url><loc>{url}</loc></url><sitemap><loc>{url}</loc></sitemap>" for url in xml)
    site["/sitemap.xml"] = Answer(f"<urlset>{maps}</urlset>".encode(), 200, XML)
    public(site)
    crawled = crawl(
        "site", *GUARDED, url=f"{site.base}/", ARCHIVER_ALLOW_PRIVATE_HOSTS=0, ARCHIVER_CONTACT="a@b.example"
    )
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert "/sitemap.xml" in site.asked
    assert canary.calls == []


def test_a_robots_txt_that_is_moved_into_the_own_network_is_not_read(canary: Canary, public: Any, crawl: Crawl) -> None:
    site = Site()
    site["/"] = Answer(b"<p>A page.")
    site["/robots.txt"] = Answer(b"", 302, headers=(("Location", f"http://127.0.0.1:{canary.port}/robots.txt"),))
    public(site)
    crawl("reviews", *GUARDED, url=f"{site.base}/", ARCHIVER_ALLOW_PRIVATE_HOSTS=0)
    assert "/robots.txt" in site.asked
    assert canary.calls == []


def test_the_canary_is_heard_where_the_guard_is_off(canary: Canary, crawl: Crawl) -> None:
    """Else its silence would say nothing."""
    crawled = crawl("reviews", url=f"http://127.0.0.1:{canary.port}/")
    assert crawled.ended.returncode == 0, crawled.ended.stderr
    assert canary.calls


# -- what is one host's stays with it

ELSEWHERE = "127.0.0.2"
#: The ways from one host to another.
WAYS = ("301", "302", "303", "307", "308", "stub", "canonical", "robots")
SECRETS = ("cookie", "authorization", "referer")


@pytest.mark.parametrize("way", WAYS)
def test_no_host_hears_what_is_for_another(way: str, run: Run, tmp_path: Path) -> None:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    heard: list[dict[str, str]] = []
    own: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host, _, port = self.headers["Host"].partition(":")
            (heard if host == ELSEWHERE else own).append({name.lower(): value for name, value in self.headers.items()})
            other = f"http://{ELSEWHERE}:{port}/there"
            body, status = b"<p>A page.", 200
            is_moved = host != ELSEWHERE and self.path == ("/robots.txt" if way == "robots" else "/secret-path")
            if is_moved and way == "stub":
                body = f'<meta http-equiv="refresh" content="0; url={other}"><p>Moved.'.encode()
            elif is_moved and way == "canonical":
                body = f'<link rel="canonical" href="{other}"><link rel="next" href="{other}"><p>A page.'.encode()
            elif is_moved:
                status = int(way) if way.isdecimal() else 302
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "text/html")
            self.send_header("Set-Cookie", f"visitor={host}; Path=/")
            if status != 200:
                self.send_header("Location", other)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object, **__: object) -> None:
            """Tests look at what is heard."""

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)  # noqa: S104  # several addresses of this machine
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    listed = [f"{base}/{path}" for path in ("first", "secret-path", "last")]
    (tmp_path / "pages.txt").write_text("\n".join(listed))
    ended = run("python", "-m", "archiver", "crawl", "reviews", "-a", "urls=pages.txt")
    server.shutdown()
    server.server_close()
    assert ended.returncode == 0, ended.stderr
    assert any("127.0.0.1" in asked.get("cookie", "") for asked in own), "nothing was there to be told"
    assert bool(heard) is (way != "canonical")
    told = [(name, asked[name]) for asked in heard for name in SECRETS if name in asked]
    assert [(name, value) for name, value in told if value != f"visitor={ELSEWHERE}"] == []
