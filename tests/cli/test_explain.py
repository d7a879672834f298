"""``archiver explain``: why each block of a page is where it is, and nothing of a page in the terminal's hands."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from lxml import html

from archiver.cli.explain import KINDS
from archiver.cli.telling import printable
from archiver.record import Role
from tests.conftest import ROOT, Run
from tests.extraction.test_extremes import STRANGE

PAGE = ROOT / "tests" / "pages" / "demo" / "never-let-me-go.html"
#: What a page could do to a terminal: clear it, retitle it, overwrite a line, make a line read backwards.
ATTACKS = "\x1b[2J\x1b]0;owned\x07\r\x08\x9b31m\u202e\u2066\u200f\u061c\u2028\x85\x00"
#: And to a browser.
SCRIPTS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><script>alert(1)</script>",
    "' onmouseover='alert(1)", "<iframe src=javascript:alert(1)>", "<svg/onload=alert(1)>", "]]><!--<script>",
)  # fmt: skip


def hostile(said: str) -> bytes:
    escaped = said.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("'", "&#39;")
    return f"""<!doctype html><html><meta charset="utf-8"><title>A {escaped} kettle</title>
    <link rel="canonical" href="https://example.org/{escaped}"><article><h1>A {escaped} kettle</h1>
    <p class="byline">By <a rel="author">Ada {escaped}</a></p><p>The lid {escaped} sticks after a month of use.</p>
    <a rel="tag" href="/tag/{escaped}">kettles {escaped}</a></article>
    <ol class="commentlist"><li class="comment" id="comment-1{escaped}"><cite class="fn">Bo {escaped}</cite>
    <p>Mine {escaped} too, and the handle.</p></li></ol>""".encode()


def test_each_block_has_its_role_and_why(run: Run) -> None:
    ended = run("python", "-m", "archiver", "explain", PAGE)
    assert (ended.returncode, ended.stderr) == (0, "")
    blocks = [block.splitlines() for block in ended.stdout.strip().split("\n\n")[1:]]
    [notice] = [block for block in blocks if block[0].startswith("redirect_notice  ")]
    assert "redirected back to your article" in " ".join(notice[1:])
    assert sum(block[0].startswith("body  ") for block in blocks) == 7
    assert all(re.fullmatch(r"[a-z0-9_]+  \S.*", block[0]) for block in blocks)
    assert "\x1b" not in ended.stdout


@pytest.mark.parametrize(
    ("extra", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
    ids=str,
)
def test_colours_are_for_terminals_that_want_them(
    extra: dict[str, str], coloured: bool, environment: dict[str, str]
) -> None:
    kept = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    assert ("\x1b[32mbody\x1b[0m" in on_terminal(PAGE, {**kept, "TERM": "xterm", **extra})) is coloured


def test_nothing_of_a_page_drives_the_terminal(environment: dict[str, str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(hostile(ATTACKS))
    said = on_terminal(page, {**environment, "TERM": "xterm"})
    assert "sticks after a month" in " ".join(said.split())
    ours = re.sub(r"\x1b\[(?:0|1;36|3[2-5]|90)m", "", said).replace("\r\n", "\n")
    assert {sign for sign in ours if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp")} == {"\n"}


@pytest.mark.parametrize("sign", sorted({sign for sign in [*ATTACKS, *STRANGE] if not sign.isprintable()}), ids=ascii)
def test_what_is_not_seen_is_shown_as_an_escape(sign: str) -> None:
    assert printable(f"a{sign}b").isprintable()
    assert len(printable(f"a{sign}b")) > 3


@pytest.mark.parametrize("text", ["two\nlines", "naïve — “quoted”", "日本語", "می\u200cخواهم", "👩\u200d🚀"])
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_page_runs_nothing(script: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(hostile(script))
    ended = run("python", "-m", "archiver", "explain", "page.html", "--html", "--url", f"https://example.org/{script}")
    assert ended.returncode == 0
    page = html.document_fromstring(ended.stdout)
    tags = {element.tag for element in page.iter() if isinstance(element.tag, str)}
    assert tags <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "ul",
        "li",
        "article",
        "h1",
        "p",
        "small",
        "section",
        "b",
    }
    assert {name for element in page.iter() for name in element.attrib} <= {
        "lang", "charset", "http-equiv", "content", "class", "title", "dir",
    }  # fmt: skip
    [policy] = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert script in page.text_content()


def test_the_page_has_a_legend_for_every_colour(run: Run) -> None:
    page = html.document_fromstring(run("python", "-m", "archiver", "explain", PAGE, "--html").stdout)
    assert page.xpath("//ul/li/@class") == [kind.name for kind in KINDS]
    assert set(page.xpath("//section/@class")) <= {kind.name for kind in KINDS}


def test_every_role_is_shown_somehow() -> None:
    shown = [role for kind in KINDS for role in kind.roles]
    assert sorted(shown) == sorted(Role)


def test_a_terminal_that_knows_no_unicode_is_no_reason_to_stop(run: Run) -> None:
    ended = run("python", "-m", "archiver", "explain", PAGE, PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_page_that_is_not_there(run: Run) -> None:
    ended = run("python", "-m", "archiver", "explain", "nowhere.html")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "nowhere.html" in ended.stderr
    assert "Traceback" not in ended.stderr


def on_terminal(page: Path, environment: dict[str, str]) -> str:
    """What the command writes to a terminal of its own."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "archiver", "explain", str(page)], stdout=its, env=environment, cwd=ROOT
    ) as process:
        os.close(its)
        said = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux tells the end of a terminal so
                break
            if not part:
                break
            said += part
    os.close(ours)
    assert process.returncode == 0
    return said.decode("utf-8")
