"""The same page has the same id in every capture; a revision's id changes only when the review does."""

from __future__ import annotations

import pytest

from archiver.extraction.identity import identify, revision_id, site_of, surt, without_tracking
from archiver.page import Page
from archiver.record import Rating


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://archive.org/goo/?a=2&b&a=1", "org,archive)/goo?a=1&a=2&b"),
        ("http://www.archive.org/", "org,archive)/"),
        ("https://www2.Archive.org:443/Goo/?", "org,archive)/goo"),
        ("http://archive.org:8080/goo#there", "org,archive:8080)/goo"),
        ("http://example.com/a;jsessionid=0A1B?x=1", "com,example)/a?x=1"),
        ("http://192.168.1.254/info/", "254,1,168,192)/info"),
        ("http://bücher.example/seite ä", "example,xn--bcher-kva)/seite%20%c3%a4"),
    ],
)
def test_surts_as_archives_write_them(url: str, key: str) -> None:
    assert surt(url) == key


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.films.example.co.uk/x", "example.co.uk"),
        ("https://someone.blogspot.com/2014/12/x.html", "someone.blogspot.com"),
        ("http://127.0.0.1:8000/x", "127.0.0.1"),
        ("http://[::1]:8000/x", "::1"),
        ("http://localhost:8000/", "localhost"),
        ("http://kiosk.test/", "kiosk.test"),
        ("about:blank", None),
        ("http://[broken", None),
    ],
)
def test_the_site_is_the_registrable_domain_or_the_host(url: str, site: str | None) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://a.example/x?utm_source=n&id=7&fbclid=q#top", "https://a.example/x?id=7"),
        (
            "https://a.example/x?p=12&page_id=3&cpage=2&offset=460",
            "https://a.example/x?p=12&page_id=3&cpage=2&offset=460",
        ),
        ("https://a.example/x.html?m=1", "https://a.example/x.html"),
        ("https://a.example/list?m=201009", "https://a.example/list?m=201009"),
        ("https://a.example/x?replytocom=9", "https://a.example/x"),
        ("https://a.example/x?a=1&a=2&a=1&Ref=z", "https://a.example/x?a=1&a=2&a=1"),
    ],
)
def test_tracking_parameters_go_and_others_stay(url: str, clean: str) -> None:
    assert without_tracking(url) == clean


def test_every_capture_of_a_page_has_one_id() -> None:
    first = identify(Page(body=b"1", url="http://www.films.org/x/?utm_source=n"), None)
    second = identify(Page(body=b"2", url="https://films.org/x?amp=1"), "https://films.org/x")
    assert first.record_id == second.record_id
    assert first.record_id.startswith("r_")
    assert len(first.record_id) == 18
    assert (first.site, first.canonical_url) == ("films.org", None)


def test_a_canonical_url_on_another_site_does_not_name_the_page() -> None:
    page = Page(body=b"", url="https://a.example/x")
    assert identify(page, "https://b.test/x").record_id == identify(page, None).record_id
    assert identify(page, "https://b.test/x").canonical_url == "https://b.test/x"
    assert identify(page, "https://a.example/y").record_id != identify(page, None).record_id


def test_without_an_address_the_bytes_name_the_page() -> None:
    assert identify(Page(body=b"one"), None).record_id != identify(Page(body=b"two"), None).record_id
    assert identify(Page(body=b"one"), None).site is None


def test_a_revision_is_title_body_rating_and_tags() -> None:
    base = revision_id("T", "B", Rating(value=4, best=5), ("a",))
    assert base == revision_id("T", "B", Rating(value=4, best=5, normalized=0.75), ["a"])
    others = {
        revision_id("U", "B", Rating(value=4, best=5), ("a",)),
        revision_id("T", "C", Rating(value=4, best=5), ("a",)),
        revision_id("T", "B", None, ("a",)),
        revision_id("T", "B", Rating(value=4, best=5), ()),
        revision_id(None, None, None, ()),
    }
    assert base not in others
    assert len(others) == 5
