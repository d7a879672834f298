"""A word to a service that watches cron jobs: begun, done, failed. Nothing it answers, or fails to, changes a run."""

from __future__ import annotations

import http.client
import logging
import socket
from typing import Final
from urllib.parse import urlsplit

from archiver.crawl.addon import software
from archiver.crawl.guard import is_public

logger = logging.getLogger(__name__)

START, SUCCESS, FAIL = "/start", "", "/fail"
#: Seconds; a run waits no longer for a service that hangs.
_PATIENCE: Final = 10


def ping(url: str, said: str, *, private: bool) -> None:
    """Ask for the address with what is said at its end, following nothing; a private host only if told to."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        address = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)[0][4][0]
        if not private and not is_public(str(address)):
            logger.warning("no ping: its host is at %s, which is no public address", address)
            return
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", port, timeout=_PATIENCE)
        query = f"?{parts.query}" if parts.query else ""
        try:
            connection.request(
                "GET", f"{parts.path.rstrip('/')}{said}{query}" or "/", headers={"User-Agent": software()}
            )
            status = connection.getresponse().status
        finally:
            connection.close()
        if status >= 300:
            logger.warning("the ping was answered with status %s", status)
    except (OSError, http.client.HTTPException, ValueError) as error:
        logger.warning("the ping failed: %s", error)
