"""Dates as pages write them, as ISO 8601: no more precise than the page, never guessed.

A time has an offset only where the page gives one. ``03/04/2019`` is read where the language,
a weekday or the caller tells which number is the day, else not at all. Relative dates count
from the capture, and nothing lies after it.

Own patterns: dateparser takes 1 ms for a date and 12 to 44 ms to find one in a line, where this
takes 0.02; dateutil knows English alone and completes what is missing from today's date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from archiver import rules

Unit = Literal["minute", "hour", "day", "week", "month", "year"]


class _One(Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...]


class _Relative(Struct, frozen=True, forbid_unknown_fields=True):
    before: tuple[str, ...]
    after: tuple[str, ...]
    today: tuple[str, ...]
    yesterday: tuple[str, ...]
    one: _One
    units: dict[Unit, tuple[str, ...]]


class _Rules(Struct, frozen=True, forbid_unknown_fields=True):
    month_first: tuple[str, ...]
    undecided: tuple[str, ...]
    months: dict[str, tuple[str, ...]]
    weekdays: dict[str, tuple[str, ...]]
    zones: dict[str, str]
    relative: _Relative


class Found(NamedTuple):
    """A date within a text whose white space is folded, and where it stands there."""

    iso: str
    start: int
    end: int


class _Asked(NamedTuple):
    """What a caller knows of the page."""

    day_first: bool | None
    relative_to: datetime | None


#: Dates stand at the head of short lines; of a longer text only this much is read.
LONGEST_LINE: Final = 400
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_PIVOT: Final = 70  # '69 is 2069 in no archive of the web, but neither is 1969; POSIX's strptime pivots here

_RULES: Final = rules.read("dates.toml", _Rules)


def parse_date(
    text: str,
    *,
    language: str | None = None,
    relative_to: datetime | None = None,
    day_first: bool | None = None,
) -> str | None:
    """The first date of a text in ISO 8601, with its time where the text has one.

    ``language`` (BCP 47) and ``day_first`` tell 03/04 from 04/03; ``relative_to`` is the
    instant of the capture, with time zone: "yesterday" counts from it and nothing lies after.
    """
    found = find_dates(text, language=language, relative_to=relative_to, day_first=day_first)
    return found[0].iso if found else None


def find_dates(
    text: str,
    *,
    language: str | None = None,
    relative_to: datetime | None = None,
    day_first: bool | None = None,
) -> list[Found]:
    """All dates of a text in order; places count in the text with its white space folded."""
    line = " ".join(text[:LONGEST_LINE].split())
    asked = _Asked(day_first if day_first is not None else puts_day_first(language), relative_to)
    found = _whole(line, asked) or list(_calendar_dates(line, asked))
    return found or _relative_dates(line, asked)


@lru_cache(maxsize=256)
def puts_day_first(language: str | None) -> bool | None:
    """Whether a language writes 3 April as 03/04; None where it does not say (plain English)."""
    if not language:
        return None
    tag = language.lower().replace("_", "-")
    if tag in _RULES.month_first:
        return False
    return None if tag in _RULES.undecided else True


def _fold(word: str) -> str:
    folded = word.casefold()
    if folded.isascii():
        return folded
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))


def _numbered(table: dict[str, tuple[str, ...]], first: int) -> dict[str, int]:
    return {
        _fold(word): number
        for names in table.values()
        for number, forms in enumerate(names, first)
        for word in forms.split()
    }


_MONTHS: Final = _numbered(_RULES.months, 1)
_FULL_MONTHS: Final = {_fold(forms.split()[0]) for names in _RULES.months.values() for forms in names}
_WEEKDAYS: Final = _numbered(_RULES.weekdays, 0)

_WORD: Final = r"[^\W\d_]{3,14}"
_DAY: Final = r"(?<![\d:./-])\d{1,2}"
_YEAR: Final = r"(?:19|20)\d\d(?!\d)"
_SHAPES: Final = re.compile(
    r"(?P<iso>(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)|(?<!\d)(?:19|20)\d\d[01]\d[0-3]\d(?=T?\d{4,6}))"
    rf"|(?P<dmy>(?P<d1>{_DAY})(?:st|nd|rd|th|er|ste|º|°|\.|ª)? ?[-/]?(?:of |de |d’|d')?(?P<m1>{_WORD})[.,]{{0,2}}"
    rf"(?:[ -/]?(?:of |de |del |d’)?(?P<y1>{_YEAR})|[-/ ]?['’]?(?P<yy1>(?<=[-/'’])\d\d(?!\d)))(?: ?г(?:ода)?\b\.?)?)"
    rf"|(?P<mdy>(?<![^\W\d_])(?P<m2>{_WORD})\.? ?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?:,|\.|,? of)? ?(?P<y2>{_YEAR}))"
    rf"|(?P<ymd>(?<!\d)(?P<y3>{_YEAR})[.,]? (?P<m3>{_WORD})\.? (?P<d3>\d{{1,2}})(?!\d))"
    rf"|(?P<my>(?<![^\W\d_])(?<!\d )(?P<m4>{_WORD})\.?,? (?:de |of )?(?P<y4>{_YEAR}))"
    rf"|(?P<cjk>(?<!\d)(?P<y5>{_YEAR}) ?[年년] ?(?P<m5>\d{{1,2}}) ?[月월](?: ?(?P<d5>\d{{1,2}}) ?[日일号號])?)"
    rf"|(?P<yfirst>(?<![\d./-])(?P<y6>{_YEAR})(?P<s6>[-/.]) ?(?P<m6>\d{{1,2}})(?P=s6) ?(?P<d6>\d{{1,2}})(?!\d))"
    r"|(?P<numeric>(?<![\d./-])(?P<a7>\d{1,2})(?P<s7>[-/.]) ?(?P<b7>\d{1,2})(?P=s7) ?(?P<y7>(?:19|20)?\d\d)"
    r"(?![\d%])(?![./-]\d))"
)
_TIME: Final = re.compile(
    r"(?<![\d:.])"
    r"(?:(?P<h>\d{1,2}):(?P<m>\d\d)(?!\d)(?::(?P<s>\d\d)(?:[.,]\d{1,9})?)?(?: ?(?P<ap>[AaPp])\.? ?[Mm]\b\.?)?"
    r"|(?P<h2>\d{1,2}) ?(?P<ap2>[AaPp])\.? ?[Mm]\b\.?"
    r"|(?P<h3>\d{1,2}) ?[hH] ?(?P<m3>\d\d)?\b"
    r"|(?P<h4>\d{1,2})[.](?P<m4>\d\d)(?: Uhr)?(?![\d.]))"
)
_ZONE: Final = re.compile(r" ?\(?(?:(?P<z>Z)\b|(?P<name>[A-Z]{3,4}\b)?(?P<offset>[+-]\d\d:?\d\d\b)?)")
_MORNING: Final = ("午前", "上午", "오전")
_AFTERNOON: Final = ("午後", "下午", "오후")
#: What may stand between a day and its time: "at", "um", "à", " - ", "| ", never another number.
_BETWEEN: Final = re.compile(r"[^\d\n]{0,14}")
_EPOCH: Final = re.compile(r"1\d{9}(?:\d{3})?")
_COMPACT: Final = re.compile(r"((?:19|20)\d\d)([01]\d)([0-3]\d)")
_MONTH_ALONE: Final = re.compile(r"((?:19|20)\d\d)[-/](\d\d)")
_ISO_TIME: Final = re.compile(r"[T_ ]*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d{1,9})?)?")
_WEEKDAY_BEFORE: Final = re.compile(r"([^\W\d_]{2,12})\.?,? $")


def _whole(line: str, asked: _Asked) -> list[Found]:
    """Forms that are a date only where they are the whole text: 20140919, 2010-09, 2010, seconds since 1970."""
    if not 4 <= len(line) <= 13 or not line[0].isdigit():
        return []
    iso: str | None = None
    if match := _COMPACT.fullmatch(line):
        iso = _day(*map(int, match.groups()))
    elif match := _MONTH_ALONE.fullmatch(line):
        iso = f"{match[1]}-{match[2]}" if 1 <= int(match[2]) <= 12 else None
    elif _EPOCH.fullmatch(line):
        moment = datetime.fromtimestamp(int(line[:10]), UTC)
        iso = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif len(line) == 4 and line.isdecimal() and _FIRST_YEAR <= int(line) < _LAST_YEAR:
        iso = line
    iso = _before_capture(iso, asked)
    return [Found(iso, 0, len(line))] if iso is not None else []


def _calendar_dates(line: str, asked: _Asked) -> Iterator[Found]:
    place = 0
    while match := _SHAPES.search(line, place):
        day = _read(match, line, asked)
        if day is None:
            place = match.start() + 1
            continue
        clock, end = _clock(line, match) if len(day) == 10 else ("", match.end())
        iso = _before_capture(day + clock, asked)
        if iso is not None:
            weekday = _weekday_before(line, match)
            yield Found(iso, match.start() if weekday is None else weekday.start(), end)
        place = max(end, match.end())


def _read(match: re.Match[str], line: str, asked: _Asked) -> str | None:
    said = match.groupdict()
    match match.lastgroup:
        case "iso":
            digits = said["iso"].replace("-", "")
            return _day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        case "dmy":
            year = said["y1"] or _century(said["yy1"])
            return _day(int(year), _month(said["m1"]), int(said["d1"]))
        case "mdy":
            return _day(int(said["y2"]), _month(said["m2"]), int(said["d2"]))
        case "ymd":
            return _day(int(said["y3"]), _month(said["m3"]), int(said["d3"]))
        case "my":
            month = _month(said["m4"])
            return f"{said['y4']}-{month:02}" if month and _fold(said["m4"]) in _FULL_MONTHS else None
        case "cjk":
            if said["d5"] is None:
                return f"{said['y5']}-{int(said['m5']):02}" if 1 <= int(said["m5"]) <= 12 else None
            return _day(int(said["y5"]), int(said["m5"]), int(said["d5"]))
        case "yfirst":
            return _day(int(said["y6"]), int(said["m6"]), int(said["d6"]))
        case "numeric":
            return _numeric(match, line, asked)
    return None


def _numeric(match: re.Match[str], line: str, asked: _Asked) -> str | None:
    """3/4/2019: by what cannot be a month, else by the weekday, else by its dots, else by the page's language."""
    first, second = int(match["a7"]), int(match["b7"])
    year = int(match["y7"] if len(match["y7"]) == 4 else _century(match["y7"]))
    as_day_first, as_month_first = _day(year, second, first), _day(year, first, second)
    if as_day_first is None or as_month_first is None or as_day_first == as_month_first:
        return as_day_first or as_month_first
    before = _weekday_before(line, match)
    if before is not None:
        weekday = _WEEKDAYS[_fold(before[1])]
        fitting = [iso for iso in (as_day_first, as_month_first) if date.fromisoformat(iso).weekday() == weekday]
        if len(fitting) == 1:
            return fitting[0]
    day_first = True if match["s7"] == "." else asked.day_first
    if day_first is None:
        return None
    return as_day_first if day_first else as_month_first


