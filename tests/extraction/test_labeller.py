"""What the labeller sees of a block, and which blocks are taken by its scores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import cast

import pytest

from archiver.document import Document
from archiver.extraction.blocks import Block, segment
from archiver.extraction.features import NAMES, Candidates, block_words
from archiver.extraction.labels import label, threshold
from archiver.extraction.model import Labeller
from archiver.extraction.reading import Reading
from archiver.page import Page
from archiver.record import Role

PROGRAM = """
from archiver.extraction.features import block_words
from archiver.extraction.model import labeller
text = "Sign up for our newsletter and never miss a story about kettles"
print(block_words(text), labeller().score_words(text).hex())
"""


def test_the_words_of_a_block_come_once_and_in_order() -> None:
    assert block_words("Read more about tea, more than 12 teas") == [
        "read", "more", "about", "tea", "than", "0", "teas", "^read", "read_more",
    ]  # fmt: skip


def test_words_weigh_the_same_to_the_last_bit_in_every_process() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(said) == 1


SENTENCE = "The kettle came to the boil in two minutes and sang while the tea was measured out, as it should. "


class Saying:
    """Stands in for a labeller: a score for each text, 0.9 where none is given."""

    def __init__(self, scores: dict[str, float]) -> None:
        self.given = scores

    def scores(self, _document: Document, blocks: Sequence[Block], _title: str | None = None) -> list[float]:
        return [self.given.get(block.text, 0.9) for block in blocks]


def labelled(html: str, scores: dict[str, float] | None = None) -> list[tuple[str, Role | None]]:
    reading = Reading(Page(body=html.encode()))
    blocks = segment(reading.document)
    label(reading, blocks, cast(Labeller, Saying(scores or {})), None)
    return [(block.text, block.role) for block in blocks]


def feature(html: str, name: str, text: str) -> float:
    """What the labeller sees of the block with this text; every class and id weighs 1."""
    document = Reading(Page(body=html.encode())).document
    blocks = segment(document)
    candidates = Candidates(document, blocks, lambda name, ident: (1.0, 1.0, 2), lambda text: 0.0)
    rows = {blocks[i].text: row for i, row in candidates.rows()}
    return rows[text][NAMES.index(name)]


@pytest.mark.parametrize(
    ("blocks", "least"),
    [
        # a page that is all but sure: what is more likely not than so stays out
        ([(4000, 0.99), (300, 0.3)], 0.45),
        # a page that nothing is sure about: better too much than too little
        ([(1000, 0.5), (1000, 0.4), (1000, 0.35)], 0.35),
        # but never what is unlikely
        ([(1000, 0.3), (1000, 0.1)], 0.3),
        # nothing at all
        ([(1000, 0.0)], 1.0),
    ],
)
def test_the_threshold_is_the_one_that_promises_most(blocks: list[tuple[int, float]], least: float) -> None:
    assert threshold(blocks) == least


def test_a_text_that_stands_twice_is_taken_where_it_is_likelier() -> None:
    long = SENTENCE * 4
    told = labelled(f"<body><p class=a>{SENTENCE}</p><div><p>{long}</p><p>{SENTENCE}x</p><p>{SENTENCE}</p></div>")
    assert [role for _, role in told] == [Role.BODY, Role.BODY, Role.BODY, Role.OTHER]


def test_the_likelier_of_two_equal_texts_may_come_later() -> None:
    reading = Reading(Page(body=f"<body><p>{SENTENCE}<p>{SENTENCE * 4}<p>{SENTENCE}".encode()))
    blocks = segment(reading.document)
    scores = iter([0.6, 0.9, 0.8])
    saying = Saying({})
    saying.scores = lambda *_: [next(scores) for _ in blocks]  # type: ignore[method-assign]
    label(reading, blocks, cast(Labeller, saying), None)
    assert [block.role for block in blocks] == [Role.OTHER, Role.BODY, Role.BODY]


def test_cells_may_say_the_same() -> None:
    cell = "twenty minutes at an easy pace, then a rest of five"
    told = labelled(f"<body><p>{SENTENCE * 8}<table><tr><td>{cell}<td>{cell}</table>")
    assert [role for text, role in told if text == cell] == [Role.BODY, Role.BODY]


def test_a_caption_is_no_body_whatever_the_labeller_says() -> None:
    told = labelled(
        f"<body><p>{SENTENCE * 9}<figure><img><figcaption><p>The kettle at rest, on its stand.</figcaption></figure>"
    )
    assert told[-1] == ("The kettle at rest, on its stand.", Role.CAPTION_CREDIT)


def test_names_of_elements_that_hold_the_page_tell_nothing() -> None:
    body = f"<div class=text><p>{SENTENCE}</p><p>{SENTENCE}2</p></div>"
    text = f"{SENTENCE}2"
    assert feature(f"<body class=has-footer>{body}", "token_sum", text) == 1.0
    assert feature(f"<body class=has-footer>{body}", "notice_near", text) == 20.0
    assert feature(f"<body>{body.replace('<p>', '<p class=footer>')}", "notice_near", text) == 0.0


def test_a_block_that_says_only_what_notices_say_is_one_however_sure_the_labeller_is() -> None:
    said, more = "You might also like:", "You might also like: this one has a lid that sings as loudly."
    told = labelled(f"<body><p>{SENTENCE * 4}</p><p>{said}</p><p>{more}</p>", {said: 0.99, more: 0.99})
    assert [role for _, role in told] == [Role.BODY, Role.RELATED, Role.BODY]
