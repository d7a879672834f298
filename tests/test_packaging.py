"""The wheel, the lock and the make targets: what stands between a checkout and a user."""

from __future__ import annotations

import ast
import re
import shutil
import site
import subprocess
import sys
import tomllib
import venv
import zipfile
from email import message_from_bytes
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT, Answer, Run, Serve

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

REVIEW = Answer(
    b"<!doctype html><title>Never Let Me Go</title><article><h1>Never Let Me Go</h1>"
    b"<p>I came to this film knowing nothing about it, except that it was based on a novel.</p></article>"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built outside of it, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    for name in ("archiver", "spiders", "pipelines"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([*pip, "wheel", *options, str(tree)], check=True, stdin=subprocess.DEVNULL)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment with the wheel in it; what it depends on is lent by this environment."""
    home = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True, stdin=subprocess.DEVNULL)
    # A path file's paths are added as they are: this environment's own editable install stays behind.
    (_packages(home / "bin") / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
    return home / "bin"


def test_a_wheel_puts_one_name_into_site_packages(wheel: Path) -> None:
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"archiver"}


def test_a_wheel_holds_every_file_of_the_tree(wheel: Path) -> None:
    in_tree = {
        path.relative_to(ROOT).as_posix() if top == "archiver" else f"archiver/{path.relative_to(ROOT).as_posix()}"
        for top in ("archiver", "spiders", "pipelines")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    in_wheel = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("archiver/")}
    assert in_wheel == in_tree
    assert "archiver/py.typed" in in_wheel


def test_the_wheel_carries_the_licence_and_asks_for_what_it_imports(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [licence] = [name for name in archive.namelist() if name.endswith("/LICENSE")]
    assert b"Apache License" in archive.read(licence)
    [metadata] = [name for name in archive.namelist() if name.endswith("/METADATA")]
    asked = [Requirement(line) for line in message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])]
    assert {str(one) for one in asked if "extra ==" not in str(one.marker)} == {
        str(Requirement(one)) for one in PROJECT["dependencies"]
    }


def test_every_import_is_a_declared_dependency() -> None:
    """And every declared dependency is imported: a list that nobody keeps by hand would say the same."""
    imported = {name for top in ("archiver", "spiders", "pipelines") for name in _imports(ROOT / top)}
    foreign = {name for name in imported if name not in sys.stdlib_module_names | {"archiver", "spiders", "pipelines"}}
    owners = packages_distributions()
    used = {canonicalize_name(owners[name][0]) for name in foreign}
    optional = {_name(one) for one in PROJECT["optional-dependencies"]["frames"]}
    assert used - optional == {_name(one) for one in PROJECT["dependencies"]}


def test_the_installed_program_crawls_from_any_folder(installed: Path, serve: Serve, run: Run, tmp_path: Path) -> None:
    base = serve({"/review": REVIEW, "/robots.txt": Answer(b"", content_type="text/plain")})
    ended = run(installed / "archiver", "crawl", "reviews", "-a", f"url={base}/review")
    assert (ended.returncode, ended.stderr) == (0, "")
    [lines] = (tmp_path / "data").rglob("*.jsonl")
    assert '"title":"Never Let Me Go"' in lines.read_text(encoding="utf-8")
    assert len(list((tmp_path / "data").rglob("*.warc.gz"))) == 1


def test_the_installed_program_is_the_one_in_the_wheel(installed: Path, run: Run) -> None:
    """Not this checkout, and its spiders under one name only."""
    asked = (
        "import importlib.util, archiver, archiver.spiders, archiver.pipelines;"
        "print(archiver.__file__, importlib.util.find_spec('spiders'))"
    )
    ended = run(installed / "python", "-c", asked)
    assert ended.stdout.split() == [str(_packages(installed) / "archiver" / "__init__.py"), "None"], ended.stderr


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_no_host_and_no_folder(lock: Path) -> None:
    said = lock.read_text(encoding="utf-8")
    assert not re.findall(r"://|^--|\bfile:|(?:^|\s)/\S+", said, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_locked_version_has_its_hashes(lock: Path) -> None:
    for requirement in _locked(lock):
        assert re.fullmatch(r"\S+==\S+( ;.*?)?( --hash=sha256:[0-9a-f]{64})+", requirement), requirement


@pytest.mark.parametrize(("lock", "extras"), [("dev", ("dev", "frames")), ("bench", ("bench",))])
def test_the_lock_is_in_step_with_what_the_project_asks(lock: str, extras: tuple[str, ...]) -> None:
    locked: dict[str, list[str]] = {}
    for line in _locked(ROOT / "requirements" / f"{lock}.txt"):
        name, version = line.split()[0].split("==")
        locked.setdefault(canonicalize_name(name), []).append(version)
    asked = [*PROJECT["dependencies"], *(one for extra in extras for one in PROJECT["optional-dependencies"][extra])]
    for one in map(Requirement, asked):
        if one.name != PROJECT["name"]:
            versions = locked.get(canonicalize_name(one.name), [])
            assert versions, f"{one} is not locked: make lock"
            assert all(version in one.specifier for version in versions), f"{one} is locked at {versions}: make lock"


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("through", ["argument", "environment"])
def test_make_hands_an_address_on_as_it_was_typed(through: str, run: Run, tmp_path: Path) -> None:
    """Neither make nor the shell runs what stands in it."""
    hostile = f"http://x.example/?a=1&b=$(shell touch {tmp_path}/a)$(touch {tmp_path}/b)`touch {tmp_path}/c`\"';#%20 -s"
    head, _, rest = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nhelp:")
    [recipe] = [line for line in rest.splitlines() if "-m archiver crawl" in line]
    shown = recipe.replace("$(PY) -m archiver", "printf '%s\\n'")
    (tmp_path / "Makefile").write_text(f"{head}\ncrawl:\n{shown}\n", encoding="utf-8")
    words, extra = (["crawl", f"URL={hostile}"], {}) if through == "argument" else (["crawl"], {"URL": hostile})
    ended = run("make", "--silent", *words, **extra)
    assert ended.stdout.splitlines() == ["crawl", "reviews", "--table", "-a", f"url={hostile}"], ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Makefile"]


def _imports(top: Path) -> set[str]:
    """The first words of what the modules below a folder import."""
    found: set[str] = set()
    for path in top.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found


def _locked(lock: Path) -> list[str]:
    """The requirements of a lock, each on one line, comments left out."""
    said = re.sub(r"^\s*#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [" ".join(line.split()) for line in said.replace("\\\n", " ").splitlines()]


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _packages(bin_folder: Path) -> Path:
    [packages] = bin_folder.parent.glob("lib/python*/site-packages")
    return packages
