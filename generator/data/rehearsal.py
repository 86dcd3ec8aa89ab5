"""Rehearsal: questions of older sets in the form of gathered ones, against forgetting.

A question comes with its own passage and others of its group, as if search had given them in some order; at times its
own is left out, and nothing answers.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from generator.data.examples import Example, SetSpec
from generator.data.gathered import GatheredPassage, GatheredQuestion, GoldRange
from generator.data.kinds import Supervision

BESIDE = 2
"""Other passages of a question."""
TRIES = 20
"""Draws from the whole set for a passage that does not hold the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalSet:
    """A set to rehearse.

    Attributes:
        spec: The set.
        count: Questions at most.
    """

    spec: SetSpec
    count: int


def rehearsal_questions(
    examples: Sequence[Example], count: int, unanswered: float, longest: int, rng: random.Random
) -> list[GatheredQuestion]:
    """Questions of one set, each with about three passages of weights 1, 1/2 or 1/3.

    Args:
        examples: Of the set, all that may stand beside each other.
        count: Questions at most; those of which nobody says where they are answered are left out.
        unanswered: Share that is asked without its own passage.
        longest: Longest passage; see `GatheredPassage.length`.
        rng: Of questions, passages and weights.
    """
    groups: dict[str, list[str]] = {}
    for example in examples:
        groups.setdefault(example.group, []).append(example.passage)
    everywhere = list(dict.fromkeys(example.passage for example in examples))
    known = [e for e in examples if e.answers and e.supervision != Supervision.RELEVANT]
    questions: list[GatheredQuestion] = []
    for example in rng.sample(known, min(count, len(known))):
        near = list(dict.fromkeys(groups[example.group]))
        passages = [GatheredPassage(text=text) for text in _beside(example, near, everywhere, rng)]
        if not passages or rng.random() >= unanswered:
            passages.append(_own(example))
        rng.shuffle(passages)
        weighed = (
            GatheredPassage(text=p.text, weight=1 / (1 + rng.randrange(3)), gold=p.gold) for p in passages
        )
        digest = hashlib.blake2b(example.passage.encode(), digest_size=8).hexdigest()
        question = GatheredQuestion(
            id=f"{example.source}#{len(questions)}",
            collection=example.source,
            document=digest,
            question=example.question,
            passages=tuple(weighed),
        )
        if question.length <= longest:
            questions.append(question)
    return questions


def _own(example: Example) -> GatheredPassage:
    within = example.supervision == Supervision.WITHIN
    gold = tuple(GoldRange(start=start, end=end, within=within) for start, end in example.answers)
    return GatheredPassage(text=example.passage, gold=gold)


def _beside(
    example: Example, near: Sequence[str], everywhere: Sequence[str], rng: random.Random
) -> list[str]:
    """Other passages that hold none of the answers: of the group, and where it has too few, of the set."""
    answers = {example.passage[start:end] for start, end in example.answers}

    def fits(text: str) -> bool:
        return bool(text.strip()) and text != example.passage and not any(a in text for a in answers)

    found = [text for text in rng.sample(near, len(near)) if fits(text)][:BESIDE]
    for text in rng.choices(everywhere, k=TRIES):
        if len(found) < BESIDE and fits(text) and text not in found:
            found.append(text)
    return found
