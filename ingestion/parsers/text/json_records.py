"""JSON, JSON lines and JSON values one after another: each record a row, its values with their names."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from ingestion.canonical import NAME_CHARS, CanonicalWriter, short_name
from ingestion.config import ParsingLimits
from ingestion.encodings import Decoded, decode
from ingestion.errors import CorruptFileError
from ingestion.parsers.web.html import write_html
from ingestion.sniff import JSON, JSON_LINES
from ingestion.tables.grid import grid_of
from ingestion.types import Document, Source

_LONG_VALUE_CHARS: Final = 200
_ROW_CHARS: Final = 1_000  # a record that is longer is parted where it holds lists and objects
_MAX_DEPTH: Final = 50
_MIN_RECORDS: Final = 2
_WRAPPED_DEPTH: Final = 4
_MAX_BROKEN_LINES: Final = 100
_BETWEEN = re.compile(r"[\s,\x1e]*")  # line ends; commas of a list cut out; marks of RFC 7464
# Strings are passed over; the rest is no JSON.
_BESIDE_VALUES = re.compile(
    r'("(?:[^"\\\n]|\\.)*+")|//[^\n]*|/\*(?:[^*]|\*(?!/)){0,5000}+\*/|,(?=\s*[}\]])', re.S
)
_LINE_OF_RECORD = re.compile(r"\n[ \t]*[{\[]")
# Names under which programs wrap their answers; they say nothing about the records.
_WRAPPERS: Final = frozenset(
    [
        "data",
        "results",
        "result",
        "items",
        "records",
        "rows",
        "values",
        "value",
        "entries",
        "list",
        "content",
        "response",
        "payload",
        "hits",
        "objects",
        "docs",
    ]
)
_MARKUP = re.compile(r"</(?:p|div|li|ul|ol|table|h[1-6]|span|a|b|i|em|strong|pre)>|<br\s*/?>", re.I)
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)  # numbers as they are written, of any length


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read JSON: one value, or several one after another, on a line each or not.

    Raises:
        CorruptFileError: If it is not JSON.
    """
    decoded = decode(source.data)
    writer = CanonicalWriter(limits)
    values = read_values(decoded, writer)
    for value in values:
        write_value(value, writer)
    return writer.build(
        media_type=JSON if len(values) == 1 else JSON_LINES,
        encoding=decoded.encoding,
        heading_is_title=False,
    )


def read_values(decoded: Decoded, writer: CanonicalWriter) -> list[object]:
    """All values of a text; lines between them that can't be read, and comments, are left out and counted.

    Raises:
        CorruptFileError: If the first value can't be read, or no more of them than lines that can't.
    """
    writer.drop("characters that could not be read", decoded.replaced)
    try:
        return _values(decoded.text, writer)
    except CorruptFileError:  # files of settings have comments, and commas behind the last value
        plain = _BESIDE_VALUES.sub(lambda found: found[1] or " ", decoded.text)
        if plain == decoded.text:
            raise
        values = _values(plain, writer)
        found = (match[0] for match in _BESIDE_VALUES.finditer(decoded.text))
        writer.drop("comments", sum(text.startswith("/") for text in found))
        return values


def _values(text: str, writer: CanonicalWriter) -> list[object]:
    values: list[object] = []
    broken = 0
    position = _skip(text, 0)
    while position < len(text):
        try:
            value, position = _DECODER.raw_decode(text, position)
            values.append(value)
        except (json.JSONDecodeError, RecursionError) as error:
            broken += 1
            following = _LINE_OF_RECORD.search(text, position)
            if broken > min(len(values), _MAX_BROKEN_LINES) or not isinstance(values[-1], dict | list):
                raise CorruptFileError(f"The file is not valid JSON: {error}.") from error
            if len(values) == 1 and following is None:
                raise CorruptFileError(f"The file is not valid JSON: {error}.") from error
            position = len(text) if following is None else following.end() - 1
        position = _skip(text, position)
    writer.drop("lines that could not be read", broken)
    return values


def write_value(value: object, writer: CanonicalWriter) -> None:
    """Write a value of JSON's types to a document under construction."""
    _write(value, "", writer)


def _skip(text: str, position: int) -> int:
    match = _BETWEEN.match(text, position)
    return match.end() if match else position


def _write(value: object, name: str, writer: CanonicalWriter, context: str = "", depth: int = 0) -> None:
    """Write a value: a record as a row, lists of records and objects that are too long for one row by row.

    Args:
        value: As it was read.
        name: That leads to it.
        writer: Takes the rows.
        context: First value of the record around it, which begins its rows.
        depth: Values around it.
    """
    parts: dict[str, object] = {}
    if isinstance(value, list) and depth < _MAX_DEPTH:
        if _is_table(value):
            writer.grid(grid_of([[_plain(cell) for cell in row] for row in value]))
        elif any(isinstance(item, dict | list) for item in value):
            for item in value:
                _write_record(item, name, writer, context, depth + 1)
        else:
            _write_leaves(value, name, writer, context)
        return
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        if columns := _columns(value):
            writer.grid(grid_of([[_plain(cell) for cell in row] for row in columns], header_rows=1))
            return
        if _is_keyed(value):
            for key, item in value.items():
                _write_record(item, name, writer, key, depth + 1)
            return
        parts = _parts(value)
    rest = (
        {key: item for key, item in value.items() if key not in parts} if isinstance(value, dict) else value
    )
    _write_leaves(rest, name, writer, context)
    for key, item in parts.items():
        is_wrapper = not name and key.lower() in _WRAPPERS
        _write(item, name if is_wrapper else _joined(name, key), writer, context, depth + 1)


