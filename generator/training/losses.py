"""Losses of reading: pairs of passages, and all passages of a question together."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.data.kinds import Supervision
from generator.fathom_small.encoder import ReadStates


@dataclass(frozen=True, slots=True, kw_only=True)
class PairWeights:
    """Weights of the parts of a pair's loss beside its spans.

    Attributes:
        relevance: Of telling whether a passage answers.
        competing: Of the right passage against the near miss.
    """

    relevance: float = 0.5
    competing: float = 0.3


PAIR_WEIGHTS = PairWeights()


class ReadingLoss(NamedTuple):
    """Parts of the loss; all but `total` without gradient.

    Attributes:
        total: The weighted sum.
        span: Mean over the rows whose answer, or lack of one, is known.
        relevance: Mean over rows.
        competing: Mean over the pairs of which one passage answers.
    """

    total: Tensor
    span: Tensor
    relevance: Tensor
    competing: Tensor


def pair_counts(answers_BN2: Tensor, supervision_B: Tensor, own_B: Tensor) -> Tensor:
    """Over how many items each part of `pair_loss` is a mean: rows known, rows, pairs that compete. float32 [3]."""
    known_B, _, compete_b = _what_counts(answers_BN2, supervision_B, own_B)
    return torch.stack([known_B.sum(), known_B.new_full((), len(own_B)), compete_b.sum()])


def _what_counts(answers_BN2: Tensor, supervision_B: Tensor, own_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows whose spans are known (float [B]), rows that answer (bool [B]), pairs that compete (float [B / 2])."""
    has_B = (answers_BN2[..., 0] >= 0).any(-1)
    relevant_B = own_B & (supervision_B == Supervision.RELEVANT)
    answers_B = has_B | relevant_B
    half = len(own_B) // 2
    compete_b = (has_B[:half] & ~relevant_B[:half] & ~answers_B[half:]).float()
    return (~relevant_B).float(), answers_B, compete_b


def pair_loss(
    read: ReadStates,
    answers_BN2: Tensor,
    supervision_B: Tensor,
    own_B: Tensor,
    weights: PairWeights = PAIR_WEIGHTS,
    shares: Tensor | None = None,
) -> ReadingLoss:
    """Span loss, cross-entropy of relevance, and the right passage against the near miss of the same question.

    Start and end are each distributed over the passage's pieces and one null position (the form of SQuAD 2.0,
    arXiv 1806.03822); several gold spans are summed over (marginal likelihood, arXiv 1710.10723). Of an answer that is
    somewhere inside a sentence, start and end are each summed over the sentence. A passage that answers, nobody says
    where, has a say in relevance alone. Pairs compete by the logistic loss of the difference of their passage scores
    (RankNet, Burges et al. 2005).

    Args:
        read: What the reading layers gave; rows b and B / 2 + b are the pair of one question.
        answers_BN2: int64 [B, N, 2] start and end pieces, -1 where unused; a row of only -1 has no answer there.
        supervision_B: int64 `Supervision` of the row's example.
        own_B: bool, True where the passage is the example's own.
        weights: Of relevance and competition.
        shares: float32 [3], what span, relevance and competition of these rows count for in those of a step; None for
            1 each.
    """
    start_BS, end_BS = _span_log_probs(read)
    known_B, answers_B, compete_b = _what_counts(answers_BN2, supervision_B, own_B)
    within_B = own_B & (supervision_B == Supervision.WITHIN) & (answers_BN2[..., 0] >= 0).any(-1)
    nll_B = torch.where(
        within_B,
        _within(start_BS, end_BS, answers_BN2, within_B),
        -_marginal(start_BS, end_BS, answers_BN2),
    )
    span = (nll_B * known_B).sum() / known_B.sum().clamp(min=1)
    relevance = F.binary_cross_entropy_with_logits(read.relevance_B, answers_B.float())
    score_B = passage_scores(read)
    half = len(own_B) // 2
    lost_b = F.softplus(score_B[half:] - score_B[:half])
    competing = (lost_b * compete_b).sum() / compete_b.sum().clamp(min=1)
    parts = (span, weights.relevance * relevance, weights.competing * competing)
    if shares is not None:
        parts = (parts[0] * shares[0], parts[1] * shares[1], parts[2] * shares[2])
    total = parts[0] + parts[1] + parts[2]
    return ReadingLoss(total, span.detach(), relevance.detach(), competing.detach())


def passage_scores(read: ReadStates) -> Tensor:
    """Log-odds that a passage answers, as answering compares passages: float32 [B].

    Spans summed over against the passage's own null, and the relevance logit; for speed start and end are summed over
    each on its own, so spans that end before they start count too.
    """
    spans_B = read.start_BS.logsumexp(-1) + read.end_BS.logsumexp(-1)
    return spans_B - read.null_B2.sum(-1) + read.relevance_B


def _marginal(start_BS: Tensor, end_BS: Tensor, answers_BN2: Tensor) -> Tensor:
    """Log-probability of any of the answers, or of null where there is none; place 0 is null."""
    used_BN = answers_BN2[..., 0] >= 0
    place_BN2 = (answers_BN2 + 1).clamp(min=0)
    joint_BN = start_BS.gather(1, place_BN2[..., 0]) + end_BS.gather(1, place_BN2[..., 1])
    first_N = torch.arange(used_BN.shape[1], device=used_BN.device) == 0
    used_BN = used_BN | (first_N & ~used_BN.any(-1, keepdim=True))
    return joint_BN.masked_fill(~used_BN, float("-inf")).logsumexp(-1)


