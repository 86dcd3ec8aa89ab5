"""Tables: one grid for every format; spans are filled down and across.

A parser gives the cells as the file has them, with the rows and columns that each spans.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

MAX_COLUMNS: Final = 1_000
_MAX_FILLED: Final = 200_000  # cells that spans alone may fill in one grid


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as the file has it.

    Attributes:
        text: On one line or several; white space is joined when the row is written.
        rows: Rows that it spans, at least 1.
        columns: Columns that it spans, at least 1.
        is_name: Whether the file marks it as a head cell.
    """

    text: str
    rows: int = 1
    columns: int = 1
    is_name: bool = False


_Spans = dict[int, tuple[Cell, int]]
"""By column: a cell from above, and the rows that it still spans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table.

    Attributes:
        rows: Cells from left to right; those covered by a span of another are absent.
        header_rows: Rows of column names at the top; None if the file doesn't say, then they are told by their cells.
        caption: Its own heading.
    """

    rows: Sequence[Sequence[Cell]]
    header_rows: int | None = None
    caption: str = ""


def grid_of(rows: Iterable[Sequence[str]], *, header_rows: int | None = None, caption: str = "") -> Grid:
    """A grid of texts without spans."""
    return Grid(rows=[[Cell(text) for text in row] for row in rows], header_rows=header_rows, caption=caption)


def spread(rows: Sequence[Sequence[Cell]]) -> list[list[Cell | None]]:
    """Cells by row and column: a cell stands in every place that it spans, None where there is no cell.

    Spans end with the last row and at `MAX_COLUMNS`, cells don't; cells that one place is claimed for twice move to
    the right, as browsers do it (HTML Standard, 4.9.12, "Forming a table").
    """
    places: list[list[Cell | None]] = []
    spans: _Spans = {}
    left = _MAX_FILLED
    for row in rows:
        line: list[Cell | None] = []
        below: _Spans = {}
        for cell in row:
            _take(spans, line, below)
            width = max(1, min(cell.columns, MAX_COLUMNS - len(line)))
            left -= width * max(1, cell.rows) - 1
            width, height = (width, cell.rows) if left > 0 else (1, 1)
            for _ in range(width):
                spans.pop(len(line), None)
                if height > 1:
                    below[len(line)] = cell, height - 1
                line.append(cell)
        for column in sorted(spans):
            line.extend([None] * (column - len(line)))
            _take(spans, line, below)
        spans = below
        places.append(line)
    return places


def _take(spans: _Spans, line: list[Cell | None], below: _Spans) -> None:
    """Continue the cells from above that reach into `line` at its end."""
    while len(line) in spans:
        cell, remaining = spans.pop(len(line))
        if remaining > 1:
            below[len(line)] = cell, remaining - 1
        line.append(cell)


def text_of(cell: Cell | None) -> str:
    """Text of a place in a spread table on one line; "" where there is no cell."""
    return "" if cell is None else " ".join(cell.text.split())
