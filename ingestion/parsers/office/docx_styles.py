"""Styles of Word: levels of headings, numbering, and hidden, struck or raised text, inherited along `basedOn`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from lxml import etree

from ingestion.parsers.office.symbol_fonts import is_symbol_font

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING_NAME: Final = re.compile(r"(?:heading|überschrift|titre|título|标题|標題|見出し)\s*([1-9])\Z", re.I)
_MAX_ANCESTORS: Final = 50
_FONTS: Final = f"{W}rFonts"
_RAISED: Final = f"{W}vertAlign"
_POSITION: Final = f"{W}position"
_VANISH: Final = f"{W}vanish"
_STRIKE: Final = f"{W}strike"
_DOUBLE_STRIKE: Final = f"{W}dstrike"
OTHER_FONT: Final = "other"
_BODY_TEXT: Final = 9  # the outline level that is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a style shows text; None where it doesn't say.

    Attributes:
        raised: "superscript", "subscript" or "baseline".
        font: A font of symbols, or `OTHER_FONT`.
    """

    is_hidden: bool | None = None
    is_struck: bool | None = None
    is_double_struck: bool | None = None
    raised: str = ""
    font: str = ""


PLAIN: Final = Look()


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A style with all that it inherits.

    Attributes:
        heading: Level of the heading, 1 the highest; 0 for other text.
        number_id: List that its paragraphs belong to; "" for none.
        level: Their level there, if a style says one.
        level_from: Id of the style that says it.
        family: Its own id and those of the styles that it is based on, nearest first.
    """

    look: Look = PLAIN
    heading: int = 0
    number_id: str = ""
    level: int | None = None
    level_from: str = ""
    family: tuple[str, ...] = ()


def value(element: etree._Element | None, name: str = "val") -> str:
    """An attribute of Word's; "" if the element or the attribute is missing."""
    return "" if element is None else str(element.get(f"{W}{name}", ""))


def whole(text: str, default: int | None = None) -> int | None:
    """A small number that is not negative; `default` for all else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else default


def switch(properties: etree._Element | None, name: str) -> bool | None:
    """Whether a property is switched on or off; None if it isn't there (ST_OnOff)."""
    found = None if properties is None else properties.find(f"{W}{name}")
    return None if found is None else _is_on(found)


def _is_on(element: etree._Element) -> bool:
    return value(element).lower() not in {"0", "false", "off"}


@lru_cache(maxsize=256)
def _look(hidden: bool | None, struck: bool | None, double: bool | None, raised: str, font: str) -> Look:
    found = Look(is_hidden=hidden, is_struck=struck, is_double_struck=double, raised=raised, font=font)
    return PLAIN if found == PLAIN else found


def look_of(properties: etree._Element | None) -> Look:
    """Look set by run properties themselves."""
    hidden = struck = double = None
    raised = font = ""
    for item in properties if properties is not None else ():
        tag = item.tag
        if tag == _FONTS:
            font = value(item, "ascii") or value(item, "hAnsi")
            font = font if is_symbol_font(font) else OTHER_FONT if font else ""
        elif tag == _RAISED:
            raised = value(item)
        elif tag == _POSITION and not raised:
            raised = "superscript" if re.fullmatch(r"[1-9]\d*(?:\.\d+)?(?:pt)?", value(item)) else ""
        elif tag == _VANISH:
            hidden = _is_on(item)
        elif tag == _STRIKE:
            struck = _is_on(item)
        elif tag == _DOUBLE_STRIKE:
            double = _is_on(item)
    return _look(hidden, struck, double, raised, font)


def inherit(nearer: Look, further: Look) -> Look:
    """The nearer look, with the further look for its unset parts."""
    if nearer is PLAIN or further is PLAIN:
        return further if nearer is PLAIN else nearer
    return Look(
        is_hidden=further.is_hidden if nearer.is_hidden is None else nearer.is_hidden,
        is_struck=further.is_struck if nearer.is_struck is None else nearer.is_struck,
        is_double_struck=(
            further.is_double_struck if nearer.is_double_struck is None else nearer.is_double_struck
        ),
        raised=nearer.raised or further.raised,
        font=nearer.font or further.font,
    )


def combine(direct: Look, character: Look, paragraph: Look) -> Look:
    """The look of a run: its own properties, else its styles; a property switched on by both styles cancels out.

    Source: ECMA-376, part 1, 17.7.3 (toggle properties).
    """
    if character is PLAIN and (paragraph is PLAIN or direct is PLAIN):
        return direct if paragraph is PLAIN else paragraph
    styles = inherit(character, paragraph)
    toggled = replace(
        styles,
        is_hidden=bool(character.is_hidden) != bool(paragraph.is_hidden),
        is_struck=bool(character.is_struck) != bool(paragraph.is_struck),
    )
    return inherit(direct, toggled)


class Styles:
    """Styles by their id; each is worked out when it is first asked for."""

    def __init__(self, root: etree._Element | None) -> None:
        """Read the part of the styles; without it, no style says anything."""
        self._elements: dict[str, etree._Element] = {}
        self._known: dict[str, Style] = {}
        self._default = ""
        for style in root.iter(f"{W}style") if root is not None else ():
            identity = value(style, "styleId")
            self._elements.setdefault(identity, style)
            is_default = value(style, "default").lower() in {"1", "true", "on"}
            if is_default and value(style, "type") == "paragraph":
                self._default = identity

    def paragraph(self, identity: str) -> Style:
        """Style of a paragraph; the default one where it names none that exists."""
        return self.named(identity if identity in self._elements else self._default)

    def named(self, identity: str) -> Style:
        """A style; an empty one if there is none of this id."""
        if identity not in self._known:
            self._known[identity] = self._resolve(identity)
        return self._known[identity]

    def _resolve(self, identity: str) -> Style:
        family = tuple(self._ancestry(identity))
        style = Style(family=family)
        for ancestor in reversed(family):
            style = _with(style, self._elements[ancestor])
        return style

    def _ancestry(self, identity: str) -> Iterator[str]:
        seen: set[str] = set()
        while identity in self._elements and identity not in seen and len(seen) < _MAX_ANCESTORS:
            yield identity
            seen.add(identity)
            identity = value(self._elements[identity].find(f"{W}basedOn"))


def _with(base: Style, element: etree._Element) -> Style:
    """A style based on another one."""
    properties = element.find(f"{W}pPr")
    name = value(element.find(f"{W}name"))
    heading = base.heading
    outline = whole(value(properties.find(f"{W}outlineLvl"))) if properties is not None else None
    if match := _HEADING_NAME.match(name):
        heading = int(match[1])
    elif name.lower() == "title":
        heading = 1
    elif outline is not None:
        heading = outline + 1 if outline < _BODY_TEXT else 0
    number = properties.find(f"{W}numPr") if properties is not None else None
    level = whole(value(number.find(f"{W}ilvl"))) if number is not None else None
    return replace(
        base,
        look=inherit(look_of(element.find(f"{W}rPr")), base.look),
        heading=heading,
        number_id=(value(number.find(f"{W}numId")) if number is not None else "") or base.number_id,
        level=base.level if level is None else level,
        level_from=base.level_from if level is None else value(element, "styleId"),
    )
