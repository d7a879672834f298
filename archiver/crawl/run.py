"""One run: what it was asked, what came of it, and the exit code that says so.

Knows nothing of Scrapy. Scrapy swallows what its signal handlers raise and exits 0 after
nearly every failure, so everything that went wrong is told to the run, and the run is asked.
"""

from __future__ import annotations

import errno
import os
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from archiver.crawl.discretion import without_passwords
from archiver.record import PageKind, Review
from archiver.store.layout import Layout


class Exit(IntEnum):
    """docs/cli.md tells operators what each means; a number is never given another meaning."""

    DONE = 0
    CRASH = 1
    USAGE = 2
    SOME_FAILED = 3
    NOTHING_FETCHED = 4
    NO_ARCHIVE = 10
    LOCKED = 11
    DISK_FULL = 12
    QUALITY = 14
    TIME_LIMIT = 15
    STOPPED_BY_SITE = 16
    SIGINT = 130
    SIGTERM = 143


#: Why a page failed that robots.txt keeps from us.
FORBIDDEN: Final = "forbidden by robots.txt"
#: Why a page was not asked for whose host had refused too often.
REFUSING: Final = "the host keeps refusing"
#: Statuses by which a host says no to whoever asks, whatever the page.
REFUSALS: Final = frozenset({403, 429, 503})
#: Reasons for which a limit, or Scrapy itself, ends a crawl; any other is a fault.
TIME_LIMIT, PAGE_LIMIT, SIZE_LIMIT = "time limit", "page limit", "size limit"
_ENDINGS: Final = {
    TIME_LIMIT: Exit.TIME_LIMIT,
    PAGE_LIMIT: Exit.DONE,
    SIZE_LIMIT: Exit.DONE,
    "finished": Exit.DONE,
    "closespider_pagecount": Exit.DONE,
    "closespider_itemcount": Exit.DONE,
    "closespider_timeout": Exit.TIME_LIMIT,
    "closespider_timeout_no_item": Exit.TIME_LIMIT,
    "closespider_errorcount": Exit.SOME_FAILED,
}
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: A table longer than this is read by nobody, and the records are not to be held in memory.
MOST_SHOWN: Final = 100


class FailedPage(Struct, frozen=True, kw_only=True):
    """A page that was asked for and did not come as it should."""

    url: Annotated[str, Meta(description="as it was asked for, before redirects")]
    reason: Annotated[str, Meta(description="why, for people")]
    status: Annotated[int | None, Meta(description="HTTP status of the last answer; null where none came")] = None


class IncompletePage(Struct, frozen=True, kw_only=True):
    """A page whose record lacks comments because answers did not come. No failure: the next visit asks again."""

    url: Annotated[str, Meta(description="as it was asked for, before redirects")]
    missing: Annotated[int, Meta(description="how many answers did not come as they should")]
    reason: Annotated[str, Meta(description="why the first of them did not, for people")]
    status: Annotated[int | None, Meta(description="its HTTP status; null where no answer came")] = None


class Counts(Struct, kw_only=True):
    answered: Annotated[int, Meta(description="pages that got an HTTP answer, whatever it was")] = 0
    records: Annotated[int, Meta(description="records written")] = 0
    comments: Annotated[int, Meta(description="comments in them")] = 0
    exchanges: Annotated[int, Meta(description="requests archived, hops and robots.txt included")] = 0
    failed: Annotated[int, Meta(description="pages in `failed`")] = 0
    incomplete: Annotated[int, Meta(description="pages in `incomplete`")] = 0
    known: Annotated[int, Meta(description="pages answered that had been visited before")] = 0
    unchanged: Annotated[int, Meta(description="of those, as they had been: 304, or the same review and comments")] = 0
    changed: Annotated[int, Meta(description="of those, with another review or other comments")] = 0
    gone: Annotated[int, Meta(description="of those, gone now, and there before")] = 0
    comments_new: Annotated[int, Meta(description="comments that no visit before had found")] = 0
    comments_vanished: Annotated[int, Meta(description="comments found before that are not there any more")] = 0


