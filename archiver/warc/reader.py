"""Pages out of WARC files, our own and others'.

Of our own come the pages, and no hop, robots.txt, feed or sitemap. Of others' come documents
(HTML, plain text, PDF and the like), and the texts of WET files.
"""

from __future__ import annotations

import io
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import urlsplit

from archiver.page import Page
from archiver.warc import wacz
from archiver.warc.exchange import COMPLETING, Exchange, Location, Part, Purpose, Reference
from archiver.warc.http import HttpMessage, page_from, parse, payload_digest
from archiver.warc.records import Record, records
from archiver.warc.revisit import IDENTICAL, ElsewhereError, beside, payload, reference_of

#: A file by its path or opened, or an archive within a package.
Source = Path | str | BinaryIO | wacz.Packed
#: Stands in for a date until the page is made, where a record has none.
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)

logger = logging.getLogger(__name__)


def pages(
    source: Source, *, filename: str | None = None, torn: Callable[[str], None] | None = None
) -> Iterator[tuple[Page, Location]]:
    """Every page of a file, in order, with its location; of a WACZ file those of every archive in it.

    ``filename`` is what locations name; without it the name that the archive itself tells,
    or the file's. ``torn`` is told what cannot be read, without it the log is; what stands
    before it has been given out.
    """
    for one, file in _archives(source):
        for _, page, location in _pages(file, one, filename, torn):
            yield page, location


def captured(
    source: Source, *, filename: str | None = None, torn: Callable[[str], None] | None = None
) -> Iterator[Captured]:
    """The same, each page with the answers that belong to it.

    Those follow their page anywhere in the file: at its first page of ours the rest of it is
    passed through once, for the places of answers alone. A file compressed anew as one piece
    has no places, and its pages come without answers.
    """
    for one, file in _archives(source):
        parts: dict[str, dict[str, Place]] | None = None
        for record, page, location in _pages(file, one, filename, torn):
            if parts is None and record.get("archiver-purpose") is not None:
                parts = _parts(file)
            places = (parts or {}).get(location.record_id, {})
            yield Captured(page, location, Answers(one, places))


class Captured(NamedTuple):
    page: Page
    location: Location
    answers: Answers


#: Where a gzip member begins, and how long it is.
Place = tuple[int, int]


class Answers:
    """What came for the sake of a page's record, by the id of what was asked: read from the disk when it is asked for.

    Of a file that is known by its path, they can be handed to another process.
    """

    def __init__(self, source: Source, places: Mapping[str, Place]) -> None:
        self._source = source
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def find(self, ask: str, filename: str) -> tuple[Page, Location] | None:
        """An answer and where it lies; None where none came, or none that is an answer."""
        place = self._places.get(ask)
        if place is None:
            return None
        with _opened(self._source) as file:
            record = _record_at(file, *place)
            found = _page(record, _Payloads(file, self._source)) if record is not None else None
        if record is None or found is None or found.page.status is None:
            return None
        return found.page, _location(replace(record, offset=place[0]), filename, found)


def page_at(path: Path | str, offset: int, length: int) -> Page:
    """The page of one record; that of a revisit has its payload from where it lies. ValueError where there is none."""
    faults: list[str] = []
    with Path(path).open("rb") as file:
        record = _record_at(file, offset, length, faults.append)
        try:
            found = _page(record, _Payloads(file, path)) if record is not None else None
        except ElsewhereError as error:
            raise ElsewhereError(f"{path}, byte {offset}: {error}") from error
    if found is None:
        raise ValueError(f"{path}: there is no page at byte {offset}{''.join(f' ({fault})' for fault in faults)}")
    return found.page


def captured_at(path: Path, place: Place, others: Iterable[Place], *, filename: str) -> Captured | None:
    """The page of one record, with those of the ``others`` in its file that came for its sake; None where there is
    no page. ElsewhereError where its payload is not to be had."""
    with path.open("rb") as file:
        record = _record_at(file, *place)
        found = _page(record, _Payloads(file, path)) if record is not None else None
        if record is None or found is None or not _becomes_a_record(record, found.page):
            return None
        location = _location(replace(record, offset=place[0]), filename, found)
        answers: dict[str, Place] = {}
        for other in others:
            part = _part(_record_at(file, *other))
            if part is not None and part.of == location.record_id:
                answers[part.ask] = other
    return Captured(found.page, location, Answers(path, answers))


