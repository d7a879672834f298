"""Further pages of a thread, read as any page is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from archiver.extraction.comments import comments
from archiver.extraction.comments.threads import said_again
from archiver.extraction.elsewhere.source import Ask, Told
from archiver.extraction.reading import Reading
from archiver.page import Page

#: Pages of one thread.
MOST_PAGES: Final = 500


def read_page(
    ask: Ask, answer: Page, thread_of: Callable[[str], object], linked: Callable[[Reading], Iterable[Ask]]
) -> Told | None:
    """The comments of a page, and the pages after it; None for one that a redirect led to in another thread's place."""
    if answer.media_type != "text/html" or thread_of(answer.url or ask.url) != thread_of(ask.url):
        return None
    reading = Reading(answer)
    found = said_again(comments(reading).comments)
    return Told(found, tuple(one for one in linked(reading) if one.at > ask.at)) if found else None
