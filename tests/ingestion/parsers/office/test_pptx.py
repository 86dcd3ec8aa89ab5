"""PPTX: slides as pages, titles, lists, tables, charts, notes; document types, bombs and damage are refused."""

import io
import random
import re
import zipfile
from collections.abc import Callable

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EmptyDocumentError, IngestionError, LimitExceededError
from ingestion.parser_process import ParserProcess
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.hostile import with_part

TITLE_ONLY, TITLE_AND_CONTENT, BLANK = 5, 1, 6


def read(data: bytes, limits: ParsingLimits | None = None) -> Document:
    return parse_source(Source(name="a.pptx", data=data), limits or ParsingLimits())


def deck(*build: Callable[..., None], layout: int = TITLE_ONLY) -> bytes:
    """A presentation with one slide for each function, which is given the slide."""
    presentation = Presentation()
    for function in build:
        function(presentation.slides.add_slide(presentation.slide_layouts[layout]))
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def titled(text: str) -> Callable[..., None]:
    def build(slide) -> None:
        slide.shapes.title.text = text

    return build


def test_each_slide_is_a_page_and_its_title_a_heading() -> None:
    document = read(deck(titled("Scope"), titled("范围")))
    assert [(page.number, document.text[page.start : page.end].strip()) for page in document.pages] == [
        (1, "Scope"),
        (2, "范围"),
    ]
    assert [(block.kind, block.page) for block in document.blocks] == [
        (BlockKind.HEADING, 1),
        (BlockKind.HEADING, 2),
    ]
    assert document.title == "Scope"


def test_a_slide_without_a_title_does_not_stand_under_the_one_before() -> None:
    def bare(slide) -> None:
        slide.shapes.title.text = ""
        slide.shapes.add_textbox(0, 0, Inches(3), Inches(1)).text_frame.text = "A remark"

    document = read(deck(titled("First"), bare))
    assert document.blocks[-1].heading_path == ()


def test_bullets_keep_their_depth_and_notes_follow() -> None:
    def build(slide) -> None:
        slide.shapes.title.text = "Plan"
        frame = slide.placeholders[1].text_frame
        frame.text = "First"
        nested = frame.add_paragraph()
        nested.text, nested.level = "Detail", 1
        slide.notes_slide.notes_text_frame.text = "Say this aloud."

    assert read(deck(build, layout=TITLE_AND_CONTENT)).text == (
        "Plan\n\n- First\n  - Detail\n\nSay this aloud."
    )


def test_shapes_are_read_from_top_to_bottom_and_groups_are_opened() -> None:
    def build(slide) -> None:
        slide.shapes.title.text = "T"
        slide.shapes.add_textbox(0, Inches(5), Inches(1), Inches(1)).text_frame.text = "below"
        group = slide.shapes.add_group_shape()
        group.shapes.add_textbox(Inches(4), Inches(3), Inches(1), Inches(1)).text_frame.text = "right"
        group.shapes.add_textbox(0, Inches(3), Inches(1), Inches(1)).text_frame.text = "left"

    assert read(deck(build)).text == "T\n\nleft\n\nright\n\nbelow"


def test_tables_name_their_columns_and_charts_give_their_numbers() -> None:
    def build(slide) -> None:
        slide.shapes.title.text = "Numbers"
        table = slide.shapes.add_table(2, 2, 0, Inches(2), Inches(4), Inches(1)).table
        for row, cells in enumerate([("Region", "Sales"), ("North", "12")]):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text
        data = CategoryChartData()
        data.categories = ["2023", "2024"]
        data.add_series("Revenue", (1.5, 2))
        place = (0, Inches(4), Inches(4), Inches(2))
        slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)

    document = read(deck(build))
    assert document.text == ("Numbers\n\nRegion: North | Sales: 12\n\n2023 | Revenue: 1.5\n2024 | Revenue: 2")
    assert [block.kind for block in document.blocks[1:]] == [BlockKind.TABLE, BlockKind.TABLE]


def slide_xml(data: bytes, old: str, new: str, part: str = "ppt/slides/slide1.xml") -> bytes:
    """The presentation with `old` in the XML of one part replaced."""

    def change(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode())

    return with_part(data, part, change)


def with_shapes(xml: str) -> bytes:
    """A slide with the title T and the shapes given in XML."""
    spaces = (
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
        'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main"'
    )
    data = slide_xml(deck(titled("T")), "</p:spTree>", f"{xml}</p:spTree>")
    return slide_xml(data, "<p:sld ", f"<p:sld {spaces} ")


def box(body: str, *, top: int = 0, left: int = 0, more: str = "") -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="9" name="B" {more}/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>'
        f'<a:off x="{left}" y="{top}"/></a:xfrm></p:spPr><p:txBody><a:bodyPr/>{body}</p:txBody></p:sp>'
    )


def line(text: str, run: str = "", properties: str = "") -> str:
    return f"<a:p>{properties}<a:r><a:rPr {run}/><a:t>{text}</a:t></a:r></a:p>"


def group(inside: str) -> str:
    head = '<p:nvGrpSpPr><p:cNvPr id="8" name="G"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    return f"<p:grpSp>{head}{inside}</p:grpSp>"


def dropped(document: Document) -> dict[str, int]:
    return {item.what: item.count for item in document.dropped}


@pytest.mark.parametrize(
    "mark", ["<a:br/>", '<a:br><a:rPr lang="en"/></a:br>', "<a:r><a:t>_x000B_</a:t></a:r>"]
)
def test_a_line_break_is_a_blank_in_titles_text_and_cells(mark: str) -> None:
    def build(slide) -> None:
        slide.shapes.title.text = "Warranty@Conditions"
        slide.shapes.add_textbox(0, Inches(3), Inches(3), Inches(1)).text_frame.text = "warranty:@36 months"
        slide.shapes.add_table(1, 1, 0, Inches(5), Inches(4), Inches(1)).table.cell(0, 0).text = "40@litres"

    data = slide_xml(deck(build), "@", f"</a:t></a:r>{mark}<a:r><a:t>")
    assert read(data).text == "Warranty Conditions\n\nwarranty: 36 months\n\n40 litres"


@pytest.mark.parametrize(
    "kind", ["slideshow.main", "template.main", "presentation.main", "addin.macroEnabled.main"]
)
def test_shows_templates_and_files_with_macros_are_read(kind: str) -> None:
    data = slide_xml(deck(titled("Rules")), "presentation.main+xml", f"{kind}+xml", "[Content_Types].xml")
    assert read(data).text == "Rules"


def test_strict_files_are_read() -> None:
    def build(slide) -> None:
        slide.shapes.title.text = "Rules"
        data = CategoryChartData()
        data.categories = ["North"]
        data.add_series("Tonnes", (312,))
        slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, Inches(3), Inches(2), Inches(2), data)

    data = deck(build)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.endswith((".xml", ".rels"))]
    for name in names:
        data = with_part(
            data,
            name,
            lambda part: re.sub(
                rb"http://schemas\.openxmlformats\.org/(presentationml|drawingml|officeDocument)/2006/",
                rb"http://purl.oclc.org/ooxml/\1/",
                part,
            ),
        )
    assert read(data).text == "Rules\n\nNorth | Tonnes: 312"


def test_spans_of_cells_are_filled_and_a_title_row_is_the_caption() -> None:
    def build(slide) -> None:
        table = slide.shapes.add_table(5, 3, 0, Inches(2), Inches(4), Inches(1)).table
        rows = [
            ("Sales", "", ""),
            ("Region", "2023", "2024"),
            ("North", "1", "2"),
            ("", "3", "4"),
            ("Total", "", "6"),
        ]
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text
        table.cell(0, 0).merge(table.cell(0, 2))
        table.cell(2, 0).merge(table.cell(3, 0))
        table.cell(4, 0).merge(table.cell(4, 1))

    assert read(deck(build)).text == (
        "Sales\n\nRegion: North | 2023: 1 | 2024: 2\nRegion: North | 2023: 3 | 2024: 4\n"
        "Region: Total | 2023: Total | 2024: 6"
    )


