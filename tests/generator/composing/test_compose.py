"""From evidence and a question to an answer."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.composing.compose import compose
from generator.composing.question import asked_of
from generator.types import Ink, Shape, SourcePassage
from tests.generator.composing.tables import answer, evidence, page, said
from tests.generator.composing.test_layout import passages


def test_nothing_read_gives_no_plan():
    passage = SourcePassage(key="p", text="one")
    table = evidence("What?", passage)
    table.units = []
    assert compose(table, asked_of("What?")) is None


@pytest.mark.parametrize(
    ("question", "text", "opening"),
    [
        ("Can I bring a dog?", "You can bring a dog.", "Yes. "),
        ("Can I bring a dog?", "You cannot bring a dog.", "No. "),
        ("可以带狗吗？", "可以带狗进入。", "是。"),
        ("可以带狗吗？", "不得带狗进入。", "否。"),
    ],
)
def test_yes_or_no_comes_first_in_the_language_of_the_question(question, text, opening):
    found = answer(question, page(text), says={text[:-1]: 1.0})
    assert (found.text, found.shape) == (opening + text, Shape.YES_NO)
    assert found.tokens[0].ink == Ink.WRITTEN
    assert found.parts == [("text", opening.strip()), ("text", text)]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Can I bring a dog?", "You can bring a dog unless it is loud."),
        ("Can't I bring a dog?", "You can bring a dog."),
        ("Can I not bring a dog?", "You can bring a dog."),
        ("可以带狗吗？", "除非得到许可，不得带狗进入。"),
        ("不可以带狗吗？", "可以带狗进入。"),
        ("Can I pay the ticket with Zippay?", "You can pay the ticket with a card."),
    ],
)
def test_a_condition_a_negated_question_or_another_name_gives_the_sentence_alone(question, text):
    found = answer(question, page(text), says={text[:-1]: 1.0})
    assert (found.text, found.shape) == (text, Shape.SENTENCE)


@pytest.mark.parametrize(
    ("question", "text", "word"),
    [
        ("Is the park free?", "Yes. You pay nothing for it.", "Yes"),
        ("Is the park free?", "No, you pay ten euros.", "No"),
        ("可以退款吗？", "可以。七天内全额退还。", "可以"),
        ("可以退款吗？", "不可以，款项一经支付概不退还。", "不可以"),
    ],
)
def test_a_source_that_says_yes_or_no_itself_is_not_told_twice(question, text, word):
    found = answer(question, page(f"# {question}\n\n{text}\n"), says={word: 1.0})
    assert (found.text, found.shape) == (text, Shape.YES_NO)
    assert [token.ink for token in found.tokens] == [Ink.COPIED]


def test_a_question_for_steps_about_a_text_without_any_gets_a_sentence():
    found = answer("How do I open the door?", page("The door is opened by Jim."), says={"by Jim": 1.0})
    assert (found.text, found.shape) == ("The door is opened by Jim.", Shape.SENTENCE)


def test_a_question_for_a_list_about_a_text_without_any_gets_a_sentence():
    found = answer("Which doors are there?", page("The door is red."), says={"red": 1.0})
    assert (found.text, found.shape) == ("The door is red.", Shape.SENTENCE)


def test_the_short_answer_stands_inside_the_text():
    passage = page("# Doors\n\nThe red door opens. The blue door is shut.")
    found = answer("Which door opens?", passage, says={"red": 1.0})
    number, start, end = found.core
    assert number == 0
    assert passage.text[start:end] == found.text


QUESTIONS = [
    "Which port?",
    "How do I a b?",
    "Which items are there?",
    "What types of a are there?",
    "Is a b?",
    "What is the difference between a and b?",
    "What is a?",
    "When?",
    "有哪些情形？",
    "中与条有什么区别？",
    "如何中条？",
    "可以中吗？",
]


@settings(max_examples=150)
@given(st.sampled_from(QUESTIONS), st.lists(passages(), min_size=1, max_size=3), st.data())
def test_whatever_is_read_what_is_copied_stands_in_its_source(question, drawn, data):
    read = [
        SourcePassage(
            key=str(number),
            text=one.text,
            before=one.before,
            after=one.after,
            blocks=one.blocks,
            sentences=_cut(one.text, data.draw(st.lists(st.integers(0, len(one.text)), max_size=4))),
        )
        for number, one in enumerate(drawn)
        if any(character.isalnum() for character in one.text)
    ]
    words = [word for one in read for word in one.text.split() if word.isalnum()]
    if not words:
        return
    chances = st.floats(0.01, 1.0)
    says = {
        word: data.draw(chances)
        for word in data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=4))
    }
    plan = compose(evidence(question, *read, says=says), asked_of(question))
    if plan is not None:
        shown = said(plan, read)
        assert shown.text.strip()
        assert len(shown.parts) == len(plan.stretches) + bool(plan.opening)
        assert plan.core is not None


def _cut(text, cuts):
    places = sorted({0, len(text), *cuts})
    return [(a, b) for a, b in pairwise(places) if text[a:b].strip()]


SNIPPETS = [
    "# Install\n\nRun:\n\n```\nmake run\n```\n\n1. Open the page.\n2. Ask.\n",
    "# 价格\n\n| 名称 | 价格 |\n|---|---|\n| 茶 | 3 |\n| 咖啡 | 5 |\n"
    "\n第一条 下列情形除外：\n\n（一）退货；\n\n（二）换货。\n",
    "It is a cache. This keeps data. First, it reads. Second, it writes.\n",
    "- a\n- b\n\nWhat is it?\n\nA list and a tuple differ: a list can change.\n",
]
QUESTIONS = [
    "How do I install it?",
    "Which items are there?",
    "What is the difference between a list and a tuple?",
    "咖啡多少钱？",
    "哪些情形除外？",
    "Can I ask?",
    "什么是价格？",
    "",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SNIPPETS), min_size=1, max_size=3), st.sampled_from(QUESTIONS), st.data())
def test_whatever_was_read_an_answer_can_be_planned(texts, question, data):
    read = []
    for number, text in enumerate(texts):
        whole = page(text, key=str(number))
        some = [span for span in whole.sentences if data.draw(st.booleans())]
        read.append(replace(whole, sentences=some or [(0, len(whole.text))]))
    words = [word for passage in read for word in re.findall(r"\w{3,}", passage.text)]
    chosen = data.draw(st.lists(st.sampled_from(words), max_size=3)) if words else []
    says = {word: data.draw(st.floats(0.01, 0.5)) for word in chosen if re.fullmatch(r"[a-zA-Z]+", word)}
    plan = compose(evidence(question, *read, says=says), asked_of(question))
    assert plan is None or said(plan, read).text
