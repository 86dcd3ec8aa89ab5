"""Rows of a table as pairs of name and text, so that each can be read and cited alone."""

from collections.abc import Sequence

from ingestion.tables.grid import Cell, Grid, spread, text_of
from ingestion.tables.header_rows import count_header_rows


def column_names(rows: Sequence[Sequence[Cell | None]], width: int) -> list[str]:
    """Names of the columns from their header rows: the texts that stand over a column, joined by a space."""
    names: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        texts = _filled_right(row, width) if depth + 1 < len(rows) else [text_of(cell) for cell in row]
        for column, text in enumerate(texts[:width]):
            if text and text not in names[column][-1:]:
                names[column].append(text)
    return [" ".join(parts) for parts in names]


def _filled_right(row: Sequence[Cell | None], width: int) -> list[str]:
    """Texts of an upper header row; an empty cell beside a name belongs to it, as merging leaves it."""
    texts: list[str] = []
    for column in range(width):
        text = text_of(row[column]) if column < len(row) else ""
        texts.append(text or (texts[-1] if texts else ""))
    return texts


def named_cells(grid: Grid) -> tuple[list[str], list[list[tuple[str, str]]]]:
    """Names of the columns, and the filled cells of each row of values as pairs of name and text.

    There are no names where the table has none. A cell that spans columns stands once under each name; over all
    columns, it stands once and without a name.
    """
    rows = [row for row in spread(grid.rows) if any(text_of(cell) for cell in row)]
    count = count_header_rows(rows) if grid.header_rows is None else grid.header_rows
    width = max((len(row) for row in rows), default=0)
    if not 0 < count < len(rows):
        count = 0
    names = column_names(rows[:count], width) if count else [""] * width
    return names if count else [], [_pairs(names, row) for row in rows[count:]]


def _pairs(names: Sequence[str], row: Sequence[Cell | None]) -> list[tuple[str, str]]:
    if len(row) > 1 and len(row) == len(names) and all(cell is row[0] for cell in row):
        return [("", text_of(row[0]))]
    pairs: list[tuple[str, str]] = []
    for column, cell in enumerate(row):
        text, name = text_of(cell), names[column]
        is_same = column > 0 and name == names[column - 1] and text_of(row[column - 1]) == text
        if text and not (is_same and (name or row[column - 1] is cell)):
            pairs.append((name, text))
    return pairs
