"""Fit confidence to whole answers: the probability that a person would call an answer right (`fathom train calibrate`).

Each sample is an answer as the whole path gave it, with nothing refused: its signals, and whether it was right. Some
questions were asked with everything that answers them taken away; their answers are wrong whatever they say. A logistic
regression over the signals gives the confidence. Refusing begins where the confidence divides best between right
answers and wrong ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from generator.composing.signals import SIGNALS
from generator.composing.support import SUPPORT_SIGNALS
from generator.fathom_small.calibration import Calibration

BINS = 10
FOLDS = 5
RIDGE = 1e-3
"""Weight of the squared weights, in units of the mean loss: signals that say the same share theirs."""
WRONG_ANSWER = 0.3
"""Cost of a shown wrong answer, relative to a right answer that is held back."""
THRESHOLDS = tuple(step / 100 for step in range(5, 60))
"""Least confidences that are tried."""
SURE = 0.8
"""Confidence from which on an answer counts as sure."""
ROUNDS = 200
"""Most rounds of a fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One answer.

    Attributes:
        signals: By name; see `generator.composing.signals` and `generator.composing.support`.
        right: Whether it was right.
        answerable: Whether the documents answered the question at all.
        source: Question set.
    """

    signals: Mapping[str, float]
    right: bool
    answerable: bool
    source: str = ""


def fit(
    samples: Sequence[Sample], base: Calibration, pull: float = 0.0
) -> tuple[Calibration, dict[str, float]]:
    """Fit confidence, the least confidence to answer, and the support of a source.

    Support stays as it was where some answers were kept without its signals.

    Args:
        samples: Answers of several question sets; each set weighs the same.
        base: What is kept of the calibration.
        pull: How many answers a squared distance of 1 from the weights in `base` counts as much as, so that few answers
            change little of what many have shown; 0 fits from nothing.

    Returns:
        The calibration, and figures: AUROC of right answers, expected calibration error over answers shown, share of
        right ones among those with 0.8 or more, AUROC of support over answers shown (all on folds that were not fitted
        on), right answers held back, false refusals, false answers.

    Raises:
        ValueError: There are no right or no wrong answers.
    """
    x_NF, y_N, w_N = _table(samples)
    if not 0 < float(y_N.mean()) < 1:
        raise ValueError("confidence can't be fitted: all answers are right, or all are wrong")
    before_F = torch.tensor([base.confidence.get(name, 0.0) for name in SIGNALS])
    drawn = (before_F, pull) if pull else None
    held_N = _held_out(x_NF, y_N, w_N, drawn)
    weights = _regression(x_NF, y_N, w_N, drawn)
    able_N = torch.tensor([sample.answerable for sample in samples])
    answer_from = _threshold(held_N, y_N, w_N)
    shown_N = held_N >= answer_from
    sure_N = held_N >= SURE
    s_NF = _support_table(samples, held_N)
    support_N = _held_out(s_NF, y_N, w_N)
    support = base.support
    if all(name in sample.signals for sample in samples for name in SUPPORT_SIGNALS[1:]):
        fitted_to = _regression(s_NF, y_N, w_N).tolist()
        support = dict(zip((*SUPPORT_SIGNALS, "bias"), fitted_to, strict=True))
    fitted = replace(
        base,
        confidence={name: float(weight) for name, weight in zip((*SIGNALS, "bias"), weights, strict=True)},
        support=support,
        answer_from=answer_from,
    )
    figures = {
        "auroc": auroc(held_N, y_N),
        "ece": calibration_error(held_N[shown_N], y_N[shown_N]),
        "right": float(y_N[shown_N].mean()),
        "right_at_80": float(y_N[sure_N].mean()) if bool(sure_N.any()) else 0.0,
        "support_auroc": auroc(support_N[shown_N], y_N[shown_N]),
        "right_held_back": float((~shown_N)[y_N > 0].float().mean()),
        "false_refusals": float((~shown_N)[able_N].float().mean()),
        "false_answers": float(shown_N[~able_N].float().mean()) if bool((~able_N).any()) else 0.0,
    }
    return fitted, figures


def _table(samples: Sequence[Sample]) -> tuple[Tensor, Tensor, Tensor]:
    """Signals float32 [N, F], labels [N], and weights [N] with which every set counts the same."""
    counts: dict[str, int] = {}
    for sample in samples:
        counts[sample.source] = counts.get(sample.source, 0) + 1
    x_NF = torch.tensor([[sample.signals.get(name, 0.0) for name in SIGNALS] for sample in samples])
    y_N = torch.tensor([float(sample.right) for sample in samples])
    w_N = torch.tensor([1.0 / counts[sample.source] for sample in samples])
    return x_NF, y_N, w_N * len(samples) / w_N.sum()


def _support_table(samples: Sequence[Sample], confidence_N: Tensor) -> Tensor:
    """Signals of the main source of each answer, float32 [N, 4]; confidence comes from folds it was not fitted on."""
    told = {"confidence": torch.logit(confidence_N, eps=1e-4)}
    for name in SUPPORT_SIGNALS[1:]:
        told[name] = torch.tensor([sample.signals.get(name, 0.0) for sample in samples])
    return torch.stack([told[name] for name in SUPPORT_SIGNALS], dim=1)


def _regression(x_NF: Tensor, y_N: Tensor, w_N: Tensor, drawn: tuple[Tensor, float] | None = None) -> Tensor:
    """Weights of a logistic regression and its bias, float32 [F + 1].

    Args:
        x_NF: Signals.
        y_N: Labels.
        w_N: Weights of the answers.
        drawn: Weights that the fit is drawn to, and in answers how much.
    """
    parameters = torch.zeros(x_NF.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        logits_N = x_NF @ parameters[:-1] + parameters[-1]
        loss = nn.functional.binary_cross_entropy_with_logits(logits_N, y_N, w_N)
        loss = loss + RIDGE * parameters[:-1].square().sum()
        if drawn is not None:
            loss = loss + drawn[1] / len(y_N) * (parameters[:-1] - drawn[0]).square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return parameters.detach()


def _held_out(x_NF: Tensor, y_N: Tensor, w_N: Tensor, drawn: tuple[Tensor, float] | None = None) -> Tensor:
    """Confidence of each answer by weights that were fitted on the other folds, float32 [N]."""
    fold_N = torch.arange(len(y_N)) % FOLDS
    held_N = torch.zeros(len(y_N))
    for fold in range(FOLDS):
        inside_N = fold_N == fold
        if not bool(inside_N.any()) or bool(inside_N.all()):
            continue
        weights = _regression(x_NF[~inside_N], y_N[~inside_N], w_N[~inside_N], drawn)
        held_N[inside_N] = torch.sigmoid(x_NF[inside_N] @ weights[:-1] + weights[-1])
    return held_N


def _threshold(confidence_N: Tensor, right_N: Tensor, w_N: Tensor) -> float:
    """The least confidence to answer at which right answers held back and wrong ones shown cost least together."""
    right_N, wrong_N = right_N * w_N, (1 - right_N) * w_N
    best, least = 0.5, float("inf")
    for threshold in THRESHOLDS:
        held_back_N = (confidence_N < threshold).float()
        cost = (right_N * held_back_N).sum() / right_N.sum()
        cost = cost + WRONG_ANSWER * (wrong_N * (1 - held_back_N)).sum() / wrong_N.sum()
        if float(cost) < least:
            best, least = threshold, float(cost)
    return best


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
