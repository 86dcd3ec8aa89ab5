"""Scores of answers and of abstention, and their confidence intervals.

Knows nothing of retrieval, of models, or of files: texts and numbers in, numbers out.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = frozenset(string.punctuation)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def has_han(text: str) -> bool:
    """Say whether a text holds a Han character, and so is scored by characters."""
    return _HAN.search(text) is not None


def normalise(text: str, *, by_character: bool) -> str:
    """Normalise a text for comparison.

    Args:
        text: Answer or gold answer.
        by_character: Chinese rule: lower case, no punctuation of any script, no white space.
            Otherwise SQuAD's rule: lower case, no ASCII punctuation, no articles, single spaces.

    Returns:
        The normalised text; empty where nothing counts.

    Reference: Rajpurkar et al. 2016 (arXiv 1606.05250), the official evaluation script's rule.
    """
    lowered = text.lower()
    if by_character:
        return "".join(
            character
            for character in unicodedata.normalize("NFKC", lowered)
            if unicodedata.category(character)[0] not in "PZSC"
        )
    bare = "".join(character for character in lowered if character not in _PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _units(text: str, by_character: bool) -> list[str]:
    """Split a normalised text into the units of F1: characters, or words."""
    normal = normalise(text, by_character=by_character)
    return list(normal) if by_character else normal.split()


def exact_match(prediction: str, golds: Sequence[str], *, by_character: bool) -> float:
    """Return 1 where the normalised prediction equals a normalised gold answer, else 0."""
    normal = normalise(prediction, by_character=by_character)
    return float(any(normal == normalise(gold, by_character=by_character) for gold in golds))


def f1(prediction: str, golds: Sequence[str], *, by_character: bool) -> float:
    """Overlap of words (or characters) with the best of the gold answers.

    Returns:
        Harmonic mean of precision and recall over the bags of units, in [0, 1]; two texts without units
        agree (1), one without units and one with do not (0).
    """
    return max((_pair_f1(prediction, gold, by_character) for gold in golds), default=0.0)


def _pair_f1(prediction: str, gold: str, by_character: bool) -> float:
    predicted, wanted = _units(prediction, by_character), _units(gold, by_character)
    if not predicted or not wanted:
        return float(predicted == wanted)
    common = sum((Counter(predicted) & Counter(wanted)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def contains_answer(text: str, golds: Sequence[str], *, by_character: bool) -> bool:
    """Say whether the normalised text holds a whole normalised gold answer (at word bounds in English)."""
    normal = normalise(text, by_character=by_character)
    wanted = [normalise(gold, by_character=by_character) for gold in golds]
    if by_character:
        return any(gold and gold in normal for gold in wanted)
    return any(gold and f" {gold} " in f" {normal} " for gold in wanted)


def auroc(scores: ArrayLike, positives: ArrayLike) -> float | None:
    """Area under the ROC curve: chance that a positive scores above a negative, ties counted half.

    Returns:
        A value in [0, 1], or None where one of the two classes is empty or a score is missing (NaN).
    """
    values = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(positives, dtype=bool)
    n_positive, n_negative = int(labels.sum()), int((~labels).sum())
    if n_positive == 0 or n_negative == 0 or np.isnan(values).any():
        return None
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mean_rank[inverse][labels].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def percentile(values: ArrayLike, q: float) -> float:
    """Percentile `q` (0-100) of a non-empty sequence, linear between neighbours."""
    return float(np.percentile(np.asarray(values, dtype=np.float64), q))


def confidence_interval(
    values: Sequence[float], *, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the mean by the percentile bootstrap over questions.

    Args:
        values: One figure per question, not empty.
        resamples: Number of bootstrap samples.
        seed: Of the resampling.

    Returns:
        Lower and upper bound, in the unit of `values`.
    """
    data: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    bounds = bootstrap_interval(
        lambda picks: float(data[picks].mean()), len(data), resamples=resamples, seed=seed
    )
    assert bounds is not None, "a mean is defined for every sample"
    return bounds


def bootstrap_interval(
    statistic: Callable[[NDArray[np.int64]], float | None],
    count: int,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """95 % interval of any figure of a run by the percentile bootstrap over questions.

    Figures of one run that are resampled with the same seed see the same samples, so they can be compared.

    Args:
        statistic: The figure of a sample, which is given as positions (int64 [N]) of its questions; None where it is
            not defined.
        count: Number N of questions, at least 1.
        resamples: Number of bootstrap samples.
        seed: Of the resampling.

    Returns:
        Lower and upper bound over the samples for which the figure is defined; None where it never is.

    Reference: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3.
    """
    generator = np.random.default_rng(seed)
    # one sample at a time: memory stays O(n)
    figures = [statistic(generator.integers(0, count, count)) for _ in range(resamples)]
    defined = [figure for figure in figures if figure is not None]
    if not defined:
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)
