"""From a page to a record. Being built; the signature is final."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from archiver.page import Page, page_of
from archiver.record import Extractor, PageState, Review


def extract(
    source: bytes | Page,
    *,
    url: str | None = None,
    status: int | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    fetched_at: datetime | str | None = None,
) -> Review:
    """Read a page. What it does not say is left empty; nothing about a page raises."""
    page = page_of(source, url=url, status=status, headers=headers, fetched_at=fetched_at)
    return Review(
        record_id="r_0000000000000000",
        revision_id="v_0000000000000000",
        url=page.url,
        page_state=PageState.ARTICLE if page.document.pieces else PageState.EMPTY,
        extractor=Extractor(version="0.1.0", parsed_at=datetime.now(UTC).isoformat(timespec="seconds")),
    )
