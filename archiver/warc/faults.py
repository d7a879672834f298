"""What can be wrong with an archive, and what is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The kinds of faults, by the names that `archiver verify --json` gives them: none changes its meaning."""

    # The file
    EMPTY = "empty"
    CUT = "cut"
    DAMAGED = "damaged"
    NO_RECORD = "no-record"
    ONE_MEMBER = "one-member"
    UNREADABLE = "unreadable"
    LEFT_OPEN = "left-open"
    BEING_WRITTEN = "being-written"
    TORN = "torn"
    # The head of a record
    HEAD = "head"
    CONTENT_LENGTH = "content-length"
    RECORD_ID = "record-id"
    DATE = "date"
    URI = "uri"
    MISSING_FIELD = "missing-field"
    FORBIDDEN_FIELD = "forbidden-field"
    REPEATED_FIELD = "repeated-field"
    # Records that name each other
    DUPLICATE_ID = "duplicate-id"
    DANGLING = "dangling"
    ELSEWHERE = "elsewhere"
    REVISIT = "revisit"
    # What a record holds
    DIGEST_FORM = "digest-form"
    BLOCK_DIGEST = "block-digest"
    PAYLOAD_DIGEST = "payload-digest"
    CHUNKED_DIGEST = "chunked-digest"
    UNCHECKED = "unchecked"
    STATUS_LINE = "status-line"
    DECODED = "decoded"
    DECHUNKED = "dechunked"
    # The index
    INDEX_LINE = "index-line"
    INDEX_ORDER = "index-order"
    INDEX_PLACE = "index-place"
    INDEX_DIFFERS = "index-differs"
    NOT_INDEXED = "not-indexed"
    # The package
    PACKAGE = "package"
    # The lines of JSON
    LINE = "line"
    LINE_PLACE = "line-place"
    LINE_DIFFERS = "line-differs"
    NO_PLACE = "no-place"
    NOT_KEPT = "not-kept"
    OTHER_EXTRACTOR = "other-extractor"
    CONVERSION = "conversion"


#: What is told, and is no fault: nothing is wrong, or nothing can be known.
NOTES: Final = frozenset(
    {
        Kind.BEING_WRITTEN,
        Kind.TORN,
        Kind.ELSEWHERE,
        Kind.UNCHECKED,
        Kind.NO_PLACE,
        Kind.NOT_KEPT,
        Kind.OTHER_EXTRACTOR,
    }
)

_FETCH_AGAIN: Final = "the bytes are not what they were: take the file from a copy, or fetch the page again"
_BY_ITS_WRITER: Final = "the program that wrote it is at fault; what the record holds can be read"
_INDEX_AGAIN: Final = "make the index anew"
_EXTRACT_AGAIN: Final = "make the lines anew: archiver extract"

ADVICE: Final = {
    Kind.EMPTY: "nothing was written; the file can go",
    Kind.CUT: "archiver repair keeps every whole record and puts the rest aside",
    Kind.DAMAGED: "take the file from a copy; archiver repair keeps the records before the damage",
    Kind.NO_RECORD: "take the file from a copy; archiver repair keeps the records before it",
    Kind.ONE_MEMBER: "compress each record by itself (warcio recompress): there is no reading from the middle as it is",
    Kind.UNREADABLE: "see to the disk, or to who may read the file",
    Kind.LEFT_OPEN: "archiver repair completes it; the next crawl would do so too",
    Kind.BEING_WRITTEN: "look again when the run is over",
    Kind.TORN: "what a killed run had not finished; nothing refers to it, and it can go",
    Kind.HEAD: _BY_ITS_WRITER,
    Kind.CONTENT_LENGTH: "where the record ends is not known: take the file from a copy, or fetch the page again",
    Kind.RECORD_ID: _BY_ITS_WRITER,
    Kind.DATE: "when it was captured is not known; other records of the same capture may tell",
    Kind.URI: "percent-encode what a URI cannot hold; until then some readers will not find the page",
    Kind.MISSING_FIELD: _BY_ITS_WRITER,
    Kind.FORBIDDEN_FIELD: _BY_ITS_WRITER,
    Kind.REPEATED_FIELD: "readers differ in which of them they take; the program that wrote it is at fault",
    Kind.DUPLICATE_ID: "a file that lies there twice, or a writer at fault: who refers to the id may get either",
    Kind.DANGLING: "add the archive that holds the record, if there is one",
    Kind.ELSEWHERE: "verify the whole folder to have it looked for",
    Kind.REVISIT: "the page has no payload there: take the file that held it from a copy, or fetch the page again",
    Kind.DIGEST_FORM: _BY_ITS_WRITER,
    Kind.BLOCK_DIGEST: _FETCH_AGAIN,
    Kind.PAYLOAD_DIGEST: "if the block's digest is right, its writer took the wrong bytes for the payload",
    Kind.CHUNKED_DIGEST: "the standard has it over the payload with its chunks taken off: mend it, or leave it out",
    Kind.UNCHECKED: "check it with a program that knows how",
    Kind.STATUS_LINE: "readers fail at it: replay answers 503. It would have to be HTTP/1.1, with WARC-Protocol: h2",
    Kind.DECODED: "these are not the bytes that came: readers that trust the header fail at the body",
    Kind.DECHUNKED: "these are not the bytes that came: readers that trust the header fail at the body",
    Kind.INDEX_LINE: _INDEX_AGAIN,
    Kind.INDEX_ORDER: _INDEX_AGAIN,
    Kind.INDEX_PLACE: _INDEX_AGAIN,
    Kind.INDEX_DIFFERS: _INDEX_AGAIN,
    Kind.NOT_INDEXED: _INDEX_AGAIN,
    Kind.PACKAGE: "make the package anew: archiver export --format wacz",
    Kind.LINE: "archiver repair cuts a last line that was not finished; others: archiver extract makes them anew",
    Kind.LINE_PLACE: _EXTRACT_AGAIN,
    Kind.LINE_DIFFERS: _EXTRACT_AGAIN,
    Kind.NO_PLACE: "a line made from a file by itself cannot be traced to an archive",
    Kind.NOT_KEPT: "the page asked not to be kept (noarchive); it would have to be fetched again",
    Kind.OTHER_EXTRACTOR: "archiver extract makes lines by the present rules",
    Kind.CONVERSION: "one of the two was changed: archiver extract makes the line anew",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """``said`` is for people, and may hold what a hostile archive says. ``offset`` is where the record,
    or the gzip member that holds it, begins; ``line`` counts from 1, in an index or a file of lines."""

    kind: Kind
    said: str
    offset: int | None = None
    record: str | None = None
    line: int | None = None

    @property
    def is_note(self) -> bool:
        return self.kind in NOTES
