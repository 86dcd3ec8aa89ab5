"""Fields of Word that show something that the file holds no result for: boxes and lists of forms, symbols, EQ."""

import re
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ingestion.parsers.office.docx_styles import W, switch, value, whole
from ingestion.parsers.office.symbol_fonts import symbol

TICKED: Final = "☒"
EMPTY_BOX: Final = "☐"
_MAX_CHARS: Final = 2_000
_SYMBOL: Final = re.compile(r"\s*SYMBOL\s+(0x[0-9a-f]{1,4}|\d{1,5})(?:.*?\\f\s*\"?([^\"\\]+))?", re.I | re.S)
_EQ: Final = re.compile(r"\s*EQ\s", re.I)
_RUBY: Final = re.compile(
    r"\\o\s*(?:\\a[a-z]\s*)?\(\s*\\s\s*\\up\s*\d*\s*\(([^()]*)\)\s*[,;]([^()]*)\)", re.I
)
_CIRCLED: Final = re.compile(r"\\o\s*(?:\\a[a-z]\s*)?\(\s*[\u25cb\u3007\u25ef]\s*[,;]\s*(\w{1,3})\s*\)", re.I)
_FRACTION: Final = re.compile(r"\\f\s*\(([^()]*)[,;]([^()]*)\)", re.I)
_SWITCH: Final = re.compile(r"\\\*\s*(?:\"[^\"]*\"|\w+)|\\[a-z]+\s*\d*", re.I)


@dataclass(slots=True)
class Field:
    """A field that was begun.

    Attributes:
        begin: Its first character (`w:fldChar`), which holds the data of forms.
        place: Where in the paragraph the part now being read begins: the code, then the result.
        code: What it says to Word.
        has_result: Whether the code has ended.
    """

    begin: etree._Element
    place: int
    code: list[str] = field(default_factory=list)
    has_result: bool = False

    def shown(self) -> str:
        """Text that Word shows for the field if no result is stored."""
        data = self.begin.find(f"{W}ffData")
        if data is not None:
            return _form(data)
        code = "".join(self.code)[:_MAX_CHARS]
        if match := _SYMBOL.match(code):
            number = int(match[1], 16) if match[1][:2].lower() == "0x" else int(match[1])
            return symbol(number, (match[2] or "Symbol").strip())
        return equation(code) if _EQ.match(code) else ""

    @property
    def is_box(self) -> bool:
        """Whether it is a box to tick."""
        return self.begin.find(f"{W}ffData/{W}checkBox") is not None


def _form(data: etree._Element) -> str:
    box, choice = data.find(f"{W}checkBox"), data.find(f"{W}ddList")
    if box is not None:
        ticked = switch(box, "checked")
        return TICKED if (switch(box, "default") if ticked is None else ticked) else EMPTY_BOX
    if choice is None:
        return ""
    entries = choice.findall(f"{W}listEntry")
    number = whole(value(choice.find(f"{W}result")) or value(choice.find(f"{W}default")), 0) or 0
    return value(entries[number]) if number < len(entries) else ""


def equation(code: str) -> str:
    """Text of an EQ field: readings after their word, figures in circles, fractions; of others the letters."""
    text = _RUBY.sub(r"\2(\1)", _EQ.sub("", code, count=1))
    text = _CIRCLED.sub(lambda match: _in_circle(match[1]), text)
    text = _FRACTION.sub(r"(\1)/(\2)", text)
    return " ".join(_SWITCH.sub("", text).split())


def _in_circle(text: str) -> str:
    return chr(0x2460 + int(text) - 1) if text.isdecimal() and 1 <= int(text) <= 20 else f"({text})"


def box_of(properties: etree._Element | None) -> str:
    """The box that a content control is; "" if it is another one."""
    for child in properties if properties is not None else ():
        if isinstance(child.tag, str) and child.tag.endswith("}checkbox"):
            state = next((item for item in child if str(item.tag).endswith("}checked")), None)
            ticked = state is not None and next(iter(state.attrib.values()), "1") in {"1", "true", "on"}
            return TICKED if ticked else EMPTY_BOX
    return ""
