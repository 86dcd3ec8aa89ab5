"""Characters of a PDF page: their text by PDFium's index, and how they are drawn."""

import ctypes
import math
import re
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingestion.parsers.pdf import calls

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


def characters_of(text_page: pdfium.PdfTextPage, text: str) -> str:
    """The page's text with one character for each index of PDFium; a hyphen at a line's end is `HYPHEN_MARK`.

    PDFium counts a character beyond the basic plane as two; here a NUL follows it.

    Args:
        text_page: The page.
        text: Its text as PDFium gives it.
    """
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
    """Reads how characters are drawn; asks PDFium once for each stretch of text that the page draws as one object."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        """Read from this page."""
        self._handle = text_page.raw
        self._page = calls.address_of(self._handle)
        self._paint = PLAIN
        self.object: int | None = None
        """Address of the object that drew the last character read; 0 for a space or a line end set by PDFium."""
        self._colour = (ctypes.c_uint * 4)()  # red, green, blue, alpha
        first = ctypes.addressof(self._colour)
        self._colours = tuple(first + place * ctypes.sizeof(ctypes.c_uint) for place in range(4))
        self._matrix = pdfium_c.FS_MATRIX()
        self._matrix_at = ctypes.addressof(self._matrix)
        self._mark = (pdfium_c.FPDF_WCHAR * 4)()  # longer names are not written into it
        self._length = ctypes.c_ulong()
        self._known: dict[tuple[int, bytes, int, bool], Paint] = {}
        self._paints = {PLAIN: PLAIN}

    def read(self, index: int) -> Paint:
        """Style of the character at PDFium's `index`; equal styles share one object."""
        address = calls.text_object(self._page, index)
        if address != self.object:
            self.object = address
            self._paint = self._of_object(index, address) if address else PLAIN
        return self._paint

    def _of_object(self, index: int, address: int) -> Paint:
        mode = calls.render_mode(address)
        read = calls.stroke_colour if mode in _OUTLINE_MODES else calls.fill_colour
        colour = bytes(self._colour) if read(address, *self._colours) else b""
        calls.char_matrix(self._page, index, self._matrix_at)
        slant = _slant(self._matrix.a, self._matrix.b)
        look = mode, colour, slant, calls.count_marks(address) > 0 and self._is_on_layer(index)
        paint = self._known.get(look)
        if paint is None:
            paint = _paint_of(*look)
            paint = self._known[look] = self._paints.setdefault(paint, paint)
        return paint

    def _is_on_layer(self, index: int) -> bool:
        """Whether the object of a character is optional content, which the document may hide."""
        text_object = pdfium_c.FPDFText_GetTextObject(self._handle, index)
        for number in range(pdfium_c.FPDFPageObj_CountMarks(text_object)):
            mark = pdfium_c.FPDFPageObj_GetMark(text_object, number)
            pdfium_c.FPDFPageObjMark_GetName(
                mark, self._mark, len(self._mark) * 2, ctypes.byref(self._length)
            )
            if self._length.value == len(_LAYER) and bytes(self._mark)[: len(_LAYER)] == _LAYER:
                return True
        return False


def _paint_of(mode: int, colour: bytes, slant: int, is_on_layer: bool) -> Paint:
    """Paint of a text with this render mode and colour (red, green, blue, alpha); a pattern has none, and is dark."""
    lightness, opacity = 0.0, 1.0
    if colour:
        red, green, blue, opacity = (part / 255 for part in memoryview(colour).cast("I"))
        lightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return Paint(
        slant=slant,
        is_pale=lightness > _PALE or opacity < _PALE_OPACITY or mode in _OUTLINE_MODES,
        is_doubtful=(
            mode in _UNPAINTED_MODES or lightness > _WHITE or opacity < _CLEAR_OPACITY or is_on_layer
        ),
    )


def _slant(across: float, up: float) -> int:
    if not across or not up:
        return 0
    degrees = round(math.degrees(math.atan2(up, across))) % 90
    return 0 if min(degrees, 90 - degrees) < _SLANT_DEGREES else degrees
