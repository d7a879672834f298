"""A headless Chromium, driven through its debugging pipe: no driver, no port, and no host but loopback."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Final

#: Chromium reads commands from descriptor 3 and answers on 4.
_START: Final = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)
_OPTIONS: Final = (
    "--headless=new",
    "--no-sandbox",  # as root, in a container
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--window-size=1200,900",
    "--remote-debugging-pipe",
)


class Tab:
    """One page, and what went wrong on it."""

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands = commands
        self._answers = answers
        self._numbers = count(1)
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def open(self, url: str) -> None:
        self._ask("Page.navigate", url=url)

    def evaluate(self, script: str) -> Any:
        """The value of an expression; None where it failed, as it does while a page is being replaced."""
        return self._ask("Runtime.evaluate", expression=script, returnByValue=True).get("result", {}).get("value")

    def wait(self, script: str, seconds: float = 60) -> Any:
        """The value of an expression once it is something."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(script)):
            if time.monotonic() > end:
                raise TimeoutError(script)
            time.sleep(0.2)
        return value

    def picture(self) -> bytes:
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        said = {"id": number, "method": method, "params": parameters}
        if self._session:
            said["sessionId"] = self._session
        self._commands.write(json.dumps(said).encode() + b"\0")
        self._commands.flush()
        while (answer := self._read()).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _read(self) -> dict[str, Any]:
        text = bytearray()
        while (sign := self._answers.read(1)) != b"\0":
            if not sign:
                raise RuntimeError("Chromium is gone")
            text += sign
        answer: dict[str, Any] = json.loads(text)
        return answer


@contextmanager
def tab(program: str, profile: Path) -> Iterator[Tab]:
    commands_out, commands_in = map(_out_of_the_way, os.pipe())
    answers_out, answers_in = map(_out_of_the_way, os.pipe())
    words = [program, *_OPTIONS, f"--user-data-dir={profile}"]
    running = subprocess.Popen(
        [sys.executable, "-c", _START, str(commands_out), str(answers_in), *words],
        pass_fds=(commands_out, answers_in),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(commands_out)
    os.close(answers_in)
    try:
        with os.fdopen(commands_in, "wb") as commands, os.fdopen(answers_out, "rb") as answers:
            yield Tab(commands, answers)
    finally:
        running.terminate()
        running.wait()


def _out_of_the_way(descriptor: int) -> int:
    """The same under a number that is neither 3 nor 4."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
