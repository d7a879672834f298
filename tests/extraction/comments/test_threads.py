"""What holds for every system: what is no comment, whose parent is whose, what is claimed."""

# ruff: noqa: E501  (markup reads best as it is served)
from __future__ import annotations

import json

import pytest

from archiver import extract
from archiver.extraction.blocks import segment
from archiver.extraction.comments import comments, thread_of_texts
from archiver.extraction.comments.states import count_in
from archiver.extraction.comments.threads import Said, is_excerpt, thread
from archiver.extraction.comments.words import name_of
from archiver.extraction.reading import Reading
from archiver.page import Page
from archiver.record import CommentKind, CommentsState, CommentState, ParentSource, Role

HTML = (("Content-Type", "text/html; charset=utf-8"),)


def reading_of(body: str) -> Reading:
    return Reading(Page(body=f"<html lang=en-GB><body>{body}".encode(), url="https://quarry.example/a", headers=HTML))


@pytest.mark.parametrize(
    "body",
    [
        (
            '<ul id="recentcomments"><li class="recentcomments"><span class="comment-author-link">Ann</span> on <a href="#comment-4">A'
            " review</a></li><li class=recentcomments><span class=comment-author-link>Bo</span> on <a href=#comment-5>It</a></li></ul>"
        ),
        '<div id="respond" class="comment-respond"><h3>Leave a Reply</h3><form id="commentform"><p>Name</p></form></div>',
        '<div class="ad comment-box"><p>Comment on our new kettle and win!</p></div>',
        (
            '<div class="related-comments sidebar"><div class="comment"><b class="author">Ann</b><time>4 March 2018</time><p>Hm.</p></div>'
            '<div class="comment"><b class="author">Bo</b><time>5 March 2018</time><p>Oh.</p></div></div>'
        ),
        '<article class="commentary"><h1>On kettles</h1><p class="author">Ann</p><time>4 March 2018</time><p>A long column.</p></article>',
        '<ol class="notes"><li class="note like"><span class="action"><a class="tumblelog">oort</a> likes this</span></li></ol>',
        '<a href="/a#comments">12 Comments</a><div class="comment-count">12</div>',
    ],
    ids=["recent-comments", "form", "ad", "sidebar", "column", "likes", "counter"],
)
def test_what_looks_like_a_comment_and_is_none(body: str) -> None:
    assert comments(reading_of(f"<article><h1>Kettles</h1><p>They boil.</p></article>{body}")).comments == ()


def test_a_system_that_nobody_described_is_found_by_its_repetition() -> None:
    item = (
        '<div class="fooCommentRow {0}"><a class="fooCommentUser">{1}</a><span class="fooCommentWhen">{2}/03/2018 10:15</span>'
        '<div class="fooCommentMsg"><p>{3}</p><p>Really.</p></div><a class="fooReplyBtn">Reply</a></div>'
    )
    body = (
        '<div class="fooComments">'
        + item.format("", "Ann", 4, "It boils.")
        + item.format("x--reply", "Bo", 14, "It does.")
    )
    found = comments(reading_of(body))
    assert [(c.author, c.posted_at, c.text) for c in found.comments] == [
        ("Ann", "2018-03-04T10:15:00", "It boils.\n\nReally."),
        ("Bo", "2018-03-14T10:15:00", "It does.\n\nReally."),
    ]


def test_a_list_of_threads_is_no_thread() -> None:
    rows = "".join(
        f'<div class="row"><div><a href="/forum/{day}">What the echo in the old quarry says on day {day}</a></div>'
        f"<div>by Ann Larsen</div><div>{day} March 2018</div><div>12 replies</div></div>"
        for day in range(10, 20)
    )
    page = Page(body=f"<h1>The choir</h1><div>{rows}</div>".encode(), url="https://quarry.example/forum/", headers=HTML)
    assert comments(Reading(page)).comments == ()


def test_dates_within_dates_are_no_thread() -> None:
    body = "<h1>The choir</h1><div>4 March 2018 <span>5 March 2018 <b>6 March 2018</b></span></div><p>7 March 2018"
    page = Page(body=body.encode(), url="https://quarry.example/forum/7", headers=HTML)
    assert comments(Reading(page)).comments == ()


