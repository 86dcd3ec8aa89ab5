"""Lines of a PDF page: PDFium's characters, gathered by baseline and split at wide gaps."""

import ctypes
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium

from ingestion.parsers.pdf import calls
from ingestion.parsers.pdf.characters import HYPHEN_MARK, PLAIN, Paint, PaintReader, characters_of
from ingestion.parsers.pdf.frame import Frame
from ingestion.types import Box

_GAP_EM = 1.6  # a wider gap inside a line separates columns or table cells
WIDE_SPACE_EM = 0.5  # a space between words is narrower, unless the line is justified
_SPACED_EM = 1.05  # letters that lie farther apart than Chinese ones are spaced out, and so are the words
_SCRIPT_GAP_EM = 0.5  # a raised or lowered mark stands no farther from its word
_MAX_SLANT = 0.1  # of a quarter turn
SPLIT_WORD = re.compile(r"[^\W\d_]{2}-\Z")
_LEADERS = re.compile(r"[.·…](?:\s*[.·…]){3,}")
_HAN_END = re.compile(r"[\u3001-\u9fff\uff00-\uffef]\Z")
_BOLD_WEIGHT = 600
_MAX_FONT_NAME = 128
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|cmbx|simhei|-bd\b", re.I)
_PART = re.compile(rf"[\r\n]+|[^\S\r\n]+|[^\s{HYPHEN_MARK}]*{HYPHEN_MARK}|[^\s{HYPHEN_MARK}]+")
_MAX_EXPONENT_CHARS = 4
_EXPONENT_RISE = 0.3  # of the height of the digit before them: so much higher they begin
_EXPONENT_HEIGHT = 0.9  # of that height: they are smaller
_EXPONENT = re.compile(r"\d[-+\u2212\u2013]?[1-9]\d*")
_FOLDED = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]")
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Line:
    """A run of characters on one baseline, with its place as it is read: x along the text, y upwards, in points.

    Attributes:
        frame: Page as it lies before a reader of this line.
        base: Height of its baseline.
        size: Font size in points.
        bold: Whether it begins in a bold font.
        paint: How it is drawn.
        row: Cells of a table row when several runs of one baseline were joined, else empty.
        gaps: Wide gaps between words: place in the text, and in points the end and the beginning of the words.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    base: float
    frame: Frame
    bold: bool = False
    paint: Paint = PLAIN
    row: tuple["Line", ...] = ()
    gaps: tuple[tuple[int, float, float], ...] = ()

    @property
    def cells(self) -> tuple["Line", ...]:
        """Cells of the row, or the line as the only one."""
        return self.row or (self,)

    @property
    def box(self) -> Box:
        """Its rectangle in PDF user space: left, bottom, right, top."""
        return self.frame.to_page((self.x0, self.y0, self.x1, self.y1))

    @property
    def is_upper_half(self) -> bool:
        """Whether it stands in the upper half of the page."""
        return self.y0 > self.frame.height / 2

    def overlaps(self, other: "Line") -> bool:
        """Whether it stands over or under the other line, at least in part."""
        return self.x0 < other.x1 and other.x0 < self.x1

    def in_margin(self, share: float) -> bool:
        """Whether it stands in the upper or lower `share` of the page."""
        return self.y0 > (1 - share) * self.frame.height or self.y1 < share * self.frame.height


def joined_text(lines: Sequence[Line]) -> str:
    """Text of lines that follow each other: Chinese lines join without a space, a hyphen at a line's end goes."""
    text = ""
    for line in lines:
        part = line.text.strip()
        is_split = SPLIT_WORD.search(text[-3:]) is not None and part[:1].islower()
        if text.endswith((HYPHEN_MARK, "\u00ad")) or is_split:
            # PDFium marks a hyphen at a line's end, unless a column stands beside it; before a capital or a digit it
            # belongs to the word.
            text = text[:-1] + ("" if part[:1].islower() else "-") + part
        elif not text or (_HAN_END.search(text[-1:]) and _HAN_END.search(part[:1])):
            text += part
        else:
            text += " " + part
    return _LEADERS.sub(" … ", text.replace(HYPHEN_MARK, ""))


