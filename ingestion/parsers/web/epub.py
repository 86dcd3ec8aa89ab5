"""EPUB: the chapters of a book in the order of its spine, each read as HTML."""

import posixpath
import re
import unicodedata
from collections.abc import Iterator
from html import escape
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError, EncryptedError, UndecodableError
from ingestion.packed import PackedFile, parse_xml
from ingestion.parsers.web.html import write_html
from ingestion.sniff import EPUB
from ingestion.types import Document, Source

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})
_CONTENTS_TYPE = "application/x-dtbncx+xml"
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)")
_PAGE = re.compile(rb"<(?:html|body)[\s>]", re.I)
# Of old books, without declarations of its own; a document type with these is refused.
_PLAIN_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[\]<>]{0,500}>", re.I)
# XHTML may close any element at once; HTML would take what follows to be inside it.
_CLOSED_AT_ONCE = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)([a-zA-Z][\w:-]*)((?:\s[^<>]*)?)/>"
)
_ASIDE = re.compile(r"(</?)(?:aside|footer)\b", re.I)  # notes in a book, furniture on a web page
_HEADING = re.compile(r"<h[1-6][\s>]", re.I)
_LINK = re.compile(rb"\b(?:src|href)\s*=\s*[\"']([^\"'#]+)")
_CDATA = "<![CDATA["


class _Item(NamedTuple):
    """A part of the book as its list names it: where it is, of which type, and whether it lists the contents."""

    name: str
    media_type: str
    is_contents: bool


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an EPUB book; pictures are left out and counted, as are chapters that are missing or of other types.

    Raises:
        CorruptFileError: If it is damaged, or has no list of chapters.
        EncryptedError: If its chapters are encrypted (DRM).
        LimitExceededError: If it unpacks to too much.
    """
    writer = CanonicalWriter(limits)
    notes: dict[str, str] = {}
    with PackedFile(source.data, limits) as packed:
        package_name = _package_name(packed)
        package = _package(packed, package_name)
        locked = _encrypted_parts(packed)
        items = _items(package, package_name, packed)
        chapters = _spine(package, items, writer)
        if locked.intersection(chapter.name for chapter in chapters):
            raise EncryptedError(
                "The book's chapters are encrypted (DRM).", "Upload an edition of the book without DRM."
            )
        listed = _listed(packed, items)
        for chapter in chapters:
            if chapter.name not in packed.names:
                writer.drop("missing chapters")
                continue
            data = packed.read(chapter.name)
            if chapter.media_type not in _CHAPTERS and not _PAGE.search(data[:4096]):
                writer.drop("chapters that are not text")
            else:
                _write_chapter(chapter.name, data, writer, notes, is_listed=chapter.name in listed)
    title = next((squeeze("".join(node.itertext())) for node in package.iter("{*}title")), "")
    return writer.build(media_type=EPUB, title=title)


def _package_name(packed: PackedFile) -> str:
    """Name of the list of parts; without one in the container, the only one in the book.

    Raises:
        CorruptFileError: If there is none, or several.
    """
    name = ""
    if _CONTAINER in packed.names:
        root = next(packed.xml(_CONTAINER).iter("{*}rootfile"), None)
        name = "" if root is None else unquote(root.get("full-path", "")).lstrip("/")
    if name not in packed.names:
        lists = [other for other in packed.names if other.lower().endswith(".opf")]
        if len(lists) != 1:
            raise CorruptFileError("The EPUB's list of chapters is missing.")
        name = lists[0]
    return name


def _package(packed: PackedFile, name: str) -> etree._Element:
    """The list of parts; faults in its XML lose the part where they stand.

    Raises:
        CorruptFileError: If it is no XML, or a document type declares entities.
    """
    data = _PLAIN_DOCTYPE.sub(b"", packed.read(name), count=1)
    try:
        return parse_xml(data, name)
    except CorruptFileError as error:
        if not isinstance(error.__cause__, etree.XMLSyntaxError):
            raise
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring(data, parser=parser)
        if root is None:
            raise
        return root


def _items(package: etree._Element, package_name: str, packed: PackedFile) -> dict[str, _Item]:
    """Parts of the book by their identifier."""
    folder = posixpath.dirname(package_name)
    names = {_folded(name): name for name in packed.names}
    return {
        item.get("id", ""): _Item(
            _resolved(item.get("href", ""), folder, names),
            item.get("media-type", ""),
            "nav" in item.get("properties", "").split() or item.get("media-type") == _CONTENTS_TYPE,
        )
        for item in package.iter("{*}item")
    }


def _resolved(address: str, folder: str, names: dict[str, str]) -> str:
    """Name of the part that an address means; letters may differ in case, as on the disks where books are made."""
    for path in (address, unquote(address)):
        name = posixpath.normpath(posixpath.join(folder, path))
        if _folded(name) in names:
            return names[_folded(name)]
    return name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _spine(package: etree._Element, items: dict[str, _Item], writer: CanonicalWriter) -> list[_Item]:
    """Chapters in reading order; those of the whole list where the book gives no order."""
    names = [item.get("idref") for item in package.iter("{*}itemref")]
    chapters = [items[name] for name in names if name in items]
    writer.drop("missing chapters", len(names) - len(chapters))
    texts = [item for item in items.values() if item.media_type in _CHAPTERS and not item.is_contents]
    if not chapters:
        return texts
    writer.drop("chapters outside the reading order", len(set(texts) - set(chapters)))
    return chapters


def _listed(packed: PackedFile, items: dict[str, _Item]) -> set[str]:
    """Parts that the table of contents names."""
    names = {_folded(name): name for name in packed.names}
    return {
        _resolved(address.decode("utf-8", "replace"), posixpath.dirname(item.name), names)
        for item in items.values()
        if item.is_contents and item.name in packed.names
        for address in _LINK.findall(packed.read(item.name))
    }


def _encrypted_parts(packed: PackedFile) -> set[str]:
    """Parts that are encrypted; fonts often are, which does no harm."""
    if _ENCRYPTION not in packed.names:
        return set()
    references = packed.xml(_ENCRYPTION).iter("{*}CipherReference")
    return {posixpath.normpath(unquote(reference.get("URI", ""))) for reference in references}


def _write_chapter(
    name: str, data: bytes, writer: CanonicalWriter, notes: dict[str, str], *, is_listed: bool
) -> None:
    declared = _DECLARED.match(data)
    try:
        decoded = decode(data, declared[1].decode("ascii", "replace") if declared else None)
    except UndecodableError:
        writer.drop("chapters that could not be decoded")
        return
    writer.drop("characters that could not be read", decoded.replaced)
    text = "".join(_without_sections(decoded.text))
    if is_listed and not _HEADING.search(text):
        writer.close_headings()  # it does not belong under the last heading of the chapter before
    text = _ASIDE.sub(r"\1div", _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", text))
    write_html(text, writer, name=posixpath.basename(name), notes=notes)


def _without_sections(text: str) -> Iterator[str]:
    """The text with CDATA sections written as HTML knows it."""
    first, *others = text.split(_CDATA)
    yield first
    for other in others:
        section, end, rest = other.partition("]]>")
        yield (escape(section) if end else _CDATA + section) + rest
