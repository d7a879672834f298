"""The record: what one captured page becomes. The contract stands in docs/record.md.

Pure, frozen types and nothing else. The JSON Schema of every line written is generated from
them (:func:`json_schema`), so the documentation of a field cannot drift from its type.

Unknown is ``None``, never ``""``; a list that was looked for and found empty is ``()``.
Times are ISO 8601 strings, no more precise than the page is: in UTC, with ``Z``, where the page
tells the zone, else without one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

SCHEMA_VERSION = "1"


class PageState(StrEnum):
    """What a page turned out to be, judged after its blocks are labelled."""

    ARTICLE = "article"
    ARTICLE_PART = "article_part"
    INDEX = "index"
    INTERSTITIAL = "interstitial"
    REDIRECT_STUB = "redirect_stub"
    CONSENT_WALL = "consent_wall"
    PAYWALLED = "paywalled"
    LOGIN_WALL = "login_wall"
    AGE_GATE = "age_gate"
    CHALLENGE = "challenge"
    PASSWORD_PROTECTED = "password_protected"
    SOFT_404 = "soft_404"
    GONE = "gone"
    MAINTENANCE = "maintenance"
    PARKED = "parked"
    JS_SHELL = "js_shell"
    ARCHIVE_REDIRECT = "archive_redirect"
    COMMENT_EMBED = "comment_embed"
    UNSUPPORTED = "unsupported"
    ERROR = "error"
    EMPTY = "empty"


class PageKind(StrEnum):
    REVIEW = "review"
    ARTICLE = "article"
    FORUM = "forum"
    LISTING = "listing"
    OTHER = "other"


class Role(StrEnum):
    """What a block of a page is for. The first ten are content, the rest boilerplate."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    BYLINE = "byline"
    DATELINE = "dateline"
    BODY = "body"
    RATING = "rating"
    FACTS = "facts"
    TAG_LINE = "tag_line"
    COMMENT = "comment"
    COMMENT_META = "comment_meta"

    REDIRECT_NOTICE = "redirect_notice"
    NAVIGATION = "navigation"
    TITLE_ECHO = "title_echo"
    BREADCRUMB = "breadcrumb"
    SHARE_BAR = "share_bar"
    NEWSLETTER_SIGNUP = "newsletter_signup"
    RELATED = "related"
    MOST_POPULAR = "most_popular"
    AUTHOR_BIO = "author_bio"
    COMMENT_FORM = "comment_form"
    COMMENT_POLICY = "comment_policy"
    COOKIE_NOTICE = "cookie_notice"
    AD = "ad"
    PAYWALL_NOTICE = "paywall_notice"
    COPYRIGHT_FOOTER = "copyright_footer"
    AFFILIATE_DISCLOSURE = "affiliate_disclosure"
    CAPTION_CREDIT = "caption_credit"
    PULL_QUOTE = "pull_quote"
    VIDEO_PLAYER = "video_player"
    PAGINATION = "pagination"
    RATING_WIDGET_USER = "rating_widget_user"
    COUNTER = "counter"
    PRINT_HEADER = "print_header"
    ARCHIVE_TOOLBAR = "archive_toolbar"
    A11Y_HIDDEN = "a11y_hidden"

    PINGBACK = "pingback"
    TRACKBACK = "trackback"
    MODERATION_NOTICE = "moderation_notice"
    COMMENTS_CLOSED = "comments_closed"
    LOGIN_PROMPT = "login_prompt"
    COMMENT_PLACEHOLDER = "comment_placeholder"
    COMMENT_TOOLS = "comment_tools"
    REACTION = "reaction"
    LIKE_WIDGET = "like_widget"
    SPOILER_NOTICE = "spoiler_notice"
    SIGNATURE = "signature"
    FORUM_NOTICE = "forum_notice"

    METADATA = "metadata"
    FEED_LINKS = "feed_links"
    AGE_GATE = "age_gate"
    CHALLENGE_NOTICE = "challenge_notice"
    PASSWORD_FORM = "password_form"
    ERROR_NOTICE = "error_notice"
    ERROR_PLACEHOLDER = "error_placeholder"
    OTHER = "other"


class TagsState(StrEnum):
    FOUND = "found"
    RECOVERED = "recovered"
    LOST = "lost"
    ABSENT = "absent"


class CommentsState(StrEnum):
    NONE = "none"
    CLOSED = "closed"
    OPEN_EMPTY = "open_empty"
    COMPLETE = "complete"
    PARTIAL = "partial"
    EXTERNAL = "external"
    LOST = "lost"


