"""Word 2003 XML is read as the DOCX file that it would be."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source

SPACES = (
    'xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml" '
    'xmlns:wx="http://schemas.microsoft.com/office/word/2003/auxHint" '
    'xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:aml="http://schemas.microsoft.com/aml/2001/core"'
)
BEGINS = '<w:vmerge w:val="restart"/>'
STYLES = (
    '<w:styles><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/>'
    '<w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>'
)
LISTS = (
    '<w:lists><w:listDef w:listDefId="4"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:nfc w:val="0"/>'
    '<w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:nfc w:val="4"/>'
    '<w:lvlText w:val="(%2)"/></w:lvl></w:listDef><w:listDef w:listDefId="5"><w:lvl w:ilvl="0"><w:nfc w:val="23"/>'
    '<w:lvlText w:val="-"/></w:lvl></w:listDef><w:list w:ilfo="1"><w:ilst w:val="4"/></w:list>'
    '<w:list w:ilfo="2"><w:ilst w:val="5"/></w:list></w:lists>'
)


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def paragraph(text: str, properties: str = "") -> str:
    inside = text if text.startswith("<") else run(text)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inside}</w:p>"


def item(text: str, number: int, level: int = 0) -> str:
    return paragraph(
        text, f'<w:listPr><w:ilvl w:val="{level}"/><w:ilfo w:val="{number}"/><wx:t wx:val="x"/></w:listPr>'
    )


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def file(*body: str, title: str = "") -> bytes:
    text = (
        f'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument {SPACES}>'
        f"<o:DocumentProperties><o:Title>{title}</o:Title></o:DocumentProperties>{LISTS}{STYLES}"
        f"<w:body><wx:sect>{''.join(body)}<w:sectPr/></wx:sect></w:body></w:wordDocument>"
    )
    return text.encode()


def read(*body: str, title: str = "", name: str = "a.xml") -> Document:
    return parse_source(Source(name=name, data=file(*body, title=title)), ParsingLimits())


@pytest.mark.parametrize("name", ["a.xml", "a.doc"])
def test_headings_paragraphs_and_the_title(name: str) -> None:
    document = read(
        "<wx:sub-section>",
        paragraph("Mooring", '<w:pStyle w:val="Heading1"/>'),
        paragraph("Lines are doubled above force eight."),
        "</wx:sub-section>",
        title="Harbour rules",
        name=name,
    )
    assert document.title == "Harbour rules"
    assert document.text == "Mooring\n\nLines are doubled above force eight."
    assert document.blocks[0].kind is BlockKind.HEADING


def test_automatic_numbers_and_bullets() -> None:
    document = read(item("Late payment", 1), item("after a week", 1, 1), item("Notice", 1), item("free", 2))
    assert document.text.split("\n") == ["3. Late payment", "  (a) after a week", "4. Notice", "- free"]


def test_rows_of_tables_with_merged_cells() -> None:
    document = read(
        "<w:tbl>",
        f"<w:tr>{cell('Zone')}{cell('Class')}{cell('Price')}</w:tr>",
        f"<w:tr>{cell('Alpine', BEGINS)}{cell('light')}{cell('11')}</w:tr>",
        f"<w:tr>{cell('', '<w:vmerge/>')}{cell('medium')}{cell('19')}</w:tr>",
        "</w:tbl>",
    )
    assert document.text.split("\n") == [
        "Zone: Alpine | Class: light | Price: 11",
        "Zone: Alpine | Class: medium | Price: 19",
    ]


def test_deleted_and_hidden_text_and_comments_are_left_out() -> None:
    deletion = (
        f'<aml:annotation w:type="Word.Deletion"><aml:content>{run("40")}</aml:content></aml:annotation>'
    )
    insertion = (
        f'<aml:annotation w:type="Word.Insertion"><aml:content>{run("60")}</aml:content></aml:annotation>'
    )
    comment = f'<aml:annotation w:type="Word.Comment"><aml:content>{paragraph("Why?")}</aml:content></aml:annotation>'
    document = read(
        paragraph(
            run("The fee is ") + deletion + insertion + run(" euros") + comment + run("secret", "<w:vanish/>")
        )
    )
    assert document.text == "The fee is 60 euros"


def test_a_note_and_a_link_stand_with_their_sentence() -> None:
    note = f"<w:r><w:footnote>{paragraph('Since May.')}</w:footnote></w:r>"
    link = f'<w:hlink w:dest="http://example.org">{run("the tariff")}</w:hlink>'
    document = read(paragraph(run("It costs 9 euros") + note + run(" by ") + link + run(".")))
    assert document.text.startswith("It costs 9 euros [1] by the tariff.")
    assert document.text.endswith("Since May.")


def test_a_file_without_a_body_is_damaged() -> None:
    with pytest.raises(CorruptFileError, match="no body"):
        parse_source(Source(name="a.xml", data=f"<w:wordDocument {SPACES}/>".encode()), ParsingLimits())
