"""Text of DrawingML (ECMA-376, part 1, chapter 21): paragraphs of shapes and cells, and the marks of their lists."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

from ingestion.canonical import squeeze
from ingestion.parsers.office.math_text import M, math_text

A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
MARKUP: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_RAISED: Final = re.compile(r"[+\-−–]?\d+(?:[.,]\d+)?|[+\-−–]|[A-Za-z]")
_ESCAPED: Final = re.compile(r"_x00(?:0[0-9A-Fa-f]|1[0-9A-Fa-f]|7F)_")
_BULLETS: Final = frozenset({f"{A}buNone", f"{A}buChar", f"{A}buAutoNum", f"{A}buBlip"})
_MAX_LEVEL: Final = 8
_MAX_START: Final = 32_767
_SCHEME: Final = re.compile(
    r"(alpha|roman|arabic|circleNum|ea1)(Lc|Uc)?\w*?(ParenBoth|ParenR|Period|Plain|Minus)?"
)
_AROUND: Final = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Minus": "{}-"}
_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_HAN_DIGITS: Final = "零一二三四五六七八九"


def paragraphs(body: etree._Element) -> list[etree._Element]:
    """Paragraphs of a text body, in order; those in parts for newer programs too."""
    return [node for node in body.iter(f"{A}p") if not _is_fallback(node, body)]


def paragraph_text(paragraph: etree._Element, left_out: Counter[str] | None = None) -> str:
    """Text of a paragraph: a blank for each line break, `^` before raised digits, equations on one line.

    Args:
        paragraph: An `a:p`.
        left_out: Counts runs that are struck out, which then are no part of the text; without it they are.
    """
    return squeeze("".join(_runs(paragraph, left_out)))


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
        """The mark that stands before the next paragraph: its number, or a dash; nothing where it has none."""
        for deeper in [depth for depth in self._counts if depth > level]:
            del self._counts[deeper]
        if bullet is None or bullet.tag != f"{A}buAutoNum":
            self._counts.pop(level, None)
            return "" if bullet is None or bullet.tag == f"{A}buNone" else "-"
        start = min(max(whole(bullet.get("startAt"), 1), 1), _MAX_START)
        series = str(bullet.get("type", "arabicPeriod")), start
        before, number = self._counts.get(level, (series, start - 1))
        number = number + 1 if before == series else start
        self._counts[level] = series, number
        return _written(number, series[0])


def _written(number: int, scheme: str) -> str:
    """A number as its scheme (ST_TextAutonumberScheme) shows it."""
    found = _SCHEME.fullmatch(scheme)
    family, case, around = found.groups() if found else ("arabic", None, "Period")
    if family == "alpha":
        text = chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 9)
    elif family == "roman":
        text = _roman(number)
    elif family == "ea1":
        text = _han(number)
    else:
        text = chr(0x2460 + number - 1) if family == "circleNum" and number <= 20 else str(number)
    return _AROUND.get(around or "", "{}").format(text.upper() if case == "Uc" else text)


def _roman(number: int) -> str:
    parts: list[str] = []
    for value, letters in _ROMAN:
        parts.append(letters * (number // value))
        number %= value
    return "".join(parts)


def _han(number: int) -> str:
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_HAN_DIGITS[tens]}十"
    return head + (_HAN_DIGITS[ones] if ones else "")


def _is_fallback(node: etree._Element, top: etree._Element) -> bool:
    """Whether a newer form of the same stands beside it."""
    for above in node.iterancestors():
        if above is top:
            return False
        if above.tag == f"{MARKUP}Fallback" and above.getparent().find(f"{MARKUP}Choice") is not None:
            return True
    return False


def _runs(paragraph: etree._Element, left_out: Counter[str] | None) -> Iterator[str]:
    before = ""
    for node in _inline(paragraph):
        text = ""
        if node.tag == f"{A}br":
            text = " "
        elif node.tag.startswith(M):
            text = math_text(node)
        else:
            text = _ESCAPED.sub(" ", node.findtext(f"{A}t") or "").replace("\v", " ")
            properties = node.find(f"{A}rPr")
            is_struck = properties is not None and properties.get("strike", "noStrike") != "noStrike"
            if is_struck and left_out is not None:
                left_out["struck text"] += bool(text.strip())
                continue
            if properties is not None and _is_raised(properties) and before[-1:].isalnum():
                text = f"^{text}" if _RAISED.fullmatch(text) else text
        before = text or before
        yield text


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


def _is_raised(properties: etree._Element) -> bool:
    """Whether a run stands above the line; strict files write per cent, others thousandths of it."""
    return whole(str(properties.get("baseline", "0")).partition("%")[0].partition(".")[0]) > 0
