"""Values of PDF form fields that the page draws wrongly, not at all, or as a mark without a meaning."""

import ctypes
from dataclasses import dataclass

import pypdfium2.raw as pdfium_c

from ingestion.parsers.pdf.strings import string_of
from ingestion.types import Box

TICKED = "☑"
NOT_TICKED = "☐"
# Field flags, PDF 32000-1, tables 226 and 228.
_MULTILINE = 1 << 12
_PASSWORD = 1 << 13
_COMB = 1 << 24
_AUTO_SIZE_PT = 10.0
_MAX_OPTIONS = 2000


@dataclass(frozen=True, slots=True)
class Typed:
    """Text that was typed onto a page.

    Attributes:
        box: Its rectangle in PDF user space.
        size: Font size in points, 0 where it is not known.
        is_block: Whether it begins at the top of the rectangle; a single line stands in its middle.
        is_whole: Whether it is one text however many lines it has: the value of a field beside its label.
    """

    text: str
    box: Box
    size: float = 0.0
    is_block: bool = False
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """Treatment of a field.

    Attributes:
        typed: Text to be set instead of its appearance; None leaves the appearance.
        left_out: What is not shown and is to be counted, else empty.
    """

    typed: Typed | None = None
    left_out: str = ""


def read_field(form: pdfium_c.FPDF_FORMHANDLE, annotation: pdfium_c.FPDF_ANNOTATION, box: Box) -> Field:
    """Read the field whose widget is `annotation`.

    Ticks become `TICKED` and `NOT_TICKED`, lists what is chosen in them. A text stays as the page draws it (dates and
    amounts are formatted there), but for one of several lines, one drawn character by character, not drawn, or in a
    font without its letters.
    """
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in {pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON}:
        is_ticked = pdfium_c.FPDFAnnot_IsChecked(form, annotation)
        return Field(Typed(TICKED if is_ticked else NOT_TICKED, box, min(box[3] - box[1], _AUTO_SIZE_PT)))
    if kind == pdfium_c.FPDF_FORMFIELD_PUSHBUTTON:
        return Field(Typed("", box), "buttons")
    if kind == pdfium_c.FPDF_FORMFIELD_SIGNATURE:
        return Field()
    flags = pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation)
    value = string_of(pdfium_c.FPDFAnnot_GetFormFieldValue, form, annotation)
    is_text = kind not in {pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX}
    if is_text and flags & _PASSWORD:
        return Field(Typed("", box), "passwords" if value else "")
    if not is_text:
        value = _chosen(form, annotation) or value
    is_whole = kind == pdfium_c.FPDF_FORMFIELD_LISTBOX or bool(is_text and flags & _MULTILINE)
    as_drawn = (
        not is_whole and not (is_text and flags & _COMB) and _is_western(value) and draws_text(annotation)
    )
    if as_drawn or not value.strip():
        return Field(None if as_drawn else Typed("", box))
    size = ctypes.c_float()
    pdfium_c.FPDFAnnot_GetFontSize(form, annotation, ctypes.byref(size))
    return Field(Typed(value, box, size.value, is_whole=is_whole))


def draws_text(annotation: pdfium_c.FPDF_ANNOTATION) -> bool:
    """Whether the appearance of an annotation has text in it."""
    for number in range(pdfium_c.FPDFAnnot_GetObjectCount(annotation)):
        drawn = pdfium_c.FPDFAnnot_GetObject(annotation, number)
        # Text may stand in a form object inside; there is no telling what that one holds.
        if pdfium_c.FPDFPageObj_GetType(drawn) in {pdfium_c.FPDF_PAGEOBJ_TEXT, pdfium_c.FPDF_PAGEOBJ_FORM}:
            return True
    return False


def _chosen(form: pdfium_c.FPDF_FORMHANDLE, annotation: pdfium_c.FPDF_ANNOTATION) -> str:
    """Labels of the options chosen; the field's value is their name for programs."""
    count = min(pdfium_c.FPDFAnnot_GetOptionCount(form, annotation), _MAX_OPTIONS)
    labels = [
        string_of(pdfium_c.FPDFAnnot_GetOptionLabel, form, annotation, number)
        for number in range(count)
        if pdfium_c.FPDFAnnot_IsOptionSelected(form, annotation, number)
    ]
    return ", ".join(label for label in labels if label.strip())


def _is_western(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
