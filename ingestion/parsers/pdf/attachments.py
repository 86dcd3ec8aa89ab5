"""Files inside a PDF: attached to the document (also as a portfolio), or pinned to a place of a page."""

import ctypes
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingestion.parsers.pdf.strings import string_of

MAX_FILES = 2000
AttachedFile = tuple[str, bytes | None]
"""Name and content."""


def files_of(document: pdfium.PdfDocument, max_bytes: int) -> Iterator[AttachedFile]:
    """Files of the document as a whole; their content is None where it is damaged, empty or above `max_bytes`."""
    for number in range(min(pdfium_c.FPDFDoc_GetAttachmentCount(document), MAX_FILES)):
        attachment = pdfium_c.FPDFDoc_GetAttachment(document, number)
        if attachment:
            yield _read(attachment, max_bytes)


def pinned_file(annotation: pdfium_c.FPDF_ANNOTATION, max_bytes: int) -> AttachedFile | None:
    """The file of an annotation, None if it has none; see `files_of`."""
    attachment = pdfium_c.FPDFAnnot_GetFileAttachment(annotation)
    return _read(attachment, max_bytes) if attachment else None


def _read(attachment: pdfium_c.FPDF_ATTACHMENT, max_bytes: int) -> AttachedFile:
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