class ParentSource(StrEnum):
    """How a comment's parent was told."""

    NESTING = "nesting"
    INDENT = "indent"
    ATTRIBUTE = "attribute"
    API = "api"
    QUOTE = "quote"
    TEXT = "text"
    UNKNOWN = "unknown"


class AuthorRole(StrEnum):
    READER = "reader"
    REVIEWER = "reviewer"
    MODERATOR = "moderator"
    UNKNOWN = "unknown"


class CommentKind(StrEnum):
    COMMENT = "comment"
    PINGBACK = "pingback"
    TRACKBACK = "trackback"
    USER_REVIEW = "user_review"


class CommentState(StrEnum):
    VISIBLE = "visible"
    DELETED = "deleted"
    MODERATED = "moderated"
    COLLAPSED = "collapsed"
    VANISHED = "vanished"


def _says(description: str, schema_org: str | None = None, unit: str | None = None) -> Meta:
    extra: dict[str, Any] = {}
    if schema_org:
        extra["x-schema-org"] = f"https://schema.org/{schema_org}"
    if unit:
        extra["x-unit"] = unit
    return Meta(description=description, extra_json_schema=extra)


class Rating(Struct, frozen=True, kw_only=True, gc=False):
    """The reviewer's own verdict."""

    value: Annotated[float | None, _says("the number given; null for a letter or a word", "ratingValue")] = None
    best: Annotated[float | None, _says("top of the site's scale; null where unknown", "bestRating")] = None
    worst: Annotated[float | None, _says("bottom of the site's scale; null where unknown", "worstRating")] = None
    raw: Annotated[str | None, _says("as printed")] = None
    normalized: Annotated[
        float | None, _says("value on a scale from 0 to 1; null where the scale is unknown", unit="0-1")
    ] = None


class AggregateRating(Struct, frozen=True, kw_only=True):
    """The readers' average; never mixed with the reviewer's verdict."""

    value: Annotated[float | None, _says("the average", "ratingValue")] = None
    best: Annotated[float | None, _says("top of the scale", "bestRating")] = None
    worst: Annotated[float | None, _says("bottom of the scale", "worstRating")] = None
    count: Annotated[int | None, _says("how many voted", "ratingCount")] = None


class ItemReviewed(Struct, frozen=True, kw_only=True):
    """The work a review is about."""

    type: Annotated[str | None, _says("schema.org type: Movie, Book, MusicAlbum, VideoGame, Product, …")] = None
    name: Annotated[str | None, _says("its name", "name")] = None
    year: Annotated[int | None, _says("year it came out", "dateCreated")] = None
    creator: Annotated[str | None, _says("director, author, artist, maker", "creator")] = None
    ids: Annotated[dict[str, str], _says("identifiers: imdb, isbn, …", "identifier")] = {}


class ExternalComments(Struct, frozen=True, kw_only=True):
    """The widget that holds the comments, as far as the page tells."""

    system: Annotated[str, _says("disqus, squarespace, facebook, …")]
    thread_id: Annotated[str | None, _says("the thread's key within the system")] = None
    url: Annotated[str | None, _says("the URL the thread is keyed by, or where it can be read")] = None


class Comment(Struct, frozen=True, kw_only=True, gc=False):
    """One reader's contribution. ``path`` sorts into thread order."""

    comment_id: Annotated[str, _says("`c_…`; stable across captures where the page gives a native id")]
    text: Annotated[str | None, _says("paragraphs separated by a blank line; null where it was deleted", "text")]
    position: Annotated[int, _says("0-based, in page order", "position")]
    native_id: Annotated[str | None, _says("the id the site itself uses", "identifier")] = None
    parent_id: Annotated[str | None, _says("comment_id of the comment answered; null at top level", "parentItem")] = (
        None
    )
    depth: Annotated[int, _says("0 at top level")] = 0
    path: Annotated[str, _says("thread path such as 0003.0001")] = ""
    parent_source: Annotated[ParentSource, _says("how the parent was told")] = ParentSource.UNKNOWN
    author: Annotated[str | None, _says("as displayed", "author")] = None
    author_role: Annotated[AuthorRole, _says("who wrote it")] = AuthorRole.UNKNOWN
    posted_at: Annotated[str | None, _says("ISO 8601", "dateCreated")] = None
    posted_at_raw: Annotated[str | None, _says("as printed")] = None
    permalink: Annotated[str | None, _says("absolute URL", "url")] = None
    votes_up: Annotated[int | None, _says("votes for it", "upvoteCount")] = None
    votes_down: Annotated[int | None, _says("votes against it", "downvoteCount")] = None
    kind: Annotated[CommentKind, _says("pingbacks are listed but never counted")] = CommentKind.COMMENT
    state: Annotated[CommentState, _says("visible, deleted, …")] = CommentState.VISIBLE
    rating: Annotated[Rating | None, _says("a reader's own rating", "reviewRating")] = None
    first_seen: Annotated[str | None, _says("capture that first showed it; from a second visit on")] = None
    last_seen: Annotated[str | None, _says("last capture that showed it; from a second visit on")] = None
    vanished_at: Annotated[str | None, _says("first capture that no longer showed it")] = None


