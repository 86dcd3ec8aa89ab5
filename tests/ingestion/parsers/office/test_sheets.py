"""Layouts of sheets: merged cells, rows of names, several tables on one sheet, pairs, notes."""

from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table

from tests.ingestion.parsers.office.test_xlsx import book, read


def lines(rows: list[list[Any]], merged: tuple[str, ...] = (), bold: str = "") -> list[str]:
    """Lines of a sheet with these rows, below its name and without empty ones."""

    def change(workbook: Workbook) -> None:
        sheet = workbook["s"]
        for area in merged:
            sheet.merge_cells(area)
        for line in sheet[bold] if bold else ():
            for cell in line:
                cell.font = Font(bold=True)

    return [line for line in read(book({"s": rows}, change)).text.split("\n") if line][1:]


def test_merged_cells_are_said_in_each_row_and_column() -> None:
    rows = [["Zone", "Class", "Price"], ["Alpine", "light", 11], [None, "medium", 19], ["Coast", "light", 9]]
    assert lines(rows, ("A2:A3",)) == [
        "Zone: Alpine | Class: light | Price: 11",
        "Zone: Alpine | Class: medium | Price: 19",
        "Zone: Coast | Class: light | Price: 9",
    ]
    assert lines([["Day", "Half", None], ["Mon", 1, 2]], ("B1:C1",)) == ["Day: Mon | Half: 1 | Half: 2"]


def test_a_merged_cell_over_many_rows_reaches_from_block_to_block() -> None:
    rows = [["Zone", "Price"], ["Alpine", 0], *([None, number] for number in range(1, 2500))]
    found = lines(rows, ("A2:A2501",))
    assert found[1999] == "Zone: Alpine | Price: 1999"
    assert len(found) == 2500 and all(line.startswith("Zone: Alpine | ") for line in found)


def test_a_merged_cell_over_an_empty_row_holds_the_table_together() -> None:
    rows = [["Zone", "Price"], ["Alpine", 11], [None, None], [None, 19]]
    assert lines(rows, ("A2:A4",))[-1] == "Zone: Alpine | Price: 19"


@pytest.mark.parametrize("merged", [("B1:C1", "D1:E1", "A1:A2"), ()])
def test_names_in_two_rows_are_joined_merged_or_not(merged: tuple[str, ...]) -> None:
    rows = [
        ["Region", "Sales", None, "Cost", None],
        [None, "Plan", "Actual", "Plan", "Actual"],
        ["East", 100, 120, 140, 160],
        ["West", 90, 95, 99, 101],
    ]
    assert (
        lines(rows, merged)[0]
        == "Region: East | Sales Plan: 100 | Sales Actual: 120 | Cost Plan: 140 | Cost Actual: 160"
    )


def test_names_in_three_rows_are_joined() -> None:
    rows = [
        ["部门", "收入", None, None, None],
        [None, "2023", None, "2024", None],
        [None, "上半年", "下半年", "上半年", "下半年"],
        ["研发部", 1, 2, 3, 4],
        ["市场部", 5, 6, 7, 8],
    ]
    merged = ("A1:A3", "B1:E1", "B2:C2", "D2:E2")
    assert lines(rows, merged)[1] == (
        "部门：市场部 | 收入 2023 上半年：5 | 收入 2023 下半年：6 | 收入 2024 上半年：7 | 收入 2024 下半年：8"
    )


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (["Name", 1, 2, 3], ["Anna", 8, 7, 8]),
        (["Plant", 2023, 2024], ["Mill", 1950, 2010]),
        (["部门", "1月", "2月", "3月"], ["研发部", 120, 135, 150]),
        (["Item", "Price", "Price"], ["Bolt", 1.25, 1.5]),
        ([None, "Q1", "Q2"], ["East", 1, 2]),
        (["Size", "10 kg", "20 kg"], ["Box", 3, 4]),
    ],
)
def test_names_that_look_like_numbers_or_repeat_are_names(names: list[Any], values: list[Any]) -> None:
    more = [value if isinstance(value, str) else value + 5 for value in values]
    expected = " | ".join(
        f"{name}{'：' if not str(name).isascii() else ': '}{value}" if name else str(value)
        for name, value in zip(names, values, strict=True)
    )
    assert lines([names, values, more])[0] == expected


