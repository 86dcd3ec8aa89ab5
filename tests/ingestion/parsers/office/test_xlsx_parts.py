"""XLSX as other producers write it: odd styles, the strict namespace, missing references, readings, errors, shapes."""

import pytest

from tests.ingestion.hostile import packed, with_part
from tests.ingestion.parsers.office.test_xlsx import book, read

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def related(kind: str, target: str) -> str:
    """The relations of a part that refers to one other."""
    relation = f'<Relationship Id="rId1" Type="{KINDS}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{RELATIONS}">{relation}</Relationships>'


def workbook(
    rows: str,
    *,
    namespace: str = MAIN,
    strings: str = "",
    styles: str = "",
    after: str = "",
    more: dict[str, str] | None = None,
) -> bytes:
    """A workbook of one sheet by its XML."""
    sheet = '<sheet name="S" sheetId="1" r:id="rId1"/>'
    parts = {
        "_rels/.rels": related("officeDocument", "/xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{namespace}" xmlns:r="{KINDS}"><sheets>{sheet}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": related("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData>{after}</worksheet>'
        ),
        "xl/sharedStrings.xml": f'<sst xmlns="{namespace}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{namespace}">{styles}</styleSheet>',
        **(more or {}),
    }
    return packed({name: text.encode() for name, text in parts.items()})


def text_of(rows: str, **parts: str) -> str:
    return read(workbook(rows, **parts)).text.removeprefix("S\n\n")


@pytest.mark.parametrize(
    "styles",
    [
        "<fills><fill><gradient odd='1'/></fill><fill/></fills>",
        "<fonts><font><color rgb='not a colour'/></font></fonts>",
        "<cellXfs><xf numFmtId='many' fontId='-7' odd='1'/></cellXfs>",
        "<numFmts><numFmt/></numFmts><dxfs><dxf><fill><patternFill patternType='plaid'/></fill></dxf></dxfs>",
    ],
)
def test_styles_that_make_no_sense_lose_no_cell(styles: str) -> None:
    cells = '<c r="A1" s="0" t="inlineStr"><is><t>Gasket</t></is></c><c r="B1" s="99" odd="1"><v>42</v></c>'
    row = f'<row r="1">{cells}</row>'
    odd = (
        "<autoFilter ref='?'/><conditionalFormatting><cfRule type='none'/></conditionalFormatting>"
        "<mergeCells><mergeCell ref='A1:'/></mergeCells>"
    )
    assert text_of(row, styles=styles, after=odd) == "Gasket | 42"


def test_the_strict_namespace_is_read() -> None:
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="d"><v>2024-05-06T07:08:00</v></c></row>'
    assert text_of(rows, namespace=STRICT, strings="<si><t>Gasket</t></si>") == "Gasket | 2024-05-06 07:08:00"


def test_rows_and_cells_without_references_follow_each_other() -> None:
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>4</v></c></row>"
    assert text_of(rows) == "1 | 2\n4"


def test_strings_without_readings_and_escapes() -> None:
    strings = (
        '<si><r><t>東</t></r><r><t>京</t></r><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>'
        "<si><t>first_x000D_\nsecond\tthird</t></si><si><t>_x005F_x000D_</t></si>"
    )
    cells = "".join(f'<c t="s"><v>{place}</v></c>' for place in (0, 1, 2, 99))
    assert text_of(f"<row>{cells}</row>", strings=strings) == "東京 | first second third | _x000D_"


def test_errors_and_truth_values_are_kept_and_formulas_without_result_counted() -> None:
    cells = (
        '<c t="e"><v>#N/A</v></c><c t="b"><v>1</v></c><c t="str"><f>A1</f><v>ok</v></c>'
        '<c><f>A1</f></c><c t="str"><f>A1</f><v></v></c>'
    )
    document = read(workbook(f"<row>{cells}</row>"))
    assert document.text == "S\n\n#N/A | TRUE | ok"
    assert [(item.what, item.count) for item in document.dropped] == [("formulas without a stored result", 1)]


def test_texts_of_shapes_are_read() -> None:
    draw = "http://schemas.openxmlformats.org/drawingml/2006/main"
    runs = "<a:r><a:t>Mind</a:t></a:r><a:br/><a:r><a:t>the gap</a:t></a:r>"
    more = {
        "xl/worksheets/_rels/sheet1.xml.rels": related("drawing", "../drawings/drawing1.xml"),
        "xl/drawings/drawing1.xml": (
            f'<wsDr xmlns:a="{draw}"><sp><txBody><a:p>{runs}</a:p></txBody></sp></wsDr>'
        ),
    }
    assert read(workbook("<row><c><v>1</v></c></row>", more=more)).text == "S\n\n1\n\nMind the gap"


def test_a_damaged_sheet_is_read_as_far_as_it_makes_sense() -> None:
    data = with_part(
        book({"s": [["a", "b"], [1, 2], [3, 4]]}), "xl/worksheets/sheet1.xml", lambda part: part[:-150]
    )
    document = read(data)
    assert document.text.startswith("s\n\na: 1 | b: 2")
    assert any(item.what == "damaged places of a part" for item in document.dropped)


def test_comments_are_counted() -> None:
    more = {
        "xl/comments1.xml": f'<comments xmlns="{MAIN}"><commentList><comment/><comment/></commentList></comments>'
    }
    document = read(workbook("<row><c><v>1</v></c></row>", more=more))
    assert [(item.what, item.count) for item in document.dropped] == [("comments", 2)]
