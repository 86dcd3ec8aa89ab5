"""What speaks for an answer being right."""

from math import log

import pytest

from generator.composing.compose import compose
from generator.composing.question import asked_of
from generator.composing.signals import SIGNALS, signals, weigh
from tests.generator.composing.tables import evidence, page


def signals_of(question, *passages, says):
    table = evidence(question, *passages, says=says)
    plan = compose(table, asked_of(question))
    return signals(asked_of(question), table, plan)


def test_every_signal_is_told_in_its_order():
    found = signals_of("Which door?", page("The red door opens."), says={"red": 1.0})
    assert tuple(found) == SIGNALS


def test_the_probability_of_what_is_said_and_of_what_is_not():
    passage = page("The red door opens. The blue door is shut.")
    found = signals_of("Which door opens?", passage, says={"red": 0.75, "blue": 0.25})
    assert found["mass"] == pytest.approx(log(0.75))
    assert found["runner_up"] == pytest.approx(log(0.25))
    alone = signals_of("Which door opens?", page("The red door opens."), says={"red": 1.0})
    assert (alone["mass"], alone["runner_up"]) == (pytest.approx(0.0), pytest.approx(log(0.02)))


def test_words_of_the_question_that_the_answer_says_or_that_stand_over_it():
    passage = page("# Garden doors\n\nThe red one opens.")
    found = signals_of("Which garden doors?", passage, says={"red": 1.0})
    assert found["said"] < found["covered"]


@pytest.mark.parametrize(
    ("question", "missing"),
    [("JIM买了什么？", 0.0), ("谁见过Jim？", 0.0), ("谁见过Ann？", 1.0)],
)
def test_names_that_the_passage_does_not_hold(question, missing):
    found = signals_of(question, page("In 2021 Jim bought a boat."), says={"boat": 1.0})
    assert found["names_missing"] == missing


def test_a_word_that_looks_like_a_name_is_held_by_its_translation():
    passage = page("集群用 etcd 保存元数据。")

    def missing(translated):
        asked = asked_of("Where does Cluster Mode keep it?")
        table = evidence(asked.question, passage, says={"etcd": 1.0}, translated=translated)
        return signals(asked, table, compose(table, asked))["names_missing"]

    assert missing(()) == 1.0
    assert missing([("Cluster", ["集群"]), ("Mode", ["模式"])]) == 0.5


@pytest.mark.parametrize(
    "question", ["What did Jim buy?", "What was bought?", "What was bought in 2021?", "他在2021年买了什么？"]
)
def test_words_that_are_no_names_do_not_count(question):
    found = signals_of(question, page("In 2021 Jim bought a boat."), says={"boat": 1.0})
    assert found["names_missing"] == 0.0


def test_the_shape_is_a_signal():
    items = page("These are free:\n\n- tea\n- milk")
    assert signals_of("Which drinks are free?", items, says={"These are free": 1.0})["structure"] == 1.0
    rows = page("Plan | Seats | Price\nBasic | 3 | 5\nPro | 10 | 50", name="t.txt")
    assert signals_of("How many seats has Pro?", rows, says={"10": 1.0})["row"] == 1.0


def test_signals_are_weighed_and_unknown_ones_count_nothing():
    assert weigh({"a": 2.0, "b": 3.0}, {"a": 0.5, "bias": -1.0, "c": 9.0}) == pytest.approx(0.0)
    assert weigh({}, {}) == 0.0
