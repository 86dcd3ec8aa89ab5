"""Sheets to blocks, for every kind of workbook.

The name of a sheet is a heading. Rows that follow each other are a table, empty rows end it, and empty columns part
tables that stand side by side. Single cells above a table are paragraphs, as are notes at its end.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import LimitExceededError
from ingestion.parsers.office.sheet_rows import Cells, Range, Row, extent, row_of
from ingestion.tables.forms import are_said
from ingestion.tables.grid import Cell, Grid, spread
from ingestion.tables.header_rows import count_header_rows
from ingestion.tables.kinds import is_number
from ingestion.tables.naming import named_cells

_ROWS_PER_BLOCK: Final = 1_000
_SAMPLE_ROWS: Final = 24  # rows of a table that tell its names
_MAX_NAMED_SHEETS: Final = 20
_MAX_PAIRS: Final = 8
_MAX_DEPTH: Final = 8  # tables side by side inside each other
_SEPARATOR_CHARS: Final = 3  # of canonical text, between two cells


@dataclass(slots=True)
class Sheet:
    """A sheet as its parser collects it.

    Attributes:
        name: As on its tab.
        limits: What it may hold; checked while it is collected, and again by the writer.
        merged: Merged cells.
        names: Cells that the file marks as names of columns.
        notes: Texts that stand outside the cells.
    """

    name: str
    limits: ParsingLimits
    merged: Sequence[Range] = ()
    names: Sequence[Range] = ()
    notes: Sequence[str] = ()
    rows: list[Row] = field(default_factory=list)
    _chars: int = 0

    def add_row(self, number: int, left: int, texts: list[str], bold: int = 0) -> None:
        """Add a row; see `Row`.

        Raises:
            LimitExceededError: If the sheet holds too much text.
        """
        row = row_of(number, left, texts, bold)
        if row is None:
            return
        self._chars += sum(map(len, row.texts)) + _SEPARATOR_CHARS * len(row.texts)
        if self._chars > self.limits.max_text_chars:
            raise LimitExceededError(
                f"The sheet holds more than the {self.limits.max_text_chars} characters that are allowed."
            )
        self.rows.append(row)


def write_sheets(sheets: Iterable[Sheet], writer: CanonicalWriter) -> None:
    """Write sheets; each that gives no text is named in `dropped`."""
    silent: list[str] = []
    for sheet in sheets:
        if not sheet.rows and not sheet.notes:
            silent.append(squeeze(sheet.name))
            continue
        writer.close_headings()
        writer.heading(1, sheet.name)
        _Layout(sheet, writer).write()
        for note in sheet.notes:
            writer.paragraph(note)
    for name in silent[:_MAX_NAMED_SHEETS]:
        writer.drop(f"sheet without text: {name}")
    writer.drop("further sheets without text", len(silent[_MAX_NAMED_SHEETS:]))


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of the columns of the table above, for rows that continue it after an empty row."""

    left: int
    names: list[str]
    like: Row


