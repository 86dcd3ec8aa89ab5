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


def test_converting_leaves_the_exact_layer_alone():
    exact = PackedLinear(*layer(torch.float32))
    lower = exact.to(torch.bfloat16)
    assert lower(torch.ones(1, 64, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert exact(torch.ones(1, 64)).dtype == torch.float32


@pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="oneDNN does not multiply bfloat16 here"
)
def test_a_packed_layer_multiplies_packed_and_is_not_converted(monkeypatch):
    packed = PackedLinear(*layer(torch.bfloat16))
    monkeypatch.setattr("retrieval.packed_linear._multiply", lambda x, weight, bias: "packed")
    assert packed(torch.ones(1, 64, dtype=torch.bfloat16)) == "packed"
    with pytest.raises(ValueError, match="before it is packed"):
        packed.to(torch.float32)


def test_a_torch_without_packing_multiplies_all_the_same(monkeypatch):
    def absent(*_):
        raise AttributeError("_linear_pointwise")

    monkeypatch.setattr("retrieval.packed_linear._multiply", absent)
    weight, bias = layer(torch.bfloat16)
    x = torch.ones(2, 64, dtype=torch.bfloat16)
    torch.testing.assert_close(PackedLinear(weight, bias)(x), F.linear(x, weight, bias))
