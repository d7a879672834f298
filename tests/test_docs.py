"""Whatever the documents show is run: commands, Python, the crontab line, the table of the demonstration."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from archiver.crawl import config
from tests.conftest import ROOT, Answer, Run, Serve

#: The site that the documents speak of; the tests serve it on loopback.
SHOWN = "https://reviews.example"
REVIEW = b"""<!doctype html><html lang="en"><title>Never Let Me Go - Reviews</title><body><article>
<h1>Never Let Me Go</h1>
<p>I came to this film knowing nothing about it, except that it was based on the highly-acclaimed novel.</p>
<p>The story begins in the present and then segues to a lengthy flashback at a boarding school.</p>
</article></body></html>"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Reviews</title><link>{base}/</link>
<item><title>Never Let Me Go</title><link>{base}/never-let-me-go</link></item></channel></rss>"""
START = b"""<!doctype html><html><head><title>Reviews</title>
<link rel="alternate" type="application/rss+xml" href="/feed"></head><body><h1>Reviews</h1></body></html>"""


@pytest.fixture
def site(serve: Serve) -> str:
    answers: dict[str, Answer] = {"/": Answer(START), "/never-let-me-go": Answer(REVIEW)}
    base = serve(answers)
    answers["/feed"] = Answer(FEED.format(base=base).encode(), content_type="application/rss+xml")
    return base


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose `data/` is nobody's: the tree's own folders, linked."""
    for name in ("scrapy.cfg", "archiver", "spiders", "pipelines"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_the_readme_holds_from_top_to_bottom(site: str, checkout: Path, environment: dict[str, str]) -> None:
    """In one folder, in the order of the page: what is shown later reads what was made earlier."""
    pages = checkout / "pages.txt"
    pages.write_text(f"# a comment\n{site}/never-let-me-go\n", encoding="utf-8")
    said = ""
    for command in _commands("README.md"):
        local = command.replace(SHOWN, site)
        assert not re.search(rf"://(?!{re.escape(site.partition('://')[2])})", local), f"leaves this machine: {command}"
        ended = subprocess.run(
            ["/bin/sh", "-c", local],
            cwd=checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        said += ended.stdout
    assert (checkout / "archive").is_dir()
    assert (checkout / "again.jsonl").read_text(encoding="utf-8").count('"title":"Never Let Me Go"') >= 2
    assert "article Never Let Me Go 0" in said


def test_a_cron_job_is_silent(site: str, run: Run) -> None:
    [block] = [text for kind, text in _blocks("README.md") if kind == "crontab"]
    program, *words = block.split()[5:]
    assert program == "archiver"
    ended = run("python", "-m", "archiver", *[word.replace(SHOWN, site) for word in words])
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """The folder of the job in docs/cron.md, with the settings shown there."""
    [settings] = [text for kind, text in _blocks("docs/cron.md") if kind == "toml"]
    (tmp_path / "archiver.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def test_the_crontab_and_the_service_are_silent_and_archive(site: str, job: Path, run: Run) -> None:
    shown = dict(_blocks("docs/cron.md"))
    by_cron = shown["crontab"].split(maxsplit=5)[5].replace("/srv/reviews", shlex.quote(str(job)))
    [by_systemd] = re.findall(r"^ExecStart=/usr/local/bin/(.*)$", shown["service"], re.MULTILINE)
    for command in (by_cron, by_systemd):
        ended = run("/bin/sh", "-c", command.replace(SHOWN, site), cwd=job)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert len(list((job / "archive" / "runs").glob("*.json"))) == 2


def test_the_settings_of_the_job_are_judged_well(job: Path, run: Run) -> None:
    [command] = [line for line in _commands("docs/cron.md") if "config" in line]
    ended = run("/bin/sh", "-c", command, cwd=job)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"time_limit = 14400.0  # {job / 'archiver.toml'}" in ended.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_service_and_the_timer(run: Run, tmp_path: Path) -> None:
    shown = dict(_blocks("docs/cron.md"))
    program = Path(sys.executable).with_name("archiver")
    for kind in ("service", "timer"):
        unit = shown[kind].replace("/usr/local/bin/archiver", str(program))
        (tmp_path / f"archiver.{kind}").write_text(unit, encoding="utf-8")
    ended = run("systemd-analyze", "verify", tmp_path / "archiver.service", tmp_path / "archiver.timer")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert run("systemd-analyze", "calendar", "*-*-* 03:15:00").returncode == 0


def test_the_readme_shows_the_demonstrations_own_table(run: Run) -> None:
    ended = run("python", "-m", "tests.demo", PYTHONPATH=str(ROOT))
    assert ended.returncode == 0, ended.stderr
    [shown] = [block for kind, block in _blocks("README.md") if kind == "text"]
    assert _without_run(shown) == _without_run(ended.stdout)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_shown_exists(document: str, run: Run) -> None:
    said = (ROOT / document).read_text(encoding="utf-8")
    shown = set(re.findall(r"(?:^\$ |^    |`)make ([a-z]+)", said, re.MULTILINE))
    assert shown
    for target in sorted(shown):
        ended = run("make", "--dry-run", target, cwd=ROOT)
        assert ended.returncode == 0, ended.stderr


def test_every_command_of_the_list_is_there(run: Run) -> None:
    said = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"`archiver ([a-z]+)", said))
    assert {"crawl", "extract", "schema"} <= commands
    for command in sorted(commands):
        ended = run("python", "-m", "archiver", command, "--help", cwd=ROOT)
        assert ended.returncode == 0, ended.stderr


def test_every_spider_of_the_list_is_there(run: Run) -> None:
    said = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    ended = run("python", "-m", "scrapy", "list", cwd=ROOT)
    assert set(re.findall(r"`scrapy crawl ([a-z]+)", said)) == set(ended.stdout.split()), ended.stderr


def test_the_settings_are_described_and_the_described_are_there() -> None:
    documents = [(ROOT / name).read_text(encoding="utf-8") for name in ("docs/cli.md", "README.md")]
    described = {name for said in documents for name in re.findall(r"ARCHIVER_[A-Z_]*[A-Z]", said)}
    known = {config.PREFIX + field.name.upper() for field in msgspec.structs.fields(config.Config)}
    assert described == known | {"ARCHIVER_CONFIG"}


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/cli.md", "docs/cron.md", "docs/record.md"]
)
def test_every_link_leads_somewhere(document: str) -> None:
    said = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", said):
        assert (ROOT / document).parent.joinpath(target).exists(), target


def _commands(document: str) -> list[str]:
    """What a reader would type, top to bottom: the lines after a prompt, a crontab's commands, and the
    Python, each time with all that stands above it. The make targets have a test of their own."""
    commands: list[str] = []
    script = ""
    for kind, text in _blocks(document):
        if kind == "console":
            commands += [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
        elif kind == "crontab":
            commands += [line.split(maxsplit=5)[5] for line in text.splitlines()]
        elif kind == "python":
            script += text
            commands.append(shlex.join([sys.executable, "-c", script]))
    return [command for command in commands if not command.startswith("make ")]


def _blocks(document: str) -> list[tuple[str, str]]:
    """The fenced blocks of a document: what they are said to hold, and their text."""
    said = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", said, re.MULTILINE | re.DOTALL)


def _without_run(table: str) -> list[str]:
    """The lines of a table, less what differs from run to run: ids, ports, offsets, widths, the order of answers."""
    named = re.sub(r"(\d{8}T\d{6}Z-)?[0-9a-f]{6}(?=[-.])", "RUN", table)
    named = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", named)
    named = re.sub(r"@\d+", "@OFFSET", named)
    return sorted(" ".join(line.split()) for line in named.strip().splitlines())
