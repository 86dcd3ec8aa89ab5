"""EPUB: the chapters of a book in the order of its spine, each read as HTML."""

import posixpath
import re
from urllib.parse import unquote

from lxml import etree

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError, EncryptedError
from ingestion.packed import PackedFile
from ingestion.parsers.web.html import write_html
from ingestion.sniff import EPUB
from ingestion.types import Document, Source

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)")
# XHTML may close any element at once; HTML would take what follows to be inside it.
_CLOSED_AT_ONCE = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)([a-zA-Z][\w:-]*)((?:\s[^<>]*)?)/>"
)
_ASIDE = re.compile(r"(</?)(?:aside|footer)\b", re.I)  # notes in a book, furniture on a web page


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an EPUB book; pictures are left out and counted, as are chapters that are missing or of other types.

    Raises:
        CorruptFileError: If it is damaged, or has no list of chapters.
        EncryptedError: If its chapters are encrypted (DRM).
        LimitExceededError: If it unpacks to too much.
    """
    writer = CanonicalWriter(limits)
    with PackedFile(source.data, limits) as packed:
        package_name = _package_name(packed)
        package = packed.xml(package_name)
        locked = _encrypted_parts(packed)
        chapters = _chapters(package, package_name)
        if locked.intersection(name for name, _ in chapters):
            raise EncryptedError(
                "The book's chapters are encrypted (DRM).", "Upload an edition of the book without DRM."
            )
        for name, media_type in chapters:
            if media_type not in _CHAPTERS:
                writer.drop("chapters that are not text")
            elif name not in packed.names:
                writer.drop("missing chapters")
            else:
                _write_chapter(packed.read(name), writer)
    title = next((squeeze("".join(node.itertext())) for node in package.iter("{*}title")), "")
    return writer.build(media_type=EPUB, title=title)


def _package_name(packed: PackedFile) -> str:
    if _CONTAINER not in packed.names:
        raise CorruptFileError("The EPUB has no list of its parts (META-INF/container.xml).")
    root = next(packed.xml(_CONTAINER).iter("{*}rootfile"), None)
    name = "" if root is None else root.get("full-path", "")
    if name not in packed.names:
        raise CorruptFileError("The EPUB's list of chapters is missing.")
    return name


def _chapters(package: etree._Element, package_name: str) -> list[tuple[str, str]]:
    """Name and media type of each part of the spine, in reading order."""
    folder = posixpath.dirname(package_name)
    items = {
        item.get("id"): (
            posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "")))),
            item.get("media-type", ""),
        )
        for item in package.iter("{*}item")
    }
    names = (item.get("idref") for item in package.iter("{*}itemref"))
    return [items[name] for name in names if name in items]


def _encrypted_parts(packed: PackedFile) -> set[str]:
    """Parts that are encrypted; fonts often are, which does no harm."""
    if _ENCRYPTION not in packed.names:
        return set()
    references = packed.xml(_ENCRYPTION).iter("{*}CipherReference")
    return {posixpath.normpath(unquote(reference.get("URI", ""))) for reference in references}


def _write_chapter(data: bytes, writer: CanonicalWriter) -> None:
    declared = _DECLARED.match(data)
    decoded = decode(data, declared[1].decode("ascii", "replace") if declared else None)
    writer.drop("characters that could not be read", decoded.replaced)
    write_html(_ASIDE.sub(r"\1div", _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", decoded.text)), writer)
