"""Text of shapes: newer forms, equations, hidden and struck words, raised digits, automatic numbers."""

import pytest

from ingestion.config import ParsingLimits
from tests.ingestion.parsers.office.test_pptx import (
    TITLE_AND_CONTENT,
    box,
    deck,
    dropped,
    group,
    line,
    read,
    slide_xml,
    with_shapes,
)


def test_newer_shapes_and_equations_are_read_in_groups_too() -> None:
    fraction = (
        "<a14:m><m:oMathPara><m:oMath><m:r><m:t>E=</m:t></m:r><m:f><m:num><m:r><m:t>3</m:t></m:r></m:num>"
        "<m:den><m:r><m:t>4</m:t></m:r></m:den></m:f><m:sSup><m:e><m:r><m:t>c</m:t></m:r></m:e>"
        "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></m:oMathPara></a14:m>"
    )
    newer = (
        f'<mc:AlternateContent><mc:Choice Requires="a14">{box(f"<a:p>{fraction}</a:p>")}</mc:Choice>'
        f"<mc:Fallback>{box(line(' '))}</mc:Fallback></mc:AlternateContent>"
    )
    assert read(with_shapes(group(group(box(line("valve B")) + newer)))).text == "T\n\nvalve B\n\nE=3/4c^2"


def test_only_the_form_for_older_programs_is_read_where_the_newer_one_says_nothing() -> None:
    xml = (
        '<mc:AlternateContent><mc:Choice Requires="am3d"><p:graphicFrame/></mc:Choice>'
        f"<mc:Fallback>{box(line('a pump'))}</mc:Fallback></mc:AlternateContent>"
    )
    assert read(with_shapes(xml)).text == "T\n\na pump"


def test_hidden_shapes_and_struck_words_are_left_out_and_counted() -> None:
    xml = box(line("old price 100", 'strike="sngStrike"') + line("price 80")) + box(
        line("secret"), more='hidden="1"'
    )
    document = read(with_shapes(xml))
    assert document.text == "T\n\nprice 80"
    assert dropped(document) == {"hidden shapes": 1, "struck text": 1}
    document = read(with_shapes(xml), ParsingLimits(keep_hidden=True))
    assert document.text == "T\n\nold price 100\n\nprice 80\n\nsecret"
    assert not document.dropped


def test_raised_digits_are_told_from_digits() -> None:
    runs = (
        '<a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>6</a:t></a:r><a:r><a:t> cells, CO</a:t></a:r>'
        '<a:r><a:rPr baseline="-25000"/><a:t>2</a:t></a:r><a:r><a:t>, 5</a:t></a:r>'
        '<a:r><a:rPr baseline="30%"/><a:t>th</a:t></a:r><a:r><a:t> m</a:t></a:r>'
        '<a:r><a:rPr baseline="30%"/><a:t>-2</a:t></a:r>'
    )
    assert read(with_shapes(box(f"<a:p>{runs}</a:p>"))).text == "T\n\n10^6 cells, CO2, 5th m^-2"


@pytest.mark.parametrize(
    ("scheme", "start", "marks"),
    [
        ("arabicPeriod", 1, ["1.", "2.", "3."]),
        ("arabicParenR", 5, ["5)", "6)", "7)"]),
        ("alphaLcParenBoth", 1, ["(a)", "(b)", "(c)"]),
        ("alphaUcPeriod", 26, ["Z.", "AA.", "BB."]),
        ("romanUcPeriod", 3, ["III.", "IV.", "V."]),
        ("ea1ChsPeriod", 9, ["九.", "十.", "十一."]),
        ("ea1ChtPlain", 19, ["十九", "二十", "二十一"]),
        ("circleNumDbPlain", 1, ["①", "②", "③"]),
        ("thaiNumPeriod", 9, ["๙.", "๑๐.", "๑๑."]),
        ("unheardOf", 1, ["1.", "2.", "3."]),
    ],
)
def test_automatic_numbers_are_shown(scheme: str, start: int, marks: list[str]) -> None:
    properties = f'<a:pPr><a:buAutoNum type="{scheme}" startAt="{start}"/></a:pPr>'
    inner = '<a:pPr lvl="1"><a:buChar char="-"/></a:pPr>'
    body = line("x", properties=properties) + line("in", properties=inner) + line("y", properties=properties)
    body += line("", properties=properties) + line("z", properties=properties)
    first, second, third = marks
    assert read(with_shapes(box(body))).text == f"T\n\n{first} x\n  - in\n{second} y\n{third} z"


def test_numbers_that_a_layout_gives_are_shown() -> None:
    def build(slide) -> None:
        slide.shapes.title.text = "Steps"
        slide.placeholders[1].text_frame.text = "open\nclose"

    data = slide_xml(
        deck(build, layout=TITLE_AND_CONTENT),
        "<p:bodyStyle><a:lvl1pPr",
        '<p:bodyStyle><a:lvl1pPr><a:buAutoNum type="arabicPeriod"/></a:lvl1pPr><a:lvl1pPr',
        "ppt/slideMasters/slideMaster1.xml",
    )
    assert read(data).text == "Steps\n\n1. open\n2. close"


def test_boxes_and_ticks_of_fonts_of_symbols() -> None:
    latin, symbols = '<a:latin typeface="Wingdings"/>', '<a:sym typeface="Wingdings"/>'
    runs = (
        f"<a:r><a:rPr>{latin}</a:rPr><a:t>\u00fe</a:t></a:r><a:r><a:t> diesel </a:t></a:r>"
        f"<a:r><a:rPr>{symbols}</a:rPr><a:t>\uf0a8 petrol</a:t></a:r>"
    )
    bullet = '<a:pPr><a:buFont typeface="Wingdings"/><a:buChar char="{}"/></a:pPr>'
    body = line("done", properties=bullet.format("\u00fe")) + line("open", properties=bullet.format("q"))
    body += line("other", properties=bullet.format("v"))

    assert read(with_shapes(box(f"<a:p>{runs}</a:p>"))).text == "T\n\n☑ diesel ☐ petrol"
    assert read(with_shapes(box(body))).text == "T\n\n☑ done\n☐ open\n- other"
