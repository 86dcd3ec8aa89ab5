"""Tables of Word: each value under its name, however cells are merged, nested, deleted or wrapped."""

import pytest

from ingestion.config import ParsingLimits
from tests.ingestion.parsers.office.word import cell, counted, para, read, row, run, table

DOWN, GOES_ON = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"


def across(columns: int) -> str:
    return f'<w:gridSpan w:val="{columns}"/>'


def test_cells_merged_down_stand_in_each_row() -> None:
    document = read(
        table(
            row("Zone", "Weight", "Price"),
            row(cell("Alpine", properties=DOWN), "light", "11"),
            row(cell(properties=GOES_ON), "medium", "19"),
            row("Coast", "light", "9"),
        )
    )
    assert document.text.splitlines() == [
        "Zone: Alpine | Weight: light | Price: 11",
        "Zone: Alpine | Weight: medium | Price: 19",
        "Zone: Coast | Weight: light | Price: 9",
    ]


def test_bold_cells_tell_names_from_labels() -> None:
    def bold(text: str) -> str:
        return cell(para(run(text, "<w:b/>")))

    form = table(
        row(bold("Colour"), "red", bold("Finish"), "matt"),
        row(bold("Steel"), "soft", bold("Made in"), "Riga"),
        row(bold("Use"), cell("outside", properties=across(3))),
    )
    assert read(form).text.splitlines() == [
        "Colour | red | Finish | matt",
        "Steel | soft | Made in | Riga",
        "Use | outside",
    ]
    named = table(row(bold("17"), bold("18")), row("Anna", "Ben"), row("Carl", "Dora"))
    assert read(named).text.splitlines() == ["17: Anna | 18: Ben", "17: Carl | 18: Dora"]
    whole = table(
        row(bold("Owner"), bold("Helga")), row(bold("Chassis"), bold("W-5")), row(bold("Year"), bold("2019"))
    )
    assert read(whole).text.splitlines() == ["Owner | Helga", "Chassis | W-5", "Year | 2019"]


def test_forms_and_captions() -> None:
    form = table(row("甲方", "山东某某公司"), row("乙方", "北京某某公司"), row("签订地点", "济南"))
    assert read(form).text.splitlines() == ["甲方 | 山东某某公司", "乙方 | 北京某某公司", "签订地点 | 济南"]
    listed = table(
        row(cell("Stock", properties=across(3))),
        row(cell("Unit: EUR", properties=across(2)), "Day: 3 May"),
        row("Item", "Price", "Tax"),
        row("Bolt", "1.20", "0.20"),
        row("Nut", "0.50", "0.10"),
    )
    assert read(listed).text.splitlines() == [
        "Stock Unit: EUR Day: 3 May",
        "",
        "Item: Bolt | Price: 1.20 | Tax: 0.20",
        "Item: Nut | Price: 0.50 | Tax: 0.10",
    ]


def test_a_merged_cell_that_has_text_is_not_lost() -> None:
    text = read(
        table(row("A", "B"), row(cell("x", properties=DOWN), "1"), row(cell("y", properties=GOES_ON), "2"))
    ).text
    assert text.splitlines() == ["A: x | B: 1", "A: y | B: 2"]


def test_two_rows_of_names_marked_or_reached_by_a_merged_one() -> None:
    marked = "<w:tblHeader/>"
    rows = (
        row("2023", "2023", "7"),
        row("2024", "2024", "9"),
    )
    both = table(
        row("City", cell("Sales", properties=across(2)), properties=marked),
        row("", "Plan", "Actual", properties=marked),
        *rows,
    )
    assert read(both).text.splitlines()[0] == "City: 2023 | Sales Plan: 2023 | Sales Actual: 7"
    reached = table(
        row(cell("City", properties=DOWN), cell("Sales", properties=across(2)), properties=marked),
        row(cell(properties=GOES_ON), "Plan", "Actual"),
        *rows,
    )
    assert read(reached).text.splitlines()[1] == "City: 2024 | Sales Plan: 2024 | Sales Actual: 9"


def test_a_mark_of_names_that_is_switched_off_is_none() -> None:
    off = row("1", "2", properties='<w:tblHeader w:val="0"/>')
    assert read(table(off, row("3", "4"))).text == "1 | 2\n3 | 4"


