"""Keep the made questions that a trained reader answers as they were meant, and only with their passage.

Round-trip consistency (arXiv 1906.05416): a question is kept where the reader's best span is the span that it was made
from. Here the reader also compares the passage with near misses, as it does when it answers: the right one has to win,
and the near misses alone must not be taken for an answer.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from generator.model.encoder import ReadStates
from generator.training.batches import Encoded, ReadingBatch, ReadingData
from generator.training.reader import joint_scores, overlap_f1

Read = Callable[[ReadingBatch], ReadStates]
Row = tuple[Encoded, NDArray[np.int32], tuple[tuple[int, int], ...]]
"""An example, a window of a passage, and the piece ranges in it that answer; see `ReadingData.window`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTripConfig:
    """When a question is kept.

    Attributes:
        overlap_from: Least F1, over pieces, of the reader's best span and the answer.
        phrase_from: Least probability of that span among all spans of the passage.
        answered_from: Least confidence that the passage answers among its near misses.
        unanswered_below: Confidence that the near misses alone answer must stay below this.
        near_misses: So many other passages at most.
        relevance_weight: Of the relevance head in comparing passages; see `Calibration`.
        answerable_scale: Confidence = sigmoid(scale * answerable logit + shift).
        answerable_shift: See above.
    """

    overlap_from: float = 0.8
    phrase_from: float = 0.3
    answered_from: float = 0.5
    unanswered_below: float = 0.5
    near_misses: int = 2
    relevance_weight: float = 1.0
    answerable_scale: float = 1.0
    answerable_shift: float = 0.0

    def confidence(self, logit: float) -> float:
        """Probability that an answer is there."""
        score = self.answerable_scale * logit + self.answerable_shift
        return float(torch.sigmoid(torch.tensor(score)))


@dataclass(frozen=True, slots=True)
class Answered:
    """What reading one row gave: first and last piece of the best span, its probability, logit of any answer."""

    span: tuple[int, int]
    phrase: float
    logit: float


def consistent(data: ReadingData, read: Read, config: RoundTripConfig) -> Iterator[int]:
    """The examples that stand the check.

    Args:
        data: Made questions, the answers of each alternatives, with `negatives` 0. Passages longer than a window are
            read at their answer; distractors, where the data has them, are the near misses.
        read: The reader, on batches of the data's lengths.
        config: When a question is kept.

    Yields:
        Numbers of examples in `data.examples`, ascending.
    """
    own = [(example, *data.window(example, random.Random(n))) for n, example in enumerate(data.examples)]
    found = _read(data, own, read, config)
    alive = [n for n in range(len(own)) if _as_meant(found[n], own[n][2], config)]
    beside = [(n, passage) for n in alive for passage in data.examples[n].distractors[: config.near_misses]]
    rows = [
        (example, *data.window(replace(example, passage=passage, answers=()), random.Random(n)))
        for n, passage in beside
        for example in (data.examples[n],)
    ]
    logits: dict[int, list[float]] = {n: [] for n in alive}
    for (n, _), other in zip(beside, _read(data, rows, read, config), strict=True):
        logits[n].append(other.logit)
    for n, others in logits.items():
        wins = found[n].logit > max(others, default=-math.inf)
        if wins and config.confidence(float(torch.tensor(others).logsumexp(0))) < config.unanswered_below:
            yield n


def _as_meant(found: Answered, answers: Sequence[tuple[int, int]], config: RoundTripConfig) -> bool:
    """Whether the reader is sure enough of an answer, and it is one of those meant."""
    sure = found.phrase >= config.phrase_from and config.confidence(found.logit) >= config.answered_from
    return sure and any(overlap_f1(found.span, answer) >= config.overlap_from for answer in answers)


def _read(data: ReadingData, rows: Sequence[Row], read: Read, config: RoundTripConfig) -> list[Answered]:
    """Read rows in batches of windows of one length; a batch that is not full repeats its last row."""
    waiting: dict[int, list[int]] = {}
    for place, (_, window, _) in enumerate(rows):
        waiting.setdefault(data.config.window_length(len(window)), []).append(place)
    found: dict[int, Answered] = {}
    for S, places in waiting.items():
        B = data.config.rows(S)
        for first in range(0, len(places), B):
            part = places[first : first + B]
            padded = [*part, *[part[-1]] * (B - len(part))]
            with torch.no_grad():
                states = read(data.collate([rows[place] for place in padded], S))
            found |= zip(part, spans_of(states, config.relevance_weight), strict=False)
    return [found[place] for place in range(len(rows))]


def spans_of(read: ReadStates, relevance_weight: float) -> list[Answered]:
    """Best span of each row, measured against its null score and relevance as `span_distribution` does."""
    null_B = read.null_B2.sum(-1) - relevance_weight * read.relevance_B
    S = read.start_BS.shape[1]
    joint = joint_scores(read) - null_B[:, None]
    score_B, place_B = joint.max(-1)
    logit_B = joint.logsumexp(-1)
    return [
        Answered((place // S, place % S), math.exp(score - logit), logit)
        for place, score, logit in zip(place_B.tolist(), score_B.tolist(), logit_B.tolist(), strict=True)
    ]
