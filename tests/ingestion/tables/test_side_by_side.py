"""Tables in one grid that have the same names, and one table whose groups of columns have."""

import pytest

from ingestion.tables.grid import Cell, Grid, grid_of
from ingestion.tables.side_by_side import parted


def texts(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in row] for row in grid.rows]


def test_names_that_all_come_again_begin_another_table() -> None:
    left, right = parted(
        grid_of(
            [
                ["Item", "Price", "Item", "Price"],
                ["Bolt", "1", "Nut", "2"],
                ["Hose", "3"],
                ["", "", "Tap", "4"],
            ],
            header_rows=1,
        )
    )
    assert texts(left) == [["Item", "Price"], ["Bolt", "1"], ["Hose", "3"], ["", ""]]
    assert texts(right) == [["Item", "Price"], ["Nut", "2"], ["", ""], ["Tap", "4"]]
    assert left.header_rows == right.header_rows == 1


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["Region", "Plan", "Sold", "Plan", "Sold"], id="a column says what the row is about"),
        pytest.param(["Item", "Price", "Item", "Sum"], id="other names"),
        pytest.param(["", "", "", ""], id="no names"),
        pytest.param(["Value", "Value", "Value", "Value"], id="one name"),
    ],
)
def test_one_table_stays_one(names: list[str]) -> None:
    grid = grid_of([names, ["1"] * len(names)], header_rows=1)
    assert parted(grid) == [grid]


def test_a_name_over_both_tables_stands_in_each_and_a_value_once() -> None:
    rows = [
        [Cell("2024", columns=4)],
        [Cell("Item"), Cell("Price"), Cell("Item"), Cell("Price")],
        [Cell("Bolt"), Cell("sold out", columns=3)],
    ]
    left, right = parted(Grid(rows=rows, header_rows=2))
    assert texts(left) == [["2024"], ["Item", "Price"], ["Bolt", "sold out"]]
    assert texts(right) == [["2024"], ["Item", "Price"], [""]]
    assert left.rows[0][0].columns == right.rows[0][0].columns == 2


def test_labels_that_come_again_beside_their_values_are_two_lists() -> None:
    rows = [
        ["Bill to", "Berg", "Ship to", "Ek"],
        ["Street", "Elm", "Street", "Oak"],
        ["City", "Riga", "City", "Oslo"],
    ]
    assert [texts(part)[0] for part in parted(grid_of(rows, header_rows=0))] == [
        ["Bill to", "Berg"],
        ["Ship to", "Ek"],
    ]
    rows[1][2] = "Owner"
    assert len(parted(grid_of(rows, header_rows=0))) == 1
