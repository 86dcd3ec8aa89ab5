"""The two small layers that every block is made of: the norm and the gated feed-forward part.

Dimensions in names: D width, F hidden width; `...` any leading dimensions.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RMSNorm(nn.Module):
    """Root-mean-square norm (arXiv 1910.07467): x / rms(x), times a learned scale; no mean, no bias.

    Args:
        width: Width D of what is normalised.
        eps: Added to the mean square.
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension: [..., D] -> [..., D], computed in float32."""
        return F.rms_norm(x.float(), self.weight.shape, eps=self.eps).to(x.dtype) * self.weight


class SwiGLU(nn.Module):
    """Gated feed-forward part (arXiv 2002.05202): down(silu(gate(x)) * up(x)), without biases.

    Args:
        width: Width D of the states.
        hidden: Width F between.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Transform states: [..., D] -> [..., D]."""
        hidden: Tensor = self.down(F.silu(self.gate(x)) * self.up(x))
        return hidden
