"""Rows of a sheet as they are collected, and as cells with the spans of merged ones."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingestion.tables.grid import Cell

Range = tuple[int, int, int, int]
"""Top, left, bottom and right of cells, from 0 and with both ends."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with at least one text; its first and its last cell are filled.

    Attributes:
        number: Its place on the sheet, from 0.
        left: Column of its first cell, from 0.
        texts: Cells on one line each; "" for an empty one.
        bold: Bits of those that are bold, the lowest for the first.
    """

    number: int
    left: int
    texts: list[str]
    bold: int = 0

    def at(self, column: int) -> str:
        """Text in a column of the sheet."""
        place = column - self.left
        return self.texts[place] if 0 <= place < len(self.texts) else ""

    def cut(self, left: int, right: int) -> "Row | None":
        """The part of it in these columns; None if that is empty."""
        first, last = max(left - self.left, 0), max(0, min(right - self.left + 1, len(self.texts)))
        if first == 0 and last == len(self.texts):
            return self
        return row_of(self.number, self.left + first, self.texts[first:last], self.bold >> first)


def row_of(number: int, left: int, texts: list[str], bold: int) -> Row | None:
    """A row of these cells, without the empty ones at its ends; None if all are empty."""
    if texts and texts[0] and texts[-1]:
        return Row(number, left, texts, bold)
    filled = [place for place, text in enumerate(texts) if text]
    if not filled:
        return None
    return Row(number, left + filled[0], texts[filled[0] : filled[-1] + 1], bold >> filled[0])


def extent(rows: Sequence[Row]) -> tuple[int, int]:
    """First and last column that is filled."""
    if not rows:
        return 0, 0
    return min(row.left for row in rows), max(row.left + len(row.texts) - 1 for row in rows)


class Cells:
    """Rows of a table as cells with their spans; asked for from top to bottom, since spans reach down."""

    def __init__(self, merged: Mapping[int, Sequence[Range]], left: int, right: int) -> None:
        """Start above the first row.

        Args:
            merged: Merged cells by their top row.
            left: First column of the table.
            right: Its last column.
        """
        self.left, self.right = left, right
        self._merged = merged
        self._covered: dict[int, tuple[str, int]] = {}
        """By column: a text from above, and the last row that it covers."""

    def are_plain(self, rows: Sequence[Row]) -> bool:
        """Whether no merged cell reaches into these rows."""
        first = rows[0].number
        reaching = any(bottom >= first for _, bottom in self._covered.values())
        return not reaching and not (self._merged and any(row.number in self._merged for row in rows))

    def of(self, rows: Sequence[Row]) -> list[list[Cell]]:
        """Cells of the next rows, without those under merged ones."""
        numbers = [row.number for row in rows]
        # A cell that reaches in from rows that were asked for before stands in the first of these once more.
        carried = {column: text for column, (text, last) in self._covered.items() if last >= numbers[0]}
        found: list[list[Cell]] = []
        for place, row in enumerate(rows):
            areas = {area[1]: area for area in self._merged.get(row.number, ()) if row.at(area[1])}
            if not areas and not self._covered:
                found.append([*(Cell("") for _ in range(row.left - self.left)), *map(Cell, row.texts)])
                continue
            line: list[Cell] = []
            skip = self.left
            for column in range(self.left, self.right + 1):
                if column < skip:
                    continue
                text, last = self._covered.get(column, ("", -1))
                if last >= row.number:
                    if place == 0 and column in carried:
                        line.append(Cell(text, rows=bisect_right(numbers, last)))
                    continue
                if column in areas:
                    _, _, bottom, right = areas[column]
                    right = min(right, self.right)
                    height = bisect_right(numbers, bottom) - place
                    line.append(Cell(row.at(column), rows=max(1, height), columns=right - column + 1))
                    for covered in range(column, right + 1) if bottom > row.number else ():
                        self._covered[covered] = row.at(column), bottom
                    skip = right + 1
                else:
                    line.append(Cell(row.at(column)))
            found.append(line)
        self._covered = {column: area for column, area in self._covered.items() if area[1] > numbers[-1]}
        return found
