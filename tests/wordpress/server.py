"""WordPress and its database, on loopback, for as long as a block runs. Neither needs an init system."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parent / "php"
#: Where the distribution's packages put it.
PACKAGED = Path("/usr/share/wordpress")
THEME = PACKAGED / "wp-content" / "themes" / "twentytwentyone"
#: Some shells do not look where servers lie.
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
#: Nothing here outlives the tests: what makes a database lasting only costs time.
DATABASE = (
    "--no-defaults",
    "--skip-networking",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    "--performance-schema=OFF",
)
PHP = ("-d", "display_errors=stderr", "-d", "sendmail_path=true", "-d", "memory_limit=256M")


@dataclass(frozen=True)
class WordPress:
    url: str
    environment: Mapping[str, str]

    def php(self, script: str, *words: str) -> Any:
        """What a script of php/ answers."""
        ended = subprocess.run(
            ["php", *PHP, SCRIPTS / f"{script}.php", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"{script} {' '.join(words)}: {ended.stdout}{ended.stderr}")
        return json.loads(ended.stdout)


def missing() -> list[str]:
    """The packages without which there is no WordPress here."""
    modules = subprocess.check_output(["php", "-m"]).split() if _program("php") else []
    lacks = {
        "wordpress": not (PACKAGED / "wp-settings.php").is_file(),
        "wordpress-theme-twentytwentyone": not THEME.is_dir(),
        "mariadb-server-core": not (_program("mariadbd") and _program("mariadb-install-db")),
        "php-cli": not _program("php"),
        "php-mysql": b"mysqli" not in modules,
        "php-xml": b"SimpleXML" not in modules,
    }
    return [package for package, is_missing in lacks.items() if is_missing]


@contextmanager
def served() -> Iterator[WordPress]:
    """An empty site at an address of its own. A folder of a short name: a socket's path may have 107 bytes."""
    with (
        tempfile.TemporaryDirectory(prefix="wordpress-", ignore_cleanup_errors=True) as folder,
        _database(Path(folder)),
        _web(Path(folder)) as site,
    ):
        site.php("install")
        yield site


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    files, begin = folder / "database", folder / "begin.sql"
    owner = ["--user=root"] if os.geteuid() == 0 else []
    place = [f"--datadir={files}", *owner]
    made = [_program("mariadb-install-db"), "--no-defaults", "--auth-root-authentication-method=normal", *place]
    _checked([*made, "--skip-test-db"])
    begin.write_text("CREATE DATABASE wordpress CHARACTER SET utf8mb4;\n")
    said = [
        *DATABASE,
        *place,
        f"--socket={_socket(folder)}",
        f"--pid-file={folder}/database.pid",
        f"--init-file={begin}",
    ]
    with _running([_program("mariadbd"), *said], folder / "database.log", _socket(folder).exists):
        yield


@contextmanager
def _web(folder: Path) -> Iterator[WordPress]:
    """With a few workers, as the site may have to ask itself."""
    pages = folder / "wordpress"
    # Its own settings are left out, and so is what the distribution links to and has not installed.
    shutil.copytree(
        PACKAGED, pages, ignore=shutil.ignore_patterns(".htaccess", "wp-config.php"), ignore_dangling_symlinks=True
    )
    shutil.copy(SCRIPTS / "wp-config.php", pages)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "WORDPRESS_FOLDER": str(pages),
        "WORDPRESS_SOCKET": str(_socket(folder)),
        "WORDPRESS_URL": url,
        "PHP_CLI_SERVER_WORKERS": "3",
    }
    words = ["php", *PHP, "-S", f"127.0.0.1:{port}", "-t", str(pages), str(SCRIPTS / "router.php")]
    with _running(words, folder / "web.log", lambda: _answers(port), environment):
        yield WordPress(url, environment)


@contextmanager
def _running(
    words: Sequence[str], log: Path, is_ready: Callable[[], bool], environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A server with all its processes: PHP's workers outlive the one that started them."""
    with log.open("wb") as said:
        server = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment, start_new_session=True
        )
    try:
        end = time.monotonic() + 60
        while not is_ready():
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{words[0]} does not run: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def _checked(words: Sequence[str]) -> None:
    ended = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    if ended.returncode:
        raise RuntimeError(f"{words[0]}: {ended.stdout[-1000:]}{ended.stderr[-1000:]}")


def _program(name: str) -> str:
    return shutil.which(name, path=PLACES) or ""


def _socket(folder: Path) -> Path:
    return folder / "database.sock"


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
    return port
