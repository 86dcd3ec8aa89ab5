"""Text of DrawingML (ECMA-376, part 1, chapter 21): paragraphs of shapes and cells, and the marks of their lists."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

from ingestion.canonical import squeeze
from ingestion.parsers.office.math_text import M, math_text
from ingestion.parsers.office.numerals import numeral
from ingestion.parsers.office.raised_text import joined
from ingestion.parsers.office.symbol_fonts import is_mark, without_font, without_fonts

A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
MARKUP: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_ESCAPED: Final = re.compile(r"_x00(?:0[0-9A-Fa-f]|1[0-9A-Fa-f]|7F)_")
_BULLETS: Final = frozenset({f"{A}buNone", f"{A}buChar", f"{A}buAutoNum", f"{A}buBlip"})
_MAX_LEVEL: Final = 8
_MAX_START: Final = 32_767
_SCHEME: Final = re.compile(
    r"(alpha|roman|arabic|circleNum|ea1|thaiNum|hindiNum)(Lc|Uc)?\w*?(ParenBoth|ParenR|Period|Plain|Minus)?"
)
_FORMS: Final = {
    "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman", "romanUc": "upperRoman",
    "circleNum": "decimalEnclosedCircle", "ea1": "chineseCounting", "thaiNum": "thaiNumbers",
    "hindiNum": "hindiNumbers",
}  # fmt: skip
_AROUND: Final = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Minus": "{}-"}


def paragraphs(body: etree._Element) -> list[etree._Element]:
    """Paragraphs of a text body, in order; those in parts for newer programs too."""
    return [node for node in body.iter(f"{A}p") if not _is_fallback(node, body)]


def paragraph_text(paragraph: etree._Element, left_out: Counter[str] | None = None) -> str:
    """Text of a paragraph: a blank for each line break, `^` before raised digits, equations on one line.

    Args:
        paragraph: An `a:p`.
        left_out: Counts runs that are struck out, which then are no part of the text; without it they are.
    """
    return squeeze(joined(list(_runs(paragraph, left_out))))


def body_text(body: etree._Element, left_out: Counter[str] | None = None) -> str:
    """Text of all paragraphs of a body (a cell, a title) on one line."""
    return " ".join(filter(None, (paragraph_text(item, left_out) for item in paragraphs(body))))


def bullet_of(properties: etree._Element | None) -> etree._Element | None:
    """The bullet or number that properties of a paragraph ask for, or None where they say nothing of it."""
    return (
        next((child for child in properties if child.tag in _BULLETS), None)
        if properties is not None
        else None
    )


def level_of(paragraph: etree._Element) -> int:
    """Depth of a paragraph in its list, 0 for the outermost."""
    properties = paragraph.find(f"{A}pPr")
    return 0 if properties is None else min(whole(properties.get("lvl")), _MAX_LEVEL)


def whole(text: str | None, default: int = 0) -> int:
    """A whole number as an attribute gives it; `default` if it is none."""
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,18}", text) else default


class Numbers:
    """Numbers of the paragraphs of one text body, counted by level."""

    def __init__(self) -> None:
        """Start with none counted."""
        self._counts: dict[int, tuple[tuple[str, int], int]] = {}

    def mark(self, bullet: etree._Element | None, level: int) -> str:
        """The mark that stands before the next paragraph: its number, box or tick, else a dash; "" for none."""
        for deeper in [depth for depth in self._counts if depth > level]:
            del self._counts[deeper]
        if bullet is None or bullet.tag != f"{A}buAutoNum":
            self._counts.pop(level, None)
            return "" if bullet is None or bullet.tag == f"{A}buNone" else _sign(bullet)
        start = min(max(whole(bullet.get("startAt"), 1), 1), _MAX_START)
        series = str(bullet.get("type", "arabicPeriod")), start
        before, number = self._counts.get(level, (series, start - 1))
        number = number + 1 if before == series else start
        self._counts[level] = series, number
        return _written(number, series[0])


def _sign(bullet: etree._Element) -> str:
    """A box or tick as it is, a dash for all other bullets."""
    shown = without_font(str(bullet.get("char", "")), _typeface(bullet.getparent(), "buFont"))
    return shown if is_mark(shown) else "-"


def _typeface(properties: etree._Element | None, name: str) -> str:
    font = None if properties is None else properties.find(f"{A}{name}")
    return "" if font is None else str(font.get("typeface", ""))


def _written(number: int, scheme: str) -> str:
    """A number as its scheme (ST_TextAutonumberScheme) shows it."""
    found = _SCHEME.fullmatch(scheme)
    family, case, around = found.groups() if found else ("arabic", "", "Period")
    form = _FORMS.get(f"{family}{case or ''}", "decimal")
    return _AROUND.get(around or "", "{}").format(numeral(number, form))


def _is_fallback(node: etree._Element, top: etree._Element) -> bool:
    """Whether a newer form of the same stands beside it."""
    for above in node.iterancestors():
        if above is top:
            return False
        if above.tag == f"{MARKUP}Fallback" and above.getparent().find(f"{MARKUP}Choice") is not None:
            return True
    return False


def _runs(paragraph: etree._Element, left_out: Counter[str] | None) -> Iterator[tuple[str, str]]:
    """Texts of a paragraph, each with the height at which it stands."""
    for node in _inline(paragraph):
        if node.tag == f"{A}br":
            yield " ", ""
        elif node.tag.startswith(M):
            yield math_text(node), ""
        else:
            text = _ESCAPED.sub(" ", node.findtext(f"{A}t") or "").replace("\v", " ")
            properties = node.find(f"{A}rPr")
            is_struck = properties is not None and properties.get("strike", "noStrike") != "noStrike"
            text = without_fonts(text, _typeface(properties, "latin"), _typeface(properties, "sym"))
            if is_struck and left_out is not None:
                left_out["struck text"] += bool(text.strip())
            else:
                yield text, _height(properties)


def _inline(paragraph: etree._Element) -> Iterator[etree._Element]:
    """Runs, fields, breaks and equations in order; of two forms for older and newer programs, the newer one."""
    stack = list(reversed(paragraph))
    while stack:
        node = stack.pop()
        if node.tag in {f"{A}r", f"{A}fld", f"{A}br", f"{M}oMath"}:
            yield node
        elif node.tag == f"{MARKUP}AlternateContent":
            stack.extend(reversed(chosen(node)))
        elif isinstance(node.tag, str) and node.tag not in {f"{A}pPr", f"{A}endParaRPr"}:
            stack.extend(reversed(node))


def chosen(alternatives: etree._Element) -> list[etree._Element]:
    """Content of `mc:AlternateContent`: that for newer programs, unless only the other says something."""
    choice, fallback = alternatives.find(f"{MARKUP}Choice"), alternatives.find(f"{MARKUP}Fallback")
    if choice is None or (not _says(choice) and fallback is not None and _says(fallback)):
        return [] if fallback is None else list(fallback)
    return list(choice)


def _says(element: etree._Element) -> bool:
    return any((node.text or "").strip() for node in element.iter(f"{A}t", f"{M}t"))


def _height(properties: etree._Element | None) -> str:
    """Whether a run stands above or below the line; strict files write per cent, others thousandths of it."""
    if properties is None:
        return ""
    share = whole(str(properties.get("baseline", "0")).partition("%")[0].partition(".")[0])
    return "superscript" if share > 0 else "subscript" if share < 0 else ""
