"""Lines of a PDF page: PDFium's characters, gathered by baseline and split at wide gaps."""

import ctypes
import re
import unicodedata
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

_GAP_EM = 1.6  # a wider gap inside a line separates columns or table cells
_SCRIPT_GAP_EM = 0.5  # a raised or lowered mark stands no farther from its word
_HYPHEN = 2  # PDFium's mark for a hyphen at a line's end
HYPHEN_MARK = "\ufffe"
_BOLD_WEIGHT = 600
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|cmbx|simhei|-bd\b", re.I)
_FOLDED = ((0x2E80, 0x2FDF), (0xF900, 0xFAFF), (0xFB00, 0xFB06), (0xFF01, 0xFF5E))
_FOLD_WIDE = 0xFF01


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
    """Lines of a page in the order of its content stream."""
    height = page.get_height()
    handle = text_page.raw
    box = [ctypes.c_double() for _ in range(4)]
    pointers = [ctypes.byref(value) for value in box]
    lines: list[Line] = []
    run = _Run(height)
    for index in range(text_page.count_chars()):
        code = pdfium_c.FPDFText_GetUnicode(handle, index)
        if code in (10, 13):
            run.flush(lines)
            continue
        # PDFium writes left, right, bottom, top.
        pdfium_c.FPDFText_GetCharBox(handle, index, *pointers)
        left, right, bottom, top = (value.value for value in box)
        size = pdfium_c.FPDFText_GetFontSize(handle, index) if code > 32 else 0.0
        if run.breaks_before(left, bottom, top, code):
            run.flush(lines)
        if run.is_empty and code > 32:
            run.bold = _is_bold(handle, index)
        run.add(_character(code), (left, bottom, right, top), size or 0.0)
        if code == _HYPHEN:
            run.flush(lines)
    run.flush(lines)
    return lines


def _is_bold(handle: pdfium_c.FPDF_TEXTPAGE, index: int) -> bool:
    if pdfium_c.FPDFText_GetFontWeight(handle, index) >= _BOLD_WEIGHT:
        return True
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium_c.FPDFText_GetFontInfo(handle, index, name, len(name), ctypes.byref(flags))
    return _BOLD_NAME.search(name.value) is not None


def _character(code: int) -> str:
    """The character, with ligatures, Kangxi radicals and compatibility ideographs folded to what people type."""
    if code == _HYPHEN:
        return HYPHEN_MARK
    if code == 0 or 0xD800 <= code <= 0xDFFF:
        return ""
    character = chr(code)
    if any(low <= code <= high for low, high in _FOLDED) and not _FOLD_WIDE <= code <= _FOLDED[-1][1]:
        return unicodedata.normalize("NFKC", character)
    return character


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

    def breaks_before(self, left: float, bottom: float, top: float, code: int) -> bool:
        """Whether the next character begins a new line: after a wide gap, or on another baseline."""
        if not self._has_box or code in (32, 0xA0, _HYPHEN) or top <= bottom:
            return False
        em = max(self._box[3] - self._box[1], self._sizes[-1] if self._sizes else 0.0)
        middle = (bottom + top) / 2
        if not self._box[1] - 0.1 * em <= middle <= self._box[3] + 0.1 * em:
            return (
                abs(left - self._right) > _SCRIPT_GAP_EM * em or top < self._box[1] or bottom > self._box[3]
            )
        return left - self._right > _GAP_EM * em or left < self._right - 2 * em

    def add(self, text: str, box: tuple[float, float, float, float], size: float) -> None:
        self._text.append(text)
        if not text.strip() or text == HYPHEN_MARK or box[3] <= box[1]:
            return
        old = self._box if self._has_box else box
        self._box = (min(old[0], box[0]), min(old[1], box[1]), max(old[2], box[2]), max(old[3], box[3]))
        self._has_box = True
        self._right = box[2]
        self._sizes.append(size)

    def flush(self, lines: list[Line]) -> None:
        text = "".join(self._text)
        if text.strip() and self._has_box:
            glyph_height = self._box[3] - self._box[1]
            # Producers scale a font of size 1 by the text matrix; the glyphs' height tells then.
            size = max(self._sizes) if max(self._sizes) > 2 else glyph_height
            x0, y0, x1, y1 = self._box
            lines.append(
                Line(text=text, x0=x0, y0=y0, x1=x1, y1=y1, size=size, height=self._height, bold=self.bold)
            )
        self._reset()
