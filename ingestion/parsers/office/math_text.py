"""Equations of Office (ECMA-376, part 1, chapter 22.1) on one line: a^2, (a)/(b), √(x)."""

from typing import Final

from lxml import etree

M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_COMBINING_CIRCUMFLEX: Final = "\u0302"


def math_text(node: etree._Element) -> str:
    """An equation, or a part of one, as people type it."""
    if not isinstance(node.tag, str) or node.tag.endswith("Pr"):
        return ""
    name = node.tag.removeprefix(M)
    if name == "t":
        return node.text or ""
    if name == "f":
        return f"{_grouped(node, 'num')}/{_grouped(node, 'den')}"
    if name in {"sSup", "sSub", "sSubSup", "nary"}:
        lower = f"_{text}" if (text := _grouped(node, "sub")) else ""
        upper = f"^{text}" if (text := _grouped(node, "sup")) else ""
        sign = _value(node, "naryPr", "chr", "∫") if name == "nary" else ""
        return f"{sign}{lower}{upper} {_part(node, 'e')}" if sign else f"{_part(node, 'e')}{lower}{upper}"
    if name == "rad":
        return f"{_part(node, 'deg')}√{_grouped(node, 'e')}"
    if name == "d":
        inside = ", ".join(math_text(child) for child in node.iterchildren(f"{M}e"))
        return f"{_value(node, 'dPr', 'begChr', '(')}{inside}{_value(node, 'dPr', 'endChr', ')')}"
    if name in {"m", "eqArr"}:
        return "; ".join(filter(None, map(math_text, node)))
    if name == "mr":
        return ", ".join(map(math_text, node))
    return _applied(node, name)


def _applied(node: etree._Element, name: str) -> str:
    """Functions, limits and accents; of all else its parts."""
    match name:
        case "func":
            return f"{_part(node, 'fName')} {_part(node, 'e')}"
        case "limLow" | "limUpp":
            return f"{_part(node, 'e')}{'_' if name == 'limLow' else '^'}{_grouped(node, 'lim')}"
        case "acc":
            return f"{_part(node, 'e')}{_value(node, 'accPr', 'chr', _COMBINING_CIRCUMFLEX)}"
    return "".join(map(math_text, node))


def _part(node: etree._Element, name: str) -> str:
    part = node.find(f"{M}{name}")
    return "" if part is None else math_text(part)


def _grouped(node: etree._Element, name: str) -> str:
    """A part, in brackets where it is more than a word or number."""
    text = _part(node, name).strip()
    return text if not text or text.isalnum() else f"({text})"


def _value(node: etree._Element, properties: str, name: str, default: str) -> str:
    found = node.find(f"{M}{properties}/{M}{name}")
    return default if found is None else str(found.get(f"{M}val", default))
