"""CSV and TSV as people save them: titles and notes around a table, any separator, each row with its columns' names."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import Final, Literal

from ingestion.canonical import CanonicalWriter, clean_lines
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError
from ingestion.sniff import CSV
from ingestion.tables.grid import MAX_COLUMNS, Cell
from ingestion.tables.header_rows import count_header_rows
from ingestion.tables.naming import column_names
from ingestion.types import Document, Source

_DELIMITERS: Final = ",\t;|"
_SAMPLE_CHARS: Final = 64_000
_SAMPLE_ROWS: Final = 200
_MAX_CELL_LINES: Final = 50  # more lines in one cell come from a quote that nobody closed
_NAME_CHARS: Final = 60
_ROWS_AT_ONCE: Final = 2_000  # cells of more would fill the memory
_NUMBER = re.compile(r"[^\w]*\d[\d.,:/\s-]*[^\w]*")
_DECIMAL = re.compile(r"[+-]?[\d.\s]*\d,\d+\s*")
_PAIR: Final = 2  # columns of what stands above a wider table: a name and its value
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?[ \t]*(?:\n|\Z)", re.I)

Row = list[str]


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read separated values: a table, or several with blank lines between, under titles of one cell.

    Raises:
        CorruptFileError: If the rows can't be told apart.
    """
    decoded = decode(source.data)
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    csv.field_size_limit(limits.max_text_chars)
    try:
        rows = _rows(clean_lines(decoded.text))
    except csv.Error as error:
        raise CorruptFileError("The rows of the table can't be told apart.") from error
    parts = list(_parts(rows))
    widths = [_width(part) for part in parts]
    names: list[Row] = []  # of the table above
    for part, width, widest in zip(parts, widths, list(accumulate(widths[::-1], max))[::-1], strict=True):
        names = _write_part(part, names, writer, has_names=width == 1 or width > _PAIR or widest <= _PAIR)
    return writer.build(media_type=CSV, encoding=decoded.encoding)


def _rows(text: str) -> list[Row]:
    """Rows of cells; a blank line is an empty row."""
    told = _SEPARATOR_LINE.match(text)
    body = text[told.end() :] if told else text
    delimiter = told[1] if told else _delimiter(body)
    escape = _escape(body, delimiter)
    rows = list(_read(body, delimiter, escape))
    is_open = body.count('"') % 2 == 1 and any("\n" in cell.rstrip() for cell in rows[-1][-1:])
    if is_open or ('"' in body and any(cell.count("\n") > _MAX_CELL_LINES for row in rows for cell in row)):
        unquoted = list(_read(body, delimiter, escape, quoting=csv.QUOTE_NONE))
        rows = max(unquoted, rows, key=_agreement)
    return [row if any(map(str.strip, row)) else [] for row in rows]


def _read(
    text: str, delimiter: str, escape: str | None = None, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
) -> Iterator[Row]:
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        escapechar=escape,
        quoting=quoting,
        skipinitialspace=True,
    )


def _delimiter(text: str) -> str:
    """The separator by which most of the first rows have the same number of cells, and most of them."""
    found = max(_DELIMITERS, key=lambda delimiter: _agreement(_sample(text, delimiter)))
    if found == ",":  # unless all commas are those of numbers
        rows = _sample(text, ";")
        cells = [cell for row in rows for cell in row if "," in cell]
        if _agreement(rows)[0] == 1 and cells and all(map(_DECIMAL.fullmatch, cells)):
            return ";"
    return found


def _escape(text: str, delimiter: str) -> str | None:
    """The backslash, where quotes inside cells are written with it and not doubled."""
    if '\\"' not in text[:_SAMPLE_CHARS]:
        return None
    usual, escaped = _sample(text, delimiter), _sample(text, delimiter, "\\")
    return "\\" if _agreement(escaped) > _agreement(usual) else None


def _sample(text: str, delimiter: str, escape: str | None = None) -> list[Row]:
    start = text[:_SAMPLE_CHARS].rpartition("\n")[0] if len(text) > _SAMPLE_CHARS else text
    try:
        return list(islice(_read(start or text[:_SAMPLE_CHARS], delimiter, escape), _SAMPLE_ROWS))
    except csv.Error:
        return []


