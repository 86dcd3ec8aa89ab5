"""Reading order of a PDF page: columns, rows and paragraphs from the places of its lines.

After the XY cut (Nagy & Seth 1984): a region is cut at a vertical strip that few lines cross where prose stands on
both sides (columns), and the lines that cross it part it into bands. Where short pieces share baselines they are
cells: a row is read across.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise
from math import ceil, floor
from statistics import median

from ingestion.parsers.pdf.characters import HYPHEN_MARK
from ingestion.parsers.pdf.frame import Frame
from ingestion.parsers.pdf.lines import WIDE_SPACE_EM, Line
from ingestion.parsers.pdf.tables import is_beside, table_end
from ingestion.types import Box

_MIN_COLUMN_LINES = 3
_PROSE_SHARE = 0.55  # of a column's width: how far the typical line of prose reaches
_STEP_PT = 2.0  # grid on which a gutter is looked for
_MAX_CROSSING_SHARE = 0.25
_SHORT_LINE_SHARE = 0.7  # of the column's width
_NEW_ITEM = re.compile(
    r"\s*(?:\(?\d{1,3}[.)、]|[•▪‣◦●■□\uf0b7–-]|[（(][一二三四五六七八九十\d]+[)）]|第.{1,6}[条條章节節])\s*(?=\D)"
)
_PARAGRAPH_GAP = 0.75  # of the line's height, between the boxes of two lines
_INDENT_EM = 0.8
_MAX_DEPTH = 12
_CELL_GAP_EM = 1.2
_WORD_GAP_EM = 0.15
_SCRIPT_SIZE = 0.85  # of the size of the text beside it: exponents are smaller
_SCRIPT_RISE = 0.25  # of that text's height: they stand higher
_EXPONENT = re.compile(r"[-+\u2212\u2013]?[1-9]\d{0,2}")
_SENTENCE_END = tuple('。！？!?.;；:：…”’"')
_HAN = re.compile(r"[\u3001-\u9fff\uff00-\uffef]")


@dataclass(slots=True)
class Paragraph:
    """Consecutive lines that belong together.

    Attributes:
        is_table: Whether its lines are rows of a table.
    """

    lines: list[Line]
    is_table: bool = False

    @property
    def box(self) -> Box:
        """Smallest rectangle around its lines in PDF user space: left, bottom, right, top."""
        return self.lines[0].box if len(self.lines) == 1 else _around(line.box for line in self.lines)


def reading_order(lines: Sequence[Line]) -> list[Line]:
    """Sort the lines of a page as a person reads them; pieces of one table row become one line.

    Text of another direction than most of the page (a table set sideways) is read as a whole, after the lines above
    it; where other lines stand beside it (a stamp in the margin), after all of them.
    """
    by_length = sorted(_by_frame(lines).values(), key=lambda part: -sum(len(line.text) for line in part))
    result = _ordered(by_length[0], 0) if by_length else []
    for part in by_length[1:]:
        ordered = _ordered(part, 0)
        place = _place_of(part, result)
        result[place:place] = ordered
    return result


def _place_of(part: Sequence[Line], lines: Sequence[Line]) -> int:
    """Position among `lines` for a part in another direction."""
    frame = lines[0].frame
    _, bottom, _, top = frame.to_reader(_around(line.box for line in part))
    middles = [(y0 + y1) / 2 for _, y0, _, y1 in (frame.to_reader(line.box) for line in lines)]
    if any(bottom < middle < top for middle in middles):
        return len(lines)
    return next((place for place, middle in enumerate(middles) if middle < bottom), len(lines))


def _around(boxes: Iterable[Box]) -> Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _ordered(lines: list[Line], depth: int) -> list[Line]:
    if len(lines) < 2 * _MIN_COLUMN_LINES or depth > _MAX_DEPTH:
        return _rows(lines)
    gutter = _gutter(lines)
    if gutter is None:
        return _rows(lines)
    crossing = sorted((line for line in lines if line.x0 < gutter < line.x1), key=lambda line: -line.y1)
    result: list[Line] = []
    rest = [line for line in lines if not line.x0 < gutter < line.x1]
    # Lines over both columns (titles, wide figures' captions) part the page into bands, each with its columns.
    for bound in [*crossing, None]:
        band = [line for line in rest if bound is None or line.y0 >= bound.y1 - 0.3 * bound.size]
        rest = [line for line in rest if line not in band]
        for column in ([o for o in band if o.x1 <= gutter], [o for o in band if o.x0 >= gutter]):
            result.extend(_ordered(column, depth + 1))
        if bound is not None:
            result.append(bound)
    return result


def _gutter(lines: Sequence[Line]) -> float | None:
    """Place of a vertical strip that few lines cross, with prose on both sides; None without columns."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    width = right - left
    crossings = _crossings(lines, left, int(width / _STEP_PT))
    best: tuple[int, float, float] | None = None
    for step, crossing in enumerate(crossings):
        place = left + (step + 0.5) * _STEP_PT
        if not 0.15 < (place - left) / max(width, 1.0) < 0.85:
            continue
        candidate = (crossing, abs(place - (left + right) / 2), place)
        best = candidate if best is None else min(best, candidate)
    if best is None or best[0] > _MAX_CROSSING_SHARE * len(lines):
        return None
    gutter = best[2]
    sides = [line for line in lines if line.x1 <= gutter], [line for line in lines if line.x0 >= gutter]
    return gutter if all(_is_prose(side) for side in sides) else None