def _record_at(file: BinaryIO, offset: int, length: int, torn: Callable[[str], None] = lambda _: None) -> Record | None:
    here = file.tell()
    file.seek(offset)
    member = io.BytesIO(file.read(length))
    file.seek(here)
    return next(records(member, torn), None)


def _pages(
    file: BinaryIO, source: Source, filename: str | None, torn: Callable[[str], None] | None
) -> Iterator[tuple[Record, Page, Location]]:
    shown = _shown(source)
    name = filename or (Path(shown).name if shown else "")
    shown = shown or "standard input"
    tell = torn or logger.warning
    payloads = _Payloads(file, source)
    for record in records(file, lambda fault: tell(f"{shown}: {fault}")):
        if record.type == "warcinfo" and filename is None:
            name = _own_name(record) or name
            continue
        try:
            found = _page(record, payloads)
        except ElsewhereError as error:
            tell(f"{shown}: the record at byte {record.offset} cannot be read: {error}")
            continue
        if found is not None and _becomes_a_record(record, found.page):
            yield record, found.page, _location(record, name, found)


def _parts(file: BinaryIO) -> dict[str, dict[str, Place]]:
    """Where the answers lie that belong to pages: by the id of the page's record, then by what was asked.

    An attempt that broke off comes before the one that did not: the last is the answer.
    """
    parts: dict[str, dict[str, Place]] = {}
    here = file.tell()
    for record in records(file, lambda _: None):
        part = _part(record)
        if part is not None and record.offset is not None and record.length is not None:
            parts.setdefault(part.of, {})[part.ask] = (record.offset, record.length)
    file.seek(here)
    return parts


def _part(record: Record | None) -> Part | None:
    """What an answer is a part of; None where it is of nothing."""
    if record is None or not _completes(record):
        return None
    page, ask = (record.get("archiver-part-of") or "").strip("<>"), record.get("archiver-ask")
    return Part(of=page, ask=ask) if page and ask else None


def _completes(record: Record) -> bool:
    is_answer = record.type == "response" or record.get("archiver-holds") == "response" or _is_repeated(record)
    return is_answer and record.get("archiver-purpose") in COMPLETING


def _archives(source: Source) -> Iterator[tuple[Source, BinaryIO]]:
    """What is to be read, opened; what came as a pipe is a file from here on."""
    if isinstance(source, (str, Path)) and str(source).lower().endswith(wacz.SUFFIX):
        yield from wacz.warcs(Path(source))
        return
    with _opened(source) as file:
        yield source if isinstance(source, (str, Path, wacz.Packed)) else file, file