def test_a_reply_below_the_greatest_depth_has_an_uncertain_parent() -> None:
    li = '<li id="comment-{0}" class="comment {1}"><b class="fn">{2}</b><div class="comment-content"><p>{3}</p></div>'
    body = (
        "<ol>"
        + li.format(1, "depth-1 parent", "Ann", "One.")
        + '<ol class="children">'
        + li.format(2, "depth-2 parent", "Bo", "Two.")
        + "</li>"
        + li.format(3, "depth-2", "Cy", "Three.")
        + "</li></ol></li></ol>"
    )
    one, two, three = comments(reading_of(body)).comments
    assert two.parent_id == three.parent_id == one.comment_id
    assert (two.parent_source, three.parent_source) == (ParentSource.NESTING, ParentSource.UNKNOWN)
    assert [c.path for c in (one, two, three)] == ["0001", "0001.0001", "0001.0002"]
    assert [c.depth for c in (one, two, three)] == [0, 1, 1]


def test_dates_that_one_of_them_tells_how_to_read() -> None:
    li = '<li id="comment-{0}" class="comment"><b class="fn">Ann</b><span class="date">{1}</span><p>Well.</p></li>'
    body = "<ol>" + li.format(1, "03/04/2018") + li.format(2, "25/04/2018")
    assert [c.posted_at for c in comments(reading_of(body)).comments] == ["2018-04-03", "2018-04-25"]


def test_a_removed_comment_keeps_its_place_and_no_text() -> None:
    li = '<li id="comment-{0}" class="comment"><b class="fn">Ann</b><div class="comment-content"><p>{1}</p></div>{2}</li>'
    body = "<ol>" + li.format(
        1, "This comment has been removed by the author.", "<ol>" + li.format(2, "Why?", "") + "</ol>"
    )
    removed, reply = comments(reading_of(body)).comments
    assert (removed.state, removed.text) == (CommentState.DELETED, None)
    assert reply.parent_id == removed.comment_id


def test_the_text_bears_its_comment_and_the_rest_is_no_text() -> None:
    body = (
        '<ol class="comment-list"><li id="comment-1" class="comment depth-1"><b class="fn">Ann</b> <span class="says">says:</span>'
        '<div class="comment-content"><p>It boils.</p></div><a class="comment-reply-link">Reply</a></li>'
        '<li id="comment-2" class="pingback">Pingback: <a href="https://w.example/">Links</a></li></ol>'
        '<div id="respond"><h3 id="reply-title">Leave a Reply</h3></div><p class="no-comments">Comments are closed.</p>'
    )
    reading = reading_of(body)
    found = comments(reading)
    labelled = [(block.role, block.text, block.ref) for block in segment(reading.document, found.claims)]
    assert labelled == [
        (Role.COMMENT_META, "Ann", None),
        (Role.COMMENT_META, "says:", None),
        (Role.COMMENT, "It boils.", found.comments[0].comment_id),
        (Role.COMMENT_META, "Reply", None),
        (Role.PINGBACK, "Pingback:", None),
        (Role.PINGBACK, "Links", None),
        (Role.COMMENT_FORM, "Leave a Reply", None),
        (Role.COMMENTS_CLOSED, "Comments are closed.", None),
    ]
    assert found.comments[1].kind is CommentKind.PINGBACK


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ("<p>Nothing here.</p>", CommentsState.NONE),
        ('<p class="nocomments">Comments are closed.</p>', CommentsState.CLOSED),
        ('<div id="respond"><form id="commentform"></form></div>', CommentsState.OPEN_EMPTY),
        ('<a href="#comments">3 Comments</a>', CommentsState.LOST),
        ('<div id="disqus_thread"></div><a href="#disqus_thread">3 Comments</a>', CommentsState.EXTERNAL),
        ('<ol><li id="comment-1" class="comment"><b class="fn">Ann</b><p>Hm.</p></li></ol>', CommentsState.COMPLETE),
        (
            '<h3 id="comments">5 Comments</h3><ol><li id="comment-1" class="comment"><b class="fn">Ann</b><p>Hm.</p></li></ol>',
            CommentsState.PARTIAL,
        ),
        (
            (
                '<ol><li id="comment-1" class="comment"><b class="fn">Ann</b><p>Hm.</p></li></ol>'
                '<a href="/a/comment-page-2/#comments">Newer</a>'
            ),
            CommentsState.PARTIAL,
        ),
    ],
)
def test_the_state_of_a_thread(body: str, state: CommentsState) -> None:
    assert comments(reading_of(body)).state is state


