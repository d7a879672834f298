"""What a site says about the use of a page: robots directives, TDM reservation, licence. Recorded
as seen; what follows from it is for the crawl's settings and the archive's readers to decide."""

from __future__ import annotations

from typing import Final

from archiver.extraction.reading import Reading
from archiver.extraction.select import rule
from archiver.record import Rights

_LICENSE: Final = rule('link[rel~="license"], a[rel~="license"]')


def rights(reading: Reading) -> Rights:
    """The directives of headers and meta elements (robots; TDMRep's tdm-reservation; rel=license)."""
    page = reading.page
    header = ", ".join(value.strip() for name, value in page.headers if name.lower() == "x-robots-tag") or None
    meta = reading.meta
    written = ", ".join(meta.get("robots", ())) or None
    directives = {word.strip().lower() for said in (header, written) if said for word in said.split(",")}
    reserved = page.header("tdm-reservation") or next(iter(meta.get("tdm-reservation", ())), None)
    licensed = reading.index.first(_LICENSE)
    none = "none" in directives
    return Rights(
        x_robots_tag=header,
        meta_robots=written,
        noarchive="noarchive" in directives,
        nofollow=none or "nofollow" in directives,
        noindex=none or "noindex" in directives,
        tdm_reservation=None if reserved is None else reserved.strip() == "1",
        license=reading.absolute(licensed.get("href")) if licensed is not None else None,
    )
