"""Parts of a Word file: notes, margins, comments, charts, diagrams, documents inside; damaged ones lose themselves."""

from collections import Counter

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EmptyDocumentError
from ingestion.packed import PackedFile
from ingestion.parsers import parse_source
from ingestion.parsers.office.docx_styles import W
from ingestion.types import Source
from ingestion.wire import decode_request, encode_request
from tests.ingestion.hostile import docx, paragraph
from tests.ingestion.parsers.office.word import NAMES, counted, para, read, read_parts, relations, run
from tests.ingestion.samples import sample


def points(*texts: str) -> str:
    return "".join(f'<c:pt idx="{place}"><c:v>{text}</c:v></c:pt>' for place, text in enumerate(texts))


CHART = f"""<c:chartSpace {NAMES}><c:chart>
<c:title><c:tx><c:rich><a:p><a:r><a:t>Visitors</a:t></a:r></a:p></c:rich></c:tx></c:title>
<c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache>{points("2024")}</c:strCache></c:strRef></c:tx>
<c:cat><c:strRef><c:strCache>{points("May", "June")}</c:strCache></c:strRef></c:cat>
<c:val><c:numRef><c:numCache>{points("120", "95")}</c:numCache></c:numRef></c:val>
</c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"""
DIAGRAM = f"""<dgm:dataModel {NAMES}><dgm:ptLst><dgm:pt modelId="1">
<dgm:t><a:p><a:r><a:t>Apply</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>"""


def reference(kind: str, identity: int, more: str = "") -> str:
    return f'<w:r><w:{kind}Reference w:id="{identity}"{more}/></w:r>'


def note(kind: str, identity: int, *texts: str) -> str:
    return f'<w:{kind} w:id="{identity}">{"".join(map(para, texts))}</w:{kind}>'


def test_notes_stand_with_their_sentence_under_their_number() -> None:
    own = reference("footnote", 9, ' w:customMarkFollows="1"').replace("/></w:r>", "/><w:t>*</w:t></w:r>")
    body = para("Dogs pass.", reference("footnote", 2), " Cats", reference("endnote", 5), " too.")
    body += para("Bicycles pay.", reference("footnote", 3), own)
    footnotes = (
        '<w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
        + note("footnote", 2, "Except on Hven.", "By night too.")
        + note("footnote", 3, "Four euros.")
        + note("footnote", 9, "In summer.")
    )
    document = read(body, footnotes=footnotes, endnotes=note("endnote", 5, "In baskets."))
    assert document.text.split("\n\n") == [
        "Dogs pass. [1] Cats [i] too.",
        "[1] Except on Hven. By night too.",
        "[i] In baskets.",
        "Bicycles pay. [2] [*]",
        "[2] Four euros.",
        "[*] In summer.",
    ]


def test_notes_are_numbered_as_the_settings_say() -> None:
    settings = '<w:footnotePr><w:numFmt w:val="upperLetter"/><w:numStart w:val="3"/></w:footnotePr>'
    text = read(
        para("One", reference("footnote", 1)), footnotes=note("footnote", 1, "note"), settings=settings
    ).text
    assert text == "One [C]\n\n[C] note"


def test_notes_are_numbered_as_their_section_says() -> None:
    form = (
        '<w:sectPr><w:footnotePr><w:numFmt w:val="decimalEnclosedCircleChinese"/></w:footnotePr></w:sectPr>'
    )
    text = read(para("正文", reference("footnote", 1)) + form, footnotes=note("footnote", 1, "注")).text
    assert text == "正文 [①]\n\n[①] 注"


def test_notes_of_deleted_and_hidden_text_are_left_out_with_it() -> None:
    gone = f"<w:del>{reference('footnote', 1)}</w:del>"
    hidden = reference("footnote", 2).replace("<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>")
    notes = "".join(note("footnote", number, f"note {number}") for number in (1, 2, 3))
    document = read(para("Body", gone, hidden), footnotes=notes)
    assert document.text == "Body\n\nnote 3"
    assert counted(document)["notes of text that is left out"] == 2


def test_notes_that_refer_to_each_other_end() -> None:
    chain = "".join(
        f'<w:footnote w:id="{n}">{para(f"note {n}", reference("footnote", n + 1))}</w:footnote>'
        for n in range(1, 400)
    )
    text = read(para("Body", reference("footnote", 1)), footnotes=chain).text
    assert all(text.count(f"note {number} ") == 1 for number in range(1, 400))


def test_margins_and_comments_are_counted_and_kept_if_asked_for() -> None:
    body = para("The price.", reference("comment", 4)) + para("End.")
    comment = f'<w:comment w:id="4" w:author="Ida">{para("To be confirmed")}</w:comment>'
    parts = {
        "word/header1.xml": f"<w:hdr {NAMES}>{para('Contract 77-B')}</w:hdr>".encode(),
        "word/header2.xml": f"<w:hdr {NAMES}>{para('Contract 77-B')}</w:hdr>".encode(),
        "word/footer1.xml": f"<w:ftr {NAMES}>{para('Draft')}</w:ftr>".encode(),
        "word/comments.xml": f"<w:comments {NAMES}>{comment}</w:comments>".encode(),
    }
    document = read_parts(body, parts)
    assert document.text == "The price.\n\nEnd."
    assert counted(document) == {
        "characters of comments": 15,
        "characters of page footers": 5,
        "characters of page headers": 26,
    }
    kept = read_parts(body, parts, ParsingLimits(keep_margins=True))
    assert kept.text == "Contract 77-B\n\nThe price.\n\nIda: To be confirmed\n\nEnd.\n\nDraft"
    assert counted(kept) == {}


