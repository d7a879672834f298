"""``archiver crawl``: Scrapy's ``crawl`` of this project, from any folder."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

HELP = "archive pages of the web"
EXAMPLES = """examples:
  archiver crawl reviews -a url=https://example.org/a-review
  archiver crawl reviews -a urls=pages.txt -s ARCHIVER_DATA=/srv/reviews
  archiver crawl site -s ARCHIVER_CONTACT=me@example.org -a url=https://example.org/ -a pages=200
"""


def main(words: Sequence[str]) -> int:
    """Does what ``scrapy crawl`` does in a checkout. Scrapy is loaded here, and by no other command."""
    os.environ["SCRAPY_SETTINGS_MODULE"] = "archiver.crawl.settings"
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.exceptions import UsageError
    from scrapy.utils.project import get_project_settings

    from archiver.crawl.commands.crawl import Command

    command = Command()
    command.settings = get_project_settings()
    parser = argparse.ArgumentParser(
        prog="archiver crawl",
        usage="archiver crawl [options] reviews|site -a NAME=VALUE",
        description=command.long_desc(),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_options(parser)
    parser.add_argument("spider", nargs="*", help="which spider")
    options = parser.parse_intermixed_args(words)
    try:
        command.process_options(options.spider, options)
        command.crawler_process = AsyncCrawlerProcess(command.settings)
        command.run(options.spider, options)
    except UsageError as error:
        parser.error(str(error))
    return command.exitcode
