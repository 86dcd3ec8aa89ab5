"""Parsers: one module a format, each with one function `parse(source, limits) -> Document`."""

from ingestion.config import ParsingLimits
from ingestion.errors import UnsupportedFormatError
from ingestion.parsers import docx, eml, epub, html, json_records, markdown, pdf, pptx, tables, text, xlsx
from ingestion.sniff import (
    CSV,
    DOCX,
    EML,
    EPUB,
    HTML,
    JSON,
    JSON_LINES,
    MARKDOWN,
    PDF,
    PPTX,
    TEXT,
    XLSX,
    media_type_of,
)
from ingestion.types import Document, Source

_PARSERS = {
    CSV: tables.parse,
    DOCX: docx.parse,
    EML: eml.parse,
    EPUB: epub.parse,
    HTML: html.parse,
    JSON: json_records.parse,
    JSON_LINES: json_records.parse,
    MARKDOWN: markdown.parse,
    PDF: pdf.parse,
    PPTX: pptx.parse,
    TEXT: text.parse,
    XLSX: xlsx.parse,
}


def parse_source(source: Source, limits: ParsingLimits) -> Document:
    """Read a file in this process; for trusted files and for the parser child.

    Raises:
        UnsupportedFormatError: If there is no parser for it.
        IngestionError: If the file can't be read; the subclass says why.
    """
    media_type = media_type_of(source)
    parser = _PARSERS.get(media_type)
    if parser is None:
        raise UnsupportedFormatError(f"Files of type {media_type} are not read here.")
    return parser(source, limits)
