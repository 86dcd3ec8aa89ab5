"""Fit the answering thresholds on development questions (`fathom train calibrate`).

Each question is read twice against as many passages as search would give: the one that answers among near misses, and
near misses alone. A logistic regression turns the answerable logit into a confidence (Platt scaling). The phrase
threshold is the largest probability below which saying the whole sentence costs nothing in the mean of the sets, and no
set more than `MAX_LOSS`: at equal F1 a sentence is the better answer, since it can be understood without its source and
is right more often.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from generator.fathom_small import Calibration
from generator.inference.reading import PassageReader, Reading, SpanDistribution, span_distribution
from generator.training.examples import Example
from generator.types import SourcePassage

BINS = 10
MAX_LOSS = 0.02
ROUNDING = 1e-9
SplitSentences = Callable[[str], Sequence[tuple[int, int]]]
Score = Callable[[str, Sequence[str]], float]
"""How well a text agrees with the best of some gold answers, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one reading showed.

    Attributes:
        logit: Answerable logit over the passages.
        answerable: Whether one of them answers.
        source: Question set.
        phrase: Probability of the best phrase, given an answer.
        sentence: Probability of its sentence, given an answer; 0 where no sentence holds it.
        phrase_f1: Score of the best phrase.
        sentence_f1: The same of its sentence.
        sentence_hit: Whether the sentence holds a gold range.
    """

    logit: float
    answerable: bool
    source: str = ""
    phrase: float = 0.0
    sentence: float = 0.0
    phrase_f1: float = 0.0
    sentence_f1: float = 0.0
    sentence_hit: bool = False


def measure(
    reader: PassageReader,
    examples: Sequence[Example],
    near_misses: Sequence[Sequence[str]],
    split_sentences: SplitSentences,
    score: Score,
) -> list[Sample]:
    """Read every example with and without its passage.

    Args:
        reader: The model's.
        examples: Development questions.
        near_misses: For each, passages that look like it and do not answer it, nearest first. All stand beside
            each other where nothing answers; the last gives way to the passage that answers where it is there.
        split_sentences: Ranges of the sentences of a text.
        score: Of phrases and sentences against the gold answers.
    """
    samples = []
    for example, others in zip(examples, near_misses, strict=True):
        samples.append(_with_answer(reader, example, others[:-1], split_sentences, score))
        passages = [SourcePassage(key=str(i), text=p) for i, p in enumerate(others)]
        reading = reader.read(example.question, passages)
        if reading is not None:
            logit = span_distribution(reading).answerable_logit
            samples.append(Sample(logit=logit, answerable=False, source=example.source))
    return samples


def _with_answer(
    reader: PassageReader,
    example: Example,
    others: Sequence[str],
    split_sentences: SplitSentences,
    score: Score,
) -> Sample:
    passages = [SourcePassage(key=str(i), text=p) for i, p in enumerate([example.passage, *others])]
    reading = reader.read(example.question, passages)
    if reading is None:
        return Sample(logit=-30.0, answerable=True, source=example.source)
    distribution = span_distribution(reading)
    passage, first, last, log_probability = distribution.best()
    total = float(distribution.log_joint_PSS.exp().sum())
    start, end = reading.ranges[passage][first][0], reading.ranges[passage][last][1]
    text = reading.passages[passage].text
    golds = [example.passage[a:b] for a, b in example.answers]
    sentence, mass = _sentence(reading, distribution, passage, (start, end), split_sentences)
    return Sample(
        logit=distribution.answerable_logit,
        answerable=True,
        source=example.source,
        phrase=min(1.0, float(torch.tensor(log_probability).exp()) / max(total, 1e-9)),
        sentence=min(1.0, mass / max(total, 1e-9)),
        phrase_f1=score(text[start:end], golds),
        sentence_f1=score(text[sentence[0] : sentence[1]], golds),
        sentence_hit=passage == 0 and any(sentence[0] <= a and b <= sentence[1] for a, b in example.answers),
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
    """Largest probability up to which sentences instead of phrases cost no F1 in the mean, and no set `MAX_LOSS`."""
    sizes = Counter(s.source for s in samples if s.answerable)
    lost = dict.fromkeys(sizes, 0.0)
    threshold = 0.0
    for sample in sorted((s for s in samples if s.answerable and s.sentence >= 0.5), key=lambda s: s.phrase):
        lost[sample.source] += (sample.phrase_f1 - sample.sentence_f1) / sizes[sample.source]
        if sum(lost.values()) <= ROUNDING and max(lost.values()) <= MAX_LOSS + ROUNDING:
            threshold = sample.phrase
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