def _weekday_before(line: str, match: re.Match[str]) -> re.Match[str] | None:
    before = _WEEKDAY_BEFORE.search(line, max(0, match.start() - 16), match.start())
    return before if before is not None and _fold(before[1]) in _WEEKDAYS else None


def _day(year: int, month: int, day: int) -> str | None:
    if not _FIRST_YEAR <= year < _LAST_YEAR:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _month(word: str) -> int:
    """1 to 12; 0 for a word that names no month."""
    return _MONTHS.get(_fold(word), 0)


def _century(short: str) -> str:
    return ("19" if int(short) >= _PIVOT else "20") + short


def _clock(line: str, match: re.Match[str]) -> tuple[str, int]:
    """The time beside a day, as ``T18:22:00+01:00``, and where the two end; "" where there is none."""
    if match.lastgroup == "iso":
        exact = _ISO_TIME.match(line, match.end())
        if exact and int(exact[1]) < 24 and int(exact[2]) < 60:
            zone, end = _zone(line, exact.end())
            return f"T{exact[1]}:{exact[2]}:{_seconds(exact[3])}{zone}", end
    gap = _BETWEEN.match(line, match.end())
    after = _TIME.match(line, gap.end()) if gap else None
    if gap is not None and after is not None and (clock := _hours(after, gap[0])):
        zone, end = _zone(line, after.end())
        return clock + zone, end
    before = [time for time in _TIME.finditer(line, max(0, match.start() - 24), match.start()) if time["h"]]
    if before and not any(char.isdigit() for char in line[before[-1].end() : match.start()]):
        clock = _hours(before[-1])
        return clock and clock + _zone(line, before[-1].end())[0], match.end()
    return "", match.end()


