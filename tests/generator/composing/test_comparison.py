"""Answers to questions for a difference."""

import pytest

from generator.types import Shape
from tests.generator.composing.tables import answer, page

QUESTION = "What is the difference between a list and a tuple?"


def test_one_sentence_that_names_both_sides():
    text = "Both are sequences. A list can be changed, while a tuple is fixed. Sets are something else."
    said = answer(QUESTION, page(text), says={"fixed": 0.6, "sequences": 0.4})
    assert said.shape == Shape.COMPARISON
    assert "A list can be changed, while a tuple is fixed." in said.text
    assert len({token.passage for token in said.tokens}) == 1


def test_one_sentence_for_each_side_from_two_passages():
    a = page("# Lists\n\nA list can be changed at any time.\n", key="a")
    b = page("# Tuples\n\nA tuple is fixed for ever.\n", key="b")
    said = answer(QUESTION, a, b, says={"changed at any time": 0.7, "fixed for ever": 0.3})
    assert said.shape == Shape.COMPARISON
    assert said.text == "A list can be changed at any time.\n\nA tuple is fixed for ever."
    assert [token.passage for token in said.tokens if token.passage] == ["a", "b"]


def test_the_sides_come_in_the_order_of_the_question():
    a = page("A list can be changed at any time.", key="a")
    b = page("A tuple is fixed for ever.", key="b")
    said = answer(
        "What is the difference between a tuple and a list?", a, b, says={"changed": 0.7, "fixed": 0.3}
    )
    assert said.text.startswith("A tuple")


def test_chinese_sides_each_by_its_sentence():
    text = "定金是合同履行的担保，违约的不予返还。\n\n今天下雨。\n\n订金是预付的款项，可以返还。"
    said = answer("定金和订金有什么区别？", page(text, name="a.txt"), says={"担保": 0.5, "预付": 0.5})
    assert said.shape == Shape.COMPARISON
    assert said.text == "定金是合同履行的担保，违约的不予返还。\n\n订金是预付的款项，可以返还。"


def test_a_table_that_has_both_sides_in_its_rows_is_given_whole():
    text = "Words about plans.\n\n| | Basic plan | Pro plan |\n|---|---|---|\n| Seats | 3 | 10 |\n| Price | 5 | 50 |\n"
    said = answer(
        "What is the difference between the Basic plan and the Pro plan?", page(text), says={"10": 1.0}
    )
    assert said.shape == Shape.COMPARISON
    assert {kind for kind, _ in said.parts} == {"row"}
    assert "10" in said.text
    assert "50" in said.text


@pytest.mark.parametrize("text", ["A list can be changed.", "The roof is red."])
def test_a_side_that_nothing_is_said_of_gives_no_comparison(text):
    said = answer(QUESTION, page(text), says={text[:-1]: 1.0})
    assert said.shape != Shape.COMPARISON
    assert said.text == text


def test_sides_that_are_not_named_or_the_same_give_no_comparison():
    said = answer("What is different?", page("Everything is different now."), says={"Everything": 1.0})
    assert said.shape != Shape.COMPARISON
    same = answer(
        "What is the difference between a list and a list?", page("A list is fixed."), says={"fixed": 1.0}
    )
    assert same.shape != Shape.COMPARISON


def test_a_sentence_that_names_both_alike_sets_nothing_against_each_other():
    a = page("Every list or tuple file has a name.", key="a")
    b = page("# Kinds\n\nA list can be changed at any time.\n\nA tuple is fixed for ever.\n", key="b")
    said = answer(QUESTION, a, b, says={"has a name": 0.8, "changed at any time": 0.1, "fixed for ever": 0.1})
    assert said.text == "A list can be changed at any time.\n\nA tuple is fixed for ever."


def test_of_a_table_with_both_sides_the_rows_that_were_asked_for():
    text = "| | Basic plan | Pro plan |\n|---|---|---|\n| Seats | 3 | 10 |\n| Price | 5 | 50 |\n| Storage | 1 | 9 |\n"
    question = "What is the difference in price between the Basic plan and the Pro plan?"
    said = answer(question, page(text), says={"50": 1.0})
    assert "50" in said.text
    assert "Seats" not in said.text


def test_a_table_that_says_nothing_of_what_was_asked_yields_to_the_section_that_does():
    rows = page(
        "| | Basic plan | Pro plan |\n|---|---|---|\n| Seats | 3 | 10 |\n| Price | 5 | 50 |\n", key="a"
    )
    text = "# Backups\n\nThe Basic plan has no backups.\n\nThe Pro plan makes backups every hour.\n"
    question = "How do backups differ between the Basic plan and the Pro plan?"
    said = answer(question, rows, page(text, key="b"), says={"every hour": 0.9, "50": 0.1})
    assert said.text == "The Basic plan has no backups.\n\nThe Pro plan makes backups every hour."


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "个税上居民个人和非居民个人有什么不同？",
            "居民个人就全部所得缴税。\n\n今天下雨。\n\n非居民个人只就境内所得缴税。",
        ),
        (
            "覆盖写的时候 CephFS 和 JuiceFS 的做法有什么区别？",
            "CephFS 直接修改对象。\n\n今天下雨。\n\nJuiceFS 写入新的对象。",
        ),
    ],
)
def test_a_side_is_told_from_another_that_holds_its_name_and_from_what_it_is_about(question, text):
    first, rain, second = text.split("\n\n")
    said = answer(
        question, page(text, name="a.txt"), says={first[:-1]: 0.4, rain[:-1]: 0.3, second[:-1]: 0.3}
    )
    assert said.text == f"{first}\n\n{second}"
