"""The operator's settings: flags over environment over file.

A key that nobody reads is refused wherever it stands, since a typo that is silently ignored
crawls with the wrong settings for months. ``-s`` is Scrapy's own and comes on top
(:func:`from_settings` judges it).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from archiver.crawl.frontier import Form

if TYPE_CHECKING:  # commands that crawl nothing judge settings too, and load no Scrapy
    from scrapy.settings import BaseSettings

PREFIX = "ARCHIVER_"
FILE = "archiver.toml"
#: These name no setting: the first tells where the file is, the second is the crawl command's own.
_NAMES_A_FILE = "ARCHIVER_CONFIG"
RUN_ID = "ARCHIVER_RUN_ID"


class ConfigError(Exception):
    """A setting is wrong; the message names where it stands, the key and the fault."""


class NoArchive(StrEnum):
    """What becomes of a page that asks not to be archived."""

    KEEP = "keep"
    RECORD = "record"


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator may set; docs/cli.md describes each."""

    data: Annotated[str, Meta(min_length=1)] = "data"
    contact: Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f()]*$")] = ""
    frontier: Form = Form.SQLITE
    delay: Annotated[float, Meta(ge=0)] = 1.0
    comments: bool = True
    allow_private_hosts: bool = False
    warc_size: Annotated[int, Meta(ge=1)] = 1_000_000_000
    conversions: bool = True
    deduplicate: bool = True
    noarchive: NoArchive = NoArchive.KEEP
    keep_credentials: bool = False
    time_limit: Annotated[float, Meta(ge=0)] = 0.0
    page_limit: Annotated[int, Meta(ge=0)] = 0
    size_limit: Annotated[float, Meta(ge=0)] = 0.0
    disk_budget: Annotated[float, Meta(ge=0)] = 0.0
    log_size: Annotated[int, Meta(ge=1)] = 100_000_000
    keep_logs: Annotated[float, Meta(ge=0)] = 90.0
    keep_manifests: Annotated[float, Meta(ge=0)] = 0.0
    metrics: str = ""
    ping: Annotated[str, Meta(pattern=r"^(https?://[^\s/]+(/\S*)?)?$")] = ""
    gate: Annotated[float, Meta(ge=0, le=1)] = 0.5
    revisit_share: Annotated[float, Meta(ge=0)] = 0.1
    revisit_shortest: Annotated[float, Meta(ge=0, le=100_000)] = 0.9
    revisit_longest: Annotated[float, Meta(ge=0, le=100_000)] = 180.0


class Setting(NamedTuple):
    """A setting in force, and who set it."""

    name: str
    value: Any
    origin: str


def effective(environ: Mapping[str, str], folder: Path, flags: Mapping[str, str]) -> tuple[list[Setting], list[str]]:
    """Every setting with where it comes from, and every fault: for whoever asks before anything runs."""
    origins = dict.fromkeys(_known(), "default")
    values: dict[str, Any] = {}
    faults: list[str] = []
    path = _file(environ, folder)
    try:
        in_file = _read(path) if path else {}
    except ConfigError as error:
        in_file, faults = {}, [str(error)]
    in_environment = _prefixed({name: value for name, value in environ.items() if name != _NAMES_A_FILE})
    for where, said in ((str(path), in_file), ("the environment", in_environment), ("-s", _prefixed(flags))):
        for name, value in said.items():
            try:
                _judge({name: value}, where)
            except ConfigError as error:
                faults.append(str(error))
            else:
                values[name], origins[name] = value, where
    config = _judge(values, "the settings")
    return [Setting(name, getattr(config, name), origins[name]) for name in _known()], faults


def load(environ: Mapping[str, str], folder: Path) -> Config:
    """The file's settings with the environment's over them."""
    path = _file(environ, folder)
    in_file = _read(path) if path else {}
    _judge(in_file, str(path))
    in_environment = _prefixed({name: value for name, value in environ.items() if name != _NAMES_A_FILE})
    _judge(in_environment, "the environment")
    return _judge({**in_file, **in_environment}, "the settings")


def from_settings(settings: BaseSettings) -> Config:
    """The settings in force, ``-s`` included."""
    return _judge(_prefixed({name: settings[name] for name in settings if name != RUN_ID}), "-s")


def to_settings(config: Config) -> dict[str, Any]:
    """The names and values by which Scrapy's components see them."""
    return {PREFIX + name.upper(): value for name, value in msgspec.to_builtins(config).items()}


def data_folder(settings: BaseSettings) -> Path:
    """Where everything is written; a relative path counts from the working folder."""
    return Path(from_settings(settings).data)


def _file(environ: Mapping[str, str], folder: Path) -> Path | None:
    named = environ.get(_NAMES_A_FILE)
    if named:
        return folder / named
    beside = folder / FILE
    return beside if beside.is_file() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _prefixed(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(PREFIX).lower(): value for name, value in settings.items() if str(name).startswith(PREFIX)
    }


def _judge(values: Mapping[str, Any], where: str) -> Config:
    for name in values:
        if name not in _known():
            raise ConfigError(f"{where}: there is no setting {name!r}; {_instead(name)}")
    config = Config()
    for name, value in values.items():
        try:
            config = msgspec.convert({**msgspec.to_builtins(config), name: value}, Config, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{where}: {name} = {value!r}: {_fault(error, name)}") from error
    return config


def _known() -> list[str]:
    return [field.name for field in msgspec.structs.fields(Config)]


def _instead(name: str) -> str:
    """What may have been meant."""
    near = get_close_matches(name, _known(), n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_known())}"


def _fault(error: msgspec.ValidationError, name: str) -> str:
    usual = getattr(Config(), name)
    if isinstance(usual, StrEnum):
        return f"there is {', '.join(type(usual))}"
    return str(error).partition(" - at ")[0]
