"""XML of any kind: running text as blocks; of data, each record a row, its values with the names that lead to them."""

from collections.abc import Iterator
from html import unescape
from typing import Final

from lxml import etree

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers.text.json_records import write_value
from ingestion.parsers.web.html import write_html
from ingestion.sniff import XML
from ingestion.tables.grid import grid_of
from ingestion.types import Document, Source

_MAX_DEPTH: Final = 100
_PARAGRAPHS: Final = frozenset({"p", "para", "simpara"})
_TITLES: Final = frozenset({"title", "head", "heading", "subtitle", "article-title", "bridgehead"})
_ITEMS: Final = frozenset({"item", "listitem", "li", "list-item"})
_CODE: Final = frozenset({"programlisting", "screen", "code", "codeblock", "pre", "literallayout"})
_BLOCKS: Final = (
    _PARAGRAPHS | _TITLES | _ITEMS | {"list", "row", "entry", "tr", "td", "th", "table", "br", "lb"}
)


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an XML file; no entity is expanded and nothing is fetched. Damaged places are passed over and counted.

    Raises:
        CorruptFileError: If no element is left that can be read.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(source.data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CorruptFileError(f"The file is not valid XML: {error}.") from error
    if root is None:
        raise CorruptFileError("The file is not valid XML: it has no element.")
    writer = CanonicalWriter(limits)
    writer.drop("damaged places in the XML", len(parser.error_log))
    if any(_name(element) in _PARAGRAPHS for element in root.iter(etree.Element)):
        _write_block(root, writer, 0)
    else:
        write_value(_value(root, 0), writer)
    return writer.build(media_type=XML)


def _name(element: etree._Element) -> str:
    """Name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def _is_text(element: etree._Element) -> bool:
    """Whether an element holds no others, or text beside them."""
    children = element.findall("*")
    return not children or any((text or "").strip() for text in (element.text, *(c.tail for c in element)))


def _text(element: etree._Element) -> str:
    return "".join(_runs(element, 0))


def _runs(element: etree._Element, depth: int) -> Iterator[str]:
    """Text in order; a space where a block ends; entities that HTML knows as characters, others by name."""
    if depth > _MAX_DEPTH:
        yield from element.itertext(etree.Element)
        return
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            yield from _runs(child, depth + 1)
            yield " " if _name(child) in _BLOCKS else ""
        elif child.tag is etree.Entity:
            yield unescape(child.text or "")
        yield child.tail or ""


def _value(element: etree._Element, depth: int) -> object:
    """An element in JSON's form: a text, or its attributes and children by name, repeated names as a list."""
    children = element.findall("*")
    is_text = _is_text(element) or depth > _MAX_DEPTH
    text = " ".join(_text(element).split()) if is_text else ""
    if not element.attrib and is_text:
        return text
    value: dict[str, list[object]] = {}
    for name, attribute in element.attrib.items():
        value.setdefault(str(name).rpartition("}")[2], []).append(str(attribute))
    for child in [] if is_text else children:
        value.setdefault(_name(child), []).append(_value(child, depth + 1))
    if text:
        value.setdefault("", []).append(text)
    return {name: items[0] if len(items) == 1 else items for name, items in value.items()}


def _write_block(element: etree._Element, writer: CanonicalWriter, depth: int) -> None:
    name = _name(element)
    if name in _CODE:
        writer.code(_text(element))
    elif name in _TITLES:
        writer.heading(min(max(depth, 1), 6), _text(element))
    elif name in {"table", "informaltable"}:
        _write_table(element, writer)
    elif name in _ITEMS and not element.findall("*//*"):
        writer.list_item(_text(element))
    elif _is_text(element) or depth > _MAX_DEPTH:
        writer.paragraph(_text(element))
    else:
        for child in element.findall("*"):
            _write_block(child, writer, depth + 1)


def _write_table(table: etree._Element, writer: CanonicalWriter) -> None:
    """A table as HTML has it, or as DocBook does (rows of entries)."""
    rows = [row for row in table.iter(etree.Element) if _name(row) == "row"]
    if not rows:
        for element in table.iter(etree.Element):
            element.tag = _name(element)
        write_html(etree.tostring(table, encoding="unicode", with_tail=False, method="html"), writer)
        return
    for title in (child for child in table if _name(child) in _TITLES):
        writer.paragraph(_text(title))
    names = sum(_name(row.getparent()) == "thead" for row in rows if row.getparent() is not None)
    writer.grid(
        grid_of([[_text(cell) for cell in row.findall("*")] for row in rows], header_rows=names or None)
    )
