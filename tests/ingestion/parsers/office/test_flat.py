"""Office documents in one XML file: read as their packed form is."""

import base64
import io
import zipfile

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, UnsupportedFormatError
from ingestion.parsers import parse_source
from ingestion.types import Source
from tests.ingestion.hostile import docx, paragraph
from tests.ingestion.parsers.office.test_pptx import deck, titled

SPACE = 'xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"'


def read(data: bytes):
    return parse_source(Source(name="a.doc", data=data), ParsingLimits())


def flat(data: bytes) -> bytes:
    """A packed file as one XML file."""
    parts = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith((".xml", ".rels")):
                text = (
                    content.decode().split("?>", 1)[1] if content.startswith(b"<?xml") else content.decode()
                )
                inside = f"<pkg:xmlData>{text}</pkg:xmlData>"
            else:
                inside = f"<pkg:binaryData>{base64.b64encode(content).decode()}</pkg:binaryData>"
            parts.append(f'<pkg:part pkg:name="/{name}">{inside}</pkg:part>')
    return f'<?xml version="1.0"?><pkg:package {SPACE}>{"".join(parts)}</pkg:package>'.encode()


def test_documents_and_presentations_are_read_as_when_packed() -> None:
    assert read(flat(docx(paragraph("备份保留四十五天。")))).text == "备份保留四十五天。"
    assert read(flat(deck(titled("Rules"), titled("Dates")))).text == "Rules\n\nDates"


def test_other_kinds_and_damage_are_told() -> None:
    with pytest.raises(UnsupportedFormatError, match="kind"):
        read(f'<?xml version="1.0"?><pkg:package {SPACE}><pkg:part/></pkg:package>'.encode())
    with pytest.raises(CorruptFileError, match="no parts"):
        read(f'<?xml version="1.0"?><pkg:package {SPACE}/>'.encode())
    with pytest.raises(CorruptFileError, match="well-formed"):
        read(f'<?xml version="1.0"?><pkg:package {SPACE}><pkg:part>'.encode())
    with pytest.raises(CorruptFileError, match="document type"):
        read(f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "">]><pkg:package {SPACE}/>'.encode())
