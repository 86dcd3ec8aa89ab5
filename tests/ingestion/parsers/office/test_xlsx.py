"""XLSX: sheets, headers, values as shown, silent sheets; document types, bombs, giants and damage end with a reason."""

import io
import random
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font

from ingestion.config import ParsingLimits
from ingestion.errors import (
    CorruptFileError,
    EmptyDocumentError,
    IngestionError,
    LimitExceededError,
)
from ingestion.parser_process import ParserProcess
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.hostile import with_part


def read(data: bytes, limits: ParsingLimits | None = None) -> Document:
    return parse_source(Source(name="folder/figures.xlsx", data=data), limits or ParsingLimits())


def book(sheets: dict[str, list[list[Any]]], change: Callable[[Workbook], None] | None = None) -> bytes:
    workbook = Workbook()
    del workbook["Sheet"]
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(workbook)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_sheets_are_headings_and_rows_name_their_columns() -> None:
    document = read(
        book({"Sales": [["Report"], [], ["Region", "收入"], ["North", 12], ["South", 3.5]], "人员": [["x"]]})
    )
    assert document.text == (
        "Sales\n\nReport\n\nRegion: North | 收入：12\nRegion: South | 收入：3.5\n\n人员\n\nx"
    )
    assert document.blocks[-1].heading_path == ("人员",)
    assert document.title == ""


def test_a_giant_table_keeps_its_header_in_every_block() -> None:
    rows = [["Id", "Name"], *([number, f"n{number}"] for number in range(1000))]
    document = read(book({"s": rows}))
    tables = [document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.TABLE]
    assert len(tables) > 1
    assert all(line.startswith("Id: ") for table in tables for line in table.split("\n"))
    assert tables[-1].endswith("Id: 999 | Name: n999")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([["Total revenue", "$500"], ["Net profit", "$200"]], "Total revenue | $500\nNet profit | $200"),
        ([["A", "B"], ["c", "d"]], "A: c | B: d"),
        ([["Region", 2023, 2024], ["North", 1, 2]], "Region: North | 2023: 1 | 2024: 2"),
        ([["Year", 2023], ["Year", 2024]], "Year | 2023\nYear | 2024"),
        ([["Day", date(2024, 1, 1)], ["Open", True]], "Day: Open | 2024-01-01: TRUE"),
        ([["Day", "Half", None], ["Mon", 1, 2]], "Day: Mon | Half: 1 | 2"),
        ([["a", "b"]], "a | b"),
    ],
)
def test_a_first_row_is_a_header_only_where_it_looks_like_one(rows: list[list[Any]], text: str) -> None:
    assert read(book({"s": rows})).text == f"s\n\n{text}"


def test_values_read_as_they_are_shown() -> None:
    def formats(workbook: Workbook) -> None:
        sheet = workbook["s"]
        sheet["B1"].number_format = "0.0%"
        sheet["B2"].number_format = "0%"

    rows = [["rate", 0.1234], ["share", 0.5], ["sum", 0.1 + 0.2], ["when", datetime(2024, 5, 6, 7, 8)]]
    assert read(book({"s": rows}, formats)).text == (
        "s\n\nrate | 12.3%\nshare | 50%\nsum | 0.3\nwhen | 2024-05-06 07:08:00"
    )


def test_raised_figures_are_exponents_and_struck_text_is_left_out() -> None:
    raised, struck = InlineFont(vertAlign="superscript"), InlineFont(strike=True)

    def change(workbook: Workbook) -> None:
        sheet = workbook["Sheet"]
        sheet["B2"] = CellRichText("10", TextBlock(raised, "6"), " Pa, 5 m", TextBlock(raised, "2"))
        sheet["B3"] = CellRichText(TextBlock(struck, "was 9 "), "now 7")
        sheet["B4"].font = Font(strike=True)

    data = book({"Sheet": [["Item", "Says"], ["a", 0], ["b", 0], ["c", "cancelled"]]}, change)

    document = read(data)
    assert document.text == "Sheet\n\nItem: a | Says: 10^6 Pa, 5 m^2\nItem: b | Says: now 7\nItem: c"
    assert {item.what: item.count for item in document.dropped} == {"characters of struck text": 14}
    assert "was 9 now 7" in (kept := read(data, ParsingLimits(keep_hidden=True)).text) and "cancelled" in kept


