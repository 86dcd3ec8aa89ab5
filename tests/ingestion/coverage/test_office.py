"""Visible words of packed office files, from small files built here."""

import io

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from ingestion.sniff import DOCX, EPUB, ODS, PPTX, XLSX
from tests.ingestion.coverage.measured import coverage_of, words_lost
from tests.ingestion.hostile import docx, packed, paragraph

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def test_a_lost_row_of_a_word_table_is_found() -> None:
    rows = "".join(f"<w:tr><w:tc>{paragraph(cell)}</w:tc></w:tr>" for cell in ("Chair", "Stool"))
    assert words_lost(DOCX, docx(f"<w:tbl>{rows}</w:tbl>"), "Chair") == {"Stool"}


def test_runs_of_one_word_are_one_word() -> None:
    body = f"<w:p>{run('Ha')}{run('llo')}<w:r><w:br/></w:r>{run('again')}</w:p>"
    assert coverage_of(DOCX, docx(body), "Hallo again") == coverage_of(
        DOCX, docx(paragraph("Hallo again")), "Hallo again"
    )


def test_hidden_struck_deleted_and_moved_text_is_not_visible() -> None:
    runs = (
        run("seen "),
        run("a", "<w:vanish/>"),
        run("b", "<w:strike/>"),
        f"<w:del>{run('c')}</w:del>",
        f"<w:moveFrom>{run('d')}</w:moveFrom>",
        run("back", '<w:vanish w:val="0"/>'),
    )
    assert words_lost(DOCX, docx(f"<w:p>{''.join(runs)}</w:p>"), "") == {"seen", "back"}


def test_the_prompt_of_an_empty_control_is_not_visible() -> None:
    control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    body = control.format("<w:showingPlcHdr/>", paragraph("prompt")) + control.format("", paragraph("filled"))
    assert words_lost(DOCX, docx(body), "") == {"filled"}


def test_symbols_of_a_formula_are_apart() -> None:
    space = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    formula = f"<w:p><m:oMath {space}><m:r><m:t>m</m:t></m:r><m:r><m:t>sin</m:t></m:r></m:oMath></w:p>"
    assert words_lost(DOCX, docx(formula), "") == {"m", "sin"}


def test_a_text_box_counts_once() -> None:
    box = f"<w:txbxContent>{paragraph('boxed')}</w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    body = f"<w:p><w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    body += "</mc:AlternateContent></w:r></w:p>"
    assert coverage_of(DOCX, docx(body), "").visible == len("boxed")


def test_notes_and_diagrams_are_visible_and_page_headers_are_not() -> None:
    parts = {
        "word/footnotes.xml": f"<w:footnotes {_W}>{paragraph('noted')}</w:footnotes>".encode(),
        "word/header1.xml": f"<w:hdr {_W}>{paragraph('heading')}</w:hdr>".encode(),
        "word/diagrams/data1.xml": f"<x {_A}><a:p><a:r><a:t>drawn</a:t></a:r></a:p></x>".encode(),
    }
    assert words_lost(DOCX, docx(paragraph("body"), parts=parts), "body") == {"noted", "drawn"}


def test_slides_count_without_their_numbers_and_hidden_ones_do_not() -> None:
    def slide(text: str, more: str = "") -> bytes:
        number = '<p:sp><p:nvPr><p:ph type="sldNum"/></p:nvPr><a:p><a:r><a:t>7</a:t></a:r></a:p></p:sp>'
        shape = f"<p:sp><a:p><a:r><a:t>{text}</a:t></a:r><a:br/><a:r><a:t>break</a:t></a:r></a:p></p:sp>"
        return f"<p:sld {_P} {_A}{more}>{number}{shape}</p:sld>".encode()

    data = packed(
        {"ppt/slides/slide1.xml": slide("shown"), "ppt/slides/slide2.xml": slide("secret", ' show="0"')}
    )
    assert words_lost(PPTX, data, "") == {"shown", "break"}


def workbook() -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    return book, sheet


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_cells_count_and_hidden_sheets_and_rows_do_not() -> None:
    book, sheet = workbook()
    for row in (("Part", "Stock"), ("Gasket", 42), ("Valve", 1067)):
        sheet.append(row)
    sheet.append(("unseen", 5))
    sheet.row_dimensions[4].hidden = True
    book.create_sheet("Secret").append(("hidden",))
    book["Secret"].sheet_state = "hidden"
    assert words_lost(XLSX, saved(book), "Part Stock") == {"Gasket", "42", "Valve", "1067"}


def test_a_number_with_a_format_is_not_judged() -> None:
    book, sheet = workbook()
    sheet.append(("Hours", 1.5625, 42))
    sheet["B1"].number_format = "[h]:mm"
    sheet["C1"].number_format = "00000"
    assert coverage_of(XLSX, saved(book), "Hours 37:30 00042").share == 1.0


def test_shared_strings_count_each_time_and_readings_of_kanji_do_not() -> None:
    cells = "".join(f'<c t="s"><v>{number}</v></c>' for number in (0, 0, 9))
    sheet = f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>"
    strings = "<sst><si><r><t>東京</t></r><rPh><t>トウキョウ</t></rPh></si></sst>"
    data = packed({"xl/worksheets/sheet1.xml": sheet.encode(), "xl/sharedStrings.xml": strings.encode()})
    assert coverage_of(XLSX, data, "東京").visible == 4


def test_texts_of_an_opendocument_sheet_count() -> None:
    cells = "".join(
        f'<t:table-cell o:value-type="{kind}"><t:p>{text}</t:p></t:table-cell>'
        for kind, text in (("string", "word<t:s/>two"), ("time", "36:00"))
    )
    oasis = "urn:oasis:names:tc:opendocument:xmlns"
    space = f'xmlns:t="{oasis}:text:1.0" xmlns:o="{oasis}:office:1.0"'
    data = packed({"content.xml": f"<o:x {space}>{cells}</o:x>".encode()})
    assert words_lost(ODS, data, "") == {"word", "two"}


def test_chapters_of_a_book_count_in_any_spelling_of_their_names() -> None:
    package = (
        '<package><manifest><item id="a" href="One%20.xhtml"/><item id="n" href="nav.xhtml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    data = packed(
        {
            "OEBPS/content.opf": package.encode(),
            "OEBPS/one .xhtml": b"<p>chapter</p>",
            "OEBPS/nav.xhtml": b"<p>contents</p>",
        }
    )
    assert words_lost(EPUB, data, "") == {"chapter"}