class _Layout:
    """Separates the tables of a sheet and writes them."""

    def __init__(self, sheet: Sheet, writer: CanonicalWriter) -> None:
        self._sheet = sheet
        self._writer = writer
        self._merged: dict[int, list[Range]] = {}
        for area in sheet.merged:
            if area[:2] != area[2:]:
                self._merged.setdefault(area[0], []).append(area)
        self._above: _Names | None = None

    def write(self) -> None:
        rows = self._sheet.rows
        if any(row.number < above.number for above, row in pairwise(rows)):
            rows = sorted(rows, key=lambda row: row.number)
        for band in self._bands(rows):
            self._band(band)

    def _bands(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        """Rows between empty ones; a merged cell that reaches over an empty row holds both sides together."""
        band: list[Row] = []
        reach = -1
        for row in rows:
            if band and row.number > band[-1].number + 1 and reach < row.number:
                yield band
                band = []
            band.append(row)
            for _, left, bottom, _ in self._merged.get(row.number, ()):
                if bottom > reach and row.at(left):
                    reach = bottom
        if band:
            yield band

    def _band(self, rows: list[Row], depth: int = 0) -> None:
        start = self._lead(rows)
        rows = rows[start:]
        if not rows:
            return
        parts = self._side_by_side(rows) if depth < _MAX_DEPTH else []
        if len(parts) > 1:
            for left, right in parts:
                for band in self._bands(row for row in (row.cut(left, right) for row in rows) if row):
                    self._band(band, depth + 1)
            self._above = None
            return
        first = 0
        for place in range(1, len(rows) - 2):
            if len(rows[place].texts) == 1 and self._begins_table(rows[place + 1 :][:_SAMPLE_ROWS]):
                self._table(rows[first:place])
                self._lead(rows[place : place + 1])
                first = place + 1
        self._table(rows[first:])

    def _lead(self, rows: Sequence[Row]) -> int:
        """Write the rows above a table: single cells, and labels with their values; the number of these rows."""
        start = 0
        while start < len(rows):
            if len(rows[start].texts) == 1:
                self._writer.paragraph(rows[start].texts[0])
                start += 1
            elif count := self._said(rows[start : start + _SAMPLE_ROWS]) or self._pairs(
                rows[start : start + _SAMPLE_ROWS]
            ):
                cells = [[Cell(text) for text in row.texts] for row in rows[start : start + count]]
                self._writer.grid(Grid(rows=cells, header_rows=0))
                start += count
            else:
                break
        if start:
            self._above = None
        return start

    def _said(self, rows: Sequence[Row]) -> int:
        """Rows above the names of a table whose cells hold a label and its value each (`Unit: EUR`)."""
        count = 0
        while count < len(rows) and are_said(rows[count].texts):
            count += 1
        return count if 0 < count < len(rows) and self._header_rows(rows[count:], *extent(rows)) else 0

    def _pairs(self, rows: Sequence[Row]) -> int:
        """Rows of two cells at the left that stand above the names of a wide table."""
        left, right = extent(rows)
        count = 0
        while count < len(rows) and self._is_pair(rows[count], left):
            count += 1
        is_wide = right - left > 2 and 0 < count <= _MAX_PAIRS
        return count if is_wide and self._header_rows(rows[count:], left, right) else 0

    def _is_pair(self, row: Row, left: int) -> bool:
        return row.left == left and len(row.texts) <= 2 and row.number not in self._merged

    def _side_by_side(self, rows: Sequence[Row]) -> list[tuple[int, int]]:
        """First and last columns of tables that empty columns part; one pair where it is all one table.

        Each must have two columns and names of them, so that the gap in a table is none between tables.
        """
        left, right = extent(rows)
        parts = self._filled_columns(rows, left, right)
        if len(parts) < 2 or any(start == end for start, end in parts):
            return [(left, right)]
        for part in parts:
            cut = [row for row in (row.cut(*part) for row in rows) if row]
            while cut and len(cut[0].texts) == 1:
                del cut[0]
            if not cut or not self._header_rows(cut[:_SAMPLE_ROWS], *part):
                return [(left, right)]
        return parts

    def _filled_columns(self, rows: Sequence[Row], left: int, right: int) -> list[tuple[int, int]]:
        """First and last columns of runs of non-empty columns; a merged cell fills every column that it covers."""
        used = bytearray(right - left + 1)
        for row in rows:
            first = row.left - left
            if "" not in row.texts:
                used[first : first + len(row.texts)] = b"\x01" * len(row.texts)
            else:
                for column, text in enumerate(row.texts, first):
                    used[column] |= bool(text)
            for _, start, _, end in self._merged.get(row.number, ()):
                for column in range(max(start, left), min(end, right) + 1):
                    used[column - left] |= bool(row.at(start))
        parts: list[tuple[int, int]] = []
        for column, is_used in enumerate(used, left):
            if is_used and parts and parts[-1][1] == column - 1:
                parts[-1] = parts[-1][0], column
            elif is_used:
                parts.append((column, column))
        return parts

    def _begins_table(self, rows: Sequence[Row]) -> bool:
        """Whether the first of these rows, below a single cell, names the columns of another table."""
        if len(rows) < 2 or any(map(is_number, rows[0].texts)):
            return False
        below = [row for row in rows[1:] if len(row.texts) > 1][:3]
        is_over_numbers = any(
            is_number(row.at(rows[0].left + place)) for row in below for place in range(len(rows[0].texts))
        )
        return is_over_numbers and self._header_rows(rows, *extent(rows)) > 0

    def _header_rows(self, rows: Sequence[Row], left: int, right: int) -> int:
        cells = Cells(self._merged, left, right)
        return count_header_rows(spread(self._marked(rows, cells.of(rows))))

    def _table(self, rows: list[Row]) -> None:
        """Write rows of one table, and the notes at its end."""
        if not rows:
            return
        left, right = extent(rows)
        end = len(rows)
        while end > 2 and right - left > 1 and len(rows[end - 1].texts) == 1 and rows[end - 1].left == left:
            end -= 1
        notes, rows = rows[end:], rows[:end]
        names = self._above.names if self._above and self._goes_on(rows, left, right) else None
        cells = Cells(self._merged, left, right)
        for first in range(0, len(rows), _ROWS_PER_BLOCK):
            names = self._block(rows[first : first + _ROWS_PER_BLOCK], cells, names)
        self._above = _Names(left, names, rows[-1]) if names and any(names) else None
        for note in notes:
            self._writer.paragraph(note.texts[0])
            self._above = None

    def _block(self, rows: Sequence[Row], cells: "Cells", names: list[str] | None) -> list[str]:
        """Write some rows of a table; returns the names of its columns, found in the first rows."""
        width = cells.right - cells.left + 1
        if names is None:
            grid = Grid(
                rows=self._marked(rows, cells.of(rows)),
                header_rows=_said_rows(rows),
            )
            found, pairs = named_cells(grid)
            self._writer.named_rows(found, pairs)
            return (found + [""] * width)[:width]
        if cells.are_plain(rows):
            lines = []
            for row in rows:
                shift = row.left - cells.left
                texts = zip(names[shift:], row.texts, strict=False)
                lines.append([(name, text) for name, text in texts if text])
            self._writer.named_rows([], lines)
        else:
            grid = Grid(rows=[[Cell(name) for name in names], *cells.of(rows)], header_rows=1)
            self._writer.named_rows([], named_cells(grid)[1])
        return names

    def _goes_on(self, rows: Sequence[Row], left: int, right: int) -> bool:
        """Whether rows after an empty one continue the table above: numbers under numbers, words under words."""
        above = self._above
        if above is None or left != above.left or right - left >= len(above.names) or len(rows[0].texts) < 2:
            return False
        pairs = [
            (is_number(text), is_number(above.like.at(column)))
            for column, text in enumerate(rows[0].texts, rows[0].left)
            if text and above.like.at(column)
        ]
        return all(one == other for one, other in pairs) and any(one for one, _ in pairs)

    def _marked(self, rows: Sequence[Row], cells: list[list[Cell]]) -> list[list[Cell]]:
        """Cells, with the first rows marked as names if the file calls them names or they are bold over others."""
        count = 0
        while count < min(3, len(rows) - 1) and _is_bold(rows[count]):
            count += 1
        if count and _is_bold(rows[count]):
            count = 0
        for place, row in enumerate(rows[:3]):
            said = any(
                top <= row.number <= bottom and start <= row.left and row.left + len(row.texts) - 1 <= end
                for top, start, bottom, end in self._sheet.names
            )
            if said or place < count:
                cells[place] = [
                    Cell(cell.text, cell.rows, cell.columns, is_name=True) for cell in cells[place]
                ]
        return cells


def _said_rows(rows: Sequence[Row]) -> int | None:
    """0 header rows if bold cells in the first column name the rows; else None: the cells decide."""
    sample = rows[:_SAMPLE_ROWS]
    is_side = all(row.left == rows[0].left and row.bold == 1 and len(row.texts) > 1 for row in sample)
    return 0 if is_side and len(sample) > 1 else None


def _is_bold(row: Row) -> bool:
    """Whether all filled cells of a row of several are bold."""
    filled = [place for place, text in enumerate(row.texts) if text]
    return len(filled) > 1 and all(row.bold >> place & 1 for place in filled)
