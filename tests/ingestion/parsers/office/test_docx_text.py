"""Text of Word's paragraphs: what readers see, in their order, once; what they don't see is left out and counted."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers.office.docx_fields import equation
from tests.ingestion.parsers.office.word import cell, counted, para, read, row, run, table

RAISED = '<w:vertAlign w:val="superscript"/>'
LOWERED = '<w:vertAlign w:val="subscript"/>'
HIDDEN_STYLES = """
<w:style w:type="character" w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="More"><w:basedOn w:val="Secret"/></w:style>
<w:style w:type="paragraph" w:styleId="Draft"><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="Old"><w:rPr><w:strike/></w:rPr></w:style>"""


def styled(name: str) -> str:
    return f'<w:rStyle w:val="{name}"/>'


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([run("10"), run("6", RAISED), run(" cells")], "10^6 cells"),
        ([run("10"), run("-", RAISED), run("6", RAISED)], "10^-6"),
        ([run("5 m"), run("2", RAISED), run(" and x"), run("n", RAISED)], "5 m^2 and x^n"),
        ([run("a"), run("n+1", RAISED)], "a^(n+1)"),
        ([run("the 1"), run("st", RAISED), run(" of May")], "the 1st of May"),
        ([run("Brand"), run("TM", RAISED)], "BrandTM"),
        ([run("20"), run("o", RAISED), run("C")], "20°C"),
        ([run("研究"), run("[1]", RAISED)], "研究[1]"),
        ([run("H"), run("2", LOWERED), run("O")], "H2O"),
        ([run("1010"), run("2", LOWERED)], "1010_2"),
        (
            [run("10"), run("6", '<w:position w:val="8"/>'), run(" m"), run("2", '<w:position w:val="-6"/>')],
            "10^6 m2",
        ),
        ([run("1", RAISED), run(" See above.")], "1 See above."),
    ],
)
def test_raised_and_lowered_text(parts: list[str], expected: str) -> None:
    assert read(para(*parts)).text == expected


def test_functions_limits_and_accents_of_equations() -> None:
    def part(name: str, text: str) -> str:
        return f"<m:{name}><m:r><m:t>{text}</m:t></m:r></m:{name}>"

    parts = (
        f"<m:func>{part('fName', 'sin')}{part('e', 'x')}</m:func>",
        f"<m:limLow>{part('e', 'lim')}{part('lim', 'n→0')}</m:limLow>",
        f'<m:acc><m:accPr><m:chr m:val="~"/></m:accPr>{part("e", "y")}</m:acc>',
    )
    assert (
        read("".join(para(f"<m:oMath>{item}</m:oMath>") for item in parts)).text == "sin x\n\nlim_(n→0)\n\ny~"
    )


def test_text_is_raised_by_a_style_too() -> None:
    style = f'<w:style w:type="character" w:styleId="Up"><w:rPr>{RAISED}</w:rPr></w:style>'
    assert read(para("10", run("6", styled("Up"))), styles=style).text == "10^6"


@pytest.mark.parametrize(
    ("hidden", "seen"),
    [
        (run("secret", "<w:vanish/>"), ""),
        (run("secret", styled("Secret")), ""),
        (run("secret", styled("More")), ""),
        (run("secret", '<w:vanish w:val="1"/>'), ""),
        (run("secret", '<w:vanish w:val="0"/>'), "secret"),
        (run("secret", styled("Secret") + '<w:vanish w:val="false"/>'), "secret"),
        (run("secret", "<w:webHidden/>"), "secret"),
    ],
)
def test_hidden_text_is_left_out_and_counted(hidden: str, seen: str) -> None:
    document = read(para("Seen. ", hidden), styles=HIDDEN_STYLES)
    assert document.text == f"Seen. {seen}".strip()
    assert counted(document) == ({} if seen else {"characters of hidden text": 6})
    kept = read(para("Seen. ", hidden), ParsingLimits(keep_hidden=True), styles=HIDDEN_STYLES)
    assert kept.text == "Seen. secret"
    assert counted(kept) == {}


def test_text_hidden_by_the_style_of_its_paragraph_is_shown_where_a_style_of_characters_hides_it_again() -> (
    None
):
    draft = '<w:pStyle w:val="Draft"/>'
    document = read(
        para("gone", run("shown", styled("Secret")), properties=draft) + para("End."), styles=HIDDEN_STYLES
    )
    assert document.text == "shown\n\nEnd."


def test_struck_text_is_left_out_and_counted() -> None:
    body = para(
        "Fee ", run("55", "<w:strike/>"), run("60", "<w:dstrike/>"), run("65", styled("Old")), " 70 euros"
    )
    document = read(body, styles=HIDDEN_STYLES)
    assert document.text == "Fee 70 euros"
    assert counted(document) == {"characters of struck text": 6}
    assert read(body, ParsingLimits(keep_hidden=True), styles=HIDDEN_STYLES).text == "Fee 556065 70 euros"


def ruby(base: str, reading: str) -> str:
    return f"<w:r><w:ruby><w:rubyPr/><w:rt>{run(reading)}</w:rt><w:rubyBase>{run(base)}</w:rubyBase></w:ruby></w:r>"


def test_readings_stand_beside_their_word() -> None:
    text = read(
        para("他住在", ruby("北", "běi"), ruby("京", "jīng"), "的胡同里。", ruby("东京", "とうきょう"))
    ).text
    assert text == "他住在北京(běi jīng)的胡同里。东京(とうきょう)"


def field(code: str, result: str | None = None, data: str = "") -> str:
    middle = "" if result is None else f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(result)}'
    return (
        f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r><w:r><w:instrText>{code}</w:instrText></w:r>'
        f'{middle}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


@pytest.mark.parametrize(
    ("code", "result", "expected"),
    [
        ("REF clause \\r", "3.2", "3.2"),
        ('HYPERLINK "http://x.example"', "the page", "the page"),
        ("MERGEFIELD Name", "«Name»", "«Name»"),
        ("SYMBOL 254 \\f Wingdings \\s 11", None, "☑"),
        ('SYMBOL 0xA8 \\f "Wingdings"', None, "☐"),
        ("SYMBOL 87", None, "Ω"),
        ("EQ \\f(1,2)", None, "(1)/(2)"),
        ("eq \\o\\ac(○,3)", None, "③"),
        ('EQ \\* jc2 \\* "Font:SimSun" \\* hps10 \\o\\ad(\\s\\up 9(běi),北)', None, "北(běi)"),
        ("XE entry", None, ""),
    ],
)
def test_fields_show_their_result(code: str, result: str | None, expected: str) -> None:
    assert read(para("See ", field(code, result), ".")).text == f"See {expected}.".replace(" .", " .")


def test_fields_inside_the_code_of_a_field_are_not_shown_and_broken_ones_lose_nothing() -> None:
    inner = field("MERGEFIELD x", "A")
    begin, end = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>',
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    )
    separate = '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    outer = f"{begin}<w:r><w:instrText>IF </w:instrText></w:r>{inner}{separate}{run('yes')}{end}"
    assert read(para("Is it? ", outer)).text == "Is it? yes"
    assert (
        read(para("One ", begin, "two") + para("three", end, separate, " four")).text
        == "One two\n\nthree four"
    )


def test_a_field_over_paragraphs() -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>TOC</w:instrText></w:r>'
    separate, end = (
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>',
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    )
    assert (
        read(para(begin, separate, "One 3") + para("Two 4") + para(end, "After")).text
        == "One 3\n\nTwo 4\n\nAfter"
    )


def ticked(state: int, content: str) -> str:
    box = f'<w:sdtPr><w14:checkbox><w14:checked w14:val="{state}"/></w14:checkbox></w:sdtPr>'
    return f"<w:sdt>{box}<w:sdtContent>{run(content)}</w:sdtContent></w:sdt>"


def box(state: str) -> str:
    return f"<w:ffData><w:checkBox>{state}</w:checkBox></w:ffData>"


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', "☑"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FD"/></w:r>', "☒"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>', "☐"),
        ('<w:r><w:sym w:font="Wingdings 2" w:char="0052"/></w:r>', "☑"),
        ('<w:r><w:sym w:font="Wingdings 2" w:char="F0A3"/></w:r>', "☐"),
        ('<w:r><w:sym w:font="Segoe UI Symbol" w:char="2612"/></w:r>', "☒"),
        (run("þ", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>'), "☑"),
        (run("\uf0a8", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>'), "☐"),
        (field("FORMCHECKBOX", data=box('<w:default w:val="0"/><w:checked/>')), "☒"),
        (field("FORMCHECKBOX", data=box('<w:default w:val="1"/><w:checked w:val="0"/>')), "☐"),
        (field("FORMCHECKBOX", "", data=box('<w:default w:val="1"/>')), "☒"),
        (ticked(1, "R"), "☒"),
        (ticked(0, "☐"), "☐"),
    ],
)  # fmt: skip
def test_boxes_that_are_ticked_and_those_that_are_not(mark: str, expected: str) -> None:
    assert read(para(mark, " Blood test agreed")).text == f"{expected} Blood test agreed"


def test_symbols_of_greek_and_those_that_are_not_known() -> None:
    known = '<w:r><w:sym w:font="Symbol" w:char="F057"/></w:r>'
    unknown = '<w:r><w:sym w:font="Wingdings" w:char="F0FF"/></w:r>'
    document = read(para("5 k", known, unknown))
    assert document.text == "5 kΩ"
    assert counted(document) == {"symbols": 1}


def test_chosen_values_of_forms() -> None:
    entries = "".join(f'<w:listEntry w:val="{name}"/>' for name in ("red", "green"))
    choice = f'<w:ffData><w:ddList><w:result w:val="1"/>{entries}</w:ddList></w:ffData>'
    control = "<w:sdt><w:sdtPr><w:date/></w:sdtPr><w:sdtContent><w:r><w:t>3 May 2024</w:t></w:r></w:sdtContent></w:sdt>"
    prompt = control.replace("<w:date/>", "<w:showingPlcHdr/>").replace("3 May 2024", "Click here.")
    document = read(para("Colour: ", field("FORMDROPDOWN", data=choice), ", on ", control, prompt))
    assert document.text == "Colour: green, on 3 May 2024"
    assert counted(document) == {"prompts of empty fields": 1}


def test_breaks_tabs_and_hyphens() -> None:
    marks = (
        "<w:br/>",
        "<w:tab/>",
        "<w:cr/>",
        '<w:ptab w:alignment="right"/>',
        "<w:noBreakHyphen/>",
        "<w:softHyphen/>",
    )
    assert read(
        para("a", *(f"<w:r>{mark}<w:t>b</w:t></w:r>" for mark in marks))
    ).text == "ab b b b-bb".replace("ab", "a b", 1)


def test_moved_and_deleted_text() -> None:
    body = (
        para(f"<w:moveFrom>{run('A clause.')}</w:moveFrom>")
        + para("Middle.")
        + para(f"<w:moveTo>{run('A clause.')}</w:moveTo>")
        + para(
            "ten",
            "<w:del><w:r><w:delText>fold</w:delText></w:r></w:del>",
            properties="<w:rPr><w:del/></w:rPr>",
        )
        + para(" days")
    )
    document = read(body)
    assert document.text == "Middle.\n\nA clause.\n\nten days"
    assert counted(document) == {"characters of deleted text": 4}


def boxed(text: str) -> str:
    content = f"<w:txbxContent>{para(text)}</w:txbxContent>"
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>{content}</w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{content}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def test_text_boxes_are_read_once_wherever_they_stand() -> None:
    assert read(para("Body.", boxed("Hotline"))).text == "Body.\n\nHotline"
    text = read(table(row("Station", "Remark"), row("Market", cell("open", para(boxed("lift broken")))))).text
    assert text == "Station: Market | Remark: open lift broken"
    assert (
        read(para(boxed("outer")).replace("outer</w:t></w:r>", f"outer</w:t></w:r>{boxed('inner')}")).text
        == "outer\n\ninner"
    )


def test_of_two_forms_the_one_that_says_something_is_read() -> None:
    empty = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="x"><w:drawing/></mc:Choice><mc:Fallback><w:pict>'
        '<v:textpath string="Art"/></w:pict></mc:Fallback></mc:AlternateContent></w:r>'
    )
    assert read(para("Body.", empty)).text == "Body.\n\nArt"


def test_equations_stand_on_the_line() -> None:
    half = "<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>"
    square = "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
    assert (
        read(para("area ", f"<m:oMath>{half}<m:r><m:t>+</m:t></m:r>{square}</m:oMath>")).text
        == "area a/b+x^2"
    )


def test_an_equation_field_of_unknown_switches_keeps_its_letters() -> None:
    assert equation(r"EQ \r(3,x) + \i\su(1,5,3)") == "(3,x) + (1,5,3)"