def _write_record(value: object, name: str, writer: CanonicalWriter, context: str, depth: int) -> None:
    """Write an item of a list: in a row where it is short, else in several that begin with its first value."""
    if _is_short(value):
        _write_leaves(value, name, writer, context)
        return
    if not isinstance(value, dict):
        _write(value, name, writer, context, depth)
        return
    key, text = next(((key, item) for key, item in value.items() if _is_identity(item)), ("", ""))
    own = f"{_joined(name, key)}: {_plain(text)}" if key else ""
    rest = {other: item for other, item in value.items() if other != key} if own else value
    _write(rest, name, writer, " | ".join(filter(None, (context, own)))[:_LONG_VALUE_CHARS], depth)


def _is_identity(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) < NAME_CHARS // 2


def _parts(value: dict[str, object]) -> dict[str, object]:
    """Entries of an object that get rows of their own: lists of records, and all objects of one too long."""
    lists = {key: item for key, item in value.items() if _holds_records(item)}
    rest = {key: item for key, item in value.items() if key not in lists}
    if _is_short(rest):
        return lists
    return lists | {
        key: item for key, item in rest.items() if isinstance(item, dict | list) and not _is_short(item)
    }


def _holds_records(value: object, depth: int = 0) -> bool:
    """Whether a value is a list of objects or rows, or an object around one, as programs answer."""
    if isinstance(value, list):
        return len(value) >= _MIN_RECORDS and (
            all(isinstance(item, dict) for item in value) or _is_table(value)
        )
    if isinstance(value, dict) and depth < _WRAPPED_DEPTH:
        return _is_keyed(value) or any(_holds_records(item, depth + 1) for item in value.values())
    return False


def _is_keyed(value: dict[str, object]) -> bool:
    """Whether an object holds records by their keys: objects that all have the same names."""
    names = {tuple(item) if isinstance(item, dict) else () for item in value.values()}
    return len(value) >= _MIN_RECORDS and len(names) == 1 and names != {()}


def _columns(value: dict[str, object]) -> list[list[object]]:
    """Rows of an object that holds a table as names of columns and lists of values, names first."""
    names = next((value[key] for key in ("columns", "fields", "headers", "header") if key in value), None)
    rows = next((value[key] for key in ("data", "rows", "values") if key in value), None)
    if isinstance(names, list) and isinstance(rows, list) and _is_table([names, *rows]):
        return [names, *rows]
    return []


def _is_table(value: Sequence[object]) -> bool:
    """Whether a list is a list of rows, as wide as each other."""
    rows = [row for row in value if isinstance(row, list)]
    is_flat = len(rows) == len(value) >= _MIN_RECORDS and len({*map(len, rows)}) == 1 and len(rows[0]) > 1
    return is_flat and not any(isinstance(cell, dict | list) for row in rows for cell in row)


def _is_short(value: object) -> bool:
    length = 0
    for name, text in _leaves(value, ""):
        length += len(name) + len(text)
        if length > _ROW_CHARS:
            return False
    return True


def _write_leaves(value: object, name: str, writer: CanonicalWriter, context: str = "") -> None:
    """Short values of a record share a row; a long one is a paragraph of its own under its name."""
    row = [context]
    for leaf, text in _leaves(value, name):
        if len(text) > _LONG_VALUE_CHARS or _MARKUP.search(text):
            writer.table([row], header=False)
            row = []
            _write_text(leaf, text, writer)
        else:
            row.append(f"{leaf}: {text}" if leaf else text)
    if row != [context]:
        writer.table([row], header=False)


def _write_text(name: str, text: str, writer: CanonicalWriter) -> None:
    if _MARKUP.search(text):
        writer.paragraph(f"{name}:" if name else "")
        write_html(text, writer)
        return
    first, *others = text.replace("\r\n", "\n").split("\n\n")
    writer.paragraph(f"{name}: {first}" if name else first)
    for paragraph in others:
        writer.paragraph(paragraph)


def _leaves(value: object, name: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Values that hold no others, with the names that lead to them."""
    if depth > _MAX_DEPTH:
        yield name, _plain(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, _joined(name, key), depth + 1)
    elif isinstance(value, list):
        if all(not isinstance(item, dict | list) for item in value):
            if value:
                yield name, ", ".join(_plain(item) for item in value)
        else:
            for item in value:
                yield from _leaves(item, name, depth + 1)
    elif value not in (None, ""):
        yield name, _plain(value)


def _joined(name: str, key: str) -> str:
    """The name of a nested value; a long name is cut to its outermost part and its last one."""
    if not name or not key:
        return name or short_name(key)
    whole = f"{name}.{key}"
    half = NAME_CHARS // 2
    return whole if len(whole) <= NAME_CHARS else f"{short_name(name, half)}.{short_name(key, half - 1)}"


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"
