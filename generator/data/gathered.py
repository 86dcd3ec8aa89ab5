"""Questions with the passages that retrieval gave for each: file form, parts of each epoch, and rehearsal.

A file holds JSON lines: `id`, `collection`, `document`, `question`, `answerable` and `passages`, best first. A passage
has `text`, `kept` and `sentences` (ranges of it), `weight`, and `gold`, its ranges that answer, each [start, end,
within]. Of an exact range (0) the answer is the whole; in a region (1) it begins and ends anywhere. Offsets are Unicode
code points, ranges half-open.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generator.data.set_files import set_text
from generator.errors import TrainingDataError
from generator.types import SourcePassage

STRETCH = 12
"""Batches that are sorted by length together: longer stretches pad less and mix less."""
HAN_WEIGHT = 3
"""Length of a Han character in Latin ones, by pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldRange:
    """Where a passage answers.

    Attributes:
        start: First character.
        end: One past the last.
        within: The answer begins and ends anywhere inside; else it is the whole range.
    """

    start: int
    end: int
    within: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredPassage:
    """A passage as answering reads it.

    Attributes:
        text: Text of the passage.
        kept: Ranges of `text` that are read, ascending; empty for all of it.
        sentences: Ranges of `text`, ascending.
        weight: Prior of its rank, above 0.
        gold: Where it answers; empty where it does not.
    """

    text: str
    kept: tuple[tuple[int, int], ...] = ()
    sentences: tuple[tuple[int, int], ...] = ()
    weight: float = 1.0
    gold: tuple[GoldRange, ...] = ()

    @property
    def source(self) -> SourcePassage:
        """The passage as the reader takes it."""
        return SourcePassage(
            key="", text=self.text, kept=self.kept, sentences=self.sentences, weight=self.weight
        )

    @property
    def length(self) -> int:
        """Characters that are read, Han ones counted as `HAN_WEIGHT`: about proportional to pieces."""
        parts = [self.text[a:b] for a, b in self.kept] or [self.text]
        return sum(HAN_WEIGHT if c >= "\u3400" else 1 for part in parts for c in part)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredQuestion:
    """A question with its retrieved passages.

    Attributes:
        collection: What was searched.
        document: The document that answers, or the nearest one.
        passages: Best first, one or more.
    """

    id: str
    collection: str
    document: str
    question: str
    passages: tuple[GatheredPassage, ...]

    @property
    def answerable(self) -> bool:
        """Whether any of the passages answers."""
        return any(passage.gold for passage in self.passages)

    @property
    def length(self) -> int:
        """Length of the longest passage."""
        return max(passage.length for passage in self.passages)

    def held_out(self, share: float) -> bool:
        """Whether it belongs to the share of documents that are scored and not learned."""
        name = f"{self.collection}/{self.document}".encode()
        number = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")
        return number < share * 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredConfig:
    """Parts of an epoch.

    Attributes:
        questions: Of a batch.
        passages: Of a question in training, at most; scores are taken over all.
        rehearsal_share: Rehearsal questions of an epoch, as a share of the gathered ones.
    """

    questions: int = 8
    passages: int = 3
    rehearsal_share: float = 0.3


def read_gathered(path: Path) -> list[GatheredQuestion]:
    """Questions of a file, in its order.

    Raises:
        TrainingDataError: The file is missing, or a line is not of the form.
    """
    questions = []
    for number, line in enumerate(set_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line)))
        except KeyError as error:
            raise TrainingDataError(f"{path}, line {number} lacks {error}") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise TrainingDataError(f"{path}, line {number}: {error}") from error
    return questions


