"""The grid of tables: spans, rows of names, bounds."""

import time

import pytest

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.sniff import TEXT
from ingestion.tables.grid import MAX_COLUMNS, Cell, Grid, grid_of, spread
from ingestion.tables.header_rows import count_header_rows, without_caption
from ingestion.tables.naming import named_cells


def _lines(grid: Grid) -> list[str]:
    writer = CanonicalWriter(ParsingLimits())
    writer.grid(grid)
    return writer.build(media_type=TEXT).text.split("\n")


def _cells(*texts: str) -> list[Cell]:
    return [Cell(text) for text in texts]


def test_a_cell_over_rows_is_said_in_each():
    grid = Grid(
        rows=[
            _cells("Zone", "Class", "Price"),
            [Cell("Alpine", rows=2), *_cells("light", "11")],
            _cells("medium", "19"),
            _cells("Coast", "light", "9"),
        ]
    )

    assert _lines(grid) == [
        "Zone: Alpine | Class: light | Price: 11",
        "Zone: Alpine | Class: medium | Price: 19",
        "Zone: Coast | Class: light | Price: 9",
    ]


@pytest.mark.parametrize(
    "above",
    [
        [Cell("Region", rows=2), Cell("2023", columns=2), Cell("2024", columns=2)],
        _cells("Region", "2023", "", "2024", ""),
    ],
)
def test_names_in_two_rows_are_joined(above: list[Cell]):
    corner = [] if above[0].rows == 2 else [Cell("")]
    grid = Grid(
        rows=[
            above,
            [*corner, *_cells("Q1", "Q2", "Q1", "Q2")],
            _cells("East", "100", "120", "140", "160"),
            _cells("West", "90", "95", "99", "101"),
        ]
    )

    assert _lines(grid)[0] == "Region: East | 2023 Q1: 100 | 2023 Q2: 120 | 2024 Q1: 140 | 2024 Q2: 160"


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["部门", "1月", "2月"], ["研发部", "120", "135"], ["市场部", "80", "95"]], ["部门", "1月", "2月"]),
        ([["Item", "Price", "Price"], ["Bolt", "1.20", "1.30"]], ["Item", "Price", "Price"]),
        ([["Name", "2021", "2022"], ["Seal", "13", "14"]], ["Name", "2021", "2022"]),
        ([["Plan", "Sauna"], ["Basic", "no"]], ["Plan", "Sauna"]),
        ([["Gasket", "42"], ["Seal", "13"]], []),
        ([["2021", "12"], ["2022", "13"]], []),
        ([["Total", "12 kg"], ["Part", "9 kg"]], []),
        ([["x" * 80, "y"], ["a", "b"]], []),
    ],
)
def test_the_first_row_names_the_columns_where_it_differs_from_those_below(
    rows: list[list[str]], names: list[str]
):
    assert named_cells(grid_of(rows))[0] == names


def test_marked_head_cells_tell_more_than_their_looks():
    grid = Grid(rows=[[Cell("1", is_name=True), Cell("2", is_name=True)], _cells("3", "4")])

    assert _lines(grid) == ["1: 3 | 2: 4"]


def test_a_caption_stands_above_and_a_row_of_one_cell_without_a_name():
    grid = Grid(
        rows=[_cells("Plan", "Fee"), [Cell("Summer", columns=2)], _cells("Gold", "75")],
        header_rows=1,
        caption="Prices of May",
    )

    assert _lines(grid) == ["Prices of May", "", "Summer", "Plan: Gold | Fee: 75"]


def test_rows_of_unequal_length_and_overlapping_spans():
    grid = Grid(rows=[[Cell("a", rows=9), Cell("b")], [Cell("c")], []], header_rows=0)

    assert _lines(grid) == ["a | b", "a | c", "a"]