def drawing(content: str) -> str:
    return f"<w:r><w:drawing>{content}</w:drawing></w:r>"


def test_charts_and_diagrams_are_read_and_pictures_counted() -> None:
    body = (
        para("Visitors:", drawing('<c:chart r:id="c1"/>'))
        + para("Steps:", drawing('<dgm:relIds r:dm="d1"/>'))
        + para(
            "Photo",
            drawing("<pic:pic/>"),
            drawing('<c:chart r:id="c9"/>'),
            "<w:r><w:object><v:imagedata/></w:object></w:r>",
        )
    )
    named = relations(
        c1="chart charts/chart1.xml", d1="diagramData /word/diagrams/data1.xml", c9="chart gone.xml"
    )
    parts = {"word/charts/chart1.xml": CHART.encode(), "word/diagrams/data1.xml": DIAGRAM.encode(), **named}
    document = read_parts(body, parts)
    assert (
        document.text
        == "Visitors:\n\nVisitors\n\nMay | 2024: 120\nJune | 2024: 95\n\nSteps:\n\n- Apply\n\nPhoto"
    )
    assert counted(document) == {
        "pictures": 1,
        "embedded files": 1,
        "charts and diagrams that could not be read": 1,
    }


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("part.html", b"<html><body><h2>Fees</h2><p>Forty euros.</p></body></html>"),
        ("part.mht",
         b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n--b\nContent-Type: text/html\n'
         b"Content-Transfer-Encoding: quoted-printable\n\n<h2>Fees</h2><p>Forty=20euros.</p>\n--b--\n"),
        ("part.docx", docx(paragraph("Fees") + paragraph("Forty euros."))),
    ],
)  # fmt: skip
def test_documents_that_stand_for_text_are_read(name: str, data: bytes) -> None:
    body = para("Before.") + '<w:altChunk r:id="a1"/>' + para("After.")
    parts = {f"word/{name}": data, **relations(a1=f"aFChunk {name}")}
    document = read_parts(body, parts)
    assert document.text == "Before.\n\nFees\n\nForty euros.\n\nAfter."
    assert counted(read_parts(body, parts, ParsingLimits(max_nesting=1))) == {"embedded documents": 1}
    assert counted(
        read_parts(body, {f"word/{name}": b"\x00\x01\x02" * 50, **relations(a1=f"aFChunk {name}")})
    ) == {"embedded documents": 1}


def strict(text: str) -> bytes:
    old, new = (
        "http://schemas.openxmlformats.org/wordprocessingml/2006",
        "http://purl.oclc.org/ooxml/wordprocessingml",
    )
    return text.replace(old, new).encode()


def test_strict_files_are_read() -> None:
    style = '<w:style w:styleId="S"><w:name w:val="heading 1"/></w:style>'
    body = para("Title", properties='<w:pStyle w:val="S"/>') + para(
        run("old", '<w:strike w:val="true"/>'), "new"
    )
    parts = {
        "word/document.xml": strict(f"<w:document {NAMES}><w:body>{body}</w:body></w:document>"),
        "word/styles.xml": strict(f"<w:styles {NAMES}>{style}</w:styles>"),
    }
    document = parse_source(Source(name="a.docx", data=docx("", parts=parts)), ParsingLimits())
    assert document.text == "Title\n\nnew"
    assert document.blocks[0].kind.value == "heading"


@pytest.mark.parametrize("name", ["styles", "numbering", "footnotes", "settings", "comments"])
def test_a_damaged_part_loses_no_more_than_itself(name: str) -> None:
    document = read(para("The body."), **{name: b"<w:styles"})
    assert document.text == "The body."
    assert counted(document) == {"damaged parts": 1}


def test_the_body_may_have_another_name() -> None:
    package = relations(r1="officeDocument word/text.xml")["word/_rels/document.xml.rels"]
    body = f"<w:document {NAMES}><w:body>{para('Elsewhere')}</w:body></w:document>".encode()
    data = docx("", parts={"word/document.xml": b"", "word/text.xml": body, "_rels/.rels": package})
    assert parse_source(Source(name="a.docx", data=data), ParsingLimits()).text == "Elsewhere"


def test_a_file_without_a_body_is_told() -> None:
    with pytest.raises(CorruptFileError, match="missing"):
        parse_source(Source(name="a.docx", data=docx("", parts={"word/document.xml": b""})), ParsingLimits())
    with pytest.raises(EmptyDocumentError):
        read(para(run("secret", "<w:vanish/>")))


def test_what_is_kept_reaches_the_parser_process() -> None:
    limits = ParsingLimits(keep_hidden=True, keep_margins=True)
    assert decode_request(encode_request(Source(name="a", data=b""), limits), b"")[1] == limits


def test_no_character_of_a_real_file_is_lost() -> None:
    source = sample("paper.docx")
    with PackedFile(source.data, ParsingLimits()) as packed:
        seen = Counter("".join(node.text or "" for node in packed.xml("word/document.xml").iter(f"{W}t")))
    lost = seen - Counter(parse_source(source, ParsingLimits()).text)
    assert seen.total() > 4000
    assert not "".join(lost).strip()
