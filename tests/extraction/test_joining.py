"""An article on several pages becomes one record, whichever of them was asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archiver import Page, Review, extract
from archiver.extraction.joining import completing
from archiver.page import page_of
from archiver.record import PageState, Role

URL = "http://lanterns.example/2019/04/the-long-canal"
TEXTS = {
    1: ["The lock keeper counts his boats aloud, and nobody in the village has ever dared to count along with him.",
        "Ines Abara films the canal as others film a face, and she lets every barge cross the frame to its end."],
    2: ["In the second hour the water rises, and with it the quarrel of the two sisters about the house at the weir.",
        "There is no music until the flood, and then only a barrel organ that somebody has left in the rain."],
    3: ["The last reel belongs to the children, who find the ledger and read from it as though it were a fairy tale.",
        "I have seen it three times now and have not once caught the moment in which the keeper stops counting."],
}  # fmt: skip
NEXT = '<div class="page-links">Pages: {}</div>'
RATED = '<p class="rating">Rating: 4/5</p>'


def address(number: int) -> str:
    return f"{URL}/" if number == 1 else f"{URL}/{number}/"


def numbers(own: int, linked: tuple[int, ...]) -> str:
    said = (
        f'<span class="post-page-numbers current" aria-current="page">{number}</span>'
        if number == own
        else f'<a href="{address(number)}" class="post-page-numbers">{number}</a>'
        for number in sorted({own, *linked})
    )
    return NEXT.format(" ".join(said))


def html(own: int, *, linked: tuple[int, ...] = (1, 2, 3), more: str = "", before: str = "") -> bytes:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in TEXTS[own])
    return (
        f"<!doctype html><html lang=en><title>The Long Canal – Lanterns</title><body class='single postid-7'><article>"
        f"<h1 class=entry-title>Review: The Long Canal</h1><div class=entry-content>{before}{text}{more}"
        f"{numbers(own, linked)}</div></article></body></html>"
    ).encode()


SITE = {address(number): html(number, more=RATED if number == 3 else "") for number in TEXTS}
WHOLE = "\n\n".join(paragraph for number in sorted(TEXTS) for paragraph in TEXTS[number])


def page(url: str, body: bytes, status: int = 200) -> Page:
    return page_of(
        body, url=url, status=status, headers={"Content-Type": "text/html"}, fetched_at="2026-11-23T00:00:00Z"
    )


def joined(url: str, site: dict[str, bytes]) -> tuple[Review, list[str]]:
    """The record of a page with what it asked for, and the addresses asked, in order."""
    first = page(url, site[url])
    asking = completing(first, extract(first))
    asked: list[str] = []
    answer: Page | None = None
    while True:
        try:
            ask = asking.send(answer)
        except StopIteration as over:
            result: Review = over.value
            return result, asked
        asked.append(ask.url)
        answer = page(ask.url, site.get(ask.url, b"gone"), 200 if ask.url in site else 404)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_page_leads_to_the_same_article(number: int) -> None:
    review, asked = joined(address(number), SITE)
    assert asked == [address(other) for other in TEXTS if other != number]
    assert (review.page_state, review.redirects_to) == (PageState.ARTICLE, None)
    assert review.body_text == WHOLE
    assert review.rating is not None
    assert (review.rating.value, review.rating.best) == (4, 5)
    first, _ = joined(address(1), SITE)
    assert (review.revision_id, review.record_id) == (first.revision_id, first.record_id)
    assert review.url == address(number)


def test_pages_are_found_through_their_neighbours() -> None:
    site = {address(1): html(1, linked=(2,)), address(2): html(2, linked=(1, 3)), address(3): html(3, linked=(2,))}
    review, asked = joined(address(1), site)
    assert (review.body_text, asked) == (WHOLE, [address(2), address(3)])


def test_where_a_page_is_missing_the_record_says_so() -> None:
    review, _ = joined(address(1), {url: body for url, body in SITE.items() if url != address(2)})
    assert (review.page_state, review.redirects_to) == (PageState.ARTICLE_PART, address(2))
    assert review.body_text == "\n\n".join([*TEXTS[1], *TEXTS[3]])


def test_where_none_is_to_be_had_the_page_stays_what_it_is() -> None:
    review, asked = joined(address(1), {address(1): SITE[address(1)]})
    assert len(asked) == 2
    alone = extract(page(address(1), SITE[address(1)]))
    assert (review.body_text, review.segments, review.record_id) == (alone.body_text, alone.segments, alone.record_id)


def test_what_every_page_begins_with_stands_once() -> None:
    site = {address(n): html(n, before="" if n == 1 else "".join(f"<p>{p}</p>" for p in TEXTS[1][:1])) for n in TEXTS}
    assert joined(address(1), site)[0].body_text == WHOLE


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("<a href='?singlepage=true'>View as single page</a>", f"{URL}/?singlepage=true"),
        ("<a href='/2019/04/the-long-canal/all/'>Artikel auf einer Seite lesen »</a>", f"{URL}/all/"),
        ("<a title='Print this article' href='?print=1'><img src=p.png></a>", f"{URL}/?print=1"),
        ("<a href='?print=1'>Print</a><a href='?all'>VIEW ALL</a>", f"{URL}/?all"),
    ],
)
def test_the_article_as_one_page_is_asked_for_first(link: str, url: str) -> None:
    whole = "".join(f"<p>{paragraph}</p>" for paragraph in WHOLE.split("\n\n")).encode()
    site = {**SITE, address(1): html(1, more=link), url: b"<!doctype html><h1>The Long Canal</h1>" + whole}
    review, asked = joined(address(1), site)
    assert (review.body_text, asked) == (WHOLE, [url])
    assert (review.page_state, review.record_id) == (PageState.ARTICLE, joined(address(1), SITE)[0].record_id)


@pytest.mark.parametrize("body", [b"<h1>Sign in to read</h1><p>Members only.</p>", b"", SITE[address(1)]])
def test_another_page_behind_that_link_is_not_taken_for_it(body: bytes) -> None:
    site = {**SITE, address(1): html(1, more="<a href='?all'>View all</a>"), f"{URL}/?all": body}
    review, asked = joined(address(1), site)
    assert (review.body_text, asked) == (WHOLE, [f"{URL}/?all", address(2), address(3)])


def test_segments_lie_where_they_say() -> None:
    review, _ = joined(address(2), SITE)
    texts = [(review.body_text or "")[one.start : one.end] for one in review.segments if one.ref == "body_text"]
    assert sorted(texts) == sorted(WHOLE.split("\n\n"))
    assert not [one for one in review.segments if one.role is Role.BODY and one.ref is None]


def test_what_links_to_itself_without_end_ends() -> None:
    site = {address(1): html(1)} | {
        address(n): html(2, linked=(n + 1,)).replace(f">{n + 1}<".encode(), f">{n + 1}<".encode()) for n in range(2, 90)
    }
    _, asked = joined(address(1), site)
    assert len(asked) <= 50


#: Numbers of something else: lists of posts, threads.
OTHERS: dict[str, Callable[[], str]] = {
    "a list of posts": lambda: '<nav class="navigation pagination"><a class="page-numbers" href="/page/2/">2</a></nav>',
    "a thread": lambda: '<nav class="comment-navigation"><a href="/2019/04/the-long-canal/comment-page-2/">2</a></nav>',
}


@pytest.mark.parametrize("nav", OTHERS.values(), ids=OTHERS)
def test_numbers_of_something_else_are_left_alone(nav: Callable[[], str]) -> None:
    body = html(1).replace(numbers(1, (1, 2, 3)).encode(), nav().encode())
    review, asked = joined(address(1), {address(1): body})
    assert (review.page_state, asked) == (PageState.ARTICLE, [])
