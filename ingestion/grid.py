"""Tables: one grid for every format, and how its rows are written.

A parser gives the cells as the file has them (with the rows and columns that each spans); here spans are filled down
and across, rows of column names are told from rows of values, and each row is written as `name: value | name: value`,
so that it still says what it means when it is read or cited alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

MAX_COLUMNS: Final = 1_000
MAX_HEADER_ROWS: Final = 3
_MAX_FILLED: Final = 200_000  # cells that spans alone may fill in one grid
_MAX_NAME_CHARS: Final = 60
_MAX_LONG_NAME_CHARS: Final = 200  # over numbers
_MIN_PAIRS, _MOST_BLANKS_OF_CODE, _PREVAILING = 2, 1, 0.6
_VALUE_NAMES: Final = frozenset(
    {"value", "values", "content", "description", "detail", "details", "值", "内容", "说明", "数值", "描述"}
)
"""Names of columns whose values are of all kinds."""
_LABEL = re.compile(
    r".*(?:姓名|名称|性别|年龄|民族|籍贯|学历|学[位校]|院校|出生|年月|政治面貌|身份证|婚姻状况|职[务称位]|地[址点]|住址|电话|手机|传真|邮[箱编]|网址|日期|时间|"
    r"编号|号码?|账[号户]|负责人|代表人?|联系人|[甲乙丙]方|开户行|型号|规格|金额|预算|颜色|材质|材料|尺寸|重量|品牌|产地|状态|类[别型]|用途|版本|价格)|部门|单位|公司|专业|车主|备注|"
    r"(?:\A|.*\W)(?:names?|date|birth|sex|gender|age|nationality|phone|telephone|mobile|fax|e-?mail|address|number|no\.?|"
    r"id|owner|department|company|employer|position|occupation|contact|buyer|seller|customer|supplier|manufacturer|"
    r"model|colou?r|material|finish|brand|type|category|status|version|price|weight|height|width|length|size|location|mileage|budget|currency|remarks?)",
    re.I,
)
"""Ends of the labels of forms; the first row of a form holds values beside them, a row of names no values."""
_SHAPE_ROWS: Final = 20  # rows below the first that are looked at to tell names from values
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGITS = re.compile(r"\d+(?:[.,\s]\d+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"[^\w]*\d[\d.,\s]*[^\w]*")
_DATE = re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}|\d{1,2}:\d\d")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as the file has it.

    Attributes:
        text: On one line or several; white space is joined when the row is written.
        rows: Rows that it spans, at least 1.
        columns: Columns that it spans, at least 1.
        is_name: Whether the file marks it as a head cell.
    """

    text: str
    rows: int = 1
    columns: int = 1
    is_name: bool = False


_UNIT = re.compile(r"[(（\[][^\d()（）\[\]]\S{0,12}[)）\]]")
_COUNT = re.compile(r"(\D*)(\d{1,4})(\D*)")
_SAID = re.compile(r"[^\d:：]{1,20}[:：]\s*[^\s/]")

_Spans = dict[int, tuple[Cell, int]]
"""By column: a cell from above, and the rows that it still spans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table.

    Attributes:
        rows: Cells from left to right; those covered by a span of another are absent.
        header_rows: Rows of column names at the top; None if the file doesn't say, then they are told by their cells.
        caption: Its own heading.
    """

    rows: Sequence[Sequence[Cell]]
    header_rows: int | None = None
    caption: str = ""


def grid_of(rows: Iterable[Sequence[str]], *, header_rows: int | None = None, caption: str = "") -> Grid:
    """A grid of texts without spans."""
    return Grid(rows=[[Cell(text) for text in row] for row in rows], header_rows=header_rows, caption=caption)


