"""Long answers from pages of questions: which part of a page answers, and its first sentences as the answer.

A page about one subject answers several questions, one part each. Parts put together make a passage in which only one
is right, though all are about the same. What pages say of themselves (key points, lists of resources, the question once
more) is left out.
"""

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

from generator.data.cloze import sentence_ranges
from generator.data.examples import Example, spread
from generator.errors import TrainingDataError

LEAD = re.compile(r"\AKey Points\n.*\n|\A[^.?!\n]*\?\s+")
NO_ANSWER = re.compile(r"These resources|The Human Phenotype Ontology|Frequently Asked")
BARE_QUESTION = re.compile(r" *\(are\)|(?<=\?) *\?$| (?=\?$)")
HEADED = 0.5
"""Share of passages in which each part stands under its question, as on a page of frequent questions."""
PART = 330
"""Characters of a part in a passage."""
ANSWER = 180
"""Characters that sentences after the first may fill."""


def page_examples(
    path: Path, source: str, rng: random.Random, *, parts: int, limit: int | None
) -> list[Example]:
    """Examples of a file of lines with `id` (page and number), `question` and `answer`.

    Args:
        path: JSON lines; parts of a page stand next to each other.
        source: Name that the examples carry.
        rng: Of which parts stand together, and in which order.
        parts: Most parts in a passage, two or more.
        limit: Examples at most, spread evenly; None for all.

    Raises:
        TrainingDataError: The file is missing.
    """
    if not path.is_file():
        raise TrainingDataError(f"training file {path} is missing; check --data and the recipe")
    pages: dict[str, list[tuple[str, str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answer = LEAD.sub("", row["answer"]).strip()
        if answer and not NO_ANSWER.match(answer):
            pages.setdefault(row["id"].rsplit("-", 1)[0], []).append((_bare(row["question"]), _start(answer)))
    examples = []
    for page, rows in pages.items():
        for number, (question, answer) in enumerate(rows):
            others = [row for n, row in enumerate(rows) if n != number and row[1] != answer]
            if others:
                beside = rng.sample(others, min(len(others), rng.randrange(1, parts)))
                examples.append(_example(question, answer, beside, f"{source}#{page}", source, rng))
    return spread(examples, limit)


def _bare(question: str) -> str:
    return BARE_QUESTION.sub("", question.strip())


def _start(text: str) -> str:
    """The sentences of a part that fit in `PART` characters; a longer first one is cut."""
    end = max((b for _, b in sentence_ranges(text) if b <= PART), default=PART)
    return text[:end].strip()


def _example(
    question: str, answer: str, beside: Sequence[tuple[str, str]], group: str, source: str, rng: random.Random
) -> Example:
    parts = [(question, answer), *beside]
    rng.shuffle(parts)
    headed = rng.random() < HEADED
    texts = [f"{asked}\n\n{text}" if headed else text for asked, text in parts]
    passage = ("\n\n" if headed else "\n").join(texts)
    start = passage.index(answer)
    ends = [b for _, b in sentence_ranges(answer)]
    end = max((b for b in ends if b <= ANSWER), default=ends[0])
    said = answer[:end].rstrip()
    return Example(
        question=question, passage=passage, answers=((start, start + len(said)),), group=group, source=source
    )
