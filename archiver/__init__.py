"""review-archiver: read review pages, live or from their archives.

>>> import archiver
>>> archiver.extract(b"<h1>Never Let Me Go</h1><p>I came to this film knowing nothing about it.</p>").page_state
<PageState.ARTICLE: 'article'>
"""

from archiver.extraction import extract
from archiver.page import Page
from archiver.record import Comment, Review
from archiver.store.lines import load

__all__ = ["Comment", "Page", "Review", "extract", "load"]
