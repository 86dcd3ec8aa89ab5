"""From the lines of pages to canonical text: paragraphs, headings, lists and rows, joined over line and page ends."""

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median

from ingestion.canonical import CanonicalWriter
from ingestion.parsers.pdf.beside import read_tables
from ingestion.parsers.pdf.furniture import MARGIN
from ingestion.parsers.pdf.layout import Paragraph, paragraphs_of
from ingestion.parsers.pdf.lines import SPLIT_WORD, Line, joined_text
from ingestion.parsers.pdf.tables import Table
from ingestion.tables.side_by_side import parted
from ingestion.types import BlockKind

_HEADING_RATIO = 1.15
_MAX_HEADING_CHARS = 120
_LIST_MARK = re.compile(r"[•▪‣◦●■□\uf0b7\u2013-]\s+(?=\S)")
_SENTENCE_END = tuple('。！？!?.;；:：…”’"')
_HAN_END = re.compile(r"[\u3001-\u9fff\uff00-\uffef]\Z")


def write_pages(
    pages: Sequence[list[Line]], writer: CanonicalWriter, notes: Sequence[Sequence[str]] = ()
) -> None:
    """Write the pages, each given as its lines in reading order; `notes` of each page stand at its end."""
    body_size = _body_size(pages)
    sizes = _heading_sizes(pages, body_size)
    chars = [(len(line.text), line.bold) for page in pages for line in page]
    bold_body = sum(count for count, bold in chars if bold) > 0.3 * sum(count for count, _ in chars)
    flow = [(number, part) for number, lines in enumerate(pages, start=1) for part in paragraphs_of(lines)]
    open_text, started = "", 0
    table: Table | None = None
    table_page = 0
    for place, (number, paragraph) in enumerate(flow):
        starts_page = started not in {0, number}
        while started < number:
            open_text = "" if _write_notes(notes, started, writer) else open_text
            started += 1
            writer.start_page(started)
        following = flow[place + 1] if place + 1 < len(flow) else None
        text = "" if paragraph.is_table else joined_text(paragraph.lines)
        writer.place(paragraph.box)
        level = _heading_level(paragraph, text, sizes, bold_body=bold_body)
        is_apart = not level and _is_in_margin(paragraph)
        if not paragraph.is_table and not is_apart:
            table = None
        if level:
            writer.heading(level, text)
            open_text = ""
        elif paragraph.is_table:
            found = read_tables(paragraph.lines, table if table_page == number - 1 else None)
            _write_tables(found, writer)
            if not is_apart:
                table, table_page = found[-1], number
            open_text = ""
        elif mark := _LIST_MARK.match(text):
            writer.list_item(text[mark.end() :])
            open_text = text
        else:
            is_split = following is not None and following[0] > number and _splits_word(text, following[1])
            shown = text[:-1] if is_split else text
            if starts_page and _goes_on(open_text, text):
                closed = open_text.endswith("-") or _HAN_END.search(open_text)
                writer.continue_block(shown, "" if closed else " ")
            else:
                writer.paragraph(shown)
            open_text = text
    _write_notes(notes, started, writer)
    for number in range(started + 1, len(pages) + 1):
        writer.start_page(number)
        _write_notes(notes, number, writer)


def _write_tables(tables: Sequence[Table], writer: CanonicalWriter) -> None:
    for table in tables:
        for grid in parted(table.grid):
            writer.grid(grid)


def _write_notes(notes: Sequence[Sequence[str]], number: int, writer: CanonicalWriter) -> bool:
    """Write the comments on a page, and give whether there are any."""
    found = notes[number - 1] if 0 < number <= len(notes) else ()
    for note in found:
        writer.place(None)
        writer.paragraph(note, BlockKind.QUOTE)
    return bool(found)


def _is_in_margin(paragraph: Paragraph) -> bool:
    """Whether it is a line in the zone of headers and footers: a table may continue after it."""
    return len(paragraph.lines) == 1 and paragraph.lines[0].in_margin(MARGIN)


def _splits_word(text: str, following: Paragraph) -> bool:
    """Whether a page ends inside a word: PDFium marks the hyphens that stand inside a page only."""
    return SPLIT_WORD.search(text) is not None and following.lines[0].text.lstrip()[:1].islower()


def _goes_on(before: str, text: str) -> bool:
    """Whether a page begins in the middle of the sentence that the page before left open."""
    before = before.rstrip()
    if len(before) < 40 or before.endswith(_SENTENCE_END):
        return False
    return text[:1].islower() or bool(_HAN_END.search(before) and _HAN_END.search(text[:1]))


def _body_size(pages: Sequence[list[Line]]) -> float:
    weights: Counter[float] = Counter()
    for page in pages:
        for line in page:
            weights[round(line.size, 1)] += len(line.text)
    return weights.most_common(1)[0][0] if weights else 0.0


def _heading_sizes(pages: Sequence[list[Line]], body_size: float) -> list[float]:
    """Font sizes above the body's, largest first: the first is level 1."""
    larger = {
        round(line.size, 1) for page in pages for line in page if line.size > _HEADING_RATIO * body_size
    }
    return sorted(larger, reverse=True)


def _heading_level(paragraph: Paragraph, text: str, sizes: Sequence[float], *, bold_body: bool) -> int:
    size = round(median(line.size for line in paragraph.lines), 1)
    if paragraph.is_table or len(text) > _MAX_HEADING_CHARS or not re.search(r"[^\W\d_]", text):
        return 0
    if any(line.paint.slant for line in paragraph.lines):  # a stamp
        return 0
    if size in sizes:
        return min(6, 1 + sizes.index(size))
    is_bold_line = len(paragraph.lines) == 1 and paragraph.lines[0].bold and not text.endswith(_SENTENCE_END)
    return min(6, 1 + len(sizes)) if is_bold_line and not bold_body else 0