def lines_of(text_page: pdfium.PdfTextPage, page: pdfium.PdfPage, text: str) -> list[Line]:
    """Lines of a page in the order of its content stream.

    Only the first and the last character of a word are measured: asking PDFium for each one's box and size takes
    most of the time, and PDFium itself puts a space or a line end wherever there is a gap.

    Args:
        text_page: The page's characters.
        page: The page.
        text: Its text as PDFium gives it.
    """
    page_at = calls.address_of(text_page.raw)
    box, paints, fonts = _BoxReader(text_page), PaintReader(text_page), _FontReader(page_at)
    lines: list[Line] = []
    page_box = page.get_bbox()
    frames = [Frame(page_box, turns) for turns in range(4)]
    run = _Run(frames[0])
    for match in _PART.finditer(characters_of(text_page, text)):
        word = match[0]
        if word == " ":  # the most frequent of all
            run.add_space(word)
        elif word[0] in "\r\n":
            run.flush(lines)
        elif word[0].isspace():
            run.add_space(word)
        else:
            start, is_split = match.start(), word[-1] == HYPHEN_MARK
            first, paint = box.read(start), paints.read(start)
            if paint is not run.paint or run.breaks_before(first):
                run.flush(lines)
            if run.is_empty:
                run.paint = paint
                run.bold = fonts.is_bold(paints.object or 0, start)
                run.frame = frames[_quarter_turns(page_at, start)]
                run.base = box.read_baseline(start, run.frame)
            last = match.end() - 1 - is_split
            end = box.read(last) if last > start else first
            if word[-1].isdecimal() and end is not first:
                word = _with_exponent(word, start, end, box, run.frame)
            run.add_word(word, first, end, fonts.size(paints.object or 0, start))
            if is_split:
                run.flush(lines)
    run.flush(lines)
    return lines


