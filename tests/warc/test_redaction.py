"""What lets us in stays out of the archive; everything else of a request stands in it as it was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.warc.exchange import uri
from archiver.warc.writer import ArchiveWriter, Keeping
from tests.warc.shapes import answer, exchange
from tests.warc.test_writer import read

SECRET = b"geheim"


@pytest.mark.parametrize(
    ("sent", "kept", "names"),
    [
        (b"Cookie: a=geheim; b=geheim", b"Cookie: [redacted]", "cookie"),
        (b"cOOkie:geheim", b"cOOkie:[redacted]", "cookie"),
        (b"COOKIE :\t geheim  ", b"COOKIE :\t [redacted]", "cookie"),
        (b"Authorization: Basic geheim", b"Authorization: [redacted]", "authorization"),
        (b"Authorization: Digest a,\r\n\tgeheim,\r\n geheim", b"Authorization: [redacted]", "authorization"),
        (b"Proxy-Authorization: geheim", b"Proxy-Authorization: [redacted]", "proxy-authorization"),
        (
            b"Cookie: geheim\r\nX: 1\r\nAuthorization: geheim\r\nCookie: geheim",
            b"Cookie: [redacted]\r\nX: 1\r\nAuthorization: [redacted]\r\nCookie: [redacted]",
            "cookie, authorization",
        ),
        (b"Referer: https://anna:geheim@k.example/a", b"Referer: https://k.example/a", "address"),
        (b"Referer: https://k.example/@anna", b"Referer: https://k.example/@anna", None),
        (b"X-Cookie: 1\r\nCookies: 2", b"X-Cookie: 1\r\nCookies: 2", None),
        (b"Cookie:", b"Cookie:[redacted]", "cookie"),
    ],
)
def test_values_that_let_us_in_are_blanked(sent: bytes, kept: bytes, names: str | None, tmp_path: Path) -> None:
    begin, body = b"POST /a HTTP/1.1\r\nhost: k.example\r\n", b"\r\n\r\nCookie: a body's\r\n\r\n"
    response = answer(b"Set-Cookie: geheim")
    for keep in (False, True):
        path = tmp_path / f"{keep}.warc.gz"
        keeping = Keeping(keep_credentials=keep)
        with ArchiveWriter(path, data=tmp_path, software="test", run_id="run", keeping=keeping) as writer:
            writer.write(exchange(response, request=begin + sent + body))
        _, answered, asked = read(path)
        assert asked.block == begin + (sent if keep else kept) + body
        assert asked.get("archiver-redacted") == (None if keep else names)
        assert (answered.block, answered.get("archiver-redacted")) == (response, None)


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("http://anna:geheim@k.example/a", "http://k.example/a"),
        ("HTTPS://geheim@k.example:8/a?b#c", "https://k.example:8/a?b#c"),
        ("http://anna:ge@heim@k.example", "http://k.example"),
        ("http://k.example/@anna", "http://k.example/@anna"),
        ("http://k.example?u=a@b", "http://k.example?u=a@b"),
        ("http://k.example#a@b", "http://k.example#a@b"),
        ("http://k.example/?u=http://a@b", "http://k.example/?u=http://a@b"),
    ],
)
def test_no_address_holds_a_password(url: str, written: str, tmp_path: Path) -> None:
    assert uri(url) == written
    path = tmp_path / "run.warc.gz"
    with ArchiveWriter(path, data=tmp_path, software="test", run_id="run") as writer:
        writer.write(exchange(answer(), url=url, redirected_from=(url,)))
    _, answered, _ = read(path)
    assert answered.get("warc-target-uri") == answered.get("archiver-redirected-from") == written
