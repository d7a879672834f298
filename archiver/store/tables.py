"""Records as four flat tables, whose columns and types come from the types of the record.

Flat, because a nested column's type is inferred from what happens to be in a file, and two
files then do not fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from archiver.record import Capture, Comment, Review, Segment

if TYPE_CHECKING:
    import pandas as pd

#: What each kind of value is kept as. Every one of them knows a missing value.
_TYPES: Final[dict[type, str]] = {str: "string", int: "Int64", float: "Float64", bool: "boolean"}

#: The tables besides `reviews`: the field of a record they come from, and the type of its members.
_TABLES: Final[dict[str, type[Struct]]] = {"comments": Comment, "segments": Segment, "captures": Capture}


def frames(reviews: Iterable[Review]) -> dict[str, pd.DataFrame]:
    """`reviews`, and `comments`, `segments` and `captures` with the `record_id` and `position` of each.

    What a record holds as an object stands in columns of its own (`rating_value`), lists of
    strings stand as lists, `ids` and `facts` as JSON.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("tables need pandas: pip install 'review-archiver[frames]'") from error

    rows: dict[str, list[dict[str, Any]]] = {"reviews": [], **{name: [] for name in _TABLES}}
    for review in reviews:
        rows["reviews"].append(dict(_flat(review)))
        for name in _TABLES:
            rows[name].extend(
                {"record_id": review.record_id, "position": position, **dict(_flat(one))}
                for position, one in enumerate(getattr(review, name))
            )
    kinds = {"reviews": dict(_columns(Review))}
    kinds |= {
        name: {"record_id": "string", "position": "Int64", **dict(_columns(kind))} for name, kind in _TABLES.items()
    }
    return {
        name: pd.DataFrame(
            {
                column: pd.Series([row.get(column) for row in rows[name]], dtype=dtype)
                for column, dtype in columns.items()
            }
        )
        for name, columns in kinds.items()
    }


def _columns(kind: type[Struct], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The columns of a type, and what each is kept as."""
    for name, hint in get_type_hints(kind).items():
        held = _held(hint)
        if _is_table(hint):
            continue
        if isinstance(held, type) and issubclass(held, Struct):
            yield from _columns(held, f"{prefix}{name}_")
        elif get_origin(held) is tuple:
            yield f"{prefix}{name}", "object"
        elif get_origin(held) is dict:
            yield f"{prefix}{name}", "string"
        else:
            yield f"{prefix}{name}", _TYPES[str if issubclass(held, StrEnum) else held]


def _flat(value: Struct, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The cells of a record; what is missing is left out."""
    for name in value.__struct_fields__:
        held = getattr(value, name)
        if isinstance(held, Struct):
            yield from _flat(held, f"{prefix}{name}_")
        elif isinstance(held, dict):
            yield f"{prefix}{name}", msgspec.json.encode(held).decode()
        elif isinstance(held, StrEnum):
            yield f"{prefix}{name}", held.value
        elif isinstance(held, tuple) and not any(isinstance(one, Struct) for one in held):
            yield f"{prefix}{name}", list(held)
        elif not isinstance(held, tuple):
            yield f"{prefix}{name}", held


def _held(hint: Any) -> Any:
    """The type without the None that may stand for it."""
    if get_origin(hint) in (Union, UnionType):
        [hint] = [one for one in get_args(hint) if one is not NoneType]
    return hint


def _is_table(hint: Any) -> bool:
    return get_origin(hint) is tuple and issubclass(get_args(hint)[0], Struct)
