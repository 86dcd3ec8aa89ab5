"""XLSX by openpyxl, row by row: the name of each sheet is a heading, rows name their columns, values read as shown."""

import io
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import UnsupportedFormatError
from ingestion.parsers.archive import PackedFile
from ingestion.sniff import XLSX
from ingestion.types import Document, Source

if TYPE_CHECKING:  # the library is loaded with the first workbook: the child starts faster without it
    from openpyxl.workbook import Workbook

_FORMULA_WITHOUT_RESULT = re.compile(rb"(?:</f>|<f(?:\s[^<>]*)?/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_PERCENT = re.compile(r"0(?:\.(0+))?%")
_AMOUNT = re.compile(r"[^\w(]*\(?\d")
_ROWS_PER_BLOCK: Final = 200
_MAX_HEADER_CELL_CHARS: Final = 60
_YEARS: Final = range(1900, 2101)
_MAX_NAMED_SHEETS: Final = 20

Row = tuple[Any, ...]


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an XLSX workbook, hidden sheets too; every sheet that gives no text is named in `dropped`.

    Raises:
        UnsupportedFormatError: If it is a binary workbook (XLSB).
        CorruptFileError: If it is damaged or declares a document type.
        EncryptedError: If it is encrypted.
        LimitExceededError: If it unpacks to too much, or holds too much text.
    """
    writer = CanonicalWriter(limits)
    with PackedFile(source.data, limits) as packed:
        if "xl/workbook.bin" in packed.names:
            raise UnsupportedFormatError("The workbook is in the binary format (XLSB).", "Save it as XLSX.")
        _count_left_out(packed, writer)
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about extensions that hold no text
        workbook = load_workbook(io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False)
        _write(workbook, writer)
    # The first heading is the name of a sheet, which titles nothing.
    return writer.build(media_type=XLSX, title=workbook.properties.title or "", heading_is_title=False)


def _count_left_out(packed: PackedFile, writer: CanonicalWriter) -> None:
    for pattern, what in (
        (r"xl/(?:threaded)?comments.*\.xml", "comment parts"),
        (r"xl/charts/chart[^/]*\.xml", "charts"),
        (r"xl/media/.+", "pictures"),
        (r"xl/embeddings/.+", "embedded files"),
    ):
        writer.drop(what, sum(re.fullmatch(pattern, name, re.I) is not None for name in packed.names))
    for name, data in packed.checked_parts():
        if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
            writer.drop("formulas without a stored result", len(_FORMULA_WITHOUT_RESULT.findall(data)))


def _write(workbook: "Workbook", writer: CanonicalWriter) -> None:
    readable = {sheet.title: sheet for sheet in workbook.worksheets}
    silent: list[str] = []
    for name in workbook.sheetnames:
        rows = _rows(readable[name]) if name in readable else iter(())
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


def _rows(sheet: Any) -> Iterator[Row]:
    """Rows from the first that is filled on; an empty tuple stands for one or many empty rows."""
    sheet.reset_dimensions()  # what a file says of its own size is not believed
    is_empty = True
    for cells in sheet.iter_rows():
        row = tuple(_value(cell) for cell in cells)
        if any(value != "" for value in row):
            is_empty = False
            yield row
        elif not is_empty:
            is_empty = True
            yield ()


def _value(cell: Any) -> Any:
    """What a cell holds: text as people see it, but years, numbers and dates as such."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return squeeze(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and (percent := _PERCENT.search(cell.number_format or "")):
        return f"{value * 100:.{len(percent[1] or '')}f}%"
    return value


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
