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


DUTIES = [
    (
        ("Inspection of all cranes", "and of the life belts"),
        ("Only with the consent of", "the works council"),
        "45 EUR",
    ),
    (("Watch",), ("Reachable by telephone at", "any time of the day"), "12 EUR"),
    (("Pilots of large vessels", "on Sundays"), ("Paid in addition to the", "usual wage"), "60 EUR"),
]


@pytest.mark.parametrize("shift", [0, 6.5])
def test_all_cells_of_a_row_may_wrap(shift: float) -> None:
    y, lines = 700.0, [(60, 720, "Duty"), (230, 720, "Terms"), (420, 720, "Rate")]
    for duty, terms, rate in DUTIES:
        lines += [(420, y - shift, rate)]
        lines += [(60, y - 13 * at - (shift if len(duty) == 1 else 0), text) for at, text in enumerate(duty)]
        lines += [(230, y - 13 * at, text) for at, text in enumerate(terms)]
        y -= 33
    assert rows(read(pdf([pdf_lines(lines, 11)]))) == [
        f"Duty: {' '.join(duty)} | Terms: {' '.join(terms)} | Rate: {rate}" for duty, terms, rate in DUTIES
    ]


def test_rows_in_groups_stay_rows() -> None:
    table = [("North", "Ada", "4"), ("South", "Kim", ""), ("West", "Bo", "2"), ("East", "Li", ""), ("Port", "Jo", "9"),
             ("Quay", "Max", "")]  # fmt: skip
    lines = [(60, 720, "Team"), (110, 720, "Player"), (170, 720, "Goals")]
    for at, row in enumerate(table):
        lines += cells((60, 110, 170), 700 - 33 * (at // 2) - 13 * (at % 2), 0, [row])
    assert rows(read(pdf([pdf_lines(lines, 11)])))[:2] == [
        "Team: North | Player: Ada | Goals: 4",
        "Team: South | Player: Kim",
    ]


VALUES = [("Birkental", "12400", "1911"), ("Oakridge", "8050", "1956"), ("Willow", "930", "2004")]


@pytest.mark.parametrize(("line", "gap", "row"), [(13, 34, 20), (14, 24, 18), (12, 20, 16)])
def test_names_of_columns_in_two_lines(line: float, gap: float, row: float) -> None:
    names = [("Stop", "Riders", "Built"), ("or halt", "a day", "in")]
    lines = [*cells((60, 200, 340), 720, line, names), *cells((60, 200, 340), 720 - line - gap, row, VALUES)]
    assert rows(read(pdf([pdf_lines(lines, 11)])))[0] == (
        "Stop or halt: Birkental | Riders a day: 12400 | Built in: 1911"
    )


def test_a_name_that_is_higher_than_the_others() -> None:
    lines = [(200, 726.5, "Riders per"), *cells((60, 340), 720, 0, [("Stop", "Built")]), (200, 713.5, "day")]
    lines += cells((60, 200, 340), 686, 20, VALUES)
    document = read(pdf([pdf_lines(lines, 11)]))
    assert [block.kind for block in document.blocks] == [BlockKind.TABLE]
    assert rows(document)[0] == "Stop: Birkental | Riders per day: 12400 | Built: 1911"


def test_the_last_line_of_a_cell_in_the_last_row() -> None:
    lines = cells((60, 200, 340), 720, 20, [("Stop", "Note", "Built"), *VALUES])
    lines += [(60, 640, "Linden"), (340, 640, "1987"), (200, 646.5, "Closed on"), (200, 633.5, "holidays")]
    document = read(pdf([pdf_lines(lines, 11)]))
    assert [block.kind for block in document.blocks] == [BlockKind.TABLE]
    assert rows(document)[-1].endswith("Note: Closed on holidays | Built: 1987")


def test_columns_that_stand_close_to_each_other() -> None:
    table = [("Code", "Part", "Count"), ("4000", "Bolt", "12"), ("4007", "Nut", "7"), ("4014", "Rod", "31")]
    document = read(pdf([pdf_lines(cells((60, 100.5, 240), 700, 18, table), 11)]))
    assert rows(document)[1] == "Code: 4007 | Part: Nut | Count: 7"


def test_the_number_of_a_chapter_is_no_column() -> None:
    table = [(f"{at}", name, f"{2 * at}") for at, name in enumerate(["Foo", "Bar", "Baz", "Qux"], start=1)]
    document = read(pdf([pdf_lines(cells((60, 77, 400), 700, 18, table), 11)]))
    assert rows(document)[0] == "1 Foo | 2"


PARTS = [(f"{4000 + 7 * at}", ("Bolt", "Nut", "Rod")[at % 3], f"{at % 17 + 1}") for at in range(60)]


@pytest.mark.parametrize(
    "footer", [[(250, 30, "Strictly for dealers")], [(60, 30, "Parts of"), (450, 30, "Page 1")]]
)
def test_names_go_on_past_footers_and_running_titles(footer: list[tuple[float, float, str]]) -> None:
    names = [("Code", "Part", "Count")]
    parts = [[*names, *PARTS[:20]], PARTS[20:40], PARTS[40:]]
    pages = [
        pdf_lines([*cells((60, 160, 260), 740, 30, part), *footer, (60, 770, "Parts in stock")], 11)
        for part in parts
    ]
    found = rows(read(pdf(pages)))
    assert [row for row in found if row.startswith("Code: ")] == [
        f"Code: {code} | Part: {part} | Count: {count}" for code, part, count in PARTS
    ]


@pytest.mark.parametrize("heading", ["", "Towns"])
def test_another_table_of_the_same_form_has_its_own_names(heading: str) -> None:
    parts = [("Code", "Part", "Count"), *PARTS[:5]]
    towns = [("Oslo", "Mr A", "12"), ("Xian", "Ms B", "7"), ("Lund", "Mr C", "8")]
    places = (60, 160, 260)
    second = pdf_lines([(60, 770, heading)], 20) + "\n" if heading else ""
    second += pdf_lines(cells(places, 740, 0, [("Town", "Mayor", "Votes")]), 11, font="F2") + "\n"
    second += pdf_lines(cells(places, 722, 18, towns), 11)
    first = pdf_lines(cells(places, 300, 0, parts[:1]), 11, font="F2") + "\n"
    first += pdf_lines(cells(places, 282, 18, parts[1:]), 11)
    assert rows(read(pdf([first, second])))[-3:] == [
        "Town: Oslo | Mayor: Mr A | Votes: 12",
        "Town: Xian | Mayor: Ms B | Votes: 7",
        "Town: Lund | Mayor: Mr C | Votes: 8",
    ]
