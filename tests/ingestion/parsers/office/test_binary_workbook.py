"""XLS and XLSB, and ODS: values, sheets, dates and numbers; damaged, protected and hostile ones are told."""

import struct

import pytest

from ingestion import sniff
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError, IngestionError
from ingestion.parser_process import ParserProcess
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.hostile import packed, read_with_flipped_bits
from tests.ingestion.samples import sample

LIMITS = ParsingLimits()


def read(data: bytes, name: str = "a") -> Document:
    return parse_source(Source(name=name, data=data), LIMITS)


def record(kind: int, data: bytes = b"") -> bytes:
    """A record of [MS-XLSB]: type and size as numbers of seven bits a byte."""
    type_ = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    size = bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 127 | 128, len(data) >> 7])
    return type_ + size + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(rows: list[list[str | float]], more: bytes = b"", styles: bytes = b"", style: int = 0) -> bytes:
    """A workbook of one sheet; `style` is that of its numbers."""
    cells = b""
    for number, row in enumerate(rows):
        cells += record(0, struct.pack("<I", number) + bytes(21))
        for column, value in enumerate(row):
            place = struct.pack("<II", column, 0 if isinstance(value, str) else style)
            cells += (
                record(6, place + wide(value))
                if isinstance(value, str)
                else record(5, place + struct.pack("<d", value))
            )
    size = record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1))
    sheet = record(129) + size + record(145) + cells + more + record(146) + record(130)
    bundle = record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("费用"))
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{relation}" Target="worksheets/sheet1.bin"/></Relationships>'
    )
    return packed(
        {
            "[Content_Types].xml": b'<?xml version="1.0"?><Types/>',
            "xl/workbook.bin": record(131) + record(143) + bundle + record(144) + record(132),
            "xl/_rels/workbook.bin.rels": relations.encode(),
            "xl/worksheets/sheet1.bin": sheet,
            **({"xl/styles.bin": styles} if styles else {}),
        }
    )


def ods(cells: str) -> bytes:
    office, text, table = (
        f"urn:oasis:names:tc:opendocument:xmlns:{n}:1.0" for n in ("office", "text", "table")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{office}" xmlns:text="{text}" '
        f'xmlns:table="{table}"><office:body><office:spreadsheet><table:table table:name="Fees">{cells}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return packed(
        {"mimetype": sniff.ODS.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": b"<m/>"}
    )


def test_merged_cells_and_errors_of_a_binary_workbook() -> None:
    missing = record(0, struct.pack("<I", 3) + bytes(21)) + record(
        6, struct.pack("<II", 0, 0) + wide("Coast")
    )
    missing += record(3, struct.pack("<IIB", 1, 0, 0x2A))
    merged = record(146) + record(176, struct.pack("<IIII", 1, 2, 0, 0))
    document = read(xlsb([["Zone", "Price"], ["Alpine", 11.0], ["", 19.0]], more=missing + merged))
    assert document.text.split("\n")[2:] == [
        "Zone: Alpine | Price: 11", "Zone: Alpine | Price: 19", "Zone: Coast | Price: #N/A",
    ]  # fmt: skip


def test_formats_of_a_binary_workbook_read_as_on_the_screen() -> None:
    def shown(code: str, value: float) -> str:
        own = (
            record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 164) + wide(code)) + record(616)
        )
        xfs = b"".join(record(47, struct.pack("<HH", 0, number) + bytes(12)) for number in (0, 164))
        styles = own + record(617, struct.pack("<I", 2)) + xfs + record(618)
        return read(xlsb([["Badge"], [value]], styles=styles, style=1)).text.split("\n")[-1]

    assert shown("00000", 42.0) == "00042"
    assert shown('0.00 "EUR"', 12.5) == "12.50 EUR"
    assert shown("[h]:mm", 1.5625) == "37:30"
    assert shown("yyyy-mm-dd", 44687.0) == "2022-05-06"
    assert shown('0.00 "d"', 3.7) == "3.70 d"


def test_an_old_workbook_is_read_without_a_converter() -> None:
    document = parse_source(sample("table.xls"), LIMITS)
    assert document.media_type == sniff.XLS
    assert document.text.startswith("Sheet1\n\nAlpha: 89 | Beta: 82 | Gamma: 100 | Delta: 12\nAlpha: 76")
    assert [b.kind for b in document.blocks[:2]] == [BlockKind.HEADING, BlockKind.TABLE]
    assert "09060124-b5e7-4717-9d07-3c046eb" in document.text


def test_a_binary_workbook_is_read() -> None:
    document = read(xlsb([["项目", "金额"], ["渡轮", 12.5], ["码头", 2024.0]]))
    assert document.media_type == sniff.XLSB
    assert document.text == "费用\n\n项目：渡轮 | 金额：12.5\n项目：码头 | 金额：2024"


