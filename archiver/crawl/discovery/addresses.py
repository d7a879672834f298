"""Addresses: the one form in which a page is asked for, and what no page has."""

from __future__ import annotations

from collections import Counter
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from w3lib.url import url_query_cleaner

from archiver.crawl.discovery.rules import discovery
from archiver.extraction.identity import without_tracking

#: Characters of an address that is worth asking for; traps grow theirs without end.
LONGEST: Final = 2000
#: Segments of a path, and parameters of a query: pages have fewer.
MOST_SEGMENTS: Final = 16
MOST_PARAMETERS: Final = 12
#: How often one segment may stand in a path: /a/b/a/b/a/b/ is a link that is read against the wrong folder.
MOST_REPEATS: Final = 2


def folded(url: str) -> str:
    """The address without fragment, without what only says how a reader came, and not that of an AMP form.

    What the program takes for one page gets one record id, since that is made of the same rules; what
    only redirects or names its canonical address is known once it is fetched.
    """
    variants = discovery().variants
    url = without_tracking(url)
    names = [name for name, value in query_of(url) if value.lower() in variants.parameters.get(name.lower(), ())]
    if names:
        url = url_query_cleaner(url, names, remove=True, unique=False)
    path, mark, query = url.partition("?")
    ending = next((end for end in variants.path_endings if path.lower().endswith(end)), "")
    if ending and urlsplit(path).path.lower() not in (ending, f"{ending}/"):
        path = path[: -len(ending)] + ("/" if ending.endswith("/") else ".html" if ending.endswith(".html") else "")
    return path + mark + query


def trap(url: str) -> str | None:
    """Why an address is one of those that lead on without end, for people; None for all others."""
    if len(url) > LONGEST:
        return f"longer than {LONGEST} characters"
    segments = segments_of(url)
    if len(segments) > MOST_SEGMENTS:
        return f"more than {MOST_SEGMENTS} segments"
    segment, times = next(iter(Counter(segments).most_common(1)), ("", 0))
    if times > MOST_REPEATS:
        return f"{times} times {segment}"
    return f"more than {MOST_PARAMETERS} parameters" if len(query_of(url)) > MOST_PARAMETERS else None


def segments_of(url: str) -> list[str]:
    return [segment for segment in urlsplit(url).path.split("/") if segment]


def query_of(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return []
