"""The ``archiver`` command. Each command stands in a module of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

from archiver.cli import config, crawl, explain, export, extract, repair, schema, verify
from archiver.crawl.run import Exit, exit_for

#: Commands whose options are ours; ``crawl`` takes Scrapy's and reads them itself.
_OURS: Final[dict[str, ModuleType]] = {
    "extract": extract,
    "explain": explain,
    "export": export,
    "verify": verify,
    "repair": repair,
    "schema": schema,
    "config": config,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is one of docs/cli.md."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words[:1] == ["crawl"]:
            return crawl.main(words[1:])
        options = _parser().parse_args(words)
        code: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read us has read enough
        _write_no_more()
        return 0
    except OSError as error:
        if exit_for(error) is not Exit.DISK_FULL:
            raise
        _write_no_more()
        print(f"archiver: {error.filename or 'stdout'}: {error.strerror}", file=sys.stderr)
        return Exit.DISK_FULL
    except KeyboardInterrupt:
        return 130
    return code


def _write_no_more() -> None:
    """What is still in stdout's buffer goes nowhere when Python flushes it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="archiver",
        description="Scrapes and archives review pages, and reads what was archived.",
        epilog="archiver COMMAND --help shows the options of a command, with examples.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands.add_parser("crawl", help=crawl.HELP, add_help=False)
    for name, module in _OURS.items():
        shown = commands.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add(shown)
        shown.set_defaults(run=module.run, complain=shown.error)
    return parser
