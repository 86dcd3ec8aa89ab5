"""Automatic numbers of Word's paragraphs, counted as Word counts them (ECMA-376, part 1, 17.9)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from lxml import etree

from ingestion.parsers.office.docx_styles import Style, Styles, W, switch, value, whole
from ingestion.parsers.office.drawing_text import MARKUP
from ingestion.parsers.office.numerals import numeral
from ingestion.parsers.office.symbol_fonts import is_mark, without_font

_PLACE: Final = re.compile(r"%([1-9])")
_MAX_LEVEL: Final = 8
_MAX_LINKS: Final = 5
_MAX_MARK_CHARS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The mark before a paragraph.

    Attributes:
        text: The number as it is shown, "-" for a bullet, a box or tick as it is; "" for none.
        level: Depth in its list, 0 the outermost.
        joiner: Stands between the mark and the text.
    """

    text: str
    level: int
    joiner: str = " "

    @property
    def is_number(self) -> bool:
        """Whether it says more than a bullet."""
        return self.text not in {"", "-"}

    def before(self, text: str) -> str:
        """The text with its number."""
        return f"{self.text}{self.joiner}{text}".strip() if self.is_number else text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """How one level of a list is numbered.

    Attributes:
        pattern: Of the form "custom".
        text: With %1 to %9 for the numbers of the levels.
        restart: A level up to this one (counted from 1) starts it again; 0 for never, None for any above it.
        is_legal: Whether the numbers of all levels are decimal.
        style: Paragraphs of this style stand on this level.
    """

    start: int
    form: str
    pattern: str
    text: str
    joiner: str
    restart: int | None
    is_legal: bool
    style: str
    font: str


@dataclass(frozen=True, slots=True)
class _List:
    """A list: its number, the definition that it continues, levels, and its own starts."""

    number_id: str
    definition: str
    levels: Mapping[int, _Level]
    starts: Mapping[int, int]


class Numbering:
    """Lists of a document, and their numbers so far; lists with the same definition continue each other's numbers."""

    def __init__(self, root: etree._Element | None, styles: Styles) -> None:
        """Read the part of the numbering; without it, all members of lists have bullets."""
        self._styles = styles
        self._is_missing = root is None
        self._definitions: dict[str, etree._Element] = {}
        self._numbers: dict[str, etree._Element] = {}
        self._lists: dict[str, _List | None] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._started: set[tuple[str, int]] = set()
        for child in root if root is not None else ():
            if child.tag == f"{W}abstractNum":
                self._definitions[value(child, "abstractNumId")] = child
            elif child.tag == f"{W}num":
                self._numbers[value(child, "numId")] = child

    def mark(self, properties: etree._Element | None, style: Style) -> Mark | None:
        """Count a paragraph that is shown, even if it is empty.

        Args:
            properties: Of the paragraph (`w:pPr`).
            style: Of the paragraph.

        Returns:
            Its mark, or None if it belongs to no list.
        """
        own = properties.find(f"{W}numPr") if properties is not None else None
        own_id = value(own.find(f"{W}numId")) if own is not None else ""
        number_id = own_id or style.number_id
        if number_id in {"", "0"}:
            return None
        level = whole(value(own.find(f"{W}ilvl"))) if own is not None else None
        if self._is_missing:
            return Mark(text="-", level=min(level or style.level or 0, _MAX_LEVEL))
        used = self._list(number_id)
        if used is None:
            return None
        level = min(_level_of_style(used, style) if level is None else level, _MAX_LEVEL)
        return self._count(used, level) if level in used.levels else None

    def _count(self, used: _List, level: int) -> Mark:
        counts = self._counts.setdefault(used.definition, {})
        start = used.starts.get(level, used.levels[level].start)
        first = level in used.starts and (used.number_id, level) not in self._started
        self._started.add((used.number_id, level))
        counts[level] = start if first or level not in counts else counts[level] + 1
        for above in range(level):
            # A level that was passed over counts as begun.
            counts.setdefault(above, used.levels[above].start if above in used.levels else 1)
        for below in [depth for depth in counts if depth > level]:
            restart = used.levels[below].restart if below in used.levels else None
            if restart is None or level < restart:
                del counts[below]
        return _mark(used.levels, level, counts)

    def _list(self, number_id: str) -> _List | None:
        if number_id not in self._lists:
            self._lists[number_id] = self._read(number_id)
        return self._lists[number_id]

    def _read(self, number_id: str) -> _List | None:
        number = self._numbers.get(number_id)
        if number is None:
            return None
        definition = value(number.find(f"{W}abstractNumId"))
        for _ in range(_MAX_LINKS):
            # A list may be defined by a style, which names another list.
            element = self._definitions.get(definition)
            link = value(element.find(f"{W}numStyleLink")) if element is not None else ""
            linked = self._numbers.get(self._styles.named(link).number_id) if link else None
            if linked is None:
                break
            definition = value(linked.find(f"{W}abstractNumId"))
        if element is None:
            return None
        levels = {
            depth: _level(item, depth)
            for item in islice(element.iterchildren(f"{W}lvl"), _MAX_LEVEL + 1)
            if (depth := _depth(item)) >= 0
        }
        starts: dict[int, int] = {}
        for override in islice(number.iterchildren(f"{W}lvlOverride"), _MAX_LEVEL + 1):
            depth = _depth(override)
            item = override.find(f"{W}lvl")
            if item is not None and depth >= 0:
                levels[depth] = _level(item, depth)
            start = whole(value(override.find(f"{W}startOverride")))
            if start is not None:
                starts[depth] = start
        return _List(number_id, definition, levels, starts)


