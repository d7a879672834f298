"""``crawl``: Scrapy's command of that name, with exit codes that a cron job can trust.

Whatever is wrong with what was asked is said before anything starts: no file is written and
nothing is fetched.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.conf import arglist_to_dict
from twisted.logger import globalLogBeginner

from archiver.crawl import config, guard, housekeeping, lock, metrics
from archiver.crawl.database import FILE
from archiver.crawl.discovery.preview import Preview
from archiver.crawl.limits import MEGABYTE, size_of, spent
from archiver.crawl.ping import FAIL, START, SUCCESS, ping
from archiver.crawl.recorder import Recorder
from archiver.crawl.run import Exit, Run, exit_for
from archiver.crawl.table import printable, table
from archiver.store.layout import Layout, new_run_id

#: Settings under which a run leaves nothing behind but what it printed.
_UNNOTICED: Final = {
    "metrics": "",
    "ping": "",
    "comments": False,
    "conversions": False,
    "page_limit": 0,
    "size_limit": 0,
    "disk_budget": 0,
    "gate": 0,
}


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[options] <spider>"

    def short_desc(self) -> str:
        return "Archive pages with a spider of this project"

    def long_desc(self) -> str:
        return (
            "Archive pages. Spiders: `reviews` (given pages), `site` (what a site announces), `revisit` (known pages, "
            "when they are due). "
            "Example: crawl reviews -a url=https://example.org/a-review"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="an argument of the spider: url=ADDRESS, urls=FILE, pages=NUMBER, match=REGEX, exclude=REGEX",
        )
        parser.add_argument("--match", metavar="REGEX", help="site: only pages whose address matches (-a match=REGEX)")
        parser.add_argument(
            "--exclude", metavar="REGEX", help="site: no pages whose address matches (-a exclude=REGEX)"
        )
        parser.add_argument("--dry-run", action="store_true", help="site: list what would be fetched; keep nothing")
        parser.add_argument("--json", action="store_true", help="with --dry-run: one JSON object a line")
        parser.add_argument("--data", metavar="FOLDER", help="the folder everything is written to (ARCHIVER_DATA)")
        parser.add_argument("--table", action="store_true", help="print the closing table, terminal or not")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        if opts.data:
            self.settings.set("ARCHIVER_DATA", opts.data, "cmdline")
        try:
            spoken = arglist_to_dict(opts.spargs)
        except ValueError:
            raise UsageError("-a takes NAME=VALUE", print_help=False) from None
        for name in ("match", "exclude"):
            said = getattr(opts, name)
            if said is not None and spoken.setdefault(name, said) != said:
                raise UsageError(f"--{name} and -a {name}=… say different things", print_help=False)
        try:
            self._config = config.from_settings(self.settings)
        except config.ConfigError as error:
            raise UsageError(str(error), print_help=False) from None
        self._spider = self._judge(args)
        self._arguments = {"plan": self._spider.read_arguments(spoken), "spoken": spoken}
        self._introduce(getattr(self._arguments["plan"], "urls", ()))
        data = config.data_folder(self.settings)
        if self._spider.needs_archive and not _is_archive(data):
            _say(f"{data}: there is no archive")
            raise SystemExit(Exit.NO_ARCHIVE)
        self._lock = ExitStack()
        if opts.json and not opts.dry_run:
            raise UsageError("--json is for --dry-run", print_help=False)
        if opts.dry_run:
            self._prepare_preview(as_json=opts.json)
        self._prepare(Layout(data=config.data_folder(self.settings), run_id=new_run_id()))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002
        assert self.crawler_process is not None
        self._ping(START)
        crawler = self.crawler_process.create_crawler(self._spider)
        crawling = self.crawler_process.crawl(crawler, **self._arguments)
        self.crawler_process.start()
        self._finish(crawler, crawling, not opts.dry_run and (opts.table or sys.stdout.isatty()))
        if opts.dry_run:
            self._lock.close()

    def _judge(self, args: list[str]) -> Any:
        """The spider that was asked for."""
        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        names = ", ".join(sorted(loader.list()))
        if len(args) != 1:
            said = f", not {' '.join(args)!r}" if args else ""
            raise UsageError(f"crawl takes the name of one spider ({names}){said}", print_help=False)
        try:
            return loader.load(args[0])
        except KeyError:
            raise UsageError(f"there is no spider {args[0]!r}; there are {names}", print_help=False) from None

    def _introduce(self, urls: Iterable[str]) -> None:
        """Whoever visits others uninvited, page after page, says how to be reached."""
        hosts = (urlsplit(url).hostname or "" for url in urls)
        stranger = None if self._config.contact else next((host for host in hosts if not guard.is_own(host)), None)
        if stranger is None:
            return
        if self._spider.needs_contact:
            raise UsageError(
                f"{self._spider.name} needs ARCHIVER_CONTACT, an address for the people of {stranger}: "
                "it stands in the user agent",
                print_help=False,
            )
        _say(f"note: {stranger} is not told whom to write to; ARCHIVER_CONTACT would say it")

    def _prepare_preview(self, *, as_json: bool) -> None:
        """A run like any other, in a folder of its own that goes with it, and nobody is told of it."""
        assert self.settings is not None
        if not self._spider.can_preview:
            raise UsageError(f"--dry-run is for site, not for {self._spider.name}", print_help=False)
        folder = self._lock.enter_context(TemporaryDirectory(prefix="archiver-"))
        for name, value in {**_UNNOTICED, "data": folder}.items():
            self.settings.set(config.PREFIX + name.upper(), value, "cmdline")
        self._config = config.from_settings(self.settings)
        plan = self._arguments["plan"]
        self._arguments["preview"] = Preview(sys.stdout, as_json=as_json, most=plan.pages)

    def _prepare(self, layout: Layout) -> None:
        """Take the lock and give the run its name and its log."""
        assert self.settings is not None
        try:
            self._lock.enter_context(lock.held(layout.data, layout.run_id))
            layout.log().parent.mkdir(parents=True, exist_ok=True)
            housekeeping.tidy(
                layout.log().parent,
                keep_logs=self._config.keep_logs,
                keep_manifests=self._config.keep_manifests,
            )
            budget = self._config.disk_budget
            if budget and size_of(layout.data) >= budget * MEGABYTE:
                _say(spent(budget))
                raise SystemExit(Exit.DISK_FULL)
        except lock.HeldError as error:
            _say(str(error))
            raise SystemExit(Exit.LOCKED) from None
        except OSError as error:
            _say(f"{error.filename or layout.data}: {error.strerror}")
            raise SystemExit(exit_for(error)) from None
        _leave_stderr_alone()
        self.settings.set(config.RUN_ID, layout.run_id, "cmdline")
        if not self.settings["LOG_FILE"]:
            self.settings.set("LOG_FILE", str(layout.log()), "cmdline")
        self._log = None if "preview" in self._arguments else self.settings["LOG_FILE"]

    def _finish(self, crawler: Crawler, crawling: Any, show: bool) -> None:
        assert self.settings is not None
        failed = isinstance(crawling, asyncio.Future) and crawling.done() and crawling.exception()
        recorder = _recorder(crawler)
        if recorder is None:
            self.exitcode = exit_for(failed) if isinstance(failed, OSError) else Exit.CRASH
            self._ping(FAIL)
            _say(f"the crawl did not start: {failed or 'unknown cause'}", self._log)
            return
        if failed:
            recorder.run.broke(failed, "the crawl did not start")
        recorder.close()
        self.exitcode = recorder.run.exit_code
        self._tell(recorder.run)
        if show:
            sys.stdout.write(table(recorder.run))
        if self.exitcode:
            _say(recorder.run.cause or "failed", self._log)

    def _tell(self, run: Run) -> None:
        """Whoever watches: the manifest once more, since faults may come after it, the metrics, the ping."""
        path = Path(self._config.metrics) if self._config.metrics else run.layout.data / metrics.FILE
        try:
            run.write_manifest(over=True)
            metrics.write(path, run, self._spider.name)
        except OSError as error:
            run.broke(error, f"writing {error.filename or path}")
            self.exitcode = self.exitcode or run.exit_code
        self._ping(FAIL if self.exitcode else SUCCESS)

    def _ping(self, said: str) -> None:
        if self._config.ping:
            ping(self._config.ping, said, private=self._config.allow_private_hosts)


def _leave_stderr_alone() -> None:
    """It is for the cause of a failure: a full disk is not told for every line of the log, and what
    Twisted finds critical goes to the log alone, as Scrapy has arranged."""
    logging.raiseExceptions = False
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False, discardBuffer=True)


def _is_archive(data: Path) -> bool:
    return (data / FILE).is_file() or any(data.glob("*/*.jsonl*"))


def _recorder(crawler: Crawler) -> Recorder | None:
    try:
        return crawler.get_extension(Recorder)
    except RuntimeError:  # it ended before its extensions were made
        return None


def _say(cause: str, log: str | None = None) -> None:
    print(f"archiver: {printable(cause)}", *([f"  log: {log}"] if log else []), sep="\n", file=sys.stderr)
