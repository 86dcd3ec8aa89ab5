"""Attention with the backward pass as plain matrix products, for training on CPUs.

torch's fused attention is quick forward on a CPU and slow backward. Here its forward is kept, with the log-sums of
each row, and the gradients are five batched products over the recomputed weights (FlashAttention, arXiv 2205.14135,
section 3.1, without tiles: a row of weights is a few hundred pieces). Compiled, the elementwise part is two passes.

Dimensions in names: B rows, H heads, L pieces, K head width.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def trained_attention(q_BHLK: Tensor, k_BHLK: Tensor, v_BHLK: Tensor, mask_B11L: Tensor | None) -> Tensor:
    """`scaled_dot_product_attention`, with gradients by matrix products where that is quicker.

    Args:
        q_BHLK: Queries, one format with keys and values.
        k_BHLK: Keys.
        v_BHLK: Values.
        mask_B11L: bool, True where a key may be attended to; None for all.

    Returns:
        [B, H, L, K] in the format of the queries.
    """
    if mask_B11L is None or not (q_BHLK.requires_grad and q_BHLK.device.type == "cpu"):
        return F.scaled_dot_product_attention(q_BHLK, k_BHLK, v_BHLK, attn_mask=mask_B11L)
    bias_B11L = torch.zeros(mask_B11L.shape, dtype=q_BHLK.dtype).masked_fill(~mask_B11L, float("-inf"))
    mixed_BHLK: Tensor = _Attention.apply(q_BHLK, k_BHLK, v_BHLK, bias_B11L)  # type: ignore[no-untyped-call]
    return mixed_BHLK


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q_BHLK: Tensor, k_BHLK: Tensor, v_BHLK: Tensor, bias_B11L: Tensor) -> Tensor:
        mixed_BHLK, log_sum_BHL = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            q_BHLK, k_BHLK, v_BHLK, 0.0, False, attn_mask=bias_B11L
        )
        ctx.save_for_backward(q_BHLK, k_BHLK, v_BHLK, bias_B11L, mixed_BHLK, log_sum_BHL)
        return mixed_BHLK  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, grad_BHLK: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:  # type: ignore[override]
        q_BHLK, k_BHLK, v_BHLK, bias_B11L, mixed_BHLK, log_sum_BHL = ctx.saved_tensors
        scale = q_BHLK.shape[-1] ** -0.5
        scores_BHLL = (q_BHLK @ k_BHLK.transpose(-1, -2)).float() * scale + bias_B11L.float()
        weights_BHLL = torch.exp(scores_BHLL - log_sum_BHL.float()[..., None])
        to_weights_BHLL = (grad_BHLK @ v_BHLK.transpose(-1, -2)).float()
        share_BHL1 = (grad_BHLK.float() * mixed_BHLK.float()).sum(-1, keepdim=True)
        to_scores_BHLL = (weights_BHLL * (to_weights_BHLL - share_BHL1) * scale).to(q_BHLK.dtype)
        to_q, to_k = to_scores_BHLL @ k_BHLK, to_scores_BHLL.transpose(-1, -2) @ q_BHLK
        return to_q, to_k, weights_BHLL.to(q_BHLK.dtype).transpose(-1, -2) @ grad_BHLK, None
