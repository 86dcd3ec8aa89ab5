"""PPTX (shows and templates too), read from its XML: each slide is a page, its title a heading.

No library stands between: what a file holds that is not known here is counted, and the rest is read.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

from ingestion.canonical import CanonicalWriter, short_name, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers.office.charts import CX, C, chart_grids, user_texts
from ingestion.parsers.office.diagrams import RELATIONS, diagram_items
from ingestion.parsers.office.drawing_text import (
    A,
    Numbers,
    body_text,
    level_of,
    paragraph_text,
    paragraphs,
    whole,
)
from ingestion.parsers.office.package import OfficePackage, Relation
from ingestion.parsers.office.slides import (
    BODIES,
    FURNITURE,
    TITLES,
    P,
    Styles,
    StylesOfSlides,
    bullet_in,
    expanded,
    is_hidden,
    kind_of,
)
from ingestion.sniff import PPTX
from ingestion.tables.forms import are_pairs
from ingestion.tables.grid import Cell, Grid, spread
from ingestion.tables.header_rows import count_header_rows, without_caption
from ingestion.types import Document, Source

_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DEFAULT_TITLE: Final = re.compile(r"PowerPoint\b|幻灯片\s*\d|Slide\s*\d")
_COMMENT: Final = re.compile(r"\{[^}]*\}(?:cm|reply)")
_MAX_DEPTH: Final = 20


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a presentation, hidden slides too; left-out parts are counted: pictures, comments, embedded files.

    Raises:
        CorruptFileError: If it is damaged or declares a document type.
        EncryptedError: If it is encrypted.
        LimitExceededError: If it unpacks to too much or has too many slides.
    """
    package = OfficePackage(source.data, limits)
    writer = CanonicalWriter(limits)
    writer.drop("damaged parts", package.damaged)
    deck = _Deck(writer, package, keep_hidden=limits.keep_hidden)
    unread = 0
    for number, name in enumerate(_slides(package), start=1):
        writer.start_page(number)
        writer.close_headings()
        unread += not deck.write_slide(name)
    if not writer.has_text and (unread or package.damaged):
        raise CorruptFileError("The presentation has no slides that can be read.")
    writer.drop("slides that could not be read", unread)
    for name in package.names(r"ppt/comments/.*\.xml"):
        comments = package.xml(name)
        found = comments.iter() if comments is not None else ()
        writer.drop("comments", sum(_COMMENT.fullmatch(str(node.tag)) is not None for node in found))
    title = package.title()
    return writer.build(media_type=PPTX, title="" if _DEFAULT_TITLE.match(title) else title)


def _slides(package: OfficePackage) -> list[str]:
    """Paths of the slides in order; a slide that the list names and the package lacks is an empty path.

    Where there is no list, all slides of the package, by the number in their names.

    Raises:
        CorruptFileError: If the package has neither.
    """
    main = next(
        (item.target for item in package.relations().values() if item.kind == "officeDocument"),
        "ppt/presentation.xml",
    )
    root, relations = package.xml(main), package.relations(main)
    listed = root.findall(f"{P}sldIdLst/{P}sldId") if root is not None else []
    if listed and any(item.kind == "slide" for item in relations.values()):
        ids = (str(item.get(f"{_R}id")) for item in listed)
        return [relations[key].target if key in relations else "" for key in ids]
    loose = package.names(r"ppt/slides/slide\d+\.xml") if root is None or listed else []
    if root is None and not loose:
        raise CorruptFileError("The presentation has no slides that can be read.")
    return sorted(loose, key=lambda name: int(re.findall(r"\d{1,9}", name)[-1]))


class _Deck:
    """Writes slides, each with the speaker's notes after it; no part is written twice, whatever names it."""

    def __init__(self, writer: CanonicalWriter, package: OfficePackage, *, keep_hidden: bool) -> None:
        self.writer = writer
        self.keep_hidden = keep_hidden
        self._package = package
        self._styles = StylesOfSlides(package)
        self._written: set[str] = set()

    def write_slide(self, name: str) -> bool:
        """Write a slide and its notes; False if the slide can't be read."""
        root = self.take(name)
        if root is None:
            return False
        relations = self._package.relations(name)
        _Page(self, relations, self._styles.of(name)).write(root)
        for target in [item.target for item in relations.values() if item.kind == "notesSlide"]:
            if (notes := self.take(target)) is not None:
                _Page(self, self._package.relations(target), self._styles.of(target)).write(notes)
        return True

    def take(self, name: str) -> etree._Element | None:
        """Root of a part that is to be written; None if it is missing or damaged, or was written before."""
        if name in self._written:
            return None
        self._written.add(name)
        return self._package.xml(name) if name else None

    def drawings_on(self, chart: str) -> list[etree._Element]:
        """Shapes drawn on a chart by hand."""
        kinds = self._package.relations(chart).values()
        found = (self.take(item.target) for item in kinds if item.kind == "chartUserShapes")
        return [root for root in found if root is not None]


