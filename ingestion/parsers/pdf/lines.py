"""Lines of a PDF page: PDFium's characters, gathered by baseline and split at wide gaps."""

import ctypes
import re
import unicodedata
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingestion.types import Box

_GAP_EM = 1.6  # a wider gap inside a line separates columns or table cells
_SCRIPT_GAP_EM = 0.5  # a raised or lowered mark stands no farther from its word
_HYPHEN = 2  # PDFium's mark for a hyphen at a line's end
HYPHEN_MARK = "\ufffe"
_BOLD_WEIGHT = 600
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|cmbx|simhei|-bd\b", re.I)
_PART = re.compile(rf"[\r\n]+|[^\S\r\n]+|[^\s{HYPHEN_MARK}]*{HYPHEN_MARK}|[^\s{HYPHEN_MARK}]+")
_FOLDED = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]")
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Line:
    """A run of characters on one baseline, in points from the page's lower left corner.

    Attributes:
        height: Height of the page.
        size: Font size in points.
        bold: Whether it begins in a bold font.
        row: Cells of a table row when several runs of one baseline were joined, else empty.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    height: float
    bold: bool = False
    row: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """Cells of the row, or the text as the only one."""
        return self.row or (self.text,)

    @property
    def is_upper_half(self) -> bool:
        """Whether it stands in the upper half of the page."""
        return self.y0 > self.height / 2

    def in_margin(self, share: float) -> bool:
        """Whether it stands in the upper or lower `share` of the page."""
        return self.y0 > (1 - share) * self.height or self.y1 < share * self.height


def lines_of(text_page: pdfium.PdfTextPage, page: pdfium.PdfPage) -> list[Line]:
    """Lines of a page in the order of its content stream.

    Only the first and the last character of a word are measured: asking PDFium for each one's box and size takes
    most of the time, and PDFium itself puts a space or a line end wherever there is a gap.
    """
    handle = text_page.raw
    box = _BoxReader(handle)
    lines: list[Line] = []
    run = _Run(page.get_height())
    for match in _PART.finditer(_characters(text_page)):
        word = match.group()
        if word[0] in "\r\n":
            run.flush(lines)
        elif word[0].isspace():
            run.add_space(word)
        else:
            first = box.read(match.start())
            if run.breaks_before(first):
                run.flush(lines)
            if run.is_empty:
                run.bold = _is_bold(handle, match.start())
            last = match.end() - 1 - word.endswith(HYPHEN_MARK)
            end = box.read(last) if last > match.start() else first
            run.add_word(word, first, end, pdfium_c.FPDFText_GetFontSize(handle, match.start()))
            if word.endswith(HYPHEN_MARK):
                run.flush(lines)
    run.flush(lines)
    return lines


class _BoxReader:
    """Reads boxes of characters as (left, bottom, right, top), with the same four numbers each time."""

    def __init__(self, handle: pdfium_c.FPDF_TEXTPAGE) -> None:
        self._handle = handle
        self._numbers = [ctypes.c_double() for _ in range(4)]
        self._pointers = [ctypes.byref(number) for number in self._numbers]

    def read(self, index: int) -> Box:
        pdfium_c.FPDFText_GetCharBox(self._handle, index, *self._pointers)
        left, right, bottom, top = (number.value for number in self._numbers)
        return left, bottom, right, top


def _characters(text_page: pdfium.PdfTextPage) -> str:
    """The page's characters by PDFium's index; a hyphen at a line's end is `HYPHEN_MARK`."""
    text: str = text_page.get_text_range()
    count = text_page.count_chars()
    if len(text) == count:
        return text
    # Characters that PDFium skips in its text shift the index: ask for each.
    codes = (pdfium_c.FPDFText_GetUnicode(text_page.raw, index) for index in range(count))
    return "".join(HYPHEN_MARK if code == _HYPHEN else chr(code) for code in codes)


def _is_bold(handle: pdfium_c.FPDF_TEXTPAGE, index: int) -> bool:
    if pdfium_c.FPDFText_GetFontWeight(handle, index) >= _BOLD_WEIGHT:
        return True
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium_c.FPDFText_GetFontInfo(handle, index, name, len(name), ctypes.byref(flags))
    return _BOLD_NAME.search(name.value) is not None


def _folded(text: str) -> str:
    """The text with ligatures, Kangxi radicals and compatibility ideographs as what people type."""
    text = _UNREADABLE.sub("", text)
    return _FOLDED.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)


class _Run:
    """The line being gathered."""

    def __init__(self, height: float) -> None:
        self._height = height
        self._reset()

    @property
    def is_empty(self) -> bool:
        """Whether no visible character was added yet."""
        return not self._has_box

    def _reset(self) -> None:
        self.bold = False
        self._text: list[str] = []
        self._box = (0.0, 0.0, 0.0, 0.0)
        self._has_box = False
        self._sizes: list[float] = []
        self._right = 0.0

    def breaks_before(self, place: Box) -> bool:
        """Whether a word there begins a new line: after a wide gap, or on another baseline."""
        left, bottom, _, top = place
        if not self._has_box or top <= bottom:
            return False
        em = max(self._box[3] - self._box[1], self._sizes[-1] if self._sizes else 0.0)
        middle = (bottom + top) / 2
        if not self._box[1] - 0.1 * em <= middle <= self._box[3] + 0.1 * em:
            return (
                abs(left - self._right) > _SCRIPT_GAP_EM * em or top < self._box[1] or bottom > self._box[3]
            )
        return left - self._right > _GAP_EM * em or left < self._right - 2 * em

    def add_space(self, text: str) -> None:
        """Add white space, which has no place."""
        self._text.append(text)

    def add_word(self, text: str, first: Box, last: Box, size: float) -> None:
        """Add a word by the places of its first and last character, and its font size."""
        self._text.append(text)
        for place in (first, last):
            if place[3] <= place[1]:
                continue
            old = self._box if self._has_box else place
            self._box = (
                min(old[0], place[0]),
                min(old[1], place[1]),
                max(old[2], place[2]),
                max(old[3], place[3]),
            )
            self._has_box = True
            self._right = place[2]
        self._sizes.append(size)

    def flush(self, lines: list[Line]) -> None:
        text = _folded("".join(self._text))
        if text.strip() and self._has_box:
            glyph_height = self._box[3] - self._box[1]
            # Producers scale a font of size 1 by the text matrix; the glyphs' height tells then.
            size = max(self._sizes) if max(self._sizes) > 2 else glyph_height
            x0, y0, x1, y1 = self._box
            lines.append(
                Line(text=text, x0=x0, y0=y0, x1=x1, y1=y1, size=size, height=self._height, bold=self.bold)
            )
        self._reset()
