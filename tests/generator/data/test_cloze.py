"""Cloze questions: what is blanked stands elsewhere in the passage, and the answers point at it."""

import random
from pathlib import Path

import pytest

from generator.data.cloze import cloze_examples
from generator.data.examples import Example, SetSpec, read_texts, stretches

ENGLISH = (
    "The Ladoga Canal was dug by hand. In winter nobody used the Ladoga Canal at all. "
    "Ships from Novgorod waited there until 1719. Since 1719 a fleet at Novgorod has kept the ice open."
)
CHINESE = (
    "拉多加运河于1719年开工。冬天没有船经过拉多加运河。诺夫哥罗德的船在那里等待，诺夫哥罗德人修了一座桥。"
)


def made(passages: list[str], **options: int) -> list[Example]:
    return cloze_examples(passages, "set", random.Random(3), **options)


@pytest.mark.parametrize(
    ("passage", "blank", "spans"),
    [
        (ENGLISH, ("what", "when"), {"the ladoga canal", "novgorod", "1719"}),
        (CHINESE, ("什么", "多少"), {"拉多加运河", "诺夫哥罗德"}),
    ],
)
def test_the_sentence_is_the_question_and_other_places_are_the_answers(
    passage: str, blank: tuple[str, ...], spans: set[str]
) -> None:
    examples = made([passage], most=9)
    assert examples
    for example in examples:
        answers = {example.passage[a:b].casefold() for a, b in example.answers}
        assert len(answers) == 1
        assert answers <= spans
        assert any(word in example.question for word in blank)
        assert answers.pop() not in example.question.casefold()
        assert len(example.passage) < len(passage)


def test_the_asked_sentence_is_no_longer_in_the_passage() -> None:
    for example in made([ENGLISH], most=9):
        rest = example.question.replace(" when ", " ").replace(" what ", " ").split()
        assert " ".join(rest[-4:]) not in example.passage


def test_a_passage_in_which_nothing_recurs_gives_nothing() -> None:
    assert made(["Every word here differs from any other one.", "", "每个字都不同。"]) == []


def test_the_limit_is_spread_over_the_passages() -> None:
    passages = [
        ENGLISH.replace("Ladoga", f"Ladoga{n}").replace("Novgorod", f"Novgorod{n}") for n in range(40)
    ]
    examples = made(passages, most=1, limit=10)
    assert len(examples) == 10
    assert {example.group for example in examples} == {f"set#{n}" for n in range(5)}


def test_words_that_every_passage_has_are_not_asked_for() -> None:
    passages = [f"{ENGLISH} Then Zeta{n} came. Nobody had seen Zeta{n} before that day." for n in range(20)]
    assert {e.passage[a:b][:4] for e in made(passages, most=5) for a, b in e.answers} == {"Zeta"}


def test_texts_of_lines_are_cut_at_sentence_ends(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"text": "' + CHINESE * 30 + '"}\n', encoding="utf-8")
    texts = read_texts(SetSpec(path="news.jsonl", cloze=1), tmp_path)
    parts = stretches(CHINESE * 30)
    assert set(texts) == set(parts)
    assert all(part.endswith("。") for part in parts)
    assert "".join(parts) == CHINESE * 30
    assert max(map(len, parts)) < 450 < len(CHINESE * 30)
