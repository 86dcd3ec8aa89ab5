"""Documents of Office as one XML file ("Flat OPC"): packed as usual, and read by the parser of their kind."""

import io
import re
import zipfile
from typing import Final

from lxml import etree

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, UnsupportedFormatError
from ingestion.packed import parse_xml
from ingestion.parsers.office import docx, pptx
from ingestion.parsers.office.docx_chunks import ReadSource
from ingestion.sniff import DOCX, PPTX, media_type_of
from ingestion.types import Document, Source

_PACKAGE: Final = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_BINARY: Final = re.compile(rb"<pkg:binaryData>[^<]*</pkg:binaryData>")
_TYPES: Final = "[Content_Types].xml"
_READ_HERE: Final = frozenset({DOCX, PPTX})


def parse(source: Source, limits: ParsingLimits, read: ReadSource | None = None) -> Document:
    """Read a document whose parts stand in one XML file; pictures are left out.

    Args:
        source: The file.
        limits: Limits of reading it.
        read: Reads embedded documents; None leaves them out.

    Raises:
        CorruptFileError: If it is damaged or declares a document type.
        UnsupportedFormatError: If it is of no kind that is read here.
    """
    root = parse_xml(_BINARY.sub(b"", source.data), source.name)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(_TYPES, "<Types/>")
        for part in root.iter(f"{_PACKAGE}part"):
            content = part.find(f"{_PACKAGE}xmlData")
            name = str(part.get(f"{_PACKAGE}name", "")).lstrip("/")
            if content is not None and len(content) and name and name != _TYPES:
                archive.writestr(name, etree.tostring(content[0], encoding="UTF-8", xml_declaration=True))
    packed = Source(name="document", data=buffer.getvalue())
    kind = media_type_of(packed)
    if kind not in _READ_HERE:
        if len(root):
            raise UnsupportedFormatError(
                "The XML file holds an Office document of a kind that is not read here."
            )
        raise CorruptFileError("The XML file holds no parts of a document.")
    return docx.parse(packed, limits, read) if kind == DOCX else pptx.parse(packed, limits)
