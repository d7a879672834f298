"""What WARC 1.0 and 1.1 say of fields, as tables: which a record must have, and which it must not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from archiver.warc.exchange import uri
from archiver.warc.faults import Fault, Kind
from archiver.warc.scan import Scanned

_ALWAYS: Final = ("WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length")

#: By the type of the record; a type that is not here is somebody's own, and may have and lack what it wants.
_REQUIRED: Final = {
    "warcinfo": (),
    "response": ("WARC-Target-URI",),
    "resource": ("WARC-Target-URI",),
    "request": ("WARC-Target-URI",),
    "metadata": (),
    "revisit": ("WARC-Target-URI", "WARC-Profile"),
    "conversion": ("WARC-Target-URI",),
    "continuation": ("WARC-Target-URI", "WARC-Segment-Origin-ID", "WARC-Segment-Number"),
}

#: The only types that may have a field.
_ALLOWED: Final = {
    "warc-target-uri": frozenset(_REQUIRED) - {"warcinfo"},
    "warc-concurrent-to": frozenset({"response", "resource", "request", "metadata", "revisit"}),
    "warc-ip-address": frozenset({"response", "resource", "request", "metadata", "revisit"}),
    "warc-refers-to": frozenset({"metadata", "revisit", "conversion"}),
    "warc-refers-to-target-uri": frozenset({"revisit"}),
    "warc-refers-to-date": frozenset({"revisit"}),
    "warc-warcinfo-id": frozenset(_REQUIRED) - {"warcinfo"},
    "warc-filename": frozenset({"warcinfo"}),
    "warc-profile": frozenset({"revisit"}),
    "warc-segment-origin-id": frozenset({"continuation"}),
    "warc-segment-total-length": frozenset({"continuation"}),
}

#: Besides WARC-Concurrent-To, those that everybody repeats, one value each, since a connection has several protocols.
_REPEATABLE: Final = frozenset({"warc-concurrent-to", "warc-protocol", "warc-cipher-suite"})

#: Fields that hold the id of a record, and those that hold an address.
_IDS: Final = (
    "warc-record-id", "warc-concurrent-to", "warc-refers-to", "warc-warcinfo-id", "warc-segment-origin-id",
)  # fmt: skip
_ADDRESSES: Final = ("warc-target-uri", "warc-refers-to-target-uri")
_DATES: Final = ("warc-date", "warc-refers-to-date")

_SAME_PAYLOAD: Final = "/revisit/identical-payload-digest"


def faults_of_head(record: Scanned) -> Iterator[Fault]:
    yield from _missing(record)
    yield from _forbidden(record)
    yield from _repeated(record)
    yield from _malformed(record)


def _missing(record: Scanned) -> Iterator[Fault]:
    wanted = [*_ALWAYS, *_REQUIRED.get(record.type, ())]
    if record.type == "revisit" and (record.get("warc-profile") or "").strip("<>").endswith(_SAME_PAYLOAD):
        wanted.append("WARC-Payload-Digest")
    for name in wanted:
        if not record.get(name.lower()) and name != "Content-Length":  # without a length it was told already
            yield record.fault(Kind.MISSING_FIELD, f"a {record.type or 'record'} without {name}")


def _forbidden(record: Scanned) -> Iterator[Fault]:
    if record.type not in _REQUIRED:
        return
    for name, _ in record.fields:
        if record.type not in _ALLOWED.get(name.lower(), (record.type,)):
            yield record.fault(Kind.FORBIDDEN_FIELD, f"a {record.type} must not have {name}")


def _repeated(record: Scanned) -> Iterator[Fault]:
    for name, count in Counter(name.lower() for name, _ in record.fields).items():
        if count > 1 and name not in _REPEATABLE:
            yield record.fault(Kind.REPEATED_FIELD, f"{name} stands {count} times")


def _malformed(record: Scanned) -> Iterator[Fault]:
    for name, value in record.fields:
        known = name.lower()
        if known in _IDS and value and not _ID.fullmatch(value):
            yield record.fault(Kind.RECORD_ID, f"{name} is no URI in angle brackets: {value}")
        elif known in _ADDRESSES and value and (bad := _no_uri(value, record.version)):
            yield record.fault(Kind.URI, f"{name} {bad}: {value}")
        elif known in _DATES and value and not _is_date(value):
            yield record.fault(Kind.DATE, f"{name} is no date of the standard: {value}")


_ID: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+>")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def _no_uri(value: str, version: str) -> str | None:
    """What is wrong with an address; None where nothing is. Version 1.0 allows angle brackets around it."""
    bare = value[1:-1] if version != "WARC/1.1" and value.startswith("<") and value.endswith(">") else value
    if not _SCHEME.match(bare):
        return "has no scheme"
    if any(sign.isspace() for sign in bare):
        return "has a space in it"
    return "holds what a URI cannot" if uri(bare) != bare else None


#: As precise as is known: from a year to nine digits of a second.
_DATE: Final = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?)?)?")
_EPOCH: Final = "0001-01-01T00:00"


def _is_date(value: str) -> bool:
    if not value.isascii() or not _DATE.fullmatch(value):
        return False
    moment = value.removesuffix("Z").partition(".")[0].replace(":60", ":59")  # a leap second
    try:
        datetime.fromisoformat(moment + _EPOCH[len(moment) :])
    except ValueError:
        return False
    return True
