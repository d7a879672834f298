"""When pages are due: worked out of what is known of them, at instants that the tests choose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.crawl.visits.schedule import Pace, due, is_changed
from archiver.crawl.visits.table import Line, Visits
from archiver.crawl.visits.visit import Told, Visit, validators, visited
from archiver.extraction import extract
from archiver.record import Capture, Comment, CommentsState, PageState, Review
from archiver.warc.exchange import Location

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PACE = Pace(share=0.1, shortest=timedelta(days=1), longest=timedelta(days=180))
REVIEW = extract(
    b"<!doctype html><h1>Kettle Street</h1><p>Four families share one kitchen and no secrets.</p>",
    url="https://reviews.example/kettle-street",
)


def known(*, changed: float = 0, gone: int = 0, is_troubled: bool = False, is_passed_through: bool = False) -> Visit:
    return Visit(
        asked=REVIEW.url or "",
        url=REVIEW.url or "",
        record_id=REVIEW.record_id,
        fetched_at=NOW,
        changed_at=NOW - timedelta(days=changed),
        revision_id=REVIEW.revision_id,
        gone=gone,
        is_troubled=is_troubled,
        is_passed_through=is_passed_through,
    )


def line(at: datetime, *, status: int = 200, posted: datetime | None = None, state: PageState | None = None) -> Review:
    comments = (Comment(comment_id="c_1", text="So?", position=0, posted_at=_said(posted)),) if posted else ()
    capture = Capture(fetch_time=_said(at), fetch_status=status)
    return replace(REVIEW, captures=(capture,), comments=comments, page_state=state or REVIEW.page_state)


def _said(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


@pytest.mark.parametrize(
    ("visit", "days"),
    [
        (known(changed=0), 1),
        (known(changed=5), 1),
        (known(changed=30), 3),
        (known(changed=365), 36.5),
        (known(changed=5000), 180),
        (known(changed=5000, is_troubled=True), 0),
        (known(changed=30, gone=1), 1),
        (known(changed=30, gone=2), 30),
        (known(changed=30, gone=3), None),
        (known(changed=30, is_passed_through=True), None),
    ],
)
def test_a_page_is_due_after_a_share_of_the_time_since_its_last_change(visit: Visit, days: float | None) -> None:
    assert due(visit, PACE) == (None if days is None else NOW + timedelta(days=days))


def test_a_page_cools_down_and_a_comment_warms_it_again() -> None:
    visit, at, waits = None, NOW, []
    for _ in range(60):
        visit = visited(visit, line(at), Told())
        assert visit is not None
        when = due(visit, PACE)
        assert when is not None
        waits.append(when - at)
        at = when
    assert waits == sorted(waits)
    assert waits[0] == timedelta(days=1)
    assert waits[-1] > timedelta(days=100)
    visit = visited(visit, line(at, posted=at - timedelta(hours=5)), Told())
    assert visit is not None
    assert visit.changed_at == at - timedelta(hours=5)
    assert due(visit, PACE) == at + timedelta(days=1)


def test_a_page_without_dates_is_taken_for_new_once() -> None:
    first = visited(None, line(NOW), Told())
    later = visited(first, line(NOW + timedelta(days=40)), Told())
    assert first is not None
    assert later is not None
    assert (first.changed_at, later.changed_at) == (NOW, NOW)


def test_an_answer_that_tells_nothing_leaves_what_is_known() -> None:
    before = visited(None, line(NOW), Told(changed="2026-11-22T00:00:01Z"))
    after = visited(before, line(NOW + timedelta(days=1), status=503), Told())
    assert before is not None
    assert after == replace(before, status=503, is_troubled=True)


def test_a_page_is_gone_for_good_at_the_third_visit() -> None:
    visit = visited(None, line(NOW), Told())
    counted = []
    for _ in range(3):
        visit = visited(visit, line(NOW, status=404, state=PageState.GONE), Told())
        assert visit is not None
        counted.append((visit.gone, due(visit, PACE) is None))
    assert counted == [(1, False), (2, False), (3, True)]


@pytest.mark.parametrize(
    ("changed", "before", "is_news"),
    [
        (None, None, False),
        ("soon", None, False),
        ("2026-11-20T10:00:00Z", None, False),
        ("2026-11-23T03:30:00Z", None, True),  # clocks differ
        ("2026-11-23T03:30:00Z", "2026-11-23T03:30:00Z", False),
        ("2026-11-23T05:00:00Z", "2026-11-23T03:30:00Z", True),
        ("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", True),  # a day, of which the rest was not seen
        ("2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z", False),
    ],
)
def test_what_a_source_tells_is_news_or_not(changed: str | None, before: str | None, is_news: bool) -> None:
    assert is_changed(replace(known(), told=Told(changed=before)), changed, None) is is_news


def test_another_number_of_comments_is_news() -> None:
    visit = replace(known(), comments=3)
    assert [is_changed(visit, None, number) for number in (None, 3, 4, 2)] == [False, False, True, True]
    told = replace(visit, told=Told(commented=5))  # the source counts what the page does not show
    assert [is_changed(told, None, number) for number in (5, 3)] == [False, True]


HERE = Location(filename="x/1.warc.gz", offset=0, length=9, record_id="urn:uuid:1", payload_digest="sha256:00")
WHOLE = line(NOW)
TWICE = (*WHOLE.captures, Capture(warc_filename="x/1.warc.gz"))


@pytest.mark.parametrize(
    ("review", "etag", "modified", "kept"),
    [
        (WHOLE, '"one"', None, ('"one"', None)),
        (WHOLE, "Größe", "Thu, 02 Jan 2020 03:04:05 GMT", (None, "Thu, 02 Jan 2020 03:04:05 GMT")),
        (WHOLE, '"one"\r\nCookie: a=b', "x" * 2000, None),
        (WHOLE, None, None, None),
        (line(NOW, status=404), '"one"', None, None),
        (replace(WHOLE, captures=TWICE), '"one"', None, None),  # comments from elsewhere
        (
            replace(WHOLE, captures=(replace(TWICE[0], warc_refers_to="urn:uuid:0"), TWICE[1])),
            '"one"',
            None,
            ('"one"', None),
        ),
        (replace(WHOLE, comments_state=CommentsState.PARTIAL), '"one"', None, None),
        (replace(WHOLE, comments_state=CommentsState.EXTERNAL), '"one"', None, None),
        (replace(WHOLE, page_state=PageState.INTERSTITIAL), '"one"', None, None),
    ],
)
def test_validators_are_kept_of_pages_that_are_all_there_is_to_their_record(
    review: Review, etag: str | None, modified: str | None, kept: tuple[str | None, str | None] | None
) -> None:
    found = validators(review, etag, modified, HERE)
    assert (found and (found.etag, found.last_modified)) == kept


@pytest.fixture
def visits(tmp_path: Path) -> Visits:
    return Visits(tmp_path, PACE)


def test_what_is_come_upon_is_asked_for_when_it_is_new_or_due_or_news(visits: Visits) -> None:
    url = REVIEW.url or ""
    assert visits.wants(url, NOW)
    visits.note(line(NOW), Line("x/1.jsonl", 0, 10), Told(commented=3))
    for _ in ("in memory", "from the file"):
        assert not visits.wants(f"{url}#comments", NOW)
        assert visits.wants(f"{url}?page=2", NOW)
        assert visits.wants(url, NOW + timedelta(days=1))
        assert visits.wants(url, NOW, changed="2026-11-24T00:00:01Z")
        assert visits.wants(url, NOW, commented=4)
        assert not visits.wants(url, NOW, commented=3)
        visits.commit()


def test_those_longest_due_come_first_and_of_one_site_alone(visits: Visits) -> None:
    for host, days in (("a.example", 3), ("www.b.example", 9), ("notb.example", 1)):
        review = replace(line(NOW - timedelta(days=days)), url=f"https://{host}/review")
        visits.note(review, Line("x/1.jsonl", 0, 10), Told())
    visits.commit()
    assert list(visits.due(NOW)) == [
        f"https://{host}/review" for host in ("www.b.example", "a.example", "notb.example")
    ]
    assert list(visits.due(NOW, "b.example")) == ["https://www.b.example/review"]
    assert list(visits.due(NOW - timedelta(days=5))) == ["https://www.b.example/review"]
    assert len(list(visits.due())) == 3


def test_a_table_of_another_version_is_made_anew(visits: Visits, tmp_path: Path) -> None:
    visits.note(line(NOW), Line("x/1.jsonl", 0, 10), Told())
    visits.commit()
    visits._db.execute("UPDATE tables SET version = 99 WHERE name = 'visits'")
    visits.close()
    assert list(Visits(tmp_path, PACE).due()) == []
