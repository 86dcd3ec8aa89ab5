"""Tables of HTML as grids; tables that only lay out a page are recognised as such."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from lxml import html as lxml_html

from ingestion.canonical import squeeze
from ingestion.parsers.web.elements import is_bold, tag_of
from ingestion.parsers.web.page import Page
from ingestion.parsers.web.shown import Shown
from ingestion.parsers.web.sizes import Size
from ingestion.tables.grid import MAX_COLUMNS, Cell, Grid
from ingestion.tables.header_rows import MAX_HEADER_ROWS
from ingestion.tables.naming import named_cells

_MAX_ROWS = 65_534  # that a cell may span (HTML Standard, 4.9.11)
_MAX_SHORT_CHARS = 200
_MAX_CELL_CHARS = 1_000
_MAX_NAMED_CELL_CHARS = 5_000
_MAX_INNER_TABLES = 3  # tables inside each other that are written with the names of their columns

_FIGURE = re.compile(r"[^\w]*\d")
_HEAD_CLASS = re.compile(r"(?:\A|[\s_-])(?:t?head|header|heading|title)s?(?:\Z|[\s_-])", re.I)

_Cells = list[lxml_html.HtmlElement]


@dataclass(slots=True)
class Parts:
    """Rows, captions and loose parts of a table, without those of tables inside it.

    Attributes:
        head: Rows of cells in the head of the table.
        body: Those in its body.
        foot: Those below, wherever they stand in the source.
        captions: Captions.
        strays: Other elements, which browsers show above the table.
        stray_text: Text outside of cells.
        left_out: Reasons for which rows and cells are left out.
    """

    head: list[_Cells] = field(default_factory=list)
    body: list[_Cells] = field(default_factory=list)
    foot: list[_Cells] = field(default_factory=list)
    captions: _Cells = field(default_factory=list)
    strays: _Cells = field(default_factory=list)
    stray_text: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[_Cells]:
        """All rows as they are shown."""
        return [*self.head, *self.body, *self.foot]


def parts_of(page: Page, table: lxml_html.HtmlElement) -> Parts:
    """Take a table apart; hidden rows and cells are left out."""
    parts = Parts()
    loose: _Cells | None = None  # cells outside of a row
    for element, tag, group in _structure(table, parts):
        if not _is_read(page, element, parts):
            continue
        if tag in {"td", "th"}:
            if loose is None:
                loose = []
                group.append(loose)
            loose.append(element)
            continue
        loose = None
        if tag == "tr":
            group.append([cell for cell in _cells(element, parts) if _is_read(page, cell, parts)])
        else:
            (parts.captions if tag == "caption" else parts.strays).append(element)
    return parts


def _is_read(page: Page, element: lxml_html.HtmlElement, parts: Parts) -> bool:
    reason = page.reason(element, tag_of(element))
    parts.left_out.extend([reason] if reason else [])
    return reason is None


def _structure(
    table: lxml_html.HtmlElement, parts: Parts
) -> Iterator[tuple[lxml_html.HtmlElement, str, list[_Cells]]]:
    """Rows, loose cells, captions and strays with the group that they belong to, forms around rows looked through."""
    groups = {"thead": parts.head, "tbody": parts.body, "tfoot": parts.foot}
    waiting: list[tuple[lxml_html.HtmlElement, list[_Cells]]] = []

    def enter(element: lxml_html.HtmlElement, group: list[_Cells]) -> None:
        _note_text(element, parts)
        waiting.extend((child, group) for child in reversed(element))

    enter(table, parts.body)
    while waiting:
        element, group = waiting.pop()
        tag = tag_of(element)
        if tag in groups:
            enter(element, groups[tag])
        elif tag not in {"tr", "td", "th", "caption"} and next(element.iter("tr"), None) is not None:
            enter(element, group)
        else:
            yield element, tag, group


def _cells(row: lxml_html.HtmlElement, parts: Parts) -> Iterator[lxml_html.HtmlElement]:
    waiting = [row]
    while waiting:
        element = waiting.pop()
        if element is not row and tag_of(element) in {"td", "th"}:
            yield element
        elif element is row or next(element.iter("td", "th"), None) is not None:
            _note_text(element, parts)
            waiting.extend(reversed(element))
        else:
            parts.strays.append(element)


def _note_text(element: lxml_html.HtmlElement, parts: Parts) -> None:
    texts = (element.text, *(child.tail for child in element))
    parts.stray_text.extend(text for text in texts if text and text.strip())


def is_data(page: Page, table: lxml_html.HtmlElement, parts: Parts) -> bool:
    """Whether a table holds data: marked as such, or of short cells in several rows and columns.

    Others lay out the page (HTML Standard, 4.9.1); they are read as blocks.
    """
    rows = [row for row in parts.rows if row]
    if not rows or table.get("role") in {"presentation", "none"}:
        return False
    sizes = [page.size(cell) for row in rows for cell in row]
    longest = max(size.chars for size in sizes)
    is_marked = bool(parts.captions or parts.head) or any(
        tag_of(cell) == "th" for row in rows for cell in row
    )
    if any(size.code for size in sizes) or max(map(len, rows)) < 2:
        return is_marked and longest <= _MAX_SHORT_CHARS
    if is_marked:
        return not any(
            size.chars > _MAX_NAMED_CELL_CHARS and (size.headings or size.tables) for size in sizes
        )
    if len(rows) < 2:
        return all(map(_is_plain, sizes))
    is_page = any(size.headings > 1 or size.tables > 1 for size in sizes) and longest > _MAX_SHORT_CHARS
    return longest <= _MAX_CELL_CHARS and not is_page


def is_short_row(page: Page, row: lxml_html.HtmlElement) -> bool:
    """Whether the cells of a row in a layout belong together: several, short and without structure."""
    sizes = [page.size(cell) for cell in row if tag_of(cell) in {"td", "th"}]
    return sum(size.chars > 0 for size in sizes) > 1 and all(map(_is_plain, sizes))


def _is_plain(size: Size) -> bool:
    return size.chars <= _MAX_SHORT_CHARS and not (size.headings or size.tables or size.code)


def grid_of_table(page: Page, parts: Parts, depth: int = 0) -> Grid:
    """The grid of a table of data; a row of one cell above the others is a caption."""
    for reason in parts.left_out:
        page.drop(reason)
    head = _group(page, parts.head, depth)
    rows = [*head, *_group(page, parts.body, depth), *_group(page, parts.foot, depth)]
    if all(cell.is_name for row in rows for cell in row):  # then bold print tells nothing
        rows = [[replace(cell, is_name=False) for cell in row] for row in rows]
    captions = [cell_text(page, caption, depth) for caption in parts.captions]
    titles = 0
    while (
        titles < len(rows) - 1
        and len(rows[titles]) == 1 < len(rows[titles + 1])
        and rows[titles][0].rows == 1
    ):
        captions.append(rows[titles][0].text)
        titles += 1
    rows = rows[titles:]
    header_rows = min(len(head) - titles, MAX_HEADER_ROWS) if len(head) > titles else None
    if header_rows is None and _is_keyed(rows):
        rows, header_rows = [_keyed(row) for row in rows], 0
    elif header_rows is None and _is_unnamed(rows):
        header_rows = 0
    return Grid(rows=rows, header_rows=header_rows, caption=" ".join(captions))


def _group(page: Page, rows: list[_Cells], depth: int) -> list[list[Cell]]:
    """Rows of the head, the body or the foot; no cell spans beyond its own section."""
    sections: list[list[_Cells]] = []
    section: lxml_html.HtmlElement | None = None
    for row in rows:
        own = row[0].getparent().getparent() if row else section
        if not sections or own is not section:
            sections.append([])
        sections[-1].append(row)
        section = own
    return [
        [_cell(page, cell, len(rows_of_section) - number, depth) for cell in row]
        for rows_of_section in sections
        for number, row in enumerate(rows_of_section)
    ]


def _cell(page: Page, cell: lxml_html.HtmlElement, rows_left: int, depth: int) -> Cell:
    rows = _span(cell, "rowspan", _MAX_ROWS)
    return Cell(
        text=cell_text(page, cell, depth),
        rows=rows_left if rows == 0 else min(rows, rows_left),  # 0: to the end of the group
        columns=max(1, _span(cell, "colspan", MAX_COLUMNS)),
        is_name=tag_of(cell) == "th" or _is_all_bold(cell) or _is_called_head(cell),
    )


def _span(cell: lxml_html.HtmlElement, name: str, most: int) -> int:
    value = cell.get(name, "1").strip()
    return min(int(value), most) if value.isdecimal() and len(value) < 9 else 1


def _is_called_head(cell: lxml_html.HtmlElement) -> bool:
    row = cell.getparent()
    return any(_HEAD_CLASS.search(node.get("class", "")) for node in (cell, row) if node is not None)


def _is_all_bold(cell: lxml_html.HtmlElement) -> bool:
    """Whether all text of a cell is bold, as names are written in tables without head cells."""
    if is_bold(cell):
        return True
    node = cell
    while not (node.text or "").strip():
        children = [child for child in node if tag_of(child) != "br"]
        if len(children) != 1 or any((child.tail or "").strip() for child in node):
            return False
        node = children[0]
        if is_bold(node):
            return True
    return False


def _is_keyed(rows: list[list[Cell]]) -> bool:
    """Whether each row begins with its own name and no row names the columns."""
    wide = [row for row in rows if len(row) > 1]
    marked = [row for row in wide if row[0].is_name and not row[1].is_name]
    if wide and wide[0] in marked:
        return 2 * len(marked) > len(wide) and wide[0][0].text.strip() != ""
    return bool(wide) and all(len(row) == 2 and row[0].text.rstrip().endswith((":", "：")) for row in wide)


def _is_unnamed(rows: list[list[Cell]]) -> bool:
    """Whether two columns without a mark are rather names and values, line by line, than named columns.

    Authors of HTML mark the names of columns; without a mark they are believed where they stand over numbers.
    """
    if any(len(row) > 2 or any(cell.is_name for cell in row) for row in rows):
        return False
    values = [row[1].text for row in rows if len(row) == 2]
    return not (values and not _FIGURE.match(values[0]) and all(map(_FIGURE.match, values[1:])))


def _keyed(row: list[Cell]) -> list[Cell]:
    """A row in which each name and the one value behind it have become one cell."""
    found: list[Cell] = []
    at = 0
    while at < len(row):
        name, value = row[at], row[at + 1] if at + 1 < len(row) else None
        is_single = at + 2 >= len(row) or row[at + 2].is_name
        is_name = name.is_name or name.text.rstrip().endswith((":", "："))
        if value is not None and is_name and not value.is_name and is_single and name.text and value.text:
            text = (
                f"{name.text.rstrip(' :：')}{'：' if name.text.rstrip().endswith('：') else ':'} {value.text}"
            )
            found.append(Cell(text, rows=1, columns=1))
            at += 2
        else:
            found.append(Cell(name.text))
            at += 1
    return found


def cell_text(page: Page, root: lxml_html.HtmlElement, depth: int = 0) -> str:
    """Text of a cell on one line; a table inside it keeps the names of its columns."""
    shown = Shown(page, root)
    parts: list[str] = []
    for part in shown:
        if isinstance(part, str):
            parts.append(part)
            continue
        if part.is_start and part.tag == "table" and part.element is not root and depth < _MAX_INNER_TABLES:
            inner = parts_of(page, part.element)
            if is_data(page, part.element, inner):
                parts.extend((" ", _on_one_line(page, inner, depth + 1), " "))
                shown.skip()
                continue
        if part.parts_words:
            parts.append(" ")
    return squeeze("".join(parts))


def _on_one_line(page: Page, parts: Parts, depth: int) -> str:
    grid = grid_of_table(page, parts, depth)
    _, rows = named_cells(grid)
    lines = (", ".join(f"{name}: {text}" if name else text for name, text in row) for row in rows)
    strays = (*parts.stray_text, *(cell_text(page, stray, depth) for stray in parts.strays))
    return " ".join((*strays, f"{grid.caption} " if grid.caption else "", "; ".join(lines)))


def write_strays(page: Page, parts: Parts, write: Callable[[str], None]) -> None:
    """Write the text that stands in a table but in no cell, as browsers show it: above the table."""
    for text in parts.stray_text:
        write(text)
    for stray in parts.strays:
        write(cell_text(page, stray))
