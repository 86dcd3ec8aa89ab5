"""PDF tables: columns by place, names over values, lines of a cell in their row, and tables that go over pages."""

from collections.abc import Sequence

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.hostile import pdf, pdf_lines


def read(data: bytes) -> Document:
    return parse_source(Source(name="a.pdf", data=data), ParsingLimits())


def rows(document: Document) -> list[str]:
    tables = [document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.TABLE]
    return "\n".join(tables).split("\n")


def cells(
    x: Sequence[float], top: float, step: float, table: Sequence[Sequence[str]]
) -> list[tuple[float, float, str]]:
    """Cells at the places `x`, row by row; an empty text is no cell."""
    return [
        (left, top - step * at, text)
        for at, row in enumerate(table)
        for left, text in zip(x, row, strict=True)
        if text
    ]


NIGHT = ("Night work between ten in the", "evening and six in the morning")
SUNDAY = ("Work on Sundays, if the leader", "asked for it in writing")
ALLOWANCES = [
    f"Code: K-11 | Condition: {' '.join(NIGHT)} | Amount: 45 EUR",
    f"Code: K-12 | Condition: {' '.join(SUNDAY)} | Amount: 60 EUR",
    "Code: K-13 | Condition: Climbing above ten metres | Amount: 25 EUR",
]


def allowances(row: float, line: float, shift: float) -> str:
    """A table with wrapped cells.

    Args:
        row: Distance of the last line of a row to the next row, in points.
        line: Distance of two lines in a cell.
        shift: How far below the first line of a wrapped cell the other cells of its row stand.
    """
    y = 700.0
    lines = [(60, y, "Code"), (180, y, "Condition"), (440, y, "Amount")]
    y -= row
    table = [
        ("K-11", NIGHT, "45 EUR"),
        ("K-12", SUNDAY, "60 EUR"),
        ("K-13", ("Climbing above ten metres",), "25 EUR"),
    ]
    for code, condition, amount in table:
        down = shift if len(condition) > 1 else 0
        lines += [(60, y - down, code), (440, y - down, amount)]
        lines += [(180, y - line * at, text) for at, text in enumerate(condition)]
        y -= line * (len(condition) - 1) + row
    return pdf_lines(lines, 11)


@pytest.mark.parametrize(
    ("row", "line", "shift"),
    [
        pytest.param(27, 13, 0, id="top"),
        pytest.param(27, 13, 6.5, id="middle"),
        pytest.param(27, 13, 13, id="bottom"),
        pytest.param(18, 13, 0, id="close rows"),
        pytest.param(13, 13, 0, id="rows as close as lines"),
    ],
)
def test_lines_of_a_wrapped_cell_stand_in_its_row(row: float, line: float, shift: float) -> None:
    assert rows(read(pdf([allowances(row, line, shift)]))) == ALLOWANCES


def test_two_wrapped_cells_stand_in_one_row() -> None:
    table = [
        ("No.", "Duty", "Place", "Days"),
        ("1", "Care of the tools and", "Workshop behind", "12"),
        ("", "of the engines", "the old mill", ""),
        ("2", "Watch", "Gate", "30"),
    ]
    document = read(pdf([pdf_lines(cells((60, 100, 260, 400), 700, 14, table), 11)]))
    assert rows(document) == [
        "No.: 1 | Duty: Care of the tools and of the engines | Place: Workshop behind the old mill | Days: 12",
        "No.: 2 | Duty: Watch | Place: Gate | Days: 30",
    ]


def test_rows_with_empty_cells_are_rows_of_their_own() -> None:
    table = [
        ("Item", "Store", "Count", "Price"),
        ("Rope", "North", "12", "3.50"),
        ("", "South", "7", "3.60"),
        ("Hook", "North", "", "1.20"),
    ]
    document = read(pdf([pdf_lines(cells((60, 160, 260, 360), 700, 18, table), 11)]))
    assert rows(document) == [
        "Item: Rope | Store: North | Count: 12 | Price: 3.50",
        "Store: South | Count: 7 | Price: 3.60",
        "Item: Hook | Store: North | Price: 1.20",
    ]


