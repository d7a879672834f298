"""``archiver config check``: the settings in force, who set each, and whether they will do."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver.crawl import config
from archiver.crawl.table import printable

HELP = "print the settings in force and where each comes from, and judge them"
EXAMPLES = """examples:
  archiver config check
  ARCHIVER_CONFIG=/etc/archiver.toml archiver config check
  archiver config check -s ARCHIVER_DELAY=2
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["check"], help="what to do with the settings")
    parser.add_argument("-s", "--set", action="append", default=[], metavar="NAME=VALUE", help="as for `crawl`")


def run(options: argparse.Namespace) -> int:
    """0; 2 where a crawl would be refused, with every fault on stderr."""
    flags = dict(_pair(said, options) for said in options.set)
    settings, faults = config.effective(os.environ, Path.cwd(), flags)
    values = {setting.name: setting.value for setting in settings}
    for name, value, origin in settings:
        print(printable(f"{name} = {json.dumps(value, ensure_ascii=False)}"), f"# {printable(origin)}", sep="  ")
    faults += _unusable(values)
    for fault in faults:
        print(f"archiver: {printable(fault)}", file=sys.stderr)
    if not values["contact"]:
        print("archiver: note: without `contact`, `site` asks public hosts for nothing", file=sys.stderr)
    return 2 if faults else 0


def _pair(said: str, options: argparse.Namespace) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    if not equals:
        options.complain("-s takes NAME=VALUE")
    return name, value


def _unusable(values: Mapping[str, Any]) -> Iterator[str]:
    """What is well written and still will not do."""
    data = Path(values["data"])
    for name, folder in (("data", data), ("metrics", Path(values["metrics"]).parent)):
        above = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            yield f"{name}: nothing can be written in {folder}"
    if Path(values["metrics"]).is_dir() and values["metrics"]:
        yield f"metrics: {values['metrics']} is a folder"
    from archiver.crawl import guard  # and Twisted with it

    host = urlsplit(values["ping"]).hostname or ""
    if values["ping"] and guard.is_own(host) and not values["allow_private_hosts"]:
        yield f"ping: {host} is a private host, and allow_private_hosts is off"
