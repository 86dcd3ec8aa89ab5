"""DOCX read from its XML: headings by style, lists with their numbers, tables by row, tracked deletions left out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.packed import PackedFile, parse_xml
from ingestion.sniff import DOCX
from ingestion.types import BlockKind, Document, Source

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT_W = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_M_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_SKIPPED = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", f"{_W}instrText", _FALLBACK})
_HEADING_NAME = re.compile(r"(?:heading|标题|標題)\s*([1-9])\Z", re.I)
_MAX_HEADING_CHARS = 300
_MAX_HEADER_CELL_CHARS = 60
_MAX_CELL_CHARS = 2000
_MAX_DEPTH = 50


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a DOCX file; headers, footers, comments and pictures are left out and counted."""
    with PackedFile(source.data, limits) as packed:
        packed.refuse_document_types()
        main = next(
            (name for name in packed.names if re.fullmatch(r"word/document\d*\.xml", name)),
            "word/document.xml",
        )
        body = _transitional(packed, main).find(f"{_W}body")
        styles = (
            _styles(_transitional(packed, "word/styles.xml")) if "word/styles.xml" in packed.names else {}
        )
        has_lists = "word/numbering.xml" in packed.names
        numbering = _Numbering(_transitional(packed, "word/numbering.xml") if has_lists else None)
        writer = CanonicalWriter(limits)
        for part, what in (
            ("header", "page headers"),
            ("footer", "page footers"),
            ("comments", "comment parts"),
        ):
            writer.drop(
                what, sum(re.fullmatch(rf"word/{part}\d*\.xml", name) is not None for name in packed.names)
            )
        if body is not None:
            _Walker(writer, styles, numbering).blocks(body, 0)
        for name in ("word/footnotes.xml", "word/endnotes.xml"):
            if name in packed.names:
                _notes(_transitional(packed, name), writer)
        title = ""
        if "docProps/core.xml" in packed.names:
            title = squeeze(packed.xml("docProps/core.xml").findtext(_DC_TITLE) or "")
    return writer.build(media_type=DOCX, title=title)


def _transitional(packed: PackedFile, name: str) -> etree._Element:
    """Parse a part; the namespace of strict files is brought to the usual one."""
    return parse_xml(packed.read(name).replace(_STRICT_W, _W[1:-1].encode()), name)


def _value(element: etree._Element | None, name: str = "val") -> str:
    return "" if element is None else str(element.get(f"{_W}{name}", ""))


def _styles(root: etree._Element) -> dict[str, int]:
    """Heading level by style id, inherited along `basedOn`; 1 for titles."""
    levels: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in root.iter(f"{_W}style"):
        identity = str(style.get(f"{_W}styleId", ""))
        name = _value(style.find(f"{_W}name"))
        parents[identity] = _value(style.find(f"{_W}basedOn"))
        outline = _value(style.find(f"{_W}pPr/{_W}outlineLvl"))
        if match := _HEADING_NAME.match(name):
            levels[identity] = int(match[1])
        elif name.lower() == "title":
            levels[identity] = 1
        elif outline.isdecimal() and int(outline) < 9:
            levels[identity] = int(outline) + 1
    for identity in parents:
        ancestor, steps = identity, 0
        while ancestor and ancestor not in levels and steps < 20:
            ancestor, steps = parents.get(ancestor, ""), steps + 1
        if ancestor in levels:
            levels[identity] = levels[ancestor]
    return levels


class _Numbering:
    """Marks of list items: bullets, or numbers counted per list and level."""

    def __init__(self, root: etree._Element | None) -> None:
        self._formats: dict[tuple[str, str], str] = {}
        self._counts: dict[tuple[str, int], int] = {}
        if root is None:
            return
        abstract = {_value(item, "abstractNumId"): item for item in root.iter(f"{_W}abstractNum")}
        for number in root.iter(f"{_W}num"):
            used = abstract.get(_value(number.find(f"{_W}abstractNumId")))
            for level in used.iter(f"{_W}lvl") if used is not None else ():
                key = _value(number, "numId"), _value(level, "ilvl")
                self._formats[key] = _value(level.find(f"{_W}numFmt"))

    def mark(self, number_id: str, depth: int) -> str:
        if self._formats.get((number_id, str(depth)), "bullet") in {"bullet", "none", ""}:
            return "-"
        for key in [key for key in self._counts if key[0] == number_id and key[1] > depth]:
            del self._counts[key]
        self._counts[number_id, depth] = self._counts.get((number_id, depth), 0) + 1
        return f"{self._counts[number_id, depth]}."


