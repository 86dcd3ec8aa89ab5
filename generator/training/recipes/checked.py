"""Recipe files read into their dataclasses: every name known, every value of its type."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from generator.errors import TrainingDataError

R = TypeVar("R")

FOLDER = Path(__file__).parent


def shipped(name: str) -> Path:
    """The file of a recipe that ships, as `reading` or `writing`."""
    return FOLDER / f"{name}.json"


def read_recipe(kind: type[R], path: Path) -> R:
    """The dataclass of a recipe file, all of its names and types checked.

    Args:
        kind: Its dataclass; names that the file leaves out have its defaults.
        path: JSON; `"like": "writing"` takes the values of `writing.json` beside it, except those given.

    Raises:
        TrainingDataError: The file can't be read, names what is not known, lacks a value or has one of another type.
    """
    return checked(kind, _values(path), str(path))


def _values(path: Path) -> Any:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingDataError(f"the recipe {path} can't be read: {error}") from error
    if isinstance(values, dict) and "like" in values:
        return _values(path.with_name(f"{values.pop('like')}.json")) | values
    return values


def checked(kind: type[R], values: object, where: str) -> R:
    """A dataclass of the values of a JSON object, nested ones and tuples of them included.

    Args:
        kind: A dataclass.
        values: As `json.loads` gives them.
        where: For the message.

    Raises:
        TrainingDataError: A name is not known, a value is missing or of another type.
    """
    if not isinstance(values, Mapping) or not is_dataclass(kind):
        raise TrainingDataError(f"{where} must be an object of names and values")
    known = {field.name: field for field in fields(kind)}
    if unknown := sorted(set(values) - known.keys()):
        raise TrainingDataError(
            f"{where} has {unknown[0]!r}, which is not known; known are {', '.join(known)}"
        )
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise TrainingDataError(f"{where} lacks {name!r}")
    types = get_type_hints(kind)
    return kind(**{name: _value(types[name], value, f"{where}: {name}") for name, value in values.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    """A value in the type of its field.

    Raises:
        TrainingDataError: It has another.
    """
    if get_origin(kind) is UnionType:
        if value is None and NoneType in get_args(kind):
            return None
        (kind,) = (part for part in get_args(kind) if part is not NoneType)
    if get_origin(kind) is tuple:
        return _items(get_args(kind), value, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return checked(kind, value, where)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise TrainingDataError(f"{where} must be of type {kind.__name__}, not {value!r}")
    return value


def _items(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    """The items of a list, each in its type.

    Raises:
        TrainingDataError: It is no list, or not as long as it must be.
    """
    if not isinstance(value, list):
        raise TrainingDataError(f"{where} must be a list, not {value!r}")
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise TrainingDataError(f"{where} must have {len(kinds)} items, not {len(value)}")
    return tuple(
        _value(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )
