"""Parsers: one folder a family, one module a format, each with one function `parse(source, limits) -> Document`.

Those of formats that hold files (archives, mails, PDF) take a third argument: what is done with the files inside.
"""

from ingestion.config import ParsingLimits
from ingestion.errors import ConverterMissingError, UnsupportedFormatError
from ingestion.parsers.archives import zip_archive
from ingestion.parsers.mail import calendar, eml, mbox, mhtml, msg
from ingestion.parsers.office import binary_workbook, docx, flat, ods, pptx, spreadsheet_xml, word_xml, xlsx
from ingestion.parsers.pdf import document as pdf
from ingestion.parsers.pictures import picture
from ingestion.parsers.text import delimited, json_records, markdown, notebook, plain, subtitles, xml
from ingestion.parsers.web import epub, html
from ingestion.sniff import (
    CALENDAR,
    CONVERTED,
    CSV,
    DOCX,
    EML,
    EPUB,
    FLAT_OFFICE,
    HTML,
    IMAGES,
    JSON,
    JSON_LINES,
    MARKDOWN,
    MBOX,
    MHTML,
    MSG,
    NOTEBOOK,
    ODS,
    PDF,
    PPTX,
    SPREADSHEET_XML,
    SUBTITLES,
    TEXT,
    WORD_XML,
    XLS,
    XLSB,
    XLSX,
    XML,
    ZIP,
    media_type_of,
)
from ingestion.types import Document, KeepMember, Source

_PARSERS = {
    CALENDAR: calendar.parse,
    CSV: delimited.parse,
    EPUB: epub.parse,
    HTML: html.parse,
    JSON: json_records.parse,
    JSON_LINES: json_records.parse,
    MARKDOWN: markdown.parse,
    MHTML: mhtml.parse,
    NOTEBOOK: notebook.parse,
    ODS: ods.parse,
    PPTX: pptx.parse,
    SPREADSHEET_XML: spreadsheet_xml.parse,
    SUBTITLES: subtitles.parse,
    TEXT: plain.parse,
    WORD_XML: word_xml.parse,
    XLSX: xlsx.parse,
    XML: xml.parse,
    **dict.fromkeys((XLS, XLSB), binary_workbook.parse),
    **dict.fromkeys(IMAGES, picture.parse),
}
# A Word file embeds documents of any format.
_EMBEDDING_PARSERS = {DOCX: docx.parse, FLAT_OFFICE: flat.parse}
_CONTAINER_PARSERS = {
    EML: eml.parse,
    MBOX: mbox.parse,
    MSG: msg.parse,
    PDF: pdf.parse,
    ZIP: zip_archive.parse,
}


def parse_source(source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
    """Read a file in this process; for trusted files and for the parser child.

    Args:
        source: The file.
        limits: What reading it may cost.
        keep: Given the files inside an archive, a mail or a PDF; without it they are only counted.

    Raises:
        ConverterMissingError: If it has to be converted first; see `ingestion.office_conversion`.
        UnsupportedFormatError: If there is no parser for it.
        IngestionError: If the file can't be read; the subclass says why.
    """
    media_type = media_type_of(source)
    if media_type in _CONTAINER_PARSERS:
        return _CONTAINER_PARSERS[media_type](source, limits, keep)
    if media_type in _EMBEDDING_PARSERS:
        return _EMBEDDING_PARSERS[media_type](source, limits, parse_source)
    if media_type in CONVERTED:
        raise ConverterMissingError(
            f"The file is {CONVERTED[media_type]}, which is read through LibreOffice, and that is not installed.",
            media_type=media_type,
        )
    parser = _PARSERS.get(media_type)
    if parser is None:
        raise UnsupportedFormatError(f"Files of type {media_type} are not read here.")
    return parser(source, limits)