@dataclass(slots=True)
class _Walker:
    writer: CanonicalWriter
    styles: dict[str, int]
    numbering: _Numbering
    boxes: list[etree._Element] = field(default_factory=list)

    def blocks(self, parent: etree._Element, depth: int) -> None:
        """Write paragraphs and tables in order; content controls and tracked insertions are looked into."""
        for child in parent:
            if child.tag == f"{_W}p":
                self._paragraph(child)
                boxes, self.boxes = self.boxes, []
                for box in boxes if depth < _MAX_DEPTH else ():
                    self.blocks(box, depth + 1)
            elif child.tag == f"{_W}tbl" and depth < _MAX_DEPTH:
                self._table(child, depth + 1)
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED and depth < _MAX_DEPTH:
                self.blocks(child, depth + 1)

    def _paragraph(self, paragraph: etree._Element) -> None:
        text = squeeze("".join(self._text(paragraph)))
        if not text:
            return
        properties = paragraph.find(f"{_W}pPr")
        level = self._heading_level(properties)
        number = properties.find(f"{_W}numPr") if properties is not None else None
        if level and len(text) <= _MAX_HEADING_CHARS:
            self.writer.heading(level, text)
        elif number is not None and _value(number.find(f"{_W}numId")) not in {"", "0"}:
            raw = _value(number.find(f"{_W}ilvl"))
            depth = min(int(raw), 8) if raw.isdecimal() and len(raw) < 3 else 0
            self.writer.list_item(text, depth, self.numbering.mark(_value(number.find(f"{_W}numId")), depth))
        else:
            self.writer.paragraph(text)

    def _heading_level(self, properties: etree._Element | None) -> int:
        if properties is None:
            return 0
        outline = _value(properties.find(f"{_W}outlineLvl"))
        if outline.isdecimal() and int(outline) < 9:
            return int(outline) + 1
        return self.styles.get(_value(properties.find(f"{_W}pStyle")), 0)

    def _text(self, element: etree._Element) -> Iterator[str]:
        stack = [element]
        while stack:
            node = stack.pop()
            if node.tag in _SKIPPED:
                continue
            if node.tag in {f"{_W}t", _M_TEXT}:
                yield node.text or ""
            elif node.tag in {f"{_W}tab", f"{_W}br", f"{_W}cr"}:
                yield " "
            elif node.tag == f"{_W}noBreakHyphen":
                yield "-"
            elif node.tag == f"{_W}txbxContent":
                self.boxes.append(node)
            else:
                if node.tag == f"{_W}drawing" or node.tag == f"{_W}pict":
                    self.writer.drop("pictures and drawings")
                stack.extend(reversed(node))

    def _table(self, table: etree._Element, depth: int) -> None:
        rows = [row for row in table.iter(f"{_W}tr") if next(row.iterancestors(f"{_W}tbl")) is table]
        cells = [[self._cell(cell) for cell in _cells(row)] for row in rows]
        single = all(len(row) <= 1 for row in cells)
        if single or any(len(text) > _MAX_CELL_CHARS for row in cells for text, _ in row):
            # A table made for layout: its cells are read as parts of the page.
            for row in rows:
                for cell in _cells(row):
                    self.blocks(cell, depth)
            return
        texts = [[text for text, span in row for _ in range(span)] for row in cells]
        self.writer.table(texts, header=_has_header(rows, texts))

    def _cell(self, cell: etree._Element) -> tuple[str, int]:
        paragraphs = (squeeze("".join(self._text(paragraph))) for paragraph in cell.iter(f"{_W}p"))
        span = _value(cell.find(f"{_W}tcPr/{_W}gridSpan"))
        text = " ".join(text for text in paragraphs if text)
        self.boxes.clear()
        return text, min(int(span), 64) if span.isdecimal() and len(span) < 4 else 1


def _cells(row: etree._Element) -> list[etree._Element]:
    return [cell for cell in row.iter(f"{_W}tc") if next(cell.iterancestors(f"{_W}tr")) is row]


def _has_header(rows: list[etree._Element], texts: list[list[str]]) -> bool:
    """A row marked as header, or a first row of short, different, filled cells without figures."""
    if len(texts) < 2 or len(texts[0]) < 2:
        return False
    if rows[0].find(f"{_W}trPr/{_W}tblHeader") is not None:
        return True
    first = texts[0]
    short = all(cell and len(cell) <= _MAX_HEADER_CELL_CHARS for cell in first)
    return (
        short
        and len(set(first)) == len(first)
        and not any(re.fullmatch(r"[\d.,%\s-]+", cell) for cell in first)
    )


def _notes(root: etree._Element, writer: CanonicalWriter) -> None:
    for note in root:
        if isinstance(note.tag, str) and not note.get(f"{_W}type"):
            text = "".join(node.text or "" for node in note.iter(f"{_W}t"))
            writer.paragraph(text, BlockKind.PARAGRAPH)
