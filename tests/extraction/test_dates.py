"""A date is read as the page wrote it: as precise, and never guessed."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from archiver.extraction.dates import find_dates, parse_date

CAPTURE = datetime(2022, 5, 6, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("printed", "iso"),
    [
        ("February 6, 2011 at 6:22 pm", "2011-02-06T18:22:00"),
        ("March 5th, 2008 at 7:40 am", "2008-03-05T07:40:00"),
        ("03.11.2016 10:15", "2016-11-03T10:15:00"),
        ("Sun Feb 09, 2020 8:14 pm", "2020-02-09T20:14:00"),
        ("March  4, 2021  6:20pm", "2021-03-04T18:20:00"),
        ("December 9, 2009 2:58 PM", "2009-12-09T14:58:00"),
        ("Posted by Celia Munro on January 9, 2009 at 06:15 AM", "2009-01-09T06:15:00"),
        ("14 Feb 2017 by Dougal Reid", "2017-02-14"),
        ("June 8, 2011 | By Saul Wexler", "2011-06-08"),
        ("Updated 10:03 AM EST, Wed September 15, 2010", "2010-09-15T10:03:00-05:00"),
        ("3. Oktober 2018", "2018-10-03"),
        ("3. Oktober 2018 um 14.30 Uhr", "2018-10-03T14:30:00"),
        ("02 ноября 2016", "2016-11-02"),
        ("2 ноября 2016 г. в 18:05", "2016-11-02T18:05:00"),
        ("9 février 2020", "2020-02-09"),
        ("1er avril 2015 à 14h20", "2015-04-01T14:20:00"),
        ("3 de marzo de 2015 a las 14:20", "2015-03-03T14:20:00"),
        ("10 de out. de 2020", "2020-10-10"),
        ("2021年3月4日 午後6:20", "2021-03-04T18:20:00"),
        ("2021年3月", "2021-03"),
        ("30/12/14 2:07 a. m.", "2014-12-30T02:07:00"),
        ("14-Feb-17", "2017-02-14"),
        ("September 2010", "2010-09"),
        ("12:00 noon on 12 May 2019, 12 a.m.", "2019-05-12T00:00:00"),
    ],
)
def test_dates_as_pages_print_them(printed: str, iso: str) -> None:
    assert parse_date(printed) == iso


@pytest.mark.parametrize(
    ("machine", "iso"),
    [
        ("2021-03-15T07:30:00-0400", "2021-03-15T07:30:00-04:00"),
        ("2014-12-30T01:15:00+01:00", "2014-12-30T01:15:00+01:00"),
        ("2022-03-02T06:00:00.000Z", "2022-03-02T06:00:00Z"),
        ("2022-03-02T06:00:00+00:00", "2022-03-02T06:00:00Z"),
        ("2010-09-15 10:03", "2010-09-15T10:03:00"),
        ("20200105T101112Z", "2020-01-05T10:11:12Z"),
        ("Wed, 02 Mar 2022 10:00:00 GMT", "2022-03-02T10:00:00Z"),
        ("1302540193000", "2011-04-11T16:43:13Z"),
        ("20140919", "2014-09-19"),
        ("2010-09", "2010-09"),
        ("2010", "2010"),
    ],
)
def test_dates_as_machines_write_them(machine: str, iso: str) -> None:
    assert parse_date(machine) == iso


@pytest.mark.parametrize(
    ("language", "day_first", "iso"),
    [
        ("en-US", None, "2019-03-04"),
        ("en-GB", None, "2019-04-03"),
        ("nl", None, "2019-04-03"),
        ("en", None, None),
        (None, None, None),
        ("en-US", True, "2019-04-03"),
    ],
)
def test_the_language_tells_the_day_from_the_month(
    language: str | None, day_first: bool | None, iso: str | None
) -> None:
    assert parse_date("03/04/2019", language=language, day_first=day_first) == iso


def test_a_weekday_or_a_number_past_twelve_tells_it_too() -> None:
    assert parse_date("Thu, 10/09/2014 - 14:20") == "2014-10-09T14:20:00"
    assert parse_date("Wed, 10/09/2014") == "2014-09-10"
    assert parse_date("4/28/2014", language="de") == "2014-04-28"


@pytest.mark.parametrize(
    "text",
    ["", "12", "03/04", "2019-13-45", "31 February 2019", "192.168.1.1", "1.2.3.2019", "5 days left", "3/5 stars",
     "24/7", "version 10.12.2", "call 555-2010", "99999999", "You may 12", "0000-00-00"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text, language="en-US", relative_to=CAPTURE) is None


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("2 days ago", "2022-05-04"),
        ("an hour ago", "2022-05-06"),
        ("vor 3 Tagen", "2022-05-03"),
        ("il y a 2 heures", "2022-05-06"),
        ("hace 2 meses", "2022-03"),
        ("3 дня назад", "2022-05-03"),
        ("2 weeks ago", "2022-04"),
        ("gestern", "2022-05-05"),
    ],
)
def test_relative_dates_count_from_the_capture(said: str, iso: str) -> None:
    assert parse_date(said, relative_to=CAPTURE) == iso
    assert parse_date(said) is None


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("7 May 2022", None),
        ("2031-01-01T00:00:00Z", None),
        ("6 May 2022, 23:00", "2022-05-06"),
        ("6 May 2022, 11:00", "2022-05-06T11:00:00"),
        ("2022-05", "2022-05"),
        ("2022-06", None),
    ],
)
def test_nothing_lies_after_the_capture(said: str, iso: str | None) -> None:
    assert parse_date(said, relative_to=CAPTURE) == iso


def test_all_dates_of_a_line_with_their_places() -> None:
    line = "Published: 3 March 2020 | Updated: 5 March 2020 10:00"
    found = find_dates(line)
    assert [one.iso for one in found] == ["2020-03-03", "2020-03-05T10:00:00"]
    assert line[found[1].start : found[1].end] == "5 March 2020 10:00"


@pytest.mark.parametrize("filler", ["1", "1 ", "12 may ", "2019-", "a", "vor ", "1/", "年", "Mar. ", "10:"])
def test_time_does_not_grow_with_the_text(filler: str) -> None:
    began = time.perf_counter()
    parse_date(filler * 100_000, relative_to=CAPTURE)
    assert time.perf_counter() - began < 0.5
