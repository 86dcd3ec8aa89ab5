"""XML Spreadsheet 2003, told by its content; and pages and tables of text under the name of a workbook."""

import pytest

from ingestion import sniff
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source

ACROSS, DOWN, ZEROS, THIRD = 'ss:MergeAcross="2"', 'ss:MergeDown="1"', 'ss:StyleID="z"', 'ss:Index="3"'
HEAD = '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'


def read(data: bytes, name: str = "export.xls") -> Document:
    return parse_source(Source(name=name, data=data), ParsingLimits())


def workbook(rows: str, styles: str = "") -> bytes:
    return (
        f'{HEAD}<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        f'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles>{styles}</Styles>'
        f'<Worksheet ss:Name="Orders"><Table>{rows}</Table></Worksheet></Workbook>'
    ).encode()


def cell(value: str, kind: str = "String", more: str = "") -> str:
    return f'<Cell {more}><Data ss:Type="{kind}">{value}</Data></Cell>'


@pytest.mark.parametrize("name", ["export.xls", "export.xml", "download"])
def test_rows_formats_and_spans(name: str) -> None:
    styles = '<Style ss:ID="z"><NumberFormat ss:Format="00000"/></Style>'
    rows = (
        f"<Row>{cell('All orders', more=ACROSS)}</Row>"
        f"<Row>{cell('Order')}{cell('City')}{cell('Day')}</Row>"
        f"<Row>{cell('17', 'Number', ZEROS)}{cell('Riga', more=DOWN)}"
        f"{cell('2024-03-01T00:00:00.000', 'DateTime')}</Row>"
        f"<Row>{cell('18', 'Number')}{cell('2024-03-02T08:30:00.000', 'DateTime', THIRD)}</Row>"
        f'<Row ss:Index="9">{cell("1", "Boolean")}{cell("#N/A", "Error")}</Row>'
    )
    document = read(workbook(rows, styles), name)
    assert document.media_type == sniff.SPREADSHEET_XML
    assert document.text == (
        "Orders\n\nAll orders\n\nOrder: 00017 | City: Riga | Day: 2024-03-01\n"
        "Order: 18 | City: Riga | Day: 2024-03-02 08:30:00\n\nTRUE | #N/A"
    )


def test_raised_figures_are_exponents_and_struck_text_is_left_out() -> None:
    rich = "<B xmlns='http://www.w3.org/TR/REC-html40'>10<Sup>6</Sup> Pa <S>was 9</S></B>"
    document = read(workbook(f"<Row>{cell(rich)}</Row>"))
    assert document.text == "Orders\n\n10^6 Pa"
    assert [(item.what, item.count) for item in document.dropped] == [("characters of struck text", 5)]


def test_a_document_type_is_refused() -> None:
    evil = workbook("<Row/>").replace(b"<Workbook", b'<!DOCTYPE x [<!ENTITY e "e">]><Workbook')
    with pytest.raises(CorruptFileError, match="document type"):
        read(evil)


@pytest.mark.parametrize(
    "page",
    [
        "<table border=1><tr><th>Order</th><th>City</th></tr><tr><td>A-17</td><td>Riga</td></tr></table>",
        "<meta charset=utf-8><style>td{color:red}</style><table><tr><th>Order<th>City<tr><td>A-17<td>Riga</table>",
        "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><body><table><tr><th>Order<th>City<tr><td>A-17<td>Riga",
        "Order\tCity\nA-17\tRiga\n",
    ],
)
def test_pages_and_text_called_workbooks_are_rows(page: str) -> None:
    assert "Order: A-17 | City: Riga" in read(page.encode()).text
    assert "Order: A-17 | City: Riga" in read(page.encode("utf-16")).text
