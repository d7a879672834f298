"""Train the labeller, or measure how well it does on sites it has not seen.

    python -m benchmarks.model --data ../shared/bench              train on everything, write model.json
    python -m benchmarks.model --data ../shared/bench --folds 5    nested folds by site, print the scores

What is learned, in order: weights of class and id words and of the words of short blocks (for
a page, always without its own site); the first look's trees; the second look's trees, from
scores that the first look gave to sites it was not trained on. docs/model.md tells the rest.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import lightgbm
import msgspec
import numpy as np

from archiver.document import Document
from archiver.extraction import model as labelling
from archiver.extraction.blocks import Block
from archiver.extraction.extract import Opened
from archiver.extraction.features import CONTEXT_NAMES, NAMES, Candidates, block_words, token_words, weighing
from archiver.extraction.labels import threshold
from archiver.extraction.reading import Reading
from archiver.page import Page
from benchmarks.gold import GoldPage, fold_of, in_gold, read_pages, word_scores

DATA_SETS = ("wcxb-dev", "atf", "review-gold-dev")
FIRST = {"num_iterations": 40, "num_leaves": 20, "learning_rate": 0.15}
SECOND = {"num_iterations": 80, "num_leaves": 24, "learning_rate": 0.08}
COMMON = {
    "objective": "binary", "min_data_in_leaf": 40, "bagging_fraction": 0.8, "bagging_freq": 1, "feature_fraction": 0.6,
    "lambda_l2": 2.0, "num_threads": 1, "verbosity": -1, "seed": 0, "deterministic": True,
}  # fmt: skip
INNER_FOLDS = 4
Sums = dict[str, tuple[float, int]]
#: Words seen on fewer other sites carry no weight.
_LEAST_SITES = {"tokens": 3, "words": 4}
_PRIOR = {"tokens": 0.75, "words": 1.0}
_LEAST_WEIGHT = 0.12
#: Gold that the page's own blocks cannot give, or that covers a part of the article, teaches nothing.
_LEAST_ORACLE = 0.8
#: Nor does a page where labellers that have not seen its site find nearly all of the gold, and as much again beside it.
_FOUND = 0.9
_WRONG = 0.5
_LIKELY = 0.4


@dataclass
class Example:
    """A page cut into blocks, with what the gold says of each block."""

    page: GoldPage
    document: Document
    blocks: list[Block]
    title: str | None
    wanted: list[float]
    usable: bool = True

    @property
    def site(self) -> str:
        return self.page.site

    def text(self, chosen: Iterable[int]) -> str:
        return "\n\n".join(self.blocks[i].text for i in chosen)


class Weights:
    """Log-odds of words to stand in an article, each site counting once; for a site itself, without it."""

    def __init__(self, kind: str) -> None:
        self.least, self.prior = _LEAST_SITES[kind], _PRIOR[kind]
        self.seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.shares: dict[str, dict[str, float]] = {}

    def add(self, site: str, word: str, share: float) -> None:
        self.seen[word][site].append(share)

    def close(self) -> None:
        self.shares = {word: {s: statistics.fmean(v) for s, v in sites.items()} for word, sites in self.seen.items()}

    def sums(self, without: frozenset[str]) -> Sums:
        """For each word, its shares added up over every site but these, and how many sites that were."""
        sums = {}
        for word, shares in self.shares.items():
            out = shares.keys() & without
            sums[word] = (sum(shares.values()) - sum(shares[site] for site in out), len(shares) - len(out))
        return sums

    def weight(self, word: str, sums: Sums, site: str | None = None) -> float:
        """A word's log-odds by these sums; without a site's own share where one is named (and is in them)."""
        inside, sites = sums.get(word, (0.0, 0))
        own = self.shares[word].get(site) if site is not None and sites else None
        if own is not None:
            inside, sites = inside - own, sites - 1
        if sites < self.least:
            return 0.0
        weight = log((inside + self.prior) / (sites - inside + self.prior))
        return weight if abs(weight) >= _LEAST_WEIGHT else 0.0

    def all(self) -> dict[str, float]:
        sums = self.sums(frozenset())
        return {word: round(w, 2) for word in sorted(sums) if (w := self.weight(word, sums))}


def examples(data: Path) -> list[Example]:
    """Every article of the data sets whose body is judged."""
    found = []
    for data_set in DATA_SETS:
        for page in read_pages(data, data_set):
            if not page.gold.get("body") or page.gold.get("page_type", "article") != "article":
                continue
            opened = Opened.of(Reading(Page(body=page.body, url=page.gold["url"])))
            if opened.blocks:
                wanted = in_gold([block.text for block in opened.blocks], page.gold["body"])
                example = Example(page, opened.reading.document, opened.blocks, opened.metadata.title, wanted)
                best = example.text(i for i, share in enumerate(wanted) if share >= 0.5)
                example.usable = word_scores(page.gold["body"], best)[2] >= _LEAST_ORACLE
                found.append(example)
    return found


def learn_weights(pages: Sequence[Example]) -> tuple[Weights, Weights]:
    tokens, words = Weights("tokens"), Weights("words")
    for example in pages:
        held: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for block, share in zip(example.blocks, example.wanted, strict=True):
            size = len(block.text)
            seen: set[str] = set()
            node = block.node
            while node is not None:
                seen.update(token_words(f"{node.get('class')} {node.get('id')}"))
                node = node.parent
            for word in seen:
                held[word][0] += size * (share >= 0.5)
                held[word][1] += size
            if size <= 300:
                for word in block_words(block.text):
                    words.add(example.site, word, float(share >= 0.5))
        for word, (inside, size) in held.items():
            tokens.add(example.site, word, inside / size)
    tokens.close()
    words.close()
    return tokens, words


class Rows:
    """Features of the pages, computed with weights that know neither the page's site nor the held-out ones."""

    def __init__(self, pages: Sequence[Example], tokens: Weights, words: Weights, held_out: frozenset[str]) -> None:
        self.candidates: list[Candidates] = []
        self.places: list[list[int]] = []
        self.first: list[np.ndarray] = []
        token_sums, word_sums = tokens.sums(held_out), words.sums(held_out)
        for example in pages:
            own = None if example.site in held_out else example.site

            def token_score(names: str, own: str | None = own) -> float:
                total = sum(tokens.weight(word, token_sums, own) for word in dict.fromkeys(token_words(names)))
                return max(-6.0, min(6.0, total))

            def word_score(text: str, own: str | None = own) -> float:
                found = block_words(text)
                return sum(words.weight(word, word_sums, own) for word in found) / len(found) ** 0.5 if found else 0.0

            candidates = Candidates(
                example.document, example.blocks, weighing(token_score, {}), word_score, example.title
            )
            rows = list(candidates.rows())
            self.candidates.append(candidates)
            self.places.append([i for i, _ in rows])
            self.first.append(np.array([row for _, row in rows], dtype=np.float64).reshape(-1, len(NAMES)))

    def second(self, page: int, first: np.ndarray) -> tuple[list[int], np.ndarray]:
        """The places of the blocks that are looked at again, and their rows, given what the first look said."""
        scores = [0.0] * len(self.candidates[page].blocks)
        for place, score in zip(self.places[page], first, strict=True):
            scores[place] = float(score)
        rows = list(self.candidates[page].rows_in_context(scores))
        width = len(NAMES) + len(CONTEXT_NAMES)
        return [place for place, _ in rows], np.array([row for _, row in rows], dtype=np.float64).reshape(-1, width)


