"""Older questions in the form of gathered ones."""

import random
from dataclasses import replace

from generator.data.examples import Example
from generator.data.gathered import GatheredQuestion
from generator.data.kinds import Supervision
from generator.data.rehearsal import rehearsal_questions

TOWNS = ("Oslo", "Bergen", "Narvik", "Molde", "Hamar", "Skien")


def examples(supervision: Supervision = Supervision.RANGES) -> list[Example]:
    """Two questions a town, of two groups; one passage of each holds the year of another."""
    made = []
    for number, town in enumerate(TOWNS):
        year = str(1900 + number)
        passage = f"{town} has a ferry since {year}. The bus waits for it."
        for word in ("ferry", "boat"):
            made.append(
                Example(
                    question=f"Since when is there a {word} from {town}?",
                    passage=passage,
                    answers=((passage.index(year), passage.index(year) + 4),),
                    group=f"towns#{number % 2}",
                    source="towns",
                    supervision=supervision,
                )
            )
    return made


def made(count: int = 12, unanswered: float = 0.0, longest: int = 1000) -> list[GatheredQuestion]:
    return rehearsal_questions(examples(), count, unanswered, longest, random.Random(0))


def test_a_question_comes_with_its_passage_and_two_others_of_its_group() -> None:
    questions = made()
    assert len({question.id for question in questions}) == 12
    for question in questions:
        (right,) = [passage for passage in question.passages if passage.gold]
        (gold,) = right.gold
        assert right.text[gold.start : gold.end].startswith("19")
        assert not gold.within
        parity = {TOWNS.index(passage.text.split()[0]) % 2 for passage in question.passages}
        assert (len(question.passages), len(parity)) == (3, 1)
        assert all(passage.weight in (1, 1 / 2, 1 / 3) for passage in question.passages)
    assert len({question.document for question in questions}) == len(TOWNS)


def test_some_come_without_what_answers() -> None:
    assert not any(question.answerable for question in made(unanswered=1.0))
    assert all(len(question.passages) == 2 for question in made(unanswered=1.0))


def test_no_other_passage_holds_the_answer_and_one_alone_keeps_its_own() -> None:
    alone = [replace(example, passage=f"{example.passage} Again: 1900.") for example in examples()[:2]]
    again = [replace(example, passage=f"Since 1900 it is {number}.") for number, example in enumerate(alone)]
    questions = rehearsal_questions(
        [alone[0], *(replace(one, answers=()) for one in again)], 9, 1.0, 1000, random.Random(1)
    )
    (question,) = questions
    assert question.answerable
    assert len(question.passages) == 1


def test_the_count_the_length_and_the_kind_of_supervision_limit() -> None:
    assert len(made(count=5)) == 5
    assert made(longest=20) == []
    unsaid = rehearsal_questions(examples(Supervision.RELEVANT), 9, 0.0, 1000, random.Random(0))
    assert unsaid == []
    weak = rehearsal_questions(examples(Supervision.WITHIN), 9, 0.0, 1000, random.Random(0))
    assert all(gold.within for question in weak for passage in question.passages for gold in passage.gold)
