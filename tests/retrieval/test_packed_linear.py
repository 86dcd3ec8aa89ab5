"""Packed weights against plain ones."""

import pytest
import torch
from torch.nn import functional as F

from retrieval.packed_linear import PackedLinear


def layer(dtype):
    draw = torch.Generator().manual_seed(0)
    return (torch.randn(96, 64, generator=draw) / 8).to(dtype), torch.randn(96, generator=draw).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("rows", [1, 7, 300])
def test_gives_what_linear_gives(dtype, rows):
    weight, bias = layer(dtype)
    x = torch.randn(rows, 64, generator=torch.Generator().manual_seed(rows)).to(dtype)
    torch.testing.assert_close(PackedLinear(weight, bias)(x), F.linear(x, weight, bias), rtol=0, atol=1e-6)


def test_leading_dimensions_stay():
    weight, bias = layer(torch.bfloat16)
    x = torch.randn(2, 3, 64).bfloat16()
    torch.testing.assert_close(PackedLinear(weight, bias)(x), F.linear(x, weight, bias), rtol=0, atol=1e-2)


def test_is_converted_before_it_is_packed():
    exact = PackedLinear(*layer(torch.float32))
    lower = exact.to(torch.bfloat16)
    assert lower(torch.ones(1, 64, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert exact(torch.ones(1, 64)).dtype == torch.float32


def test_a_torch_without_packing_multiplies_all_the_same(monkeypatch):
    def absent(*_):
        raise AttributeError("_linear_pointwise")

    monkeypatch.setattr("retrieval.packed_linear._multiply", absent)
    weight, bias = layer(torch.bfloat16)
    x = torch.ones(2, 64, dtype=torch.bfloat16)
    torch.testing.assert_close(PackedLinear(weight, bias)(x), F.linear(x, weight, bias))