@pytest.mark.parametrize(
    ("mount", "system", "thread_id"),
    [
        (
            '<div id="disqus_thread"></div><script>function disqus_config() { this.page.identifier = "q-7"; }</script>',
            "disqus",
            "q-7",
        ),
        (
            '<div class="squarespace-comments" data-item-id="60f" data-public-comment-count="2"></div>',
            "squarespace",
            "60f",
        ),
        ('<div class="fb-comments" data-href="https://quarry.example/a"></div>', "facebook", None),
        ('<vf-conversations vf-container-id="55"></vf-conversations>', "viafoura", "55"),
        (
            '<script src="https://giscus.app/client.js" data-repo-id="R_1" data-term="kettle"></script>',
            "giscus",
            "kettle",
        ),
    ],
)
def test_a_widget_is_named_with_what_the_page_tells_of_it(mount: str, system: str, thread_id: str | None) -> None:
    found = comments(reading_of(f"<p>Text.</p>{mount}"))
    assert found.external is not None
    assert (found.external.system, found.external.thread_id) == (system, thread_id)


def test_disqus_thread_data() -> None:
    posts = [
        {
            "id": "5",
            "parent": None,
            "author": {"name": "Ann"},
            "createdAt": "2020-08-14T12:00:05",
            "message": "<p>It <b>boils</b>.</p>",
            "likes": 4,
        },
        {
            "id": "7",
            "parent": 5,
            "author": {"name": "Bo"},
            "createdAt": "2020-08-14T13:00:00",
            "message": "<p>Yes.</p>",
        },
        {
            "id": "8",
            "parent": None,
            "author": {"name": "X"},
            "createdAt": "2020-08-15T01:00:00",
            "message": "",
            "isDeleted": True,
        },
    ]
    data = json.dumps({"response": {"posts": posts}})
    one, two, gone = comments(reading_of(f'<script type="text/json" id="disqus-threadData">{data}</script>')).comments
    assert (one.author, one.posted_at, one.text, one.votes_up) == ("Ann", "2020-08-14T12:00:05Z", "It boils.", 4)
    assert (two.parent_id, two.parent_source) == (one.comment_id, ParentSource.API)
    assert (gone.state, gone.text, gone.author) == (CommentState.DELETED, None, None)


def test_linked_data_comments_with_their_replies() -> None:
    reply = {"@type": "Comment", "text": "Yes.", "author": {"name": "Bo"}, "dateCreated": "2018-03-05"}
    told = {
        "@type": "Comment",
        "text": "It boils.",
        "author": {"name": "Ann"},
        "dateCreated": "2018-03-04",
        "comment": [reply],
    }
    data = json.dumps({"@context": "https://schema.org", "@type": "Article", "comment": [told]})
    one, two = comments(reading_of(f'<script type="application/ld+json">{data}</script>')).comments
    assert (one.author, one.posted_at, one.text) == ("Ann", "2018-03-04", "It boils.")
    assert two.parent_id == one.comment_id


def test_a_sites_own_answers_are_no_comments() -> None:
    answer = {"@type": "Question", "name": "Why?", "acceptedAnswer": {"@type": "Answer", "text": "Because."}}
    data = json.dumps({"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": [answer]})
    assert comments(reading_of(f'<script type="application/ld+json">{data}</script>')).comments == ()


def test_substack_preloads() -> None:
    told = [
        {
            "id": 9,
            "name": "Ann",
            "body": "It boils.",
            "date": "2018-03-04T10:15:00.000Z",
            "children": [{"id": 10, "name": "Bo", "body": "Yes.", "children": []}],
        }
    ]
    script = f"window._preloads = JSON.parse({json.dumps(json.dumps({'comments': told}))})"
    one, two = comments(reading_of(f"<script>{script}</script>")).comments
    assert (one.native_id, one.author, one.text) == ("9", "Ann", "It boils.")
    assert two.parent_id == one.comment_id


def test_hostile_data_ends_in_no_comments() -> None:
    deep = "[" * 100_000
    for data in (
        deep,
        '{"comments": [' + '{"replies":[' * 5_000,
        '{"response": {"posts": [1, null, []]}}',
        "\ud800".encode("utf-8", "replace").decode(),
    ):
        page = f'<script type="application/json">{data}</script><script id="disqus-threadData">{data}</script>'
        assert comments(reading_of(page)).comments == ()


