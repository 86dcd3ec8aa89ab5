"""Sentences with the probability that the answer lies in them."""

import pytest
import torch

from generator.composing.evidence import EvidenceTable
from generator.types import SourcePassage
from tests.generator.composing.tables import evidence, page

TEXT = "# Ports\n\nThe server listens on 8000. Workers have none.\n\n- the page on 8501\n- the rest on 9000"


def texts(table):
    return [table.text(unit) for unit in table.units]


def test_every_sentence_and_item_is_a_unit():
    table = evidence("Which port?", page(TEXT))
    assert texts(table) == [
        "Ports",
        "The server listens on 8000.",
        "Workers have none.",
        "- the page on 8501",
        "- the rest on 9000",
    ]


def test_the_mass_of_a_sentence_is_the_sum_over_its_spans():
    table = evidence("Which port?", page(TEXT), says={"8000": 0.2, "on 8000": 0.3, "the page on 8501": 0.1})
    mass = {table.text(unit): unit.mass for unit in table.units}
    assert mass["The server listens on 8000."] == pytest.approx(0.5 / 0.6)
    assert mass["- the page on 8501"] == pytest.approx(0.1 / 0.6)
    assert mass["Workers have none."] == 0.0


def test_a_span_over_two_sentences_belongs_to_neither():
    table = evidence("Which port?", page(TEXT), says={"8000. Workers": 0.5, "none": 0.5})
    assert [unit.mass for unit in table.units] == [0, 0, 0.5, 0, 0]


def test_nothing_possible_gives_no_mass_and_no_fault():
    table = evidence("Which port?", page(TEXT))
    assert not torch.isnan(torch.tensor([unit.mass for unit in table.units])).any()
    assert sum(unit.mass for unit in table.units) == 0


def test_pieces_of_a_unit_are_those_inside_it():
    table = evidence("Which port?", page(TEXT), page("一天。两天。", key="zh"))
    for unit in table.units:
        ranges = table.reading.ranges[unit.passage]
        text = table.reading.passages[unit.passage].text
        assert text[ranges[unit.first][0] : ranges[unit.last][1]] == table.text(unit).removeprefix("")
        assert unit.start <= ranges[unit.first][0]
        assert ranges[unit.last][1] <= unit.end


def test_a_sentence_that_was_not_kept_is_no_unit():
    passage = page(TEXT)
    whole = evidence("Which port?", passage)
    reading = whole.reading
    dropped = [
        r
        for r in reading.ranges[0]
        if not passage.text.index("Workers") <= r[0] < passage.text.index("\n\n- the page")
    ]
    reading.ranges[:] = [dropped]
    table = EvidenceTable("Which port?", reading, whole.distribution)
    assert "Workers have none." not in texts(table)
    assert len(table.units) == len(whole.units) - 1


def test_without_known_sentences_lines_are_units():
    table = evidence(
        "Which port?", SourcePassage(key="x", text="One. Two.\nThree.", before="Zero.\n", after="\nFour.")
    )
    assert texts(table) == ["One. Two.", "Three."]


def test_what_stands_over_a_unit_counts_for_it():
    text = "# Backups\n\n## Daily run\n\nThe schedule needs these things:\n\n- disk\n- time\n"
    table = evidence("backups daily schedule disk handbook", page(text, headings=["Handbook"]))
    disk = next(unit for unit in table.units if table.text(unit) == "- disk")
    alone, all_of_it = table.share(disk, around=False), table.share(disk)
    assert 0 < alone < all_of_it
    assert {"dai", "daily", "schedule", "schedul", "handbook"} & set(disk.around)
    assert all_of_it == pytest.approx(table.weights.share(disk.own, disk.around))


def test_a_row_is_known_by_the_names_before_it_and_a_line_of_figures_by_its_label():
    table = evidence(
        "Jim 2 oranges", page("Form of Jim\n\nOranges, fresh\n\n2 x $5.00 $10.00\n", name="receipt.txt")
    )
    figures = next(unit for unit in table.units if "$10" in table.text(unit))
    assert table.weights.share(figures.own) > 0.5, "its label is its own"
    assert "jim" in figures.around


def test_a_sentence_that_begins_before_the_passage_is_cut_to_it():
    passage = page("The cat sat on the mat. It slept.", within=("on the", "slept."))
    table = evidence("Where?", passage, says={"mat": 1.0})
    assert texts(table) == ["on the mat.", "It slept."]
    assert table.units[0].mass == 1.0
