"""The labeller: how likely each block is the article's, learned from labelled pages.

Two looks. The first scores a block by its features (:mod:`archiver.extraction.features`); the
second also sees how the first scored the blocks around it, in its containers and of its
make-up; a block that the first is sure is none of the article's is not looked at again. Both are
small ensembles of decision trees, kept as data in ``model.json`` beside this module (``make model``
rebuilds it; docs/model.md tells how) and compiled to Python on first use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from math import exp
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from archiver.document import Document
from archiver.extraction.blocks import Block
from archiver.extraction.features import CONTEXT_NAMES, NAMES, Candidates, block_words, token_words, weighing

#: A tree as nested lists: ``[feature, threshold, below, above]``, a leaf as its number.
Tree = list[Any] | float


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """What training leaves: weights of words, and the trees of both looks."""

    features: tuple[str, ...]
    context: tuple[str, ...]
    tokens: dict[str, float]
    words: dict[str, float]
    first: list[Tree]
    second: list[Tree]


class Labeller:
    """Scores blocks with one model."""

    def __init__(self, model: Model) -> None:
        if tuple(NAMES) != model.features or tuple(CONTEXT_NAMES) != model.context:
            raise ValueError("model.json was trained for other features: run `make model`")
        self._tokens = model.tokens
        self._words = model.words
        self._weigh = weighing(self.score_tokens, {})
        self._first = compile_trees(model.first)
        self._second = compile_trees(model.second)

    def scores(self, document: Document, blocks: Sequence[Block], title: str | None = None) -> list[float]:
        """A probability from 0 to 1 for each block, in their order; claimed blocks get 0."""
        candidates = Candidates(document, blocks, self._weigh, self.score_words, title)
        scores = [0.0] * len(blocks)
        for i, row in candidates.rows():
            scores[i] = _probability(self._first(row))
        for i, row in candidates.rows_in_context(scores):
            scores[i] = _probability(self._second(row))
        return scores

    def score_tokens(self, names: str) -> float:
        weights = self._tokens
        total = sum([weights.get(word, 0.0) for word in dict.fromkeys(token_words(names))])
        return max(-6.0, min(6.0, total))

    def score_words(self, text: str) -> float:
        found = block_words(text)
        weights = self._words
        return sum([weights.get(word, 0.0) for word in found]) / len(found) ** 0.5 if found else 0.0


def _probability(score: float) -> float:
    return 1 / (1 + exp(-score)) if score > -30 else 0.0


def compile_trees(trees: Sequence[Tree]) -> Callable[[Sequence[float]], float]:
    """One function that adds up what the trees say of a row. Data becomes code here, so only
    numbers get in: every feature is an int, every threshold and leaf a float."""
    lines = ["def score(f):", " s = 0.0"]
    for tree in trees:
        _branch(tree, 1, lines)
    lines.append(" return s")
    namespace: dict[str, Callable[[Sequence[float]], float]] = {}
    exec(compile("\n".join(lines), "model.json", "exec"), {}, namespace)  # noqa: S102 - numbers only, see above
    return namespace["score"]


def _branch(tree: Tree, depth: int, lines: list[str]) -> None:
    space = " " * depth
    if not isinstance(tree, list):
        lines.append(f"{space}s += {float(tree)!r}")
        return
    feature, threshold, below, above = tree
    lines.append(f"{space}if f[{int(feature)}] <= {float(threshold)!r}:")
    _branch(below, depth + 1, lines)
    lines.append(f"{space}else:")
    _branch(above, depth + 1, lines)


@cache
def labeller() -> Labeller:
    """The labeller with the model that is shipped."""
    return Labeller(msgspec.json.decode(_bytes(), type=Model))


@cache
def digest() -> str:
    """SHA-256 of the model: which weights made a record."""
    return f"sha256:{hashlib.sha256(_bytes()).hexdigest()}"


@cache
def _bytes() -> bytes:
    return Path(__file__).with_name("model.json").read_bytes()