def test_pairs_have_no_names_though_the_first_row_is_marked() -> None:
    pairs = [["Owner", "Helga Brandt"], ["Chassis number", "WKX-55871"], ["Mileage", "88123"]]

    def build(slide) -> None:
        table = slide.shapes.add_table(3, 2, 0, 0, Inches(4), Inches(2)).table
        for row, cells in enumerate(pairs):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text

    assert read(deck(build)).text == "Owner | Helga Brandt\nChassis number | WKX-55871\nMileage | 88123"


def test_two_rows_of_names_are_joined() -> None:
    def build(slide) -> None:
        table = slide.shapes.add_table(3, 3, 0, Inches(2), Inches(4), Inches(1)).table
        for row, cells in enumerate([("Area", "2023", ""), ("", "Q1", "Q2"), ("East", "110", "120")]):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text
        table.cell(0, 1).merge(table.cell(0, 2))
        table.cell(0, 0).merge(table.cell(1, 0))

    assert read(deck(build)).text == "Area: East | 2023 Q1: 110 | 2023 Q2: 120"


def test_boxes_of_one_row_are_read_from_left_to_right_though_their_tops_differ_a_little() -> None:
    xml = (
        box(line("right"), top=3_000_000, left=5_000_000)
        + box(line("left"), top=3_050_000, left=100)
        + box(line("top"), top=1_000_000, left=6_000_000)
    )
    assert read(with_shapes(xml)).text == "T\n\ntop\n\nleft\n\nright"


DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"


def frame(inside: str) -> str:
    return f"<p:graphicFrame><a:graphic><a:graphicData>{inside}</a:graphicData></a:graphic></p:graphicFrame>"


def test_a_diagram_is_a_list_in_its_own_order() -> None:
    def point(name: str, text: str) -> str:
        return f'<d:pt modelId="{name}"><d:t>{line(text)}</d:t></d:pt>'

    links = [("0", "1", 0), ("0", "2", 1), ("1", "3", 0)]
    model = (
        f'<d:dataModel xmlns:d="{DIAGRAM}" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><d:ptLst>'
        f'<d:pt modelId="0" type="doc"/>{point("2", "Second")}{point("1", "First")}{point("3", "Detail")}'
        f"{point('4', 'Loose')}</d:ptLst><d:cxnLst>"
        + "".join(f'<d:cxn srcId="{a}" destId="{b}" srcOrd="{order}"/>' for a, b, order in links)
        + '<d:cxn type="presOf" srcId="3" destId="1"/></d:cxnLst></d:dataModel>'
    )
    data = with_shapes(frame(f'<d:relIds xmlns:d="{DIAGRAM}" r:dm="rId77"/>'))
    relation = (
        '<Relationship Id="rId77" Type="x/diagramData" Target="/ppt/diagrams/data1.xml"/></Relationships>'
    )
    data = slide_xml(data, "</Relationships>", relation, "ppt/slides/_rels/slide1.xml.rels")
    assert dropped(read(data)) == {"diagrams that could not be read": 1}
    data = with_part(data, "ppt/diagrams/data1.xml", lambda _: model.encode())
    assert read(data).text == "T\n\n- First\n  - Detail\n- Second\n- Loose"


def test_embedded_files_comments_and_links_are_counted() -> None:
    data = with_shapes(frame('<p:oleObj name="Worksheet" progId="Excel.Sheet.12"/>'))
    relation = '<Relationship Id="rId9" Type="x/hyperlink" Target="https://a.example" TargetMode="External"/>'
    data = slide_xml(
        data, "</Relationships>", f"{relation}</Relationships>", "ppt/slides/_rels/slide1.xml.rels"
    )
    old = b'<p:cmLst xmlns:p="urn:p"><p:cm><p:text>a</p:text></p:cm></p:cmLst>'
    new = b'<q:cmLst xmlns:q="urn:q"><q:cm><q:replyLst><q:reply/></q:replyLst></q:cm></q:cmLst>'
    data = with_part(data, "ppt/comments/comment1.xml", lambda _: old)
    data = with_part(data, "ppt/comments/modernComment_1.xml", lambda _: new)
    assert dropped(read(data)) == {"comments": 3, "embedded files (Worksheet)": 1, "link targets": 1}