def targets(example: Example, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """What each candidate should be, and its weight: pages count alike, blocks by their size."""
    size = sum(len(b.text) for b, share in zip(example.blocks, example.wanted, strict=True) if share >= 0.5) or 1
    wanted = np.array([example.wanted[i] >= 0.5 for i in places], dtype=int)
    weight = np.array([1000 * (min(1.0, len(example.blocks[i].text) / size) + 0.002) for i in places])
    return wanted, weight


def fit(pages: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], size: Mapping[str, Any]) -> Any:
    """Trees from the rows of pages, what each row should be, and its weight."""
    rows, wanted, weight = zip(*pages, strict=True)
    data = lightgbm.Dataset(np.vstack(rows), np.concatenate(wanted), weight=np.concatenate(weight))
    return lightgbm.train({**COMMON, **size}, data)


def scores_of(trees: Any, rows: np.ndarray) -> np.ndarray:
    return np.asarray(trees.predict(rows)) if len(rows) else np.zeros(0)


def train(pages: Sequence[Example], rows: Rows, use: Sequence[int]) -> tuple[Any, Any]:
    """Both looks, from the pages at these places."""
    use = [i for i in use if pages[i].usable and rows.places[i]]
    unseen = _scores_unseen(pages, rows, use)
    use = [i for i in use if not _gold_is_a_part(pages[i], rows.places[i], unseen[i])]
    first = fit([(rows.first[i], *targets(pages[i], rows.places[i])) for i in use], FIRST)
    context = []
    for i in use:
        places, seen = rows.second(i, unseen[i])
        context.append((seen, *targets(pages[i], places)))
    return first, fit(context, SECOND)


