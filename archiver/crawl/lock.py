"""One run at a time in a data folder. The lock goes with the process, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = ".lock"


class HeldError(Exception):
    """Another run holds the folder; the message names it."""


@contextmanager
def held(folder: Path, holder: str) -> Iterator[None]:
    """Hold a folder for as long as the block runs.

    The file stays when the lock goes: whoever removed it could remove the next holder's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise HeldError(f"{folder} is held by {file.read().strip() or 'another run'}") from None
        file.truncate(0)
        file.write(f"run {holder}, process {os.getpid()}\n")
        file.flush()
        yield
