"""Filters of requests, checked and read as trees."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast, get_args

from app.db import fields, filters
from app.db.filters import AllOf, AnyOf, Condition, FieldKind, Filter, Not, Operator, Value
from app.errors import InvalidInputError
from ingestion.sniff import media_type_of_suffix

MAX_DEPTH = 8
MAX_CONDITIONS = 64
MAX_VALUES = 256
MAX_VALUE_CHARS = 1_000

OPERATORS: tuple[str, ...] = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "exists", "contains")
_SIGNS = {"=": "eq", "!=": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "~": "contains"}
_WORDS = re.compile(r"([^\s=!<>~]+)\s*(=|!=|>=|<=|>|<|~)\s*(.+)", re.DOTALL)
_ORDER = frozenset(("gt", "gte", "lt", "lte"))


def filter_of(raw: Any) -> Filter:
    """A filter of a request: `{field: {operator: value}}`, `and`, `or` and `not`; several at one place hold together.

    Raises:
        InvalidInputError: An operator or value is none, or the filter is too large.
    """
    read = _Reader()
    found = read.group(raw, 0)
    if read.conditions == 0:
        _refuse("The filter holds no condition.")
    return found


def filter_from_words(conditions: Sequence[str]) -> dict[str, Any] | None:
    """A filter from conditions such as `team=docs`, `year>=2024`, `name~port`, or JSON; None from none.

    A value is read as JSON where it can be (numbers, true, lists of `=`), else it is text.

    Raises:
        InvalidInputError: A condition has no operator, or is JSON that can't be read.
    """
    read = [_from_words(text.strip()) for text in conditions]
    return {"and": read} if read else None


def _from_words(text: str) -> Any:
    if text.startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            _refuse(f"{_shown(text)} is no JSON.")
    parts = _WORDS.fullmatch(text)
    if parts is None:
        _refuse(f"{_shown(text)} compares nothing: write a field, one of = != > >= < <= ~, and a value.")
    name, sign, value = parts.groups()
    try:
        read = value if sign == "~" else json.loads(value)
    except ValueError:
        read = value
    return {name: {_SIGNS[sign] if not isinstance(read, list) else "in": read}}


class _Reader:
    """One pass over a filter, which counts its conditions."""

    def __init__(self) -> None:
        self.conditions = 0

    def group(self, raw: Any, depth: int) -> Filter:
        """All entries of an object together."""
        if not isinstance(raw, Mapping):
            _refuse(f"A filter is an object, not {_shown(raw)}.")
        if depth > MAX_DEPTH:
            _refuse(f"The filter is nested deeper than {MAX_DEPTH} levels.")
        parts = [self._entry(name, value, depth) for name, value in raw.items()]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _entry(self, name: str, value: Any, depth: int) -> Filter:
        match name:
            case "and" | "or":
                if not isinstance(value, list) or not value:
                    _refuse(f"`{name}` takes a list of filters, not {_shown(value)}.")
                parts = tuple(self.group(part, depth + 1) for part in value)
                return AllOf(parts) if name == "and" else AnyOf(parts)
            case "not":
                return Not(self.group(value, depth + 1))
            case _:
                return self._field(name, value)

    def _field(self, name: str, tests: Any) -> Filter:
        if name.startswith("document.") and name not in filters.OWN_FIELDS:
            _refuse(f"There is no field {_shown(name)}; documents have {', '.join(filters.OWN_FIELDS)}.")
        if not isinstance(tests, Mapping):
            tests = {"in" if isinstance(tests, list) else "eq": tests}
        if not tests:
            _refuse(f"The field {_shown(name)} is compared with nothing.")
        parts = [self._test(name, operator, value) for operator, value in tests.items()]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _test(self, name: str, operator: str, value: Any) -> Filter:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            _refuse(f"The filter has more than {MAX_CONDITIONS} conditions.")
        if operator not in OPERATORS:
            _refuse(f"There is no operator {_shown(operator)}; there are {', '.join(OPERATORS)}.")
        if operator == "exists":
            if not isinstance(value, bool):
                _refuse(f"`exists` takes true or false, not {_shown(value)}.")
            there = Condition(name, "exists", (True,))
            return there if value else Not(there)
        if operator == "in" and (not isinstance(value, list) or not 0 < len(value) <= MAX_VALUES):
            _refuse(f"`in` takes a list of 1 to {MAX_VALUES} values, not {_shown(value)}.")
        given = value if operator == "in" else [value]
        values = tuple(_value(name, operator, one) for one in given)
        if operator == "ne":
            return Not(Condition(name, "eq", values))
        return Condition(name, cast("Operator", operator), values)


def _value(name: str, operator: str, value: Any) -> Value:
    if (
        not isinstance(value, str | bool | int | float)
        or value != value
        or value in {float("inf"), float("-inf")}
    ):
        _refuse(f"`{operator}` can't compare {_shown(name)} with {_shown(value)}.")
    if isinstance(value, str) and len(value) > MAX_VALUE_CHARS:
        _refuse(f"A value has {len(value):,} characters; {MAX_VALUE_CHARS:,} are allowed.")
    if operator == "contains":
        if not isinstance(value, str) or not value:
            _refuse(f"`contains` takes a text, not {_shown(value)}.")
        return value
    moment = fields.moment_of(value) if isinstance(value, str) else None
    kind: FieldKind = "number"
    if isinstance(value, str):
        kind = "text" if moment is None else "date"
    if operator in _ORDER and (kind == "text" or isinstance(value, bool)):
        _refuse(f"`{operator}` takes a number or a date such as 2026-01-31, not {_shown(value)}.")
    own = filters.OWN_FIELDS.get(name)
    if own is not None:
        if own.kind == "text" and isinstance(value, str) and operator not in _ORDER:
            return media_type_of_suffix(value) or value if name == "document.type" else value
        if own.kind != kind or isinstance(value, bool) or own.kind == "text":
            _refuse(
                f"{_shown(name)} is a {own.kind}, and can't be compared by `{operator}` with {_shown(value)}."
            )
    return value if moment is None else moment


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:80] + "…"


def _refuse(message: str) -> NoReturn:
    raise InvalidInputError(
        "bad_filter",
        message,
        'Write conditions such as {"team": {"eq": "docs"}, "year": {"gte": 2024}}, joined by and, or, not.',
    )


assert set(OPERATORS) == set(get_args(Operator)) | {"ne"}
