"""What CONTRIBUTING shows is run as it stands: its comment system, put into a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FILES = {
    "html": "tests/extraction/comments/pages/teapress/two-readers/page.html",
    "json": "tests/extraction/comments/pages/teapress/two-readers/expected.json",
    "toml": "archiver/rules/comments/teapress.toml",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project, as far as comments need it, with the files that the section shows."""
    for folder in ("archiver", "tests/extraction/comments"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for package in ("tests", "tests/extraction"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for kind, text in _shown():
        file = tmp_path / FILES[kind]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_shown_comment_system_needs_no_more_than_what_is_shown(copy: Path) -> None:
    ended = _tested(copy)
    assert ended.returncode == 0, ended.stdout
    assert "teapress/two-readers" in ended.stdout


def test_without_its_rules_the_shown_page_fails(copy: Path) -> None:
    (copy / FILES["toml"]).unlink()
    assert _tested(copy).returncode == 1


def test_every_path_of_the_section_is_the_one_that_is_tested() -> None:
    said = _section()
    assert all(path.rpartition("/")[0] in said for path in FILES.values())
    assert [kind for kind, _ in _shown()] == list(FILES)


def _tested(copy: Path) -> subprocess.CompletedProcess[str]:
    asked = [
        "-m",
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        "tests/extraction/comments/test_systems.py",
        "-k",
        "teapress or every",
    ]
    return subprocess.run(
        [sys.executable, *asked],
        cwd=copy,
        env={"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _shown() -> list[tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)^```$", _section(), re.MULTILINE | re.DOTALL)


def _section() -> str:
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return said.partition("## Adding a comment system\n")[2].partition("\n## ")[0]
