"""Every way a crawl can end, and the exit code that says so. Scrapy itself exits 0 in nearly all of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archiver.cli import main
from tests.conftest import ROOT, Answer, Run, Serve
from tests.crawl.conftest import Crawl, Crawled, Misbehave

REVIEW = Answer(
    b"<!doctype html><title>Kettle Street</title><article><h1>Kettle Street</h1>"
    b"<p>Four families share one kitchen and no secrets, and the actors have lived there for years.</p></article>"
)
GONE, BROKEN = Answer(b"<h1>Gone</h1>", 410), Answer(b"<h1>Oops</h1>", 500)
LISTING = Answer(b'<h2><a href="/review">Kettle Street</a></h2><h2><a href="/withdrawn">Withdrawn</a></h2>')
BROKEN_LISTING = Answer(b'<h2><a href="/review">Kettle Street</a></h2><h2><a href="/broken">Broken</a></h2>')
SITE = {"/review": REVIEW, "/gone": GONE, "/broken": BROKEN, "/list": LISTING, "/broken-list": BROKEN_LISTING}
NO_RETRY = ("-s", "RETRY_TIMES=0")


@pytest.mark.parametrize(
    ("spider", "path", "code", "records"),
    [
        ("reviews", "/review", 0, 1),
        ("site", "/list", 0, 3),  # a discovered page that is gone is a record, and no failure
        ("reviews", "/gone", 3, 1),
        ("reviews", "/broken", 3, 1),
        ("site", "/broken-list", 3, 3),
        ("site", "/gone", 3, 1),
    ],
)
def test_an_answer_is_a_record_and_some_are_failures(
    spider: str, path: str, code: int, records: int, serve: Serve, crawl: Crawl
) -> None:
    crawled = crawl(spider, *NO_RETRY, url=serve(SITE) + path)
    assert (crawled.ended.returncode, len(crawled.records)) == (code, records), crawled.ended.stderr
    assert crawled.manifest["exit_code"] == code
    assert crawled.ended.stdout == ""
    assert bool(crawled.ended.stderr) == bool(code)


def test_nothing_could_be_fetched(crawl: Crawl) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        crawled = crawl("reviews", *NO_RETRY, url=f"http://127.0.0.1:{unused.getsockname()[1]}/review")
    assert crawled.ended.returncode == 4
    assert [page["reason"] for page in crawled.manifest["failed"]] == ["connection refused"]
    assert "connection refused" in crawled.ended.stderr
    assert "log: data/" in crawled.ended.stderr


def test_one_page_of_two_could_not_be_fetched(serve: Serve, crawl: Crawl, tmp_path: Path) -> None:
    (tmp_path / "pages.txt").write_text(f"# two\n{serve(SITE)}/review\n\nhttp://127.0.0.1:9/review\n")
    crawled = crawl("reviews", *NO_RETRY, urls="pages.txt")
    assert (crawled.ended.returncode, len(crawled.records)) == (3, 1)


def test_robots_txt_keeps_us_out(serve: Serve, crawl: Crawl) -> None:
    robots = Answer(b"User-agent: *\nDisallow: /\n", content_type="text/plain")
    crawled = crawl("reviews", url=serve({**SITE, "/robots.txt": robots}) + "/review")
    assert (crawled.ended.returncode, crawled.records) == (16, [])
    assert [page["reason"] for page in crawled.manifest["failed"]] == ["forbidden by robots.txt"]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (["reviews"], "reviews needs -a url=ADDRESS"),
        (["reviews", "-a", "url=example.org/review"], "'example.org/review' is not the address of a page"),
        (["reviews", "-a", "url=file:///etc/passwd"], "is not the address of a page"),
        (["reviews", "-a", "url=http://[::1/"], "is not the address of a page"),
        (["reviews", "-a", "url=http://example.org:99999/"], "is not the address of a page"),
        (["reviews", "-a", "adress=http://example.org/"], "unknown argument -a adress=…; there are url, urls"),
        (["reviews", "-a", "urls=missing.txt"], "missing.txt: No such file"),
        (["reviews", "-a", "urls=empty.txt"], "empty.txt names no page"),
        (["reviews", "-a", "urls=bad.txt"], "bad.txt, line 2: 'example.org'"),
        (["reviews", "-a", "urls=/"], "/: Is a directory"),
        (["reviews", "-a", f"urls={sys.executable}"], "is no text file in UTF-8"),
        (["reviews", "-a", "url"], "-a takes NAME=VALUE"),
        (["site", "-a", "url=http://127.0.0.1/", "-a", "pages=many"], "-a pages: "),
        (["site", "-a", "url=http://127.0.0.1/", "-a", "pages=0"], "-a pages: "),
        (["sites", "-a", "url=http://127.0.0.1/"], "there is no spider 'sites'; there are reviews, revisit, site"),
        ([], "crawl takes the name of one spider"),
        (["reviews", "site", "-a", "url=http://127.0.0.1/"], "crawl takes the name of one spider"),
        (["-s", "ARCHIVER_DLAY=1", "reviews", "-a", "url=http://127.0.0.1/"], "there is no setting 'dlay'"),
        (["-s", "ARCHIVER_DELAY=-1", "reviews", "-a", "url=http://127.0.0.1/"], "delay = '-1'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_start(
    said: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text("# nothing\n")
    Path("bad.txt").write_text("# one\nexample.org\n")
    with pytest.raises(SystemExit) as ended:
        main(["crawl", *said])
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"empty.txt", "bad.txt"}


@pytest.mark.parametrize("said", ["-a adress=http://127.0.0.1/", "-a url=127.0.0.1", "-s ARCHIVER_DLAY=1"])
def test_scrapy_crawl_refuses_it_too(said: str, run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    ended = run("python", "-m", "scrapy", "crawl", "reviews", *said.split(), cwd=ROOT, ARCHIVER_DATA=str(data))
    assert (ended.returncode, data.exists()) == (2, False)
    assert "Traceback" not in ended.stderr


def test_scrapy_crawl_ends_as_archiver_crawl_does(serve: Serve, run: Run, tmp_path: Path) -> None:
    words = ("crawl", *NO_RETRY, "reviews", "-a", f"url={serve(SITE)}/broken")
    ended = run("python", "-m", "scrapy", *words, cwd=ROOT, ARCHIVER_DATA=str(tmp_path / "data"))
    crawled = Crawled(ended, tmp_path / "data")
    assert (ended.returncode, len(crawled.records), len(crawled.archives)) == (3, 1, 1), ended.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('dta = "x"\n', "there is no setting 'dta'"),
        ('delay = "soon"\n', "delay = 'soon'"),
        ("delay = \n", "archiver.toml: "),
    ],
)
def test_a_wrong_settings_file_is_refused(text: str, complaint: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "archiver.toml").write_text(text)
    ended = run("python", "-m", "archiver", "crawl", "reviews", "-a", "url=http://127.0.0.1/")
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert "archiver.toml" in ended.stderr
    assert complaint in ended.stderr


def test_flags_are_over_the_environment_and_this_over_the_file(serve: Serve, run: Run, tmp_path: Path) -> None:
    (tmp_path / "archiver.toml").write_text('data = "from-file"\ncontact = "mail@example.org"\n')
    words = ("python", "-m", "archiver", "crawl", "reviews", "-a", f"url={serve(SITE)}/review")
    run(*words)
    run(*words, ARCHIVER_DATA="from-environment")
    ended = run(*words, "-s", "ARCHIVER_DATA=from-flag", ARCHIVER_DATA="from-environment")
    run(*words, "--data", "from-option")
    assert {path.name for path in tmp_path.iterdir()} == {
        "from-option",
        "archiver.toml",
        "from-file",
        "from-environment",
        "from-flag",
    }
    crawled = Crawled(ended, tmp_path / "from-flag")
    [asked] = [record for record in crawled.archived if record.type == "request" and record.url.endswith("/review")]
    assert b"(mail@example.org)\r\n" in asked.block


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("def process_item(self, item): raise ValueError('no')", 1),
        ("def process_item(self, item): raise OSError(28, 'No space left on device')", 12),
        ("def open_spider(self): raise ValueError('no')", 1),
        ("def __init__(self): raise ValueError('no')", 1),
    ],
)
def test_a_failing_pipeline_is_not_passed_over(
    fault: str, code: int, serve: Serve, crawl: Crawl, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text(f"class Broken:\n    {fault}\n")
    crawled = crawl("reviews", "-s", 'ITEM_PIPELINES={"broken.Broken": 1}', url=serve(SITE) + "/review")
    assert crawled.ended.returncode == code, crawled.ended.stderr
    assert "Traceback" not in crawled.ended.stderr


def test_records_that_no_pipeline_writes_are_missed(serve: Serve, crawl: Crawl) -> None:
    crawled = crawl("reviews", "-s", 'ITEM_PIPELINES={"pipelines.lines.Lines": null}', url=serve(SITE) + "/review")
    assert crawled.ended.returncode == 1
    assert "1 records were made and 0 written" in crawled.ended.stderr


def test_a_full_disk_ends_the_run_and_what_was_written_before_stays(serve: Serve, run: Run, tmp_path: Path) -> None:
    noise = os.urandom(768 * 1024).hex().encode()
    base = serve({"/first": REVIEW, "/large": Answer(b"<p>" + noise), "/last": REVIEW})
    (tmp_path / "pages.txt").write_text("".join(f"{base}/{name}\n" for name in ("first", "large", "last")))
    one = "-s CONCURRENT_REQUESTS=1"
    ended = run("bash", "-c", f"ulimit -f 512; exec {sys.executable} -m archiver crawl {one} reviews -a urls=pages.txt")
    crawled = Crawled(ended, tmp_path / "data")
    assert ended.returncode == 12, ended.stderr
    assert "File too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [record["url"] for record in crawled.records] == [f"{base}/first"]
    assert {record.url for record in crawled.archived if record.type == "response"} >= {f"{base}/first"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("times", [1, 2])
def test_a_stopped_run_keeps_what_it_has(
    number: signal.Signals, code: int, times: int, misbehave: Misbehave, environment: dict[str, str], tmp_path: Path
) -> None:
    def answer(connection: socket.socket, asked: bytes) -> None:
        if b"/slow" in asked:
            time.sleep(20)
        body = REVIEW.body
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))

    base = misbehave(answer)
    (tmp_path / "pages.txt").write_text(f"{base}/quick\n{base}/slow\n")
    words = ["-m", "archiver", "crawl", "-s", "DOWNLOAD_TIMEOUT=2", *NO_RETRY, "reviews", "-a", "urls=pages.txt"]
    started = subprocess.Popen([sys.executable, *words], cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
    data = tmp_path / "data"
    _wait_for(lambda: any(path.stat().st_size for path in data.rglob("*.jsonl.open")))
    for _ in range(times):
        started.send_signal(number)
        time.sleep(0.3)
    started.communicate(timeout=20)
    crawled = Crawled(subprocess.CompletedProcess([], started.returncode, "", ""), data)
    assert started.returncode == code
    assert [record["url"] for record in crawled.records] == [f"{base}/quick"]
    assert len(crawled.archives) == 1
    assert crawled.manifest["exit_code"] == code
    assert not list(data.rglob("*.open"))


def test_what_a_killed_run_left_is_completed_by_the_next(
    misbehave: Misbehave, environment: dict[str, str], run: Run, tmp_path: Path
) -> None:
    body = REVIEW.body
    quick = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)
    base = misbehave(lambda connection, asked: time.sleep(20) if b"/slow" in asked else connection.sendall(quick))
    (tmp_path / "pages.txt").write_text(f"{base}/quick\n{base}/slow\n")
    words = ["-m", "archiver", "crawl", "reviews", "-a"]
    killed = subprocess.Popen([sys.executable, *words, "urls=pages.txt"], cwd=tmp_path, env=environment)
    data = tmp_path / "data"
    _wait_for(lambda: any(path.stat().st_size for path in data.rglob("*.jsonl.open")))
    killed.kill()
    killed.wait()
    ended = run("python", *words, f"url={base}/again")
    crawled = Crawled(ended, data)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(record["url"] for record in crawled.records) == [f"{base}/again", f"{base}/quick"]
    assert len(crawled.archives) == 2
    assert not list(data.rglob("*.open"))


def test_a_second_run_in_the_same_folder_is_refused(
    misbehave: Misbehave, environment: dict[str, str], run: Run, tmp_path: Path
) -> None:
    base = misbehave(lambda connection, _: time.sleep(20))
    words = ["-m", "archiver", "crawl", "reviews", "-a", f"url={base}/slow"]
    first = subprocess.Popen([sys.executable, *words], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(lambda: list((tmp_path / "data").rglob("*.json")))
        second = run("python", *words)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 11
    assert f"process {first.pid}" in second.stderr
    assert len(list((tmp_path / "data").rglob("*.log"))) == 1


def _wait_for(condition: object) -> None:
    assert callable(condition)
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)
