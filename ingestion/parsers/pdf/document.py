"""PDF: columns in reading order, headers, footers and hyphens removed; pages that are pictures go to recognition.

What a page shows is read, wherever the file keeps it (form fields, text typed over the page), and only that: text
without ink, off the page or laid over it as a watermark is left out and counted.
"""

import contextlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError, LimitExceededError, NoTextLayerError
from ingestion.parsers.mail.members import Members
from ingestion.parsers.pdf import ocr
from ingestion.parsers.pdf.annotations import Annotations, set_typed, take_annotations
from ingestion.parsers.pdf.attachments import files_of
from ingestion.parsers.pdf.furniture import drop_furniture
from ingestion.parsers.pdf.layout import reading_order
from ingestion.parsers.pdf.lines import Line, lines_of
from ingestion.parsers.pdf.text import write_pages
from ingestion.parsers.pdf.visibility import drop_unseen
from ingestion.parsers.pdf.watermarks import drop_watermarks
from ingestion.sniff import PDF
from ingestion.types import Document, KeepMember, Source

_TAIL_BYTES = 4096
_HEADER = b"%PDF-"
_CATALOG = re.compile(rb"(\d{1,10} \d{1,5}) obj\s{0,9}<<[^<>]{0,500}/Type\s{0,9}/Catalog\b")
_OCR_SCALE = 2.5  # 180 dots per inch
_FILE_NAME = re.compile(
    r"\.(?:docx?|docm|rtf|odt|tex|dvi|pdf|indd|pptx?|xlsx?|wpd|wps|pub|html?|txt|fm|qxd|cdr|dwg|ai|psd)\b"
    r"|\A(?:microsoft (?:word|powerpoint|excel)\b|powerpoint presentation\Z|presentation\d*\Z|document\d*\Z|doc\d*\Z"
    r"|untitled|\W?anonymous|unknown\Z|title\Z|slide \d+\Z|print(?:ing|out)?\Z|scan(?:ned)?[\s_\-\d]*\Z"
    r"|[a-z]:\\|file:|https?:|无标题|未命名|文档\s*\d*\Z|幻灯片\s*\d+\Z|演示文稿\s*\d*\Z|工作簿\s*\d*\Z)"
    r"|\ufffd",
    re.I,
)


@dataclass(slots=True)
class _Page:
    """Contents of a page.

    Attributes:
        lines: In the order of its content stream, then in reading order; None if the page is damaged.
        text: As PDFium gives it, without places.
        is_silent: Whether it shows something, but no text.
    """

    lines: list[Line] | None = None
    text: str = ""
    notes: list[str] = field(default_factory=list)
    is_silent: bool = False


