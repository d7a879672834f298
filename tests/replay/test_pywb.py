"""Programs of others find in the index what is there, and serve it as it was: `make test-replay`."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from archiver.store.lines import load
from archiver.warc import cdxj
from archiver.warc.cdxj import Entry
from archiver.warc.records import records
from archiver.warc.surt import surt
from tests.replay.conftest import TOOLS, Archived
from tests.warc.shapes import SHAPES, archive, exchange
from tests.warc.test_surt import ADDRESSES

pytestmark = pytest.mark.replay


@pytest.fixture(scope="module", params=["the data folder itself", "the package"])
def pywb(request: pytest.FixtureRequest, demo: Archived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of pywb, which serves the demonstration as a collection of that name."""
    home = tmp_path_factory.mktemp("pywb")
    if request.param == "the package":
        for words in (["init", "demo"], ["add", "--unpack-wacz", "demo", str(demo.package)]):
            subprocess.run([TOOLS / "wb-manager", *words], cwd=home, check=True, capture_output=True)
    else:
        [site] = {path.parent for path in demo.archives}
        place = {"index_paths": f"{site}/", "archive_paths": f"{demo.data}/"}
        (home / "config.yaml").write_text(json.dumps({"collections": {"demo": place}}), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    words = [str(TOOLS / "pywb"), "-b", "127.0.0.1", "-p", str(port)]
    with (home / "log").open("wb") as log, subprocess.Popen(words, cwd=home, stdout=log, stderr=log) as serving:
        try:
            _wait(port)
            yield port
        finally:
            serving.terminate()


def test_every_archived_answer_is_served_with_its_original_payload(pywb: int, demo: Archived) -> None:
    """Where a site answered twice within a second (an interstitial, then the page), either may be
    served: the times of an index end at seconds."""
    of_second: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for line in demo.index:
        entry = cdxj.read(line)
        of_second[entry.url, line.split()[1].decode()].append(entry)
    assert {review.url for review in load(demo.data)} <= {url for url, _ in of_second}
    assert len(of_second) >= 28
    again = [cdxj.read(line) for line in cdxj.index_of(demo.archives[1]).read_bytes().splitlines(True)]
    assert sum(entry.mime == "warc/revisit" for entry in again) >= 6, "their payloads lie in the file of the first run"
    for (url, second), entries in of_second.items():
        status, payload = _get(pywb, f"/demo/{second}id_/{url}")
        assert (str(status), _digest(payload)) in {(entry.status, entry.digest) for entry in entries}, url


def test_what_is_not_archived_is_not_found(pywb: int) -> None:
    assert _get(pywb, "/demo/2026id_/http://127.0.0.1:1/nothing")[0] == 404


def test_the_package_is_valid(demo: Archived) -> None:
    ended = subprocess.run(
        [TOOLS / "wacz", "validate", "-f", demo.package], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, "Validation succeeded" in ended.stdout) == (0, True), ended.stdout + ended.stderr


def test_our_index_is_that_of_cdxj_indexer(demo: Archived) -> None:
    theirs = set().union(*map(_theirs, demo.archives))
    assert theirs == {(*line.split(b" ")[:2], _less(line)) for line in demo.index}


def test_every_shape_is_indexed_alike(tmp_path: Path) -> None:
    """Those of them that all programs take apart alike, which have a digest of their payload in the archive."""
    apart = SHAPES["early hints left before it"].response
    whole = archive(tmp_path / "all", *[exchange(shape.response) for shape in SHAPES.values()])
    with whole.open("rb") as file:
        digested = [one for one in records(file, pytest.fail) if one.get("warc-payload-digest") and one.block != apart]
    plain = [one.block for one in digested]
    assert len(plain) >= 20
    path = archive(tmp_path, *[exchange(one, url=f"http://x.example/{n}?b&a") for n, one in enumerate(plain)])
    ours = {(*line.split(b" ")[:2], _less(line)) for line in cdxj.index_of(path).read_bytes().splitlines(True)}
    assert _theirs(path) == ours


def test_addresses_have_the_key_that_replay_programs_look_for() -> None:
    script = (
        "import json, sys, surt\n"
        "def key(url):\n"
        "    try: return surt.surt(url)\n"
        "    except Exception: return url\n"
        "print(json.dumps([key(url) for url in json.load(sys.stdin)]))"
    )
    ended = subprocess.run(
        [TOOLS / "python", "-c", script], input=json.dumps(list(ADDRESSES)), capture_output=True, text=True, check=True
    )
    assert dict(zip(ADDRESSES, json.loads(ended.stdout), strict=True)) == {url: surt(url) for url in ADDRESSES}


def _theirs(path: Path) -> set[tuple[bytes, ...]]:
    words = [str(TOOLS / "cdxj-indexer"), "--sort", "--records", "response,revisit", str(path)]
    ended = subprocess.run(words, capture_output=True, check=True)
    return {(*line.split(b" ")[:2], _less(line)) for line in ended.stdout.splitlines(True)}


def _less(line: bytes) -> bytes:
    """What a line says, less what they leave out (a type that is not told) and where the file lies."""
    said = json.loads(line.split(b" ", 2)[2])
    said["filename"] = said["filename"].rpartition("/")[2]
    return json.dumps(
        {name: value for name, value in said.items() if value not in ("unk", "")}, sort_keys=True
    ).encode()


def _digest(payload: bytes) -> str:
    return f"sha256:{base64.b32encode(sha256(payload).digest()).decode()}"


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})  # nothing is to be decoded
    with connection.getresponse() as answer:
        return answer.status, answer.read()


def _wait(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError):
            _get(port, "/")
            return
        time.sleep(0.2)
    raise TimeoutError("pywb does not answer")
