"""How much of a file's visible text stands in its canonical text, counted without the parser that is judged.

Each format has a reader here that knows no layout, no tables and no headings: it gives the visible words and nothing
else. Words of the source that the canonical text does not have as often are lost, whatever their order. The text that
is hidden, struck out or furniture by the format's own marks (a script, a page number) is not counted as visible.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ingestion.config import ParsingLimits
from ingestion.coverage import mail, markup, office, pages, text
from ingestion.coverage.words import Words, compare
from ingestion.sniff import (
    CSV,
    DOCX,
    EML,
    EPUB,
    HTML,
    JSON,
    JSON_LINES,
    MARKDOWN,
    ODS,
    PDF,
    PPTX,
    TEXT,
    XLSX,
    XML,
)
from ingestion.types import Document, Source

_READERS: Final[dict[str, Callable[[bytes, ParsingLimits], str | Words]]] = {
    CSV: text.delimited,
    DOCX: office.docx,
    EML: mail.bodies,
    EPUB: office.epub,
    HTML: markup.page,
    JSON: text.json_values,
    JSON_LINES: text.json_values,
    MARKDOWN: text.markdown,
    ODS: office.ods,
    PDF: pages.pdf,
    PPTX: office.pptx,
    TEXT: text.plain,
    XLSX: office.xlsx,
    XML: markup.xml,
}


def with_coverage(source: Source, document: Document, limits: ParsingLimits) -> Document:
    """The document with its coverage; without one where its format has no reader here or counting fails.

    A failure of counting is no failure of the document: it leaves the coverage unknown.
    """
    reader = _READERS.get(document.media_type)
    if reader is None:
        return document
    try:
        texts = document.page_texts  # loading all pages again costs a fifth of reading a PDF
        visible = pages.text_of(texts) if texts else reader(source.data, limits)
        coverage = compare(visible, f"{document.title}\n{document.text}")
    except Exception:  # noqa: BLE001 - libraries raise anything on damaged files, and the document itself is read
        return document
    return replace(document, coverage=coverage)
