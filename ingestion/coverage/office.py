"""Visible text of packed office files and books, from the text elements of their XML, one after the other."""

import io
import posixpath
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from lxml import etree

from ingestion.config import ParsingLimits
from ingestion.coverage.markup import decoded, visible_text
from ingestion.packed import PackedFile

# By local name: prefixes and namespaces differ between producers, and between strict and transitional files.
_BREAKS = frozenset({"p", "br", "cr", "tab", "ptab", "noBreakHyphen", "tc", "vertAlign"})
_LEFT_OUT = frozenset({"del", "moveFrom", "Fallback", "rt", "rPh", "phoneticPr"})
_HIDES_RUN = frozenset({"vanish", "webHidden", "strike", "dstrike"})
_STRUCK = frozenset({"sngStrike", "dblStrike"})
_FURNITURE = frozenset(
    {"sldNum", "ftr", "dt", "hdr", "sldImg"}
)  # placeholders of a slide that say nothing of it
_MATH = "/math}"
_OFF = frozenset({"0", "false", "off"})
_MERELY_NUMBERS = frozenset({"0", "1", "49"})  # number formats that show a whole number as it is
_FORMATTED = re.compile(rb"<(?:\w+:)?xf\b[^>]*?\bnumFmtId=\"(\d+)\"")
_CELL_FORMATS = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.S)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # characters that XML can't hold
_PLAIN_INTEGER = re.compile(r"-?\d{1,15}(?:\.0)?")


def docx(data: bytes, limits: ParsingLimits) -> str:
    """Body, text boxes and notes of a Word document; its page headers and comments stand apart from the text."""
    wanted = re.compile(r"word/(?:document\d*|footnotes|endnotes|diagrams/data\d*)\.xml")
    return _text_of(data, limits, wanted)


def pptx(data: bytes, limits: ParsingLimits) -> str:
    """Slides with their diagrams and notes; hidden slides are no visible text."""
    wanted = re.compile(r"ppt/(?:slides/slide\d+|notesSlides/notesSlide\d+|diagrams/data\d*)\.xml")
    return _text_of(data, limits, wanted)


def _text_of(data: bytes, limits: ParsingLimits, wanted: re.Pattern[str]) -> str:
    with PackedFile(data, limits) as packed:
        names = filter(wanted.fullmatch, packed.names)
        return "\n".join(["".join(_running_text(packed.read(name))) for name in names])


def _running_text(xml: bytes) -> Iterator[str]:
    """Text runs of a part, with a blank where a paragraph, a line or a cell ends; nothing of a hidden slide."""
    kinds = {"t", "r", "rPr", "ph", "sp", "sld", "sdt", "showingPlcHdr", *_BREAKS, *_LEFT_OUT, *_HIDES_RUN}
    runs = _Runs()
    for event, element, name in _events(xml, kinds):
        if event == "start":
            if name == "sld" and element.get("show") in _OFF:
                return
            runs.begin(name)
        else:
            yield runs.end(name, element)
            if name in {"p", "sp"}:
                element.clear()


class _Runs:
    """Reasons why the current place is hidden: an element that is left out, a run, a shape."""

    def __init__(self) -> None:
        self._inside = 0
        self._run_hidden = False
        self._shape_hidden = False
        self._prompts: list[bool] = []  # of the controls around this place, whether each shows a prompt only

    def begin(self, name: str) -> None:
        self._inside += name in _LEFT_OUT
        if name == "sdt":
            self._prompts.append(False)
        self._run_hidden = self._run_hidden and name not in {"r", "p"}
        self._shape_hidden = self._shape_hidden and name != "sp"

    def end(self, name: str, element: etree._Element) -> str:
        """Text that ends with this element."""
        if name == "t":
            return self._shown(element)
        if name in _LEFT_OUT:
            self._inside -= 1
        elif name == "sdt":
            self._prompts.pop()
        elif name == "showingPlcHdr" and self._prompts:
            self._prompts[-1] = True
        elif name == "ph":
            self._shape_hidden = element.get("type") in _FURNITURE
        elif name in _HIDES_RUN:
            self._run_hidden = self._run_hidden or _value(element) not in _OFF
        elif name == "rPr":
            self._run_hidden = self._run_hidden or element.get("strike") in _STRUCK
            return "" if element.get("baseline", "0") == "0" else " "
        return " " * (name in _BREAKS)

    def _shown(self, run: etree._Element) -> str:
        if self._inside or self._run_hidden or self._shape_hidden or any(self._prompts):
            return ""
        text = str(run.text or "")
        return f" {text} " if _MATH in run.tag else text  # a formula has no words


def _events(xml: bytes, names: Iterable[str]) -> Iterator[tuple[str, etree._Element, str]]:
    """Starts and ends of elements with these local names; broken XML is read as far as possible."""
    tags = [f"{{*}}{name}" for name in names]
    for event, element in etree.iterparse(
        io.BytesIO(xml),
        events=("start", "end"),
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        recover=True,
    ):
        yield event, element, element.tag.rpartition("}")[2]


def _value(element: etree._Element) -> str:
    return str(next((value for key, value in element.items() if key.rpartition("}")[2] == "val"), "1"))


