"""Runs of the program that die or find no room, one after the other, each in a process of its own.

    python -m tests.crawl.forked < trials.json > outcomes.jsonl

What is dear to load is loaded once, and each trial is a fork of it. A trial is {"folder", "words",
"room", "kill"}: where it runs and what is typed after `archiver crawl`; the largest file it may
write, in bytes; and how many bytes of all it writes are written before it is killed, in the
middle of a write if it falls there. The outcome is the exit code, negative for a signal.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from importlib import import_module
from typing import Any

from archiver.cli import main as archiver
from archiver.crawl import recorder
from archiver.extraction import model

_write = os.pwrite


def main() -> None:
    model.labeller()
    import_module("archiver.crawl.commands.crawl")
    for trial in json.load(sys.stdin):
        child = os.fork()
        if not child:
            _try(trial)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _try(trial: dict[str, Any]) -> None:
    code = 1
    try:
        os.chdir(trial["folder"])
        with open("said.txt", "a") as said:  # noqa: PTH123
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        vars(recorder)["SYNC_EVERY"] = 0.02
        if trial.get("kill") is not None:
            os.pwrite = _deadly(trial["kill"])
        if trial.get("room") is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (trial["room"], resource.RLIM_INFINITY))
        code = archiver(["crawl", *trial["words"]])
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


def _deadly(left: int) -> Any:
    def write(fd: int, data: Any, offset: int) -> int:
        nonlocal left
        if len(data) > left:
            _write(fd, bytes(data)[:left], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        left -= len(data)
        return _write(fd, data, offset)

    return write


if __name__ == "__main__":
    main()
