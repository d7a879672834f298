"""No page sends the crawler to a machine of its own network."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.crawl.guard import is_public
from tests.conftest import Answer, Serve
from tests.crawl.conftest import Crawl

OWN = (
    "127.0.0.1 localhost 2130706433 0x7f.1 017700000001 127.1 0.0.0.0 127.0.0.1. [::1] [::ffff:127.0.0.1] [::]"
).split()


def test_no_form_of_an_own_address_is_asked(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    port = serve({"/": Answer(b"<p>A canary.")}).rpartition(":")[2]
    (tmp_path / "pages.txt").write_text("".join(f"http://{host}:{port}/\n" for host in OWN))
    crawled = crawl("reviews", "-s", "RETRY_TIMES=0", urls="pages.txt", ARCHIVER_ALLOW_PRIVATE_HOSTS=0)
    assert crawled.ended.returncode == 4, crawled.ended.stderr
    assert not [record for record in crawled.archived if record.type == "response"]
    reasons = {page["url"]: page["reason"] for page in crawled.manifest["failed"]}
    assert len(reasons) == len(OWN)
    assert reasons[f"http://localhost:{port}/"] == "localhost is at 127.0.0.1, which is no public address"


def test_a_public_page_leads_to_none_of_them(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    """One name is public here, by a resolver that knows it; where its pages lead is judged as ever."""
    port = serve({"/": Answer(b"<p>A canary.")}).rpartition(":")[2]
    stub = f'<meta http-equiv="refresh" content="0; url=http://127.0.0.1:{port}/"><p>Moved.</p>'.encode()
    moved = Answer(b"", 302, headers=(("Location", f"http://2130706433:{port}/"),))
    public = serve({"/stub": Answer(stub), "/moved": moved}).replace("127.0.0.1", "public.example")
    (tmp_path / "known.py").write_text(
        "from archiver.crawl import guard\n"
        "from twisted.internet.defer import succeed\n"
        "class Known(guard.GuardedResolver):\n"
        "    def getHostByName(self, name, timeout=()):\n"
        "        return succeed('127.0.0.1') if name == 'public.example' else super().getHostByName(name)\n"
    )
    (tmp_path / "pages.txt").write_text(f"{public}/stub\n{public}/moved\n")
    resolver = ("-s", "TWISTED_DNS_RESOLVER=known.Known", "-s", "RETRY_TIMES=0")
    crawled = crawl("reviews", *resolver, urls="pages.txt", ARCHIVER_ALLOW_PRIVATE_HOSTS=0)
    assert crawled.ended.returncode == 3, crawled.ended.stderr
    assert all("public.example" in record.url for record in crawled.archived if record.type == "response")
    assert {page["url"] for page in crawled.manifest["failed"]} == {f"{public}/stub", f"{public}/moved"}


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
    ],
)
def test_addresses_are_told_apart(address: str, public: bool) -> None:
    assert is_public(address) is public
