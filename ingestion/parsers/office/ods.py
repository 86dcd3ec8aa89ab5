"""ODS by its XML, row by row: values as the cells show them, dates and durations as ISO 8601 writes them.

Reference: OpenDocument 1.3 part 3, 9 (tables), 19.385 and following (values).
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from lxml import etree

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError
from ingestion.packed import PackedFile
from ingestion.parsers.office.raised_text import joined
from ingestion.parsers.office.sheet_rows import Range
from ingestion.parsers.office.sheets import Sheet, write_sheets
from ingestion.parsers.office.xml_parts import elements, local_name
from ingestion.sniff import ODS
from ingestion.types import Document, Source

_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MAX_COLUMNS: Final = 16_384
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_SHOWN_NUMBER = re.compile(r"([^\d]*?)([-−]?)(\d[\d.,'’ \u00a0\u202f]*?)(\s*%|[^\d]*)")
_HAN_DATE = re.compile(r"\d+年\d+月")


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an OpenDocument spreadsheet, hidden sheets too; every sheet that gives no text is named in `dropped`.

    Raises:
        CorruptFileError: If it is damaged.
        EncryptedError: If it is behind a password.
        LimitExceededError: If it unpacks to too much, or holds too much text.
    """
    writer = CanonicalWriter(limits)
    content = b""
    with PackedFile(source.data, limits) as packed:
        for name, data in packed.checked_parts():
            if name == "META-INF/manifest.xml" and b"encryption-data" in data:
                raise EncryptedError("The workbook is protected by a password.")
            if name == "content.xml":
                content = data
    if b"<" not in content[:1000]:
        raise CorruptFileError("The ODS workbook has no content inside.")
    write_sheets(_sheets(content, limits, writer), writer)
    return writer.build(media_type=ODS, heading_is_title=False)


def _sheets(content: bytes, limits: ParsingLimits, writer: CanonicalWriter) -> Iterator[Sheet]:
    """Sheets in the order of their tabs; tables inside cells and charts are part of none."""
    names = ("table-row", "table", "shapes", "style")
    reader: _SheetReader | None = None
    texts = _TextReader(writer)
    for element in elements(
        content, *names, on_damage=lambda count: writer.drop("damaged places of a part", count)
    ):
        if local_name(element) == "style":
            texts.note_style(element)
            continue
        tag, table = local_name(element), _sheet_of(element)
        if table is None:
            continue
        if reader is None or reader.element is not table:
            reader = _SheetReader(table, limits, writer, texts)
        if tag == "table-row":
            reader.read(element)
        elif tag == "shapes":
            reader.sheet.notes = [text for text in map(texts.read, element.iter(f"{_TEXT}p")) if text]
        else:
            yield reader.sheet
            reader = None


def _sheet_of(element: etree._Element) -> etree._Element | None:
    """The sheet that an element is or belongs to, through groups of rows only."""
    while element is not None:
        tag, parent = local_name(element), element.getparent()
        if tag == "table" and local_name(parent) == "spreadsheet":
            return element
        if tag not in {"table-row", "table-rows", "table-header-rows", "table-row-group", "shapes"}:
            return None
        element = parent
    return None


class _SheetReader:
    """Reads the rows of one sheet."""

    def __init__(
        self, element: etree._Element, limits: ParsingLimits, writer: CanonicalWriter, texts: "_TextReader"
    ) -> None:
        self.element = element
        self._texts = texts
        self.sheet = Sheet(squeeze(str(element.get(f"{_TABLE}name", ""))), limits)
        self._merged: list[Range] = []
        self._names: list[Range] = []
        self.sheet.merged, self.sheet.names = self._merged, self._names
        self._writer = writer
        self._row = 0

    def read(self, row: etree._Element) -> None:
        texts: list[str] = []
        column = 0
        for cell in row:
            tag = local_name(cell)
            if tag not in {"table-cell", "covered-table-cell"}:
                continue
            times = min(_count(cell, "number-columns-repeated"), _MAX_COLUMNS - column)
            text = (
                self._cell(cell)
                if (len(cell) and tag == "table-cell") or cell.get(f"{_OFFICE}value-type")
                else ""
            )
            if text:
                texts.extend([""] * (column - len(texts)))
                texts.extend([text] * times)
                height, width = _count(cell, "number-rows-spanned"), _count(cell, "number-columns-spanned")
                if height > 1 or width > 1:
                    self._merged.append((self._row, column, self._row + height - 1, column + width - 1))
            column += times
        repeated = _count(row, "number-rows-repeated")
        if texts:
            if local_name(row.getparent()) == "table-header-rows":
                self._names.append((self._row, 0, self._row, _MAX_COLUMNS))
            for place in range(repeated):
                self.sheet.add_row(self._row + place, 0, texts)
        self._row += repeated

    def _cell(self, cell: etree._Element) -> str:
        if local_name(cell) == "covered-table-cell":
            return ""  # under a merged one, and not shown
        if self._texts.is_struck(cell, f"{_TABLE}style-name"):
            return ""
        shown: list[str] = []
        for child in cell:
            tag = local_name(child)
            if tag == "annotation":
                self._writer.drop("comments")
            elif tag in {"p", "h", "list"}:
                shown.append(self._texts.read(child))
            elif tag in {"frame", "custom-shape"}:
                drawn = [local_name(inner) for inner in child]
                self._writer.drop("pictures", drawn.count("image") if "object" not in drawn else 0)
                self._writer.drop("charts and embedded files", drawn.count("object"))
                shown.extend(self._texts.read(paragraph) for paragraph in child.iter(f"{_TEXT}p"))
        return _value(cell, squeeze(" ".join(shown)))


