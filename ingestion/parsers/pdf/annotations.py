"""Annotations of a PDF page: typed or stamped text joins the page's text, comments stay apart.

A page's own content holds neither the values of form fields nor the text of annotations: viewers draw them over it.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from statistics import median

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingestion.canonical import language_of, squeeze
from ingestion.parsers.pdf.attachments import AttachedFile, pinned_file
from ingestion.parsers.pdf.forms import Typed, draws_text, read_field
from ingestion.parsers.pdf.frame import Frame
from ingestion.parsers.pdf.lines import Line
from ingestion.parsers.pdf.places import Places
from ingestion.parsers.pdf.strings import string_of
from ingestion.types import Box

_HIDDEN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
_FONT_SIZE = re.compile(r"([\d.]+)\s+Tf")
_AUTO_SIZE_PT = 10.0
_SIZE_SHARE = 0.7  # of the height of a field, for the size of the text in it
_LEADING = 1.15
_ASCENT = 0.8  # of the size of a font, above its baseline
_MAX_ANNOTATIONS = 5000  # of a page
_MAX_NOTE_CHARS = 20_000
_DRAWN = frozenset(
    {
        pdfium_c.FPDF_ANNOT_FREETEXT,
        pdfium_c.FPDF_ANNOT_STAMP,
        pdfium_c.FPDF_ANNOT_LINE,
        pdfium_c.FPDF_ANNOT_POLYGON,
        pdfium_c.FPDF_ANNOT_POLYLINE,
    }
)
"""Kinds of annotations that may have text in their appearance."""


@dataclass(slots=True)
class Annotations:
    """Texts of the annotations of a page.

    Attributes:
        typed: Text to be set on the page.
        places: Rectangles in which text was typed, also where the page draws it itself now.
        notes: Comments as they are written down, each with its bare words.
        files: Pinned to the page.
        left_out: What is not read, by its name.
        are_drawn: Whether some became part of the page's content.
    """

    typed: list[Typed] = field(default_factory=list)
    places: list[Box] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    files: list[AttachedFile] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    are_drawn: bool = False


def take_annotations(page: pdfium.PdfPage, max_bytes: int) -> Annotations:
    """Read the annotations of a page, and make the text-drawing ones part of its content.

    Args:
        page: The page; if annotations became part of it, it has to be loaded again.
        max_bytes: Of a file pinned to the page.
    """
    found = Annotations()
    count = pdfium_c.FPDFPage_GetAnnotCount(page)
    found.left_out["annotations"] += max(0, count - _MAX_ANNOTATIONS)
    told = set(range(_MAX_ANNOTATIONS, count))
    for number in range(min(count, _MAX_ANNOTATIONS)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            if not _take(annotation, page, found, max_bytes):
                told.add(number)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    if len(told) < count:
        # From the last one, so that the numbers of those before it stay.
        for number in sorted(told, reverse=True):
            pdfium_c.FPDFPage_RemoveAnnot(page, number)
        found.are_drawn = (
            pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY) == pdfium_c.FLATTEN_SUCCESS
        )
    return found


def _take(
    annotation: pdfium_c.FPDF_ANNOTATION, page: pdfium.PdfPage, found: Annotations, max_bytes: int
) -> bool:
    """Read one; gives whether its appearance is to become part of the page."""
    kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    if kind in {pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP}:
        return False  # a link has its text on the page, a pop-up repeats its comment
    contents = squeeze(string_of(pdfium_c.FPDFAnnot_GetStringValue, annotation, b"Contents"))
    if kind == pdfium_c.FPDF_ANNOT_WIDGET:
        return _take_field(annotation, page, found)
    if pdfium_c.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        found.left_out["hidden annotations"] += bool(contents)
        return False
    if kind == pdfium_c.FPDF_ANNOT_WATERMARK:
        found.left_out["watermarks"] += 1
        return False
    if kind in _DRAWN and draws_text(annotation):
        found.places.append(_box_of(annotation))
        return True
    if kind == pdfium_c.FPDF_ANNOT_FREETEXT:
        box, appearance = _box_of(annotation), string_of(pdfium_c.FPDFAnnot_GetStringValue, annotation, b"DA")
        size = _FONT_SIZE.search(appearance)
        found.places.append(box)
        found.typed.append(Typed(contents, box, float(size[1]) if size else 0.0, is_block=True))
    elif kind == pdfium_c.FPDF_ANNOT_FILEATTACHMENT:
        pinned = pinned_file(annotation, max_bytes)
        found.files.extend([pinned] if pinned else [])
    elif contents and not pdfium_c.FPDFAnnot_HasKey(annotation, b"StateModel"):
        author = squeeze(string_of(pdfium_c.FPDFAnnot_GetStringValue, annotation, b"T"))
        contents = contents[:_MAX_NOTE_CHARS]
        found.notes.append((_note(contents, author), contents))
    else:
        found.left_out["stamps"] += kind == pdfium_c.FPDF_ANNOT_STAMP
    return False


def _take_field(annotation: pdfium_c.FPDF_ANNOTATION, page: pdfium.PdfPage, found: Annotations) -> bool:
    if page.formenv is None:
        return True
    box = _box_of(annotation)
    read = read_field(page.formenv.raw, annotation, box)
    if pdfium_c.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        found.left_out["hidden form fields"] += bool(read.typed is None or read.typed.text)
        return False
    found.left_out[read.left_out] += bool(read.left_out)
    found.places.append(box)
    if read.typed is None:
        return True
    if read.typed.text:
        found.typed.append(read.typed)
    return False


def set_typed(lines: list[Line], found: Annotations, page: pdfium.PdfPage) -> None:
    """Add the text typed onto a page to its lines; none of it is larger than the text around it, as headings are."""
    if not found.places:
        return
    frame = _frame_of(lines, page)
    places = Places(frame.to_reader(box) for box in found.places)
    around = [line for line in lines if not places.hold((line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2)]
    sizes = [line.size for line in around for _ in range(len(line.text))]
    usual = median(sizes) if sizes else _AUTO_SIZE_PT
    known = {id(line) for line in around}
    for typed in found.typed:
        lines.extend(_lines_of(typed, frame))
    for line in lines:
        if id(line) not in known:
            line.size = min(line.size, usual)


def _lines_of(typed: Typed, frame: Frame) -> list[Line]:
    left, bottom, right, top = frame.to_reader(typed.box)
    size = typed.size or min(_AUTO_SIZE_PT, _SIZE_SHARE * (top - bottom))
    texts = [text for text in map(squeeze, typed.text.splitlines()) if text]
    height = size
    if typed.is_whole and texts and top - bottom > 2 * size:
        # Its label stands beside any of its lines.
        texts, height = [" ".join(texts)], top - bottom
    elif not typed.is_block or top - bottom < 2 * size:
        top = (bottom + top + _LEADING * size * len(texts)) / 2
    lines = []
    for number, text in enumerate(texts):
        y1 = top - number * _LEADING * size
        lines.append(
            Line(
                text=text,
                x0=left,
                y0=y1 - height,
                x1=max(left + size, min(right, left + size * len(text))),
                y1=y1,
                size=size,
                base=y1 - _ASCENT * size,
                frame=frame,
            )
        )
    return lines


def _frame_of(lines: list[Line], page: pdfium.PdfPage) -> Frame:
    """Direction in which most of the page is read; without text, as the page is shown."""
    counts = Counter[Frame]()
    for line in lines:
        counts[line.frame] += len(line.text)
    return counts.most_common(1)[0][0] if counts else Frame(page.get_bbox(), page.get_rotation() // 90)


def _box_of(annotation: pdfium_c.FPDF_ANNOTATION) -> Box:
    rect = pdfium_c.FS_RECTF()
    pdfium_c.FPDFAnnot_GetRect(annotation, rect)
    left, right = sorted((rect.left, rect.right))
    bottom, top = sorted((rect.bottom, rect.top))
    return left, bottom, right, top


def _note(contents: str, author: str) -> str:
    if language_of(contents) == "zh":
        return f"批注（{author}）：{contents}" if author else f"批注：{contents}"
    return f"Note ({author}): {contents}" if author else f"Note: {contents}"
