"""The four actions of the decoder: write a piece, copy from a row, next (continue copying), stop.

Dimensions in names: B batch, T target steps, N rows of all passages together, V pieces that can be written, D width,
A = 4 actions.

A step first chooses the action, then, for *write*, the piece, and for *copy*, the row (CopyNext, arXiv 2010.15266,
with a hierarchical softmax). The reader's own opinion enters as a prior: the first copy is its start score plus the
best end ahead; going on or stopping is the best end still ahead against the end here. The learned parts start at
zero, so an untrained decoder answers exactly as the extractive reader does, and learns phrasing on top.
"""

from enum import IntEnum
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCKED = -1e4
"""Logit of an action that is impossible at a step; finite, so that gradients stay finite."""
RELUCTANT = -6.0
"""Initial logit of actions that the extractive reader never takes."""


class Action(IntEnum):
    """An action of the decoder at a step."""

    WRITE = 0
    COPY = 1
    NEXT = 2
    STOP = 3


class ReaderPrior(NamedTuple):
    """The reader's opinion, over rows of all passages flattened.

    Attributes:
        copy_BN: Score of copying from a row first; -inf where there is no text.
        onward_BN: Best end score ahead of a row minus the end score at it: positive says go on. `BLOCKED` where the
            next row has no text or belongs to another passage.
        can_next_BN: Whether the row after this one may be copied.
    """

    copy_BN: Tensor
    onward_BN: Tensor
    can_next_BN: Tensor


def reader_prior(
    start_BPS: Tensor, end_BPS: Tensor, null_BP: Tensor, segment_BPS: Tensor, longest: int
) -> ReaderPrior:
    """Turn span scores into priors for actions.

    Args:
        start_BPS: Start scores; -inf where a row has no text.
        end_BPS: End scores; -inf where a row has no text.
        null_BP: Start plus end score of "this passage does not answer".
        segment_BPS: int64 number of the unbroken stretch of text a row belongs to; -1 where it has no text. A phrase
            never leaves its stretch.
        longest: Pieces of the longest phrase.
    """
    S = start_BPS.shape[-1]
    ends_BPSL = F.pad(end_BPS, (0, longest), value=float("-inf")).unfold(-1, longest, 1)[..., : S + 1, :]
    segments_BPSL = F.pad(segment_BPS, (0, longest), value=-2).unfold(-1, longest, 1)[..., : S + 1, :]
    own_BPS1 = segment_BPS[..., None]
    ahead_BPS = (
        ends_BPSL[..., :S, :].masked_fill(segments_BPSL[..., :S, :] != own_BPS1, float("-inf")).amax(-1)
    )
    later_BPS = (
        ends_BPSL[..., 1:, :].masked_fill(segments_BPSL[..., 1:, :] != own_BPS1, float("-inf")).amax(-1)
    )
    copy_BPS = start_BPS + ahead_BPS - null_BP[..., None]
    can_next_BPS = (segments_BPSL[..., 1:, 0] == segment_BPS) & (segment_BPS >= 0)
    onward_BPS = torch.where(can_next_BPS, later_BPS - end_BPS, torch.full_like(end_BPS, BLOCKED))
    onward_BPS = torch.nan_to_num(onward_BPS, nan=BLOCKED).clamp(BLOCKED, -BLOCKED)
    return ReaderPrior(copy_BPS.flatten(1), onward_BPS.flatten(1), can_next_BPS.flatten(1))


class StepLogProbs(NamedTuple):
    """Log-probabilities of a step.

    Attributes:
        action_BTA: Of the four actions.
        write_BTV: Of pieces, given *write*.
        copy_BTN: Of rows, given *copy*.
    """

    action_BTA: Tensor
    write_BTV: Tensor
    copy_BTN: Tensor