class Segment(Struct, frozen=True, kw_only=True, gc=False):
    """A visible block of the page with its role. Nothing of the page is silently dropped."""

    role: Annotated[Role, _says("what the block is for")]
    text: Annotated[str | None, _says("its text; null where `ref` tells where the text stands")] = None
    ref: Annotated[str | None, _says("`body_text`, or the comment_id, that holds the text")] = None
    start: Annotated[int | None, _says("first character within `ref`", unit="characters")] = None
    end: Annotated[int | None, _says("after the last character within `ref`", unit="characters")] = None
    xpath: Annotated[str | None, _says("where it stands; null for plain text")] = None
    reason: Annotated[str | None, _says("the rule, phrase or model that decided")] = None
    confidence: Annotated[float | None, _says("of the role", unit="0-1")] = None


class Capture(Struct, frozen=True, kw_only=True, gc=False):
    """Where the bytes are, under Common Crawl's names."""

    fetch_time: Annotated[str | None, _says("UTC instant at which the capture began")] = None
    fetch_status: Annotated[int | None, _says("HTTP status", unit="HTTP status code")] = None
    redirect_chain: Annotated[tuple[str, ...], _says("URLs that led here, first asked first")] = ()
    content_type: Annotated[str | None, _says("the header, as sent")] = None
    charset: Annotated[str | None, _says("encoding the text was read with")] = None
    charset_source: Annotated[str | None, _says("bom, header, meta, utf-8, detected or fallback")] = None
    content_digest: Annotated[str | None, _says("`sha256:` and the hex digest of the payload")] = None
    content_truncated: Annotated[str | None, _says("why the body is cut: length, time, disconnect, unspecified")] = None
    warc_filename: Annotated[str | None, _says("file name within the archive folder")] = None
    warc_record_offset: Annotated[int | None, _says("of the gzip member", unit="bytes")] = None
    warc_record_length: Annotated[int | None, _says("of the gzip member", unit="bytes")] = None
    warc_record_id: Annotated[str | None, _says("WARC-Record-ID without the angle brackets")] = None
    warc_refers_to: Annotated[
        str | None,
        _says("id of the record that holds the payload, where this one is a revisit; it is the next capture"),
    ] = None


class Rights(Struct, frozen=True, kw_only=True):
    """What the site says about use of the page, as seen; nothing is decided here."""

    robots_txt: Annotated[str | None, _says("allowed, disallowed or unavailable; null where not asked")] = None
    x_robots_tag: Annotated[str | None, _says("the header, as sent")] = None
    meta_robots: Annotated[str | None, _says("the meta element, as written")] = None
    noarchive: Annotated[bool, _says("a directive asks not to keep a copy")] = False
    nofollow: Annotated[bool, _says("a directive asks not to follow links")] = False
    noindex: Annotated[bool, _says("a directive asks not to index")] = False
    tdm_reservation: Annotated[bool | None, _says("text and data mining reserved (TDMRep)")] = None
    license: Annotated[str | None, _says("rel=license", "license")] = None


class Extractor(Struct, frozen=True, kw_only=True):
    """What made the line."""

    version: Annotated[str, _says("of review-archiver")]
    rules: Annotated[str | None, _says("digest of the rule files")] = None
    model: Annotated[str | None, _says("digest of the labeller's weights")] = None
    parsed_at: Annotated[str | None, _says("UTC instant of the extraction")] = None