def _scores_unseen(pages: Sequence[Example], rows: Rows, use: Sequence[int]) -> dict[int, np.ndarray]:
    """What a first look gives to the blocks of each page that was not trained on the page's site."""
    folds = {i: fold_of("inner " + pages[i].site, INNER_FOLDS) for i in use}
    scores: dict[int, np.ndarray] = {}
    for fold in range(INNER_FOLDS):
        inside = [i for i in use if folds[i] != fold]
        trees = fit([(rows.first[i], *targets(pages[i], rows.places[i])) for i in inside], FIRST)
        scores |= {i: scores_of(trees, rows.first[i]) for i in use if folds[i] == fold}
    return scores


def _gold_is_a_part(example: Example, places: Sequence[int], scores: np.ndarray) -> bool:
    found = [place for place, score in zip(places, scores, strict=True) if score >= _LIKELY]
    precision, recall, _ = word_scores(example.page.gold["body"], example.text(found))
    return precision < _WRONG and recall > _FOUND


def measure(pages: Sequence[Example], folds: int) -> None:
    """Word F1 of the labeller alone, each site scored by a model that has not seen it."""
    tokens, words = learn_weights(pages)
    results: dict[str, list[float]] = defaultdict(list)
    for fold in range(folds):
        held_out = frozenset(p.site for p in pages if fold_of(p.site, folds) == fold)
        rows = Rows(pages, tokens, words, held_out)
        first, second = train(pages, rows, [i for i, p in enumerate(pages) if p.site not in held_out])
        for i, example in enumerate(pages):
            if example.site in held_out:
                chosen = choose(example, rows, i, first, second)
                text = example.text(chosen)
                score = word_scores(example.page.gold["body"], text)[2]
                results[example.page.data_set].append(score)
                if example.page.gold.get("is_review"):
                    results["called reviews"].append(score)
    for name, found in results.items():
        found.sort()
        print(
            f"{name:16} {len(found):4} pages  word F1 {statistics.fmean(found):.4f}"
            f"  tenth percentile {found[len(found) // 10]:.4f}"
        )


def choose(example: Example, rows: Rows, page: int, first: Any, second: Any) -> list[int]:
    """The places of the blocks that the labeller takes for the article."""
    places, seen = rows.second(page, scores_of(first, rows.first[page]))
    scores = scores_of(second, seen)
    least = threshold([(len(example.blocks[k].text), s) for k, s in zip(places, scores, strict=True)])
    return [k for k, score in zip(places, scores, strict=True) if score >= least]


def write(pages: Sequence[Example], path: Path) -> None:
    tokens, words = learn_weights(pages)
    first, second = train(pages, Rows(pages, tokens, words, frozenset()), range(len(pages)))
    model = labelling.Model(
        features=tuple(NAMES),
        context=tuple(CONTEXT_NAMES),
        tokens=tokens.all(),
        words=words.all(),
        first=trees_of(first),
        second=trees_of(second),
    )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=0).replace(b"\n", b"") + b"\n")
    print(f"{path}: {path.stat().st_size} bytes from {len(pages)} pages")


def trees_of(trees: Any) -> list[labelling.Tree]:
    def branch(node: Mapping[str, Any]) -> labelling.Tree:
        if "leaf_value" in node:
            return round(float(node["leaf_value"]), 5)
        return [
            int(node["split_feature"]),
            float(f"{node['threshold']:.6g}"),
            branch(node["left_child"]),
            branch(node["right_child"]),
        ]

    return [branch(tree["tree_structure"]) for tree in trees.dump_model()["tree_info"]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the labelled pages")
    arguments.add_argument("--folds", type=int, help="measure with this many folds by site, and write nothing")
    arguments.add_argument("--out", type=Path, default=Path(labelling.__file__).with_name("model.json"))
    chosen = arguments.parse_args()
    pages = examples(chosen.data)
    if chosen.folds:
        measure(pages, chosen.folds)
    else:
        write(pages, chosen.out)


if __name__ == "__main__":
    main()
