"""Slides: shapes in reading order, with the places and bullets that they inherit from layouts and masters."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ingestion.parsers.office.drawing_text import MARKUP, A, bullet_of, chosen, whole
from ingestion.parsers.office.package import OfficePackage

P: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
TITLES: Final = frozenset({"title", "ctrTitle"})
BODIES: Final = frozenset({"body", "obj"})
FURNITURE: Final = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})
_MASTER_TYPES: Final = {"ctrTitle": "title", "title": "title", "dt": "dt", "ftr": "ftr", "sldNum": "sldNum"}
_ROW_HEIGHT: Final = 228_600  # a quarter of an inch, in EMU: tops that differ by less stand in one row
_HEADS: Final = [f"{P}nv{name}Pr" for name in ("Sp", "Pic", "GraphicFrame", "GrpSp", "CxnSp", "ContentPart")]
_PLACES: Final = (f"{P}spPr/{A}xfrm/{A}off", f"{P}grpSpPr/{A}xfrm/{A}off", f"{P}xfrm/{A}off")
_NOT_SHAPES: Final = frozenset({f"{P}nvGrpSpPr", f"{P}grpSpPr", f"{P}extLst"})


def placeholder_of(shape: etree._Element) -> tuple[str, str] | None:
    """Type and index of the placeholder that a shape fills, or None."""
    found = next((item for head in _heads(shape) if (item := head.find(f"{P}nvPr/{P}ph")) is not None), None)
    return None if found is None else (str(found.get("type", "obj")), str(found.get("idx", "0")))


def _heads(shape: etree._Element) -> Iterator[etree._Element]:
    """The child with the shape's name, and not its text, which may be long."""
    yield from shape.iterchildren(*_HEADS)


def kind_of(shape: etree._Element) -> str:
    """Type of the placeholder that a shape fills; empty if it is a shape of its own."""
    found = placeholder_of(shape)
    return found[0] if found else ""


def is_hidden(shape: etree._Element) -> bool:
    """Whether a shape is switched off, so that neither show nor editor displays it."""
    names = (head.find(f"{P}cNvPr") for head in _heads(shape))
    return any(name is not None and name.get("hidden") in {"1", "true"} for name in names)


def expanded(tree: etree._Element) -> Iterator[etree._Element]:
    """Shapes of a slide or group; of two forms for older and newer programs, one."""
    for child in tree:
        if child.tag == f"{MARKUP}AlternateContent":
            yield from (shape for shape in chosen(child) if isinstance(shape.tag, str))
        elif isinstance(child.tag, str) and child.tag not in _NOT_SHAPES:
            yield child


def bullet_in(styles: list[etree._Element], paragraph: etree._Element, level: int) -> etree._Element | None:
    """The bullet or number of a paragraph, its own or from styles; None if nothing gives it one."""
    name = f"{A}lvl{level + 1}pPr"
    sources = (paragraph.find(f"{A}pPr"), *(style.find(name) for style in styles))
    return next((bullet for source in sources if (bullet := bullet_of(source)) is not None), None)


@dataclass(slots=True)
class Styles:
    """Inherited properties of the placeholders of one slide: from its layout, and through it from the master."""

    layout: etree._Element | None = None
    master: etree._Element | None = None
    _shapes: dict[tuple[str, str, str], etree._Element] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the placeholders."""
        for level, root in (("layout", self.layout), ("master", self.master)):
            for shape in root.iter(f"{P}sp", f"{P}pic", f"{P}graphicFrame") if root is not None else ():
                if found := placeholder_of(shape):
                    self._shapes.setdefault((level, "type", found[0]), shape)
                    self._shapes.setdefault((level, "idx", found[1]), shape)

    def above(self, shape: etree._Element) -> list[etree._Element]:
        """The placeholders that a shape inherits from, nearest first."""
        found = placeholder_of(shape)
        if found is None:
            return []
        kind, number = found
        layout = self._shapes.get(("layout", "idx", number)) if number != "0" else None
        if layout is None:
            layout = self._shapes.get(("layout", "type", kind))
        master = self._shapes.get(("master", "type", _MASTER_TYPES.get(kind, "body")))
        return [item for item in (layout, master) if item is not None]

    def list_styles(self, shape: etree._Element) -> list[etree._Element]:
        """Styles of lists that hold for the paragraphs of a shape, nearest first."""
        own = (item.find(f"{P}txBody/{A}lstStyle") for item in (shape, *self.above(shape)))
        found = [item for item in own if item is not None]
        if self.master is not None and kind_of(shape) in BODIES:
            found.extend(self.master.findall(f"{P}txStyles/{P}bodyStyle"))
        return found

    def in_reading_order(self, shapes: Iterable[etree._Element]) -> list[etree._Element]:
        """Titles first, then by rows from top to bottom, and from left to right in a row."""
        placed = sorted(
            ((*self._place(shape), number, shape) for number, shape in enumerate(shapes)),
            key=lambda item: item[:3],
        )
        ordered: list[tuple[bool, int, int, int, etree._Element]] = []
        row = first = 0
        for number, (top, left, _, shape) in enumerate(placed):
            if number == 0 or top - first >= _ROW_HEIGHT:
                row, first = row + 1, top
            ordered.append((kind_of(shape) not in TITLES, row, left, number, shape))
        return [item[-1] for item in sorted(ordered, key=lambda item: item[:4])]

    def _place(self, shape: etree._Element) -> tuple[int, int]:
        for item in (shape, *self.above(shape)):
            for path in _PLACES:
                if (found := item.find(path)) is not None:
                    return whole(found.get("y")), whole(found.get("x"))
        return 0, 0


class StylesOfSlides:
    """Styles by layout, each layout read once."""

    def __init__(self, package: OfficePackage) -> None:
        """Look up layouts in `package`."""
        self._package = package
        self._known: dict[str, Styles] = {}

    def of(self, slide: str) -> Styles:
        """Styles of a slide or a page of notes, by the path of its part."""
        layout = self._named(slide, "slideLayout") or self._named(slide, "notesMaster")
        if layout not in self._known:
            master = self._named(layout, "slideMaster") if layout else ""
            self._known[layout] = Styles(
                self._package.xml(layout) if layout else None, self._package.xml(master) if master else None
            )
        return self._known[layout]

    def _named(self, part: str, kind: str) -> str:
        relations = self._package.relations(part).values()
        return next((item.target for item in relations if item.kind == kind and not item.is_external), "")