class Confidence(Struct, frozen=True, kw_only=True):
    body: Annotated[float | None, _says("of the body", unit="0-1")] = None
    comments: Annotated[float | None, _says("of the comments", unit="0-1")] = None
    tags: Annotated[float | None, _says("of the tags, by how they were found", unit="0-1")] = None
    state: Annotated[float | None, _says("of the page's state", unit="0-1")] = None


class Review(Struct, frozen=True, kw_only=True):
    """What is kept of one page, whatever the page turned out to be: one JSON line."""

    schema_version: Annotated[str, _says("version of this schema")] = SCHEMA_VERSION
    record_id: Annotated[str, _says("`r_` and 16 hex digits: the same page has the same id in every capture")]
    revision_id: Annotated[str, _says("`v_` and 16 hex digits: changes only when title, body, rating or tags do")]
    url: Annotated[str | None, _says("as fetched, after redirects", "url")] = None
    canonical_url: Annotated[str | None, _says("the page's own word for its URL, tracking parameters stripped")] = None
    site: Annotated[str | None, _says("registrable domain")] = None
    page_state: Annotated[PageState, _says("what the page turned out to be")]
    page_kind: Annotated[PageKind, _says("what kind of page it is", "@type")] = PageKind.OTHER
    redirects_to: Annotated[str | None, _says("where an interstitial, a stub or a part of several pages leads")] = None
    title: Annotated[str | None, _says("the headline, once, without the site's name", "headline")] = None
    subtitle: Annotated[str | None, _says("the line below the headline", "alternativeHeadline")] = None
    authors: Annotated[tuple[str, ...], _says("reviewers, in page order, without “By”", "author")] = ()
    published_at: Annotated[str | None, _says("ISO 8601, as precise as the page", "datePublished")] = None
    published_at_raw: Annotated[str | None, _says("as printed")] = None
    modified_at: Annotated[str | None, _says("ISO 8601, as precise as the page", "dateModified")] = None
    modified_at_raw: Annotated[str | None, _says("as printed")] = None
    item_reviewed: Annotated[ItemReviewed | None, _says("the work reviewed", "itemReviewed")] = None
    rating: Annotated[Rating | None, _says("the reviewer's own verdict", "reviewRating")] = None
    aggregate_rating: Annotated[AggregateRating | None, _says("the readers' average", "aggregateRating")] = None
    body_text: Annotated[str | None, _says("the article alone; a blank line between paragraphs", "reviewBody")] = None
    tags: Annotated[tuple[str, ...], _says("topical labels, as displayed, in page order", "keywords")] = ()
    categories: Annotated[tuple[str, ...], _says("sections it is filed in, as displayed", "articleSection")] = ()
    tags_state: Annotated[TagsState, _says("found, recovered, lost or absent")] = TagsState.ABSENT
    tags_slots: Annotated[int, _says("places for tags on the page")] = 0
    language: Annotated[str | None, _says("BCP 47, of the body", "inLanguage")] = None
    comments: Annotated[tuple[Comment, ...], _says("flat, in page order", "comment")] = ()
    comments_state: Annotated[CommentsState, _says("how complete the list is")] = CommentsState.NONE
    comments_external: Annotated[ExternalComments | None, _says("the widget that holds them")] = None
    comments_declared: Annotated[int | None, _says("the page's own count", "commentCount")] = None
    comments_found: Annotated[int | None, _says("how many are in the list, pingbacks apart")] = None
    segments: Annotated[tuple[Segment, ...], _says("every visible block of the page, in order, labelled")] = ()
    facts: Annotated[dict[str, str | list[str]], _says("what stands beside a review, as printed")] = {}
    captures: Annotated[tuple[Capture, ...], _says("where the bytes are: the page's own first")] = ()
    rights: Annotated[Rights, _says("robots directives and reservations, as seen")] = Rights()
    extractor: Annotated[Extractor, _says("what made this line")]
    confidence: Annotated[Confidence, _says("0-1")] = Confidence()

    def to_dict(self) -> dict[str, Any]:
        """The record as plain dicts, lists, strings and numbers: what one JSON line holds."""
        builtins: dict[str, Any] = _with_lists(msgspec.to_builtins(self))
        return builtins


def _with_lists(value: Any) -> Any:
    """Tuples as lists, all the way down, as JSON has them."""
    if isinstance(value, dict):
        return {key: _with_lists(one) for key, one in value.items()}
    return [_with_lists(one) for one in value] if isinstance(value, list | tuple) else value


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one line, generated from the types."""
    schema = msgspec.json.schema(Review)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "review-archiver record", **schema}