class SiteCounts(Struct, kw_only=True):
    """What became of one site's pages; ``read`` is what the shares of the quality gates are taken of."""

    records: Annotated[int, Meta(description="records written")] = 0
    comments: Annotated[int, Meta(description="comments in them")] = 0
    read: Annotated[int, Meta(description="records of pages answered with status 200 that are no listings")] = 0
    with_body: Annotated[int, Meta(description="of those, how many have a body")] = 0
    with_title: Annotated[int, Meta(description="how many have a title")] = 0
    with_authors: Annotated[int, Meta(description="how many name an author")] = 0
    with_date: Annotated[int, Meta(description="how many are dated")] = 0
    declared: Annotated[int, Meta(description="comments that pages say they have, where they say it")] = 0
    declared_found: Annotated[int, Meta(description="comments found of those; never more than declared")] = 0

    def add(self, review: Review) -> None:
        self.records += 1
        self.comments += review.comments_found or 0
        if review.captures[0].fetch_status != 200 or review.page_kind is PageKind.LISTING:
            return
        self.read += 1
        self.with_body += bool(review.body_text)
        self.with_title += bool(review.title)
        self.with_authors += bool(review.authors)
        self.with_date += bool(review.published_at)
        declared = review.comments_declared or 0
        self.declared += declared
        self.declared_found += min(declared, review.comments_found or 0)


class Manifest(Struct, frozen=True, kw_only=True):
    """What one run leaves behind beside its records and archives."""

    run_id: Annotated[str, Meta(description="in the name of every file of the run")]
    spider: Annotated[str, Meta(description="which spider ran")]
    arguments: Annotated[dict[str, str], Meta(description="its arguments, passwords in addresses left out")]
    versions: Annotated[dict[str, str], Meta(description="of the programs that made the run")]
    started_at: Annotated[str, Meta(description="UTC instant")]
    finished_at: Annotated[str | None, Meta(description="UTC instant; null while it runs, and once killed")] = None
    exit_code: Annotated[int | None, Meta(description="as in docs/cli.md; null while it runs")] = None
    cause: Annotated[str | None, Meta(description="what ended the run before its time")] = None
    counts: Counts
    sites: Annotated[dict[str, SiteCounts], Meta(description="the same by the folder of each site")] = {}
    failed: Annotated[tuple[FailedPage, ...], Meta(description="the pages to ask for again")] = ()
    incomplete: Annotated[
        tuple[IncompletePage, ...], Meta(description="pages that lack comments for want of answers")
    ] = ()


