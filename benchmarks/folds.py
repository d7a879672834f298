"""Labellers that have not seen the site they are asked about.

The labeller that is shipped was fitted to the labelled pages, so this project's own quality is
measured with others: one for each fold of the sites, trained as the shipped one is on the pages
of all the other folds. Training takes minutes; the models are kept in a folder and used again
as long as nothing changed that they depend on.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import msgspec

import archiver
from archiver.extraction.model import Labeller, Model
from benchmarks.gold import fold_of

FOLDS = 5


def train_folds(data: Path, kept: Path) -> list[Path]:
    """The models' files, the i-th for the sites of fold i; trained where they are not kept already."""
    files = [kept / f"{_digest(data)}-fold-{fold}-of-{FOLDS}.json" for fold in range(FOLDS)]
    if all(file.exists() for file in files):
        return files
    from benchmarks import model

    kept.mkdir(parents=True, exist_ok=True)
    pages = model.examples(data)
    for fold, file in enumerate(files):
        if not file.exists():
            part = file.with_suffix(".part")
            model.write([page for page in pages if fold_of(page.site, FOLDS) != fold], part)
            part.rename(file)
    return files


@cache
def labeller_of(file: Path) -> Labeller:
    return Labeller(msgspec.json.decode(file.read_bytes(), type=Model))


def _digest(data: Path) -> str:
    """Over all that a model is made from: the code and rules of extraction, the trainer, the labelled pages."""
    sums = hashlib.sha256()
    package, here = Path(archiver.__file__).parent, Path(__file__).parent
    rooms = (*(package / "extraction").rglob("*.py"), *(package / "rules").rglob("*.toml"))
    doors = (package / "document.py", package / "page.py", package / "encoding.py")
    for source in sorted([*rooms, *doors, here / "model.py", here / "gold.py"]):
        sums.update(source.name.encode() + b"\0" + source.read_bytes())
    for labelled in sorted([*data.glob("*.tar.xz"), *data.glob("*/gold.jsonl")]):
        sums.update(f"{labelled.name} {labelled.stat().st_size}".encode())
    return sums.hexdigest()[:12]
