"""Fit the answering thresholds on development questions (`fathom train calibrate`).

Each question is read twice against a small set of passages: with the passage that answers among distractors, and with
distractors alone. A logistic regression turns the answerable logit into a confidence (Platt scaling); the phrase
threshold is the probability below which the whole sentence overlaps the gold answer at least as well as the phrase.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from generator.fathom_small import Calibration
from generator.inference.reading import PassageReader, Reading, SpanDistribution, span_distribution
from generator.training.examples import Example
from generator.types import SourcePassage

DISTRACTORS = 2
BINS = 10
SplitSentences = Callable[[str], Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one reading showed.

    Attributes:
        logit: Answerable logit over the set.
        answerable: Whether the passage that answers was in it.
        phrase: Probability of the best phrase, given an answer.
        sentence: Probability of its sentence, given an answer; 0 where no sentence holds it.
        phrase_f1: Overlap of the best phrase with the gold range, characters, in [0, 1].
        sentence_f1: The same of its sentence.
        sentence_hit: Whether the sentence holds a gold range.
    """

    logit: float
    answerable: bool
    phrase: float = 0.0
    sentence: float = 0.0
    phrase_f1: float = 0.0
    sentence_f1: float = 0.0
    sentence_hit: bool = False


def measure(
    reader: PassageReader, examples: Sequence[Example], split_sentences: SplitSentences, seed: int
) -> list[Sample]:
    """Read every example with and without its passage.

    Args:
        reader: The model's.
        examples: Development questions; distractors are other passages of the same group, then of any.
        split_sentences: Ranges of the sentences of a text.
        seed: Of the choice of distractors.
    """
    rng = random.Random(seed)
    groups: dict[str, list[str]] = {}
    for example in examples:
        groups.setdefault(example.group, []).append(example.passage)
    everything = sorted({example.passage for example in examples})
    samples = []
    for example in examples:
        near = sorted({p for p in groups[example.group] if p != example.passage})
        far = [
            p for p in rng.sample(everything, min(len(everything), DISTRACTORS + 2)) if p != example.passage
        ]
        others = [*rng.sample(near, min(len(near), DISTRACTORS)), *far][: DISTRACTORS + 1]
        samples.append(_with_answer(reader, example, others[:DISTRACTORS], split_sentences))
        reading = reader.read(
            example.question, [SourcePassage(key=str(i), text=p) for i, p in enumerate(others)]
        )
        if reading is not None:
            samples.append(Sample(logit=span_distribution(reading).answerable_logit, answerable=False))
    return samples


def _with_answer(
    reader: PassageReader, example: Example, others: Sequence[str], split_sentences: SplitSentences
) -> Sample:
    passages = [SourcePassage(key=str(i), text=p) for i, p in enumerate([example.passage, *others])]
    reading = reader.read(example.question, passages)
    if reading is None:
        return Sample(logit=-30.0, answerable=True)
    distribution = span_distribution(reading)
    passage, first, last, log_probability = distribution.best()
    total = float(distribution.log_joint_PSS.exp().sum())
    start, end = reading.ranges[passage][first][0], reading.ranges[passage][last][1]
    gold = example.answers if passage == 0 else ()
    sentence, mass = _sentence(reading, distribution, passage, (start, end), split_sentences)
    return Sample(
        logit=distribution.answerable_logit,
        answerable=True,
        phrase=min(1.0, float(torch.tensor(log_probability).exp()) / max(total, 1e-9)),
        sentence=min(1.0, mass / max(total, 1e-9)),
        phrase_f1=max((overlap(g, (start, end)) for g in gold), default=0.0),
        sentence_f1=max((overlap(g, sentence) for g in gold), default=0.0),
        sentence_hit=any(sentence[0] <= a and b <= sentence[1] for a, b in gold),
    )


def _sentence(
    reading: Reading,
    distribution: SpanDistribution,
    passage: int,
    phrase: tuple[int, int],
    split_sentences: SplitSentences,
) -> tuple[tuple[int, int], float]:
    ranges = reading.ranges[passage]
    for start, end in split_sentences(reading.passages[passage].text):
        inside = [i for i, (a, b) in enumerate(ranges) if b > a and a >= start and b <= end]
        if inside and start <= phrase[0] and phrase[1] <= end:
            return (start, end), distribution.within(passage, inside[0], inside[-1])
    return phrase, 0.0


def overlap(gold: tuple[int, int], guess: tuple[int, int]) -> float:
    """F1 of two half-open ranges."""
    common = min(gold[1], guess[1]) - max(gold[0], guess[0])
    return 2 * common / (gold[1] - gold[0] + guess[1] - guess[0]) if common > 0 else 0.0


def fit(samples: Sequence[Sample], base: Calibration) -> tuple[Calibration, dict[str, float]]:
    """Fit confidence and phrase threshold.

    Returns:
        The calibration, and figures: AUROC, accuracy at 0.5, expected calibration error before and after.
    """
    logits_N = torch.tensor([s.logit for s in samples])
    labels_N = torch.tensor([float(s.answerable) for s in samples])
    scale, shift = _platt(logits_N, labels_N)
    confidence_N = torch.sigmoid(scale * logits_N + shift)
    figures = {
        "auroc": auroc(logits_N, labels_N),
        "accuracy": float(((confidence_N >= 0.5) == labels_N.bool()).float().mean()),
        "ece_before": calibration_error(torch.sigmoid(logits_N), labels_N),
        "ece_after": calibration_error(confidence_N, labels_N),
        "sentence_hit": _mean([s.sentence_hit for s in samples if s.answerable]),
        "phrase_f1": _mean([s.phrase_f1 for s in samples if s.answerable]),
    }
    fitted = replace(
        base,
        answerable_scale=scale,
        answerable_shift=shift,
        answer_from=0.5,
        phrase_from=_phrase_threshold(samples),
    )
    return fitted, figures


def _platt(logits_N: Tensor, labels_N: Tensor) -> tuple[float, float]:
    weights = torch.tensor([1.0, 0.0], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(weights[0] * logits_N + weights[1], labels_N)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    scale, shift = weights.detach().tolist()
    return scale, shift


def _phrase_threshold(samples: Sequence[Sample]) -> float:
    """Largest probability below which, bin by bin from the bottom, the sentence overlaps as well as the phrase."""
    answered = sorted((s for s in samples if s.answerable and s.sentence >= 0.5), key=lambda s: s.phrase)
    edges = [i * len(answered) // (2 * BINS) for i in range(2 * BINS + 1)]
    threshold = 0.0
    for a, b in pairwise(edges):
        rows = answered[a:b]
        if not rows or _mean([s.sentence_f1 for s in rows]) < _mean([s.phrase_f1 for s in rows]):
            break
        threshold = rows[-1].phrase
    return threshold


def auroc(scores_N: Tensor, labels_N: Tensor) -> float:
    """Probability that a positive scores above a negative, ties counted half."""
    positive, negative = scores_N[labels_N > 0], scores_N[labels_N == 0]
    difference = positive[:, None] - negative[None, :]
    return float(((difference > 0).float() + 0.5 * (difference == 0).float()).mean())


def calibration_error(confidence_N: Tensor, labels_N: Tensor) -> float:
    """Expected calibration error over ten equal-width bins (arXiv 1706.04599)."""
    bins_N = (confidence_N * BINS).long().clamp(max=BINS - 1)
    error = 0.0
    for number in range(BINS):
        inside_N = bins_N == number
        if inside_N.any():
            gap = (confidence_N[inside_N].mean() - labels_N[inside_N].mean()).abs()
            error += float(gap * inside_N.float().mean())
    return error


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))
