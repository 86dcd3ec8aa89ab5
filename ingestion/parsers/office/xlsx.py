"""XLSX by its XML, row by row: the name of each sheet is a heading, values read as shown.

Only the parts that hold text are looked at, and of these only the elements that do, in both namespaces (transitional
and strict): styles, views, validations and all else that a producer may have written wrongly can't lose a workbook.

Reference: ECMA-376 part 1, 18.3 (worksheets), 18.4 (shared strings), 18.8 (styles).
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from lxml import etree

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.packed import PackedFile
from ingestion.parsers.office.number_formats import BUILT_IN, plain, shown
from ingestion.parsers.office.package import Relation, relations_of, relations_part
from ingestion.parsers.office.raised_text import joined
from ingestion.parsers.office.sheet_rows import Range
from ingestion.parsers.office.sheets import Sheet, write_sheets
from ingestion.parsers.office.xml_parts import elements, local_name
from ingestion.sniff import XLSX
from ingestion.types import Document, Source

_MAX_COLUMN: Final = 16_383
_MAX_ROW: Final = 1_048_575
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TRUE = frozenset({"1", "true", "on"})
_LEFT_OUT: Final = (
    (r"xl/charts/chart[^/]*\.xml", "charts"),
    (r"xl/media/.+", "pictures"),
    (r"xl/embeddings/.+", "embedded files"),
)


@dataclass(slots=True)
class _Book:
    """Parts that all sheets share.

    Attributes:
        strings: Shared strings.
        codes: Codes of number formats by the number of the style, where numbers aren't shown as they are.
        bold: Numbers of the styles that are bold.
        struck: Numbers of the styles that are struck out.
        is_1904: Whether days are counted from 1904.
        keep_struck: Whether struck text is read.
        left_out: Counts what is left out, by kind.
    """

    strings: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    bold: set[str] = field(default_factory=set)
    struck: set[str] = field(default_factory=set)
    is_1904: bool = False
    keep_struck: bool = False
    left_out: Counter[str] = field(default_factory=Counter)

    def is_kept(self, text: str, *, is_struck: bool) -> bool:
        """Whether a text is read; it is counted if not."""
        if self.keep_struck or not is_struck:
            return True
        self.left_out["characters of struck text"] += len(text.strip())
        return False


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an XLSX workbook, hidden sheets too; every sheet that gives no text is named in `dropped`.

    Raises:
        CorruptFileError: If it is damaged or declares a document type.
        EncryptedError: If it is encrypted.
        LimitExceededError: If it unpacks to too much, or holds too much text.
    """
    writer = CanonicalWriter(limits)
    with PackedFile(source.data, limits) as packed:
        _count_left_out(packed, writer)
    with PackedFile(source.data, limits) as packed:
        reader = _Reader(packed, limits, writer)
        write_sheets(reader.sheets(), writer)
        for what, count in reader.book.left_out.items():
            writer.drop(what, count)
        title = reader.title()
    # The first heading is the name of a sheet, which titles nothing.
    return writer.build(media_type=XLSX, title=title, heading_is_title=False)


def _count_left_out(packed: PackedFile, writer: CanonicalWriter) -> None:
    for pattern, what in _LEFT_OUT:
        writer.drop(what, sum(re.fullmatch(pattern, name, re.I) is not None for name in packed.names))
    for name, data in packed.checked_parts():
        if re.fullmatch(r"xl/(?:comments[^/]*|comments/[^/]+)\.xml", name, re.I):
            writer.drop("comments", sum(1 for _ in elements(data, "comment")))


