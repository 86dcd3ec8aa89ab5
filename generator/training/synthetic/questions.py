"""Make questions of texts: sentences of either language, one question a sentence at most, kinds mixed."""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.training.cloze import HAN_RUN, sentence_ranges
from generator.training.examples import Example
from generator.training.synthetic.chinese import Tag, chinese_questions, topic_of
from generator.training.synthetic.english import english_questions
from generator.training.synthetic.english_words import Words
from generator.training.synthetic.spans import Asked, Kind

ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Dr|St|No|vs|Jr|Sr|etc|Inc|Co|Ltd|approx|e\.g|i\.e|U\.S))\.\s*\Z"
)
LONGEST_SENTENCE = 400
HAN_SHARE = 0.2
REPEATED = 2
"""Sentences that more passages have are boilerplate."""
PLAIN_LAST = 0.7
"""How often a sentence that can only be asked by "what" waits for the others."""


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A question that nobody has checked yet; its answers are alternatives."""

    example: Example
    kind: Kind
    language: str


def made_questions(
    passages: Sequence[str], source: str, words: Words, tag: Tag, rng: random.Random, most: int = 3
) -> Iterator[MadeQuestion]:
    """Questions of passages, in their order.

    Args:
        passages: Texts of any length; a question's passage is the whole text.
        source: Name that the examples carry.
        words: Counts over many English texts.
        tag: Chinese words and their parts of speech.
        rng: Of the choice and the variation of questions.
        most: Questions a passage at most, one a sentence, kinds in turn.
    """
    said = Counter(passage[a:b].strip() for passage in passages for a, b in whole_sentences(passage))
    for number, passage in enumerate(passages):
        by_sentence = [
            [shifted(question, start) for question in asked]
            for start, end in whole_sentences(passage)
            if said[passage[start:end].strip()] <= REPEATED
            and (asked := _questions(passage[start:end], passage, words, tag, rng))
        ]
        rng.shuffle(by_sentence)
        by_sentence.sort(
            key=lambda asked: all(q.kind is Kind.WHAT for q in asked) and rng.random() < PLAIN_LAST
        )
        seen: set[Kind] = set()
        for questions in by_sentence[:most]:
            question = min(
                questions,
                key=lambda q: (
                    q.kind in seen,
                    q.kind is Kind.WHAT and rng.random() < PLAIN_LAST,
                    rng.random(),
                ),
            )
            seen.add(question.kind)
            example = Example(
                question=question.question,
                passage=passage,
                answers=question.answers,
                group=f"{source}#{number}",
                source=source,
            )
            yield MadeQuestion(example, question.kind, language_of(question.question))


def language_of(text: str) -> str:
    """`zh` where Han characters are a good part of a text, else `en`."""
    han = sum(len(run) for run in HAN_RUN.findall(text))
    return "zh" if han > HAN_SHARE * len(text) else "en"


def shifted(question: Asked, by: int) -> Asked:
    """The question with its answers so many characters further on."""
    return Asked(question.question, tuple((a + by, b + by) for a, b in question.answers), question.kind)


def whole_sentences(passage: str) -> list[tuple[int, int]]:
    """Ranges of sentences; an abbreviation ends none."""
    ranges: list[tuple[int, int]] = []
    for start, end in sentence_ranges(passage):
        if ranges and ABBREVIATION.search(passage[: ranges[-1][1]]):
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((start, end))
    return [(a, b) for a, b in ranges if b - a <= LONGEST_SENTENCE]


def _questions(sentence: str, passage: str, words: Words, tag: Tag, rng: random.Random) -> list[Asked]:
    if language_of(sentence) == "zh":
        return chinese_questions(sentence, topic_of(passage), tag, rng)
    return english_questions(sentence, passage, words, rng) if not HAN_RUN.search(sentence) else []
