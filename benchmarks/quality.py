"""How right extractors are: their answers on the labelled pages, and the figures of the scorers.

The scorers stand in the folder of the labelled pages (``score.py``, ``score_comments.py``) and
are loaded from there: they are the judges, so they are not copied.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from archiver.extraction.extract import extract_with
from archiver.page import Page
from archiver.record import Comment, CommentKind, Review
from benchmarks import peers
from benchmarks.folds import FOLDS, labeller_of
from benchmarks.gold import GoldPage, fold_of
from benchmarks.peers import Answer

OURS: Final = "review-archiver"
Answers = dict[tuple[str, str], Answer]
Figures = dict[str, float | None]

ARTICLES: Final = "articles of wcxb-dev: word F1"
TENTH: Final = "… the tenth percentile of its pages"
NEWS: Final = "news of atf: word F1"
REVIEWS: Final = "articles called reviews, of both: word F1"
FORUM: Final = "forum pages of wcxb-dev, body and comments: word F1"
BODY: Final = "reviews of review-gold-dev: body token F1"
LEAKED: Final = "… comment text leaked into the body"
BOILERPLATE: Final = "… boilerplate strings in the body"
COMMENT_TEXT: Final = "… comment text found (8-grams)"
COMMENTS: Final = "… comments, one by one: F1"
MADE_UP: Final = "… pages whose gold has no date: given one"
RAISED: Final = "pages on which it raised"

#: The rows of the table, and whether more is better.
ROWS: Final[Mapping[str, bool]] = {
    ARTICLES: True,
    TENTH: True,
    "… shingle F1": True,
    NEWS: True,
    "atf: shingle F1": True,
    REVIEWS: True,
    FORUM: True,
    BODY: True,
    LEAKED: False,
    BOILERPLATE: False,
    COMMENT_TEXT: True,
    COMMENTS: True,
    "wcxb-dev: title exact": True,
    "… author exact": True,
    "… date exact": True,
    MADE_UP: False,
    RAISED: False,
}


@dataclass(frozen=True)
class Judges:
    """The two scorers."""

    pages: ModuleType
    comments: ModuleType

    @classmethod
    def of(cls, data: Path) -> Judges:
        return cls(judge(data / "score.py"), judge(data / "score_comments.py"))


def judge(path: Path) -> ModuleType:
    """A scorer, loaded from the folder of the labelled pages."""
    spec = importlib.util.spec_from_file_location(f"judges.{path.stem}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise SystemExit(f"{path.name} is missing from the folder of labelled pages")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def our_answers(pages: Sequence[GoldPage], folds: Sequence[Path], jobs: int) -> tuple[Answers, int]:
    """This project's answers, each site read with the labeller that has not seen it, and how many pages raised."""
    return _answers(partial(_ours, folds), pages, jobs)


def peer_answers(name: str, pages: Sequence[GoldPage], jobs: int) -> tuple[Answers, int]:
    return _answers(partial(_theirs, name), pages, jobs)


def _ours(folds: Sequence[Path], page: GoldPage) -> Answer:
    labeller = labeller_of(folds[fold_of(page.site, FOLDS)])
    return answer_of(extract_with(labeller, Page(body=page.body, url=page.gold["url"])))


def _theirs(name: str, page: GoldPage) -> Answer:
    return loaded(name)(page.body, page.gold["url"])


@cache
def loaded(name: str) -> peers.Extract:
    [peer] = [peer for peer in peers.PEERS if peer.name == name]
    return peer.load()


def answer_of(review: Review) -> Answer:
    """A record in the terms of the scorers."""
    said = [
        c for c in review.comments if c.text is not None and c.kind in (CommentKind.COMMENT, CommentKind.USER_REVIEW)
    ]
    places = {comment.comment_id: place for place, comment in enumerate(said)}
    parents = {comment.comment_id: comment.parent_id for comment in review.comments}
    return Answer(
        body=review.body_text or "",
        title=review.title,
        authors=list(review.authors),
        date=review.published_at,
        comments="\n".join(_printed(comment) for comment in said),
        listed=[
            {"author": c.author, "date": c.posted_at, "text": c.text, "parent": _within(c.parent_id, places, parents)}
            for c in said
        ],
        more={
            "tags": list(review.tags),
            "categories": list(review.categories),
            "rating": {"value": review.rating.value, "best": review.rating.best} if review.rating else None,
            "item_reviewed": {"name": review.item_reviewed.name} if review.item_reviewed else None,
        },
    )


def _printed(comment: Comment) -> str:
    return "\n".join(line for line in (comment.author, comment.posted_at_raw, comment.text) if line)


