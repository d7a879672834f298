"""Comments in a page's data: JSON-LD, Disqus' thread data, Substack's preloads, other states.

Each source is a function from a reading to comments; the first that finds any is taken. Data is
as hostile as the page: shapes are checked, depth and number are bounded, nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple

from archiver.extraction.comments.threads import Said
from archiver.extraction.comments.values import (
    html_text,
    identifier,
    instant,
    json_of,
    link,
    member,
    whole_number,
    words,
)
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.record import CommentState, ParentSource

_DISQUS: Final = rule("script#disqus-threadData")
rule("script")
_MOST: Final = 20_000
_DEEPEST: Final = 60
_PRELOADS: Final = "window._preloads"
_START: Final = 2_000  # characters of a script in which that stands

Found = list[Said]


def comments_in_data(reading: Reading) -> Found:
    for source in SOURCES:
        found = source(reading)
        if found:
            return found
    return []


# -- Disqus ----------------------------------------------------------------------------------


class DisqusThread(NamedTuple):
    """What Disqus' own page of a thread holds: its first posts, how many there are in all, whether there are more."""

    posts: Found
    total: int | None
    has_more: bool


def _disqus(reading: Reading) -> Found:
    found = disqus_thread(reading)
    return found.posts if found is not None else []


def disqus_thread(reading: Reading) -> DisqusThread | None:
    for node in reading.index.select(_DISQUS):
        data = json_of(reading.document.data_islands.get(node.index, ""))
        posts = member(data, "response", "posts")
        if isinstance(posts, list):
            said = [_disqus_post(post) for post in posts[:_MOST] if isinstance(post, dict)]
            total = whole_number(member(data, "cursor", "total"))
            has_more = member(data, "cursor", "hasNext") is True or (total is not None and total > len(said))
            return DisqusThread(said, total, has_more)
    return None


def thread_title(reading: Reading) -> str | None:
    """What Disqus' thread data calls the page that the thread belongs to."""
    for node in reading.index.select(_DISQUS):
        return words(member(json_of(reading.document.data_islands.get(node.index)), "response", "thread", "title"))
    return None


def _disqus_post(post: dict[str, Any]) -> Said:
    deleted = post.get("isDeleted") is True
    created = words(post.get("createdAt"))
    return Said(
        text=None if deleted else html_text(post.get("message") or post.get("raw_message")),
        native_id=identifier(post.get("id")),
        native_parent=identifier(post.get("parent")),
        source=ParentSource.API,
        author=None if deleted else words(member(post, "author", "name")),
        # createdAt is in UTC and says so nowhere
        posted_at=instant(f"{created}Z" if created and not created.endswith("Z") and "+" not in created else created),
        posted_at_raw=created,
        votes_up=whole_number(post.get("likes")),
        votes_down=whole_number(post.get("dislikes")),
        state=CommentState.DELETED if deleted else CommentState.VISIBLE,
    )


# -- Substack --------------------------------------------------------------------------------


def _substack(reading: Reading) -> Found:
    preloads = substack_preloads(reading)
    for path in (("comments",), ("post", "comments"), ("initialComments",), ("commentsData", "comments")):
        listed = member(preloads, *path)
        listed = member(listed, "comments") if isinstance(listed, dict) else listed
        if isinstance(listed, list) and listed:
            return substack_comments(listed)
    return []


def substack_preloads(reading: Reading) -> Any:
    """What Substack's pages hold ready for their scripts; None on every other page."""
    for text in reading.document.data_islands.values():
        if _PRELOADS in text[:_START]:
            _, _, call = text.partition("JSON.parse(")
            if call:
                return json_of(json_of(call[: call.rfind(")")]))
            return json_of(text.partition("=")[2].strip().rstrip(";"))
    return None


def substack_comments(listed: list[Any]) -> Found:
    """Substack's comments, which hold their replies."""
    return _tree(listed, _substack_comment, "children")


def _substack_comment(comment: dict[str, Any]) -> Said:
    body = html_text(comment.get("body"))
    deleted = comment.get("deleted") is True or body is None
    return Said(
        text=None if deleted else body,
        native_id=identifier(comment.get("id")),
        author=words(comment.get("name")),
        posted_at=instant(comment.get("date")),
        posted_at_raw=words(comment.get("date")),
        votes_up=whole_number(comment.get("reaction_count")),
        state=CommentState.DELETED if deleted else CommentState.VISIBLE,
        source=ParentSource.API,
    )


# -- JSON-LD ---------------------------------------------------------------------------------


def _linked(reading: Reading) -> Found:
    """Comments that a page's own objects hold in ``comment``; answers and question included."""
    for thing in reading.linked.objects:
        if "Comment" in _types(thing):
            continue
        listed = [
            *_list(thing.get("comment")),
            *_list(thing.get("suggestedAnswer")),
            *_list(thing.get("acceptedAnswer")),
        ]
        listed = [one for one in listed if isinstance(one, dict) and _is_signed(one)]
        if listed:
            return _tree(listed, _linked_comment, "comment")
    return []


def _is_signed(comment: dict[str, Any]) -> bool:
    """Whether a person said it: the answers of a site's own FAQ have neither author nor date."""
    said = comment.get("text") or comment.get("commentText")
    return bool(said) and any(
        comment.get(key) for key in ("author", "creator", "datePublished", "dateCreated", "commentTime")
    )


