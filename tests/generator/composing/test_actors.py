"""Parties before the modal verb."""

import pytest

from generator.composing.actors import asks_of_another

EMPLOYEE_MAY = "第三十八条 用人单位有下列情形之一的，劳动者可以解除劳动合同:"
EMPLOYER_MAY = "第三十九条 劳动者有下列情形之一的，用人单位可以解除劳动合同:"
EMPLOYER_MUST_NOT = "劳动者有下列情形之一的，用人单位不得依照本法第四十条的规定解除劳动合同:"


@pytest.mark.parametrize(
    "question",
    [
        "用人单位在什么情形下可以解除劳动合同？",
        "用人单位可以解除劳动合同的情形有哪些？",
        "有哪些情形用人单位可以解除劳动合同？",
        "什么情况下，用人单位可以解除劳动合同？",
        "用人单位在哪些情况下不得解除劳动合同？",
    ],
)
def test_the_party_that_is_asked_about_acts(question: str) -> None:
    assert asks_of_another(question, EMPLOYEE_MAY)
    assert not asks_of_another(question, EMPLOYER_MAY)
    assert not asks_of_another(question, EMPLOYER_MUST_NOT)


def test_the_other_party_is_asked_about() -> None:
    question = "劳动者在什么情形下可以解除劳动合同？"
    assert not asks_of_another(question, EMPLOYEE_MAY)
    assert asks_of_another(question, EMPLOYER_MAY)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("什么情形下可以解除劳动合同？", EMPLOYEE_MAY),  # nobody is named
        ("公司在什么情形下可以解除劳动合同？", EMPLOYEE_MAY),  # another name, which may be any of them
        ("用人单位在什么情形下可以解除劳动合同？", "用人单位有下列情形之一的:"),  # nobody acts
        ("用人单位在什么情形下可以解除劳动合同？", "有下列情形之一的，用人单位提前通知后，可以解除劳动合同:"),
        ("When may the employer end the contract?", EMPLOYEE_MAY),
    ],
)
def test_where_nothing_is_said_nothing_is_held_against_it(question: str, line: str) -> None:
    assert not asks_of_another(question, line)