class _Page:
    """Writes a slide or a page of notes: its title, then the shapes in reading order."""

    def __init__(self, deck: _Deck, relations: dict[str, Relation], styles: Styles) -> None:
        self._deck = deck
        self._writer = deck.writer
        self._relations = relations
        self._styles = styles
        self._left_out: Counter[str] = Counter()
        self._struck = None if deck.keep_hidden else self._left_out

    def write(self, root: etree._Element) -> None:
        tree = root.find(f"{P}cSld/{P}spTree")
        if tree is not None:
            self._shapes(tree, 0)
        links = sum(item.is_external and item.kind == "hyperlink" for item in self._relations.values())
        self._left_out["link targets"] += links
        for what, count in self._left_out.items():
            self._writer.drop(what, count)

    def _shapes(self, tree: etree._Element, depth: int) -> None:
        for shape in self._styles.in_reading_order(expanded(tree)):
            kind = kind_of(shape)
            if is_hidden(shape) and not self._deck.keep_hidden:
                self._left_out["hidden shapes"] += 1
            elif kind in FURNITURE:
                self._left_out["slide footers and numbers"] += bool(body_text(shape))
            elif shape.tag == f"{P}grpSp":
                if depth < _MAX_DEPTH:
                    self._shapes(shape, depth + 1)
                else:
                    self._left_out["groups nested too deep"] += 1
            elif kind in TITLES:
                self._writer.heading(1, body_text(shape, self._struck))
            elif shape.tag == f"{P}graphicFrame":
                self._frame(shape)
            elif shape.tag == f"{P}pic":
                self._left_out["pictures"] += 1
            else:
                self._text(shape)

    def _text(self, shape: etree._Element) -> None:
        """Text of a shape; one lone paragraph under the bullets of a layout is no list."""
        found = [(item, text) for item in paragraphs(shape) if (text := paragraph_text(item, self._struck))]
        is_body, numbers, styles = kind_of(shape) in BODIES, Numbers(), self._styles.list_styles(shape)
        for paragraph, text in found:
            level = level_of(paragraph)
            bullet = bullet_in(styles, paragraph, level)
            mark = numbers.mark(bullet, level)
            if bullet is None and is_body and self._styles.layout is None:
                mark = "-"
            is_inherited = bullet is not None and bullet.getparent() is not paragraph.find(f"{A}pPr")
            if mark and not (mark == "-" and len(found) == 1 and (bullet is None or is_inherited)):
                self._writer.list_item(text, level, mark)
            else:
                self._writer.paragraph(text)
        if not found and shape.tag == f"{P}contentPart":
            self._left_out["ink drawings"] += 1

    def _frame(self, frame: etree._Element) -> None:
        """A frame around a table, a chart, a diagram or an embedded file."""
        table = next(frame.iter(f"{A}tbl"), None)
        chart = next(frame.iter(f"{C}chart", f"{CX}chart"), None)
        diagram = next(frame.iter(RELATIONS), None)
        embedded = next(frame.iter(f"{P}oleObj"), None)
        if table is not None:
            self._writer.grid(_grid(table, self._struck))
        elif chart is not None:
            self._chart(self._target(chart.get(f"{_R}id")))
        elif diagram is not None:
            data = self._deck.take(self._target(diagram.get(f"{_R}dm")))
            for text, level in diagram_items(data) if data is not None else ():
                self._writer.list_item(text, level)
            self._left_out["diagrams that could not be read"] += data is None
        elif embedded is not None:
            name = squeeze(embedded.get("name") or embedded.get("progId") or "")
            self._left_out[f"embedded files ({short_name(name, 60)})" if name else "embedded files"] += 1
        elif texts := [text for item in paragraphs(frame) if (text := paragraph_text(item, self._struck))]:
            for text in texts:
                self._writer.paragraph(text)
        else:
            self._left_out["drawings"] += 1

    def _chart(self, name: str) -> None:
        root = self._deck.take(name)
        grids = [grid for grid in chart_grids(root) if len(grid.rows) > 1] if root is not None else []
        for grid in grids:
            self._writer.grid(grid)
        self._left_out["charts that could not be read"] += not grids
        for drawing in self._deck.drawings_on(name):
            for text in user_texts(drawing):
                self._writer.paragraph(text)

    def _target(self, key: str | None) -> str:
        relation = self._relations.get(key or "")
        return relation.target if relation is not None and not relation.is_external else ""


def _grid(table: etree._Element, struck: Counter[str] | None) -> Grid:
    """A table; first rows may be its caption."""
    caption, rows = without_caption([list(_cells(row, struck)) for row in table.iterchildren(f"{A}tr")])
    properties = table.find(f"{A}tblPr")
    is_marked = properties is not None and properties.get("firstRow") in {"1", "true"}
    filled = [row for row in spread(rows) if any(cell is not None and cell.text for cell in row)]
    # PowerPoint marks the first row of every new table, pairs of labels and values too.
    is_marked = is_marked and not (filled and are_pairs(filled))
    return Grid(rows=rows, header_rows=max(count_header_rows(filled), int(is_marked)), caption=caption)


def _cells(row: etree._Element, struck: Counter[str] | None) -> Iterator[Cell]:
    """Cells of a row, without cells covered by a span."""
    for cell in row.iterchildren(f"{A}tc"):
        if not {cell.get("hMerge"), cell.get("vMerge")} & {"1", "true"}:
            yield Cell(
                body_text(cell, struck),
                rows=max(1, whole(cell.get("rowSpan"), 1)),
                columns=max(1, whole(cell.get("gridSpan"), 1)),
            )