def _within(start_BS: Tensor, end_BS: Tensor, answers_BN2: Tensor, within_B: Tensor) -> Tensor:
    """Minus log-probability that start and end both lie in the first range; of other rows any finite number."""
    place_S = torch.arange(start_BS.shape[1], device=start_BS.device)
    first_B1, last_B1 = (answers_BN2[:, 0] + 1)[..., None].unbind(1)
    inside_BS = (place_S >= first_B1) & (place_S <= last_B1) | ~within_B[:, None]
    start_B, end_B = (s.masked_fill(~inside_BS, float("-inf")).logsumexp(-1) for s in (start_BS, end_BS))
    return -(start_B + end_B)


def distillation_loss(read: ReadStates, taught: ReadStates) -> Tensor:
    """Cross-entropy of start, end and relevance against a teacher's, less the teacher's own entropy.

    Args:
        read: What the reader that learns gave.
        taught: What the teacher gave for the same rows.

    Returns:
        Mean over rows of the Kullback-Leibler divergences from the teacher, in nats (arXiv 1503.02531, temperature 1).
    """
    total = torch.zeros((), device=read.null_B2.device)
    for own_BS, teacher_BS in zip(_span_log_probs(read), _span_log_probs(taught), strict=True):
        gap_BS = (teacher_BS - own_BS).masked_fill(~torch.isfinite(teacher_BS), 0.0)
        total = total + (teacher_BS.exp() * gap_BS).sum(-1).mean()
    own_B2 = _two_way(read.relevance_B)
    teacher_B2 = _two_way(taught.relevance_B)
    return total + (teacher_B2.exp() * (teacher_B2 - own_B2)).sum(-1).mean()


def _span_log_probs(read: ReadStates) -> tuple[Tensor, Tensor]:
    """Log-probabilities of start and end over null (place 0) and the pieces."""
    return (
        torch.cat([read.null_B2[:, :1], read.start_BS], dim=1).log_softmax(-1),
        torch.cat([read.null_B2[:, 1:], read.end_BS], dim=1).log_softmax(-1),
    )


def _two_way(logit_B: Tensor) -> Tensor:
    return torch.stack([F.logsigmoid(logit_B), F.logsigmoid(-logit_B)], dim=-1)


IMPOSSIBLE = -1e4
"""In the place of -inf where a sum might hold nothing else: no probability, and a gradient that is 0 and no NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredWeights:
    """Numbers of the loss of gathered questions.

    Attributes:
        relevance: Weight of telling whether a passage answers.
        largest: Span loss of a question, in nats, from which on it has no gradient: its label is more likely wrong.
    """

    relevance: float = 0.5
    largest: float = 20.0


GATHERED_WEIGHTS = GatheredWeights()


class GatheredLoss(NamedTuple):
    """Parts of the loss; all but `total` without gradient.

    Attributes:
        total: The weighted sum.
        span: Mean over the questions that say something.
        relevance: Mean over their passages.
    """

    total: Tensor
    span: Tensor
    relevance: Tensor


def gathered_loss(
    joint_BSS: Tensor,
    relevance_B: Tensor,
    gold_BSS: Tensor,
    number_B: Tensor,
    answerable_N: Tensor,
    weights: GatheredWeights = GATHERED_WEIGHTS,
) -> GatheredLoss:
    """Loss of one distribution over the spans of all passages of a question and "none of them answers".

    The distribution is that of answering (`generator.fathom_small.reading.span_distribution`: shared normalisation,
    arXiv 1710.10723). All gold spans are summed over; the null is gold where nothing answers. A question that is said
    to be answered, and of whose gold spans none is possible, says nothing.

    Args:
        joint_BSS: float32 scores that `span_scores` gives, -inf where no span may be.
        relevance_B: float32 logits that a passage answers.
        gold_BSS: bool, True at spans that answer.
        number_B: int64 question of each row, below N.
        answerable_N: bool, whether the question is answered by any of its passages.
        weights: Of relevance; and the largest loss.
    """
    gold_BSS = gold_BSS & torch.isfinite(joint_BSS)
    has_B = gold_BSS.flatten(1).any(1)
    own_NB = number_B[None, :] == torch.arange(len(answerable_N), device=number_B.device)[:, None]
    has_N = (own_NB & has_B).any(1)
    known_N = has_N | ~answerable_N
    gold_N = question_scores(joint_BSS.masked_fill(~gold_BSS, float("-inf")), own_NB)
    nll_N = F.softplus(question_scores(joint_BSS, own_NB)) - torch.where(has_N, gold_N, 0.0)
    nll_N = nll_N.clamp(max=weights.largest)
    span = (nll_N * known_N).sum() / known_N.sum().clamp(min=1)
    told_B = known_N[number_B].float()
    cross_B = F.binary_cross_entropy_with_logits(relevance_B, has_B.float(), reduction="none")
    relevance = (cross_B * told_B).sum() / told_B.sum().clamp(min=1)
    return GatheredLoss(span + weights.relevance * relevance, span.detach(), relevance.detach())


def question_scores(joint_BSS: Tensor, own_NB: Tensor) -> Tensor:
    """Log of the summed exponentials of all spans of each question: its log-odds against the null, float32 [N].

    Args:
        joint_BSS: Scores of spans; -inf where none may be.
        own_NB: bool, True where a row is of a question.
    """
    possible_BSS = joint_BSS.masked_fill(~torch.isfinite(joint_BSS), IMPOSSIBLE)
    row_B = possible_BSS.flatten(1).logsumexp(1)
    return torch.where(own_NB, row_B[None, :], IMPOSSIBLE).logsumexp(1)