def _agreement(rows: Sequence[Row]) -> tuple[float, int]:
    """Share of the rows that are of the commonest width over one cell, and that width; (0, 1) for one column."""
    widths = Counter(len(row) for row in rows if any(row))
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return 0.0, 1
    width = max(wide, key=lambda width: (wide[width], width))
    return wide[width] / widths.total(), width


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows between blank lines."""
    part: list[Row] = []
    for row in rows:
        if row:
            part.append(row)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _width(rows: Sequence[Row]) -> int:
    """The commonest number of cells, or the largest where most rows have one cell."""
    width = Counter(map(len, rows)).most_common(1)[0][0]
    return width if width > 1 else max(map(len, rows))


def _write_part(part: list[Row], names: list[Row], writer: CanonicalWriter, *, has_names: bool) -> list[Row]:
    """Write titles and the table below them.

    Args:
        part: Rows between blank lines.
        names: Header rows of the table above, which goes on here where these rows have no names of their own.
        writer: Takes them.
        has_names: Whether the first rows may name the columns.

    Returns:
        Header rows of the table written, or those given where none was.
    """
    width = _width(part)
    first = 0
    while first < len(part) and width > 1 and _is_note(part, first, width):
        writer.paragraph(", ".join(cell for cell in part[first] if cell.strip()))
        first += 1
    table = part[first:]
    if not table:
        return names
    goes_on = not first and bool(names) and len(names[0]) == width and not _begins_table(table)
    if not goes_on:
        table[0] = [cell.removeprefix("#") if not number else cell for number, cell in enumerate(table[0])]
        count = _count_header_rows(table) if has_names else 0
        names, table = table[:count], table[count:]
    _write_table(names, table, width, writer)
    return names


def _is_note(rows: Sequence[Row], at: int, width: int) -> bool:
    """Whether a row above a table is no row of it: one cell, or a comment (column names may begin with # too)."""
    row, following = rows[at], rows[at + 1 :][:2]
    if row[0].lstrip().startswith("#"):
        is_above = bool(following) and (following[0][0].lstrip().startswith("#") or _begins_table(following))
        return len(row) != width or is_above
    return bool(row[0].strip()) and not any(map(str.strip, row[1:]))


def _begins_table(rows: Sequence[Row]) -> bool:
    """Whether the first row names columns: no number in it, but some below."""
    if len(rows) < 2 or any(_NUMBER.fullmatch(cell) for cell in rows[0]) or not all(map(str.strip, rows[0])):
        return False
    return any(_NUMBER.fullmatch(cell) for cell in rows[1])


def _count_header_rows(rows: Sequence[Row]) -> int:
    """As for all tables; long questions name the columns of a survey too."""
    sample = [
        [Cell(cell[:_NAME_CHARS] if number == 0 else cell) for cell in row]
        for number, row in enumerate(rows[:30])
    ]
    return count_header_rows(sample)


def _write_table(names: list[Row], rows: list[Row], width: int, writer: CanonicalWriter) -> None:
    """Rows under their names; one of a single cell stands without a name, and very wide tables are written in parts."""
    widest = max(map(len, [*names, *rows]))
    for first in range(0, widest, MAX_COLUMNS):
        columns = slice(first, first + MAX_COLUMNS)
        head = [[Cell(cell) for cell in row[columns]] for row in names]
        labels = column_names(head, min(MAX_COLUMNS, widest - first))
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            writer.named_rows(labels, [_pairs(row, columns, labels, width) for row in part])


def _pairs(row: Row, columns: slice, names: Sequence[str], width: int) -> list[tuple[str, str]]:
    """Filled cells with their names, as `named_cells` gives them for cells without spans."""
    if len(row) == 1 < width:
        return [("", row[0])] if columns.start == 0 else []
    return [
        (name, cell) for name, cell in zip(names, row[columns], strict=False) if cell and not cell.isspace()
    ]
