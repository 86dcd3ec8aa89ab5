import pytest
import torch

from generator.blocks.attention_mla import LatentAttention
from generator.blocks.kv_cache import KVCache
from generator.blocks.rope import YarnConfig
from tests.generator.blocks.closeness import assert_close

KINDS = {
    "low-rank queries": {},
    "full-rank queries": {"q_rank": None},
    "yarn": {"yarn": YarnConfig(factor=4, original_positions=16, mscale=0.7, mscale_all=1.0)},
    "biases": {"bias": True},
    "one head": {"heads": 1},
}


def build(**changes):
    torch.manual_seed(0)
    config = {
        "width": 32, "heads": 4, "q_rank": 12, "kv_rank": 16, "nope_width": 8, "rope_width": 4, "value_width": 10,
    }  # fmt: skip
    return LatentAttention(LatentAttention.Config(**{**config, **changes}))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_the_absorbed_form_equals_the_expanded_form_forward_and_gradient(kind):
    layer = build(**kind)
    x, weights = torch.randn(2, 11, 32, requires_grad=True), torch.randn(2, 11, 32)
    positions = torch.arange(11).expand(2, -1)
    outs = [layer(x, positions, absorbed=absorbed) for absorbed in (False, True)]
    assert_close(*outs, 1e-5, "output")
    gradients = [torch.autograd.grad((out * weights).sum(), [x, *layer.parameters()]) for out in outs]
    for ours, theirs in zip(*gradients, strict=True):
        assert_close(ours, theirs, 1e-4, "gradient")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("absorbed", [True, False, None])
def test_decoding_with_a_cache_equals_all_at_once(kind, absorbed):
    layer = build(**kind)
    x, positions = torch.randn(2, 40, 32), torch.arange(40).expand(2, -1)
    with torch.no_grad():
        whole = layer(x, positions, absorbed=False)
        cache = KVCache()
        steps = [slice(0, 30), *(slice(t, t + 1) for t in range(30, 38)), slice(38, 40)]
        parts = [layer(x[:, s], positions[:, s], cache=cache, absorbed=absorbed) for s in steps]
    assert_close(torch.cat(parts, 1), whole, 1e-5)


@pytest.mark.parametrize("absorbed", [True, False])
def test_a_ragged_batch_equals_its_rows_alone(absorbed):
    layer = build()
    x = torch.randn(2, 9, 32)
    real = torch.arange(9) >= torch.tensor([[4], [0]])  # the first row has four pieces of padding on the left
    positions = (real.cumsum(1) - 1).clamp(min=0)
    mask = (real[:, None] & torch.ones(9, 9, dtype=torch.bool).tril()) | torch.eye(9, dtype=torch.bool)
    with torch.no_grad():
        out = layer(x, positions, mask, absorbed=absorbed)
        assert_close(out[0, 4:], layer(x[:1, 4:], torch.arange(5)[None])[0], 1e-5)
        assert_close(out[1], layer(x[1:], torch.arange(9)[None])[0], 1e-5)


def test_the_cache_holds_the_latent_and_one_rotated_key_alone():
    layer, cache = build(), KVCache()
    with torch.no_grad():
        layer(torch.randn(3, 7, 32), torch.arange(7).expand(3, -1), cache=cache)
    assert cache.nbytes == 3 * 7 * (16 + 4) * 4


def test_absorbing_is_chosen_for_decoding_and_not_for_a_prompt():
    layer = build(kv_rank=512, nope_width=128, rope_width=64, value_width=128)  # of DeepSeek-V3
    assert layer.absorbing_is_cheaper(1, 1000)
    assert layer.absorbing_is_cheaper(8, 1000)
    assert not layer.absorbing_is_cheaper(1000, 1000)
