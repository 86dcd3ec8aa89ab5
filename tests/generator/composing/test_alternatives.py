"""What else may answer."""

import pytest

from generator.composing import choice
from generator.composing.alternatives import other_evidence
from generator.composing.compose import compose
from generator.composing.question import asked_of
from tests.generator.composing.tables import evidence, page

QUESTION = "Which door opens?"


def found(*passages, says, refused=False):
    table = evidence(QUESTION, *passages, says=says)
    plan = compose(table, asked_of(QUESTION))
    if refused:
        choice.score(table, asked_of(QUESTION))
    sources = {passage.key: passage.text for passage in passages}
    return [
        (item.passage, sources[item.passage][item.start : item.end], item.probability)
        for item in other_evidence(table, None if refused else plan)
    ]


DOORS = page(
    "# Doors\n\nThe red door opens. The blue door opens. The old door opens. The new door opens.", key="a"
)


def test_the_best_sentences_that_are_not_shown_best_first():
    said = found(DOORS, says={"red": 0.5, "blue": 0.1, "old": 0.3, "new": 0.1})
    assert [text for _, text, _ in said][:1] == ["The old door opens."]
    assert len(said) == 2
    assert all("red" not in text for _, text, _ in said)
    assert said[0][2] == pytest.approx(0.3)


def test_a_refusal_has_the_best_of_every_passage():
    other = page("Doors are of wood. The green door opens.", key="b")
    last = page("Nothing here.", key="c")
    said = found(DOORS, other, last, says={"red": 0.2, "blue": 0.3, "green": 0.5}, refused=True)
    assert [(key, text) for key, text, _ in said] == [
        ("b", "The green door opens."),
        ("a", "The blue door opens."),
        ("c", "Nothing here."),
    ]


def test_headings_are_no_evidence():
    said = found(
        page("# Which door\n\nThe red one.", key="a"), says={"Which door": 0.9, "red": 0.1}, refused=True
    )
    assert [text for _, text, _ in said] == ["The red one."]


def test_items_that_are_shown_with_their_list_are_not_told_again():
    passage = page("These doors open:\n\n- red\n- blue\n\nThe roof is old.")
    said = found(passage, says={"These doors open": 0.8, "red": 0.1, "blue": 0.1})
    assert [text for _, text, _ in said] == ["The roof is old."]
