"""English forms: the span goes, question words come to the front, and what is doubtful is not asked."""

import random

import pytest

from generator.training.synthetic.english import english_questions
from generator.training.synthetic.english_words import Words
from generator.training.synthetic.spans import Kind

WORDS = Words(
    [
        "they open the gate, invent a lamp, move the stone and stop the train; to record and to direct is hard",
        "the song that he sang, the film, the ferry, the group and the company that they own; it was red",
    ]
)


def made(sentence: str, passage: str = "") -> dict[str, tuple[Kind, set[str]]]:
    varied = (
        english_questions(sentence, passage or sentence, WORDS, random.Random(seed)) for seed in range(9)
    )
    questions = [question for questions in varied for question in questions]
    return {q.question: (q.kind, {sentence[a:b] for a, b in q.answers}) for q in questions}


@pytest.mark.parametrize(
    ("sentence", "question", "kind", "answers"),
    [
        (
            "Bell invented the telephone lamp in 1876.",
            "When did Bell invent the telephone lamp?",
            "when",
            {"1876"},
        ),
        (
            "On 5 May 1999 , the Ladoga Canal was opened by ship owners .",
            "When was the Ladoga Canal opened by ship owners?",
            "when",
            {"5 May 1999"},
        ),
        (
            "The Norfolk ferry stopped in New Haven.",
            "Where did the Norfolk ferry stop?",
            "where",
            {"New Haven"},
        ),
        (
            "The airline serves 29 cities in Norway.",
            "How many cities does the airline serve in Norway?",
            "how many",
            {"29", "29 cities"},
        ),
        ("Four ferries cross the Red Sea.", None, "how many", set()),
        (
            "The song was written by Freddie Mercury about Mary Austin.",
            "Who wrote the song about Mary Austin?",
            "who",
            {"Freddie Mercury"},
        ),
        (
            "JuiceFS supports the S3 protocol.",
            "What does JuiceFS support?",
            "what",
            {"the S3 protocol", "S3 protocol"},
        ),
        (
            "The Bank of Norway was founded in the town of Trondheim.",
            "What was founded in the town of Trondheim?",
            "what",
            {"Bank of Norway", "The Bank of Norway"},
        ),
        (
            "Kornelia Ender is a retired German swimmer (born 1958), who won much.",
            "What is Kornelia Ender?",
            "what",
            {"a retired German swimmer", "retired German swimmer"},
        ),
        (
            "Ada Lovelace, a British writer, was born in London.",
            "Who was Ada Lovelace?",
            "who",
            {"a British writer"},
        ),
    ],
)
def test_statements_become_questions(
    sentence: str, question: str | None, kind: str, answers: set[str]
) -> None:
    questions = made(sentence)
    if question is None:
        assert all(found != kind for found, _ in questions.values())
    else:
        assert questions[question] == (Kind(kind), answers)


def test_a_name_is_a_person_where_the_passage_says_he_or_she() -> None:
    sentence = "Marie Curie moved the heavy stone to Paris."
    assert (
        made(sentence, sentence + " There she lived.")["Who moved the heavy stone to Paris?"][0] is Kind.WHO
    )
    assert "Who moved the heavy stone to Paris?" not in made(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "He was born in Edinburgh in 1847.",
        "When the ferry stopped in 1999, nobody knew.",
        "A list: 1, 2, 3.",
        "The song was sung.",
        "",
    ],
)
def test_what_is_doubtful_or_needs_the_text_around_it_is_not_asked(sentence: str) -> None:
    assert made(sentence) == {}


def test_the_verb_is_the_one_that_the_texts_use() -> None:
    assert [WORDS.base(past) for past in ("moved", "stopped", "opened", "went", "died", "zorbed")] == [
        "move",
        "stop",
        "open",
        "go",
        "die",
        None,
    ]
