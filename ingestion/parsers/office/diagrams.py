"""Diagrams of Office (SmartArt) as lists, from their data (ECMA-376, part 1, chapter 21.4)."""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from ingestion.parsers.office.drawing_text import body_text, whole

D: Final = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
RELATIONS: Final = f"{D}relIds"
_MAX_LEVEL: Final = 8


def diagram_items(root: etree._Element) -> Iterator[tuple[str, int]]:
    """Texts of a diagram with their depth: each under that which it belongs to; those without a place follow."""
    texts = {
        str(point.get("modelId")): text
        for point in root.iter(f"{D}pt")
        if (body := point.find(f"{D}t")) is not None and (text := body_text(body))
    }
    children: dict[str, list[tuple[int, str]]] = {}
    below: set[str] = set()
    for link in root.iter(f"{D}cxn"):
        if link.get("type", "parOf") == "parOf":
            child = str(link.get("destId"))
            children.setdefault(str(link.get("srcId")), []).append((whole(link.get("srcOrd")), child))
            below.add(child)
    tops = [str(point.get("modelId")) for point in root.iter(f"{D}pt")]
    stack = [(name, 0) for name in reversed(tops) if name not in below]
    while stack or texts:
        name, level = stack.pop() if stack else (next(iter(texts)), 0)
        text = texts.pop(name, "")
        if text:
            yield text, level
        under = sorted(children.pop(name, ()), reverse=True)
        stack.extend((child, min(level + bool(text), _MAX_LEVEL)) for _, child in under)
