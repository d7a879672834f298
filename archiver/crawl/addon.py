"""What follows from the operator's settings, worked out once ``-s`` is known too."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from archiver.crawl import config

if TYPE_CHECKING:  # commands that crawl nothing ask for the program's name too, and load no Scrapy
    from scrapy.settings import BaseSettings

#: Used in a checkout that was never installed.
_UNRELEASED = "0"
#: Seconds. Without any delay Scrapy lets all of a host's waiting requests set out at once, however few it may.
SHORTEST_DELAY = 0.001


class Archiver:
    """Sets at add-on priority: a Scrapy setting of the same name, given by the user, wins."""

    def update_settings(self, settings: BaseSettings) -> None:
        judged = config.from_settings(settings)
        settings.set("DOWNLOAD_DELAY", max(judged.delay, SHORTEST_DELAY), "addon")
        settings.set("USER_AGENT", user_agent(judged.contact), "addon")


def user_agent(contact: str) -> str:
    """Who asks, and where the people whose pages are read can complain."""
    name = software()
    return f"{name} ({contact})" if contact else name


@cache
def software() -> str:
    """Name and version, as warcinfo records and user agents give them."""
    try:
        number = version("review-archiver")
    except PackageNotFoundError:
        number = _UNRELEASED
    return f"review-archiver/{number}"
