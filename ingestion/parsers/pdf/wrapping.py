"""Rows of a PDF table whose cells wrap: lines that continue the cells above them.

The lines of a cell are closer to each other than rows are, or a line begins with a word that didn't fit above it.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from ingestion.parsers.pdf.columns import ALIGN_EM, Column, Placed
from ingestion.parsers.pdf.lines import Line

_WRAP_SIZE = 0.12
_LINE_GAP_EM = 0.9  # white space between two lines of one cell, at most
CLEAR_RATIO = 1.3  # between the distances of rows and of lines, where they tell rows from lines
_SPACE_EM = 0.2  # width of a space
_PHRASE_EM = 6.0  # width of a text that is more than a word
_LONG_EM = 10.0  # or a name
_MAX_NAME_LINES = 3
_NAMES_RATIO = 1.2  # between the distances of rows and of lines of names
_MIN_GROUPS = 3  # rows that show a distance of their own


def rows_of(lines: Sequence[Line], placed: Sequence[Placed], columns: Sequence[Column]) -> list[list[int]]:
    """Lines by the row of the table to which they belong."""
    by_distance = _grouped_by_distance(lines, placed, columns)
    if by_distance is not None:
        return by_distance
    # Distance of rows that follow each other without a line between; 0 where there are none, then words tell.
    full = [len(line) > 1 and line[0][0] == 0 for line in placed]
    between = [
        lines[at - 1].base - lines[at].base for at in range(1, len(lines)) if full[at] and full[at - 1]
    ]
    row_distance = median(between) if between else 0.0
    groups: list[list[int]] = []
    above: dict[int, Line] = {}  # last piece of the row, by column
    name_lines = _name_lines(lines, placed)
    for at, pieces in enumerate(placed):
        if 0 < at < name_lines or (groups and _goes_on(lines, placed, columns, above, at, row_distance)):
            groups[-1].append(at)
        else:
            groups.append([at])
            above = {}
        above.update((column, piece) for column, _, piece in pieces)
    return groups


def _name_lines(lines: Sequence[Line], placed: Sequence[Placed]) -> int:
    """Lines of the names of the columns: words, nearer to each other than to the values below and these are."""
    count = next((at for at, pieces in enumerate(placed) if _has_digits([pieces])), 0)
    if not 1 < count <= _MAX_NAME_LINES or len(lines) < count + 2:
        return 1
    distances = [above.base - below.base for above, below in pairwise(lines)]
    columns = {column for column, _, _ in placed[0]}
    is_one = all(
        is_near(lines[at - 1], lines[at]) and columns.issuperset(column for column, _, _ in placed[at])
        for at in range(1, count)
    )
    is_apart = _NAMES_RATIO * max(distances[: count - 1]) < min(distances[count - 1 :])
    return count if is_one and is_apart else 1


def _grouped_by_distance(
    lines: Sequence[Line], placed: Sequence[Placed], columns: Sequence[Column]
) -> list[list[int]] | None:
    """Groups where the lines of a cell are clearly nearer to each other than rows; None where that isn't so."""
    distances = [above.base - below.base for above, below in pairwise(lines)]
    ordered = sorted(distances)
    jumps = [(after / max(before, 1.0), before, after) for before, after in pairwise(ordered)]
    if not jumps or max(jumps)[0] < CLEAR_RATIO:
        return None
    _, before, after = max(jumps)
    groups = [[0]]
    for at, distance in enumerate(distances, start=1):
        if distance < (before + after) / 2 and is_near(lines[at - 1], lines[at]):
            groups[-1].append(at)
        else:
            groups.append([at])
    if len(groups) < _MIN_GROUPS or max(map(len, groups)) == 1:
        return None
    if not all(any(lines[at].row for at in group) for group in groups):
        return None
    # Rows may stand in groups, too: a line that begins in the first column and has other cells is a row of its own,
    # unless all its words go on with those above it.
    # Names over all other rows may break anywhere.
    parts = [[placed[at] for at in group] for group in groups]
    if not _has_digits(parts[0]):
        parts = parts[1:]
    return groups if all(_is_one_row(part, columns) for part in parts) else None


def _has_digits(lines: Sequence[Placed]) -> bool:
    return any(has_digit(piece.text) for line in lines for _, _, piece in line)


