"""HTML: text in document order, with headings, lists, tables and code; nothing is fetched, no script is run."""

import re

from lxml import html as lxml_html

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import EmptyDocumentError
from ingestion.parsers.web.elements import CODE, HEADINGS, LISTS, parts_words, tag_of
from ingestion.parsers.web.lists import Marks
from ingestion.parsers.web.page import Page
from ingestion.parsers.web.shown import Edge, Shown, code_of
from ingestion.parsers.web.tables import (
    cell_text,
    grid_of_table,
    is_data,
    is_short_row,
    parts_of,
    write_strays,
)
from ingestion.parsers.web.tree import tree_of
from ingestion.sniff import HTML
from ingestion.types import BlockKind, Document, Source

_DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_MAX_HEADING_CHARS = 500  # what is longer is a heading that was never closed
_MAX_TERM_CHARS = 200


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an HTML page; navigation, scripts, hidden and struck text are left out, and counted.

    Raises:
        EmptyDocumentError: If no text is left.
    """
    declared = _DECLARED.search(source.data[:4096])
    decoded = decode(source.data, declared[1].decode("ascii", "replace") if declared else None)
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    root = tree_of(decoded.text, writer.drop)
    title = next((squeeze(node.text or "") for node in root.iter("title") if not _is_of_picture(node)), "")
    page = Page(root, writer.drop, keep_hidden=limits.keep_hidden)
    _Walker(writer, page).write(root)
    return writer.build(media_type=HTML, title=title, encoding=decoded.encoding)


def write_html(
    text: str, writer: CanonicalWriter, *, name: str = "", notes: dict[str, str] | None = None
) -> None:
    """Write the content of an HTML page to a document under construction (a chapter, an e-mail).

    Args:
        text: The page.
        writer: Receives it.
        name: The page's file name, where other pages link to it.
        notes: Numbers of notes by the address of their text; see `Page`.
    """
    try:
        root = tree_of(text, writer.drop)
    except EmptyDocumentError:
        return
    page = Page(root, writer.drop, keep_hidden=writer.keep_hidden, name=name, notes=notes)
    _Walker(writer, page).write(root)


def _is_of_picture(title: lxml_html.HtmlElement) -> bool:
    """Whether a title is that of a drawing inside the page."""
    return next(title.iterancestors("svg", "symbol", "g"), None) is not None


class _Walker:
    """Goes over the elements in document order; inline text is gathered until a block begins or ends."""

    def __init__(self, writer: CanonicalWriter, page: Page) -> None:
        self._writer = writer
        self._page = page
        self._pending: list[str] = []
        self._marks = Marks()
        self._heading = 0  # level of the one that is open
        self._quotes = 0
        self._term = ""  # of a list of definitions, to stand before its meaning
        self._is_term = False
        self._note = ""
        self._line_ended = False

    def write(self, root: lxml_html.HtmlElement) -> None:
        """Write an element and all below it."""
        shown = Shown(self._page, root)
        for part in shown:
            if isinstance(part, str):
                self._pending.append(part)
                self._line_ended = self._line_ended and part.isspace()
            elif part.is_start:
                self._begin(part, shown)
            else:
                self._end(part)
        self._flush()
        self._flush_term()

    def _begin(self, edge: Edge, shown: Shown) -> None:
        _, element, tag, is_block = edge
        self._note = self._page.note_number(element) or self._note
        if tag in HEADINGS:
            self._flush_heading()
            if self._page.size(element).chars <= _MAX_HEADING_CHARS:
                self._heading = HEADINGS[tag]
        elif tag in CODE:
            self._flush_all()
            self._writer.code(code_of(self._page, element))
            shown.skip()
        elif tag == "table":
            self._table(element, shown)
        elif is_block:
            self._begin_block(element, tag)
            if tag == "tr" and is_short_row(self._page, element):
                self._row(element)
                shown.skip()
        else:
            self._begin_inline(element, tag)

    def _begin_inline(self, element: lxml_html.HtmlElement, tag: str) -> None:
        if tag == "br":
            self._end_line()
        elif parts_words(tag):
            self._pending.append(" ")
        elif tag == "a" and element.get("href"):
            self._writer.drop("link targets")

    def _begin_block(self, element: lxml_html.HtmlElement, tag: str) -> None:
        if tag in {"dt", "dd"} and self._is_term:  # the term before was not closed
            self._keep_term()
        self._flush()
        self._is_term = tag == "dt"
        if tag in LISTS:
            self._marks.begin_list(element, tag)
        elif tag == "li":
            self._marks.begin_item(element)
        elif tag == "dl":
            self._flush_term()
        self._quotes += tag == "blockquote"

    def _row(self, row: lxml_html.HtmlElement) -> None:
        """Write a row of a layout whose cells belong together."""
        self._flush_all()
        cells = [cell_text(self._page, cell) for cell in row if not self._page.leaves_out(cell, tag_of(cell))]
        self._writer.paragraph(" | ".join(cell for cell in cells if cell), BlockKind.TABLE)

    def _end(self, edge: Edge) -> None:
        tag, is_block = edge.tag, edge.is_block
        if tag in HEADINGS:
            self._flush_heading()
        elif tag == "dt" and not self._heading:
            self._keep_term()
        elif is_block:
            self._flush()
            if tag in LISTS:
                self._marks.end_list()
            elif tag == "li":
                self._marks.end_item()
            elif tag == "dl":
                self._flush_term()
            self._quotes -= tag == "blockquote"
        elif parts_words(tag):
            self._pending.append(" ")

    def _table(self, table: lxml_html.HtmlElement, shown: Shown) -> None:
        """Write a table of data; one for layout is read on as blocks."""
        parts = parts_of(self._page, table)
        self._flush_all()
        if is_data(self._page, table, parts):
            write_strays(self._page, parts, self._writer.paragraph)
            self._writer.grid(grid_of_table(self._page, parts))
            shown.skip()

    def _end_line(self) -> None:
        """A line ends; two ends in a row part paragraphs."""
        if self._line_ended and not self._heading:
            self._flush()
        self._pending.append(" ")
        self._line_ended = True

    def _keep_term(self) -> None:
        term = squeeze(self._text())
        if len(term) > _MAX_TERM_CHARS:
            self._writer.paragraph(term)
        elif term:
            self._term = f"{self._term} / {term}" if self._term else term
        self._is_term = False

    def _flush_term(self) -> None:
        if self._term:
            self._writer.paragraph(self._term)
            self._term = ""

    def _flush_all(self) -> None:
        """Write the pending heading, term and number, for a block that takes no mark or term before its text."""
        self._flush_heading()
        self._flush_term()
        if mark := self._marks.take_number():
            self._writer.paragraph(mark, BlockKind.LIST_ITEM, self._marks.depth)

    def _flush_heading(self) -> None:
        if not self._heading:
            self._flush()
            return
        text = squeeze(self._text())
        if text:
            self._flush_term()
            self._writer.heading(self._heading, f"{self._marks.take_number()} {text}")
        self._heading = 0

    def _text(self) -> str:
        """The gathered text, with its number where it is a note."""
        text = "".join(self._pending)
        self._pending.clear()
        self._line_ended = False
        if self._note and text.strip():
            is_numbered = (
                text.strip(" \t\r\n[(").startswith(self._note) or self._marks.number == f"{self._note}."
            )
            text = text if is_numbered else f"[{self._note}] {text}"
            self._note = ""
        return text

    def _flush(self) -> None:
        if self._heading:
            self._pending.append(" ")
            return
        text = self._text()
        if not text.strip():
            return
        if self._term:
            joiner = " " if self._term.endswith((":", "：", "?", "？")) else ": "
            text, self._term = f"{self._term}{joiner}{text}", ""
        if mark := self._marks.take():
            self._writer.list_item(text, self._marks.depth, mark)
        elif self._marks.is_inside:
            self._writer.paragraph(text, BlockKind.LIST_ITEM, self._marks.depth)
        else:
            self._writer.paragraph(text, BlockKind.QUOTE if self._quotes else BlockKind.PARAGRAPH)
