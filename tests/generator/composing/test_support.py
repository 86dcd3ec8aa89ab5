"""How well each source of an answer is supported."""

from math import log

import pytest

from generator.composing.compose import compose
from generator.composing.plan import Plan, Stretch, tokens_of
from generator.composing.question import asked_of
from generator.composing.support import SUPPORT_SIGNALS, support_signals, supported
from generator.types import Ink, Shape
from tests.generator.composing.tables import evidence, page

WEIGHTS = {"confidence": 1.0, "margin": 0.5, "rank": 2.0, "arranged": 1.0, "bias": 0.0}


def support(table, plan, confidence=1.0):
    return {s.passage: s.support for s in supported(table, plan, confidence, WEIGHTS).stretches}


def planned(question, *passages, says):
    table = evidence(question, *passages, says=says)
    plan = compose(table, asked_of(question))
    assert plan is not None
    return table, plan


def test_the_margin_over_the_best_that_is_not_said():
    passage = page("The red door opens. The blue door opens.")
    clear, plan = planned("Which door opens?", passage, says={"red": 0.99, "blue": 0.01})
    far = support_signals(clear, plan, 0)["margin"]
    close, plan = planned("Which door opens?", passage, says={"red": 0.51, "blue": 0.49})
    assert far > 3 > 0.5 > support_signals(close, plan, 0)["margin"] > 0
    alone, plan = planned("Which door opens?", page("The red door opens."), says={"red": 1.0})
    assert support_signals(alone, plan, 0)["margin"] == 8.0


def test_a_source_far_back_in_the_search_is_supported_less():
    first, second = page("The red door opens.", key="a"), page("The blue door opens.", key="b", weight=0.5)
    table, plan = planned("Which door opens?", first, second, says={"red": 0.1, "blue": 0.9})
    assert [stretch.passage for stretch in plan.stretches] == [1]
    assert support_signals(table, plan, 1)["rank"] == pytest.approx(log(0.5))
    back = support(table, plan)
    table, plan = planned("Which door opens?", second, first, says={"red": 0.9, "blue": 0.1})
    assert back[1] < support(table, plan)[1]


def test_a_passage_that_counts_more_than_usual_gains_nothing():
    table, plan = planned("Which?", page("The red door.", weight=3.0), says={"red": 1.0})
    assert support_signals(table, plan, 0)["rank"] == 0.0


def test_that_another_sentence_scores_higher_says_nothing_against_a_list():
    items = page("These are free:\n\n- tea\n- milk\n\nThe free drinks of the house are famous.")
    table, plan = planned("Which drinks are free?", items, says={"famous": 0.9, "tea": 0.1})
    assert plan.shape == Shape.LIST
    told = support_signals(table, plan, 0)
    assert (told["margin"], told["arranged"]) == (0.0, 1.0)


def test_confidence_carries_over_and_without_weights_nothing_is_told():
    table, plan = planned("Which door opens?", page("The red door opens."), says={"red": 1.0})
    sure, unsure = (support(table, plan, odds)[0] for odds in (2.0, -6.0))
    assert 0 < unsure < 0.5 < sure < 1
    assert [s.support for s in supported(table, plan, 2.0, {}).stretches] == [None]
    assert set(SUPPORT_SIGNALS) | {"bias"} == set(WEIGHTS)


def test_every_copied_run_carries_its_support():
    passages = (page("Cats purr softly.\n\nThey sleep.", key="a"), page("Dogs bark loudly.", key="b"))
    said = [Stretch(0, 0, 17, support=0.75), Stretch(0, 19, 30, support=0.5), Stretch(1, 0, 17, support=0.25)]
    tokens = list(tokens_of(Plan(Shape.COMPARISON, said, opening="Yes. "), passages))
    copied = [(token.text, token.support) for token in tokens if token.ink == Ink.COPIED]
    assert copied == [("Cats purr softly.\n\nThey sleep.", 0.5), ("Dogs bark loudly.", 0.25)], "the least"
    assert {token.support for token in tokens if token.ink == Ink.WRITTEN} == {None}


@pytest.mark.parametrize(("shape", "left"), [(Shape.LIST, [0, 2]), (Shape.COMPARISON, [0, 1, 2])])
def test_a_further_source_that_is_not_supported_is_left_out_but_no_side_of_a_comparison(shape, left):
    passages = [
        page(f"The {word} door opens.", key=word, weight=weight)
        for word, weight in (("red", 0.1), ("blue", 0.1), ("green", 1.0))
    ]
    table = evidence("Which doors open?", *passages, says={"red": 0.5})
    plan = Plan(shape, [Stretch(p, 0, 10) for p in range(3)], core=table.units[0])
    found = supported(table, plan, 0.0, WEIGHTS)
    assert [stretch.passage for stretch in found.stretches] == left, "the main source always stays"
    assert len(plan.stretches) == 3, "the plan that was given stays as it was"