# ------------------------------------------------------------------ workbooks


def xlsx(data: bytes, limits: ParsingLimits) -> str:
    """Texts and plain whole numbers of the cells in visible sheets and rows, and texts of shapes.

    How any other number looks is a matter of its format, which only a parser can tell.
    """
    parts: list[str] = []
    with PackedFile(data, limits) as packed:
        shared = _shared_strings(packed)
        plain = _plain_formats(packed)
        hidden = _hidden_sheets(packed)
        for name in packed.names:
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name) and name not in hidden:
                parts.extend(_cells(packed.read(name), shared, plain))
            elif re.fullmatch(r"xl/drawings/drawing\d+\.xml", name):
                parts.append("".join(_running_text(packed.read(name))))
    return "\n".join(parts)


def _shared_strings(packed: PackedFile) -> list[str]:
    name = "xl/sharedStrings.xml"
    if name not in packed.names:
        return []
    found = []
    for event, element, _ in _events(packed.read(name), {"si"}):
        if event == "end":
            found.append(_rich_text(element))
            element.clear()
    return found


def _rich_text(element: etree._Element) -> str:
    readings = set(element.iterfind("{*}rPh/{*}t"))
    text = "".join(t.text or "" for t in element.iter("{*}t") if t not in readings)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _plain_formats(packed: PackedFile) -> list[bool]:
    """Of each cell format, whether it shows a whole number as it is."""
    styles = packed.read("xl/styles.xml") if "xl/styles.xml" in packed.names else b""
    formats = _CELL_FORMATS.search(styles)
    ids = _FORMATTED.findall(formats[0]) if formats else [b"0"]
    return [number.decode() in _MERELY_NUMBERS for number in ids]


def _hidden_sheets(packed: PackedFile) -> set[str]:
    """Names of the parts of hidden sheets."""
    if "xl/workbook.xml" not in packed.names or "xl/_rels/workbook.xml.rels" not in packed.names:
        return set()
    ids = {
        value
        for event, sheet, _ in _events(packed.read("xl/workbook.xml"), {"sheet"})
        for key, value in sheet.items()
        if event == "end" and sheet.get("state", "visible") != "visible" and key.endswith("}id")
    }
    links = _events(packed.read("xl/_rels/workbook.xml.rels"), {"Relationship"})
    targets = [link.get("Target", "") for event, link, _ in links if event == "end" and link.get("Id") in ids]
    return {posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") for target in targets}


def _cells(xml: bytes, shared: list[str], plain: list[bool]) -> Iterator[str]:
    hidden = False
    for event, element, name in _events(xml, {"row", "c"}):
        if name == "row":
            hidden = event == "start" and element.get("hidden", "0") not in _OFF
            if event == "end":
                element.clear()
        elif event == "end" and not hidden:
            yield _cell(element, shared, plain)


def _cell(cell: etree._Element, shared: list[str], plain: list[bool]) -> str:
    kind = cell.get("t", "n")
    value = cell.findtext("{*}v") or ""
    if kind == "inlineStr":
        return _rich_text(cell)
    if kind == "s":
        return shared[int(value)] if value.isdecimal() and int(value) < len(shared) else ""
    if kind == "str":
        return value
    style = int(cell.get("s", "0"))
    if kind == "n" and _PLAIN_INTEGER.fullmatch(value) and style < len(plain) and plain[style]:
        return value.removesuffix(".0")
    return ""


def ods(data: bytes, limits: ParsingLimits) -> str:
    """Texts of the cells of an OpenDocument spreadsheet that hold text."""
    parts: list[str] = []
    with PackedFile(data, limits) as packed:
        is_text = False
        for event, element, name in _events(packed.read("content.xml"), {"table-cell", "p", "annotation"}):
            if name == "table-cell":
                kinds = [value for key, value in element.items() if key.endswith("}value-type")]
                is_text = event == "start" and kinds[:1] == ["string"]
            elif name == "annotation" and event == "end":
                element.clear()
            elif name == "p" and event == "end" and is_text:
                parts.append(" ".join(element.itertext()))
    return "\n".join(parts)


# ---------------------------------------------------------------------- books


def epub(data: bytes, limits: ParsingLimits) -> str:
    """Chapters of a book in the order of its spine."""
    parts: list[str] = []
    with PackedFile(data, limits) as packed:
        by_lower = {name.lower(): name for name in packed.names}
        package = next(name for name in packed.names if name.lower().endswith(".opf"))
        folder = posixpath.dirname(package)
        files: dict[str | None, str] = {}
        chapters: list[str] = []
        for event, element, name in _events(packed.read(package), {"item", "itemref"}):
            if event == "end" and name == "item":
                files[element.get("id")] = unquote(element.get("href", ""))
            elif event == "end" and element.get("idref") in files:
                chapters.append(files[element.get("idref")])
        for chapter in dict.fromkeys(chapters):
            path = posixpath.normpath(posixpath.join(folder, chapter))
            if path.lower() in by_lower:
                parts.append(visible_text(decoded(packed.read(by_lower[path.lower()]))))
    return "\n".join(parts)