def _value(cell: etree._Element, shown: str) -> str:
    kind = cell.get(f"{_OFFICE}value-type")
    if kind == "date":
        stored = str(cell.get(f"{_OFFICE}date-value", ""))
        is_plain = _HAN_DATE.search(shown) or not stored
        return shown if is_plain else squeeze(stored.replace("T", " ").removesuffix(" 00:00:00"))
    if kind == "time":
        return _duration(str(cell.get(f"{_OFFICE}time-value", ""))) or shown
    if kind in {"float", "percentage", "currency"}:
        return _number(str(cell.get(f"{_OFFICE}value", "")), shown, is_percentage=kind == "percentage")
    if kind == "boolean":
        return shown or str(cell.get(f"{_OFFICE}boolean-value", "")).upper()
    return shown or squeeze(str(cell.get(f"{_OFFICE}string-value", "")))


def _number(stored: str, shown: str, *, is_percentage: bool) -> str:
    """A number with as many digits, and with the words and signs around it, as its cell shows, and a point in it.

    Where the digits aren't those of the stored number (fractions, exponents, errors) the shown text stays as it is.
    """
    try:
        value = Decimal(stored) * (100 if is_percentage else 1)
    except InvalidOperation:
        return shown
    found = _SHOWN_NUMBER.fullmatch(shown)
    if not value.is_finite() or abs(value) > 10**21 or (shown and found is None):
        return shown or stored
    if found is None:
        text = format(float(value), ".15g")
        return f"{text}%" if is_percentage else text
    before, sign, number, after = found.groups()
    digits = re.sub(r"\D", "", number)
    for places in range(min(len(digits), 20)):
        text = f"{abs(value):.{places}f}".zfill(len(digits) + bool(places))
        if text.replace(".", "") == digits:
            unit = after.replace(" ", "") if "%" in after else after
            return f"{before}{'-' if sign else ''}{text}{unit}"
    return shown


def _duration(stored: str) -> str:
    """A time or a duration as hours, minutes and seconds; "" if it is none."""
    found = _DURATION.fullmatch(stored)
    if found is None or max(map(len, found.groups(""))) > 9:
        return ""
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:5])
    minutes += seconds // 60
    hours += 24 * days + minutes // 60
    rest = (found[6] or "").rstrip("0")
    return f"{found[1]}{hours:02d}:{minutes % 60:02d}:{seconds % 60:02d}{f'.{rest}' if rest else ''}"


class _TextReader:
    """Reads paragraphs with their raised and struck parts, which styles define."""

    def __init__(self, writer: CanonicalWriter) -> None:
        self._writer = writer
        self._heights: dict[str, str] = {}
        self._struck: set[str] = set()

    def note_style(self, style: etree._Element) -> None:
        name = str(style.get(f"{_STYLE}name", ""))
        for properties in style.iterchildren(f"{_STYLE}text-properties"):
            position = str(properties.get(f"{_STYLE}text-position", "")).partition(" ")[0]
            if position not in {"", "0%"}:
                is_low = position == "sub" or position.startswith("-")
                self._heights[name] = "subscript" if is_low else "superscript"
            lines = {
                properties.get(f"{_STYLE}text-line-through-{what}", "none") for what in ("style", "type")
            }
            if lines != {"none"} and not self._writer.keep_hidden:
                self._struck.add(name)

    def is_struck(self, element: etree._Element, name: str) -> bool:
        """Whether the style of an element strikes it out; its characters are counted then."""
        if element.get(name) not in self._struck:
            return False
        self._writer.drop("characters of struck text", len(squeeze("".join(element.itertext()))))
        return True

    def read(self, element: etree._Element) -> str:
        """Text of a paragraph, a space where a line breaks, a tab stands or an item ends; no readings, no notes."""
        return joined(list(self._pieces(element, "")))

    def _pieces(self, element: etree._Element, height: str) -> Iterator[tuple[str, str]]:
        yield element.text or "", height
        for child in element:
            tag = local_name(child)
            if tag in {"s", "tab", "line-break"}:
                yield " ", height
            elif tag not in {"annotation", "ruby-text", ""} and not self.is_struck(
                child, f"{_TEXT}style-name"
            ):
                yield from self._pieces(
                    child, self._heights.get(str(child.get(f"{_TEXT}style-name")), height)
                )
            if tag in {"p", "list-item"}:
                yield " ", height
            yield child.tail or "", height


def _count(element: etree._Element, name: str) -> int:
    text = str(element.get(f"{_TABLE}{name}", "1"))
    return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1
