"""ODS: values as shown, durations, spans, repetition, comments; damage and bounds."""

import time

import pytest

from ingestion import sniff
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EmptyDocumentError, LimitExceededError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source
from tests.ingestion.hostile import packed, with_part
from tests.ingestion.parsers.office.test_binary_workbook import ods


def read(data: bytes) -> Document:
    return parse_source(Source(name="a.ods", data=data), ParsingLimits())


def cell(shown: str, kind: str = "string", more: str = "") -> str:
    return f'<table:table-cell office:value-type="{kind}" {more}><text:p>{shown}</text:p></table:table-cell>'


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


@pytest.mark.parametrize(
    ("kind", "stored", "shown", "text"),
    [
        ("time", 'office:time-value="PT36H00M00S"', "36:00:00", "36:00:00"),
        ("time", 'office:time-value="PT37H30M"', "", "37:30:00"),
        ("time", 'office:time-value="P1DT2H"', "", "26:00:00"),
        ("time", 'office:time-value="soon"', "soon", "soon"),
        ("date", 'office:date-value="2024-03-01"', "01.03.2024", "2024-03-01"),
        ("date", 'office:date-value="2024-03-01T08:30:00"', "1. März", "2024-03-01 08:30:00"),
        ("date", 'office:date-value="2024-03-01"', "2024年3月1日", "2024年3月1日"),
        ("currency", 'office:value="1234.5"', "1.234,50 €", "1234.50 €"),
        ("currency", 'office:value="-5"', "-$5.00", "-$5.00"),
        ("float", 'office:value="42"', "00042", "00042"),
        ("float", 'office:value="0.5"', "1/2", "1/2"),
        ("float", 'office:value="7.25"', "", "7.25"),
        ("float", 'office:value="0"', "#N/A", "#N/A"),
        ("percentage", 'office:value="0.256"', "25,6 %", "25.6%"),
        ("boolean", 'office:boolean-value="true"', "", "TRUE"),
    ],
)
def test_values(kind: str, stored: str, shown: str, text: str) -> None:
    assert read(ods(row(cell(shown, kind, stored)))).text == f"Fees\n\n{text}"


def test_line_breaks_tabs_and_paragraphs_are_blanks() -> None:
    shown = 'a<text:s text:c="3"/>b<text:line-break/>c<text:tab/>d</text:p><text:p><text:span>e</text:span>f'
    assert read(ods(row(cell(shown)))).text == "Fees\n\na b c d ef"


def test_raised_figures_are_exponents_and_struck_text_is_left_out() -> None:
    styles = (
        '<office:automatic-styles><style:style style:name="T1"><style:text-properties style:text-position="super 58%"/>'
        '</style:style><style:style style:name="T2"><style:text-properties style:text-line-through-style="solid"/>'
        "</style:style></office:automatic-styles><office:body>"
    ).replace("<style:style ", '<style:style xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" ')
    shown = (
        '10<text:span text:style-name="T1">6</text:span> Pa <text:span text:style-name="T2">old</text:span>'
    )
    struck = cell("away", more='table:style-name="T2"')
    data = ods(row(cell("Item"), cell("Says"), cell("Note")) + row(cell("a"), struck, cell(shown)))

    document = read(
        with_part(data, "content.xml", lambda xml: xml.replace(b"<office:body>", styles.encode()))
    )
    assert document.text == "Fees\n\nSays\nItem: a | Note: 10^6 Pa"
    assert {item.what: item.count for item in document.dropped} == {"characters of struck text": 7}


def test_spans_and_covered_cells() -> None:
    rows = (
        row(cell("Zone"), cell("Price"))
        + row(cell("Alpine", more='table:number-rows-spanned="2"'), cell("11", "float", 'office:value="11"'))
        + row("<table:covered-table-cell/>", cell("19", "float", 'office:value="19"'))
    )
    assert read(ods(rows)).text == "Fees\n\nZone: Alpine | Price: 11\nZone: Alpine | Price: 19"


def test_comments_are_counted_and_not_read() -> None:
    data = ods(row(cell("Fee</text:p><office:annotation><text:p>why?</text:p></office:annotation><text:p>")))
    document = read(data)
    assert document.text == "Fees\n\nFee"
    assert [(item.what, item.count) for item in document.dropped] == [("comments", 1)]


def test_marked_rows_of_names() -> None:
    names = f"<table:table-header-rows>{row(cell('1'), cell('2'))}</table:table-header-rows>"
    assert read(ods(names + row(cell("3"), cell("4")))).text == "Fees\n\n1: 3 | 2: 4"


def test_repetition_has_a_bound() -> None:
    started = time.process_time()
    empty = '<table:table-row table:number-rows-repeated="99999999"><table:table-cell/></table:table-row>'
    wide = cell("x", more='table:number-columns-repeated="99999999"')
    with pytest.raises(LimitExceededError):
        read(ods(empty + row(wide, more='table:number-rows-repeated="99999999"')))
    with pytest.raises(EmptyDocumentError):
        read(ods(empty))
    assert time.process_time() - started < 10


def test_a_workbook_without_content_is_corrupt() -> None:
    with pytest.raises(CorruptFileError):
        read(packed({"mimetype": sniff.ODS.encode(), "META-INF/manifest.xml": b"<m/>"}))
