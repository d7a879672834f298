"""Disqus: the embedded page, as every visitor's browser asks for it, with the thread's first part as data.

``https://disqus.com/embed/comments/?f=SHORTNAME&t_i=IDENTIFIER&t_u=ADDRESS`` holds
``disqus-threadData``: some fifty posts and the total. The rest is given only to who has a key: keys found in
other people's pages are not used, so a longer thread stays `partial`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final
from urllib.parse import urlencode

from archiver.extraction.comments.data import disqus_thread
from archiver.extraction.elsewhere.source import Ask, Told, widget
from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.page import Page
from archiver.record import Review

EMBED: Final = "https://disqus.com/embed/comments/"
_SCRIPTS: Final = rule("script")
#: In a script's address or text, and as older pages and the plugin for WordPress tell it.
_SHORTNAME: Final = re.compile(
    r"//([a-z0-9][a-z0-9-]{0,60})\.disqus\.com\\?/(?:embed|count)\.js"
    r"|disqus_?shortname[\"']?\s{0,5}[:=]\s{0,5}[\"']([a-z0-9-]{1,60})[\"']",
    re.I,
)


class Disqus:
    system: ClassVar[str] = "disqus"

    def asks(self, reading: Reading, review: Review) -> Iterator[Ask]:
        thread = widget(review, self.system)
        shortname = _shortname(reading) if thread is not None else None
        if thread is None or shortname is None:
            return
        address = thread.url or review.canonical_url or review.url
        asked = {"base": "default", "f": shortname, "t_i": thread.thread_id, "t_u": address}
        yield Ask(f"{EMBED}?{urlencode({name: said for name, said in asked.items() if said})}")

    def read(self, ask: Ask, answer: Page) -> Told | None:  # noqa: ARG002
        found = disqus_thread(Reading(answer)) if answer.media_type == "text/html" else None
        return Told(tuple(found.posts), declared=found.total, is_open=found.has_more) if found is not None else None


def _shortname(reading: Reading) -> str | None:
    for node in reading.index.select(_SCRIPTS):
        text = reading.document.data_islands.get(node.index, "")
        match = _SHORTNAME.search(node.get("src")) or (_SHORTNAME.search(text) if "isqus" in text else None)
        if match is not None:
            return (match[1] or match[2]).lower()
    return None
