"""Gradients by matrix products are those of torch's own attention."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from generator.model.attention_backward import trained_attention


def inputs(dtype: torch.dtype) -> tuple[list[Tensor], Tensor, Tensor]:
    torch.manual_seed(0)
    qkv = [torch.randn(3, 4, 21, 8).to(dtype).requires_grad_() for _ in range(3)]
    mask_B11L = torch.ones(3, 1, 1, 21, dtype=torch.bool)
    mask_B11L[1, ..., 15:] = False
    mask_B11L[2, ..., 1:] = False
    return qkv, mask_B11L, torch.randn(3, 4, 21, 8).to(dtype)


@pytest.mark.parametrize(("dtype", "off"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_output_and_gradients_are_those_of_torch(dtype: torch.dtype, off: float) -> None:
    qkv, mask_B11L, weight_BHLK = inputs(dtype)
    results = []
    for attend in (trained_attention, F.scaled_dot_product_attention):
        out_BHLK = attend(*qkv, mask_B11L)
        results.append([out_BHLK, *torch.autograd.grad((out_BHLK * weight_BHLK).float().sum(), qkv)])
    for ours, theirs in zip(*results, strict=True):
        assert (ours - theirs).float().norm() <= off * theirs.float().norm()
        assert ours.dtype == dtype


def test_nothing_is_kept_where_no_gradient_is_asked_for() -> None:
    qkv, mask_B11L, _ = inputs(torch.float32)
    with torch.no_grad():
        assert trained_attention(*qkv, mask_B11L).grad_fn is None
    assert trained_attention(*(part.detach() for part in qkv), None).shape == (3, 4, 21, 8)