def _crossings(lines: Sequence[Line], left: float, steps: int) -> list[int]:
    """How many lines cross the middle of each step from `left`."""
    changes = [0] * (steps + 1)
    for line in lines:
        first = floor((line.x0 - left) / _STEP_PT - 0.5) + 1
        end = ceil((line.x1 - left) / _STEP_PT - 0.5)
        if first < min(end, steps):
            changes[first] += 1
            changes[min(end, steps)] -= 1
    return list(accumulate(changes[:steps]))


def _is_prose(lines: Sequence[Line]) -> bool:
    """Running text fills its column; cells and labels don't."""
    if len(lines) < _MIN_COLUMN_LINES:
        return False
    width = max(line.x1 for line in lines) - min(line.x0 for line in lines)
    em = median(line.size for line in lines)
    return width > 8 * em and median(line.x1 - line.x0 for line in lines) > _PROSE_SHARE * width


def _rows(lines: Sequence[Line]) -> list[Line]:
    """Join pieces that stand beside each other to rows, and order the rows from top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (-(line.y0 + line.y1) / 2, line.x0)):
        if rows and _same_row(rows[-1][-1], line) and all(_apart(other, line) for other in rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [_joined_row(row) for row in rows]


def _same_row(one: Line, other: Line) -> bool:
    overlap = min(one.y1, other.y1) - max(one.y0, other.y0)
    return overlap > 0.5 * min(one.y1 - one.y0, other.y1 - other.y0)


def _apart(one: Line, other: Line) -> bool:
    return one.x1 <= other.x0 + 1 or other.x1 <= one.x0 + 1


def _joined_row(row: Sequence[Line]) -> Line:
    if len(row) == 1:
        return row[0]
    ordered = sorted(row, key=lambda line: line.x0)
    cells = [[ordered[0]]]
    for before, line in pairwise(ordered):
        if line.x0 - before.x1 > _CELL_GAP_EM * max(before.size, line.size):
            cells.append([line])
        else:
            # Raised and lowered marks are pieces of their own; they belong to the word that they touch.
            cells[-1].append(line)
    joined = [_joined_cell(cell) for cell in cells]
    text = "  ".join(cell.text.strip() for cell in joined)
    return _united(joined, text, tuple(joined) if len(joined) > 1 else ())


def _joined_cell(pieces: Sequence[Line]) -> Line:
    """Pieces that touch each other, as one; a raised number after a number is its exponent."""
    if len(pieces) == 1:
        return pieces[0]
    text = ""
    gaps: list[tuple[int, float, float]] = []
    for before, line in zip([None, *pieces], pieces, strict=False):
        white = line.x0 - before.x1 if before else 0.0
        if before and _is_exponent(before, line):
            text += "^"
        elif before and white > _WORD_GAP_EM * max(before.size, line.size):
            text += " "
        if before and white > WIDE_SPACE_EM * max(before.size, line.size):
            gaps.append((len(text), before.x1, line.x0))
        part = line.text.lstrip()
        shift = len(text) - (len(line.text) - len(part))
        gaps.extend((place + shift, end, begin) for place, end, begin in line.gaps)
        text += part.rstrip()
    return replace(_united(pieces, text), gaps=tuple(gaps))


def _is_exponent(base: Line, line: Line) -> bool:
    is_raised = line.size < _SCRIPT_SIZE * base.size and line.y0 > base.y0 + _SCRIPT_RISE * (
        base.y1 - base.y0
    )
    return (
        is_raised and base.text.rstrip()[-1:].isdigit() and _EXPONENT.fullmatch(line.text.strip()) is not None
    )


def _united(lines: Sequence[Line], text: str, row: tuple[Line, ...] = ()) -> Line:
    return Line(
        text=text,
        x0=lines[0].x0,
        y0=min(line.y0 for line in lines),
        x1=max(line.x1 for line in lines),
        y1=max(line.y1 for line in lines),
        size=max(line.size for line in lines),
        base=max(lines, key=lambda line: line.size).base,
        frame=lines[0].frame,
        bold=all(line.bold for line in lines),
        row=row,
    )


def paragraphs_of(lines: Sequence[Line]) -> list[Paragraph]:
    """Group lines in reading order into paragraphs: a gap, an indent, another size or a jump begins a new one."""
    directions = _by_frame(lines)
    gaps = {frame: _usual_gap(part) for frame, part in directions.items()}
    paragraphs: list[Paragraph] = []
    for direction, part in groupby(lines, key=lambda line: line.frame):
        stretch = list(part)
        place = 0
        while place < len(stretch):
            line = stretch[place]
            below = stretch[place + 1] if place + 1 < len(stretch) else None
            is_open = not line.row and below is not None and is_beside(line, below, [below])
            if line.row or is_open:
                end = table_end(stretch, place + is_open, gaps[direction])
                paragraphs.append(Paragraph(stretch[place:end], is_table=True))
                place = end
                continue
            last = paragraphs[-1] if place else None
            if last and not last.is_table and _belongs(last, line, gaps[direction], directions[direction]):
                last.lines.append(line)
            else:
                paragraphs.append(Paragraph([line]))
            place += 1
    return paragraphs


def _by_frame(lines: Sequence[Line]) -> dict[Frame, list[Line]]:
    directions: defaultdict[Frame, list[Line]] = defaultdict(list)
    for line in lines:
        directions[line.frame].append(line)
    return directions


def _usual_gap(lines: Sequence[Line]) -> float:
    """Typical white space between two lines of one paragraph, in points."""
    gaps = [above.y0 - below.y1 for above, below in pairwise(lines)]
    near = [gap for gap, line in zip(gaps, lines, strict=False) if -line.size < gap < 2.5 * line.size]
    return median(near) if near else 0.0


def _belongs(paragraph: Paragraph, line: Line, gap: float, page: Sequence[Line]) -> bool:
    last = paragraph.lines[-1]
    if abs(last.size - line.size) > 0.12 * max(last.size, line.size):
        return False
    white = last.y0 - line.y1
    if white > gap + _PARAGRAPH_GAP * line.size:
        return False
    if white < -1.5 * line.size:
        return _goes_on_in_next_column(last, line)
    if _NEW_ITEM.match(line.text) or (last.bold != line.bold and len(paragraph.lines) == 1 and last.bold):
        return False
    indented = line.x0 - last.x0 > _INDENT_EM * line.size
    if indented and (len(paragraph.lines) > 1 or not _NEW_ITEM.match(last.text)):
        return False
    return not _ends_short(last, line, page)


def _goes_on_in_next_column(last: Line, line: Line) -> bool:
    """A column that ends inside a sentence continues at the top of the next one."""
    before = last.text.rstrip()
    if line.x0 < last.x1 or before.endswith(_SENTENCE_END):
        return False
    return before.endswith(HYPHEN_MARK) or line.text.lstrip()[:1].islower() or bool(_HAN.match(before[-1:]))


def _ends_short(last: Line, line: Line, page: Sequence[Line]) -> bool:
    """A line that stops well before its column's edge ends its paragraph, unless a small letter follows."""
    ends, goes_on = last.text.rstrip().endswith(_SENTENCE_END), line.text.lstrip()[:1].islower()
    if goes_on and not ends:
        return False
    rights = sorted(other.x1 for other in page if other.x0 < last.x1 and other.x1 > last.x0)
    right = rights[int(0.75 * (len(rights) - 1))]
    short = last.x1 - last.x0 < _SHORT_LINE_SHARE * (right - last.x0)
    return (ends and right - last.x1 > 2 * line.size) or (short and not goes_on)
