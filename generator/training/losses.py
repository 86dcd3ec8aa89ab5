"""Losses of reading."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.model.encoder import ReadStates


class ReadingLoss(NamedTuple):
    """Parts of the loss, each a mean over rows."""

    total: Tensor
    span: Tensor
    relevance: Tensor


def reading_loss(read: ReadStates, answers_BN2: Tensor, relevance_weight: float = 0.5) -> ReadingLoss:
    """Negative log marginal likelihood of the answer spans, and cross-entropy of relevance.

    Start and end are each distributed over the passage's pieces and one null position (the form of SQuAD 2.0,
    arXiv 1806.03822); several gold spans are summed over (marginal likelihood, arXiv 1710.10723).

    Args:
        read: What the reading layers gave.
        relevance_weight: Weight of the second part.
        answers_BN2: int64 [B, N, 2] start and end pieces, -1 where unused; a row of only -1 is unanswerable.
    """
    start_BS, end_BS = _span_log_probs(read)
    used_BN = answers_BN2[..., 0] >= 0
    has_B = used_BN.any(-1)
    place_BN2 = (answers_BN2 + 1).clamp(min=0)
    joint_BN = start_BS.gather(1, place_BN2[..., 0]) + end_BS.gather(1, place_BN2[..., 1])
    used_BN = used_BN | ((torch.arange(used_BN.shape[1], device=used_BN.device) == 0) & ~has_B[:, None])
    span = -joint_BN.masked_fill(~used_BN, float("-inf")).logsumexp(-1).mean()
    relevance = F.binary_cross_entropy_with_logits(read.relevance_B, has_B.float())
    return ReadingLoss(span + relevance_weight * relevance, span.detach(), relevance.detach())


def distillation_loss(read: ReadStates, taught: ReadStates) -> Tensor:
    """Cross-entropy of start and end against those of a teacher, and of relevance, less the teacher's own entropy.

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