def _question(values: Mapping[str, Any]) -> GatheredQuestion:
    """A line as a question.

    Raises:
        KeyError: A value is missing.
        TypeError: A value is of another type.
        ValueError: A value can't be.
    """
    if not isinstance(values, Mapping):
        raise TypeError("a question must be an object of names and values")
    question = GatheredQuestion(
        id=str(values["id"]),
        collection=str(values["collection"]),
        document=str(values["document"]),
        question=values["question"],
        passages=tuple(_passage(passage) for passage in values["passages"]),
    )
    if not question.question.strip():
        raise ValueError("the question is empty")
    if not question.passages:
        raise ValueError("there is no passage to read")
    if values["answerable"] != question.answerable:
        told = "answerable, and no passage has" if values["answerable"] else "unanswerable, and a passage has"
        raise ValueError(f"the question is {told} a gold range")
    return question


def _passage(values: Mapping[str, Any]) -> GatheredPassage:
    text, weight = values["text"], values["weight"]
    if not text.strip():
        raise ValueError("the text of a passage is empty")
    if not weight > 0:
        raise ValueError(f"the weight of a passage must be above 0, not {weight}")
    gold = [
        GoldRange(start=start, end=end, within=bool(within))
        for (start, end), within in zip(
            _ranges([item[:2] for item in values["gold"]], text),
            [item[2] for item in values["gold"]],
            strict=True,
        )
    ]
    return GatheredPassage(
        text=text,
        kept=_ranges(values["kept"], text),
        sentences=_ranges(values["sentences"], text),
        weight=float(weight),
        gold=tuple(gold),
    )


def _ranges(values: Sequence[Sequence[int]], text: str) -> tuple[tuple[int, int], ...]:
    """Ranges of a text.

    Raises:
        ValueError: One is empty or leaves the text.
    """
    ranges = tuple((int(start), int(end)) for start, end in values)
    for start, end in ranges:
        if not 0 <= start < end <= len(text):
            raise ValueError(f"the range {start} to {end} is not in its passage of {len(text)} characters")
    return ranges


def drawn(question: GatheredQuestion, most: int, rng: random.Random) -> GatheredQuestion:
    """The question with `most` of its passages: answering passages first, then the best other, then random others.

    Where some passage does not answer, one that does not is among them.
    """
    gold = [passage for passage in question.passages if passage.gold]
    others = [passage for passage in question.passages if not passage.gold]
    if len(question.passages) <= most:
        return question
    gold = gold[: max(1, most - 1)] if others else gold[:most]
    room = most - len(gold)
    picked = others[:1][:room] + rng.sample(others[1:], max(0, min(room - 1, len(others) - 1)))
    return replace(question, passages=(*gold, *picked))


class GatheredBatches:
    """Callable for the loop: number of an epoch to its batches, each of questions of about one length."""

    def __init__(
        self,
        questions: Sequence[GatheredQuestion],
        rehearsal: Sequence[GatheredQuestion],
        config: GatheredConfig,
        seed: int,
    ) -> None:
        """Set up.

        Args:
            questions: To learn, each once an epoch.
            rehearsal: Of which each epoch takes a part, lest they be forgotten (arXiv 1910.10683 mixes likewise).
            config: Parts of an epoch.
            seed: Of order and passages.
        """
        self.questions, self.rehearsal, self.config, self.seed = questions, rehearsal, config, seed

    def __call__(self, epoch: int) -> Iterator[list[GatheredQuestion]]:
        """Batches of one epoch; of each stretch of the order an incomplete one is left out."""
        rng, size = random.Random(f"{self.seed}/{epoch}"), self.config.questions
        rehearsed = min(len(self.rehearsal), int(self.config.rehearsal_share * len(self.questions)))
        order = [*self.questions, *rng.sample(self.rehearsal, rehearsed)]
        rng.shuffle(order)
        order = [drawn(question, self.config.passages, rng) for question in order]
        for first in range(0, len(order), STRETCH * size):
            stretch = sorted(order[first : first + STRETCH * size], key=lambda question: question.length)
            batches = [stretch[at : at + size] for at in range(0, len(stretch) - size + 1, size)]
            rng.shuffle(batches)
            yield from batches