def _linked_comment(comment: dict[str, Any]) -> Said:
    date = comment.get("datePublished") or comment.get("dateCreated") or comment.get("commentTime")
    author = comment.get("author") or comment.get("creator")
    name = author.get("name") if isinstance(author, dict) else author
    parent = comment.get("parentItem")
    return Said(
        text=html_text(comment.get("text") or comment.get("commentText")),
        native_id=identifier(comment.get("identifier") or comment.get("@id")),
        native_parent=identifier(parent.get("@id")) if isinstance(parent, dict) else None,
        author=words(name[0] if isinstance(name, list) and name else name),
        posted_at=instant(date),
        posted_at_raw=words(date),
        permalink=link(comment.get("url")),
        votes_up=whole_number(comment.get("upvoteCount")),
        votes_down=whole_number(comment.get("downvoteCount")),
        source=ParentSource.ATTRIBUTE,
    )


# -- other states ----------------------------------------------------------------------------

#: What the fields of a comment are called in the states that pages embed.
_TEXTS: Final = ("body", "text", "content", "message", "html", "comment", "bodyHtml", "bodyText", "rendered")
_AUTHORS: Final = ("author", "user", "author_name", "authorName", "username", "member", "creator", "name", "commenter")
_DATES: Final = (
    "created_at",
    "createdAt",
    "date",
    "published_at",
    "publishedAt",
    "created",
    "date_gmt",
    "written_at",
    "postedAt",
    "timestamp",
)
_PARENTS: Final = ("parent_id", "parentId", "parent", "in_reply_to_id", "replyTo", "parentID", "parent_comment_id")
_REPLIES: Final = ("replies", "children", "comments")
_LISTS: Final = ("comments", "replies", "responses", "commentList", "initialComments")


_LISTED: Final = re.compile(rf'"(?:{"|".join(_LISTS)})"\s{{0,9}}:\s{{0,9}}\[\s{{0,9}}\{{')


def _states(reading: Reading) -> Found:
    """JSON scripts (``__NEXT_DATA__`` and its like) that hold a list of comments under a telling key."""
    for node in reading.index.under("t", "script"):
        kind = node.get("type").lower()
        if "json" not in kind or "ld+json" in kind:
            continue
        text = reading.document.data_islands.get(node.index, "")
        if _LISTED.search(text) is None:
            continue
        for listed in _lists(json_of(text)):
            found = _tree(listed, _state_comment, _REPLIES[0])
            if found and all(one.text and (one.author or one.posted_at) for one in found):
                return found
    return []


def _lists(data: object) -> Iterator[list[Any]]:
    """Lists of objects under a key that says comments, nearest to the root first."""
    level: list[object] = [data]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                for key, inner in value.items():
                    nodes = inner
                    if (
                        key in _LISTS
                        and isinstance(nodes, list)
                        and nodes
                        and all(isinstance(one, dict) for one in nodes)
                    ):
                        yield nodes
                    elif isinstance(inner, dict | list):
                        below.append(inner)
            elif isinstance(value, list):
                below += [inner for inner in value if isinstance(inner, dict | list)]
        level = below[:_MOST]
        if not level:
            return


def _state_comment(comment: dict[str, Any]) -> Said:
    author = _first(comment, _AUTHORS)
    if isinstance(author, dict):
        author = _first(author, ("name", "displayName", "display_name", "username", "login"))
    text = _first(comment, _TEXTS)
    if isinstance(text, dict):
        text = _first(text, _TEXTS)
    date = _first(comment, _DATES)
    return Said(
        text=html_text(text),
        native_id=identifier(comment.get("id") or comment.get("uuid")),
        native_parent=identifier(_first(comment, _PARENTS)),
        author=words(author),
        posted_at=instant(date),
        posted_at_raw=words(date),
        votes_up=whole_number(_first(comment, ("likes", "likeCount", "upvotes", "reaction_count"))),
        source=ParentSource.API,
    )


def _first(data: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((data[key] for key in keys if data.get(key) not in (None, "", [])), None)


# -- common ----------------------------------------------------------------------------------


def _tree(listed: list[Any], read_one: Callable[[dict[str, Any]], Said], replies: str) -> Found:
    """A list of comments that hold their replies, flattened in reading order; an explicit stack, since
    hostile data nests deeper than Python recurses."""
    found: Found = []
    open_lists: list[tuple[Iterator[Any], int | None]] = [(iter(listed), None)]
    while open_lists and len(found) < _MOST:
        todo, parent = open_lists[-1]
        comment = next(todo, None)
        if comment is None:
            open_lists.pop()
            continue
        if not isinstance(comment, dict):
            continue
        said = read_one(comment)
        found.append(replace(said, parent=parent))
        inner = comment.get(replies)
        if isinstance(inner, list) and inner and len(open_lists) < _DEEPEST:
            open_lists.append((iter(inner), len(found) - 1))
    return found


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _types(thing: dict[str, Any]) -> list[Any]:
    return _list(thing.get("@type"))


SOURCES: Final[tuple[Callable[[Reading], Found], ...]] = (_disqus, _substack, _linked, _states)
