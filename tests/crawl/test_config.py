"""Settings, told and judged before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.cli import main

FILE = 'delay = 2.5\ncontact = "mail@example.org"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "CONTACT", "DELAY", "CONFIG", "ALLOW_PRIVATE_HOSTS", "PING"):
        monkeypatch.delenv(f"ARCHIVER_{name}", raising=False)
    return tmp_path


def test_the_settings_in_force_are_told_with_who_set_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "archiver.toml").write_text(FILE)
    monkeypatch.setenv("ARCHIVER_DATA", "elsewhere")
    assert main(["config", "check", "-s", "ARCHIVER_DELAY=3"]) == 0
    said = capsys.readouterr()
    assert 'data = "elsewhere"  # the environment' in said.out
    assert "delay = 3.0  # -s" in said.out
    assert f'contact = "mail@example.org"  # {folder / "archiver.toml"}' in said.out
    assert "comments = true  # default" in said.out
    assert said.err == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("dealy = 2\n", "archiver.toml: there is no setting 'dealy'; did you mean 'delay'?"),
        ("zzzzzz = 2\n", "archiver.toml: there is no setting 'zzzzzz'; there are data, contact"),
        ("delay = -1\ntime_limit = 'long'\n", "archiver.toml: time_limit = 'long'"),
        ("delay = \n", "archiver.toml: "),
        ('frontier = "redis"\n', "archiver.toml: frontier = 'redis': there is sqlite"),
        ('noarchive = "hide"\n', "archiver.toml: noarchive = 'hide': there is keep, record"),
        ('ping = "example.org"\n', "archiver.toml: ping = 'example.org'"),
        ('ping = "http://127.0.0.1/x"\n', "ping: 127.0.0.1 is a private host"),
        ('data = "archiver.toml"\n', "data: nothing can be written in archiver.toml"),
        ('metrics = "archiver.toml/x"\n', "metrics: nothing can be written in archiver.toml"),
    ],
)
def test_what_a_crawl_would_refuse_is_refused(
    text: str, complaint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "archiver.toml").write_text(text)
    assert main(["config", "check"]) == 2
    assert complaint in capsys.readouterr().err


def test_a_named_file_that_is_not_there_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARCHIVER_CONFIG", "missing.toml")
    assert main(["config", "check"]) == 2
    assert "missing.toml: No such file" in capsys.readouterr().err
