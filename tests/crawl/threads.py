"""Threads as real systems serve them: WordPress's pages and its REST interface, Disqus's embed, Coral's GraphQL."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.conftest import Answer

POST: Final = "/2011/06/kettle-street/"
READERS: Final = ("Marta", "Jonas", "Ayo", "Pilar", "Wen", "Tomasz", "Ingrid", "Farid", "Noor", "Edith")
_ARTICLE: Final = """<article class="post type-post hentry"><h1 class="entry-title">Kettle Street</h1>
<p class="byline">By <a href="/author/ines/" rel="author">Ines Marlow</a>
<time class="entry-date published" datetime="2011-06-02T10:00:00+00:00">June 2, 2011</time></p>
<div class="entry-content"><p>Four families share one kitchen and no secrets. The script was written for the stage and
still enters and leaves by the door, but the actors have lived in these rooms for two seasons and it shows.</p>
<p>What the camera adds is the street itself, wet and steep, with a tram that never stops where anybody stands.</p>
</div></article>"""

#: Stand for the address that the server is at, and for another host's.
HOME, ELSEWHERE = b"http://home.invalid", b"http://elsewhere.invalid"
#: What a server says to a request: the path as asked, and the body sent.
Say = Callable[[str, bytes], Answer | None]


@dataclass
class Server:
    """Says what it is told to; ``ills`` are said first, each as often as it is there."""

    say: Say
    url: str = ""
    ills: dict[str, list[Answer]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    #: Paths whose answers break off.
    cut: set[str] = field(default_factory=set)
    #: Paths that hold their answer back until the test lets go, or for so many seconds.
    slow: set[str] = field(default_factory=set)
    let_go: threading.Event = field(default_factory=threading.Event)
    patience: float = 30

    @property
    def elsewhere(self) -> str:
        """The same server by another name: another host."""
        return self.url.replace("127.0.0.1", "localhost")

    def answer(self, path: str, body: bytes) -> Answer:
        self.asked[path] += 1
        if path in self.slow:
            self.let_go.wait(self.patience)
        if ills := self.ills.get(path):
            return ills.pop(0)
        return self.say(path, body) or Answer(b"<h1>Not found</h1>", 404)


@contextmanager
def served(say: Say) -> Iterator[Server]:
    server = Server(say)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = server.answer(self.path, body)
            said = answer.body.replace(HOME, server.url.encode()).replace(ELSEWHERE, server.elsewhere.encode())
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(said) + (100 if self.path in server.cut else 0)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)
            self.close_connection = self.path in server.cut

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object, **__: object) -> None:
            """Tests look at what the program says, not at this."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_address[1]}"
    threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.let_go.set()
        listening.shutdown()
        listening.server_close()


# WordPress


def said(number: int) -> str:
    return f"Comment number {number}: the tram passes for the {number}th time, and still nobody gets on."


