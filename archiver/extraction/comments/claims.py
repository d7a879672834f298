"""Claims: the role of every element in and around the comments that were found."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.document import Document, Node
from archiver.extraction.blocks import Claim
from archiver.extraction.comments.items import Item, Places
from archiver.extraction.comments.parts import Parts
from archiver.extraction.reading import Reading
from archiver.record import Comment, CommentKind, CommentState, Role

#: A list of comments holds hardly more than the comments: headings, forms, a policy.
_LIST_SLACK = 2_500
_WIDE = frozenset({"html", "body", "main"})


def item_claims(kept: Sequence[Parts], listed: Sequence[Comment], places: Places) -> list[Claim]:
    """One after the other; of two claims on one element the first holds, so the narrower come first."""
    claims: list[Claim] = []
    for parts, comment in zip(kept, listed, strict=True):
        reason = f"comments:{parts.item.system.name}"
        claims += _claims_of(parts, comment, places, reason)
    return claims


def _claims_of(parts: Parts, comment: Comment, places: Places, reason: str) -> list[Claim]:
    item = parts.item
    if comment.kind in (CommentKind.PINGBACK, CommentKind.TRACKBACK):
        role = Role.PINGBACK if comment.kind is CommentKind.PINGBACK else Role.TRACKBACK
        links = [node for node in item.own() if node.tag == "a" and node.first < node.last]
        return [Claim(node, role, reason) for node in [*links, *item.nodes]]
    claims = [
        Claim(node, role, reason) for role, selector in item.system.roles.items() for node in places.own(selector, item)
    ]
    meta = parts.author_nodes + parts.date_nodes + parts.title_nodes + parts.quote_nodes + parts.junk_nodes
    claims += [Claim(node, Role.COMMENT_META, reason) for node in meta if node not in parts.text_nodes]
    removed = comment.state is CommentState.DELETED and comment.text is None
    role, ref = (Role.COMMENT_PLACEHOLDER, None) if removed else (Role.COMMENT, comment.comment_id)
    if parts.text_nodes:
        claims += [Claim(node, role, reason, ref) for node in parts.text_nodes]
        role, ref = Role.COMMENT_META, None
    claims += [Claim(node, role, reason, ref) for node in item.nodes]
    return claims


def system_claims(kept: Sequence[Parts], opening: Item | None, places: Places) -> list[Claim]:
    """What the systems in use print beside their comments: likes, signatures, "7 more replies"."""
    items = [parts.item for parts in kept] + ([opening] if opening is not None else [])
    claims: list[Claim] = []
    for system in {item.system.name: item.system for item in items}.values():
        for role, selector in system.roles.items():
            wide = role is not Role.COMMENT_META
            hits = (
                places.index.select(selector) if wide else places.own(selector, opening) if opening is not None else []
            )
            claims += [Claim(node, role, f"comments:{system.name}") for node in hits if node.first < node.last]
    return claims


def list_claims(kept: Sequence[Parts], reading: Reading, opening: Item | None) -> list[Claim]:
    """The element that holds all comments, where it holds little else: what stands between them."""
    if not kept:
        return []
    document = reading.document
    first, last = kept[0].item, kept[-1].item
    holder = first.node.parent
    while holder is not None and not (holder.index < first.start and last.end <= holder.end):
        holder = holder.parent
    if holder is None or holder.tag in _WIDE or (opening is not None and holder.holds(opening.node)):
        return []
    around = _length(document, holder) - sum(
        _length(document, node) for parts in kept if parts.item.around is None for node in parts.item.nodes
    )
    return [Claim(holder, Role.COMMENT_META, "comments:list")] if around <= _LIST_SLACK else []


def _length(document: Document, node: Node) -> int:
    return sum(len(piece.text) for piece in document.pieces[node.first : node.last])
