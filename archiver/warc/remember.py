"""Fill the memory of payloads seen from the archives themselves: nothing in it comes from elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from archiver.warc import revisit
from archiver.warc.exchange import Reference
from archiver.warc.http import parse
from archiver.warc.records import Record, records
from archiver.warc.seen import Seen

#: Records between two commits.
_BATCH: Final = 1_000


def remember(data: Path, seen: Seen) -> int:
    """How many answers of the closed archives in a data folder others can refer to; of equal ones the last is known."""
    number = 0
    for path in sorted(data.rglob("*.warc.gz")):
        with path.open("rb") as file:
            for record in records(file, lambda _: None):
                reference = _reference(record, path.relative_to(data).as_posix())
                message = parse(record.block) if reference else None
                if reference and message and revisit.can_stand_for_others(message, record.get("warc-truncated")):
                    seen.add(revisit.sha256(message.body), reference)
                    number += 1
                    if number % _BATCH == 0:
                        seen.commit()
    seen.commit()
    return number


def _reference(record: Record, filename: str) -> Reference | None:
    """None for what is no whole answer of ours with a place of its own."""
    if record.type != "response" or record.full or record.offset is None or record.length is None:
        return None
    if record.get("archiver-purpose") is None or record.get("archiver-reconstructed"):
        return None
    return Reference(
        record_id=(record.get("warc-record-id") or "").strip("<>"),
        url=record.get("warc-target-uri") or "",
        started_at=datetime.fromisoformat(record.get("warc-date") or ""),
        filename=filename,
        offset=record.offset,
        length=record.length,
    )
