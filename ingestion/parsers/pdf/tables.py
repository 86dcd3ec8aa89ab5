"""Tables of a PDF page: rows and columns from the places of cells; lines of a cell that wraps go into their row.

A PDF says nothing about tables. Lines whose pieces stand beside each other are rows; the pieces of the fullest rows
give the columns; a line whose pieces stand under cells, closer to them than the rows are to each other, goes on with
these cells.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ingestion.parsers.pdf.columns import (
    MAX_COLUMNS,
    Column,
    Placed,
    are_same,
    columns_of,
    is_aligned,
    placed_in,
)
from ingestion.parsers.pdf.lines import Line, joined_text
from ingestion.parsers.pdf.wrapping import (
    CLEAR_RATIO,
    has_digit,
    has_letter,
    in_line,
    is_full,
    is_near,
    rows_of,
)
from ingestion.tables.grid import Cell, Grid, spread
from ingestion.tables.header_rows import count_header_rows

_SAME_SIZE = 0.3  # by how much font sizes in a table may differ
_BESIDE_EM = 0.85  # between baselines: lines of a text are farther apart
_ROW_GAP_EM = 4.0  # between two rows whose cells stand over each other
_LOOK_BACK = 8  # rows above a line that are compared with it
_MAX_PIECES = 3  # between two rows
_MAX_NAME_DIGITS = 2
_LETTER_SHARE = 0.5  # of the characters of names that stand over one row only
_VALUE_SHARE = 0.8  # of the cells below a name that have digits, if it names values
_MAX_SPANNING_SHARE = 0.2
_VALUE = re.compile(r"[^\w]*\d")


@dataclass(slots=True)
class Table:
    """Rows of a table on one page, and its columns from left to right."""

    columns: list[Column]
    rows: list[list[Cell]] = field(default_factory=list)
    header_rows: int = 0

    @property
    def grid(self) -> Grid:
        """The table for the writer."""
        return Grid(rows=self.rows, header_rows=self.header_rows)

    @property
    def names(self) -> list[list[str]]:
        """Texts of the rows that name the columns."""
        return [[cell.text for cell in row] for row in self.rows[: self.header_rows]]


def table_end(lines: Sequence[Line], start: int, gap: float) -> int:
    """Where the table ends that begins with the row `lines[start]`.

    Args:
        lines: Of a page, in reading order and of one direction.
        start: A row.
        gap: Usual white space between lines of the page, in points.
    """
    rows = [lines[start]]
    end = start + 1
    for place in range(start + 1, len(lines)):
        line, last = lines[place], lines[place - 1]
        if line.row:
            if not _is_next(rows, last, line, gap):
                break
            rows.append(line)
        elif not (
            is_beside(line, last, rows[-_LOOK_BACK:])
            or _is_piece(line, last, lines[place + 1 : place + 2], rows[-_LOOK_BACK:])
        ):
            break
        # A single piece belongs to the table if it goes on with a cell, or if a row follows it.
        if line.row or is_beside(line, last, rows[-_LOOK_BACK:]) or _fills_up(line, last, rows[-_LOOK_BACK:]):
            end = place + 1
        elif place - end > _MAX_PIECES:
            break
    return end


def is_beside(line: Line, row: Line, rows: Sequence[Line]) -> bool:
    """Whether a line is the first or the last of a cell that is higher than the others of its row.

    These stand at its middle, so that it is closer to them than lines of one text are to each other. It stands within
    the width of the table's `rows`: beside that may be another column of the page.
    """
    if not row.row or abs(row.base - line.base) >= _BESIDE_EM * line.size or not _is_word(line.text):
        return False
    under = [cell for cell in row.row if cell.overlaps(line)]
    if not under:
        return min(other.x0 for other in rows) <= line.x0 and line.x1 <= max(other.x1 for other in rows)
    return len(under) == 1 and in_line(under[0], line)


def _is_next(rows: Sequence[Line], last: Line, line: Line, gap: float) -> bool:
    """Whether a row continues the table above it."""
    white = last.y0 - line.y1
    if abs(last.size - line.size) > _SAME_SIZE * line.size or white < -1.5 * line.size:
        return False
    if white <= gap + 0.75 * line.size:
        return True
    return white <= _ROW_GAP_EM * line.size and any(is_aligned(row, line) for row in rows[-_LOOK_BACK:])


def _is_piece(line: Line, last: Line, below: Sequence[Line], rows: Sequence[Line]) -> bool:
    """Whether a single piece may be a line of a cell: of the row above it, or the first line of a higher cell."""
    if not _stands_in_column(line, rows):
        return False
    if is_near(last, line):
        return True
    if line.x0 < min(row.x0 for row in rows) + line.size or (line.bold and not last.bold):
        return False  # a label of the rows below it, or the title of another table
    distance = last.base - line.base
    return any(
        row.row and is_near(line, row) and CLEAR_RATIO * (line.base - row.base) < distance for row in below
    )


def _fills_up(line: Line, last: Line, rows: Sequence[Line]) -> bool:
    """Whether a single piece continues the cell above it, since its first word didn't fit there."""
    above = next((cell for cell in last.cells if cell.overlaps(line)), None)
    if above is None or not is_near(last, line):
        return False
    right = max(cell.x1 for row in rows for cell in row.cells if cell.overlaps(above))
    return is_full(above, line, max(right, line.x1))


