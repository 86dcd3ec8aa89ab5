"""Structure of the text around a passage: lines with a role, lists with their lead-in, sections, tables.

All positions are counted from the start of the passage's own text, so that lines before it have negative ones.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from generator.types import PartKind, SourcePassage, TextBlock

_NUMERALS = "一二三四五六七八九十百千零〇"
ARTICLE = re.compile(rf"第[{_NUMERALS}\d]+条(?:之[{_NUMERALS}]+)?")
_ITEM = re.compile(
    rf"\s*(?:[-*•·–▪◦]\s|[(（]\s*(?:\d{{1,2}}|[a-z]|[ivx]{{1,4}}|[{_NUMERALS}]{{1,3}})\s*[)）]|\d{{1,2}}(?:[)、．]|\.(?!\d))"
    rf"|[{_NUMERALS}]{{1,3}}、|[①-⑳]|第[{_NUMERALS}]+[步项])"
)
_NUMBERED = re.compile(
    r"\s*(?:\d{1,2}[.)、．]|[(（]\s*\d{1,2}\s*[)）]|[①-⑳]|第\s?[一二三四五六七八九十\d]+\s?步|step \d)",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"下列|以下|如下|\b(?:the|these) following\b|\bfollowing [\w ]+$|\bas follows\b|\bbelow\b", re.IGNORECASE
)
_COLON = re.compile(r"[:：]\s*$")
_SENTENCE_END = re.compile(r"[。！？!?]|\.(?=\s)")
LONGEST_LABEL = 80
LONGEST_SET_BY_LINES = 20_000
_AMOUNT = re.compile(r"[$€£¥]\s?\d|\d[\d,]*\.\d\d\b|\d\s?(?:元|EUR|USD)")
_ROW = re.compile(r" \| |\t")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: a paragraph, a heading, an item, a row, or a whole block of code.

    Attributes:
        level: Of a heading, from 1.
        table: Number of the table that a row belongs to, else -1.
    """

    start: int
    end: int
    kind: PartKind
    level: int = 0
    table: int = -1


@dataclass(frozen=True, slots=True)
class ListGroup:
    """Neighbouring items, as indexes of lines `[first, last]`, and the line that leads them in."""

    first: int
    last: int
    lead: int | None


class Layout:
    """Lines of the text around one passage, grouped into lists, tables and sections."""

    def __init__(self, passage: SourcePassage) -> None:
        """Cut the text into lines, by its blocks where they are known."""
        self._passage = passage
        self._wide = passage.before + passage.text + passage.after
        self._origin = len(passage.before)
        self.lines = list(_lines(passage.blocks, self._wide, self._origin))
        self._starts = [line.start for line in self.lines]

    def text(self, start: int, end: int) -> str:
        """Characters `[start, end)`."""
        return self._wide[start + self._origin : end + self._origin]

    def text_of(self, index: int) -> str:
        """Text of a line."""
        return self.text(self.lines[index].start, self.lines[index].end)

    def line_at(self, position: int) -> int | None:
        """Index of the line that holds a position."""
        index = bisect_right(self._starts, position) - 1
        return index if index >= 0 and position < self.lines[index].end else None

    def leads_in(self, index: int) -> bool:
        """Whether a line announces the lines after it."""
        if not 0 <= index < len(self.lines) or self.lines[index].kind not in {PartKind.TEXT, PartKind.ITEM}:
            return False
        text = self.text_of(index).rstrip()
        last = _SENTENCE_END.split(text[:-1])[-1] + text[-1:]
        return _COLON.search(text) is not None or (_LEADS.search(last) is not None and len(last) < 200)

    @cached_property
    def lists(self) -> Sequence[ListGroup]:
        """Runs of neighbouring items, or of rows of one table, with the line that leads them in."""
        groups: list[ListGroup] = []
        at = 0
        while at < len(self.lines):
            kind = self.lines[at].kind
            if kind not in {PartKind.ITEM, PartKind.ROW}:
                at += 1
                continue
            last = at
            for index in range(at + 1, len(self.lines)):
                if self.lines[index].kind == kind and self.lines[index].table == self.lines[at].table:
                    last = index
                elif kind == PartKind.ROW or self.lines[index].kind != PartKind.CODE:
                    break
            groups.append(ListGroup(at, last, at - 1 if self.leads_in(at - 1) else None))
            at = last + 1
        return groups

    def list_of(self, index: int) -> ListGroup | None:
        """The list that a line is an item of, or leads in."""
        return next(
            (group for group in self.lists if group.first <= index <= group.last or group.lead == index), None
        )

    def section_of(self, index: int) -> tuple[int, int]:
        """Lines `[first, last]` under the nearest heading above a line, the heading included."""
        first = index
        while first > 0 and self.lines[first].kind != PartKind.HEADING:
            first -= 1
        level = self.lines[first].level if self.lines[first].kind == PartKind.HEADING else 0
        last = first
        while last + 1 < len(self.lines) and not self._ends_section(last + 1, level):
            last += 1
        return first, last

    def _ends_section(self, index: int, level: int) -> bool:
        line = self.lines[index]
        return line.kind == PartKind.HEADING and (level == 0 or line.level <= level)

    def article_of(self, index: int) -> tuple[int, int] | None:
        """Lines `[first, last]` of the article of a statute that a line stands in."""
        first = index
        while first >= 0 and not ARTICLE.match(self.text_of(first)):
            if self.lines[first].kind == PartKind.HEADING:
                return None
            first -= 1
        if first < 0:
            return None
        last = first
        while last + 1 < len(self.lines) and self.lines[last + 1].kind != PartKind.HEADING:
            if ARTICLE.match(self.text_of(last + 1)):
                break
            last += 1
        return first, last

    def header_of(self, index: int) -> int | None:
        """The row that names the columns of a row's table; None where rows name their own values."""
        line = self.lines[index]
        first = index
        while first > 0 and self.lines[first - 1].table == line.table >= 0:
            first -= 1
        cells, own = (self.text_of(i).split(" | ") for i in (first, index))
        names_values = sum(": " in cell or "：" in cell for cell in own) * 2 > len(own)
        figures, others = (sum(any(c.isdigit() for c in cell) for cell in row) for row in (cells, own))
        named = all(cell.strip() for cell in cells) and 4 * figures <= len(cells) and figures < max(1, others)
        return first if first != index and len(cells) > 2 and named and not names_values else None

    def is_label(self, index: int) -> bool:
        """Whether a line is a name over the next lines: short, and not a sentence."""
        if not 0 <= index < len(self.lines) or self.lines[index].kind != PartKind.TEXT:
            return False
        text = self.text_of(index)
        return len(text) <= LONGEST_LABEL and text[-1] not in "。！？.!?；;" and not _AMOUNT.search(text)

    def is_tabular(self, index: int) -> bool:
        """Whether a line is a row, or a line of figures as receipts have them."""
        line = self.lines[index]
        if line.kind == PartKind.ROW:
            return True
        text = self.text_of(index)
        figures = len(_AMOUNT.findall(text))
        return (
            line.kind == PartKind.TEXT and figures > 1 and text[-1] not in "。！？.!?；;" and len(text) <= 200
        )

    def numbered(self, index: int) -> bool:
        """Whether an item has a number, as steps do."""
        return _NUMBERED.match(self.text_of(index)) is not None


