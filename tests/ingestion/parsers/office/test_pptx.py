"""PPTX: slides as pages, titles, lists, tables, charts, notes; document types, bombs and damage are refused."""

import io
import random
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
