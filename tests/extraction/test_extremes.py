"""Pages that break parsers: as deep, as wide and as strange as markup can be (TRIALS: T4, T5, T6, T20, T21)."""

from __future__ import annotations

import codecs
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

import pandas as pd
import pytest

import archiver
from archiver.record import Review
from archiver.store.lines import encode
from tests.extraction.test_laws import said_in

SECONDS = 2.0
BEFORE = "<p>The lid sticks after a month, and the handle is too hot to hold.</p>"
AFTER = "<p>The last paragraph of the review stands below all of that.</p>"
LAST = "Thelastparagraphofthereviewstandsbelowallofthat."


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "td"])
@pytest.mark.parametrize("depth", [300, 3_000, 30_000, 100_000])
def test_nesting_of_any_depth_loses_nothing(depth: int, tag: str) -> None:
    page = f"<body>{BEFORE}{f'<{tag}>' * depth}<p>The words at the bottom.</p>{AFTER}".encode()
    review = timely(page)
    assert said_in(review)[-100:].endswith("Thewordsatthebottom." + LAST)


def test_an_element_may_outlive_the_page_it_was_nested_in() -> None:
    program = (
        "from archiver.document import read\n"
        "document = read(b'<div>' * 300_000 + b'x')\n"
        "deepest = document.nodes[-1]\n"
        "del document\n"
        "del deepest\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "middle",
    [
        pytest.param(lambda: f'<img alt="{"x" * 20_000_000}">', id="20 MB attribute"),
        pytest.param(lambda: f"<p>{'word ' * 2_400_000}</p>", id="12 MB text"),
        pytest.param(lambda: f"<p>{'x' * 12_000_000}</p>", id="12 MB word"),
        pytest.param(lambda: f"<!--{'x' * 12_000_000}-->", id="12 MB comment"),
        pytest.param(lambda: f"<script>{'x' * 12_000_000}</script>", id="12 MB script"),
        pytest.param(lambda: f"<a {' '.join(f'a{i}=1' for i in range(100_000))}>a link</a>", id="100,000 attributes"),
        pytest.param(
            lambda: f'<p class="{" ".join(f"c{i}" for i in range(100_000))}">a class</p>', id="100,000 classes"
        ),
    ],
)
def test_size_loses_nothing(middle: Callable[[], str]) -> None:
    said = said_in(timely(f"<body>{BEFORE}{middle()}{AFTER}".encode()))
    assert (said[:24], said[-len(LAST) :]) == ("Thelidsticksafteramonth,", LAST)


#: Characters that readers of JSON, tables and terminals stumble over, as bytes and as references.
STRANGE = [
    "\x00",
    "\x0b",
    "\x1b",
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\U0001fffe",
    "\u202e",
]
REFERENCES = ["&#0;", "&#xD800;", "&#xDFFF;", "&#xD83D;&#xDE00;", "&#x1B;", "&#x2028;", "&#xFFFE;", "&#x110000;"]


@pytest.mark.parametrize("sign", [*STRANGE, *REFERENCES], ids=ascii)
@pytest.mark.parametrize("place", ["title", "author", "tag", "body", "comment", "data"])
def test_every_reader_reads_the_line(sign: str, place: str) -> None:
    said = {
        name: f"a{sign}b" if name == place else "plain"
        for name in ("title", "author", "tag", "body", "comment", "data")
    }
    page = f"""<!doctype html><meta charset="utf-8"><title>{said["title"]}</title>
    <script type="application/ld+json">{{"@type":"Review","name":"{said["data"]}","author":"{said["data"]}"}}</script>
    <article><h1>{said["title"]}</h1><p class="byline">By <a rel="author">{said["author"]}</a></p>
    {BEFORE}<p>{said["body"]}</p><p>Filed under <a rel="tag" href="/tag/x">{said["tag"]}</a></p></article>
    <ol class="commentlist">
    <li class="comment" id="comment-1"><cite class="fn">Ada</cite><p>{said["comment"]}</p></li></ol>"""
    bodies = [page.encode("utf-8", "surrogatepass"), page.replace(sign, "\ud800").encode("utf-8", "surrogatepass")]
    for body in bodies:
        line = encode(archiver.extract(body))
        text = line.decode("utf-8")
        assert not set(text) & set("\x00\x1b\x0b")
        assert json.loads(text)["page_state"] == "article"
        assert len(text.splitlines()) >= 1
        assert line.count(b"\n") == 1
        assert len(pd.read_json(io.BytesIO(line), lines=True)) == 1