class ActionHeads(nn.Module):
    """Decoder states to action distributions."""

    def __init__(self, width: int, write_pieces: int) -> None:
        super().__init__()
        self.action = nn.Linear(width, len(Action))
        self.state_bias = nn.Parameter(torch.zeros(3, len(Action)))
        self.write = nn.Linear(width, width)
        self.write_bias = nn.Parameter(torch.zeros(write_pieces))
        self.copy_query = nn.Linear(width, width, bias=False)
        self.copy_prior = nn.Parameter(torch.tensor([1.0, 0.3]))
        self.onward_prior = nn.Parameter(torch.ones(1))
        self.reset()

    def reset(self) -> None:
        """Start as the extractive reader: learned parts at zero, other actions reluctant."""
        with torch.no_grad():
            for layer in (self.action, self.copy_query):
                layer.weight.zero_()
            self.action.bias.zero_()
            self.write_bias.zero_()
            place = self.state_bias.device
            self.copy_prior.copy_(torch.tensor([1.0, 0.3], device=place))
            self.onward_prior.fill_(1.0)
            first, after_copy, after_write = 0, 1, 2
            self.state_bias.zero_()
            self.state_bias[first] = torch.tensor([RELUCTANT, 0.0, 0.0, RELUCTANT], device=place)
            self.state_bias[after_copy] = torch.tensor([RELUCTANT, RELUCTANT, 0.0, 0.0], device=place)
            self.state_bias[after_write] = torch.tensor([0.0, 0.0, 0.0, 0.0], device=place)

    def forward(
        self,
        x_BTD: Tensor,
        states_BND: Tensor,
        pieces_VD: Tensor,
        prior: ReaderPrior,
        before_BT: Tensor,
        row_BT: Tensor,
    ) -> StepLogProbs:
        """Distributions of every step.

        Args:
            x_BTD: Decoder states.
            states_BND: Read states of all rows.
            pieces_VD: Embeddings of the pieces that can be written.
            prior: The reader's opinion.
            before_BT: int64: 0 at the first step, 1 after copy or next, 2 after write.
            row_BT: int64 row copied last; used where `before_BT` is 1.
        """
        copied_BT = before_BT == 1
        onward_BT = prior.onward_BN.gather(1, row_BT) * self.onward_prior
        may_go_BT = copied_BT & prior.can_next_BN.gather(1, row_BT)
        logits_BTA = self.action(x_BTD).float() + self.state_bias[before_BT]
        zero_BT = torch.zeros_like(onward_BT)
        push_BTA = torch.stack(
            [
                zero_BT,
                zero_BT,
                torch.where(may_go_BT, F.logsigmoid(onward_BT), zero_BT + BLOCKED),
                torch.where(copied_BT, F.logsigmoid(-onward_BT), zero_BT),
            ],
            dim=-1,
        )
        scale_BT = torch.where(before_BT == 0, self.copy_prior[0], self.copy_prior[1])
        prior_BTN = prior.copy_BN[:, None, :].clamp(min=BLOCKED) * scale_BT[..., None]
        learned_BTN = self.copy_query(x_BTD) @ states_BND.transpose(1, 2) / x_BTD.shape[-1] ** 0.5
        copy_BTN = (prior_BTN + learned_BTN.float()).masked_fill(
            ~torch.isfinite(prior.copy_BN)[:, None, :], BLOCKED
        )
        write_BTV = (self.write(x_BTD) @ pieces_VD.T.to(x_BTD.dtype)).float() + self.write_bias
        return StepLogProbs(
            (logits_BTA + push_BTA).log_softmax(-1), write_BTV.log_softmax(-1), copy_BTN.log_softmax(-1)
        )


class ActionTargets(NamedTuple):
    """Target action of each step of a training answer.

    Attributes:
        action_BT: int64 `Action`; -1 after the end.
        argument_BT: int64: piece number for *write*, row for *copy* and *next*, 0 for *stop*.
    """

    action_BT: Tensor
    argument_BT: Tensor


def action_loss(log_probs: StepLogProbs, targets: ActionTargets) -> tuple[Tensor, Tensor]:
    """Negative log-likelihood of the target actions.

    Returns:
        Mean over steps; int count of steps.
    """
    live_BT = targets.action_BT >= 0
    action_BT = targets.action_BT.clamp(min=0)
    nll_BT = -log_probs.action_BTA.gather(-1, action_BT[..., None]).squeeze(-1)
    V, N = log_probs.write_BTV.shape[-1], log_probs.copy_BTN.shape[-1]
    write_BT = log_probs.write_BTV.gather(-1, targets.argument_BT.clamp(max=V - 1)[..., None]).squeeze(-1)
    copy_BT = log_probs.copy_BTN.gather(-1, targets.argument_BT.clamp(max=N - 1)[..., None]).squeeze(-1)
    nll_BT = nll_BT - torch.where(action_BT == Action.WRITE, write_BT, torch.zeros_like(write_BT))
    nll_BT = nll_BT - torch.where(action_BT == Action.COPY, copy_BT, torch.zeros_like(copy_BT))
    steps = live_BT.sum()
    return (nll_BT * live_BT).sum() / steps.clamp(min=1), steps


def align(
    answer: list[int], passage: list[int], writable: dict[int, int], shortest_copy: int
) -> list[tuple[Action, int]]:
    """Actions that produce an answer: greedy longest runs copied, the rest written.

    Args:
        answer: Piece ids of the answer.
        passage: Piece ids of the rows.
        writable: Piece id to number among the pieces that can be written.
        shortest_copy: Shortest run worth copying; shorter ones are copied only where a piece cannot be written.

    Returns:
        Actions with their arguments, *stop* last; empty where the answer cannot be produced.
    """
    places: dict[int, list[int]] = {}
    for row, piece in enumerate(passage):
        places.setdefault(piece, []).append(row)
    actions: list[tuple[Action, int]] = []
    at = 0
    while at < len(answer):
        row, length = 0, 0
        for start in places.get(answer[at], ()):
            n = 0
            while at + n < len(answer) and start + n < len(passage) and answer[at + n] == passage[start + n]:
                n += 1
            if n > length:
                row, length = start, n
        if length and (length >= shortest_copy or answer[at] not in writable):
            actions.append((Action.COPY, row))
            actions += [(Action.NEXT, row + n) for n in range(1, length)]
            at += length
        elif answer[at] in writable:
            actions.append((Action.WRITE, writable[answer[at]]))
            at += 1
        else:
            return []
    return [*actions, (Action.STOP, 0)]
