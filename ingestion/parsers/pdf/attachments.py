"""Files inside a PDF: those of the document (a portfolio's among them) and those pinned to a place of a page."""

import ctypes
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingestion.parsers.pdf.strings import string_of

MAX_FILES = 2000


def files_in(document: pdfium.PdfDocument, max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
    """Name and content of each file; None for one that is damaged, empty or larger than `max_bytes`."""
    for number in range(min(pdfium_c.FPDFDoc_GetAttachmentCount(document), MAX_FILES)):
        attachment = pdfium_c.FPDFDoc_GetAttachment(document, number)
        if attachment:
            yield _read(attachment, max_bytes)
    for number in range(len(document)):
        try:
            page = document[number]
        except pdfium.PdfiumError:
            continue
        try:
            yield from _pinned_to(page, max_bytes)
        finally:
            page.close()


def _pinned_to(page: pdfium.PdfPage, max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
    for number in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), MAX_FILES)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            if pdfium_c.FPDFAnnot_GetSubtype(annotation) == pdfium_c.FPDF_ANNOT_FILEATTACHMENT:
                attachment = pdfium_c.FPDFAnnot_GetFileAttachment(annotation)
                if attachment:
                    yield _read(attachment, max_bytes)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _read(attachment: pdfium_c.FPDF_ATTACHMENT, max_bytes: int) -> tuple[str, bytes | None]:
    name = string_of(pdfium_c.FPDFAttachment_GetName, attachment)
    length = ctypes.c_ulong()
    if not pdfium_c.FPDFAttachment_GetFile(attachment, None, 0, ctypes.byref(length)):
        return name, None
    if not 0 < length.value <= max_bytes:
        return name, None
    buffer = ctypes.create_string_buffer(length.value)
    if not pdfium_c.FPDFAttachment_GetFile(attachment, buffer, length.value, ctypes.byref(length)):
        return name, None
    return name, buffer.raw
