"""Tables of Word as grids: spans, rows of names, tables inside cells, and tables that only lay out the page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from lxml import etree

from ingestion.parsers.office.docx_styles import W, switch, value, whole
from ingestion.parsers.office.docx_text import chosen
from ingestion.parsers.office.drawing_text import MARKUP
from ingestion.tables.grid import MAX_COLUMNS, Cell, Grid, spread
from ingestion.tables.header_rows import MAX_HEADER_ROWS, count_header_rows, without_caption
from ingestion.tables.naming import named_cells

_MAX_CELL_CHARS: Final = 2_000
_MIN_NAMED_COLUMNS: Final = 3
_WRAPPERS: Final = frozenset(
    f"{W}{name}" for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph as it is written.

    Attributes:
        text: With its number, but without a bullet.
        heading: Its level, 0 for other text.
        bullet: Mark of a member of a list that stands apart from the text; "" for other text.
        level: Depth in a list.
        is_member: Whether it belongs to a list.
    """

    text: str
    heading: int = 0
    bullet: str = ""
    level: int = 0
    is_member: bool = False


@dataclass(slots=True, kw_only=True)
class TableCell:
    """A cell with its content; `rows` and `columns` are the spanned ones; `is_bold` if all of its text is."""

    items: list["Item"] = field(default_factory=list)
    rows: int = 1
    columns: int = 1
    is_bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; `header_rows` is None where the file marks none."""

    rows: Sequence[Sequence[TableCell]]
    header_rows: int | None


Item = Paragraph | Table | Grid
ReadCell = Callable[[etree._Element], list[Item]]


def read_table(
    table: etree._Element, read_cell: ReadCell, drop_row: Callable[[etree._Element], bool]
) -> Table:
    """Read a table whose deleted rows are left out.

    Args:
        table: A `w:tbl`.
        read_cell: Gives what a cell holds.
        drop_row: Whether a row is left out, by its properties.
    """
    rows: list[list[TableCell]] = []
    named = 0
    merged: dict[int, TableCell] = {}
    for row in _children(table, f"{W}tr"):
        properties = row.find(f"{W}trPr")
        if properties is not None and drop_row(properties):
            continue
        named += named == len(rows) and bool(switch(properties, "tblHeader"))
        line, merged = _row(row, properties, read_cell, merged)
        rows.append(line)
    return Table(rows=rows, header_rows=named if 0 < named < len(rows) else None)


def _row(
    row: etree._Element,
    properties: etree._Element | None,
    read_cell: ReadCell,
    above: dict[int, TableCell],
) -> tuple[list[TableCell], dict[int, TableCell]]:
    """Cells of a row, and cells that may continue below it, by their first column."""
    line: list[TableCell] = []
    merged: dict[int, TableCell] = {}
    before = whole(value(properties.find(f"{W}gridBefore")), 0) if properties is not None else 0
    column = min(before or 0, MAX_COLUMNS)
    if column:
        line.append(TableCell(columns=column))
    for cell in _children(row, f"{W}tc"):
        own = cell.find(f"{W}tcPr")
        if own is not None and own.find(f"{W}cellDel") is not None:
            continue
        width = (
            max(1, min(whole(value(own.find(f"{W}gridSpan")), 1) or 1, MAX_COLUMNS)) if own is not None else 1
        )
        items = read_cell(cell)
        if line and _merge(own, "hMerge") == "continue":
            line[-1].columns += width
            line[-1].items.extend(items)
        elif (
            _merge(own, "vMerge") == "continue"
            and column in above
            and above[column].columns == width
            and not items
        ):
            above[column].rows += 1
            merged[column] = above[column]
        else:
            line.append(TableCell(items=items, columns=width, is_bold=_is_bold(cell)))
            if _merge(own, "vMerge"):
                merged[column] = line[-1]
        column += width
    return line, merged


def _is_bold(cell: etree._Element) -> bool:
    runs = [run for run in cell.iterfind(f"{W}p/{W}r") if run.find(f"{W}t") is not None]
    return bool(runs) and all(switch(run.find(f"{W}rPr"), "b") for run in runs)


def _merge(properties: etree._Element | None, name: str) -> str:
    """How a cell is merged: "restart", "continue", or "" for not at all."""
    found = properties.find(f"{W}{name}") if properties is not None else None
    return "" if found is None else value(found) or "continue"


def _children(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Rows or cells in order, those in content controls and tracked insertions too."""
    stack = list(reversed(parent))
    while stack:
        node = stack.pop()
        if node.tag == tag:
            yield node
        elif node.tag in _WRAPPERS:
            stack.extend(reversed(node))
        elif node.tag == f"{MARKUP}AlternateContent" and (form := chosen(node)) is not None:
            stack.extend(reversed(form))


