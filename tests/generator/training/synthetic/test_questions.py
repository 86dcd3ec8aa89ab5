"""Questions of passages: ranges are of the passage, one a sentence, boilerplate and abbreviations known."""

import random

from generator.training.synthetic.english_words import Words
from generator.training.synthetic.questions import MadeQuestion, language_of, made_questions, whole_sentences

PASSAGE = (
    "The town is old. Dr. Smith invented the steam lamp in 1876. The Ladoga Canal was opened in 1719. "
    "Norway has 29 ferries in the north. The Norfolk ferry stopped in New Haven."
)
WORDS = Words([PASSAGE, "they invent and stop and open things"])


def made(passages: list[str], most: int = 9, seed: int = 0) -> list[MadeQuestion]:
    return list(made_questions(passages, "set", WORDS, lambda text: [(text, "n")], random.Random(seed), most))


def test_answers_are_ranges_of_the_passage() -> None:
    questions = made([PASSAGE])
    answers = {q.example.passage[a:b] for q in questions for a, b in q.example.answers}
    assert {"1876", "1719"} & answers
    assert {q.language for q in questions} == {"en"}
    assert all(q.example.passage == PASSAGE and q.example.group == "set#0" for q in questions)


def test_at_most_so_many_a_passage_and_one_a_sentence() -> None:
    assert len(made([PASSAGE], most=2)) == 2
    sentences = whole_sentences(PASSAGE)
    places = [
        next(i for i, (a, b) in enumerate(sentences) if a <= q.example.answers[0][0] < b)
        for q in made([PASSAGE])
    ]
    assert len(places) == len(set(places)) >= 3


def test_the_same_seed_gives_the_same_questions() -> None:
    assert made([PASSAGE], 2, seed=5) == made([PASSAGE], 2, seed=5)
    assert len({tuple(q.example.question for q in made([PASSAGE], 1, seed)) for seed in range(9)}) > 1


def test_sentences_that_many_passages_have_are_not_asked() -> None:
    assert made([PASSAGE + f" Place {n} is here." for n in range(3)]) == []


def test_an_abbreviation_ends_no_sentence() -> None:
    assert [PASSAGE[a:b].strip() for a, b in whole_sentences(PASSAGE)][
        1
    ] == "Dr. Smith invented the steam lamp in 1876."


def test_language_is_told_by_script() -> None:
    assert [language_of(text) for text in ("JuiceFS 是什么？", "What is 長江?", "")] == ["zh", "en", "en"]