class _BoxReader:
    """Reads boxes of characters as (left, bottom, right, top), with the same four numbers each time."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        self._page = calls.address_of(text_page.raw)
        self._left, self._right, self._bottom, self._top = (ctypes.c_double() for _ in range(4))
        self._numbers = tuple(map(ctypes.addressof, (self._left, self._right, self._bottom, self._top)))

    def read(self, index: int) -> Box:
        calls.char_box(self._page, index, *self._numbers)
        return self._left.value, self._bottom.value, self._right.value, self._top.value

    def read_baseline(self, index: int, frame: Frame) -> float:
        """Height, as the text is read, of the baseline of a character."""
        calls.char_origin(self._page, index, *self._numbers[:2])
        x, y = self._left.value, self._right.value
        return frame.to_reader((x, y, x, y))[1]


def _with_exponent(word: str, start: int, last: Box, box: _BoxReader, frame: Frame) -> str:
    """A word that ends in digits, with `^` before the raised ones."""
    _, raised, _, top = frame.to_reader(last)
    for place in range(len(word) - 1, max(0, len(word) - 1 - _MAX_EXPONENT_CHARS), -1):
        _, bottom, _, base_top = frame.to_reader(box.read(start + place - 1))
        height = base_top - bottom
        if raised - bottom > _EXPONENT_RISE * height:
            is_exponent = top - raised < _EXPONENT_HEIGHT * height and _EXPONENT.fullmatch(word, place - 1)
            return f"{word[:place]}^{word[place:]}" if is_exponent else word
    return word


def _quarter_turns(page_at: int, index: int) -> int:
    """Quarter turns, counter-clockwise, of a character on the page; slanting text counts as not turned."""
    # PDFium gives the angle clockwise, in radians.
    turns = -calls.char_angle(page_at, index) / (math.pi / 2)
    return round(turns) % 4 if abs(turns - round(turns)) < _MAX_SLANT else 0


class _FontReader:
    """Reads the fonts of characters; asks PDFium once for each object's size and each font's weight."""

    def __init__(self, page_at: int) -> None:
        self._page = page_at
        self._name = ctypes.create_string_buffer(_MAX_FONT_NAME)
        self._sized: int = 0  # the object whose size is known
        self._size = 0.0
        self._bold: dict[int, bool] = {}  # by the address of the font

    def size(self, text_object: int, index: int) -> float:
        """Font size of a character that this object draws."""
        if not text_object or text_object != self._sized:
            self._sized, self._size = text_object, calls.font_size(self._page, index)
        return self._size

    def is_bold(self, text_object: int, index: int) -> bool:
        """Whether a character that this object draws is bold."""
        font = calls.font_of(text_object) if text_object else None
        if not font:
            return self._looks_bold(index)
        if font not in self._bold:
            self._bold[font] = self._looks_bold(index)
        return self._bold[font]

    def _looks_bold(self, index: int) -> bool:
        """By the weight or the name of the font."""
        if calls.font_weight(self._page, index) >= _BOLD_WEIGHT:
            return True
        # A longer name is not written.
        length = calls.font_info(self._page, index, ctypes.addressof(self._name), _MAX_FONT_NAME, None)
        return 0 < length <= _MAX_FONT_NAME and _BOLD_NAME.search(self._name.value) is not None


def _folded(text: str) -> str:
    """The text with plain characters for ligatures, Kangxi radicals and compatibility ideographs."""
    if text.isascii() and "\x00" not in text:
        return text
    text = _UNREADABLE.sub("", text)
    return _FOLDED.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)


class _Run:
    """The line being gathered."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.base = 0.0
        self._reset()

    @property
    def is_empty(self) -> bool:
        """Whether no visible character was added yet."""
        return not self._has_box

    def _reset(self) -> None:
        self.bold = False
        self.paint = PLAIN
        self._text: list[str] = []
        self._x0 = self._y0 = math.inf
        self._x1 = self._y1 = -math.inf
        self._has_box = False
        self._sizes: list[float] = []
        self._right = 0.0
        self._advance = 0.0
        self._gaps: list[tuple[int, float, float]] = []

    def breaks_before(self, place: Box) -> bool:
        """Whether a word there begins a new line: after a wide gap, or on another baseline."""
        if not self._has_box:
            return False
        left, bottom, _, top = place if self.frame.is_page else self.frame.to_reader(place)
        if top <= bottom:
            return False
        em, size = self._y1 - self._y0, self._sizes[-1]
        em = size if size > em else em
        middle = (bottom + top) / 2
        if not self._y0 - 0.1 * em <= middle <= self._y1 + 0.1 * em:
            return abs(left - self._right) > _SCRIPT_GAP_EM * em or top < self._y0 or bottom > self._y1
        white = left - self._right
        if white <= _GAP_EM * em:
            return white < -2 * em
        return white > 2 * self._advance or self._advance <= _SPACED_EM * em

    def add_space(self, text: str) -> None:
        """Add white space, which has no place."""
        self._text.append(text)

    def add_word(self, text: str, first: Box, last: Box, size: float) -> None:
        """Add a word by the places on the page of its first and last character, and its font size."""
        if not self.frame.is_page:
            first, last = self.frame.to_reader(first), self.frame.to_reader(last)
        if self._has_box and first[0] - self._right > WIDE_SPACE_EM * size:
            self._gaps.append((len(self._text), self._right, first[0]))
        self._text.append(text)
        advance = (last[0] - first[0]) / (len(text) - 1) if len(text) > 1 else 0.0
        self._advance = advance if advance > self._advance else self._advance
        for x0, y0, x1, y1 in (first, last) if last is not first else (first,):
            if y1 <= y0:
                continue
            # Compared in place: min() and max() for each word take a tenth of the time of a page.
            if x0 < self._x0:
                self._x0 = x0
            if y0 < self._y0:
                self._y0 = y0
            if x1 > self._x1:
                self._x1 = x1
            if y1 > self._y1:
                self._y1 = y1
            self._has_box = True
            self._right = x1
        self._sizes.append(size)

    def flush(self, lines: list[Line]) -> None:
        text = _folded("".join(self._text))
        if text.strip() and self._has_box:
            largest = max(self._sizes)
            gaps = tuple(
                (len(_folded("".join(self._text[:count]))), left, right) for count, left, right in self._gaps
            )
            lines.append(
                Line(
                    text=text,
                    x0=self._x0,
                    y0=self._y0,
                    x1=self._x1,
                    y1=self._y1,
                    # Producers scale a font of size 1 by the text matrix; the glyphs' height tells then.
                    size=largest if largest > 2 else self._y1 - self._y0,
                    base=self.base,
                    frame=self.frame,
                    bold=self.bold,
                    paint=self.paint,
                    gaps=gaps,
                )
            )
        self._reset()
