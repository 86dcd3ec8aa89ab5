"""Cross-attention added to a pretrained decoder, behind a gate that starts closed.

Dimensions in names: B batch, T target tokens, M memory rows (the pieces of all passages), D width of the decoder,
W width of the memory, H heads, K head width.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.blocks.layers import RMSNorm


class MemoryView(NamedTuple):
    """Keys and values of one layer's memory; made once per question, used at every step.

    Attributes:
        k_BHMK: Keys.
        v_BHMK: Values.
        bias_B11M: Logarithm of each row's weight, -inf where it is removed; None if all count alike.
        empty_B11: bool [B, 1, 1], True where a row of the batch has no memory at all; None if all count alike.
    """

    k_BHMK: Tensor
    v_BHMK: Tensor
    bias_B11M: Tensor | None
    empty_B11: Tensor | None


class GatedCrossAttention(nn.Module):
    """x + tanh(gate) * attention of x over a memory (arXiv 2204.14198); the gate is 0 at the start.

    The memory is a set: nothing tells its rows' order, so passages may come in any. With the gate at 0 the sum is x
    itself, bit by bit, and the decoder around it gives exactly what it gave without.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Shape of the layer: decoder width D, memory width W, heads H of width K."""

        width: int
        memory_width: int
        heads: int
        head_width: int
        norm_eps: float = 1e-6

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        inner = config.heads * config.head_width
        self.norm = RMSNorm(config.width, config.norm_eps)
        self.memory_norm = RMSNorm(config.memory_width, config.norm_eps)
        self.q = nn.Linear(config.width, inner, bias=False)
        self.k = nn.Linear(config.memory_width, inner, bias=False)
        self.v = nn.Linear(config.memory_width, inner, bias=False)
        self.out = nn.Linear(inner, config.width, bias=False)
        self.gate = nn.Parameter(torch.zeros(()))

    def view(self, memory_BMW: Tensor, weight_BM: Tensor | None = None) -> MemoryView:
        """Keys and values of a memory.

        Args:
            memory_BMW: Memory rows.
            weight_BM: Weight of each row, at least 0: a row of weight w counts like w copies of it, 0 removes it
                (padding, a masked passage). None weighs all 1.
        """
        memory_BMW = self.memory_norm(memory_BMW)
        k_BHMK, v_BHMK = self._heads(self.k(memory_BMW)), self._heads(self.v(memory_BMW))
        if weight_BM is None:
            return MemoryView(k_BHMK, v_BHMK, None, None)
        empty_B11 = (weight_BM == 0).all(dim=1)[:, None, None]
        # Where nothing is left, attend to anything: the result is set to 0 later, a softmax over nothing is NaN.
        bias_B11M = weight_BM.to(k_BHMK.dtype).log()[:, None, None].masked_fill(empty_B11[..., None], 0.0)
        return MemoryView(k_BHMK, v_BHMK, bias_B11M, empty_B11)

    def forward(self, x_BTD: Tensor, memory: MemoryView) -> Tensor:
        """Add the attended memory: [B, T, D] -> [B, T, D]."""
        q_BHTK = self._heads(self.q(self.norm(x_BTD)))
        mixed_BHTK = F.scaled_dot_product_attention(
            q_BHTK, memory.k_BHMK, memory.v_BHMK, attn_mask=memory.bias_B11M
        )
        read_BTD = self.out(mixed_BHTK.transpose(1, 2).flatten(2))
        if memory.empty_B11 is not None:
            read_BTD = read_BTD.masked_fill(memory.empty_B11, 0.0)
        out_BTD: Tensor = x_BTD + self.gate.tanh() * read_BTD
        return out_BTD

    def _heads(self, x_BLC: Tensor) -> Tensor:
        """[B, length, H * K] -> [B, H, length, K]."""
        return x_BLC.view(*x_BLC.shape[:2], self.config.heads, -1).transpose(1, 2)