def test_hidden_sheets_are_read_and_silent_ones_are_named() -> None:
    def hide(workbook: Workbook) -> None:
        workbook["aside"].sheet_state = "hidden"
        chart = BarChart()
        chart.add_data(Reference(workbook["main"], min_col=1, min_row=1))
        workbook.create_chartsheet("Diagram").add_chart(chart)

    document = read(book({"main": [["x"]], "aside": [["y"]], "empty": [], "blank": [["  "]]}, hide))
    assert document.text == "main\n\nx\n\naside\n\ny"
    assert {(item.what, item.count) for item in document.dropped} >= {
        ("sheet without text: empty", 1),
        ("sheet without text: blank", 1),
        ("sheet without text: Diagram", 1),
    }


def test_formulas_that_were_never_calculated_are_counted() -> None:
    document = read(book({"s": [["a", "b"], [1, "=A2*2"]]}))
    assert ("formulas without a stored result", 1) in [(item.what, item.count) for item in document.dropped]


def test_a_workbook_without_text_is_told() -> None:
    with pytest.raises(EmptyDocumentError):
        read(book({"s": []}))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_in_any_part_is_refused(part: str, encoding: str) -> None:
    evil = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(CorruptFileError, match="document type"):
        read(with_part(book({"s": [["a"]]}), part, lambda _: evil.encode(encoding)))


def test_an_entity_bomb_under_another_name_is_refused() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    evil = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a0 "ha">{entities}]><w>&a9;</w>'
    with pytest.raises(CorruptFileError, match="document type"):
        read(with_part(book({"s": [["a"]]}), "xl/worksheets/sheet1.bin", lambda _: evil.encode()))


def test_a_bomb_and_too_much_text_are_refused() -> None:
    data = book({"s": [["a"]]})
    with pytest.raises(LimitExceededError) as caught:
        read(with_part(data, "xl/sharedStrings.xml", lambda _: b"<a>" + b" " * 20_000_000))
    assert "bomb" in caught.value.hint
    with pytest.raises(LimitExceededError, match="characters"):
        read(book({"s": [["word " * 50]] * 100}), ParsingLimits(max_text_chars=5000))


def test_a_cell_at_the_far_corner_costs_little() -> None:
    def far(part: bytes) -> bytes:
        cell = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData>'
        return part.replace(b"</sheetData>", cell)

    data = with_part(book({"s": [["near"]]}), "xl/worksheets/sheet1.xml", far)
    with ParserProcess() as parser:
        text = parser.parse(Source(name="a.xlsx", data=data), ParsingLimits(cpu_s=30)).text
    assert text == "s\n\nnear\n\nfar"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_off_is_corrupt(share: float) -> None:
    data = book({"s": [["a", "b"], ["c", "d"]]})
    with pytest.raises(CorruptFileError):
        read(data[: int(share * len(data))])


def test_flipped_bits_end_as_a_reason_and_the_next_file_is_read() -> None:
    data, chance = book({"s": [["Name", "Age"], ["Li", 30]]}), random.Random(5)
    with ParserProcess() as parser:
        for _ in range(12):
            damaged = bytearray(data)
            for _ in range(20):
                damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            try:
                assert parser.parse(Source(name="a.xlsx", data=bytes(damaged)), ParsingLimits()).text
            except IngestionError as error:
                assert error.code in {"corrupt_file", "unsupported_format", "empty_document", "encrypted"}
        assert (
            parser.parse(Source(name="a.xlsx", data=data), ParsingLimits()).text == "s\n\nName: Li | Age: 30"
        )


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["", "word", "字", 1, 2.5, 2024, None]), max_size=4), min_size=1, max_size=5
    )
)
@example([["word", "字"], ["word"]])
def test_no_filled_cell_is_lost(rows: list[list[Any]]) -> None:
    try:
        text = read(book({"s": rows})).text
    except EmptyDocumentError:
        assert not any(value not in ("", None) for row in rows for value in row)
        return
    for row in rows:
        assert all(str(value) in text for value in row if value not in ("", None))
