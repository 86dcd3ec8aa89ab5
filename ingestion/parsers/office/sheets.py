"""Rows of sheets to blocks, for every kind of workbook.

The name of a sheet is a heading, single cells before a table are paragraphs, an empty row ends a table, and rows name
their columns.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any, Final

from ingestion.canonical import CanonicalWriter, squeeze

_AMOUNT = re.compile(r"[^\w(]*\(?\d")
_ROWS_PER_BLOCK: Final = 200
_MAX_HEADER_CELL_CHARS: Final = 60
_YEARS: Final = range(1900, 2101)
_MAX_NAMED_SHEETS: Final = 20

Row = tuple[Any, ...]
"""Text, numbers, dates; "" for an empty cell. A row without cells stands for one or many empty rows."""


def write_sheets(sheets: Iterable[tuple[str, Iterator[Row]]], writer: CanonicalWriter) -> None:
    """Write sheets by name and rows; each that gives no text is named in `dropped`."""
    silent: list[str] = []
    for name, rows in sheets:
        first = next(rows, None)
        if first is None:
            silent.append(squeeze(name))
            continue
        writer.close_headings()
        writer.heading(1, name)
        _Sheet(writer).write(first, rows)
    for name in silent[:_MAX_NAMED_SHEETS]:
        writer.drop(f"sheet without text: {name}")
    writer.drop("further sheets without text", len(silent[_MAX_NAMED_SHEETS:]))


def without_gaps(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows from the first that is filled on; an empty tuple stands for one or many empty rows."""
    is_empty = True
    for row in rows:
        if any(value != "" for value in row):
            is_empty = False
            yield row
        elif not is_empty:
            is_empty = True
            yield ()


class _Sheet:
    """Writes rows: single cells before a table are paragraphs, an empty row ends a table."""

    def __init__(self, writer: CanonicalWriter) -> None:
        self._writer = writer
        self._header: list[str] | None = None
        self._rows: list[Row] = []
        self._in_table = False

    def write(self, first: Row, rest: Iterator[Row]) -> None:
        self._row(first)
        for row in rest:
            self._row(row)
        self._flush()

    def _row(self, row: Row) -> None:
        filled = [value for value in row if value != ""]
        if not row:
            self._flush()
            self._header, self._in_table = None, False
        elif not self._in_table and len(filled) == 1:
            self._writer.paragraph(_text(filled[0]))
        else:
            self._in_table = True
            self._rows.append(row)
            if len(self._rows) == _ROWS_PER_BLOCK:
                self._flush()

    def _flush(self) -> None:
        if self._header is None and self._rows:
            self._header = _header(self._rows[0], self._rows[1] if len(self._rows) > 1 else ())
            if self._header:
                del self._rows[0]
        rows = [[_text(value) for value in row] for row in self._rows]
        if rows:
            self._writer.table([self._header, *rows] if self._header else rows, header=bool(self._header))
        self._rows = []


def _header(row: Row, below: Row) -> list[str]:
    """Names of the columns, or an empty list where the first row is one of the others.

    Names are short texts without amounts, or years and dates with something else below them. A cell that merging
    left empty takes the name to its left.
    """
    row += ("",) * (len(below) - len(row))
    names: list[str] = []
    for place, value in enumerate(row):
        under = below[place] if place < len(below) else ""
        if value == "" and place and under != "":
            names.append(names[-1])
        elif value == "" or _is_name(value, under):
            names.append(_text(value))
        else:
            return []
    own = [_text(value) for value in row if value != ""]
    has_word = any(isinstance(value, str) and value for value in row)
    return names if below and has_word and len(own) > 1 and len(set(own)) == len(own) else []


def _is_name(value: Any, under: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_HEADER_CELL_CHARS and _AMOUNT.match(value) is None
    if isinstance(value, int) and value in _YEARS:
        return under not in _YEARS
    return isinstance(value, date) and not isinstance(under, date)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return format(value, ".15g")
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date().isoformat()
    return str(value)