def test_parents_never_form_a_circle() -> None:
    said = [
        Said("a", native_id="1", native_parent="2"),
        Said("b", native_id="2", native_parent="1"),
        Said("c", parent=2),
    ]
    listed = thread(said, None)
    assert [c.parent_id for c in listed] == [None, listed[0].comment_id, None]


def test_ids_are_the_same_wherever_the_comment_stands() -> None:
    first = thread([Said("a", native_id="1"), Said("b", native_id="2")], "https://www.quarry.example/a")
    again = thread([Said("b, edited", native_id="2")], "http://quarry.example/a?cpage=2")
    assert again[0].comment_id == first[1].comment_id
    same = thread([Said("a"), Said("a")], None)
    assert same[0].comment_id != same[1].comment_id


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Ann says:", "Ann"),
        ("By Ann Lee", "Ann Lee"),
        ("Ann Lee sagt:", "Ann Lee"),
        ("3. Ann", "Ann"),
        ("Ann — 17.07, 2011 @ 13:04", "Ann"),
        ("Ann in reply to Bo", "Ann"),
        ("アンより:", "アン"),
        ("says:", "says"),
        (" : ", None),
    ],
)
def test_a_name_without_what_stands_around_it(printed: str, name: str | None) -> None:
    assert name_of(printed) == name


@pytest.mark.parametrize(
    ("heading", "number"),
    [
        ("5 thoughts on “Kettles”", (5, False)),
        ("One Response to Kettles", (1, False)),
        ("Kommentare (3)", (3, False)),
        ("3 comentarios:", (3, False)),
        ("1,204 Comments", (1204, False)),
        ("No comments yet", (0, False)),
        ("3 posts • Page 1 of 1", (3, True)),
        ("12 Angry Men", None),
        ("Top 10 comment sections", None),
    ],
)
def test_the_pages_own_count(heading: str, number: tuple[int, bool] | None) -> None:
    assert count_in(heading) == number


def test_an_excerpt_of_another_site_is_no_comment() -> None:
    assert is_excerpt("[…] as the Quarry has it […]")
    assert not is_excerpt("I wonder […] whether it boils.")


def test_a_page_flattened_to_text() -> None:
    found = thread_of_texts([("One.", "More."), ("Two.",)], has_form=True)
    assert [c.text for c in found.comments] == ["One.\n\nMore.", "Two."]
    assert found.state is CommentsState.COMPLETE
    assert thread_of_texts([], has_form=True).state is CommentsState.OPEN_EMPTY


@pytest.mark.parametrize("name", ["comment-policy", "comment-guidelines", "comments-rules"])
def test_what_a_site_asks_of_those_who_comment_is_not_the_article(name: str) -> None:
    asked = " ".join(["Register before you write, stay on topic, and be brief; the rest may be cut, or printed."] * 5)
    said = " ".join(["The kettle sings in D, which is rare for a kettle of this size, and it sings early."] * 6)
    page = f'<h1>A kettle</h1><p>{said}</p><h3>Leave a comment</h3><div class="{name}"><p>{asked}</p></div>'
    review = extract(f"<html><body><article>{page}</article></body></html>".encode())
    assert [one.role for one in review.segments if one.text == asked] == [Role.COMMENT_POLICY]


def test_a_first_post_in_the_page_and_its_answers_in_the_data() -> None:
    answer = {"@type": "Comment", "author": {"name": "Bo"}, "datePublished": "2020-01-02", "text": "Mine sings in F."}
    data = json.dumps({"@type": "DiscussionForumPosting", "headline": "Kettles", "comment": [answer]})
    page = f"""<html><head><script type="application/ld+json">{data}</script></head><body><h1>Kettles</h1>
      <div id="post_1" class="topic-body crawler-post"><span class="creator"><a>Ann</a></span><time datetime="2020-01-01"></time>
      <div class="post">Does yours sing in D, as mine does, and early?</div></div></body></html>"""
    review = extract(page.encode())
    assert [comment.text for comment in review.comments] == ["Mine sings in F."]
    assert review.body_text == "Does yours sing in D, as mine does, and early?"
