"""What a source tells of a page before anybody has asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

#: The sources, by trust.
REST, FEED, SITEMAP, LISTING, NAMED = "rest", "feed", "sitemap", "listing", "named"
#: Characters of a title or a section that are looked at; nothing that is told of a page is longer.
_LONGEST: Final = 300


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page, by its absolute address. What the source does not tell is None."""

    url: str
    source: str
    title: str | None = None
    #: Instants, as :func:`utc` gives them.
    published: str | None = None
    changed: str | None = None
    #: The sections, categories and kinds that it stands in, as the source names them.
    sections: tuple[str, ...] = ()
    #: How many comments it has.
    commented: int | None = None


def utc(said: object) -> str | None:
    """An instant in ISO 8601, UTC, to the second. A date alone counts from its begin, and so does a time
    without a zone as UTC; None for what is neither ISO 8601 nor of the form that mail and RSS use."""
    if not isinstance(said, str) or not said.strip() or len(said) > _LONGEST:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(said.strip())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None


def text(said: object) -> str | None:
    """What is told in words, on one line; None where nothing is."""
    return " ".join(said[:_LONGEST].split()) or None if isinstance(said, str) else None
