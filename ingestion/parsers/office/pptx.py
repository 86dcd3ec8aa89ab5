"""PPTX by python-pptx: each slide is a page, its title a heading; lists, tables, charts, diagrams and notes."""

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.packed import PackedFile, parse_xml
from ingestion.sniff import PPTX
from ingestion.types import Document, Source

if TYPE_CHECKING:  # the library is loaded with the first presentation: the child starts faster without it
    from pptx.chart.chart import Chart
    from pptx.slide import Slide
    from pptx.table import Table

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_MARKUP = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_DIAGRAM_DATA = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_TITLES = frozenset({"TITLE", "CENTER_TITLE", "VERTICAL_TITLE"})
_BODIES = frozenset({"BODY", "OBJECT", "VERTICAL_BODY", "VERTICAL_OBJECT"})
_FURNITURE = frozenset({"DATE", "FOOTER", "HEADER", "SLIDE_NUMBER"})
_DEFAULT_TITLE = re.compile(r"PowerPoint\b|幻灯片\s*\d|Slide\s*\d")
_MAX_DEPTH = 20


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a PPTX file, hidden slides too; pictures, comments and embedded files are left out and counted.

    Raises:
        CorruptFileError: If it is damaged or declares a document type.
        EncryptedError: If it is encrypted.
        LimitExceededError: If it unpacks to too much or has too many slides.
    """
    with PackedFile(source.data, limits) as packed:
        for _ in packed.checked_parts():
            pass  # only the limits and document types count here
        comments = sum(name.startswith("ppt/comments/") for name in packed.names)
    from pptx import Presentation

    presentation = Presentation(io.BytesIO(source.data))
    writer = CanonicalWriter(limits)
    writer.drop("comment parts", comments)
    for number, slide in enumerate(presentation.slides, start=1):
        writer.start_page(number)
        _Slide(writer, slide).write()
    title = presentation.core_properties.title or ""
    return writer.build(media_type=PPTX, title="" if _DEFAULT_TITLE.match(title) else title)


class _Slide:
    """Writes one slide: its title, then the shapes from top to bottom, then the speaker's notes."""

    def __init__(self, writer: CanonicalWriter, slide: "Slide") -> None:
        self._writer = writer
        self._slide = slide

    def write(self) -> None:
        self._writer.close_headings()
        shapes = sorted(self._slide.shapes, key=_reading_place)
        for shape in shapes:
            self._shape(shape, 0)
        for newer in self._slide.shapes.element.iterchildren(f"{_MARKUP}AlternateContent"):
            for choice in newer.iterchildren(f"{_MARKUP}Choice"):
                for text in _paragraph_texts(choice):
                    self._writer.paragraph(text)
        if self._slide.has_notes_slide:
            frame = self._slide.notes_slide.notes_text_frame
            for paragraph in frame.paragraphs if frame is not None else ():
                self._writer.paragraph(paragraph.text)

    def _shape(self, shape: Any, depth: int) -> None:
        kind = _placeholder_kind(shape)
        if kind in _FURNITURE:
            self._writer.drop("slide footers and numbers", int(bool(shape.text_frame.text.strip())))
        elif kind in _TITLES:
            self._writer.heading(1, shape.text_frame.text)
        elif hasattr(shape, "shapes"):
            for member in sorted(shape.shapes, key=_reading_place) if depth < _MAX_DEPTH else ():
                self._shape(member, depth + 1)
        elif shape.has_text_frame:
            self._text(shape.text_frame, is_body=kind in _BODIES)
        elif shape.has_table:
            self._table(shape.table)
        elif shape.has_chart:
            self._chart(shape.chart)
        else:
            self._other(shape)

    def _text(self, frame: Any, *, is_body: bool) -> None:
        """Text of a shape; the layout gives bullets to the paragraphs of a body, other shapes name their own."""
        paragraphs = [paragraph for paragraph in frame.paragraphs if paragraph.text.strip()]
        for paragraph in paragraphs:
            properties = paragraph._p.pPr  # the library has no reader for bullets
            marks = {child.tag for child in properties} if properties is not None else set()
            own = bool(marks & {f"{_A}buChar", f"{_A}buAutoNum", f"{_A}buBlip"})
            inherited = is_body and len(paragraphs) > 1 and f"{_A}buNone" not in marks
            if own or inherited:
                self._writer.list_item(paragraph.text, paragraph.level)
            else:
                self._writer.paragraph(paragraph.text)

    def _table(self, table: "Table") -> None:
        rows = [[cell.text for cell in row.cells] for row in table.rows]
        self._writer.table(rows, header=table.first_row)

    def _chart(self, chart: "Chart") -> None:
        """The numbers a chart shows, as a table: one row a category, one column a series."""
        if chart.has_title and chart.chart_title.has_text_frame:
            self._writer.paragraph(chart.chart_title.text_frame.text)
        for plot in chart.plots:
            series = list(plot.series)
            categories = [str(category) for category in plot.categories]
            names = ["", *(str(one.name) for one in series)]
            values = [[_number(value) for value in one.values] for one in series]
            length = max((len(column) for column in values), default=0)
            labels = categories + [""] * (length - len(categories))
            rows = [
                [label, *(column[place] if place < len(column) else "" for column in values)]
                for place, label in enumerate(labels)
            ]
            self._writer.table([names, *rows])

    def _other(self, shape: Any) -> None:
        diagram = next(shape.element.iter(_DIAGRAM), None)
        if diagram is not None:
            part = shape.part.related_part(diagram.get(_DIAGRAM_DATA))
            for text in _paragraph_texts(parse_xml(part.blob, str(part.partname))):
                self._writer.list_item(text)
        elif shape.element.tag.endswith("}pic"):
            self._writer.drop("pictures")
        elif shape.element.tag.endswith("}graphicFrame"):
            self._writer.drop("embedded files")


def _reading_place(shape: Any) -> tuple[bool, int, int]:
    """Titles first, then from top to bottom and left to right."""
    return _placeholder_kind(shape) not in _TITLES, shape.top or 0, shape.left or 0


def _placeholder_kind(shape: Any) -> str:
    return str(shape.placeholder_format.type.name) if shape.is_placeholder else ""


def _paragraph_texts(element: Any) -> Iterator[str]:
    for paragraph in element.iter(f"{_A}p"):
        texts = (node.text or "" for node in paragraph.iter(f"{_A}t", _MATH_TEXT))
        if text := squeeze("".join(texts)):
            yield text


def _number(value: float | None) -> str:
    return "" if value is None else format(value, ".15g")
