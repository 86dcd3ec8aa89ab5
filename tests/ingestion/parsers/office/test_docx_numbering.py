"""Automatic numbers of Word: as Word shows them, whatever style, list or level they come from."""

import pytest

from ingestion.parsers.office.numerals import numeral
from tests.ingestion.parsers.office.word import cell, para, read, row, run, table


def level(depth: int, text: str, form: str = "decimal", start: int = 1, more: str = "") -> str:
    head = f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>'
    return f'{head}{more}<w:lvlText w:val="{text}"/></w:lvl>'


def lists(*levels: str, nums: str = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>') -> str:
    return f'<w:abstractNum w:abstractNumId="0">{"".join(levels)}</w:abstractNum>{nums}'


def num(identity: int, more: str = "", definition: int = 0) -> str:
    return f'<w:num w:numId="{identity}"><w:abstractNumId w:val="{definition}"/>{more}</w:num>'


def item(text: str, depth: int = 0, identity: int = 1) -> str:
    number = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{identity}"/></w:numPr>'
    return para(text, properties=number)


def lines(body: str, numbering: str, styles: str = "") -> list[str]:
    text = read(body, numbering=numbering, styles=styles).text
    return [line.strip() for line in text.splitlines() if line.strip()]


OUTLINE = (level(0, "%1"), level(1, "%1.%2"), level(2, "(%3)", "lowerLetter"))


def test_levels_are_counted_and_started_again_under_the_next_one_above() -> None:
    body = (
        item("A")
        + item("b", 1)
        + item("c", 1)
        + item("x", 2)
        + item("y", 2)
        + item("D")
        + item("e", 1)
        + item("z", 2)
    )
    expected = ["1 A", "1.1 b", "1.2 c", "(a) x", "(b) y", "2 D", "2.1 e", "(a) z"]
    assert lines(body, lists(*OUTLINE)) == expected


def test_a_level_that_is_never_started_again_and_one_that_is_by_the_first_level_only() -> None:
    never = level(1, "%2.", more='<w:lvlRestart w:val="0"/>')
    first = level(2, "%3)", more='<w:lvlRestart w:val="1"/>')
    body = (
        item("A")
        + item("b", 1)
        + item("c", 2)
        + item("d", 1)
        + item("e", 2)
        + item("F")
        + item("g", 1)
        + item("h", 2)
    )
    expected = ["1 A", "1. b", "1) c", "2. d", "2) e", "2 F", "3. g", "1) h"]
    assert lines(body, lists(level(0, "%1"), never, first)) == expected


def test_lists_of_one_definition_go_on_and_an_override_starts_once() -> None:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="9"/></w:lvlOverride>'
    numbering = lists(level(0, "%1.", start=5), nums=num(1) + num(4) + num(6, override))
    body = (
        item("a") + para("Between.") + item("b", identity=4) + item("c", identity=6) + item("d", identity=6)
    )
    assert lines(body, numbering) == ["5. a", "Between.", "6. b", "9. c", "10. d"]


def test_an_override_may_define_the_level_anew() -> None:
    override = f'<w:lvlOverride w:ilvl="0">{level(0, "Art. %1", "upperRoman")}</w:lvlOverride>'
    numbering = lists(level(0, "%1."), nums=num(1) + num(2, override))
    assert lines(item("a") + item("b", identity=2), numbering) == ["1. a", "Art. II b"]


def test_a_level_passed_over_counts_as_begun() -> None:
    assert lines(item("a", 1) + item("b", 1) + item("C"), lists(*OUTLINE)) == ["1.1 a", "1.2 b", "2 C"]


def test_legal_numbers_are_decimal_on_all_levels() -> None:
    levels = level(0, "Article %1", "upperRoman"), level(1, "%1.%2", "decimalZero", more="<w:isLgl/>")
    assert lines(item("a") + item("b", 1), lists(*levels)) == ["Article I a", "1.01 b"]


def test_chinese_clauses() -> None:
    levels = (
        level(0, "第%1章", "chineseCountingThousand"),
        level(1, "第%2条", "chineseCounting", more='<w:lvlRestart w:val="0"/><w:suff w:val="space"/>'),
        level(2, "（%3）", "chineseCounting", more='<w:suff w:val="nothing"/>'),
    )
    body = item("总则") + item("目的", 1) + item("合法", 2) + item("附则") + item("施行", 1)
    assert lines(body, lists(*levels)) == [
        "第一章 总则",
        "第一条 目的",
        "（一）合法",
        "第二章 附则",
        "第二条 施行",
    ]


STYLES = """
<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/>
<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/><w:basedOn w:val="H1"/>
<w:pPr>{level}</w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="Own"/><w:basedOn w:val="H2"/></w:style>
<w:style w:type="paragraph" w:styleId="Bare"><w:name w:val="heading 3"/><w:basedOn w:val="H1"/><w:pPr>
<w:numPr><w:numId w:val="0"/></w:numPr></w:pPr></w:style>
<w:style w:type="numbering" w:styleId="Legal"><w:pPr><w:numPr><w:numId w:val="7"/></w:numPr></w:pPr></w:style>"""


@pytest.mark.parametrize("linked", [False, True])
def test_headings_are_numbered_by_their_style(linked: bool) -> None:
    """The level of a style stands in the style, or in the level that names it; styles pass it on."""
    own = "" if linked else '<w:numPr><w:ilvl w:val="1"/></w:numPr>'
    link = ('<w:pStyle w:val="H1"/>', '<w:pStyle w:val="H2"/>') if linked else ("", "")
    numbering = lists(level(0, "%1", start=3, more=link[0]), level(1, "%1.%2", more=link[1]))
    styled = {name: f'<w:pStyle w:val="{name}"/>' for name in ("H1", "H2", "Sub", "Bare")}
    body = (
        para("Payment", properties=styled["H1"])
        + para("Late payment", properties=styled["H2"])
        + para("Interest", properties=styled["Sub"])
        + para("Not numbered", properties=styled["Bare"])
        + para("Liability", properties=styled["H1"])
    )
    document = read(body, numbering=numbering, styles=STYLES.format(level=own))
    assert document.text.split("\n\n") == [
        "3 Payment",
        "3.1 Late payment",
        "3.2 Interest",
        "Not numbered",
        "4 Liability",
    ]
    assert document.blocks[2].heading_path == ("3 Payment", "3.2 Interest")


def test_a_list_may_be_defined_by_a_style_of_lists() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="Legal"/></w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="5">{level(0, "§ %1")}</w:abstractNum>{num(1)}{num(7, definition=5)}'
    )
    assert lines(item("a") + item("b", identity=7), numbering, STYLES.format(level="")) == ["§ 1 a", "§ 2 b"]


