"""The cell of a row that a question asks for, found by the name of its column."""

from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.terms import terms_of
from generator.types import PartKind

BETWEEN = " | "
"""Separator of the cells of a row."""
NAMES = ": ", "："
"""Separators between the name of a column and its value."""


def cell_asked_for(table: EvidenceTable, unit: Unit) -> tuple[int, int]:
    """First and last piece of the cell whose column name the question holds; of the whole unit where none stands out.

    Where the names of columns stand in a row of their own, cells are told by their place.
    """
    if unit.line is None or table.kind(unit) != PartKind.ROW:
        return unit.first, unit.last
    cells = _cells(table, unit)
    shares = [table.weights.share(terms_of(name)) for name, _, _ in cells]
    best = max(shares, default=0.0)
    if best == 0.0 or shares.count(best) > 1:
        return unit.first, unit.last
    _, start, end = cells[shares.index(best)]
    ranges = table.reading.ranges[unit.passage]
    inside = [i for i in range(unit.first, unit.last + 1) if ranges[i][0] < end and start < ranges[i][1]]
    return (inside[0], inside[-1]) if inside else (unit.first, unit.last)


def _cells(table: EvidenceTable, unit: Unit) -> list[tuple[str, int, int]]:
    """Name of the column, start and end of the value of each cell after the first, which names the row."""
    layout = table.layouts[unit.passage]
    assert unit.line is not None
    line = layout.lines[unit.line]
    header = layout.header_of(unit.line)
    names = layout.text_of(header).split(BETWEEN) if header is not None else []
    cells: list[tuple[str, int, int]] = []
    at = line.start
    for number, text in enumerate(layout.text_of(unit.line).split(BETWEEN)):
        end = at + len(text)
        cut = next((text.find(mark) + len(mark) for mark in NAMES if mark in text), 0)
        name = text[:cut] if cut else names[number] if number < len(names) else ""
        if number:
            cells.append((name, at + cut, end))
        at = end + len(BETWEEN)
    return cells
