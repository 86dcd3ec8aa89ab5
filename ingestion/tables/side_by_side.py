"""Tables that stand beside each other on a page and look like one: each is read by itself."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from ingestion.tables.grid import Cell, Grid, spread, text_of
from ingestion.tables.kinds import has_letter

_MIN_WIDTH = 2
_MIN_LABELS = 2


def parted(grid: Grid) -> list[Grid]:
    """The tables of which a grid consists: one for each time that all its names, or its labels, come again.

    `Item | Price | Item | Price` are two tables. A column before the groups (`Region | Plan | Sold | Plan | Sold`) says
    what the row is about: they are one. Without names, labels of most rows tell (`Street | Elm 4 | Street | Oak 9`).
    """
    places = spread(grid.rows)
    width = max(map(len, places), default=0)
    places = [[*row, *[None] * (width - len(row))] for row in places]
    texts = [[text_of(cell) for cell in row] for row in places]
    own = _width_of_one(texts[grid.header_rows - 1]) if grid.header_rows else _width_of_pairs(texts, width)
    if not own:
        return [grid]
    return [
        Grid(
            rows=[
                _cells(row, first, own, is_name=number < (grid.header_rows or 0))
                for number, row in enumerate(places)
            ],
            header_rows=grid.header_rows,
            caption=grid.caption,
        )
        for first in range(0, width, own)
    ]


def _width_of_one(names: Sequence[str]) -> int:
    """Columns after which all names come again; 0 if they don't."""
    for width in range(_MIN_WIDTH, len(names) // 2 + 1):
        first = list(names[:width])
        is_whole = all(first) and len(set(first)) == width
        if is_whole and len(names) % width == 0 and first * (len(names) // width) == list(names):
            return width
    return 0


def _width_of_pairs(rows: Sequence[Sequence[str]], width: int) -> int:
    """Columns of a label and its value, if most labels come again in the same row; else 0."""
    if width < 2 * _MIN_WIDTH or width % _MIN_WIDTH:
        return 0
    labels = [row[::_MIN_WIDTH] for row in rows if all(row[::_MIN_WIDTH])]
    same = {row[0] for row in labels if len(set(row)) == 1 and has_letter(row[0])}
    return _MIN_WIDTH if len(same) >= max(_MIN_LABELS, len(labels) / 2) else 0


def _cells(row: Sequence[Cell | None], first: int, width: int, *, is_name: bool) -> list[Cell]:
    """Cells of a row that begin in the columns of one table; a name over several tables stands in each."""
    cells: list[Cell] = []
    for _, run in groupby(row[first : first + width], key=id):
        places = list(run)
        cell = places[0]
        if cell is None:
            cells.extend([Cell("")] * len(places))
            continue
        begins_before = not cells and first > 0 and cell is row[first - 1]
        text = "" if begins_before and not is_name else cell.text
        cells.append(replace(cell, text=text, rows=1, columns=len(places)))
    return cells