def _within(parent: str | None, places: Mapping[str, int], parents: Mapping[str, str | None]) -> int | None:
    """The nearest comment above that is in the list: replies to one without text move up."""
    while parent is not None and parent not in places:
        parent = parents.get(parent)
    return places[parent] if parent is not None else None


def _answers(read: Callable[[GoldPage], Answer], pages: Sequence[GoldPage], jobs: int) -> tuple[Answers, int]:
    found: Answers = {}
    raised = 0
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=peers.no_network) as pool:
        for key, answer in pool.imap_unordered(partial(_one, read), pages, chunksize=8):
            raised += answer is None
            found[key] = answer or Answer()
    return found, raised


def _one(read: Callable[[GoldPage], Answer], page: GoldPage) -> tuple[tuple[str, str], Answer | None]:
    try:
        return page.key, read(page)
    except Exception:  # noqa: BLE001 - whatever an extractor raises is its result on that page
        return page.key, None


def figures(judges: Judges, pages: Sequence[GoldPage], answers: Answers, raised: int) -> Figures:
    """Every row of the table for one extractor."""
    articles = [p for p in pages if p.data_set == "wcxb-dev" and p.gold.get("page_type") == "article"]
    news = [p for p in pages if p.data_set == "atf"]
    reviews = [p for p in (*articles, *news) if p.gold.get("is_review")]
    forum = [p for p in pages if p.gold.get("page_type") == "forum"]
    scored = partial(_score, judges, answers)
    found: Figures = {
        ARTICLES: scored(articles, "words", "F1"),
        TENTH: _tenth(judges, answers, articles),
        "… shingle F1": scored(articles, "shingle", "F1"),
        NEWS: scored(news, "words", "F1"),
        "atf: shingle F1": scored(news, "shingle", "F1"),
        REVIEWS: scored(reviews, "words", "F1"),
        FORUM: scored(forum, "words", "F1", with_comments=True),
        **_of_reviews(judges, answers, [p for p in pages if p.data_set == "review-gold-dev"]),
        RAISED: float(raised),
    }
    whole = [p for p in pages if p.data_set == "wcxb-dev"]
    for name in ("title", "author", "date"):
        given = any(getattr(answers[p.key], "authors" if name == "author" else name) for p in whole)
        found[("wcxb-dev: " if name == "title" else "… ") + name + " exact"] = (
            scored(whole, name, "exact") if given else None
        )
        if name == "date":
            found[MADE_UP] = scored(whole, name, "made_up") if given else None
    return found


def _score(
    judges: Judges, answers: Answers, pages: Sequence[GoldPage], metric: str, value: str, *, with_comments: bool = False
) -> float | None:
    if not pages:
        return None
    predictions = {page.gold["id"]: _prediction(page, answers[page.key], with_comments) for page in pages}
    scores = judges.pages.score([page.gold for page in pages], predictions)
    return float(scores[metric][value]) if metric in scores else None


def _prediction(page: GoldPage, answer: Answer, with_comments: bool = False) -> dict[str, Any]:
    body = f"{answer.body}\n{answer.comments}" if with_comments else answer.body
    return {
        "id": page.gold["id"], "body": body, "title": answer.title, "author": answer.authors, "date": answer.date,
    }  # fmt: skip


def _tenth(judges: Judges, answers: Answers, pages: Sequence[GoldPage]) -> float | None:
    found = [judges.pages.word_prf(page.gold["body"], answers[page.key].body)[2] for page in pages]
    return statistics.quantiles(found, n=10, method="inclusive")[0] if len(found) > 1 else None


def _of_reviews(judges: Judges, answers: Answers, pages: Sequence[GoldPage]) -> Figures:
    if not pages:
        return {}
    predictions = {page.gold["id"]: dict(fields_of(page, answers[page.key])) for page in pages}
    scores, _ = judges.comments.score([page.gold for page in pages], predictions)
    tells_comments = any(answers[page.key].comments for page in pages)
    return {
        BODY: scores["body token F1 (mean)"],
        LEAKED: scores["comment text leaked into body"],
        BOILERPLATE: scores["boilerplate strings in body"],
        COMMENT_TEXT: scores["comment text 8-gram recall"] if tells_comments else None,
        COMMENTS: scores.get("comment F1"),
    }


def fields_of(page: GoldPage, answer: Answer) -> Iterator[tuple[str, Any]]:
    """An answer as ``score_comments.py`` reads predictions."""
    yield "id", page.gold["id"]
    yield "body", answer.body
    yield "comments_text", answer.comments if answer.listed is None else None
    if answer.listed is not None:
        yield "comments", answer.listed
    yield from answer.more.items()
