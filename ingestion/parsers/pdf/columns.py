"""Columns of a PDF table, and the columns in which its cells stand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingestion.parsers.pdf.lines import Line

ALIGN_EM = 0.5  # by how much the lines of a cell may be out of line
MAX_COLUMNS = 100
_NEAREST_EM = 2.0  # a cell that stands under no other belongs to a column so near
_MIN_COMMON = 3  # rows with a gap at one place
_COMMON_EM = 1.1  # wider than the gap after a number in a list of contents
_MAX_WIDENED = 8  # columns to each side that a name may span beside those under it

Placed = list[tuple[int, int, Line]]
"""Pieces of a line with the first of the columns in which each stands, and the number of these columns."""


@dataclass(slots=True)
class Column:
    """The strip of a page in which the cells of a column stand."""

    x0: float
    x1: float

    def overlaps(self, line: Line) -> bool:
        """Whether a cell reaches into the strip."""
        return line.x0 < self.x1 and self.x0 < line.x1


def is_aligned(one: Line, other: Line) -> bool:
    """Whether each cell of the row with fewer cells stands over or under one of the other row."""
    fewer, more = sorted((one.row, other.row), key=len)
    if len(more) > MAX_COLUMNS:
        return False
    under = [sum(map(part.overlaps, more)) for cell in fewer for part in _split(cell, more)]
    return bool(under) and all(count == 1 for count in under)


def columns_of(lines: Sequence[Line]) -> list[Column]:
    """Columns of a table: the columns of its fullest rows, widened by cells under one of them only."""
    rows = sorted(lines, key=lambda line: -len(line.cells))
    common = _common_gaps(rows)
    columns = [Column(part.x0, part.x1) for cell in rows[0].cells for part in _parted(cell, common)]
    for line in rows[1:]:
        pieces = [part for cell in line.cells for part in _split(cell, columns)]
        over = [[column for column in columns if column.overlaps(piece)] for piece in pieces]
        for piece, own in zip(pieces, over, strict=True):
            if len(own) == 1 and over.count(own) == 1:
                own[0].x0, own[0].x1 = min(own[0].x0, piece.x0), max(own[0].x1, piece.x1)
            elif len(own) == 1:
                # Two cells stand under one: that spans columns.
                columns = [column for column in columns if column is not own[0]]
                columns.append(Column(piece.x0, piece.x1))
            elif (
                not own
                and len(pieces) > 1
                and len(columns) < MAX_COLUMNS
                and _nearest(piece, columns) is None
            ):
                columns.append(Column(piece.x0, piece.x1))
        columns.sort(key=lambda column: column.x0)
    return _without_doubles(columns, lines)


def _common_gaps(rows: Sequence[Line]) -> list[tuple[float, float]]:
    """Gaps between words that all rows have at one place: columns that stand close to each other.

    Args:
        rows: The fullest one first.

    Returns:
        Left and right edge of each.
    """
    found = []
    for left, right in [gap[1:] for cell in rows[0].cells for gap in cell.gaps][:MAX_COLUMNS]:
        count = 0
        for line in rows:
            cell = next((cell for cell in line.cells if cell.x0 < left and right < cell.x1), None)
            if cell is None:
                if any(cell.x0 < right and left < cell.x1 for cell in line.cells):
                    break  # a word stands there
                continue
            own = next((gap for gap in cell.gaps if gap[1] < right and left < gap[2]), None)
            if own is None:
                break
            left, right = max(left, own[1]), min(right, own[2])
            count += 1
        else:
            if count >= _MIN_COMMON and right - left > _COMMON_EM * rows[0].size:
                found.append((left, right))
    return found


def _without_doubles(columns: Sequence[Column], lines: Sequence[Line]) -> list[Column]:
    """Merge neighbouring columns if cells span both, and no row has a cell in each."""
    over = [
        [
            [column.overlaps(part) for column in columns]
            for cell in line.cells
            for part in _split(cell, columns)
        ]
        for line in lines
    ]
    result = [replace(columns[0])]
    for at in range(1, len(columns)):
        both = any(cell[at - 1] and cell[at] for row in over for cell in row)
        apart = any(
            any(cell[at - 1] and not cell[at] for cell in row)
            and any(cell[at] and not cell[at - 1] for cell in row)
            for row in over
        )
        if both and not apart:
            result[-1].x1 = columns[at].x1
        else:
            result.append(replace(columns[at]))
    return result


def _nearest(piece: Line, columns: Sequence[Column]) -> int | None:
    """Column beside which a piece stands that is in none, if it is near."""
    distances = [max(column.x0 - piece.x1, piece.x0 - column.x1) for column in columns]
    nearest = min(range(len(columns)), key=distances.__getitem__)
    return nearest if distances[nearest] <= _NEAREST_EM * piece.size else None


def _split(piece: Line, columns: Sequence[Column | Line]) -> list[Line]:
    """A piece, in two or more where a wide gap in it lies between two columns, or two cells of another row."""
    if not piece.gaps:
        return [piece]
    return _parted(piece, [(one.x1, other.x0) for one, other in pairwise(columns) if one.x1 <= other.x0])


def _parted(piece: Line, strips: Sequence[tuple[float, float]]) -> list[Line]:
    """A piece, in two or more where a wide gap in it reaches over one of the strips between columns."""
    parts: list[Line] = []
    start, left = 0, piece.x0
    for place, end, begin in piece.gaps:
        if any(one < begin and end < other for one, other in strips):
            parts.append(replace(piece, text=piece.text[start:place], x0=left, x1=end, gaps=()))
            start, left = place, begin
    parts.append(replace(piece, text=piece.text[start:], x0=left, gaps=()) if parts else piece)
    return parts


def placed_in(line: Line, columns: Sequence[Column]) -> Placed:
    """The pieces of a line by column; a piece over several columns spans them."""
    placed: Placed = []
    free = 0
    for piece in (part for cell in line.cells for part in _split(cell, columns)):
        over = [at for at, column in enumerate(columns) if column.overlaps(piece) and at >= free]
        nearest = _nearest(piece, columns) if not over else None
        if nearest is not None and nearest >= free:
            over = [nearest]
        if not over:
            over = [min(free, len(columns) - 1)]
        placed.append((over[0], over[-1] - over[0] + 1, piece))
        free = over[-1] + 1
    if len(placed) > 1:
        for at, (column, width, piece) in enumerate(placed):
            end = placed[at + 1][0] if at + 1 < len(placed) else len(columns)
            begin = placed[at - 1][0] + placed[at - 1][1] if at else 0
            placed[at] = (*_widened(piece, columns, column, width, begin, end), piece)
    return placed


def _widened(
    piece: Line, columns: Sequence[Column], column: int, width: int, begin: int, end: int
) -> tuple[int, int]:
    """Columns over whose middle a piece is centred: its own, and free ones beside it (from `begin` to before `end`).

    Returns:
        The first column and their number.
    """
    own = columns[column], columns[column + width - 1]
    if min(abs(piece.x0 - own[0].x0), abs(piece.x1 - own[1].x1)) <= ALIGN_EM * piece.size:
        return column, width
    middle = (piece.x0 + piece.x1) / 2
    best = abs(middle - (own[0].x0 + own[1].x1) / 2) - ALIGN_EM * piece.size, column, width
    for first in range(max(begin, column - _MAX_WIDENED), column + 1):
        for last in range(column + width - 1, min(end, column + width + _MAX_WIDENED)):
            distance = abs(middle - (columns[first].x0 + columns[last].x1) / 2)
            if distance <= piece.size:
                best = min(best, (distance, first, last - first + 1))
    return best[1], best[2]


def are_same(before: Sequence[Column], columns: Sequence[Column]) -> bool:
    """Whether the columns of a page equal the columns of the page before, or some of them."""
    if not 1 < len(columns) <= len(before):
        return False
    under = [[one for one in before if one.x0 < column.x1 and column.x0 < one.x1] for column in columns]
    return all(len(over) == 1 for over in under)
