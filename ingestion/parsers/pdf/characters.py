"""Characters of a PDF page: their text by PDFium's index, and how they are drawn."""

import ctypes
import math
import re
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

_HYPHEN = 2  # PDFium's mark for a hyphen at a line's end
HYPHEN_MARK = "\ufffe"
_FILLER = "\x00"
_BEYOND_BMP = re.compile(r"[\U00010000-\U0010ffff]")
_SURROGATES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_SLANT_DEGREES = 3  # text that leans less is taken as straight: scans are seldom exact
_PALE = 0.7  # lightness from which text is pale, 1 is white
_PALE_OPACITY = 0.6
_WHITE = 0.96
_CLEAR_OPACITY = 0.04
_UNPAINTED_MODES = frozenset({3, 7})  # PDF 32000-1, table 106: neither filled nor stroked
_OUTLINE_MODES = frozenset({1, 5})
_LAYER = "OC\0".encode("utf-16-le")
_address_of = ctypes.cast(
    pdfium_c.FPDFText_GetTextObject, ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
)


@dataclass(frozen=True, slots=True)
class Paint:
    """How text is drawn.

    Attributes:
        slant: Degrees, counter-clockwise, between its baseline and the nearest edge of the page; 0 for straight text.
        is_pale: Whether it is light, lets the ground shine through, or is only outlined.
        is_doubtful: Whether it may not be seen at all: without ink, white or on a layer.
    """

    slant: int = 0
    is_pale: bool = False
    is_doubtful: bool = False


PLAIN = Paint()


def characters_of(text_page: pdfium.PdfTextPage) -> str:
    """The page's text with one character for each index of PDFium; a hyphen at a line's end is `HYPHEN_MARK`.

    PDFium counts a character beyond the basic plane as two; here a NUL follows it.
    """
    text: str = text_page.get_text_range()
    count = text_page.count_chars()
    if len(text) != count:
        text = _BEYOND_BMP.sub(lambda match: match[0] + _FILLER, text)
    if len(text) == count:
        return text
    # Characters that PDFium skips in its text shift the index: ask for each.
    codes = (pdfium_c.FPDFText_GetUnicode(text_page.raw, index) for index in range(count))
    text = "".join(HYPHEN_MARK if code == _HYPHEN else chr(code) for code in codes)
    return _SURROGATES.sub(_joined_pair, text)


def _joined_pair(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le") + _FILLER


class PaintReader:
    """Tells how characters are drawn; asks PDFium once for each stretch of text that the page draws as one object."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        """Read from this page."""
        self._handle = text_page.raw
        self._pointer = ctypes.cast(text_page.raw, ctypes.c_void_p)
        self._address: int | None = None
        self._paint = PLAIN
        self._colours = [ctypes.c_uint() for _ in range(4)]
        self._matrix = pdfium_c.FS_MATRIX()
        self._mark = (pdfium_c.FPDF_WCHAR * 4)()  # longer names are not written into it
        self._length = ctypes.c_ulong()

    def read(self, index: int) -> Paint:
        """How the character at PDFium's `index` is drawn."""
        address = _address_of(self._pointer, index)
        if address != self._address:
            self._address = address
            self._paint = self._of_object(index) if address else PLAIN
        return self._paint

    def _of_object(self, index: int) -> Paint:
        text_object = pdfium_c.FPDFText_GetTextObject(self._handle, index)
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(text_object)
        lightness, opacity = self._ink(text_object, is_outline=mode in _OUTLINE_MODES)
        matrix = self._matrix
        pdfium_c.FPDFText_GetMatrix(self._handle, index, matrix)
        return Paint(
            slant=_slant(matrix.a, matrix.b),
            is_pale=lightness > _PALE or opacity < _PALE_OPACITY or mode in _OUTLINE_MODES,
            is_doubtful=(
                mode in _UNPAINTED_MODES
                or lightness > _WHITE
                or opacity < _CLEAR_OPACITY
                or self._is_on_layer(text_object)
            ),
        )

    def _ink(self, text_object: pdfium_c.FPDF_PAGEOBJECT, *, is_outline: bool) -> tuple[float, float]:
        """Lightness and opacity of the ink, each from 0 to 1; a pattern counts as dark."""
        read = pdfium_c.FPDFPageObj_GetStrokeColor if is_outline else pdfium_c.FPDFPageObj_GetFillColor
        if not read(text_object, *self._colours):
            return 0.0, 1.0
        red, green, blue, alpha = (colour.value / 255 for colour in self._colours)
        return 0.299 * red + 0.587 * green + 0.114 * blue, alpha

    def _is_on_layer(self, text_object: pdfium_c.FPDF_PAGEOBJECT) -> bool:
        """Whether the object is optional content, which the document may hide."""
        for number in range(pdfium_c.FPDFPageObj_CountMarks(text_object)):
            mark = pdfium_c.FPDFPageObj_GetMark(text_object, number)
            pdfium_c.FPDFPageObjMark_GetName(
                mark, self._mark, len(self._mark) * 2, ctypes.byref(self._length)
            )
            if self._length.value == len(_LAYER) and bytes(self._mark)[: len(_LAYER)] == _LAYER:
                return True
        return False


def _slant(across: float, up: float) -> int:
    if not across or not up:
        return 0
    degrees = round(math.degrees(math.atan2(up, across))) % 90
    return 0 if min(degrees, 90 - degrees) < _SLANT_DEGREES else degrees
