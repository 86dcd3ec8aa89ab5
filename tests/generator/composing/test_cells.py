"""Which cell of a row a question asks for."""

import pytest

from generator.composing import choice
from generator.composing.cells import cell_asked_for
from generator.composing.question import asked_of
from tests.generator.composing.tables import evidence, page

NAMED = "| Step | MySQL | TiKV |\n|---|---|---|\n| mkdir | 2042 | 1237 |\n| rmdir | 2361 | 1408 |\n"


def cell(question, text, row):
    table = evidence(question, page(text), says={row: 1.0})
    choice.score(table, asked_of(question))
    unit = next(unit for unit in table.units if row in table.text(unit))
    first, last = cell_asked_for(table, unit)
    ranges = table.reading.ranges[0]
    return table.reading.passages[0].text[ranges[first][0] : ranges[last][1]]


@pytest.mark.parametrize(("column", "value"), [("MySQL", "2042"), ("TiKV", "1237")])
def test_the_column_that_is_named_has_the_value(column, value):
    assert cell(f"How long does mkdir take on {column}?", NAMED, "mkdir").strip() == value


def test_a_row_whose_columns_are_not_asked_for_is_whole():
    whole = cell("How long does mkdir take?", NAMED, "mkdir")
    assert "2042" in whole
    assert "1237" in whole


def test_text_that_is_no_row_is_whole():
    assert (
        cell("How long does it take?", "It takes: two days. Then it ends.", "two days")
        == "It takes: two days."
    )
