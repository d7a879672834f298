"""Laws of the whole house: what holds whoever changes which room."""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum

import msgspec
import pytest
from packaging.requirements import Requirement

from archiver import record
from tests.conftest import ROOT, Run

#: One kind of object in the record: its type, and its heading in docs/record.md.
DESCRIBED = [
    (record.Review, "## Review"),
    (record.Comment, "## Comment"),
    (record.Segment, "## Segment"),
    (record.Capture, "## Capture"),
    (record.Rights, "## Review"),
    (record.Rating, "## Review"),
    (record.AggregateRating, "## Review"),
    (record.ItemReviewed, "## Review"),
    (record.ExternalComments, "## Review"),
    (record.Extractor, "## Review"),
    (record.Confidence, "## Review"),
]


@pytest.mark.parametrize(
    "used",
    ["pass", "archiver.extract(b'<h1>Never Let Me Go</h1><p>I came to this film knowing nothing about it.')"],
    ids=["imported", "used"],
)
def test_the_library_brings_neither_scrapy_nor_pandas(used: str, run: Run) -> None:
    asked = f"import sys, archiver; {used}; print(*{{name.split('.')[0] for name in sys.modules}})"
    ended = run("python", "-c", asked, cwd=ROOT)
    loaded = set(ended.stdout.split())
    assert "archiver" in loaded, ended.stderr
    assert not loaded & {"scrapy", "twisted", "itemadapter", "pandas", "aiohttp"}


@pytest.mark.parametrize(("kind", "heading"), DESCRIBED, ids=lambda value: getattr(value, "__name__", None))
def test_every_field_is_described(kind: type[msgspec.Struct], heading: str) -> None:
    said = _named(_section(heading))
    assert {field.name for field in msgspec.structs.fields(kind)} <= said


@pytest.mark.parametrize(
    ("kind", "heading"),
    [
        (record.PageState, "## Review"),
        (record.PageKind, "## Review"),
        (record.TagsState, "## Review"),
        (record.CommentsState, "## Review"),
        (record.Role, "## Segment"),
        (record.ParentSource, "## Comment"),
        (record.AuthorRole, "## Comment"),
        (record.CommentKind, "## Comment"),
        (record.CommentState, "## Comment"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_value_is_described(kind: type[StrEnum], heading: str) -> None:
    assert {member.value for member in kind} <= _named(_section(heading))


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {Requirement(one).name for one in asked} - {project["name"]}
    explained = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## What we build on")[2]
    assert not {name for name in names if name not in explained and not re.search(r"^types-|-stubs$", name)}


def test_no_module_is_named_after_nothing() -> None:
    """A module called utils is a room for whatever has no name."""
    modules = {
        path.stem for top in ("archiver", "spiders", "pipelines", "tests") for path in (ROOT / top).rglob("*.py")
    }
    assert not modules & {"utils", "util", "helpers", "helper", "common", "misc"}


def _section(heading: str) -> str:
    said = (ROOT / "docs" / "record.md").read_text(encoding="utf-8")
    _, _, rest = said.partition(f"\n{heading}")
    return rest.partition("\n## ")[0]


def _named(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_0-9]+)`", text))


@pytest.mark.parametrize("module", ["archiver", "archiver.cli"])
def test_what_crawls_nothing_loads_no_scrapy(module: str, run: Run) -> None:
    """By the command `crawl` alone, and as it runs."""
    said = f"import sys, {module}; print({{name.partition('.')[0] for name in sys.modules}} & {{'scrapy', 'twisted'}})"
    assert run("python", "-c", said).stdout == "set()\n"