class _Reader:
    """Reads the parts of one workbook."""

    def __init__(self, packed: PackedFile, limits: ParsingLimits, writer: CanonicalWriter) -> None:
        self._packed = packed
        self._limits = limits
        self._writer = writer
        # Some producers write names of parts in other cases or with backslashes.
        self._names = {name.replace("\\", "/").lower(): name for name in packed.names}
        self.book = _Book(keep_struck=limits.keep_hidden)

    def sheets(self) -> Iterator[Sheet]:
        """Sheets in the order of their tabs."""
        related = self._related("")
        workbook = next(
            (item.target for item in related.values() if item.kind == "officeDocument"), "xl/workbook.xml"
        )
        related = self._related(workbook)
        by_kind = {item.kind: item.target for item in related.values()}
        self._read_strings(by_kind.get("sharedStrings", "xl/sharedStrings.xml"))
        self._read_styles(by_kind.get("styles", "xl/styles.xml"))
        tabs: list[tuple[str, str]] = []
        for element in self._elements(workbook, "sheet", "workbookPr"):
            if local_name(element) == "workbookPr":
                self.book.is_1904 = element.get("date1904", "0") in _TRUE
            else:
                key = next((str(value) for name, value in element.items() if name.endswith("}id")), "")
                tabs.append((str(element.get("name", "")), related[key].target if key in related else ""))
        if not any(self._has(part) for _, part in tabs):
            parts = sorted(part for part in self._names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", part))
            tabs += [(posixpath.basename(part)[:-4], part) for part in parts]
        for name, part in tabs:
            yield self._sheet(name, part)

    def title(self) -> str:
        """Title in the properties of the workbook."""
        return next((str(element.text or "") for element in self._elements("docProps/core.xml", "title")), "")

    def _has(self, part: str) -> bool:
        return part.lower() in self._names

    def _read(self, part: str) -> bytes:
        return self._packed.read(self._names[part.lower()]) if self._has(part) else b""

    def _elements(self, part: str, *names: str) -> Iterator[etree._Element]:
        return elements(
            self._read(part), *names, on_damage=partial(self._writer.drop, "damaged places of a part")
        )

    def _related(self, part: str) -> dict[str, Relation]:
        """Parts that a part refers to, by the identifier of the relation."""
        found = relations_of(self._elements(relations_part(part), "Relationship"), part)
        return {key: relation for key, relation in found.items() if not relation.is_external}

    def _read_strings(self, part: str) -> None:
        self.book.strings = [_string(item, self.book) for item in self._elements(part, "si")]

    def _read_styles(self, part: str) -> None:
        codes = dict(BUILT_IN)
        fonts: list[set[str]] = []
        style = 0
        for element in self._elements(part, "numFmt", "font", "xf"):
            parent = local_name(element.getparent())
            if local_name(element) == "numFmt" and parent == "numFmts":
                codes[_number(element.get("numFmtId"))] = str(element.get("formatCode", ""))
            elif local_name(element) == "font" and parent == "fonts":
                fonts.append({local_name(mark) for mark in element if mark.get("val", "1") in _TRUE})
            elif local_name(element) == "xf" and parent == "cellXfs":
                code = codes.get(_number(element.get("numFmtId")))
                if code is not None and code.lower() != "general":
                    self.book.codes[str(style)] = code
                font = _number(element.get("fontId"))
                for name, styles in (("b", self.book.bold), ("strike", self.book.struck)):
                    if 0 <= font < len(fonts) and name in fonts[font]:
                        styles.add(str(style))
                style += 1

    def _sheet(self, name: str, part: str) -> Sheet:
        sheet = Sheet(name, self._limits)
        names: list[Range | None] = []
        merged: list[Range | None] = []
        for relation in self._related(part).values():
            if relation.kind == "table":
                names += [_first_rows(table) for table in self._elements(relation.target, "table")]
            elif relation.kind == "drawing":
                sheet.notes = [*sheet.notes, *self._shapes(relation.target)]
        cells = _CellReader(self.book)
        for element in self._elements(part, "row", "mergeCell", "autoFilter", "pane"):
            tag = local_name(element)
            if tag == "row":
                cells.read(element, sheet)
            elif tag == "mergeCell":
                merged.append(_area(element.get("ref")))
            else:
                names.append(_marked(element))
        sheet.names = [area for area in names if area]
        sheet.merged = [area for area in merged if area]
        return sheet

    def _shapes(self, part: str) -> Iterator[str]:
        """Texts of boxes and other shapes over the cells."""
        for body in self._elements(part, "txBody"):
            for paragraph in body.iter("{*}p"):
                parts = [str(run.text or " ") for run in paragraph.iter("{*}t", "{*}br")]
                if text := squeeze("".join(parts)):
                    yield text


class _CellReader:
    """Reads the cells of one sheet; references may be missing, then cells and rows follow each other."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        self._row = -1
        self._columns: dict[str, int] = {}

    def read(self, row: etree._Element, sheet: Sheet) -> None:
        number = _number(row.get("r"))
        self._row = number - 1 if 0 < number <= _MAX_ROW + 1 else self._row + 1
        namespace = row.tag[: -len("row")]
        tags = f"{namespace}v", f"{namespace}f", f"{namespace}is"
        left, bold = -1, 0
        texts: list[str] = []
        column = -1
        for cell in row:
            reference = cell.get("r")
            column = self._column(reference) if reference else column + 1
            if not 0 <= column <= _MAX_COLUMN:
                continue
            text = self._text(cell, tags)
            is_struck = cell.get("s", "0") in self._book.struck
            if not text or not self._book.is_kept(text, is_struck=is_struck):
                continue
            if left < 0:
                left = column
            gap = column - left - len(texts)
            if gap < 0:
                if left + len(texts) - 1 == column or column < left:
                    continue  # a cell that is given twice
                texts[column - left] = texts[column - left] or text
                continue
            if gap:
                texts.extend([""] * gap)
            if cell.get("s", "0") in self._book.bold:
                bold |= 1 << len(texts)
            texts.append(text)
        sheet.add_row(self._row, max(left, 0), texts, bold)

    def _column(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            place = 0
            for letter in letters.lstrip("$").rstrip("$").upper():
                place = place * 26 + ord(letter) - 64 if "A" <= letter <= "Z" and place < 1 << 20 else 1 << 20
            column = self._columns[letters] = place - 1
        return column

    def _text(self, cell: etree._Element, tags: tuple[str, str, str]) -> str:
        value: str | None = None
        has_formula = False
        for child in cell:
            if child.tag == tags[0]:
                value = child.text
            elif child.tag == tags[1]:
                has_formula = True
            elif child.tag == tags[2]:
                return _string(child, self._book)
        kind = cell.get("t", "n")
        if not value:
            self._book.left_out["formulas without a stored result"] += has_formula and kind != "str"
            return ""
        if kind == "s":
            place = _number(value.strip())
            return self._book.strings[place] if 0 <= place < len(self._book.strings) else ""
        if kind == "b":
            return "TRUE" if value.strip().lower() in _TRUE else "FALSE"
        if kind == "d":
            return squeeze(value.replace("T", " ").removesuffix("Z").removesuffix(" 00:00:00"))
        return self._number_text(value, cell.get("s", "0")) if kind == "n" else _clean(value)

    def _number_text(self, value: str, style: str) -> str:
        code = self._book.codes.get(style)
        if code is None and value.isdecimal() and len(value) < 16:
            return value
        try:
            number = float(value)
        except ValueError:
            return _clean(value)
        return plain(number) if code is None else shown(number, code, is_1904=self._book.is_1904)


def _string(item: etree._Element, book: _Book) -> str:
    """Text of a string or of its runs, without the readings above its characters."""
    parts: list[tuple[str, str]] = []
    for child in item:
        name = local_name(child)
        if name == "t":
            parts.append((child.text or "", ""))
        elif name == "r":
            text = "".join(run.text or "" for run in child if local_name(run) == "t")
            look = {
                local_name(mark): str(mark.get("val", "1"))
                for properties in child
                if local_name(properties) == "rPr"
                for mark in properties
            }
            if book.is_kept(text, is_struck=look.get("strike") in _TRUE):
                parts.append((text, look.get("vertAlign", "")))
    return _clean(joined(parts))


def _clean(text: str) -> str:
    if "_x" in text:
        text = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), text)
    return squeeze(text)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else -1


def _area(reference: str | None) -> Range | None:
    """Cells of a reference (A1:C5)."""
    ends = [_REFERENCE.fullmatch(end) for end in (reference or "").upper().split(":")]
    places: list[tuple[int, int]] = []
    for end in ends:
        if end is None:
            return None
        column = 0
        for letter in end[1]:
            column = column * 26 + ord(letter) - 64
        places.append((int(end[2]) - 1, column - 1))
    return (*places[0], *places[-1])


def _marked(element: etree._Element) -> Range | None:
    """Cells that a filter, or rows that stay in view, mark as names of columns."""
    if local_name(element) == "pane":
        rows = _number(str(element.get("ySplit", "")).partition(".")[0])
        is_frozen = str(element.get("state", "")).startswith("frozen")
        return (rows - 1, 0, rows - 1, _MAX_COLUMN) if is_frozen and rows > 0 else None
    area = _area(element.get("ref"))
    return (area[0], area[1], area[0], area[3]) if area else None


def _first_rows(table: etree._Element) -> Range | None:
    """Cells that name the columns of a defined table."""
    area = _area(table.get("ref"))
    count = _number(table.get("headerRowCount", "1"))
    return (area[0], area[1], area[0] + count - 1, area[3]) if area and count > 0 else None
