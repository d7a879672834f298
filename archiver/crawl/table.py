"""The closing table: what was archived, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from archiver.crawl.run import Kept, Run

_HEADER: Final = ("STATE", "TITLE", "TAGS", "COMMENTS", "RECORD", "ARCHIVE")
#: Characters a column may take.
_WIDTHS: Final = (20, 44, 34, 8, 24, 40)


def table(run: Run) -> str:
    """One row a record: state, title, tags, comments, line file and WARC file with the offset.

    What pages say is shown without control, escape and direction characters.
    """
    rows = [_HEADER, *(_row(kept) for kept in run.kept)]
    widths = [min(most, max(len(row[n]) for row in rows)) for n, most in enumerate(_WIDTHS)]
    return "\n".join((*_lines(rows, widths), "", *_closing(run), ""))


def printable(text: str) -> str:
    """Text that does nothing to a terminal but stand there."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(text.split()))


def _row(kept: Kept) -> tuple[str, ...]:
    review = kept.review
    [capture, *_] = review.captures
    return (
        review.page_state.value,
        printable(review.title or review.url or ""),
        printable(", ".join(review.tags)),
        str(review.comments_found or 0),
        _short(kept.lines),
        f"{_short(Path(capture.warc_filename or ''))} @{capture.warc_record_offset}",
    )


def _lines(rows: Sequence[tuple[str, ...]], widths: Sequence[int]) -> Iterator[str]:
    for row in rows:
        yield "  ".join(_cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _short(path: Path) -> str:
    """A file by its ending alone: all names of a run begin with the same id, and are told in full below."""
    return path.name.partition("-")[2] or path.name


def _closing(run: Run) -> Iterator[str]:
    counts = run.counts
    hidden = counts.records - len(run.kept)
    if hidden:
        yield f"… and {hidden} more records"
    yield f"{counts.records} records, {counts.comments} comments, {counts.exchanges} exchanges, {counts.failed} failed"
    if counts.known:
        yield (
            f"visited again: {counts.known} ({counts.unchanged} unchanged, {counts.changed} changed, "
            f"{counts.gone} gone), {counts.comments_new} comments new, {counts.comments_vanished} vanished"
        )
    elif run.is_idle:
        yield "nothing is due"
    for name, path in (("manifest", run.layout.manifest()), ("log", run.layout.log())):
        yield f"{name}: {path}"
    for folder in sorted({kept.lines.parent for kept in run.kept}):
        yield f"records and archive: {folder}/"