def _shown(source: Source) -> str:
    """The name of a file, as far as it has one."""
    if isinstance(source, (str, Path, wacz.Packed)):
        return str(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else ""


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    """A file that can be sought in; a pipe is first copied into one."""
    if isinstance(source, wacz.Packed):
        with wacz.opened(source) as file:
            yield file
    elif isinstance(source, (str, Path)):
        with Path(source).open("rb") as file:
            yield file
    elif source.seekable():
        yield source
    else:
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(source, copy)
            yield copy


def _own_name(record: Record) -> str | None:
    """Where in its data folder a file of ours was written; never a name that leads out of it."""
    told = record.get("archiver-filename")
    if told is None or PurePosixPath(told).is_absolute() or ".." in PurePosixPath(told).parts:
        return None
    return told


def _location(record: Record, filename: str, found: _Found) -> Location:
    return Location(
        filename=filename,
        offset=record.offset,
        length=record.length,
        record_id=(record.get("warc-record-id") or "").strip("<>"),
        payload_digest=found.digest,
        refers_to=found.refers_to,
    )


# From a record to a page

#: Records that hold a document without the HTTP around it.
_BARE: Final = ("resource", "conversion")


class _Found(NamedTuple):
    """A page, the digest of its payload, and where that lies if not in the page's own record."""

    page: Page
    digest: str | None
    refers_to: Reference | None = None


class _Payloads:
    """Where revisits of one file have their payloads from: the file itself, and those of the same archive."""

    def __init__(self, file: BinaryIO, source: Source) -> None:
        self._file = file
        self._source = source

    def of(self, reference: Reference, digest: str) -> bytes:
        return payload(reference, digest, self._files(reference.filename))

    def _files(self, filename: str) -> Iterator[Path | BinaryIO]:
        yield self._file
        if isinstance(self._source, wacz.Packed):
            for packed in wacz.named(self._source.package, PurePosixPath(filename).name):
                with wacz.opened(packed) as file:
                    yield file
        elif isinstance(self._source, (str, Path)):
            yield from beside(Path(self._source), filename)


def _page(record: Record, payloads: _Payloads) -> _Found | None:
    """None for records that hold no answer and no text. ElsewhereError where its payload is not to be had."""
    if record.address is None:
        return None
    if _is_repeated(record):
        return _repeated(record, payloads)
    if record.type == "response" or record.get("archiver-holds") == "response":
        message = parse(record.block)
        return _Found(_answered(record, message), None if record.full else payload_digest(message))
    if record.type in _BARE:
        return _Found(_bare(record), None if record.full else f"sha256:{sha256(record.block).hexdigest()}")
    return None


def _is_repeated(record: Record) -> bool:
    """Whether its payload lies elsewhere, and we know where: others' revisits do not tell."""
    is_ours = record.get("archiver-refers-to-location") is not None
    return record.type == "revisit" and record.get("warc-profile") == IDENTICAL and is_ours


def _repeated(record: Record, payloads: _Payloads) -> _Found:
    reference = reference_of(record)
    if reference is None:
        raise ElsewhereError("it does not say where its payload lies")
    body = payloads.of(reference, record.get("warc-payload-digest") or "")
    message = replace(parse(record.block), body=body, cut=False)
    return _Found(_answered(record, message), payload_digest(message), reference)


def _answered(record: Record, message: HttpMessage) -> Page:
    date = record.moment
    exchange = Exchange(
        url=record.address or "",
        started_at=date or _LONG_AGO,
        request=b"",
        response=record.block,
        truncated=None if record.type == "revisit" else _truncated(record),
        redirected_from=tuple((record.get("archiver-redirected-from") or "").split()),
    )
    page = page_from(exchange, message)
    return page if date else replace(page, fetched_at=None)


def _bare(record: Record) -> Page:
    """A document by itself, such as the texts of WET files."""
    content_type = record.get("content-type")
    return Page(
        body=record.block,
        url=record.address,
        headers=(("Content-Type", content_type),) if content_type else (),
        fetched_at=record.moment,
        truncated=_truncated(record),
    )


def _truncated(record: Record) -> str | None:
    return record.get("warc-truncated") or ("length" if record.full else None)


# Which pages become records

_DOCUMENTS: Final = frozenset({
    "text/html",
    "text/plain",
    "application/xhtml+xml",
    "application/pdf",
    "application/rtf",
    "text/rtf",
    "text/markdown",
    "application/msword",
    "application/epub+zip",
})  # fmt: skip
_OFFICE: Final = ("application/vnd.oasis.opendocument.", "application/vnd.openxmlformats-officedocument.")


def _becomes_a_record(record: Record, page: Page) -> bool:
    if page.status is None and record.type not in _BARE:
        return False
    purpose = record.get("archiver-purpose")
    if purpose is not None:
        return purpose == Purpose.PAGE
    return not _leads_on(page) and not _is_robots(page) and _is_document(page)


def _leads_on(page: Page) -> bool:
    return page.status == 304 or (page.status is not None and page.status // 100 == 3 and bool(page.header("location")))


def _is_robots(page: Page) -> bool:
    return urlsplit(page.url or "").path == "/robots.txt"


def _is_document(page: Page) -> bool:
    kind = page.media_type
    return kind in _DOCUMENTS or kind.startswith(_OFFICE) or page.body.startswith(b"%PDF-")