def test_what_spans_fill_has_a_bound():
    started = time.process_time()
    places = spread([[Cell("x", rows=10_000, columns=10_000)] * 3 for _ in range(2_000)])

    assert max(map(len, places)) <= MAX_COLUMNS + 2  # cells themselves are never lost
    assert sum(map(len, places)) < 300_000
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        # pairs of a label and a value
        ([["Owner", "Helga"], ["Chassis", "WKX-55871"], ["Year", "2019"], ["Colour", "blue"]], 0),
        ([["Owner:", "Helga"], ["Colour:", "blue"]], 0),
        ([["Total revenue", "$500"], ["Net profit", "$200"]], 0),
        ([["Field", "Value"], ["Chassis", "WKX-55871"], ["Year", "2019"], ["Colour", "blue"]], 1),
        # forms: several pairs in a row, words beside words, and tables that only begin like forms
        ([["姓名", "张三", "性别", "男"], ["年龄", "28", "民族", "汉"], ["电话", "138", "籍贯", "山东"]], 0),
        (
            [
                ["Project", "Dam", "Phone", "12-3"],
                ["Start", "2024-01-01", "Budget", "120k"],
                ["Place", "Oslo", "End", "8"],
            ],
            0,
        ),
        ([["姓 名", "李梅", "性 别", "女"], ["出 生", "1990", "电 话", "138"]], 0),
        ([["甲方", "山东某某公司"], ["乙方", "北京某某公司"], ["签订地点", "济南"]], 0),
        ([["Colour", "red"], ["Material", "steel"], ["Finish", "matt"]], 0),
        ([["姓名：张三", "性别：男"], ["年龄：28", "民族：汉"]], 0),
        ([["姓名", "电话"], ["张三", "138"], ["李四", "139"]], 1),
        ([["姓名", "张三", "李四", "王五"], ["年龄", "28", "30", "31"], ["电话", "138", "139", "137"]], 1),
        ([["Name", "Age", "City", "Phone"], ["Anna", "28", "Riga", "12"], ["Ben", "30", "Oslo", "34"]], 1),
        # pairs of plain words, of which only the first value tells that they have no names
        ([["Owner", "Helga Brandt"], ["Dealer", "Nordhaus"], ["Place", "Kiel"]], 0),
        ([["Owner", "Helga"], ["Tenant", "Paul"], ["Witness", "Ines"]], 0),
        ([["Registered keeper", "Helga Brandt"], ["Used by", "Nordhaus"], ["Garage", "Kiel"]], 0),
        ([["Lead engineer", "Ana de Souza"], ["Stand-in", "Bo"], ["Supervisor", "Kim"]][::2], 0),
        ([["车主", "王海伦"], ["供应商", "北方钢铁厂"], ["经办人", "李强"]], 0),
        ([["Buyer", "Nordhaus AG"], ["Seller", "Kiel Marine"]], 0),
        # names of columns over plain words
        ([["Country", "Capital"], ["France", "Paris"], ["Peru", "Lima"]], 1),
        ([["Model", "Engine"], ["Astra", "diesel"], ["Corsa", "petrol"]], 1),
        ([["Product", "Supplier"], ["Rope", "Nordhaus"], ["Anchor", "Kiel Marine"]], 1),
        ([["Employee", "Home Office"], ["Anna", "Riga"], ["Ben", "Oslo"]], 1),
        ([["Abbreviation", "Meaning"], ["EU", "European Union"], ["UN", "United Nations"]], 1),
        ([["Owner", "Boat"], ["Anna", "Heron"], ["Ben", "Gull"]], 1),
        ([["Driver", "Route"], ["Kim", "North"], ["Bo", "South"]], 1),
        ([["Feature", "Basic Plan"], ["Sauna", "no"], ["Pool", "yes"]], 1),
        ([["国家", "首都"], ["法国", "巴黎"], ["秘鲁", "利马"]], 1),
        ([["English", "German"], ["house", "Haus"], ["tree", "Baum"]], 1),
        # words alone
        ([["Name", "City"], ["Anna", "Riga"], ["Ben", "Oslo"]], 1),
        ([["Name", "Address"], ["Anna", "Main St 1 Riga"], ["Ben", "Oslo"]], 1),
        ([["Name", "City", ""], ["Anna", "Riga", "x"], ["Ben", "Oslo", "y"]], 1),
        # prices among which one is none, and a row of totals
        ([["Item", "Price"], ["Bolt", "1.20"], ["Nut", "n/a"], ["Screw", "0.50"]], 1),
        ([["Item", "Price"], ["Bolt", "1.20"], ["Nut", "2"], ["Total", "3.20"]], 1),
        # an empty corner, counted names, years over years
        ([["", "Q1", "Q2"], ["East", "1", "2"], ["West", "3", "4"]], 1),
        ([["Day", "1", "2", "3"], ["Anna", "8", "7", "8"], ["Ben", "6", "6", "7"]], 1),
        ([["Plant", "2023", "2024"], ["Mill", "1950", "2010"]], 1),
        ([["Anna", "8", "7", "8"], ["Ben", "6", "6", "7"]], 0),
        ([["Anna", "1", "2", "3"], ["Ben", "4", "5", "6"]], 0),
        ([["2021", "2022", "2023"], ["1", "2", "3"], ["4", "5", "6"]], 1),
        ([["1", "2", "3"], ["4", "5", "7"]], 0),
        # counted words, over words with numbers, but not over more of their own kind
        ([["Room", "Floor 1", "Floor 2"], ["A", "Meeting 3", "Office 4"], ["B", "Office 5", "Store 6"]], 1),
        ([["Anna", "Room 1", "Room 2"], ["Ben", "Room 3", "Room 1"]], 0),
        # units below the names
        ([["名称", "长度", "重量"], ["", "(m)", "(kg)"], ["钢管", "6", "20"], ["角钢", "4", "15"]], 2),
        # long names over numbers
        ([["Item", "Price in euros " * 6], ["Bolt", "1.20"]], 1),
        # names over names, and a row of values that only looks so
        ([["", "Plan", "", "Done", ""], ["Unit", "A", "B", "A", "B"], ["x", "1", "2", "3", "4"]], 2),
        ([["Time", "Temp", "Temp"], ["", "C", "F"], ["9:00", "20", "68"], ["10:00", "21", "70"]], 2),
        (
            [
                ["Region", "2023", "", "", "", "2024", ""],
                ["", "H1", "", "H2", "", "H1", ""],
                ["", "Plan", "Done", "Plan", "Done", "Plan", "Done"],
                ["North", "1", "2", "3", "4", "5", "6"],
            ],
            3,
        ),
        ([["Name", "Plan", ""], ["Bolt", "5", "6"], ["Nut", "7", "8"]], 1),
        ([["only"], ["one"]], 0),
    ],
)
def test_rows_of_names_are_told_by_their_cells(rows: list[list[str]], count: int):
    assert count_header_rows(spread(grid_of(rows).rows)) == count


def test_a_name_over_two_columns_of_one_row():
    grid = Grid(rows=[[Cell("Day"), Cell("Half", columns=2)], _cells("Mon", "1", "2")])

    assert _lines(grid) == ["Day: Mon | Half: 1 | Half: 2"]


def test_rows_above_the_names_are_the_caption():
    said = [Cell("Unit: EUR", columns=2), Cell("日期：2024年5月")]
    names, values = _cells("Name", "Price", "Tax"), _cells("Bolt", "1.20", "0.20")

    assert without_caption([[Cell("Stock", columns=3)], said, names, values]) == (
        "Stock Unit: EUR 日期：2024年5月",
        [names, values],
    )
    form = [
        _cells("Name: Ann", "Sex: f"),
        _cells("Age: 28", "Town: Oslo"),
        _cells("Height: 1.70", "Weight: 60"),
    ]
    assert without_caption(form) == ("", form)