def spread(rows: Sequence[Sequence[Cell]]) -> list[list[Cell | None]]:
    """Cells by row and column: a cell stands in every place that it spans, None where there is no cell.

    Spans end with the last row and at `MAX_COLUMNS`, cells don't; cells that one place is claimed for twice move to
    the right, as browsers do it (HTML Standard, 4.9.12, "Forming a table").
    """
    places: list[list[Cell | None]] = []
    spans: _Spans = {}
    left = _MAX_FILLED
    for row in rows:
        line: list[Cell | None] = []
        below: _Spans = {}
        for cell in row:
            _take(spans, line, below)
            width = max(1, min(cell.columns, MAX_COLUMNS - len(line)))
            left -= width * max(1, cell.rows) - 1
            width, height = (width, cell.rows) if left > 0 else (1, 1)
            for _ in range(width):
                spans.pop(len(line), None)
                if height > 1:
                    below[len(line)] = cell, height - 1
                line.append(cell)
        for column in sorted(spans):
            line.extend([None] * (column - len(line)))
            _take(spans, line, below)
        spans = below
        places.append(line)
    return places


def _take(spans: _Spans, line: list[Cell | None], below: _Spans) -> None:
    """Go on with the cells from above that reach into `line` at its end."""
    while len(line) in spans:
        cell, remaining = spans.pop(len(line))
        if remaining > 1:
            below[len(line)] = cell, remaining - 1
        line.append(cell)


def are_said(texts: Sequence[str]) -> bool:
    """Whether each text is a label with its value, such as `Unit: EUR` above the names of columns."""
    return all(map(_SAID.match, filter(None, texts)))


def without_caption(rows: Sequence[Sequence[Cell]]) -> tuple[str, Sequence[Sequence[Cell]]]:
    """The caption that the first rows of a table are, and the others.

    A row of one cell over several columns is one, and labels with their values above the names of the columns.
    """
    caption: list[str] = []
    start = 0
    while start < min(len(rows) - 1, MAX_HEADER_ROWS):
        first, others = rows[start], rows[start + 1 : start + 1 + _SHAPE_ROWS]
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


def is_number(text: str) -> bool:
    """Whether a text is a number, with or without signs around it (currency, percent)."""
    return _NUMBER.fullmatch(text) is not None