def test_rows_that_begin_in_a_later_column_and_old_merging_across() -> None:
    later = row("19", properties='<w:gridBefore w:val="1"/>')
    old = row(cell("total", properties='<w:hMerge w:val="restart"/>'), cell(properties="<w:hMerge/>"), "30")
    assert read(table(row("Zone", "Price"), row("Alpine", "11"), later)).text.splitlines()[1] == "Price: 19"
    assert read(table(row("Zone", "Class", "Price"), row("A", "b", "30"), old)).text.splitlines()[1] == (
        "Zone: total | Class: total | Price: 30"
    )


def test_a_title_over_all_columns_is_the_caption() -> None:
    document = read(
        table(row(cell("Prices of 2024", properties=across(2))), row("Item", "Price"), row("Lamp", "40"))
    )
    assert document.text == "Prices of 2024\n\nItem: Lamp | Price: 40"


def test_deleted_rows_and_cells_are_left_out_and_hidden_ones_counted() -> None:
    rows = (
        row("Item", "Price"),
        row("Chair", "80"),
        row("Stool", "35", properties='<w:del w:id="1"/>'),
        row("Bench", "12", properties="<w:hidden/>"),
        row("Desk", cell("99", properties='<w:cellDel w:id="2"/>'), "100"),
    )
    document = read(table(*rows))
    assert document.text.splitlines() == ["Item: Chair | Price: 80", "Item: Desk | Price: 100"]
    assert counted(document) == {"deleted rows of tables": 1, "hidden rows of tables": 1}
    assert "Item: Bench | Price: 12" in read(table(*rows), ParsingLimits(keep_hidden=True)).text


def test_a_table_inside_a_cell_is_read_in_its_cell() -> None:
    pairs = table(row("Power", "40 W"), row("Colour", "warm white"))
    named = table(row("Size", "Price", "Stock"), row("S", "10", "4"), row("L", "12", "0"))
    document = read(
        table(
            row("Name", "Details"), row("Lamp", cell(pairs, "<w:p/>")), row("Shirt", cell("By size:", named))
        )
    )
    assert document.text.splitlines() == [
        "Name: Lamp | Details: Power 40 W; Colour warm white",
        "Name: Shirt | Details: By size: Size: S, Price: 10, Stock: 4; Size: L, Price: 12, Stock: 0",
    ]


def test_a_table_that_lays_out_the_page_is_read_as_the_page() -> None:
    heading = '<w:outlineLvl w:val="1"/>'
    document = read(table(row(cell(para("Contact", properties=heading), "Call us."), "Side note.")))
    assert [block.kind.value for block in document.blocks] == ["heading", "paragraph", "paragraph"]


def test_rows_and_cells_in_controls_and_insertions() -> None:
    inserted = f"<w:ins>{row('Lamp', '40')}</w:ins>"
    control = f"<w:sdt><w:sdtContent>{row('Chair', '80')}</w:sdtContent></w:sdt>"
    wrapped = f"<w:tr><w:sdt><w:sdtPr/><w:sdtContent>{cell('Desk')}</w:sdtContent></w:sdt>{cell('99')}</w:tr>"
    text = read(table(row("Item", "Price"), inserted, control, wrapped)).text
    assert text.splitlines() == [
        "Item: Lamp | Price: 40",
        "Item: Chair | Price: 80",
        "Item: Desk | Price: 99",
    ]


def test_blocks_of_a_cell_are_parted_and_its_notes_follow_the_table() -> None:
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    rows = row("Name", "Price"), row(cell("Anna", "Berg"), cell(para("19", reference)))
    note = f'<w:footnote w:id="2">{para("Without tax.")}</w:footnote>'
    text = read(table(*rows) + para("After."), footnotes=note).text
    assert text == "Name: Anna Berg | Price: 19 [1]\n\n[1] Without tax.\n\nAfter."


@pytest.mark.parametrize("span", ["0", "-3", "x", "99999", "4"])
def test_senseless_spans_are_no_harm(span: str) -> None:
    wide = cell("wide", properties=f'<w:gridSpan w:val="{span}"/>')
    assert "wide" in read(table(row("a", "b"), row(wide), row(run("x") and "c", "d"))).text
