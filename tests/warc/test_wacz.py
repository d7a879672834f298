"""Packages: what the format asks of one, and archives read out of one."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from archiver.warc import cdxj, wacz
from archiver.warc.reader import pages
from archiver.warc.wacz import Package, PageLine
from tests.warc.shapes import SHAPES, answer, archive, exchange

LINE = PageLine(
    id="1", url="http://x.example/0", ts="2026-11-23T00:45:12Z", title="Kettle Street", text="Four families"
)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Two archives of one name, and a record."""
    package = tmp_path / "demo.wacz"
    (tmp_path / "records.jsonl").write_bytes(b"{}\n" * 100)
    with Package(package, "review-archiver/test") as new:
        for site in ("a", "b"):
            urls = [f"http://{site}.example/{n}" for n in range(2000 if site == "a" else 20)]
            new.add_archive(archive(tmp_path / site, *[exchange(answer(), url=url) for url in urls]), "run.warc.gz")
        new.add_pages([LINE])
        new.add_file(tmp_path / "records.jsonl", "records/records.jsonl")
    return package


def test_a_package_has_what_the_format_asks_for(packed: Path) -> None:
    with zipfile.ZipFile(packed) as package:
        said: dict[str, Any] = json.loads(package.read("datapackage.json"))
        digest = json.loads(package.read("datapackage-digest.json"))
        listed = {one["path"]: one for one in said["resources"]}
        assert said["wacz_version"] == "1.1.1"
        assert digest == {"path": "datapackage.json", "hash": _hash(package.read("datapackage.json"))}
        assert set(listed) == set(package.namelist()) - {"datapackage.json", "datapackage-digest.json"}
        assert {"archive/run.warc.gz", "archive/2-run.warc.gz", "indexes/index.cdx.gz", "records/records.jsonl"} <= set(
            listed
        )
        for path, one in listed.items():
            content = package.read(path)
            assert (one["hash"], one["bytes"]) == (_hash(content), len(content))
        assert len({one["name"] for one in listed.values()}) == len(listed)
        for info in package.infolist():
            stored = info.compress_type == zipfile.ZIP_STORED
            assert stored == info.filename.endswith(".gz")
            assert info.extra, "without it replayweb.page misreads where a member begins"
        head, page = package.read("pages/pages.jsonl").splitlines()
        assert json.loads(head)["format"] == "json-pages-1.0"
        assert json.loads(page) == {
            "id": "1", "url": "http://x.example/0", "ts": "2026-11-23T00:45:12Z", "title": "Kettle Street",
            "text": "Four families",
        }  # fmt: skip


def test_every_answer_is_found_through_both_indexes(packed: Path) -> None:
    with zipfile.ZipFile(packed) as package:
        index = package.read("indexes/index.cdx.gz")
        head, *blocks = package.read("indexes/index.idx").splitlines()
        assert head.startswith(b'!meta 0 {"format":"cdxj-gzip-1.0"')
        found: list[bytes] = []
        for block in blocks:
            key, moment, said = block.split(b" ", 2)
            place = json.loads(said)
            piece = index[place["offset"] : place["offset"] + place["length"]]
            assert _hash(piece) == place["digest"]
            lines = gzip.decompress(piece).splitlines(keepends=True)
            assert lines[0].startswith(b"%s %s {" % (key, moment))
            found += lines
        assert len(blocks) == 2
        assert found == sorted(found)
        assert len(found) == 2020
        for line in found[::200]:
            entry = cdxj.read(line)
            member = package.read(f"archive/{entry.filename}")[int(entry.offset) :][: int(entry.length)]
            assert f"WARC-Target-URI: {entry.url}\r\n".encode() in gzip.decompress(member)


def test_an_archive_without_an_index_is_read(tmp_path: Path) -> None:
    path = archive(tmp_path, exchange(answer()))
    cdxj.index_of(path).unlink()
    with Package(tmp_path / "x.wacz", "test") as package:
        package.add_archive(path, "x.warc.gz")
    with zipfile.ZipFile(tmp_path / "x.wacz") as made:
        assert gzip.decompress(made.read("indexes/index.cdx.gz")).count(b"\n") == 1


@pytest.mark.parametrize("name", ["archive/x.jsonl", "indexes/x", "pages/pages.jsonl", "x.jsonl"])
def test_other_files_stay_out_of_the_folders_of_the_format(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(ValueError, match="folders of their own"), Package(tmp_path / "x.wacz", "test") as package:
        package.add_file(tmp_path / "x", name)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_pages_of_a_package_are_those_of_its_archives(compression: int, tmp_path: Path) -> None:
    path = archive(tmp_path, *[exchange(shape.response) for shape in SHAPES.values()])
    package = tmp_path / "theirs.WACZ"
    with zipfile.ZipFile(package, "w", compression) as made:
        made.write(path, "archive/other.warc.gz")
        made.writestr("archive/", b"")
        made.writestr("archive/deeper/x.warc.gz", b"")
        made.writestr("records/x.jsonl", b"")
    told = [(page.url, page.body, location) for page, location in pages(package, torn=pytest.fail)]
    assert told == [(page.url, page.body, location) for page, location in pages(path)]
    assert len(told) >= 40


def test_what_is_torn_in_a_package_is_told_by_its_name(tmp_path: Path) -> None:
    content = archive(tmp_path, exchange(answer())).read_bytes()
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as made:
        made.writestr("archive/run.warc.gz", content[:-20])
    faults: list[str] = []
    list(pages(tmp_path / "x.wacz", torn=faults.append))
    [fault] = faults
    assert fault.startswith(f"{tmp_path}/x.wacz/archive/run.warc.gz: ")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no package at all" * 99])
def test_what_is_no_package_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.wacz").write_bytes(content)
    with pytest.raises(ValueError, match="no whole WACZ"):
        list(wacz.warcs(tmp_path / "x.wacz"))


def test_a_package_cut_or_changed_at_any_byte_does_no_harm(tmp_path: Path) -> None:
    with Package(tmp_path / "whole.wacz", "test") as package:
        package.add_archive(archive(tmp_path, exchange(answer())), "run.warc.gz")
    content = (tmp_path / "whole.wacz").read_bytes()
    for at in range(0, len(content), 17):
        for damaged in (content[:at], content[:at] + b"\xff\xff" + content[at + 2 :]):
            (tmp_path / "x.wacz").write_bytes(damaged)
            try:
                list(pages(tmp_path / "x.wacz", torn=lambda _: None))
            except ValueError:
                continue


def _hash(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