TEXTS = {
    "de": "Der Kessel ist schön, aber er wird heiß: für fünfzig Euro hätte ich mehr erwartet. Größe stimmt.",
    "fr": "Le thé était délicieux, mais la bouilloire a cessé de marcher après trois mois d’usage. Où est l’été ?",
    "pl": "Czajnik jest ładny, lecz źle zamknięta pokrywka sprawiła, że gorąca woda wylała się na stół. Żółć i gęś.",
    "ru": "Чайник красивый, но через месяц крышка перестала закрываться, а ручка нагревается так, что не взяться.",
    "el": "Ο βραστήρας είναι όμορφος, αλλά μετά από έναν μήνα το καπάκι κολλάει και η λαβή καίει πολύ στο χέρι.",
    "tr": "Çaydanlık güzel, ama bir ay sonra kapağı sıkıştı; sapı da tutulmayacak kadar ısınıyor. Işık ve gölge şöyle.",
    "he": "הקומקום יפה, אבל אחרי חודש המכסה נתקע והידית מתחממת כל כך שאי אפשר להחזיק בה בלי מגבת עבה.",
    "ja": "やかんは美しいのですが、一か月で蓋が閉まらなくなり、取っ手も熱くて持てません。買い替えを考えています。",
    "zh": "这把水壶很漂亮，可是一个月以后盖子就盖不上了，把手也烫得拿不住。我正在考虑换一个新的。",
    "ko": "주전자는 예쁘지만 한 달이 지나자 뚜껑이 닫히지 않고 손잡이도 너무 뜨거워서 잡을 수가 없습니다.",
}
ENCODINGS = {
    "de": ["iso-8859-1", "windows-1252", "iso-8859-15"], "fr": ["windows-1252"],
    "pl": ["iso-8859-2", "windows-1250"], "ru": ["windows-1251", "koi8-r", "iso-8859-5"],
    "el": ["iso-8859-7", "windows-1253"], "tr": ["windows-1254", "iso-8859-9"], "he": ["windows-1255", "iso-8859-8"],
    "ja": ["shift_jis", "euc-jp", "iso-2022-jp"], "zh": ["gbk", "gb2312", "gb18030", "big5"], "ko": ["euc-kr"],
}  # fmt: skip
#: What a server or an author declares by mistake.
WRONG = ["iso-8859-1", "windows-1251", "gbk"]
ERRORS = 0.001


def charset_cases() -> Iterator[tuple[str, bytes, str | None, str]]:
    """Name, bytes, Content-Type and text of pages in many encodings, declared in every way there is."""
    for language, text in TEXTS.items():
        for charset in [*ENCODINGS[language], "utf-8"]:
            if unencodable(text, charset):
                continue
            for how, header, meta in (
                ("header", charset, None), ("meta", None, charset), ("http-equiv", None, "=" + charset),
                ("both", charset, charset), ("header against meta", charset, WRONG[0]),
            ):  # fmt: skip
                yield f"{language} {charset} {how}", *page_in(charset, text, header, meta)
        for wrong in WRONG:
            yield f"{language} utf-8, header {wrong}", *page_in("utf-8", text, wrong, None)
            yield f"{language} utf-8, meta {wrong}", *page_in("utf-8", text, None, wrong)
            yield f"{language} utf-8 with mark, header {wrong}", *marked("utf-8", text, wrong)
            yield f"{language} utf-16-le with mark, header {wrong}", *marked("utf-16-le", text, wrong)
            yield f"{language} utf-16-be with mark, meta {wrong}", *marked("utf-16-be", text, None, wrong)
        yield f"{language} utf-8, undeclared", *page_in("utf-8", text, None, None)
        yield f"{language} utf-16-le, undeclared", *page_in("utf-16-le", text, None, None)
        yield f"{language} utf-16-be, header", *page_in("utf-16-be", text, "utf-16be", None)
        yield f"{language} utf-8 that says utf-16", *page_in("utf-8", text, None, "utf-16")


def test_no_character_is_read_wrong_whatever_is_declared() -> None:
    wrong: dict[str, int] = {}
    characters = 0
    cases = list(charset_cases())
    assert len(cases) >= 200
    for name, body, content_type, text in cases:
        headers = (("Content-Type", content_type),) if content_type else ()
        read = archiver.extract(body, headers=headers).body_text or ""
        same = sum(block.size for block in SequenceMatcher(None, text, read, autojunk=False).get_matching_blocks())
        characters += len(text)
        if same < len(text):
            wrong[name] = len(text) - same
    assert sum(wrong.values()) <= ERRORS * characters, wrong


def page_in(charset: str, text: str, header: str | None, meta: str | None) -> tuple[bytes, str | None, str]:
    declared = ""
    if meta is not None:
        declared = f'<meta charset="{meta}">'
        if meta.startswith("="):
            declared = f'<meta http-equiv="Content-Type" content="text/html; charset{meta}">'
    head = f"<!doctype html><html><head>{declared}<title>A kettle</title></head>"
    page = f"{head}<body><article><h1>A kettle</h1><p>{text}</p></article>"
    return page.encode(charset), f"text/html; charset={header}" if header else None, text


def marked(charset: str, text: str, header: str | None, meta: str | None = None) -> tuple[bytes, str | None, str]:
    mark = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}[charset]
    body, content_type, said = page_in(charset, text, header, meta)
    return mark + body, content_type, said


def unencodable(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return True
    return False


def timely(body: bytes) -> Review:
    start = time.process_time()
    review = archiver.extract(body)
    assert time.process_time() - start < SECONDS
    return review
