"""PDFium's functions that a page needs thousands of times, called with addresses: pointer objects double the time."""

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as pdfium_c

_INT, _DOUBLE, _ADDRESS = ctypes.c_int, ctypes.c_double, ctypes.c_void_p


def _by_address(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    return ctypes.cast(function, ctypes.CFUNCTYPE(result, *arguments))


def address_of(handle: Any) -> int:
    """Address behind a handle of PDFium."""
    return ctypes.cast(handle, _ADDRESS).value or 0


# Of a text page and the index of a character.
char_box = _by_address(pdfium_c.FPDFText_GetCharBox, _INT, _ADDRESS, _INT, *[_ADDRESS] * 4)
char_matrix = _by_address(pdfium_c.FPDFText_GetMatrix, _INT, _ADDRESS, _INT, _ADDRESS)
char_angle = _by_address(pdfium_c.FPDFText_GetCharAngle, ctypes.c_float, _ADDRESS, _INT)
char_origin = _by_address(pdfium_c.FPDFText_GetCharOrigin, _INT, _ADDRESS, _INT, *[_ADDRESS] * 2)
font_size = _by_address(pdfium_c.FPDFText_GetFontSize, _DOUBLE, _ADDRESS, _INT)
font_weight = _by_address(pdfium_c.FPDFText_GetFontWeight, _INT, _ADDRESS, _INT)
font_info = _by_address(
    pdfium_c.FPDFText_GetFontInfo, ctypes.c_ulong, _ADDRESS, _INT, _ADDRESS, ctypes.c_ulong, _ADDRESS
)
text_object = _by_address(pdfium_c.FPDFText_GetTextObject, _ADDRESS, _ADDRESS, _INT)

# Of an object.
fill_colour = _by_address(pdfium_c.FPDFPageObj_GetFillColor, _INT, *[_ADDRESS] * 5)
stroke_colour = _by_address(pdfium_c.FPDFPageObj_GetStrokeColor, _INT, *[_ADDRESS] * 5)
render_mode = _by_address(pdfium_c.FPDFTextObj_GetTextRenderMode, _INT, _ADDRESS)
count_marks = _by_address(pdfium_c.FPDFPageObj_CountMarks, _INT, _ADDRESS)
font_of = _by_address(pdfium_c.FPDFTextObj_GetFont, _ADDRESS, _ADDRESS)