def parse(source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
    """Read a PDF; files inside it are handed to `keep`, or counted as left out.

    Raises:
        EncryptedError: If a password is needed.
        CorruptFileError: If the file is cut off or damaged.
        NoTextLayerError: If no page has text.
        LimitExceededError: If it has too many pages, or archives inside it unpack to more than allowed.
    """
    left_out = Counter[str]()
    document = _open(source.data)
    try:
        if len(document) > limits.max_pages:
            raise LimitExceededError(f"The PDF has {len(document)} pages; {limits.max_pages} are allowed.")
        # Its fields are drawn by a language of their own; the pages say no more than to wait.
        left_out["XFA forms"] += document.get_formtype() == pdfium_c.FORMTYPE_XFA_FULL
        members = Members(limits, keep)
        members.open_files(files_of(document, limits.max_bytes))
        reader = _PageReader(document, limits, members, left_out)
        pages = [reader.read(number) for number in range(len(document))]
        left_out["watermarks"] += drop_watermarks([page.lines for page in pages if page.lines])
        for number, page in enumerate(pages):
            if page.lines:
                page.lines = reading_order(page.lines)
            elif page.lines is not None:
                page.is_silent = _shows_something(document[number])
            if page.is_silent and ocr.is_available():
                page.lines = _recognised(document[number])
        title = squeeze(document.get_metadata_value("Title"))
    finally:
        document.close()
    left_out["attachments"] += len(members.names) if keep is None else 0
    left_out["attached files that could not be unpacked"] += len(members.problems)
    left_out.update(members.skipped)
    if all(page.lines is None for page in pages):
        raise CorruptFileError("None of the PDF's pages can be read.")
    left_out["pages that could not be read"] += sum(page.lines is None for page in pages)
    left_out["pages without text"] += sum(page.is_silent and not page.lines for page in pages)
    return _written(pages, left_out, limits, "" if _FILE_NAME.search(title) else title)


def _written(pages: list[_Page], left_out: Counter[str], limits: ParsingLimits, title: str) -> Document:
    """The document of these pages.

    Raises:
        NoTextLayerError: If none has text.
    """
    writer = CanonicalWriter(limits)
    readable = [page.lines or [] for page in pages]
    left_out["header and footer lines"] += drop_furniture(readable)
    write_pages(readable, writer, [page.notes for page in pages])
    for what, count in left_out.items():
        writer.drop(what, count)
    if not writer.has_text:
        found = "and none was recognised in them" if ocr.is_available() else "only pictures"
        raise NoTextLayerError(
            f"The PDF's {len(pages)} pages hold no text, {found}.",
            None if ocr.is_available() else ocr.INSTALL_HINT,
        )
    return replace(writer.build(media_type=PDF, title=title), page_texts=tuple(page.text for page in pages))


def _open(data: bytes) -> pdfium.PdfDocument:
    """Open the file; bytes before its header and after its end, and a lost end mark or table, are no matter.

    Raises:
        EncryptedError: If a password is needed.
        CorruptFileError: If PDFium can make nothing of it.
    """
    # PDFium looks for the header in the first kilobyte.
    data = data[max(data.find(_HEADER), 0) :]
    try:
        return _opened(data)
    except pdfium.PdfiumError as error:
        if pdfium_c.FPDF_GetLastError() == pdfium_c.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise EncryptedError("The PDF is protected by a password.") from error
        root = _CATALOG.search(data) if data.rstrip().endswith(b"endobj") else None
        if root is not None:
            with contextlib.suppress(pdfium.PdfiumError):
                return _opened(data + b"\ntrailer\n<< /Root %b R >>\n" % root[1])
        if b"%%EOF" not in data[-_TAIL_BYTES:]:
            raise CorruptFileError("The PDF was cut off: its end is missing.") from error
        raise CorruptFileError("The PDF is damaged and can't be opened.") from error


def _opened(data: bytes) -> pdfium.PdfDocument:
    document = pdfium.PdfDocument(data)
    with contextlib.suppress(pdfium.PdfiumError):  # without its form a document has its text still
        document.init_forms()
    return document


class _PageReader:
    """Reads the pages of a document one by one."""

    def __init__(
        self, document: pdfium.PdfDocument, limits: ParsingLimits, members: Members, left_out: Counter[str]
    ) -> None:
        """Hand files pinned to pages to `members`, and count unread ones in `left_out`."""
        self._document = document
        self._limits = limits
        self._members = members
        self._left_out = left_out

    def read(self, number: int) -> _Page:
        """Lines of a page in the order of its content stream."""
        try:
            page = self._document[number]
        except pdfium.PdfiumError:
            return _Page()
        try:
            found = Annotations()
            if pdfium_c.FPDFPage_GetAnnotCount(page) > 0:
                found = take_annotations(page, self._limits.max_bytes)
                if found.are_drawn:
                    page.close()
                    page = self._document[number]
            raw, lines = self._lines(page)
            set_typed(lines, found, page)
        except pdfium.PdfiumError:
            return _Page()
        finally:
            page.close()
        self._left_out.update(found.left_out)
        self._members.open_files(found.files)
        text = "".join("".join(line.text.split()) for line in lines) if found.notes else ""
        # Some programs copy the words that are marked into the comment on them.
        return _Page(lines, raw, [note for note, said in found.notes if "".join(said.split()) not in text])

    def _lines(self, page: pdfium.PdfPage) -> tuple[str, list[Line]]:
        text_page = page.get_textpage()
        try:
            raw = text_page.get_text_range()
            lines = lines_of(text_page, page, raw)
        finally:
            text_page.close()
        self._left_out["hidden lines"] += drop_unseen(lines, page)
        return raw, lines


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
