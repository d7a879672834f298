"""Write exchanges into a WARC file: the bytes of each message as they are, a gzip member a record.

The records of one exchange are written in one go, so that a torn file is cut before or after
it. Which they are is told in :mod:`archiver.warc.forms`; what the names of fields that begin
with `Archiver-` mean stands in docs/archive.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from archiver.warc import revisit
from archiver.warc.cdxj import Index
from archiver.warc.exchange import Exchange, Location, Reference, uri
from archiver.warc.forms import Fields, Form, Told, conversion, forms, lines, warcinfo
from archiver.warc.growing import ArchiveFullError, GrowingFile
from archiver.warc.member import compressed, stored
from archiver.warc.seen import Seen

__all__ = ["ArchiveFullError", "ArchiveWriter", "Keeping", "Location"]


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What is kept, and what is not: with ``seen``, a payload that was archived before is referred to;
    without ``keep_credentials``, the values of our own that let somebody in are blanked."""

    seen: Seen | None = None
    keep_credentials: bool = False


_USUAL: Final = Keeping()


class ArchiveWriter:
    """A new WARC file, and its index once that is closed.

    OSErrors leave in it what was written before, whole; ArchiveFullError where there is no room.

    ``data`` is the folder that locations are relative to; ``software`` names the program and
    its version; ``robots`` is the policy as warcinfo knows it: obey, ignore.
    """

    def __init__(
        self,
        path: Path,
        *,
        data: Path,
        software: str,
        run_id: str,
        robots: str | None = None,
        keeping: Keeping = _USUAL,
    ) -> None:
        self._filename = path.relative_to(data).as_posix()
        self._data = data
        self._keeping = keeping
        self._file = GrowingFile(path)
        self._index = Index(path)
        try:
            self._file.append(_member(warcinfo(path.name, self._filename, _about(software, run_id, robots))))
        except OSError:
            self._file.discard()
            raise

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.size

    def write(self, exchange: Exchange) -> Location:
        """Where the answer lies; where there is none, the record that says why."""
        told = Told(exchange=exchange, keep_credentials=self._keeping.keep_credentials)
        earlier = self._earlier(told)
        records = list(forms(told, earlier))
        members = [_member(record) for record in records]
        begin = self._file.append(b"".join(members))
        place = next((i for i, record in enumerate(records) if record.is_answer), len(records) - 1)
        location = Location(
            filename=self._filename,
            offset=begin + sum(map(len, members[:place])),
            length=len(members[place]),
            record_id=records[place].id,
            payload_digest=f"sha256:{told.digest.hex()}" if exchange.response else None,
            refers_to=earlier,
        )
        indexed = replace(location, payload_digest=None) if told.is_not_modified else location
        self._index.add(records[place].type, uri(exchange.url), exchange.started_at, indexed, told.message)
        if self._keeping.seen and records[place].type == "response" and told.can_stand_for_others:
            self._keeping.seen.add(told.digest, refer(location, exchange))
        return location

    def convert(self, url: str, record_id: str, line: bytes) -> None:
        """The JSON line that was made of an archived answer: nobody replays it, and the index has it not."""
        self._file.append(_member(conversion(url, record_id, line)))

    def sync(self) -> None:
        """Everything written so far outlasts a power cut."""
        self._file.sync()

    def close(self) -> None:
        """Give the file its final name, and write its index. A second call does nothing."""
        self._file.close()
        self._index.close()

    def _earlier(self, told: Told) -> Reference | None:
        """Where the payload lies already: read there, so that nothing is left out that is not kept."""
        seen = self._keeping.seen
        earlier = seen.find(told.digest, self._filename) if seen and told.can_stand_for_others else None
        return earlier if earlier and revisit.holds(self._data, earlier, told.digest) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def refer(location: Location, exchange: Exchange) -> Reference:
    """An archived answer, as a later one refers to it."""
    return Reference(
        record_id=location.record_id,
        url=uri(exchange.url),
        started_at=exchange.started_at,
        filename=location.filename,
        offset=location.offset or 0,
        length=location.length or 0,
    )


def _about(software: str, run_id: str, robots: str | None) -> Fields:
    return (
        ("software", software),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
        ("isPartOf", run_id),
        *((("robots", robots),) if robots else ()),
    )


# Bytes


def _member(record: Form) -> bytes:
    fields = (
        ("WARC-Type", record.type),
        ("WARC-Record-ID", f"<{record.id}>"),
        ("WARC-Date", record.date),
        *record.fields,
        ("Content-Type", record.content_type),
        ("Content-Length", str(len(record.block))),
        ("WARC-Block-Digest", revisit.told(revisit.sha256(record.block))),
    )
    write = stored if record.is_packed else compressed
    return write(b"WARC/1.1\r\n" + lines(fields) + b"\r\n", record.block + b"\r\n\r\n")