def test_bullets_boxes_and_levels_without_a_mark() -> None:
    box = level(1, "\uf0a8", "bullet", more='<w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>')
    numbering = lists(level(0, "\uf0b7", "bullet"), box, level(2, "", "none"), level(3, "✓", "bullet"))
    body = item("dot") + item("box", 1) + item("bare", 2) + item("tick", 3)
    assert lines(body, numbering) == ["- dot", "☐ box", "bare", "✓ tick"]


def test_empty_and_deleted_paragraphs() -> None:
    """An empty paragraph takes a number, one that is hidden or deleted doesn't."""
    gone = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del w:id="1"/></w:rPr>'
    body = (
        item("one")
        + item("")
        + para("<w:del><w:r><w:delText>x</w:delText></w:r></w:del>", properties=gone)
        + para(run("secret", "<w:vanish/>"), properties=gone.partition("<w:rPr>")[0])
        + item("three")
    )
    assert lines(body, lists(level(0, "%1."))) == ["1. one", "3. three"]


def test_rows_of_a_table_are_numbered() -> None:
    rows = [row(cell(item("")), name, f"{price} EUR") for name, price in (("Lamp", 40), ("Chair", 80))]
    document = read(table(row("No.", "Item", "Price"), *rows), numbering=lists(level(0, "%1.")))
    assert document.text == "No.: 1. | Item: Lamp | Price: 40 EUR\nNo.: 2. | Item: Chair | Price: 80 EUR"


def test_a_list_that_is_missing_is_none_and_a_missing_part_leaves_bullets() -> None:
    assert lines(item("a", identity=99), lists(level(0, "%1."))) == ["a"]
    assert read(item("a"), numbering=b"<damaged").text == "- a"


def test_custom_numbers_stand_in_alternatives() -> None:
    form = (
        '<mc:AlternateContent><mc:Choice Requires="w14"><w:numFmt w:val="custom" w:format="001, 002, ..."/></mc:Choice>'
        '<mc:Fallback><w:numFmt w:val="decimal"/></mc:Fallback></mc:AlternateContent>'
    )
    numbering = lists(f'<w:lvl w:ilvl="0"><w:start w:val="7"/>{form}<w:lvlText w:val="%1"/></w:lvl>')
    assert lines(item("a"), numbering) == ["007 a"]


@pytest.mark.parametrize(
    ("form", "number", "expected"),
    [
        ("lowerLetter", 27, "aa"),
        ("upperLetter", 3, "C"),
        ("lowerRoman", 49, "xlix"),
        ("upperRoman", 1994, "MCMXCIV"),
        ("decimalZero", 7, "07"),
        ("ordinal", 111, "111th"),
        ("ordinal", 22, "22nd"),
        ("cardinalText", 21, "Twenty-one"),
        ("ordinalText", 20, "Twentieth"),
        ("chineseCounting", 21, "二十一"),
        ("chineseCounting", 105, "一〇五"),
        ("chineseCountingThousand", 10, "十"),
        ("chineseCountingThousand", 110, "一百一十"),
        ("chineseCountingThousand", 2005, "二千零五"),
        ("chineseCountingThousand", 10_010, "一万零一十"),
        ("chineseLegalSimplified", 12, "壹拾贰"),
        ("japaneseCounting", 1111, "千百十一"),
        ("ideographTraditional", 3, "丙"),
        ("ideographTraditional", 11, "11"),
        ("ideographZodiacTraditional", 13, "丙子"),
        ("decimalEnclosedCircleChinese", 20, "⑳"),
        ("decimalFullWidth", 12, "１２"),
        ("chicago", 6, "††"),
        ("numberInDash", 4, "- 4 -"),
        ("hex", 255, "FF"),
        ("none", 4, ""),
        ("unheardOf", 4, "4"),
        ("upperRoman", 0, "0"),
    ],
)
def test_forms_of_numbers(form: str, number: int, expected: str) -> None:
    assert numeral(number, form) == expected


@pytest.mark.parametrize("form", ["lowerLetter", "lowerRoman", "chicago", "chineseCountingThousand"])
def test_a_number_out_of_bounds_stays_short(form: str) -> None:
    assert len(numeral(99_999, form)) < 40