def is_layout(table: Table) -> bool:
    """Whether a table only lays out the page: one column, headings over other text, or very long cells."""
    if all(len(row) <= 1 for row in table.rows):
        return True
    return any(
        _has_section(cell.items) or sum(map(_length, cell.items)) > _MAX_CELL_CHARS
        for row in table.rows
        for cell in row
    )


def _has_section(items: Sequence[Item]) -> bool:
    return any(isinstance(item, Paragraph) and item.heading for item in items[:-1])


def _length(item: Item) -> int:
    match item:
        case Paragraph():
            return len(item.text)
        case Table():
            return sum(_length(inner) for row in item.rows for cell in row for inner in cell.items)
    return sum(len(cell.text) for row in item.rows for cell in row)


def grid_of_table(table: Table) -> Grid:
    """The table as a grid; first rows may be its caption."""
    caption, rows = without_caption([[_cell(cell) for cell in row] for row in table.rows])
    names = max(0, (table.header_rows or 0) - (len(table.rows) - len(rows)))
    if names:
        # A row of names that is not marked itself belongs to them where a marked one reaches down to it.
        reach = max(
            (place + cell.rows for place, row in enumerate(rows[:names]) for cell in row), default=names
        )
        names = min(max(names, min(reach, MAX_HEADER_ROWS)), len(rows) - 1)
    bold = _bold_rows(table.rows[len(table.rows) - len(rows) :])
    if not names and bold:
        names = max(bold, count_header_rows(spread(rows)))
    return Grid(rows=rows, header_rows=names if names or bold == 0 else None, caption=caption)


def _bold_rows(rows: Sequence[Sequence[TableCell]]) -> int | None:
    """Header rows by bold cells: bold rows over others, none if every other row is bold; else None."""
    looks = [[cell.is_bold for cell in row if cell.items] for row in rows]
    count = 0
    while count < min(MAX_HEADER_ROWS, len(looks)) and len(looks[count]) > 1 and all(looks[count]):
        count += 1
    if count:
        return None if count == len(looks) or all(looks[count]) else count
    is_side = all(len(look) > 1 and look == [place % 2 == 0 for place in range(len(look))] for look in looks)
    return 0 if is_side and len(looks) > 1 else None


def _cell(cell: TableCell) -> Cell:
    return Cell(text_of(cell.items), rows=cell.rows, columns=cell.columns)


def text_of(items: Sequence[Item]) -> str:
    """Text of a cell or note on one line; rows of nested tables are separated by semicolons."""
    return " ".join(filter(None, map(_text, items)))


def _text(item: Item) -> str:
    match item:
        case Paragraph():
            return item.text if item.bullet in {"", "-"} else f"{item.bullet} {item.text}"
        case Table():
            grid = grid_of_table(item)
    if isinstance(item, Grid):
        grid = item
    width = max((sum(cell.columns for cell in row) for row in grid.rows), default=0)
    if grid.header_rows is None and width < _MIN_NAMED_COLUMNS:
        grid = replace(grid, header_rows=0)  # a name and its value, row by row
    _, rows = named_cells(grid)
    joiner = " " if width < _MIN_NAMED_COLUMNS and not grid.header_rows else ", "
    lines = (
        joiner.join(f"{name}: {text}" if name and name != text else text for name, text in row)
        for row in rows
    )
    return "; ".join(filter(None, [grid.caption, *lines]))
