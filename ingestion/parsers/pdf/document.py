"""PDF: columns in reading order, headers, footers and hyphens removed; pages that are pictures go to recognition."""

import re

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError, LimitExceededError, NoTextLayerError
from ingestion.parsers.pdf import ocr
from ingestion.parsers.pdf.furniture import drop_furniture
from ingestion.parsers.pdf.layout import reading_order
from ingestion.parsers.pdf.lines import Line, lines_of
from ingestion.parsers.pdf.text import write_pages
from ingestion.sniff import PDF
from ingestion.types import Document, Source

_TAIL_BYTES = 4096
_OCR_SCALE = 2.5  # 180 dots per inch


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a PDF.

    Raises:
        EncryptedError: If a password is needed.
        CorruptFileError: If the file is cut off or damaged.
        NoTextLayerError: If no page has text.
        LimitExceededError: If it has too many pages.
    """
    if b"%%EOF" not in source.data[-_TAIL_BYTES:]:
        raise CorruptFileError("The PDF was cut off: its end is missing.")
    document = _open(source.data)
    try:
        if len(document) > limits.max_pages:
            raise LimitExceededError(f"The PDF has {len(document)} pages; {limits.max_pages} are allowed.")
        pages = [_read_page(document, number) for number in range(len(document))]
        silent = [
            number for number, page in enumerate(pages) if page == [] and _shows_something(document[number])
        ]
        recognises = ocr.is_available()
        for number in silent if recognises else ():
            pages[number] = _recognised(document[number])
        title = squeeze(document.get_metadata_value("Title"))
    finally:
        document.close()
    writer = CanonicalWriter(limits)
    broken = sum(page is None for page in pages)
    if broken == len(pages):
        raise CorruptFileError("None of the PDF's pages can be read.")
    writer.drop("pages that could not be read", broken)
    readable = [page or [] for page in pages]
    writer.drop("pages without text", sum(not readable[number] for number in silent))
    writer.drop("header and footer lines", drop_furniture(readable))
    write_pages(readable, writer)
    if not writer.has_text:
        found = "and none was recognised in them" if recognises else "only pictures"
        raise NoTextLayerError(
            f"The PDF's {len(pages)} pages hold no text, {found}.", None if recognises else ocr.INSTALL_HINT
        )
    return writer.build(media_type=PDF, title=title if _is_title(title) else "")


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if pdfium_c.FPDF_GetLastError() == pdfium_c.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise EncryptedError("The PDF is protected by a password.") from error
        raise CorruptFileError("The PDF is damaged and can't be opened.") from error


def _read_page(document: pdfium.PdfDocument, number: int) -> list[Line] | None:
    """Lines of a page in reading order, or None if the page is damaged."""
    try:
        page = document[number]
    except pdfium.PdfiumError:
        return None
    try:
        text_page = page.get_textpage()
        try:
            return reading_order(lines_of(text_page, page))
        finally:
            text_page.close()
    except pdfium.PdfiumError:
        return None
    finally:
        page.close()


def _is_title(title: str) -> bool:
    """File names, tool names and garbage stand in many title fields."""
    return bool(title) and not re.search(
        r"\.(?:docx?|tex|pdf|indd|pptx?)\b|untitled|anonymous|\ufffd", title, re.I
    )


def _shows_something(page: pdfium.PdfPage) -> bool:
    """Whether a page without text is more than empty."""
    try:
        return next(iter(page.get_objects(max_depth=1)), None) is not None
    finally:
        page.close()


def _recognised(page: pdfium.PdfPage) -> list[Line]:
    """Lines of a page that is a picture, in reading order, at their places on the page as it is shown."""
    try:
        width, height = page.get_size()
        scale = min(_OCR_SCALE, ocr.MAX_SIDE_PX / max(width, height))
        bitmap = page.render(scale=scale, may_draw_forms=False)
        try:
            return reading_order(ocr.lines_in(bitmap.to_numpy()[:, :, :3], width, height))
        finally:
            bitmap.close()
    finally:
        page.close()
