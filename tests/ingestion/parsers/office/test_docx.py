"""DOCX: headings, lists, tables, tracked changes; document types, bombs and damage are refused."""

import io
import zipfile

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import (
    CorruptFileError,
    EmptyDocumentError,
    EncryptedError,
    IngestionError,
    LimitExceededError,
)
from ingestion.parsers import parse_source
from ingestion.types import Document, Source
from tests.ingestion.hostile import docx, paragraph
from tests.ingestion.samples import sample

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STYLES = f"""<w:styles {_W}>
<w:style w:styleId="a3"><w:name w:val="heading 2"/></w:style>
<w:style w:styleId="mine"><w:name w:val="My heading"/><w:basedOn w:val="a3"/></w:style>
<w:style w:styleId="outline"><w:name w:val="Chapter"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:styleId="loop"><w:name w:val="x"/><w:basedOn w:val="loop"/></w:style>
</w:styles>""".encode()
NUMBERING = f"""<w:numbering {_W}>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num></w:numbering>""".encode()


def read(data: bytes, limits: ParsingLimits | None = None) -> Document:
    return parse_source(Source(name="a.docx", data=data), limits or ParsingLimits())


def item(text: str, depth: int) -> str:
    number = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="7"/></w:numPr>'
    return f"<w:p><w:pPr>{number}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def table(*rows: tuple[str, ...]) -> str:
    cells = ["".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows]
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def test_a_real_paper_is_read() -> None:
    document = parse_source(sample("paper.docx"), ParsingLimits())
    headings = [
        document.text[block.start : block.end] for block in document.blocks if block.kind.value == "heading"
    ]
    assert "Abstract" in headings
    assert "Introduction" in headings
    assert document.language == "en"
    assert ("characters of comments", 77) in [(dropped.what, dropped.count) for dropped in document.dropped]


def test_headings_come_from_styles_and_what_they_are_based_on() -> None:
    body = (
        paragraph("章", "outline")
        + paragraph("节", "a3")
        + paragraph("Own", "mine")
        + paragraph("Text", "loop")
    )
    document = read(docx(body, parts={"word/styles.xml": STYLES}))
    assert [(block.kind.value, block.level) for block in document.blocks] == [
        ("heading", 1),
        ("heading", 2),
        ("heading", 2),
        ("paragraph", 0),
    ]
    assert document.blocks[-1].heading_path == ("章", "Own")


def test_lists_are_numbered_by_level() -> None:
    body = item("one", 0) + item("dot", 1) + item("two", 0)
    assert read(docx(body, parts={"word/numbering.xml": NUMBERING})).text == "1. one\n  - dot\n2. two"


def test_table_rows_name_their_columns() -> None:
    document = read(docx(table(("Name", "年龄"), ("Li", "30"), ("Wang", "25"))))
    assert document.text == "Name: Li | 年龄：30\nName: Wang | 年龄：25"


def test_a_table_without_a_header_and_a_table_for_layout() -> None:
    assert read(docx(table(("1", "2"), ("3", "4")))).text == "1 | 2\n3 | 4"
    assert read(docx(table(("Only one cell",)))).blocks[0].kind.value == "paragraph"


def test_deleted_text_is_left_out_and_inserted_text_is_kept() -> None:
    body = (
        "<w:p><w:del><w:r><w:delText>old</w:delText><w:t>older</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:r><w:tab/><w:t>text</w:t></w:r></w:p>"
        "<w:sdt><w:sdtContent>" + paragraph("inside a control") + "</w:sdtContent></w:sdt>"
    )
    assert read(docx(body)).text == "new text\n\ninside a control"


def test_a_note_that_nothing_refers_to_stands_at_the_end() -> None:
    note = f"<w:footnote w:type='separator'/><w:footnote>{paragraph('a note')}</w:footnote>"
    notes = f"<w:footnotes {_W}>{note}</w:footnotes>"
    document = read(docx(paragraph("body"), parts={"word/footnotes.xml": notes.encode()}))
    assert document.text == "body\n\na note"


@pytest.mark.parametrize(
    "part", ["word/document.xml", "word/styles.xml", "docProps/custom.xml", "word/_rels/document.xml.rels"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_in_any_part_is_refused(part: str, encoding: str) -> None:
    evil = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(CorruptFileError, match="document type"):
        read(docx(paragraph("text"), parts={part: evil.encode(encoding)}))


def test_an_entity_bomb_is_refused() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE w [<!ENTITY a0 "ha">{entities}]>'
    with pytest.raises(CorruptFileError, match="document type"):
        read(docx(paragraph("&a9;"), head=head))


def test_a_decompression_bomb_is_refused() -> None:
    with pytest.raises(LimitExceededError) as caught:
        read(docx(paragraph("a" * 9_000_000)))
    assert "bomb" in caught.value.hint
    spread = {f"word/part{number}.xml": b"<x>" + bytes(100_000) + b"</x>" for number in range(50)}
    with pytest.raises(LimitExceededError, match="unpacks to more"):
        read(docx(paragraph("a"), parts=spread), ParsingLimits(max_unpacked_bytes=1_000_000))
    with pytest.raises(LimitExceededError, match="parts"):
        read(docx(paragraph("a"), parts=spread), ParsingLimits(max_parts=20))


def test_a_lying_size_does_not_get_past_the_limit() -> None:
    data = bytearray(docx(paragraph("b" * 5_000_000)))
    size = (5_000_000).to_bytes(4, "little")[1:]  # the declared size differs in its lowest byte only
    assert data.count(size) >= 1
    for position in range(len(data) - 3):
        if data[position : position + 3] == size:
            data[position : position + 3] = b"\x00\x00\x00"
    with pytest.raises(IngestionError):
        read(bytes(data))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_file_cut_off_is_corrupt(share: float) -> None:
    data = sample("paper.docx").data
    with pytest.raises(CorruptFileError):
        read(data[: int(share * len(data))])


def test_a_damaged_part_and_bad_xml_are_corrupt() -> None:
    data = bytearray(sample("paper.docx").data)
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        offset = archive.getinfo("word/document.xml").header_offset
    data[offset + 200 : offset + 260] = bytes(60)
    with pytest.raises(CorruptFileError):
        read(bytes(data))
    with pytest.raises(CorruptFileError, match="well-formed"):
        read(docx("<w:p>"))


def test_an_encrypted_part_and_an_empty_body_are_told() -> None:
    data = bytearray(docx(paragraph("text")))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        directory = archive.start_dir
    data[directory + 8] |= 1
    with pytest.raises(EncryptedError):
        read(bytes(data))
    with pytest.raises(EmptyDocumentError):
        read(docx(paragraph("  ")))


@pytest.mark.parametrize("depth", [60, 2000])
def test_deep_nesting_ends(depth: int) -> None:
    deep = "<w:tbl><w:tr><w:tc>" * depth + paragraph("deep") + "</w:tc></w:tr></w:tbl>" * depth
    try:
        assert read(docx(paragraph("top") + deep)).text.startswith("top")
    except CorruptFileError:
        assert depth > 80  # the XML parser's own limit
