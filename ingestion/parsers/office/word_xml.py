"""Word 2003 XML ("WordprocessingML 2003"): renamed into the parts of a DOCX file, and read as those.

Reference: Office 2003 XML reference schemas, `http://schemas.microsoft.com/office/word/2003/wordml`. Most names are
those that ECMA-376 has kept; lists, links, changes and notes are written in other ways.
"""

import io
import zipfile
from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.packed import parse_xml
from ingestion.parsers.office import docx
from ingestion.types import Document, Source

_OLD: Final = "http://schemas.microsoft.com/office/word/2003/wordml"
_NEW: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_O: Final = "{urn:schemas-microsoft-com:office:office}"
_WX: Final = "{http://schemas.microsoft.com/office/word/2003/auxHint}"
_AML: Final = "{http://schemas.microsoft.com/aml/2001/core}"
_W: Final = f"{{{_NEW}}}"
_RENAMED: Final = {
    "listPr": "numPr", "ilfo": "numId", "vmerge": "vMerge", "hmerge": "hMerge", "hlink": "hyperlink",
    "listDef": "abstractNum", "list": "num", "ilst": "abstractNumId", "nfc": "numFmt",
}  # fmt: skip
_ATTRIBUTES: Final = {"listDefId": "abstractNumId", "ilfo": "numId"}
_FORMS: Final = {
    "0": "decimal", "1": "upperRoman", "2": "lowerRoman", "3": "upperLetter", "4": "lowerLetter", "5": "ordinal",
    "10": "ideographDigital", "22": "decimalZero", "23": "bullet", "37": "chineseCounting",
    "38": "chineseLegalSimplified", "39": "chineseCountingThousand", "255": "none",
}  # fmt: skip
"""Forms of numbers by the codes of Word's binary format ([MS-OSHARED], 2.2.1.3)."""
_CHANGES: Final = {"Word.Insertion": "ins", "Word.Deletion": "del"}
_UNREAD: Final = ("binData", "docSuppData", "fonts", "shapeDefaults")
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a document of Word 2003 in XML; pictures, headers and footers are left out as in a DOCX file.

    Raises:
        CorruptFileError: If it is damaged, declares a document type or has no body.
    """
    root = parse_xml(source.data.replace(_OLD.encode(), _NEW.encode()), source.name)
    body = root.find(f"{_W}body")
    if body is None:
        raise CorruptFileError("The XML file of Word 2003 has no body.")
    for name in _UNREAD:
        etree.strip_elements(root, f"{_W}{name}", with_tail=False)
    notes = _Notes()
    _rename(root)
    for note in list(body.iter(f"{_W}footnote", f"{_W}endnote")):
        notes.take(note)
    _take_changes(root)
    # Sections and headings of an outline wrap what belongs to them.
    etree.strip_tags(body, f"{_WX}sect", f"{_WX}sub-section", f"{_WX}pBdrGroup", f"{_WX}borders")
    parts: dict[str, bytes | str] = {
        "word/document.xml": _part("document", [body]),
        "word/styles.xml": _part("styles", root.iterfind(f"{_W}styles/{_W}style")),
        "word/numbering.xml": _part("numbering", root.iterfind(f"{_W}lists/*")),
        "word/footnotes.xml": _part("footnotes", notes.footnote),
        "word/endnotes.xml": _part("endnotes", notes.endnote),
        "docProps/core.xml": _properties(root),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
            f'Id="r1" Type={quoteattr(f"{_RELATIONS}/officeDocument")} Target="word/document.xml"/></Relationships>',
        )
        for name, content in parts.items():
            archive.writestr(name, content)
    return docx.parse(Source(name="document.docx", data=buffer.getvalue()), limits)


def _part(name: str, content: Iterable[etree._Element]) -> bytes:
    root = etree.Element(f"{_W}{name}", nsmap={"w": _NEW})
    root.extend(list(content))
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _properties(root: etree._Element) -> str:
    title = escape(root.findtext(f"{_O}DocumentProperties/{_O}Title") or "")
    return (
        f'<properties xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></properties>'
    )


def _rename(root: etree._Element) -> None:
    """Give elements and attributes the names that they have in DOCX files."""
    for element in list(root.iter(f"{_W}*")):
        name = etree.QName(element).localname
        parent = element.getparent()
        if name == "nfc":
            element.set(f"{_W}val", _FORMS.get(element.get(f"{_W}val", "0"), "decimal"))
        if name in _RENAMED and not (name == "list" and parent is not None and parent.tag != f"{_W}lists"):
            element.tag = f"{_W}{_RENAMED[name]}"
        for old, new in _ATTRIBUTES.items():
            if (value := element.attrib.pop(f"{_W}{old}", None)) is not None:
                element.set(f"{_W}{new}", value)


def _take_changes(root: etree._Element) -> None:
    """Annotations become insertions and deletions; comments are no part of the text."""
    for change in list(root.iter(f"{_AML}annotation")):
        kind = change.get(f"{_W}type", "")
        content = change.find(f"{_AML}content")
        if kind == "Word.Comment" or content is None:
            _replace(change, [])
        elif kind in _CHANGES:
            made = etree.Element(f"{_W}{_CHANGES[kind]}")
            made.extend(list(content))
            _replace(change, [made])
        else:
            _replace(change, list(content))


def _replace(element: etree._Element, others: list[etree._Element]) -> None:
    parent = element.getparent()
    if parent is not None:
        place = parent.index(element)
        parent[place : place + 1] = others


class _Notes:
    """Notes, which stand inside their sentence, as parts of their own."""

    def __init__(self) -> None:
        self.footnote: list[etree._Element] = []
        self.endnote: list[etree._Element] = []

    def take(self, note: etree._Element) -> None:
        """Leave the number of a note in its place."""
        kind = etree.QName(note).localname
        found = self.footnote if kind == "footnote" else self.endnote
        number = str(len(found) + 1)
        _replace(note, [etree.Element(f"{_W}{kind}Reference", {f"{_W}id": number})])
        note.set(f"{_W}id", number)
        found.append(note)