def manifest_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a manifest, generated from the types."""
    schema = msgspec.json.schema(Manifest)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "review-archiver run", **schema}


@dataclass(frozen=True)
class Kept:
    """A record as the closing table shows it, with the file it stands in."""

    review: Review
    lines: Path


class Run:
    def __init__(self, layout: Layout, spider: str, arguments: Mapping[str, str]) -> None:
        self.layout = layout
        self.counts = Counts()
        self.signal: int | None = None
        self.crashed: str | None = None
        self.full: str | None = None
        self.misused: str | None = None
        self.fell: str | None = None
        self.sites: dict[str, SiteCounts] = {}
        self.ending = "finished"
        #: Requests that earlier runs of the same job had done.
        self.earlier = 0
        #: Whether there was nothing to ask for, and rightly so.
        self.is_idle = False
        self.kept: list[Kept] = []
        self._made = 0
        self._failed: list[FailedPage] = []
        self._incomplete: list[IncompletePage] = []
        self.spider = spider
        self._arguments = {name: without_passwords(value) for name, value in arguments.items()}
        self.started_at = datetime.now(UTC)

    def answered(self) -> None:
        """A page got an answer, which now becomes a record."""
        self.counts.answered += 1

    def made(self) -> None:
        """A record was handed to the pipelines."""
        self._made += 1

    def recorded(self, review: Review, lines: Path) -> None:
        """A record was written to a file of lines."""
        self.counts.records += 1
        self.counts.comments += review.comments_found or 0
        self.sites.setdefault(lines.parent.name, SiteCounts()).add(review)
        if len(self.kept) < MOST_SHOWN:
            self.kept.append(Kept(_shown(review), lines))

    def failed(self, url: str, reason: str, status: int | None = None) -> None:
        self._failed.append(FailedPage(url=without_passwords(url), reason=without_passwords(reason), status=status))
        self.counts.failed = len(self._failed)

    def incomplete(self, url: str, missing: int, reason: str, status: int | None = None) -> None:
        """A page's comments did not all come."""
        page = IncompletePage(
            url=without_passwords(url), missing=missing, reason=without_passwords(reason), status=status
        )
        self._incomplete.append(page)
        self.counts.incomplete = len(self._incomplete)

    def broke(self, error: BaseException, what: str) -> None:
        """Something failed that must not fail, and not because of a page."""
        if isinstance(error, OSError) and error.errno in _FULL:
            self.full = self.full or f"{what}: {error.strerror}"
        else:
            self.crashed = self.crashed or without_passwords(f"{what}: {type(error).__name__}: {error}")

    def misuse(self, fault: str) -> None:
        """What was asked for cannot be done as the settings say it."""
        self.misused = self.misused or fault

    @property
    def cause(self) -> str | None:
        """What ended the run, or spoilt it, in one line; None where all is well."""
        if self.full or self.crashed or self.misused:
            return self.full or self.crashed or self.misused
        if self._made != self.counts.records:
            return f"{self._made} records were made and {self.counts.records} written"
        if self.signal is not None:
            return f"stopped by signal {self.signal}"
        if self.ending not in ("finished", "shutdown"):
            return f"ended early: {self.ending}"
        if self.fell:
            return self.fell
        if self._failed:
            told = self._told_by_site() if self._was_refused() else self._failed
            first = told[0]
            others = f" and {len(self._failed) - 1} more" if len(self._failed) > 1 else ""
            return f"failed: {first.url} ({first.reason}){others}"
        return None

    @property
    def exit_code(self) -> int:
        if self.full:
            return Exit.DISK_FULL
        if self.crashed:
            return Exit.CRASH
        if self.misused:
            return Exit.USAGE
        if self.signal is not None:
            return 128 + self.signal
        ending = _ENDINGS.get(self.ending, Exit.CRASH)
        if self._made != self.counts.records or ending is Exit.CRASH:
            return Exit.CRASH
        if ending is not Exit.DONE:
            return ending
        if self._was_refused():
            return Exit.STOPPED_BY_SITE
        if not self.counts.answered and (self._failed or not (self.earlier or self.is_idle)):
            return Exit.NOTHING_FETCHED
        if self.fell:
            return Exit.QUALITY
        return Exit.SOME_FAILED if self._failed else Exit.DONE

    def _was_refused(self) -> bool:
        """Whether sites kept us out, by robots.txt or by refusing on and on, and nothing else was fetched."""
        told = self._told_by_site()
        refusals = [page for page in self._failed if page.status in REFUSALS]
        return bool(told) and len(told) + len(refusals) == len(self._failed) and self.counts.answered == len(refusals)

    def _told_by_site(self) -> list[FailedPage]:
        return [page for page in self._failed if page.reason in (FORBIDDEN, REFUSING)]

    def write_manifest(self, *, over: bool) -> None:
        """Replace the manifest; a reader sees the old one or the new one, never half of either."""
        manifest = Manifest(
            run_id=self.layout.run_id,
            spider=self.spider,
            arguments=self._arguments,
            versions=_versions(),
            started_at=instant(self.started_at),
            finished_at=instant(datetime.now(UTC)) if over else None,
            exit_code=self.exit_code if over else None,
            cause=self.cause if over else None,
            counts=self.counts,
            sites=self.sites,
            failed=tuple(self._failed),
            incomplete=tuple(self._incomplete),
        )
        replace(self.layout.manifest(), msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def exit_for(error: OSError) -> Exit:
    """For what fails before a run has begun: a full disk, or a folder that cannot be used."""
    return Exit.DISK_FULL if error.errno in _FULL else Exit.USAGE


def _shown(review: Review) -> Review:
    """What the table needs of a record, without its text."""
    return msgspec.structs.replace(review, body_text=None, segments=(), comments=())


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("scrapy", "twisted", "lxml", "msgspec")},
    }


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".open", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            Path(file.name).unlink()
            raise
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
