"""Rows of column names, guessed where a file doesn't mark them: from the cells above and below."""

import re
from collections.abc import Sequence
from typing import Final

from ingestion.tables.forms import MAX_NAME_CHARS, SHAPE_ROWS, are_pairs, are_said
from ingestion.tables.grid import Cell, spread, text_of
from ingestion.tables.kinds import has_letter, is_number, is_year, shape_of

MAX_HEADER_ROWS: Final = 3
_MAX_LONG_NAME_CHARS: Final = 200  # over numbers
_UNIT = re.compile(r"[(（\[][^\d()（）\[\]]\S{0,12}[)）\]]")
_COUNT = re.compile(r"(\D*)(\d{1,4})(\D*)")


def without_caption(rows: Sequence[Sequence[Cell]]) -> tuple[str, Sequence[Sequence[Cell]]]:
    """The caption that the first rows of a table are, and the others.

    A row of one cell over several columns is one, and labels with their values above the names of the columns.
    """
    caption: list[str] = []
    start = 0
    while start < min(len(rows) - 1, MAX_HEADER_ROWS):
        first, others = rows[start], rows[start + 1 : start + 1 + SHAPE_ROWS]
        is_over = len(first) == 1 and first[0].columns > 1 and first[0].rows == 1
        texts = [" ".join(cell.text.split()) for cell in first]
        if not is_over and not (any(texts) and are_said(texts) and count_header_rows(spread(others))):
            break
        caption += texts
        start += 1
    return " ".join(filter(None, caption)), rows[start:]


def count_header_rows(rows: Sequence[Sequence[Cell | None]]) -> int:
    """Rows of column names at the top of a spread table whose file doesn't say.

    Marked head cells tell; else the first row names the columns where its cells are short, at least two differ, and
    no cell is a number like those below it. A further row belongs to the names where a cell above it spans its
    columns (or is followed by empty ones) and it is no row of values itself. Pairs of a label and a value have none.
    """
    marked = 0
    while marked < min(len(rows) - 1, MAX_HEADER_ROWS) and _all_marked(rows[marked]):
        marked += 1
    if marked:
        return marked + (marked < min(len(rows) - 1, MAX_HEADER_ROWS) and _parts_marked_names(rows, marked))
    if len(rows) < 2 or are_pairs(rows):
        return 0
    count = 0
    while count < min(len(rows) - 1, MAX_HEADER_ROWS) - 1 and (
        _is_parted(rows, count + 1) or _are_units(rows[count + 1])
    ):
        count += 1
    while count and not _names(rows, count):
        count -= 1
    return count + 1 if _names(rows, count) else 0


def _all_marked(row: Sequence[Cell | None]) -> bool:
    """Whether a row consists of head cells; the corner may be an empty cell that is none."""
    filled = [cell for cell in row if cell is not None and cell.text.strip()]
    return bool(filled) and all(cell.is_name for cell in filled) and len({id(cell) for cell in filled}) > 1


def _names(rows: Sequence[Sequence[Cell | None]], at: int) -> bool:
    """Whether the row `at` can hold names of the columns, by its cells and those below."""
    texts = [text_of(cell) for cell in rows[at]]
    filled = [text for text in texts if text]
    below = rows[at + 1 : at + 1 + SHAPE_ROWS]
    counted = _counted_columns(texts, [[text_of(cell) for cell in row] for row in below])
    if len(set(filled)) < 2 or not (counted or any(map(has_letter, filled))):
        return False
    contrast = False
    for column, text in enumerate(texts):
        under = [text_of(row[column]) for row in below if column < len(row)]
        under = [other for other in under if other]
        if not text or not under:
            continue
        shapes = [shape_of(other) for other in under]
        common = max(set(shapes), key=shapes.count)
        has_year = is_year(text) and not is_year(under[0])
        has_digit = any(map(str.isdigit, text))
        is_plain = not has_digit or has_year or column in counted
        if not is_plain and (common == shape_of(text) or is_number(text)):
            return False
        contrast = contrast or (is_number(under[0]) and (is_plain or not is_number(text)))
    if any(len(text) > (_MAX_LONG_NAME_CHARS if contrast else MAX_NAME_CHARS) for text in filled):
        return False
    own = {id(cell): text_of(cell) for cell in rows[at] if cell is not None and text_of(cell)}
    return contrast or len(set(own.values())) == len(own)


