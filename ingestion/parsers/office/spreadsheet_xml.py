"""XML Spreadsheet 2003, as reporting programs export it, mostly under the name .xls.

Reference: Office 2003 XML reference schemas, `urn:schemas-microsoft-com:office:spreadsheet`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from lxml import etree

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.packed import refuse_document_type
from ingestion.parsers.office.number_formats import plain, shown
from ingestion.parsers.office.raised_text import joined
from ingestion.parsers.office.sheet_rows import Range
from ingestion.parsers.office.sheets import Sheet, write_sheets
from ingestion.parsers.office.xml_parts import elements, local_name
from ingestion.sniff import SPREADSHEET_XML
from ingestion.types import Document, Source

_SS: Final = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MAX_COLUMN, _MAX_ROW = 16_383, 1_048_575
_DAY_ZERO: Final = datetime(1899, 12, 30)
_HEIGHTS: Final = {"Sup": "superscript", "Sub": "subscript"}
_NAMED_FORMATS: Final = {
    "Fixed": "0.00", "Standard": "0.00", "Currency": "0.00", "Euro Currency": "€0.00", "Percent": "0.00%",
    "Scientific": "0.00E+00", "Yes/No": '"Yes";"Yes";"No"', "True/False": '"True";"True";"False"',
    "On/Off": '"On";"On";"Off"',
}  # fmt: skip
"""Codes of formats given by a name; the type of the cell gives the formats of dates."""


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a workbook that is one XML file; every sheet that gives no text is named in `dropped`.

    Raises:
        CorruptFileError: If it declares a document type.
        EmptyDocumentError: If it holds no text.
        LimitExceededError: If it holds too much text.
    """
    refuse_document_type(source.data, source.name)
    writer = CanonicalWriter(limits)
    write_sheets(_sheets(source.data, limits, writer), writer)
    return writer.build(media_type=SPREADSHEET_XML, heading_is_title=False)


def _sheets(data: bytes, limits: ParsingLimits, writer: CanonicalWriter) -> Iterator[Sheet]:
    codes: dict[str, str] = {}
    reader: _SheetReader | None = None
    names = ("Style", "Row", "Worksheet")
    for element in elements(
        data, *names, on_damage=lambda count: writer.drop("damaged places of a part", count)
    ):
        tag = local_name(element)
        if tag == "Style":
            for number_format in element.iterchildren("{*}NumberFormat"):
                code = number_format.get(f"{_SS}Format", "")
                codes[element.get(f"{_SS}ID", "")] = _NAMED_FORMATS.get(code, code)
            continue
        table = element if tag == "Worksheet" else next(element.iterancestors("{*}Worksheet"), None)
        if table is None:
            continue
        if reader is None:
            reader = _SheetReader(Sheet(squeeze(table.get(f"{_SS}Name", "")), limits), codes, writer)
        if tag == "Row":
            reader.read(element)
        else:
            yield reader.sheet
            reader = None


class _SheetReader:
    """Reads the rows of one sheet; the file may leave out empty rows and cells."""

    def __init__(self, sheet: Sheet, codes: dict[str, str], writer: CanonicalWriter) -> None:
        self.sheet = sheet
        self._codes = codes
        self._writer = writer
        self._merged: list[Range] = []
        sheet.merged = self._merged
        self._row = 0

    def read(self, row: etree._Element) -> None:
        self._row = _place(row, "Index", self._row)
        texts: list[str] = []
        column = 0
        for cell in row.iterchildren("{*}Cell"):
            column = _place(cell, "Index", column)
            if column > _MAX_COLUMN or self._row > _MAX_ROW:
                break
            width, height = _number(cell, "MergeAcross"), _number(cell, "MergeDown")
            text = self._text(cell)
            if text and column >= len(texts):
                texts.extend([""] * (column - len(texts)))
                texts.append(text)
                if width or height:
                    self._merged.append((self._row, column, self._row + height, column + width))
            column += width + 1
        self.sheet.add_row(self._row, 0, texts)
        self._row += 1

    def _text(self, cell: etree._Element) -> str:
        text = ""
        for child in cell:
            if local_name(child) == "Comment":
                self._writer.drop("comments")
            elif local_name(child) == "Data":
                kind = child.get(f"{_SS}Type", "String")
                text = _value(
                    kind,
                    squeeze(joined(list(self._pieces(child)))),
                    self._codes.get(cell.get(f"{_SS}StyleID", ""), ""),
                )
        return text

    def _pieces(self, node: etree._Element, height: str = "") -> Iterator[tuple[str, str]]:
        """Runs of a text, each with its height; struck ones are counted unless the settings keep them."""
        yield node.text or "", height
        for child in node:
            name = local_name(child)
            if name == "S" and not self._writer.keep_hidden:
                self._writer.drop("characters of struck text", len("".join(child.itertext()).strip()))
            elif name:
                yield from self._pieces(child, _HEIGHTS.get(name, height))
            yield child.tail or "", height


def _value(kind: str, text: str, code: str) -> str:
    if kind == "Boolean":
        return "TRUE" if text == "1" else "FALSE"
    try:
        if kind == "Number":
            return shown(float(text), code) if code else plain(float(text))
        if kind == "DateTime":
            days = (datetime.fromisoformat(text).replace(tzinfo=None) - _DAY_ZERO).total_seconds() / 86_400
            is_duration_or_time = days < 2 or "[" in code or "年" in code
            return shown(days, code if is_duration_or_time and code else "yyyy-mm-dd")
    except ValueError:
        pass  # not of its type: as it stands
    return text


def _place(element: etree._Element, name: str, following: int) -> int:
    """Place of a row or a cell, from 0: the one it names, else that which follows."""
    number = _number(element, name)
    return number - 1 if number > following else following


def _number(element: etree._Element, name: str) -> int:
    text = element.get(f"{_SS}{name}", "")
    return int(text) if text.isdecimal() and len(text) < 8 else 0
