"""PDF: bytes around the document, files inside it, its title, and characters beyond the basic plane."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import LimitExceededError
from ingestion.parsers import parse_source
from ingestion.sniff import MARKDOWN, PDF, TEXT, media_type_of
from ingestion.types import Document, Source
from tests.ingestion.hostile import pdf, pdf_lines, zipped
from tests.ingestion.parsers.pdf.built import built, drawn, stream, text
from tests.ingestion.samples import sample

WORDS = "The key hangs behind the green door."
WHOLE = pdf([pdf_lines([(72, 700, WORDS)])])
FILESPEC = "<< /Type /Filespec /F ({0}) /UF ({0}) /EF << /F {1} 0 R >> >>"


def read(data: bytes, limits: ParsingLimits | None = None) -> Document:
    return parse_source(Source(name="a.pdf", data=data), limits or ParsingLimits())


@pytest.mark.parametrize(
    "data",
    [
        WHOLE + bytes(20_000),
        WHOLE + b"<!-- footer of the web server -->\n" * 400,
        WHOLE[:-3],
        WHOLE[: WHOLE.rindex(b"%%EOF")],
        WHOLE[: WHOLE.rindex(b"startxref")],
        WHOLE[: WHOLE.rindex(b"xref\n0")],
        WHOLE.replace(b"%%EOF", b"%EOF"),
        WHOLE.replace(b"startxref\n", b"startxref\n9"),
        b"\xef\xbb\xbf\r\n" + WHOLE,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + WHOLE,
        b"Notice: undefined index in line 12\n" * 300 + WHOLE,
    ],
)
def test_bytes_around_a_document_and_a_damaged_end_are_no_matter(data: bytes) -> None:
    assert read(data).text == WORDS


def test_a_lost_end_is_no_matter_where_the_table_is_compressed() -> None:
    data = sample("two_columns.pdf").data
    whole = read(data).text
    assert read(data[: data.rindex(b"startxref")]).text == whole
    assert read(data.replace(b"%%EOF", b"")).text == whole


def test_a_text_about_pdf_is_a_text() -> None:
    words = b"A file begins with `%PDF-1.7`, then come objects that end in endobj."
    assert media_type_of(Source(name="a.md", data=words)) == MARKDOWN
    assert media_type_of(Source(name="a.txt", data=words)) == TEXT
    assert media_type_of(Source(name="a", data=b"A file begins with `%PDF-1.7`.")) == TEXT
    assert media_type_of(Source(name="a.txt", data=WHOLE)) == PDF


def attached() -> bytes:
    return built(
        [text(60, 700, "See the list.")],
        {
            110: FILESPEC.format("fuses.txt", 111),
            111: stream("The spare fuse lies in drawer nineteen.", "/Type /EmbeddedFile"),
            112: FILESPEC.format("../pinned.csv", 113),
            113: stream("a,b", "/Type /EmbeddedFile"),
            114: "<< /Type /Annot /Subtype /FileAttachment /FS 112 0 R /Contents (list) /Rect [60 600 80 620] "
            "/AP << /N 115 0 R >> >>",
            115: drawn("q BT /F1 11 Tf 2 5 Td (PIN) Tj ET Q"),
        },
        annotations=[114],
        catalog="/Names << /EmbeddedFiles << /Names [(fuses.txt) 110 0 R] >> >>",
    )


def test_files_of_the_document_and_of_its_pages_are_members() -> None:
    members: dict[str, bytes] = {}
    document = parse_source(Source(name="a.pdf", data=attached()), ParsingLimits(), members.__setitem__)
    assert members == {"fuses.txt": b"The spare fuse lies in drawer nineteen.", "pinned.csv": b"a,b"}
    assert document.text == "See the list."
    assert document.dropped == ()


def test_files_inside_are_counted_where_nobody_takes_them() -> None:
    assert [(item.what, item.count) for item in read(attached()).dropped] == [("attachments", 2)]


def test_archives_inside_are_opened_under_the_limits() -> None:
    archive = zipped({"one.txt": b"first", "two.txt": b"second"}).decode("latin-1")
    data = built(
        [text(60, 700, "See the archive.")],
        {110: FILESPEC.format("all.zip", 111), 111: stream(archive, "/Type /EmbeddedFile")},
        catalog="/Names << /EmbeddedFiles << /Names [(all.zip) 110 0 R] >> >>",
    )
    members: dict[str, bytes] = {}
    parse_source(Source(name="a.pdf", data=data), ParsingLimits(), members.__setitem__)
    assert members == {"all.zip/one.txt": b"first", "all.zip/two.txt": b"second"}
    with pytest.raises(LimitExceededError):
        read(data, ParsingLimits(max_parts=2))


def test_a_damaged_file_inside_is_counted() -> None:
    data = built(
        [text(60, 700, "See the list.")],
        {110: FILESPEC.format("gone.txt", 190)},
        catalog="/Names << /EmbeddedFiles << /Names [(gone.txt) 110 0 R] >> >>",
    )
    assert [item.what for item in read(data).dropped] == ["attached files that could not be unpacked"]


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Microsoft Word - offer.doc", False),
        ("Microsoft Word - offer", False),
        ("untitled", False),
        ("\\(anonymous\\)", False),
        ("report_final.indd", False),
        ("Slide 1", False),
        ("Document1", False),
        ("C:\\\\Users\\\\kim\\\\offer", False),
        ("Annual report 2023", True),
        ("Documents of the harbour", True),
        ("How Word came to Microsoft", True),
    ],
)
def test_titles_that_programs_made_up_are_none(title: str, kept: bool) -> None:
    document = read(built([text(60, 700, "Words of the page.")], info=f"/Title ({title})"))
    assert document.title == (title if kept else "")


@pytest.mark.parametrize(("code", "letter"), [("D842DFB7", "𠮷"), ("D835DC65", "𝑥")])
def test_characters_beyond_the_basic_plane(code: str, letter: str) -> None:
    mapping = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        f"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <01> <{code}> endbfchar endcmap end end"
    )
    font = "/Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 111 0 R"
    page = (
        f"{text(60, 700, 'Ask')} BT /F2 11 Tf 1 0 0 1 82 700 Tm (Mr \\001 Lin) Tj ET {text(200, 700, 'soon')}"
    )
    more = {3: f"<< {font} >>", 111: stream(mapping)}
    document = read(built([page.replace("/F2", "/F1")], more))
    assert f"Mr {letter} Lin" in document.text
    assert "Ask" in document.text
    assert "soon" in document.text


def test_words_of_spaced_out_letters_stay_in_one_line() -> None:
    spaced = "8 Tc BT /F1 11 Tf 1 0 0 1 60 700 Tm (Signed in Turku on the third of May.) Tj ET"
    assert read(built([spaced])).text == "Signed in Turku on the third of May."