def test_percentages_of_an_old_workbook_read_as_on_the_screen() -> None:
    rates, shifted = read(sample("percentages.xls").data).text.split("\n\n利率\n\n")
    assert "Plan: Basic | Fee: 12.5 | Share: 12.3% | Growth: 5.00% | Count: 89" in rates
    assert rates.endswith("Plan: Sum | Fee: 32.5 | Share: 6%")  # a formula, and the format that is built in
    # its cells begin in column C and row 5; the last row is one record of many cells
    assert shifted == "年：2024 | 利率：3.45%\n\n10% | 20% | 30% | 40%"


def test_percentages_of_a_binary_workbook_read_as_on_the_screen() -> None:
    def xf(format_id: int) -> bytes:
        return record(47, struct.pack("<HH", 0, format_id) + bytes(12))

    own = record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 164) + wide("0.0%")) + record(616)
    for_names = record(626) + xf(164) + record(627)  # styles with names are counted apart
    styles = own + for_names + record(617, struct.pack("<I", 2)) + xf(0) + xf(164) + record(618)
    rows: list[list[str | float]] = [["项目", "占比"], ["渡轮", 0.123]]
    assert read(xlsb(rows, styles=styles, style=1)).text.endswith("占比：12.3%")
    assert read(xlsb(rows, styles=styles, style=0)).text.endswith("占比：0.123")


def test_percentages_of_an_opendocument_spreadsheet_read_as_on_the_screen() -> None:
    def cell(kind: str, shown: str, value: str, more: str = "") -> str:
        return (
            f'<table:table-cell office:value-type="{kind}" office:value="{value}" {more}>'
            f"<text:p>{shown}</text:p></table:table-cell>"
        )

    twice = 'table:number-columns-repeated="2"'
    rows = (
        f"<table:table-row>{cell('percentage', '12.3%', '0.123')}{cell('float', '0.12', '0.12')}</table:table-row>"
        '<table:table-row table:number-rows-repeated="2">'
        f"{cell('percentage', '5,00 %', '0.05', twice)}{cell('float', '7', '7')}</table:table-row>"
    )
    assert read(ods(rows)).text == "Fees\n\n12.3% | 0.12\n5.00% | 5.00% | 7\n5.00% | 5.00% | 7"


def test_an_opendocument_spreadsheet_is_read_without_a_converter() -> None:
    def row(*values: str) -> str:
        return f"<table:table-row>{''.join(values)}</table:table-row>"

    def text(value: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    day = '<table:table-cell office:value-type="date" office:date-value="2024-05-06"/>'
    document = read(ods(row(text("Fee"), text("From")) + row(text("Boat"), day)))
    assert document.media_type == sniff.ODS
    assert document.text == "Fees\n\nFee: Boat | From: 2024-05-06"


def test_damaged_workbooks_are_told() -> None:
    data = sample("table.xls").data
    with pytest.raises(CorruptFileError):
        read(data[:3000])
    with pytest.raises(CorruptFileError):
        read(packed({"[Content_Types].xml": b"<T/>", "xl/workbook.bin": b"\x83\x01\xff\xff"}))


def test_protected_workbooks_are_told() -> None:
    data = bytearray(sample("table.xls").data)
    after = data.index(bytes.fromhex("09081000")) + 4 + 16
    data[after : after + 2] = struct.pack("<H", 0x2F)  # FilePass, in place of what follows the first record
    with pytest.raises(EncryptedError):
        read(bytes(data))
    locked = {
        "mimetype": sniff.ODS.encode(),
        "content.xml": b"\x8a\x01",
        "META-INF/manifest.xml": b"<encryption-data/>",
    }
    with pytest.raises(EncryptedError):
        read(packed(locked))


def test_what_unpacks_to_too_much_is_refused() -> None:
    bomb = packed({"mimetype": sniff.ODS.encode(), "content.xml": b"<x>" + b" " * (8 << 20) + b"</x>"})
    with pytest.raises(IngestionError) as caught:
        parse_source(Source(name="a.ods", data=bomb), ParsingLimits(max_unpacked_bytes=1 << 20))
    assert caught.value.code == "limit_exceeded"


def test_a_sheet_that_claims_to_be_vast_ends_as_a_refusal_and_the_next_file_is_read() -> None:
    far = record(0, struct.pack("<I", 1_048_575) + bytes(21)) + record(5, struct.pack("<IId", 16_383, 0, 1.0))
    vast = xlsb([["a"]], more=far)
    with ParserProcess() as parser:
        with pytest.raises(IngestionError):
            parser.parse(Source(name="a.xlsb", data=vast), LIMITS)
        assert parser.parse(sample("table.xls"), LIMITS).text.startswith("Sheet1")


def test_flipped_bits_never_take_the_reader_down() -> None:
    read_with_flipped_bits(
        [sample("table.xls"), Source(name="a", data=xlsb([["a", "b"], ["c", 1.0]]))], seed=5
    )