def are_pairs(rows: Sequence[Sequence[Cell | None]]) -> bool:
    """Whether spread rows are pairs of a label and a value (`Owner | Helga`, or several in a row), without names.

    Labels that end in a colon tell, and labels of forms with values beside them; else values of several kinds none of
    which prevails in any column. Where all values are of one kind, nothing tells pairs from a table with names.
    """
    rows = rows[: 1 + _SHAPE_ROWS]
    used = {column for row in rows for column, cell in enumerate(row) if _text(cell)}
    rows = [[cell for column, cell in enumerate(row) if column in used] for row in rows]
    pairs = [_pairs_in(row) for row in rows]
    if all(row and (row[0][0].endswith((":", "：")) or are_said([*row[0]])) for row in pairs):
        return True
    width = max(len({id(cell) for cell in row}) for row in rows)
    labels = [label for row in pairs for label, _ in row]
    if len(rows) < 2 or width == 3 or any(value.casefold() in _VALUE_NAMES for _, value in pairs[0]):
        return False
    if _are_labels(pairs):
        return True
    if len(rows) <= _MIN_PAIRS or width % 2 or (width > 2 and not _are_names(labels)):
        return False
    columns = [
        [kind for row in pairs[1:] if place < len(row) and (kind := _kind(row[place][1]))]
        for place in range(width // 2)
    ]
    # Of two texts, that one has a digit says nothing.
    columns = [[] if sorted(kinds) == ["code", "words"] else kinds for kinds in columns]
    return all(kinds and max(map(kinds.count, kinds)) < _PREVAILING * len(kinds) for kinds in columns)


def _pairs_in(row: Sequence[Cell | None]) -> list[tuple[str, str]]:
    """Cells of a row two by two, each cell once."""
    texts = list({id(cell): _text(cell) for cell in row if cell is not None}.values())
    pairs = zip(texts[::2], [*texts[1::2], ""], strict=False)
    return [pair for pair in pairs if any(pair)]


def _are_labels(rows: Sequence[Sequence[tuple[str, str]]]) -> bool:
    """Whether most labels are those of forms, also below the first row, and no value of the first row is one."""
    first, *below = ([_is_label(label) for label, _ in row] for row in rows)
    labels = [*first, *(found for row in below for found in row)]
    is_named = any(_is_label(value) for _, value in rows[0])
    return any(first) and any(map(any, below)) and not is_named and 2 * sum(labels) > len(labels)


def _is_label(text: str) -> bool:
    text = text.strip(":：* ")
    if len(text) > _MAX_NAME_CHARS:
        return False
    return any(_LABEL.fullmatch(form) for form in (text, text.replace(" ", "")))  # 姓 名


def _are_names(labels: Sequence[str]) -> bool:
    return len(set(labels)) == len(labels) and all(label and _kind(label) == "words" for label in labels)


def _kind(text: str) -> str:
    """Number, date, code or words; "" for nothing."""
    if not text:
        return ""
    if is_number(text):
        return "number"
    if not any(map(str.isdigit, text)) or text.count(" ") > _MOST_BLANKS_OF_CODE:
        return "words"
    return "date" if _DATE.match(text) else "code"


def column_names(rows: Sequence[Sequence[Cell | None]], width: int) -> list[str]:
    """Names of the columns from their header rows: the texts that stand over a column, joined by a space."""
    names: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        texts = _filled_right(row, width) if depth + 1 < len(rows) else [_text(cell) for cell in row]
        for column, text in enumerate(texts[:width]):
            if text and text not in names[column][-1:]:
                names[column].append(text)
    return [" ".join(parts) for parts in names]


def _filled_right(row: Sequence[Cell | None], width: int) -> list[str]:
    """Texts of an upper header row; an empty cell beside a name belongs to it, as merging leaves it."""
    texts: list[str] = []
    for column in range(width):
        text = _text(row[column]) if column < len(row) else ""
        texts.append(text or (texts[-1] if texts else ""))
    return texts


def _text(cell: Cell | None) -> str:
    return "" if cell is None else " ".join(cell.text.split())


def _all_marked(row: Sequence[Cell | None]) -> bool:
    """Whether a row consists of head cells; the corner may be an empty cell that is none."""
    filled = [cell for cell in row if cell is not None and cell.text.strip()]
    return bool(filled) and all(cell.is_name for cell in filled) and len({id(cell) for cell in filled}) > 1


def _names(rows: Sequence[Sequence[Cell | None]], at: int) -> bool:
    """Whether the row `at` can hold names of the columns, by its cells and those below."""
    texts = [_text(cell) for cell in rows[at]]
    filled = [text for text in texts if text]
    below = rows[at + 1 : at + 1 + _SHAPE_ROWS]
    counted = _counted_columns(texts, [[_text(cell) for cell in row] for row in below])
    if len(set(filled)) < 2 or not (counted or any(_LETTERS.search(text) for text in filled)):
        return False
    contrast = False
    for column, text in enumerate(texts):
        under = [_text(row[column]) for row in below if column < len(row)]
        under = [other for other in under if other]
        if not text or not under:
            continue
        shapes = [_shape(other) for other in under]
        common = max(set(shapes), key=shapes.count)
        is_year = _YEAR.fullmatch(text) is not None and _YEAR.fullmatch(under[0]) is None
        has_digit = any(map(str.isdigit, text))
        is_plain = not has_digit or is_year or column in counted
        if not is_plain and (common == _shape(text) or is_number(text)):
            return False
        contrast = contrast or (is_number(under[0]) and (is_plain or not is_number(text)))
    if any(len(text) > (_MAX_LONG_NAME_CHARS if contrast else _MAX_NAME_CHARS) for text in filled):
        return False
    own = {id(cell): _text(cell) for cell in rows[at] if cell is not None and _text(cell)}
    return contrast or len(set(own.values())) == len(own)


def _counted_columns(texts: Sequence[str], below: Sequence[Sequence[str]]) -> range:
    """Columns that a row of names counts (1, 2, 3; 2023, 2024; Day 1, Day 2), after words; the rows below don't."""
    first = next((column for column, text in enumerate(texts) if _COUNT.fullmatch(text)), len(texts))
    around = _counts(texts[first:])
    if around is None:
        return range(0)
    are_years = _YEAR.fullmatch(texts[first]) is not None
    least = 2 if first and (are_years or any(around)) else 3
    if any(around):
        is_alike = any(_counts([text]) == around for row in below for text in row[first:])
    else:
        beneath = below[0][first:] if below else []
        is_alike = _counts(beneath) == around and are_years == bool(_YEAR.fullmatch(beneath[0]))
    if is_alike or len(texts) - first < least or (first == 0 and not are_years):
        return range(0)
    return range(first, len(texts))


def _counts(texts: Sequence[str]) -> tuple[str, str] | None:
    """What stands around numbers that go up by one, the same in all texts; None where they don't."""
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
        is_spanned = upper is not None and column > 0 and upper is above[column - 1] and _text(upper) != ""
        if _text(upper) and _text(upper) != name:
            name, last = _text(upper), ""
        text = _text(cell) if cell is not upper else ""
        if name and text and last and text != last and (is_spanned or _is_over_numbers(rows, at)):
            return True
        last = text or last
    return False


def _parts_marked_names(rows: Sequence[Sequence[Cell | None]], at: int) -> bool:
    """Whether a row below marked names parts them though its own cells are not marked: words over numbers."""
    row = rows[at]
    begins_late = bool(row) and (not _text(row[0]) or row[0] in rows[at - 1][:1])
    has_number = any(is_number(_text(cell)) for cell in row)
    return begins_late and not has_number and _is_parted(rows, at) and _is_over_numbers(rows, at)


def _are_units(row: Sequence[Cell | None]) -> bool:
    """Whether a row gives the units of the names above it: each in brackets."""
    texts = [text for cell in row if (text := _text(cell))]
    return bool(texts) and all(_UNIT.fullmatch(text) for text in texts)


def _is_over_numbers(rows: Sequence[Sequence[Cell | None]], at: int) -> bool:
    """Whether numbers stand below the words of a row: an empty cell above it is then no gap in a table of words.

    They may follow below a further row that itself parts this one.
    """
    below = rows[at + 1] if at + 1 < len(rows) else ()
    is_over = any(
        _text(cell) and not is_number(_text(cell)) and is_number(_text(under))
        for cell, under in zip(rows[at], below, strict=False)
    )
    return is_over or (at + 1 < min(len(rows) - 1, MAX_HEADER_ROWS) and _is_parted(rows, at + 1))


def _shape(text: str) -> str:
    """The form of a text: numbers as 9, words as a, all else as it is."""
    return _LETTERS.sub("a", _DIGITS.sub("9", text))


def named_cells(grid: Grid) -> tuple[list[str], list[list[tuple[str, str]]]]:
    """Names of the columns, and the filled cells of each row of values as pairs of name and text.

    There are no names where the table has none. A cell that spans columns stands once under each name; over all
    columns, it stands once and without a name.
    """
    rows = [row for row in spread(grid.rows) if any(_text(cell) for cell in row)]
    count = count_header_rows(rows) if grid.header_rows is None else grid.header_rows
    width = max((len(row) for row in rows), default=0)
    if not 0 < count < len(rows):
        count = 0
    names = column_names(rows[:count], width) if count else [""] * width
    return names if count else [], [_pairs(names, row) for row in rows[count:]]


def _pairs(names: Sequence[str], row: Sequence[Cell | None]) -> list[tuple[str, str]]:
    if len(row) > 1 and len(row) == len(names) and all(cell is row[0] for cell in row):
        return [("", _text(row[0]))]
    pairs: list[tuple[str, str]] = []
    for column, cell in enumerate(row):
        text, name = _text(cell), names[column]
        is_same = column > 0 and name == names[column - 1] and _text(row[column - 1]) == text
        if text and not (is_same and (name or row[column - 1] is cell)):
            pairs.append((name, text))
    return pairs