def wordpress_pages(numbers: int = 10, a_page: int = 2) -> Say:
    """A thread in pages; the post itself shows the last of them, as WordPress does unless told otherwise."""
    last = -(-numbers // a_page)

    def say(path: str, body: bytes) -> Answer | None:
        asked = urlsplit(path).path
        if asked == POST:
            return _page(last)
        number = asked.removeprefix(f"{POST}comment-page-").rstrip("/")
        return _page(int(number)) if number.isdecimal() and 1 <= int(number) <= last else None

    def _page(page: int) -> Answer:
        shown = range((page - 1) * a_page + 1, min(page * a_page, numbers) + 1)
        older = f'<a href="{POST}comment-page-{page - 1}/#comments">Older Comments</a>' if page > 1 else ""
        newer = f'<a href="{POST}comment-page-{page + 1}/#comments">Newer Comments</a>' if page < last else ""
        return _html(
            f'<div id="comments" class="comments-area"><h2 class="comments-title">{numbers} comments</h2>'
            f'<ol class="comment-list">{"".join(map(_listed, shown))}</ol>'
            f'<nav class="navigation comment-navigation">{older} {newer}</nav></div>'
        )

    return say


def wordpress_rest(numbers: int = 10, shown: int = 2, a_page: int = 4) -> Say:
    """A page that shows some comments of a thread and announces the interface that has them all."""
    head = (
        '<link rel="https://api.w.org/" href="/wp-json/">'
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/77">'
        '<link rel="shortlink" href="/?p=77">'
    )

    def say(path: str, body: bytes) -> Answer | None:
        asked, query = urlsplit(path).path, parse_qs(urlsplit(path).query)
        if asked == POST:
            listed = "".join(map(_listed, range(1, shown + 1)))
            return _html(
                f'<div id="comments" class="comments-area"><h2 class="comments-title">{numbers} comments</h2>'
                f'<ol class="comment-list">{listed}</ol></div>',
                head,
            )
        if asked != "/wp-json/wp/v2/comments" or query["post"] != ["77"]:
            return None
        page = int(query["page"][0])
        told = [_told(n) for n in range((page - 1) * a_page + 1, min(page * a_page, numbers) + 1)]
        pages = -(-numbers // a_page)
        headers = (("X-WP-Total", str(numbers)), ("X-WP-TotalPages", str(pages)))
        return Answer(json.dumps(told).encode(), 200, "application/json; charset=UTF-8", headers)

    return say


def rest_path(page: int) -> str:
    return f"/wp-json/wp/v2/comments?post=77&per_page=100&orderby=date&order=asc&page={page}"


def _html(thread: str, head: str = "") -> Answer:
    return Answer(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Kettle Street | Reel Ledger</title>{head}'
        f'</head><body class="single single-post"><main>{_ARTICLE}{thread}</main></body></html>'.encode()
    )


def _listed(number: int) -> str:
    return (
        f'<li id="comment-{600 + number}" class="comment depth-1"><article class="comment-body">'
        f'<footer class="comment-meta"><b class="fn">{READERS[number - 1]}</b> <span class="says">says:</span> '
        f'<a href="#comment-{600 + number}"><time datetime="2011-06-{number + 2:02}T07:45:00+00:00">'
        f"June {number + 2}, 2011 at 7:45 am</time></a></footer>"
        f'<div class="comment-content"><p>{said(number)}</p></div>'
        '<div class="reply"><a class="comment-reply-link" href="#respond">Reply</a></div></article></li>'
    )


def _told(number: int) -> dict[str, Any]:
    return {
        "id": 600 + number,
        "post": 77,
        "parent": 601 if number == 3 else 0,
        "author": 0,
        "author_name": READERS[number - 1],
        "author_url": "",
        "date": f"2011-06-{number + 2:02}T07:45:00",
        "date_gmt": f"2011-06-{number + 2:02}T07:45:00",
        "content": {"rendered": f"<p>{said(number)}</p>\n"},
        "link": f"http://127.0.0.1{POST}#comment-{600 + number}",
        "status": "approved",
        "type": "comment",
        "meta": [],
    }


# Systems that show nothing without scripts

EMBED: Final = "/embed/comments/"


def disqus(numbers: int = 10, total: int | None = None) -> Say:
    """A page with a widget; its embed is asked of another host."""
    widget = '<div id="disqus_thread"></div><script src="https://reelledger.disqus.com/embed.js" async></script>'
    posts = [
        {
            "id": str(600 + n),
            "parent": 601 if n == 3 else None,
            "author": {"name": READERS[n - 1]},
            "createdAt": f"2011-06-{n + 2:02}T07:45:00",
            "raw_message": said(n),
            "message": f"<p>{said(n)}</p>",
            "likes": 0,
            "dislikes": 0,
            "isDeleted": False,
        }
        for n in range(1, numbers + 1)
    ]
    data = {"cursor": {"total": total or numbers, "hasNext": False}, "response": {"posts": posts, "thread": {}}}
    embed = f'<!DOCTYPE html><script type="text/json" id="disqus-threadData">{json.dumps(data)}</script>'

    def say(path: str, body: bytes) -> Answer | None:
        asked = urlsplit(path)
        if asked.path == POST:
            return _html(widget)
        return Answer(embed.encode()) if asked.path == EMBED and "f=reelledger" in asked.query else None

    return say


def coral(numbers: int = 10, a_page: int = 3) -> Say:
    """A page with a widget whose interface is open: one address, each question in the body."""
    widget = (
        '<div id="coral_thread"></div><script>Coral.createStreamEmbed({id: "coral_thread", storyID: "s-1", '
        f'rootURL: "{ELSEWHERE.decode()}"}});</script>'
    )

    def say(path: str, body: bytes) -> Answer | None:
        if path == POST:
            return _html(widget)
        if path != "/api/graphql":
            return None
        variables = json.loads(body)["variables"]
        if "comment" in variables:
            listed = {"replies": _edges([3], None)}
            return _json({"data": {"comment": listed}})
        top = [n for n in range(1, numbers + 1) if n != 3]
        begin = int(variables.get("after") or 0)
        end = begin + a_page if begin + a_page < len(top) else None
        story = {"commentCounts": {"totalPublished": numbers}, "comments": _edges(top[begin : begin + a_page], end)}
        return _json({"data": {"story": story}})

    return say


def _edges(numbers: list[int], end: int | None) -> dict[str, Any]:
    nodes = [
        {
            "id": f"c-{600 + n}",
            "body": f"<div>{said(n)}</div>",
            "createdAt": f"2011-06-{n + 2:02}T07:45:00.000Z",
            "status": "NONE",
            "parent": {"id": "c-601"} if n == 3 else None,
            "author": {"username": READERS[n - 1]},
            "replyCount": 1 if n == 1 else 0,
            "actionCounts": {"reaction": {"total": 0}},
        }
        for n in numbers
    ]
    more = {"hasNextPage": end is not None, "endCursor": str(end) if end is not None else None}
    return {"edges": [{"node": node} for node in nodes], "pageInfo": more}


def _json(data: dict[str, Any]) -> Answer:
    return Answer(json.dumps(data).encode(), 200, "application/json; charset=utf-8")
