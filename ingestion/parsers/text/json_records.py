"""JSON and JSON lines: values with the names that lead to them, one block a record."""

import json
from collections.abc import Iterator

from ingestion.canonical import NAME_CHARS, CanonicalWriter, short_name
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError
from ingestion.sniff import JSON, JSON_LINES, media_type_of
from ingestion.types import Document, Source

_LONG_VALUE_CHARS = 200


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a JSON document or a file with one JSON value a line.

    Raises:
        CorruptFileError: If it is not JSON.
    """
    decoded = decode(source.data)
    is_lines = media_type_of(source) == JSON_LINES
    try:
        if is_lines:
            records = [json.loads(line) for line in decoded.text.split("\n") if line.strip()]
        else:
            whole = json.loads(decoded.text)
            records = whole if isinstance(whole, list) else [whole]
    except (json.JSONDecodeError, RecursionError) as error:
        raise CorruptFileError(f"The file is not valid JSON: {error}.") from error
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    for record in records:
        _write(record, writer)
    return writer.build(media_type=JSON_LINES if is_lines else JSON, encoding=decoded.encoding)


def _write(record: object, writer: CanonicalWriter) -> None:
    """Short values of a record share a row; a long one is a paragraph of its own under its name."""
    row: list[str] = []
    for name, value in _leaves(record, ""):
        if len(value) > _LONG_VALUE_CHARS:
            writer.table([row], header=False)
            row = []
            writer.paragraph(f"{name}: {value}" if name else value)
        else:
            row.append(f"{name}: {value}" if name else value)
    writer.table([row], header=False)


def _leaves(value: object, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, _joined(name, str(key)))
    elif isinstance(value, list):
        if all(not isinstance(item, dict | list) for item in value):
            yield name, ", ".join(_plain(item) for item in value)
        else:
            for item in value:
                yield from _leaves(item, name)
    elif value not in (None, ""):
        yield name, _plain(value)


def _joined(name: str, key: str) -> str:
    """The name of a value inside another; of long ones the outermost part is kept, and the last one."""
    if not name:
        return short_name(key)
    whole = f"{name}.{key}"
    half = NAME_CHARS // 2
    return whole if len(whole) <= NAME_CHARS else f"{short_name(name, half)}.{short_name(key, half - 1)}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