def _depth(item: etree._Element) -> int:
    depth = whole(value(item, "ilvl"), -1)
    return depth if depth is not None and depth <= _MAX_LEVEL else -1


def _level(item: etree._Element, depth: int) -> _Level:
    form = item.find(f"{W}numFmt")
    if form is None:
        form = item.find(f"{MARKUP}AlternateContent/{MARKUP}Choice/{W}numFmt")
    text = item.find(f"{W}lvlText")
    shown = value(text) if text is not None else f"%{depth + 1}."
    suffix = value(item.find(f"{W}suff"))
    return _Level(
        start=whole(value(item.find(f"{W}start")), 1) or 0,
        form=value(form) or "decimal",
        pattern=value(form, "format"),
        text="" if switch(item.find(f"{W}rPr"), "vanish") else shown,
        joiner="" if suffix == "nothing" else " ",
        restart=whole(value(item.find(f"{W}lvlRestart"))),
        is_legal=bool(switch(item, "isLgl")),
        style=value(item.find(f"{W}pStyle")),
        font=value(item.find(f"{W}rPr/{W}rFonts"), "ascii"),
    )


def _level_of_style(used: _List, style: Style) -> int:
    """Level of paragraphs without a level: the level that names their style, else the level that the style names."""
    linked = {level.style: depth for depth, level in used.levels.items() if level.style}
    for name in style.family:
        if name in linked:
            return linked[name]
        if name == style.level_from:
            break
    return style.level or 0


def _mark(levels: Mapping[int, _Level], level: int, counts: Mapping[int, int]) -> Mark:
    shown = levels[level]
    if shown.form == "bullet":
        symbol = without_font(shown.text, shown.font)
        return Mark(text=symbol if is_mark(symbol) else "-", level=level)

    def number(place: re.Match[str]) -> str:
        depth = int(place[1]) - 1
        if depth > level or depth not in levels:
            return ""
        used = levels[depth]
        if shown.is_legal and used.form not in {"none", "decimalZero"}:
            used = replace(used, form="decimal")
        return numeral(counts[depth], used.form, used.pattern)

    text = _PLACE.sub(number, shown.text)[:_MAX_MARK_CHARS]
    return Mark(text=without_font(text, shown.font).strip(), level=level, joiner=shown.joiner)