def _hours(time: re.Match[str], before: str = "") -> str:
    hour = int(time["h"] or time["h2"] or time["h3"] or time["h4"])
    minute = int(time["m"] or time["m3"] or time["m4"] or 0)
    half = (time["ap"] or time["ap2"] or "").lower()
    if before and not before.isascii():
        half = "a" if before.endswith(_MORNING) else "p" if before.endswith(_AFTERNOON) else half
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        return ""
    return f"T{hour:02}:{minute:02}:{_seconds(time['s'])}"


def _seconds(said: str | None) -> str:
    return said if said is not None and int(said) < 60 else "00"


def _zone(line: str, place: int) -> tuple[str, int]:
    match = _ZONE.match(line, place)
    if match is None:
        return "", place
    if match["z"]:
        return "Z", match.end()
    offset = match["offset"] or _RULES.zones.get(match["name"] or "")
    if not offset:
        return "", place
    offset = offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
    if int(offset[1:3]) > 14 or int(offset[4:]) > 59:
        return "", place
    return "Z" if offset[1:] == "00:00" else offset, match.end()


def _before_capture(iso: str | None, asked: _Asked) -> str | None:
    """The date, without its time where that alone lies after the capture; None where the day does."""
    if iso is None or asked.relative_to is None:
        return iso
    capture = asked.relative_to.astimezone(UTC)
    if "T" in iso:
        moment = datetime.fromisoformat(iso)
        if (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) <= capture:
            return iso
        iso = iso[:10]
    return iso if iso <= capture.date().isoformat()[: len(iso)] else None


