"""A data folder as one WACZ file: its archives, the pages that its records tell of, and the records themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from archiver.record import Capture, PageState, Review
from archiver.store.layout import RUNS
from archiver.warc.wacz import Package, PageLine

_ARCHIVES: Final = (".warc.gz", ".warc")
_RECORDS: Final = "records"
#: Pages that somebody would open; the others stand in the way of one, or are none.
_PAGES: Final = frozenset({
    PageState.ARTICLE, PageState.ARTICLE_PART, PageState.INDEX, PageState.PAYWALLED, PageState.UNSUPPORTED
})  # fmt: skip


def archives(data: Path) -> list[Path]:
    """The closed archives below a folder."""
    return sorted(path for path in data.rglob("*") if path.name.endswith(_ARCHIVES) and path.is_file())


def pack(data: Path, output: Path, reviews: Iterable[Review], software: str) -> None:
    """``reviews`` are those of the archives; what lies in none of them is left out of the list of pages."""
    packed = archives(data)
    within = frozenset(path.relative_to(data).as_posix() for path in packed)
    with Package(output, software) as package:
        for path in packed:
            package.add_archive(path, _flat(path, data))
        package.add_pages(_pages(reviews, within))
        for path in sorted(data.rglob("*.jsonl")):
            package.add_file(path, f"{_RECORDS}/{_flat(path, data)}")
        for path in sorted((data / RUNS).glob("*.json")):
            package.add_file(path, f"{RUNS}/{path.name}")


def _flat(path: Path, data: Path) -> str:
    """Its folders in its name, since a package has none within its own."""
    return "-".join(path.relative_to(data).parts)


def _pages(reviews: Iterable[Review], packed: frozenset[str]) -> Iterator[PageLine]:
    for review in reviews:
        capture = review.captures[0] if review.captures else Capture()
        if review.url and capture.fetch_time and review.page_state in _PAGES and _is_in(capture, packed):
            yield PageLine(
                id=(capture.warc_record_id or review.record_id).removeprefix("urn:uuid:"),
                url=review.url,
                ts=capture.fetch_time,
                title=review.title,
                text=review.body_text,
            )


def _is_in(capture: Capture, packed: frozenset[str]) -> bool:
    """Whole data folders are packed, and parts of them; records name their archive from the whole."""
    parts = PurePosixPath(capture.warc_filename or "").parts
    return any("/".join(parts[begin:]) in packed for begin in range(len(parts)))
