"""What crosses the wire is what lies in the archive, byte for byte, whatever a server does."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.crawl.conftest import Crawl, Misbehave

BODY = b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>"
ZIPPED = gzip.compress(BODY, mtime=0)


def chunked(body: bytes, size: int = 40) -> bytes:
    pieces = [body[begin : begin + size] for begin in range(0, len(body), size)]
    return b"".join(b"%x;a=b\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nX-Sum: 1\r\n\r\n"


WHOLE = {
    "plain": b"HTTP/1.1 200 Very OK\r\nContent-Length: %d\r\nx-ZED:  two  spaces\r\n\r\n%b" % (len(BODY), BODY),
    "no reason": b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "repeated": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-A: 1\r\nset-cookie: b=2\r\nContent-Length: %d\r\n\r\n%b"
    % (len(BODY), BODY),
    "folded": b"HTTP/1.1 200 OK\r\nX-Long: one\r\n\ttwo\r\nno colon\r\nX-8bit: \xe9\r\nContent-Length: %d\r\n\r\n%b"
    % (len(BODY), BODY),
    "bare lf": b"HTTP/1.1 200 OK\nContent-Length: %d\n\n%b" % (len(BODY), BODY),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + chunked(BODY),
    "chunked and zipped": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    + chunked(ZIPPED),
    "until closed": b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + BODY,
    "a megabyte in one header": b"HTTP/1.1 200 OK\r\nX: %b\r\nContent-Length: %d\r\n\r\n%b"
    % (b"a" * 2**20, len(BODY), BODY),
    "ten thousand headers": b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b"
    % (b"X: a\r\n" * 10_000, len(BODY), BODY),
    "not found": b"HTTP/1.1 404 Not Here\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
}
CUT = {
    "too short": (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + BODY, "disconnect"),
    "chunk cut": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + BODY, "disconnect"),
    "too long": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + BODY, "length"),
}


def test_an_answer_is_kept_as_it_came(misbehave: Misbehave, crawl: Crawl, tmp_path: Path) -> None:
    heard: dict[str, bytes] = {}

    def answer(connection: socket.socket, asked: bytes) -> None:
        number = asked.split()[1].decode()
        heard[number] = asked
        connection.sendall(list(WHOLE.values())[int(number[1:].partition("?")[0])])

    base = misbehave(answer)
    urls = {name: f"{base}/{number}?a=%20b&c" for number, name in enumerate(WHOLE)}
    crawled = crawl("reviews", urls=_listed(tmp_path, *urls.values()), ARCHIVER_KEEP_CREDENTIALS="1")
    responses = {record.url: record for record in crawled.archived if record.type == "response"}
    requests = {record.url: record.block for record in crawled.archived if record.type == "request"}
    for name, url in urls.items():
        assert responses[url].block == WHOLE[name], name
        assert requests[url] == heard[url.removeprefix(base)], name
        assert responses[url].fields["WARC-IP-Address"] == "127.0.0.1"
        assert "Archiver-Reconstructed" not in responses[url].fields
    assert {record["url"] for record in crawled.records} == set(urls.values())


def test_an_answer_that_breaks_off_is_a_record_and_a_failure(
    misbehave: Misbehave, crawl: Crawl, tmp_path: Path
) -> None:
    def answer(connection: socket.socket, asked: bytes) -> None:
        connection.sendall(list(CUT.values())[int(asked.split()[1][1:])][0])

    base = misbehave(answer)
    urls = {name: f"{base}/{number}" for number, name in enumerate(CUT)}
    crawled = crawl("reviews", "-s", "RETRY_TIMES=1", urls=_listed(tmp_path, *urls.values()))
    assert crawled.ended.returncode == 3
    records = {record["url"]: record for record in crawled.records}
    assert len(crawled.records) == len(CUT)
    for name, (sent, reason) in CUT.items():
        kept = [record for record in crawled.archived if record.type == "response" and record.url == urls[name]]
        tries = 1 if reason == "length" else 2  # what is too long once is too long again
        assert [record.fields["WARC-Truncated"] for record in kept] == [reason] * tries, name
        assert [record.fields["Archiver-Purpose"] for record in kept] == ["hop"] * (tries - 1) + ["page"]
        assert all(sent.startswith(record.block) for record in kept)
        assert records[urls[name]]["page_state"] == "error"
        assert records[urls[name]]["captures"][0]["content_truncated"] == reason
    said = {"length": "the answer is too long", "disconnect": "the answer broke off"}
    reasons = {page["url"]: page["reason"] for page in crawled.manifest["failed"]}
    assert reasons == {urls[name]: said[reason] for name, (_, reason) in CUT.items()}


def test_a_slow_answer_is_kept_as_far_as_it_came(misbehave: Misbehave, crawl: Crawl) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + BODY)
        time.sleep(5)

    crawled = crawl("reviews", "-s", "DOWNLOAD_TIMEOUT=1", "-s", "RETRY_TIMES=0", url=misbehave(answer) + "/page")
    [kept] = [record for record in crawled.archived if record.type == "response" and record.url.endswith("/page")]
    assert kept.fields["WARC-Truncated"] == "time"
    assert kept.block.endswith(BODY)


def test_what_is_no_answer_is_told_in_the_archive_and_in_the_manifest(
    misbehave: Misbehave, crawl: Crawl, tmp_path: Path
) -> None:
    noise = [b"", b"HTTP/1.1 200", b"\x16\x03\x01 this is no HTTP\r\n\r\n"]
    base = misbehave(lambda connection, asked: connection.sendall(noise[int(asked.split()[1][1:])]))
    urls = {f"{base}/{number}" for number in range(len(noise))}
    crawled = crawl("reviews", "-s", "RETRY_TIMES=0", urls=_listed(tmp_path, *urls))
    assert (crawled.ended.returncode, crawled.records) == (4, [])
    assert {page["url"] for page in crawled.manifest["failed"]} == urls
    told = {record.url for record in crawled.archived if record.type == "metadata" and b"failure: " in record.block}
    assert told == urls


def test_an_earlier_answer_is_told_apart_from_the_answer(misbehave: Misbehave, crawl: Crawl) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    url = misbehave(lambda connection, _: connection.sendall(interim + WHOLE["plain"])) + "/page"
    kept = {record.type: record.block for record in crawl("reviews", url=url).archived if record.url == url}
    assert (kept["response"], kept["metadata"]) == (WHOLE["plain"], interim)


def test_what_follows_an_answer_is_no_part_of_it(misbehave: Misbehave, crawl: Crawl) -> None:
    url = misbehave(lambda connection, _: connection.sendall(WHOLE["plain"] + b"eleven more")) + "/page"
    [kept] = [one for one in crawl("reviews", url=url).archived if one.type == "response" and one.url == url]
    assert kept.block == WHOLE["plain"]


def test_every_retry_is_kept_and_the_last_is_the_page(misbehave: Misbehave, crawl: Crawl) -> None:
    answers = [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", WHOLE["plain"]]
    url = misbehave(lambda connection, _: connection.sendall(answers.pop(0))) + "/page"
    crawled = crawl("reviews", url=url)
    kept = [record for record in crawled.archived if record.type == "response" and record.url == url]
    assert [(record.fields["Archiver-Purpose"], record.block[:12]) for record in kept] == [
        ("hop", b"HTTP/1.1 503"),
        ("page", b"HTTP/1.1 200"),
    ]
    assert (crawled.ended.returncode, len(crawled.records)) == (0, 1)


def test_without_the_private_parts_the_archive_says_that_it_is_put_together(
    misbehave: Misbehave, crawl: Crawl, tmp_path: Path
) -> None:
    """What an upgrade of Scrapy or Twisted may bring: the module that listens cannot be imported."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['archiver.crawl.wire'] = None\n")
    url = misbehave(lambda connection, _: connection.sendall(WHOLE["chunked and zipped"])) + "/page"
    crawled = crawl("reviews", url=url, PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    kept = {record.type: record for record in crawled.archived if record.url == url}
    assert kept["response"].fields["Archiver-Reconstructed"] == "true"
    assert kept["response"].block.endswith(b"\r\n\r\n" + ZIPPED)
    assert len(crawled.records) == 1


def test_an_encrypted_answer_is_kept_as_it_was_before(misbehave: Misbehave, crawl: Crawl, tmp_path: Path) -> None:
    context = _certified(tmp_path)

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(WHOLE["chunked and zipped"])

    url = misbehave(answer, context).replace("http:", "https:") + "/page"
    crawled = crawl("reviews", "-s", "DOWNLOAD_VERIFY_CERTIFICATES=0", url=url)
    [kept] = [record for record in crawled.archived if record.type == "response" and record.url == url]
    assert kept.block == WHOLE["chunked and zipped"]
    assert kept.fields["WARC-Cipher-Suite"]


def test_a_certificate_that_nobody_vouches_for_is_refused(misbehave: Misbehave, crawl: Crawl, tmp_path: Path) -> None:
    url = misbehave(lambda *_: None, _certified(tmp_path)).replace("http:", "https:") + "/page"
    crawled = crawl("reviews", "-s", "RETRY_TIMES=0", url=url)
    assert crawled.ended.returncode == 4
    assert [page["reason"] for page in crawled.manifest["failed"]] == ["its certificate is not to be trusted"]
    assert "Traceback" not in crawled.ended.stderr


def _certified(folder: Path) -> ssl.SSLContext:
    """A server's certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def _listed(folder: Path, *urls: str) -> Path:
    path = folder / "pages.txt"
    path.write_text("\n".join(urls))
    return path
