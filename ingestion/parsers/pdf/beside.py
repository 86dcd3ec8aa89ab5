"""Tables that stand beside each other on a PDF page, and begin or end at different heights."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ingestion.parsers.pdf.columns import MAX_COLUMNS, placed_in
from ingestion.parsers.pdf.lines import Line
from ingestion.parsers.pdf.tables import Table, read_table

_MIN_COLUMNS = 2  # of each


def read_tables(lines: Sequence[Line], before: Table | None = None) -> list[Table]:
    """The table of these lines, or several side by side, from left to right.

    A table without names is two if both sides of its widest gap have names of their own: the first row of one stands
    beside values of the other.

    Args:
        lines: Rows and lines of wrapped cells, from top to bottom.
        before: Table at the end of the page before; see `read_table`.
    """
    whole = read_table(lines, before)
    if whole.header_rows or not 2 * _MIN_COLUMNS <= len(whole.columns) <= MAX_COLUMNS:
        return [whole]
    sides = _sides(lines, whole)
    if not all(sides):
        return [whole]
    tables = [table for side in sides for table in read_tables(side)]
    return tables if all(table.header_rows for table in tables) else [whole]


def _sides(lines: Sequence[Line], table: Table) -> tuple[list[Line], list[Line]]:
    """Lines left and right of the widest gap between columns; none where a piece reaches over it."""
    gaps = [right.x0 - left.x1 for left, right in pairwise(table.columns)]
    cut = max(range(len(gaps)), key=gaps.__getitem__) + 1
    sides: tuple[list[Line], list[Line]] = ([], [])
    if not _MIN_COLUMNS <= cut <= len(table.columns) - _MIN_COLUMNS:
        return sides
    for line in lines:
        parts: tuple[list[Line], list[Line]] = ([], [])
        for column, width, piece in placed_in(line, table.columns):
            if column < cut < column + width:
                return [], []
            parts[column >= cut].append(piece)
        for side, pieces in zip(sides, parts, strict=True):
            if pieces:
                side.append(_part(line, pieces))
    return sides


def _part(line: Line, pieces: Sequence[Line]) -> Line:
    if len(pieces) == 1:
        return pieces[0]
    return replace(
        line,
        text="  ".join(piece.text.strip() for piece in pieces),
        x0=pieces[0].x0,
        x1=pieces[-1].x1,
        bold=all(piece.bold for piece in pieces),
        row=tuple(pieces),
        gaps=(),
    )