def _lines(blocks: Sequence[TextBlock], wide: str, origin: int) -> Iterator[Line]:
    if not blocks:
        yield from _plain_lines(wide, 0, len(wide), origin, table=0)
        return
    for number, block in enumerate(blocks):
        start, end = max(0, block.start + origin), min(len(wide), block.end + origin)
        if start >= end or not wide[start:end].strip():
            continue
        if block.kind == "table":
            yield from _plain_lines(wide, start, end, origin, table=number, only=PartKind.ROW)
        elif block.kind == "paragraph" and _is_set_by_lines(wide[start:end]):
            yield from _plain_lines(wide, start, end, origin, table=number)
        elif block.kind == "code":
            yield Line(start - origin, end - origin, PartKind.CODE)
        elif block.kind == "heading":
            yield Line(start - origin, end - origin, PartKind.HEADING, block.level)
        elif block.kind == "list_item" or _ITEM.match(wide, start, end):
            yield Line(start - origin, end - origin, PartKind.ITEM)
        else:
            yield Line(start - origin, end - origin, PartKind.TEXT)


def _is_set_by_lines(text: str) -> bool:
    """Whether a paragraph is a table or a receipt whose line ends count, as in plain text."""
    lines = text.split("\n") if len(text) <= LONGEST_SET_BY_LINES else ()
    return len(lines) > 1 and any(
        len(_ROW.findall(line)) > 1 or len(_AMOUNT.findall(line)) > 1 for line in lines
    )


def _plain_lines(
    wide: str, first: int, last: int, origin: int, *, table: int, only: PartKind | None = None
) -> Iterator[Line]:
    """Lines between line ends, white space at their ends left off; their role by how they begin."""
    at = first
    while at < last:
        end = wide.find("\n", at, last)
        end = last if end < 0 else end
        start, stop = at, end
        while start < stop and wide[start].isspace():
            start += 1
        while stop > start and wide[stop - 1].isspace():
            stop -= 1
        if start < stop:
            kind = only or (PartKind.ITEM if _ITEM.match(wide, start, stop) else PartKind.TEXT)
            if only is None and len(_ROW.findall(wide, start, stop)) > 1:
                kind = PartKind.ROW
            yield Line(start - origin, stop - origin, kind, 0, table if kind == PartKind.ROW else -1)
        at = end + 1
