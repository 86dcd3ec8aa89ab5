"""DOCX read from its XML: headings and lists with their automatic numbers, tables, notes, boxes, charts and forms.

Read is what Word shows: deleted, moved, hidden and struck text is left out and counted.
"""

import re
from collections.abc import Iterable
from typing import Final

from lxml import etree

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers.office.docx_chunks import Chunks, ReadSource
from ingestion.parsers.office.docx_numbering import Numbering
from ingestion.parsers.office.docx_reader import Story, Word
from ingestion.parsers.office.docx_styles import Styles, W, value, whole
from ingestion.parsers.office.docx_tables import (
    Item,
    Paragraph,
    Table,
    grid_of_table,
    is_layout,
    text_of,
)
from ingestion.parsers.office.package import OfficePackage
from ingestion.sniff import DOCX
from ingestion.tables.grid import Grid
from ingestion.types import BlockKind, Document, Source

_NOTES: Final = {"footnote": "decimal", "endnote": "lowerRoman"}
_MARGINS: Final = {"header": "page headers", "footer": "page footers"}


def parse(source: Source, limits: ParsingLimits, read: ReadSource | None = None) -> Document:
    """Read a DOCX file; pictures are left out and counted, and so are page headers, footers and comments by default.

    Args:
        source: The file.
        limits: Limits of reading it.
        read: Reads embedded documents; None leaves them out.

    Raises:
        CorruptFileError: If its main part is missing or damaged, or a part declares a document type.
        EmptyDocumentError: If it holds no text.
        EncryptedError: If it is encrypted.
        LimitExceededError: If it unpacks to more than allowed or holds too much text.
    """
    package = OfficePackage(source.data, limits)
    main = _main_part(package)
    root = package.xml(main)
    if root is None:
        raise CorruptFileError(f"The part {main} is missing or not well-formed XML.")
    body = root.find(f"{W}body")
    word = _word(package, main, source, limits, read)
    if body is not None:
        _number_notes(word, body.find(f"{W}sectPr"))
    writer = CanonicalWriter(limits)
    margins = {kind: _margin_texts(word, kind) for kind in _MARGINS}
    for text in margins["header"]:
        writer.paragraph(text)
    if body is not None:
        _write(Story(word).items(body), writer)
    _write_other_notes(word, _referred(root), writer)
    for text in margins["footer"]:
        writer.paragraph(text)
    for what, count in word.left_out.items():
        writer.drop(what, count)
    return writer.build(media_type=DOCX, title=package.title())


def _main_part(package: OfficePackage) -> str:
    """Path of the part that holds the body: as the package names it, else as it is usually called."""
    for relation in package.relations().values():
        if relation.kind == "officeDocument" and package.xml(relation.target) is not None:
            return relation.target
    return next(iter(package.names(r"word/document\d*\.xml")), "word/document.xml")


def _word(
    package: OfficePackage, main: str, source: Source, limits: ParsingLimits, read: ReadSource | None
) -> Word:
    relations = package.relations(main)

    def part(kind: str) -> etree._Element | None:
        name = next((item.target for item in relations.values() if item.kind == kind), f"word/{kind}.xml")
        found = package.xml(name)
        damaged[0] += found is None and bool(package.names(re.escape(name.lower())))
        return found

    damaged = [package.damaged]
    styles = Styles(part("styles"))
    word = Word(
        package=package,
        relations=relations,
        limits=limits,
        styles=styles,
        numbering=Numbering(part("numbering"), styles),
        forms={kind: (form, 1) for kind, form in _NOTES.items()},
        chunk=Chunks(source, limits, read).items,
    )
    _number_notes(word, part("settings"))
    for kind in (*_NOTES, "comment"):
        notes = part(f"{kind}s")
        for note in notes.iterchildren(f"{W}{kind}") if notes is not None else ():
            if value(note, "type") in {"", "normal"}:
                word.notes[kind, value(note, "id") or f"{len(word.notes)} without id"] = note
    word.left_out["damaged parts"] += damaged[0]
    return word


def _number_notes(word: Word, settings: etree._Element | None) -> None:
    """Number notes as the settings of the document or its last section say."""
    for kind in _NOTES:
        properties = settings.find(f"{W}{kind}Pr") if settings is not None else None
        if properties is not None:
            form, number = word.forms[kind]
            start = whole(value(properties.find(f"{W}numStart")), number) or number
            word.forms[kind] = value(properties.find(f"{W}numFmt")) or form, start


def _margin_texts(word: Word, kind: str) -> list[str]:
    """Texts of the page headers or footers, each once; all are counted, but returned only if the settings keep them."""
    names = {relation.target.lower() for relation in word.relations.values() if relation.kind == kind}
    names.update(word.package.names(rf"word/{kind}\d*\.xml"))
    texts: dict[str, None] = {}
    for name in sorted(names):
        root = word.package.xml(name)
        if root is None:
            continue
        if not word.limits.keep_margins:
            word.left_out[f"characters of {_MARGINS[kind]}"] += _characters(root)
            continue
        own = Word(
            package=word.package,
            relations=word.package.relations(name),
            limits=word.limits,
            styles=word.styles,
            numbering=word.numbering,
            left_out=word.left_out,
            forms=dict(word.forms),
            chunk=word.chunk,
        )
        texts.update(dict.fromkeys(text for item in Story(own).items(root) if (text := _text(item))))
    return list(texts)


def _text(item: Item) -> str:
    return text_of([item])


def _characters(root: etree._Element) -> int:
    return sum(len((node.text or "").strip()) for node in root.iter(f"{W}t"))


def _referred(root: etree._Element) -> set[tuple[str, str]]:
    """Notes that the body refers to, seen or not: kind and id."""
    return {
        (kind, value(node, "id"))
        for kind in (*_NOTES, "comment")
        for node in root.iter(f"{W}{kind}Reference")
    }


def _write_other_notes(word: Word, referred: set[tuple[str, str]], writer: CanonicalWriter) -> None:
    """Unreferenced notes are written at the end; notes of deleted or hidden text are left out with it."""
    for key in list(word.notes):
        note = word.notes.pop(key, None)
        if note is None:
            continue
        if key[0] == "comment" and not word.limits.keep_margins:
            word.left_out["characters of comments"] += _characters(note)
        elif key in referred:
            word.left_out["notes of text that is left out"] += 1
        else:
            _write(Story(word).items(note), writer)


def _write(items: Iterable[Item], writer: CanonicalWriter) -> None:
    for item in items:
        match item:
            case Paragraph(heading=level) if level:
                writer.heading(level, item.text)
            case Paragraph(bullet=bullet) if bullet:
                writer.list_item(item.text, item.level, bullet)
            case Paragraph():
                kind = BlockKind.LIST_ITEM if item.is_member else BlockKind.PARAGRAPH
                writer.paragraph(item.text, kind, item.level)
            case Table() if is_layout(item):
                for cell in (cell for row in item.rows for cell in row):
                    _write(cell.items, writer)
            case Table():
                writer.grid(grid_of_table(item))
            case Grid():
                writer.grid(item)
