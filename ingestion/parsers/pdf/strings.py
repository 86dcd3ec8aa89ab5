"""Texts that PDFium's functions write into buffers."""

import ctypes
from collections.abc import Callable

import pypdfium2.raw as pdfium_c

_MAX_CHARS = 100_000


def string_of(function: Callable[..., int], *arguments: object) -> str:
    """Text that `function` writes as UTF-16 into a buffer, which with its size in bytes is its last argument.

    Functions give the size of the text in bytes, or write it into one more argument and give whether there is one.
    """
    size = ctypes.c_ulong()
    reports = (ctypes.byref(size),) if len(function.argtypes) > len(arguments) + 2 else ()  # type: ignore[attr-defined]
    given = function(*arguments, None, 0, *reports)
    length = min(size.value if reports else given, 2 * _MAX_CHARS)
    if length <= 0:
        return ""
    buffer = ctypes.create_string_buffer(length + length % 2)
    function(*arguments, ctypes.cast(buffer, ctypes.POINTER(pdfium_c.FPDF_WCHAR)), length, *reports)
    return buffer.raw.decode("utf-16-le", "replace").split("\0", 1)[0]
