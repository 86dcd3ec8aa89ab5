"""Marks of list items: bullets, numbers, letters and Roman numerals, as the page counts them."""

import re
from dataclasses import dataclass
from typing import Final

from lxml import html as lxml_html

BULLET: Final = "-"
_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*(?:(?:inside|outside)\s+)?([a-z-]+)", re.I)
_STYLES: Final = {
    "a": "a", "A": "A", "i": "i", "I": "I", "lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A",
    "upper-latin": "A", "lower-roman": "i", "upper-roman": "I", "none": "", "disc": BULLET, "circle": BULLET,
    "square": BULLET, "cjk-ideographic": "一", "simp-chinese-informal": "一", "trad-chinese-informal": "一",
    "decimal-leading-zero": "01",
}  # fmt: skip
_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MAX_ROMAN = 3_999
_NUMBER = re.compile(r"\s*([+-]?\d{1,9})\s*")


@dataclass(slots=True)
class _List:
    style: str
    number: int = 1
    step: int = 1


class Marks:
    """Counts the items of lists inside each other."""

    def __init__(self) -> None:
        """Begin outside of any list."""
        self._lists: list[_List] = []
        self._mark = ""
        self.number = ""
        """Number of the item that is open, if its list is numbered."""

    @property
    def is_inside(self) -> bool:
        """Whether a list is open."""
        return bool(self._lists)

    @property
    def depth(self) -> int:
        """Lists around the innermost one."""
        return max(0, len(self._lists) - 1)

    def begin_list(self, element: lxml_html.HtmlElement, tag: str) -> None:
        """A list begins."""
        if tag != "ol":
            self._lists.append(_List(BULLET))
            return
        found = _STYLE.search(element.get("style", ""))
        style = _STYLES.get(found[1].lower() if found else element.get("type", ""), "1")
        is_reversed = "reversed" in element.attrib
        first = sum(child.tag == "li" for child in element) if is_reversed else 1
        start = _integer(element.get("start"))
        self._lists.append(_List(style, first if start is None else start, -1 if is_reversed else 1))

    def end_list(self) -> None:
        """The innermost list ends."""
        if self._lists:
            self._lists.pop()
        self._mark = self.number = ""

    def begin_item(self, element: lxml_html.HtmlElement) -> None:
        """An item begins; its mark waits for its text."""
        self._mark, self.number = BULLET, ""
        if self._lists and self._lists[-1].style != BULLET:
            counted = self._lists[-1]
            value = _integer(element.get("value"))
            counted.number = counted.number if value is None else value
            style = _STYLES.get(element.get("type", ""), counted.style)
            self._mark = self.number = _written(counted.number, style) if style else ""
            counted.number += counted.step

    def end_item(self) -> None:
        """An item ends; a mark without text goes."""
        self._mark = self.number = ""

    def take(self) -> str:
        """The mark that waits; it stands before the first text of its item alone."""
        mark, self._mark = self._mark, ""
        return mark

    def take_number(self) -> str:
        """The mark that waits, if it says something."""
        mark = self.take()
        return mark if mark != BULLET else ""


def _integer(value: str | None) -> int | None:
    found = _NUMBER.match(value or "")
    return int(found[1]) if found else None


def _written(number: int, style: str) -> str:
    if style in {"a", "A"} and number > 0:
        letters = ""
        while number:
            number, place = divmod(number - 1, 26)
            letters = chr(ord("a") + place) + letters
        return f"{letters.upper() if style == 'A' else letters}."
    if style in {"i", "I"} and 0 < number <= _MAX_ROMAN:
        numeral = ""
        for value, sign in _ROMAN:
            numeral += sign * (number // value)
            number %= value
        return f"{numeral.upper() if style == 'I' else numeral}."
    if style == "一" and 0 < number < 100:
        tens, ones = divmod(number, 10)
        ten = ("" if tens < 2 else "〇一二三四五六七八九"[tens]) + ("十" if tens else "")
        return f"{ten}{'一二三四五六七八九'[ones - 1] if ones else ''}、"
    return f"{number:02}." if style == "01" else f"{number}."
