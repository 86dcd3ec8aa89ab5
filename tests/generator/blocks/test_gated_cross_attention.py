import torch

from generator.blocks.gated_cross_attention import GatedCrossAttention
from tests.generator.blocks.closeness import assert_close


def build():
    torch.manual_seed(0)
    layer = GatedCrossAttention(GatedCrossAttention.Config(width=24, memory_width=16, heads=3, head_width=8))
    with torch.no_grad():
        layer.gate.fill_(0.7)
    return layer


def test_the_order_of_memory_does_not_matter():
    layer, x, memory = build(), torch.randn(2, 4, 24), torch.randn(2, 9, 16)
    order = torch.randperm(9)
    assert_close(layer(x, layer.view(memory)), layer(x, layer.view(memory[:, order])), 1e-6)


def test_weight_zero_equals_removal():
    layer, x, memory = build(), torch.randn(2, 4, 24), torch.randn(2, 9, 16)
    weight = torch.ones(2, 9)
    weight[:, 5:] = 0
    assert_close(layer(x, layer.view(memory, weight)), layer(x, layer.view(memory[:, :5])), 1e-6)


def test_weight_two_equals_a_second_copy():
    layer, x, memory = build(), torch.randn(1, 4, 24), torch.randn(1, 5, 16)
    weight = torch.tensor([[1.0, 1.0, 2.0, 1.0, 1.0]])
    assert_close(
        layer(x, layer.view(memory, weight)), layer(x, layer.view(memory[:, [0, 1, 2, 2, 3, 4]])), 1e-6
    )


def test_a_row_without_memory_is_left_as_it_is():
    layer, x, memory = build(), torch.randn(2, 4, 24), torch.randn(2, 9, 16)
    weight = torch.ones(2, 9)
    weight[1] = 0
    out = layer(x, layer.view(memory, weight))
    assert torch.equal(out[1], x[1])
    assert (out[0] - x[0]).abs().max() > 1e-3
    out.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in layer.parameters())