def _counted_columns(texts: Sequence[str], below: Sequence[Sequence[str]]) -> range:
    """Columns that a row of names counts (1, 2, 3; 2023, 2024; Day 1, Day 2), after words; the rows below don't."""
    first = next((column for column, text in enumerate(texts) if _COUNT.fullmatch(text)), len(texts))
    around = _counts(texts[first:])
    if around is None:
        return range(0)
    are_years = is_year(texts[first])
    least = 2 if first and (are_years or any(around)) else 3
    if any(around):
        is_alike = any(_counts([text]) == around for row in below for text in row[first:])
    else:
        beneath = below[0][first:] if below else []
        is_alike = _counts(beneath) == around and are_years == is_year(beneath[0])
    if is_alike or len(texts) - first < least or (first == 0 and not are_years):
        return range(0)
    return range(first, len(texts))


def _counts(texts: Sequence[str]) -> tuple[str, str] | None:
    """The common text around numbers that count up by one; None if there is none."""
    found = [_COUNT.fullmatch(text) for text in texts]
    numbers = [int(match[2]) for match in found if match]
    around = {(match[1], match[3]) for match in found if match}
    if len(around) != 1 or len(numbers) < len(texts):
        return None
    return around.pop() if numbers == list(range(numbers[0], numbers[0] + len(numbers))) else None


def _is_parted(rows: Sequence[Sequence[Cell | None]], at: int) -> bool:
    """Whether the row `at` parts the names above it: a name there spans several of its filled cells."""
    above, row = rows[at - 1], rows[at]
    name, last = "", ""  # the name above, and the last text that stands under it
    for column, cell in enumerate(row):
        upper = above[column] if column < len(above) else None
        is_spanned = upper is not None and column > 0 and upper is above[column - 1] and text_of(upper) != ""
        if text_of(upper) and text_of(upper) != name:
            name, last = text_of(upper), ""
        text = text_of(cell) if cell is not upper else ""
        if name and text and last and text != last and (is_spanned or _is_over_numbers(rows, at)):
            return True
        last = text or last
    return False


def _parts_marked_names(rows: Sequence[Sequence[Cell | None]], at: int) -> bool:
    """Whether a row below marked names parts them though its own cells are not marked: words over numbers."""
    row = rows[at]
    begins_late = bool(row) and (not text_of(row[0]) or row[0] in rows[at - 1][:1])
    has_number = any(is_number(text_of(cell)) for cell in row)
    return begins_late and not has_number and _is_parted(rows, at) and _is_over_numbers(rows, at)


def _are_units(row: Sequence[Cell | None]) -> bool:
    """Whether a row gives the units of the names above it: each in brackets."""
    texts = [text for cell in row if (text := text_of(cell))]
    return bool(texts) and all(_UNIT.fullmatch(text) for text in texts)


def _is_over_numbers(rows: Sequence[Sequence[Cell | None]], at: int) -> bool:
    """Whether numbers stand below the words of a row: an empty cell above it is then no gap in a table of words.

    They may follow below a further row that itself parts this one.
    """
    below = rows[at + 1] if at + 1 < len(rows) else ()
    is_over = any(
        text_of(cell) and not is_number(text_of(cell)) and is_number(text_of(under))
        for cell, under in zip(rows[at], below, strict=False)
    )
    return is_over or (at + 1 < min(len(rows) - 1, MAX_HEADER_ROWS) and _is_parted(rows, at + 1))
