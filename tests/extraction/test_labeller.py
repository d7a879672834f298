"""What the labeller sees of a block does not depend on the process that looks."""

from __future__ import annotations

import os
import subprocess
import sys

from archiver.extraction.features import block_words

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
