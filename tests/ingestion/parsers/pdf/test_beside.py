"""Tables that stand beside each other on a page are read one after the other, each with its own names."""

import pytest

from tests.ingestion.hostile import pdf, pdf_lines
from tests.ingestion.parsers.pdf.test_tables import cells, read, rows

LEFT, RIGHT = (50, 150, 200), (330, 430, 490)
ITEMS = [("Item", "Qty", "Price"), ("Gasket", "4", "12.50"), ("Valve", "2", "80.00"), ("Hose", "7", "3.20")]
MORE = [("Item", "Qty", "Price"), ("Bolt", "9", "0.40"), ("Nut", "11", "0.30"), ("Washer", "30", "0.10")]
DUES = [("Account", "Due", "Sum"), ("DE-71", "3 May", "400"), ("DE-72", "9 June", "120")]


def named(table: list[tuple[str, str, str]]) -> list[str]:
    return [
        " | ".join(f"{name}: {text}" for name, text in zip(table[0], row, strict=True)) for row in table[1:]
    ]


@pytest.mark.parametrize(
    ("right", "lower"),
    [
        pytest.param(MORE, 0, id="same names in one line"),
        pytest.param(MORE, 16, id="same names, a row lower"),
        pytest.param(DUES, 16, id="other names, a row lower"),
        pytest.param(DUES, 8, id="half a row lower"),
    ],
)
def test_each_table_is_read_by_itself(right: list[tuple[str, str, str]], lower: float) -> None:
    page = cells(LEFT, 700, 16, ITEMS) + cells(RIGHT, 700 - lower, 16, right)
    assert rows(read(pdf([pdf_lines(page, 11)]))) == named(ITEMS) + named(right)


def test_titles_over_tables_of_the_same_names_stand_before_them() -> None:
    page = [(50.0, 716.0, "Invoice 4711"), (330.0, 716.0, "Invoice 4712")]
    page += cells(LEFT, 700, 16, ITEMS) + cells(RIGHT, 700, 16, MORE)
    found = rows(read(pdf([pdf_lines(page, 11)])))
    assert found[0] == "Invoice 4711 Item: Gasket | Invoice 4711 Qty: 4 | Invoice 4711 Price: 12.50"
    assert found[3] == "Invoice 4712 Item: Bolt | Invoice 4712 Qty: 9 | Invoice 4712 Price: 0.40"


def test_a_table_without_names_is_not_parted() -> None:
    page = cells((50, 150, 330, 430), 700, 16, [("Gasket", "4", "red", "12"), ("Valve", "2", "blue", "80")])
    assert rows(read(pdf([pdf_lines(page, 11)]))) == ["Gasket | 4 | red | 12", "Valve | 2 | blue | 80"]