def test_titles_above_and_notes_below_a_table_are_no_cells() -> None:
    rows = [
        ["Price list"],
        ["Valid from:", "2024-05-01"],
        ["Item", "Size", "Colour", "Price"],
        ["Bolt", "M4", "grey", 1.5],
        ["Nut", "M4", "grey", 0.5],
        ["All prices without tax"],
    ]
    assert lines(rows, ("A1:D1",)) == [
        "Price list",
        "Valid from: | 2024-05-01",
        "Item: Bolt | Size: M4 | Colour: grey | Price: 1.5",
        "Item: Nut | Size: M4 | Colour: grey | Price: 0.5",
        "All prices without tax",
    ]


def test_labels_with_their_values_above_a_table_are_no_names() -> None:
    rows = [
        ["设备清单"],
        ["单位：万元", None, None, "日期：2024年5月"],
        ["名称", "数量", "原值", "净值"],
        ["机床", 3, 120, 80],
        ["叉车", 2, 30, 12],
    ]
    assert lines(rows, ("A1:D1",)) == [
        "设备清单",
        "单位：万元 | 日期：2024年5月",
        "名称：机床 | 数量：3 | 原值：120 | 净值：80",
        "名称：叉车 | 数量：2 | 原值：30 | 净值：12",
    ]


def test_tables_side_by_side_are_read_one_after_the_other() -> None:
    rows = [
        ["Sales", None, None, "Staff"],
        ["Region", "Sum", None, "Name", "Age"],
        ["East", 5, None, "Anna", 30],
        ["West", 6, None, "Ben", 41],
        [None, None, None, "Cleo", 52],
    ]
    assert lines(rows) == [
        "Sales", "Region: East | Sum: 5", "Region: West | Sum: 6",
        "Staff", "Name: Anna | Age: 30", "Name: Ben | Age: 41", "Name: Cleo | Age: 52",
    ]  # fmt: skip


def test_an_empty_column_inside_a_table_parts_nothing() -> None:
    rows = [["Owner", None, "Helga"], ["Chassis", None, "WKX-55871"], ["Year", None, 2019]]
    assert lines(rows) == ["Owner | Helga", "Chassis | WKX-55871", "Year | 2019"]


def test_tables_below_each_other_have_their_own_names() -> None:
    rows = [
        ["Region", "Sum"],
        ["East", 5],
        ["West", 6],
        ["Costs"],
        ["Item", "Price"],
        ["Bolt", 3],
        ["Nut", 4],
    ]
    assert lines(rows)[2:] == ["Costs", "Item: Bolt | Price: 3", "Item: Nut | Price: 4"]
    apart = [*rows[:3], [], *rows[4:]]
    assert lines(apart)[2:] == ["Item: Bolt | Price: 3", "Item: Nut | Price: 4"]


def test_rows_after_an_empty_one_keep_the_names_of_their_table() -> None:
    rows = [["Region", "Sum"], ["East", 5], [], ["West", 6], [], ["Total", 11]]
    assert lines(rows) == ["Region: East | Sum: 5", "Region: West | Sum: 6", "Region: Total | Sum: 11"]


@pytest.mark.parametrize(
    "rows",
    [
        [["Owner", "Helga Brandt"], ["Chassis", "WKX-55871"], ["Year", 2019], ["Colour", "blue"]],
        [["Owner:", "Helga"], ["Colour:", "blue"]],
        [["车主：", "王海"], ["颜色：", "蓝"]],
    ],
)
def test_pairs_have_no_names_above(rows: list[list[Any]]) -> None:
    assert lines(rows) == [f"{label} | {value}" for label, value in rows]


def test_bold_cells_tell_names_from_labels() -> None:
    rows = [["Owner", "Helga"], ["Colour", "blue"], ["Model", "Atlas"]]
    assert lines(rows, bold="A1:A3") == ["Owner | Helga", "Colour | blue", "Model | Atlas"]
    assert lines([["1", "2"], ["5", "6"]], bold="A1:B1") == ["1: 5 | 2: 6"]


def test_a_defined_table_names_its_columns() -> None:
    def define(workbook: Workbook) -> None:
        workbook["s"].add_table(Table(displayName="T", ref="A1:B4"))

    rows = [["Part", "State"], ["A", "closed 2023"], ["B", 5], ["C", "open"]]
    assert read(book({"s": rows}, define)).text.split("\n")[2] == "Part: A | State: closed 2023"
    assert lines(rows)[0] == "Part | State"  # without it they look like pairs


def test_a_column_beyond_the_thousandth_is_kept() -> None:
    rows = [[f"c{number}x" for number in range(1200)], [f"v{number}" for number in range(1200)]]
    assert "c1199x: v1199" in lines(rows)[0]


def test_a_list_of_one_column_is_read_item_by_item() -> None:
    assert lines([["Countries"], ["France"], ["Latvia"]]) == ["Countries", "France", "Latvia"]