def _is_one_row(lines: Sequence[Placed], columns: Sequence[Column]) -> bool:
    """Whether close lines belong to one row, whose first cell and others may wrap."""
    width = len({column for line in lines for column, _, _ in line})
    above: dict[int, Line] = {}
    has_row = False
    for pieces in lines:
        is_row = len(pieces) > 1 and pieces[0][0] == 0
        if is_row and has_row and not _wraps(pieces, above, columns, width):
            return False
        has_row = has_row or is_row
        above.update((column, piece) for column, _, piece in pieces)
    return True


def _wraps(pieces: Placed, above: Mapping[int, Line], columns: Sequence[Column], width: int) -> bool:
    """Whether a line that looks like a row continues the cells above it.

    Short words fill their column by chance, so that a sentence has to go on in it, or a text of some length; a longer
    one where the line has a cell in each of the `width` columns of the row, as rows have.
    """
    if not _fill_up(pieces, above, columns):
        return False
    if any(piece.text.lstrip()[:1].islower() for _, _, piece in pieces):
        return True
    least = _PHRASE_EM if len(pieces) < width else _LONG_EM
    return any(_is_longer(above[column], least) for column, _, _ in pieces)


def _fill_up(pieces: Placed, above: Mapping[int, Line], columns: Sequence[Column]) -> bool:
    """Whether all pieces of a line continue the cells above them, since their first words didn't fit there."""
    return all(
        span == 1
        and column in above
        and in_line(above[column], piece)
        and is_full(above[column], piece, columns[column].x1)
        for column, span, piece in pieces
    )


def _is_longer(piece: Line, em: float) -> bool:
    return piece.x1 - piece.x0 > em * piece.size


def _goes_on(
    lines: Sequence[Line],
    placed: Sequence[Placed],
    columns: Sequence[Column],
    above: Mapping[int, Line],
    at: int,
    row_distance: float,
) -> bool:
    """Whether a line continues cells of the row above it: nearer to it than to the next row, or as words wrap."""
    line, last = lines[at], lines[at - 1]
    if not is_near(last, line) or any(width > 1 or column not in above for column, width, _ in placed[at]):
        return False
    is_first = placed[at][0][0] == 0
    is_part = len(line.cells) == 1 or not is_first
    if is_part and CLEAR_RATIO * (last.base - line.base) < row_distance:
        return True
    if is_first and not line.text.lstrip()[:1].islower():
        return False
    # Here rows may be as close as lines: a whole row goes on with one only if that has long texts and one cell more.
    is_long = len(placed[at]) < len(above) and _is_longer(above[placed[at][0][0]], _LONG_EM)
    return (is_part or is_long) and _fill_up(placed[at], above, columns)


def is_near(above: Line, below: Line) -> bool:
    """Whether two lines may belong to one cell, by their distance and type."""
    white = above.y0 - below.y1
    return (
        -below.size < white <= _LINE_GAP_EM * below.size
        and abs(above.size - below.size) <= _WRAP_SIZE * max(above.size, below.size)
        and above.bold == below.bold
    )


def is_full(above: Line, line: Line, right: float) -> bool:
    """Whether the first word of a line would have stood beyond the edge `right`, had it stood in the line above."""
    text = line.text.strip()
    word = re.match(r"[^\s\u3000-\u9fff\uff00-\uffef]+[.,;:!?]?|.", text)
    width = (line.x1 - line.x0) / max(1, len(text)) * len(word.group() if word else "")
    return above.x1 + width + _SPACE_EM * line.size > right and has_letter(above.text) and has_letter(text)


def in_line(cell: Line, line: Line) -> bool:
    """Whether two lines of text begin, end or are centred at one place."""
    shifts = line.x0 - cell.x0, line.x1 - cell.x1, (line.x0 + line.x1 - cell.x0 - cell.x1) / 2
    return min(map(abs, shifts)) <= ALIGN_EM * line.size


def has_digit(text: str) -> bool:
    """Whether a text has a digit."""
    return any(map(str.isdigit, text))


def has_letter(text: str) -> bool:
    """Whether a text has a letter."""
    return any(map(str.isalpha, text))
