"""Questions made from headings and sentences by forms."""

import pytest

from app.answers.question_forms import questions_of


@pytest.mark.parametrize(
    ("headings", "sentence", "question"),
    [
        (["Guide", "How to reset the password"], "", "How do I reset the password?"),
        (["FAQ", "Can I move a key?"], "", "Can I move a key?"),
        (["说明", "如何重置密码"], "", "如何重置密码？"),
        ([], "Deleted files are kept for 30 days, then they go.", "How long are deleted files kept?"),
        ([], "The warranty is valid for two years.", "How long is the warranty valid?"),
        (
            [],
            "The buyer must report defects within 14 days.",
            "Within what time must the buyer report defects?",
        ),
        ([], "A lease is a contract for the use of a thing.", "What is a lease?"),
        ([], "本法所称经营者，是指从事商品生产的自然人。", "什么是经营者？"),
        ([], "回收站中的文件保留30天。", "回收站中的文件保留多久？"),
        (
            [],
            "用人单位应当自用工之日起一个月内订立书面劳动合同。",
            "用人单位应当在多长时间内订立书面劳动合同？",
        ),
    ],
)
def test_a_salient_line_becomes_its_question(headings: list[str], sentence: str, question: str) -> None:
    found = [candidate.question for candidate in questions_of(headings, [sentence] if sentence else [])]
    assert question in found


@pytest.mark.parametrize(
    ("headings", "sentence"),
    [
        (["3.2 Refunds"], "It is kept for 30 days."),
        (["第五条"], "该期限为30天。"),
        ([], "This is a test."),
        ([], "Money moves."),
        ([], "As SQLite is a file, it is easy."),
        (["x" * 200 + "?"], ""),
    ],
)
def test_what_says_nothing_by_itself_makes_no_question(headings: list[str], sentence: str) -> None:
    assert list(questions_of(headings, [sentence])) == []