def _stands_in_column(line: Line, rows: Sequence[Line]) -> bool:
    """Whether a piece is in line with a cell of one of the rows, and reaches into no other cell of it."""
    for row in rows:
        under = [cell for cell in row.row if cell.overlaps(line)]
        if len(under) == 1 and in_line(under[0], line):
            return True
    return False


def read_table(lines: Sequence[Line], before: Table | None = None) -> Table:
    """The table of these lines.

    Args:
        lines: Rows and lines of wrapped cells, from top to bottom.
        before: Table at the end of the page before. Where the columns are the same, it goes on: it names the columns.
    """
    fullest = max((line.cells for line in lines), key=len)
    if len(fullest) > MAX_COLUMNS or (len(lines) == 1 and before is None):
        plain = [[Cell(cell.text) for cell in line.cells] for line in lines]
        return Table([Column(cell.x0, cell.x1) for cell in fullest], plain)
    columns = columns_of(lines)
    if before is not None and are_same(before.columns, columns):
        columns = before.columns
    else:
        before = None
    placed = [placed_in(line, columns) for line in lines]
    groups = rows_of(lines, placed, columns)
    rows = [_cells([placed[at] for at in group], len(columns)) for group in groups]
    table = Table(columns, rows)
    if before is not None and before.header_rows and not _has_own_names(rows, before.names, len(columns)):
        count = before.header_rows
        repeated = [[cell.text for cell in row] for row in rows[:count]] == before.names
        table.rows = before.rows[:count] + (rows[count:] if repeated else rows)
        table.header_rows = count
    else:
        table.header_rows = _header_rows(rows, len(columns))
    return table


def _has_own_names(rows: Sequence[Sequence[Cell]], names: Sequence[Sequence[str]], width: int) -> bool:
    """Whether a table with the columns of one on the page before begins with other names: it is another table."""
    first = [cell for cell in rows[0] if cell.text]
    return (
        len(first) == width
        and all(cell.is_name and not has_digit(cell.text) for cell in first)
        and [cell.text for cell in first] not in names
        and _header_rows(rows, width) > 0
    )


def _cells(lines: Sequence[Placed], width: int) -> list[Cell]:
    """The cells of a row of one or more lines."""
    pieces: dict[int, list[Line]] = {}
    spans: dict[int, int] = {}
    for line in lines:
        for column, span, piece in line:
            pieces.setdefault(column, []).append(piece)
            spans[column] = max(span, spans.get(column, 1))
    cells: list[Cell] = []
    column = 0
    while column < width:
        part = pieces.get(column, [])
        span = spans.get(column, 1)
        while any(other in pieces for other in range(column + 1, column + span)):
            span -= 1
        is_bold = bool(part) and all(piece.bold for piece in part)
        cells.append(Cell(joined_text(part), columns=span, is_name=is_bold))
        column += span
    return cells


def _header_rows(rows: Sequence[Sequence[Cell]], width: int) -> int:
    """Rows of column names at the top of a table: bold ones over others, or names over values."""
    if len(rows) < 2 or width < 2:
        return 0
    whole = [cell for row in rows for cell in row if cell.text]
    places = spread(rows)
    plain = [[replace(cell, is_name=False) if cell else None for cell in row] for row in places]
    is_marked = any(not cell.is_name for cell in whole)
    count = count_header_rows(places if is_marked else plain)
    spanning = sum(any(cell.columns > 1 for cell in row) for row in rows[count:])
    if spanning > _MAX_SPANNING_SHARE * len(rows):
        return 0
    names = [cell.text for row in rows[:count] for cell in row if cell.text]
    if not count or any(text.rstrip().endswith((":", "：")) for text in names):
        return 0
    filled = sum(cell is not None and cell.columns == 1 and bool(cell.text) for cell in places[count - 1])
    if filled < 0.6 * width or sum(map(str.isdigit, "".join(names))) > _MAX_NAME_DIGITS * 2 * len(names):
        return 0
    if len(rows) == count + 1 and not all(_is_word(cell.text) for row in rows[:count] for cell in row):
        return 0
    if is_marked and all(cell.is_name for cell in rows[0] if cell.text):
        return count
    return count if _has_values(places, count, width) else 0


def _has_values(places: Sequence[Sequence[Cell | None]], count: int, width: int) -> bool:
    """Whether a name stands over a column of values, which separates column names from labels and values.

    Where there are two columns only, labels may stand beside values: three values have to begin with a number.
    """
    for column in range(1 if width == 2 else 0, width):
        name, *values = (_text_at(row, column) for row in places[count - 1 :])
        filled = [value for value in values if value]
        if not has_letter(name) or len(filled) < (3 if width == 2 else 1):
            continue
        if width == 2:
            found = sum(_VALUE.match(value) is not None for value in filled)
        else:
            found = sum(has_digit(value) and not (has_digit(name) and has_letter(value)) for value in filled)
        if found >= _VALUE_SHARE * len(filled) and (width > 2 or not has_digit(name)):
            return True
    return False


def _is_word(text: str) -> bool:
    """Whether most characters of a text are letters, which parts of formulas seldom are."""
    return sum(map(str.isalpha, text)) >= max(2, _LETTER_SHARE * len(text))


def _text_at(row: Sequence[Cell | None], column: int) -> str:
    cell = row[column] if column < len(row) else None
    return cell.text if cell is not None else ""