def test_a_name_over_two_columns_stands_before_theirs() -> None:
    table = [
        ("Region", "Q1", "Q2", "Q1", "Q2"),
        ("East", "100", "120", "130", "140"),
        ("West", "80", "90", "95", "99"),
    ]
    lines = [
        (170, 718, "Sales of 2023"),
        (350, 718, "Sales of 2024"),
        *cells((60, 160, 240, 340, 420), 700, 18, table),
    ]
    assert rows(read(pdf([pdf_lines(lines, 11)])))[0] == (
        "Region: East | Sales of 2023 Q1: 100 | Sales of 2023 Q2: 120 | Sales of 2024 Q1: 130 | Sales of 2024 Q2: 140"
    )


def test_bold_names_of_columns_of_words() -> None:
    names = pdf_lines(cells((60, 200, 340), 700, 0, [("Name", "Town", "Colour")]), 11, font="F2")
    words = [("Anna", "Berlin", "red"), ("Tomas", "Oslo", "blue"), ("Li", "Xian", "green")]
    document = read(pdf([names + "\n" + pdf_lines(cells((60, 200, 340), 682, 18, words), 11)]))
    assert rows(document)[1] == "Name: Tomas | Town: Oslo | Colour: blue"


@pytest.mark.parametrize(
    "table",
    [
        [("Customer", "Anna Berg"), ("Order", "RO-2211"), ("Due", "3 May 2024")],
        [("Order:", "one"), ("Count:", "12"), ("Price:", "30")],
        [("Anna", "Berlin"), ("Tomas", "Oslo"), ("Li", "Xian")],
    ],
)
def test_pairs_of_label_and_value_have_no_names(table: list[tuple[str, str]]) -> None:
    document = read(pdf([pdf_lines(cells((60, 260), 700, 18, table), 11)]))
    assert rows(document) == [" | ".join(row) for row in table]


def test_a_table_goes_on_over_pages_and_its_names_too() -> None:
    first = [("Item", "Count"), ("Rope", "12"), ("Hook", "7"), ("Axe", "4")]
    second = [("Saw", "2"), ("Nail", "900")]
    third = [("Item", "Count"), ("Bolt", "77"), ("Lamp", "3")]
    parts = [
        pdf_lines(cells((60, 260), top, 18, part), 11)
        for top, part in ((200, first), (700, second), (700, third))
    ]
    document = read(pdf(parts))
    assert rows(document) == [
        "Item: Rope | Count: 12",
        "Item: Hook | Count: 7",
        "Item: Axe | Count: 4",
        "Item: Saw | Count: 2",
        "Item: Nail | Count: 900",
        "Item: Bolt | Count: 77",
        "Item: Lamp | Count: 3",
    ]
    assert [block.page for block in document.blocks] == [1, 2, 3]


def test_another_table_on_the_next_page_has_its_own_names() -> None:
    first = [("Item", "Count"), ("Rope", "12"), ("Hook", "7"), ("Axe", "4")]
    second = [("Town", "Zone", "Fee"), ("Oslo", "A", "12"), ("Xian", "B", "7")]
    pages = [pdf_lines(cells((60, 260), 200, 18, first)), pdf_lines(cells((60, 300, 440), 700, 18, second))]
    assert rows(read(pdf(pages)))[3:] == ["Town: Oslo | Zone: A | Fee: 12", "Town: Xian | Zone: B | Fee: 7"]


def test_text_below_a_table_is_no_part_of_it() -> None:
    table = [("Item", "Count", "Price"), ("Rope", "12", "3.50"), ("Hook", "7", "1.20")]
    note = [
        (60, 640, "Prices include the tax of the country to which we send the goods."),
        (60, 626, "They change."),
    ]
    document = read(pdf([pdf_lines([*cells((60, 200, 340), 700, 18, table), *note], 11)]))
    assert [block.kind for block in document.blocks] == [BlockKind.TABLE, BlockKind.PARAGRAPH]