_UNITS: Final[dict[str, Unit]] = {_fold(word): unit for unit, words in _RULES.relative.units.items() for word in words}


def _any_of(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_AGO: Final = re.compile(
    rf"(?:\b(?P<before>{_any_of(_RULES.relative.before)}) )?"
    rf"(?:(?P<count>\d{{1,3}}) ?|\b(?P<one>{_any_of(_RULES.relative.one.words)}) )"
    rf"(?P<unit>{_any_of(tuple(word for words in _RULES.relative.units.values() for word in words))})"
    rf"(?: ?(?P<after>{_any_of(_RULES.relative.after)}))?(?![^\W\d_])",
    re.I,
)
_NEAR: Final = re.compile(
    rf"(?<!\w)(?:(?P<today>{_any_of(_RULES.relative.today)})|{_any_of(_RULES.relative.yesterday)})(?!\w)", re.I
)
#: A longer text speaks of days, it does not date itself by them.
_LONGEST_RELATIVE: Final = 60


def _relative_dates(line: str, asked: _Asked) -> list[Found]:
    if asked.relative_to is None or len(line) > _LONGEST_RELATIVE:
        return []
    capture = asked.relative_to.astimezone(UTC)
    for match in _AGO.finditer(line):
        if match["before"] or match["after"]:
            unit = _UNITS[_fold(match["unit"])]
            iso = _ago(capture, int(match["count"] or 1), unit)
            return [Found(iso, match.start(), match.end())]
    near = _NEAR.search(line)
    if near is None:
        return []
    day = capture.date() - timedelta(days=0 if near["today"] else 1)
    return [Found(day.isoformat(), near.start(), near.end())]


def _ago(capture: datetime, count: int, unit: Unit) -> str:
    """A day for what is told to the day or better, a month for weeks and months, a year for years."""
    if unit == "year":
        return str(capture.year - count)
    if unit == "month":
        months = capture.year * 12 + capture.month - 1 - count
        return f"{months // 12}-{months % 12 + 1:02}"
    step = {
        "minute": timedelta(minutes=1),
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
        "week": timedelta(weeks=1),
    }
    day = (capture - count * step[unit]).date().isoformat()
    return day[:7] if unit == "week" else day


#: A time's offset; the hyphens of a date stand before its ``T``.
_OFFSET: Final = re.compile(r"T[^+\-]{2,20}[+-]\d{2}:?\d{2}$")


def in_utc(moment: str | None) -> str | None:
    """A moment as records hold it: in UTC with ``Z`` where it tells its zone, else as it is."""
    if moment is None or _OFFSET.search(moment) is None:
        return moment
    try:
        told = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):  # no such moment, or none in UTC (the year 1, the year 9999)
        return moment[:10]
    return told.isoformat().replace("+00:00", "Z")
