"""A small head that says which shape of answer a question asks for, where no rule sees one.

It looks at the question's own states behind the document layers, which reading computes anyway: a few learned
attentions over the pieces, and what the rules see. Trained by `fathom train shapes`, see
`docs/decisions/0096-shape-head.md`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from generator.composing.question import Asked
from generator.device import HOST
from generator.types import Shape

SHAPES = (Shape.PHRASE, Shape.LIST, Shape.STEPS, Shape.YES_NO, Shape.DEFINITION, Shape.COMPARISON)
"""Shapes that the rules tell apart too, in the order of the head's outputs."""
RULES = len(SHAPES) + 4
"""Features that the rules give."""
ATTENTIONS, HIDDEN = 6, 64


class ShapeHead(nn.Module):
    """Attention over a question's pieces, then two layers."""

    mean_D: Tensor
    scale_D: Tensor

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        """Set up with new weights, for states as they come.

        Args:
            width: D of the states.
            dropout: Share of the inputs of each layer that training leaves out.
        """
        super().__init__()
        self.register_buffer("mean_D", torch.zeros(width, device=HOST))
        self.register_buffer("scale_D", torch.ones(width, device=HOST))
        self.attend = nn.Linear(width, ATTENTIONS)
        self.hidden = nn.Linear((ATTENTIONS + 1) * width + RULES, HIDDEN)
        self.out = nn.Linear(HIDDEN, len(SHAPES))
        self.dropout = nn.Dropout(dropout)

    def forward(self, states_BLD: Tensor, mask_BL: Tensor, rules_BR: Tensor) -> Tensor:
        """Logits of the shapes, float32 [B, 6] in the order of `SHAPES`.

        Args:
            states_BLD: Document-layer states of questions, framed and with their prefix.
            mask_BL: bool, True at real pieces.
            rules_BR: float32, see `rule_features`.
        """
        states_BLD = (states_BLD.float() - self.mean_D) / self.scale_D * mask_BL[..., None]
        share_BLK = self.attend(states_BLD).masked_fill(~mask_BL[..., None], float("-inf")).softmax(1)
        pooled_BKD = torch.einsum("blk,bld->bkd", share_BLK, states_BLD)
        whole = torch.cat([pooled_BKD.flatten(1), states_BLD[:, 0], rules_BR], 1)
        logits: Tensor = self.out(self.dropout(torch.relu(self.hidden(self.dropout(whole)))))
        return logits


def rule_features(asked: Asked) -> Sequence[float]:
    """Numbers of 0 and 1 for a question as the rules see it; `RULES` of them."""
    told = (asked.manner, asked.amount, bool(asked.sides), asked.chinese)
    return [*(float(asked.shape == shape) for shape in SHAPES), *map(float, told)]


def shape_probabilities(head: ShapeHead, states_QD: Tensor, asked: Asked) -> Mapping[Shape, float]:
    """Probability of each shape for one question.

    Args:
        head: In evaluation mode, on the CPU.
        states_QD: Document-layer states of the question, on any device.
        asked: How the rules understand it.
    """
    with torch.inference_mode():
        mask_1Q = torch.ones(1, len(states_QD), dtype=torch.bool, device=HOST)
        rules_1R = torch.tensor([rule_features(asked)], device=HOST)
        logits_16 = head(states_QD[None].to(HOST), mask_1Q, rules_1R)
    return dict(zip(SHAPES, logits_16.softmax(-1)[0].tolist(), strict=True))