def test_what_is_missing_or_damaged_takes_nothing_else_with_it() -> None:
    data = deck(titled("First"), titled("Second"), titled("Third"))
    for part in ("ppt/slideLayouts/slideLayout6.xml", "ppt/slides/slide2.xml", "docProps/core.xml"):
        data = with_part(data, part, lambda _: None)
    document = read(data)
    assert document.text == "First\n\nThird"
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert dropped(document) == {"slides that could not be read": 1}
    without_list = with_part(data, "ppt/_rels/presentation.xml.rels", lambda _: None)
    assert read(without_list).text == "First\n\nThird"


def test_a_damaged_picture_is_counted_and_the_slides_are_read() -> None:
    data = bytearray(
        with_part(deck(titled("Rules")), "ppt/media/image1.png", lambda _: random.Random(0).randbytes(99))
    )
    data[data.index(b"ppt/media/image1.png") + 60] ^= 255
    document = read(bytes(data))
    assert (document.text, dropped(document)) == ("Rules", {"damaged parts": 1})


def test_a_chart_is_written_once_however_often_it_is_named() -> None:
    def build(slide) -> None:
        data = CategoryChartData()
        data.categories = ["North"]
        data.add_series("Tonnes", (312,))
        slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, Inches(3), Inches(2), Inches(2), data)

    data = deck(build, layout=BLANK)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        slide = archive.read("ppt/slides/slide1.xml").decode()
    copy = slide[
        slide.index("<p:graphicFrame>") : slide.index("</p:graphicFrame>") + len("</p:graphicFrame>")
    ]
    document = read(slide_xml(data, "</p:spTree>", copy * 5 + "</p:spTree>"))
    assert (document.text, dropped(document)) == ("North | Tonnes: 312", {"charts that could not be read": 5})


def test_a_hidden_slide_is_read() -> None:
    assert read(slide_xml(deck(titled("Backup")), "<p:sld ", '<p:sld show="0" ')).text == "Backup"


def test_shapes_of_newer_programs_keep_their_text() -> None:
    newer = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><mc:Choice Requires="a14">'
        "<a:p><a:r><a:t>E = mc²</a:t></a:r></a:p></mc:Choice></mc:AlternateContent></p:spTree>"
    )
    data = with_part(
        deck(titled("T")),
        "ppt/slides/slide1.xml",
        lambda part: part.replace(b"</p:spTree>", newer.encode()),
    )
    assert read(data).text == "T\n\nE = mc²"


def test_a_deck_without_text_is_told() -> None:
    with pytest.raises(EmptyDocumentError):
        read(deck(titled("")))


@pytest.mark.parametrize("part", ["ppt/slides/slide1.xml", "ppt/presentation.xml", "docProps/app.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_in_any_part_is_refused(part: str, encoding: str) -> None:
    evil = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(CorruptFileError, match="document type"):
        read(with_part(deck(titled("T")), part, lambda _: evil.encode(encoding)))


def test_a_bomb_in_a_picture_is_refused_before_the_library_unpacks_it() -> None:
    data = with_part(deck(titled("T")), "ppt/media/image1.png", lambda _: bytes(20_000_000))
    with pytest.raises(LimitExceededError) as caught:
        read(data)
    assert "bomb" in caught.value.hint


def test_too_many_slides_are_refused() -> None:
    with pytest.raises(LimitExceededError, match="pages"):
        read(deck(*[titled("T")] * 3), ParsingLimits(max_pages=2))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_off_is_corrupt(share: float) -> None:
    data = deck(titled("T"))
    with pytest.raises(CorruptFileError):
        read(data[: int(share * len(data))])


def test_flipped_bits_and_missing_parts_end_as_a_reason_and_the_next_file_is_read() -> None:
    data, chance = deck(titled("Title"), titled("Other")), random.Random(3)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    broken = [with_part(data, name, lambda _: None) for name in names if "slide" in name.lower()][:8]
    for _ in range(8):
        damaged = bytearray(data)
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        broken.append(bytes(damaged))
    with ParserProcess() as parser:
        for item in broken:
            try:
                assert parser.parse(Source(name="a.pptx", data=item), ParsingLimits()).text
            except IngestionError as error:
                assert error.code in {"corrupt_file", "unsupported_format", "empty_document", "encrypted"}
        assert parser.parse(Source(name="a.pptx", data=data), ParsingLimits()).text == "Title\n\nOther"
