"""Opens a frontier in the form that the operator wants. Nobody else knows which it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from archiver.crawl.database import FILE
from archiver.crawl.frontier import Form, Frontier
from archiver.crawl.frontier.sqlite import SqliteFrontier


def frontier(form: Form, data: Path, *, job: str, worker: str) -> Frontier:
    """The requests of ``job`` for the run named ``worker``. OSError where it cannot be opened."""
    return _FORMS[form](data, job, worker)


def _in_the_data_folder(data: Path, job: str, worker: str) -> Frontier:
    return SqliteFrontier(data / FILE, job=job, worker=worker)


_FORMS: Final[Mapping[Form, Callable[[Path, str, str], Frontier]]] = {Form.SQLITE: _in_the_data_folder}
