"""Records as JSON Lines, written and read back side by side, so that they cannot drift apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from archiver.record import SCHEMA_VERSION, Review
from archiver.store.history import instant
from archiver.warc.growing import OPEN, Finished, GrowingFile, finish

if TYPE_CHECKING:
    import pandas as pd

_SUFFIX: Final = ".jsonl"

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Review)


def encode(review: Review) -> bytes:
    """The line of a record, with its line end: UTF-8 without NUL and lone surrogates."""
    try:
        line = _encoder.encode(review)
    except UnicodeEncodeError:
        return _encoder.encode(_clean(review.to_dict())) + b"\n"
    return (line if b"\\u0000" not in line else _encoder.encode(_clean(review.to_dict()))) + b"\n"


def decode(line: bytes) -> Review:
    """The record of a line, in this version of the schema or an older one. ValueError where it holds none."""
    try:
        return _decoder.decode(line)
    except msgspec.MsgspecError as error:
        version = _version(line)
        if version is not None and version > int(SCHEMA_VERSION):
            raise ValueError(f"it is of schema version {version}, and this program knows {SCHEMA_VERSION}") from error
        raise ValueError(str(error)) from error


class LineWriter:
    """A new file of records. OSErrors leave in it what was written before, whole lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = GrowingFile(path)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.size

    def write(self, review: Review) -> None:
        self._file.append(encode(review))

    def sync(self) -> None:
        """Everything written so far outlasts a power cut."""
        self._file.sync()

    def close(self) -> None:
        """Give the file its final name. A second call does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Reviews(Iterable[Review]):
    """The records of some files; each iteration reads them anew, a line at a time."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = paths

    def __iter__(self) -> Iterator[Review]:
        return chain.from_iterable(map(_read, self.paths))

    def newest(self) -> Reviews:
        """Of each page (`record_id`) the record of the last visit alone, whatever the page was by then, in the
        order of the files. To know which it is all of them are read once; some 200 bytes a page are held."""
        return _Newest(self.paths)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Flat tables `reviews`, `comments`, `segments` and `captures`. ImportError where pandas is not installed."""
        from archiver.store.tables import frames

        return frames(self)


class _Newest(Reviews):
    def __iter__(self) -> Iterator[Review]:
        last: dict[str, tuple[str, int]] = {}
        for number, review in enumerate(super().__iter__()):
            last[review.record_id] = max(last.get(review.record_id, ("", -1)), (instant(review) or "", number))
        chosen = {number for _, number in last.values()}
        return (review for number, review in enumerate(super().__iter__()) if number in chosen)


def load(paths: Path | str | Iterable[Path | str]) -> Reviews:
    """The records of files and folders; of a folder every `*.jsonl` below it, and those still being written.

    A last line that is not finished is left out. FileNotFoundError for a path that is not
    there; while iterating, ValueError names the line that holds no record.
    """
    given = [paths] if isinstance(paths, (str, Path)) else paths
    return Reviews(tuple(chain.from_iterable(_files(Path(path)) for path in given)))


def repair(folder: Path) -> list[Finished]:
    """Complete every file of records below a folder that a dead run left open."""
    left = sorted(folder.rglob(f"*{_SUFFIX}{OPEN}"))
    return [finished for path in left if (finished := finish(path, whole)) is not None]


def whole(path: Path) -> int:
    """Bytes from the start of a file that are whole lines of JSON."""
    end = 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n") or not _is_json(line):
                break
            end += len(line)
    return end


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        path.stat()
        yield path
        return
    yield from sorted(p for p in path.rglob("*") if p.name.endswith((_SUFFIX, f"{_SUFFIX}{OPEN}")) and p.is_file())


def _read(path: Path) -> Iterator[Review]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isspace():
                continue
            try:
                review = decode(line)
            except ValueError as error:
                if not line.endswith(b"\n"):
                    return
                raise ValueError(f"{path}, line {number}: {error}") from error
            yield review


def _version(line: bytes) -> int | None:
    try:
        said = msgspec.json.decode(line)
        return int(said["schema_version"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return None


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _clean(value: Any) -> Any:
    """The same without NUL, and with U+FFFD for lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(one) for name, one in value.items()}
    return value
