"""When a page is to be visited again: soon while it is new or its comments grow, ever later as it cools down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from archiver.crawl.visits.visit import Visit, moment

#: Shortest times to wait for a page that is gone, after it was found so once, twice; then it is left alone.
_GONE_FOR: Final = (1, 30)
#: By which clocks may differ, where a source tells for the first time when a page was changed.
_SKEW: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Pace:
    """How long to wait: a share of the time since the last change, and no less and no more than these."""

    share: float = 0.1
    shortest: timedelta = timedelta(days=0.9)
    longest: timedelta = timedelta(days=180)


def due(visit: Visit, pace: Pace) -> datetime | None:
    """None for what is not visited again by itself."""
    if visit.is_passed_through or visit.gone > len(_GONE_FOR):
        return None
    if visit.is_troubled:
        return visit.fetched_at
    if visit.gone:
        return visit.fetched_at + min(_GONE_FOR[visit.gone - 1] * pace.shortest, max(pace.longest, pace.shortest))
    wait = min(pace.share * (visit.fetched_at - visit.changed_at), pace.longest)
    return visit.fetched_at + max(wait, pace.shortest)


def is_changed(visit: Visit, changed: str | None, commented: int | None) -> bool:
    """Whether what a source tells of a page, an instant and a number of comments, is news."""
    if commented is not None and commented != (
        visit.comments if visit.told.commented is None else visit.told.commented
    ):
        return True
    told = moment(changed)
    if told is None:
        return False
    if told.time() == time(0) and told.date() == visit.fetched_at.date():
        return True  # a date alone: the rest of that day was not seen
    known = moment(visit.told.changed)
    return told > visit.fetched_at - _SKEW and (known is None or told > known)
