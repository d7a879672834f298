"""``archiver schema``"""

from __future__ import annotations

import argparse
import json
import sys

HELP = "print the JSON Schema of a record"
EXAMPLES = """examples:
  archiver schema > review.schema.json
  archiver schema --manifest
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--manifest", action="store_true", help="the schema of a run's manifest instead")


def run(options: argparse.Namespace) -> int:
    json.dump(_schema(options.manifest), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    return 0


def _schema(manifest: bool) -> object:
    if manifest:
        from archiver.crawl.run import manifest_schema

        return manifest_schema()
    from archiver.record import json_schema

    return json_schema()
