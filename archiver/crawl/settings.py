"""Scrapy's settings for this project, named by scrapy.cfg. Read before everything else.

What an operator sets (archiver.toml, the environment) stands here too, at project priority, so
that ``-s`` comes over it. What follows from it is worked out in :mod:`archiver.crawl.addon`,
once all of it is known.
"""

import os
import sys
from pathlib import Path

import archiver
from archiver.crawl import config as _config

# The wheel carries both folders within `archiver`; in a checkout they lie beside it, under
# these names alone, wherever the command is started.
_BESIDE = Path(archiver.__file__).resolve().parent.parent
_IN_CHECKOUT = (_BESIDE / "scrapy.cfg").is_file() and (_BESIDE / "spiders" / "__init__.py").is_file()
if _IN_CHECKOUT and str(_BESIDE) not in sys.path:
    sys.path.append(str(_BESIDE))
_HOME = "" if _IN_CHECKOUT else "archiver."

BOT_NAME = "review-archiver"
SPIDER_MODULES = [f"{_HOME}spiders"]
COMMANDS_MODULE = "archiver.crawl.commands"
ADDONS = {"archiver.crawl.addon.Archiver": 0}
EXTENSIONS = {
    "archiver.crawl.recorder.Recorder": 0,
    "archiver.crawl.logs.Logs": 5,
    "archiver.crawl.faults.Faults": 10,
    "archiver.crawl.limits.Limits": 20,
    "archiver.crawl.progress.Progress": 30,
}
ITEM_PIPELINES = {f"{_HOME}pipelines.lines.Lines": 500, f"{_HOME}pipelines.conversions.Conversions": 600}

# Every answer, error or not, comes to the spider and becomes a record; what is followed is
# decided by the page's state. Ours stand where Scrapy's stood.
DOWNLOADER_MIDDLEWARES = {
    "archiver.crawl.answers.Final": 10,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "archiver.crawl.manners.Robots": 100,
    "archiver.crawl.credentials.Credentials": 300,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "archiver.crawl.answers.Retries": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "archiver.crawl.answers.Decompression": 590,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "archiver.crawl.answers.Redirects": 600,
    "archiver.crawl.manners.Manners": 950,
}
SPIDER_MIDDLEWARES = {"archiver.crawl.visits.known.Known": 50, "archiver.crawl.credentials.Bare": 900}
HTTPERROR_ALLOW_ALL = True
METAREFRESH_ENABLED = False
URLLENGTH_LIMIT = 0  # a long address that was asked for is not dropped in silence

# The wire is read, and nothing but the web is reached.
DOWNLOAD_HANDLERS = {
    "http": "archiver.crawl.tap.TapHandler",
    "https": "archiver.crawl.tap.TapHandler",
    "file": None,
    "ftp": None,
    "s3": None,
    "data": None,
}
TWISTED_DNS_RESOLVER = "archiver.crawl.guard.GuardedResolver"
HTTPPROXY_ENABLED = False  # behind a proxy the guard would see the proxy's address alone
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
    "Accept-Encoding": "gzip, deflate",  # what every reader of WARC files can decode
}
REFERRER_POLICY = "same-origin"

# Scrapy's defaults suit a workbench; these suit a program that cron starts.
DOWNLOAD_MAXSIZE = 16 * 2**20  # bytes
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 60  # seconds for the whole of an answer, however it drips
DOWNLOAD_VERIFY_CERTIFICATES = True
ROBOTSTXT_OBEY = True
CONCURRENT_REQUESTS = 64  # of all hosts: those that drip must not keep the others waiting
CONCURRENT_REQUESTS_PER_DOMAIN = 1
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 64 * 2**20  # bytes; a page waits here for comments, which may drip as well
DOWNLOAD_DELAY_JITTER = 0  # it would halve the delay as often as it adds to it
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False  # it runs any Python that it is sent
LOG_LEVEL = "INFO"

# What waits outlasts the run; pages come in the order they were told, the newest of a site first.
SCHEDULER = "archiver.crawl.scheduler.Scheduler"

try:
    globals().update(_config.to_settings(_config.load(os.environ, Path.cwd())))
except _config.ConfigError as _error:
    # Scrapy imports this module before any command of ours runs; nobody else could say it plainly.
    print(f"archiver: {_error}", file=sys.stderr)
    raise SystemExit(2) from None
