import math

import pytest
import torch

from generator.blocks.attention import GroupedQueryAttention, attend
from generator.blocks.kv_cache import KVCache
from generator.blocks.sliding_window import attend_in_window, window_mask
from tests.generator.blocks.closeness import assert_close

KINDS = {
    "full": {},
    "window": {"window": 5, "global_tokens": 2},
    "one kv head": {"kv_heads": 1},
    "no groups": {"kv_heads": 4},
}


def build(**changes):
    torch.manual_seed(0)
    config = {"width": 32, "heads": 4, "kv_heads": 2, "head_width": 8}
    return GroupedQueryAttention(GroupedQueryAttention.Config(**{**config, **changes}))


def dense_reference(layer, x, positions, visible):
    """Attention written out: keys repeated per head, one softmax over a full score matrix."""
    rope = layer.rope.frequencies_P
    turn = torch.polar(torch.ones(()), positions[..., None] * rope)[:, None]

    def heads(y):
        return y.unflatten(-1, (-1, 8)).transpose(1, 2)

    def rotate(y):
        return torch.view_as_real(
            torch.view_as_complex(y.unflatten(-1, (-1, 2)).contiguous()) * turn
        ).flatten(-2)

    q, k, v = rotate(heads(layer.q(x))), rotate(heads(layer.k(x))), heads(layer.v(x))
    repeat = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
    scores = (q @ k.transpose(-1, -2) / 8**0.5).masked_fill(~visible[:, None], float("-inf"))
    return layer.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


def visible_by_rule(layer, positions):
    T = positions.shape[1]
    visible = torch.zeros(positions.shape[0], T, T, dtype=torch.bool)
    window = layer.config.window or 10**9
    for t in range(T):
        for s in range(t + 1):
            visible[:, t, s] = t - s < window or s < layer.config.global_tokens
    return visible


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_attention_equals_the_written_out_form_forward_and_gradient(kind):
    layer = build(**kind)
    positions = torch.arange(14).expand(2, -1)
    x = torch.randn(2, 14, 32, requires_grad=True)
    weights = torch.randn(2, 14, 32)
    ours = layer(x, positions)
    theirs = dense_reference(layer, x, positions, visible_by_rule(layer, positions))
    assert_close(ours, theirs, 1e-5, "output")
    gradients = [torch.autograd.grad((y * weights).sum(), [x, *layer.parameters()]) for y in (ours, theirs)]
    for a, b in zip(*gradients, strict=True):
        assert_close(a, b, 1e-4, "gradient")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("first", [1, 6])
def test_token_by_token_with_a_cache_equals_all_at_once(kind, first):
    layer = build(**kind).eval()
    x, positions = torch.randn(2, 100, 32), torch.arange(100).expand(2, -1)
    with torch.no_grad():
        whole = layer(x, positions)
        cache = KVCache()
        parts = [layer(x[:, :first], positions[:, :first], cache=cache)]
        parts += [layer(x[:, t : t + 3], positions[:, t : t + 3], cache=cache) for t in range(first, 70, 3)]
        done = sum(part.shape[1] for part in parts)
        parts += [layer(x[:, t : t + 1], positions[:, t : t + 1], cache=cache) for t in range(done, 100)]
    assert cache.length == 100
    assert_close(torch.cat(parts, 1), whole, 1e-5)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_ragged_batch_equals_its_rows_alone(kind):
    """Rows of 5, 9 and 3 tokens, padded on the left, then two decoding steps."""
    layer = build(**kind).eval()
    lengths, T = [5, 9, 3], 9
    rows = [torch.randn(1, n + 2, 32) for n in lengths]
    x = torch.zeros(3, T + 2, 32)
    positions = torch.zeros(3, T + 2, dtype=torch.int64)
    real = torch.zeros(3, T + 2, dtype=torch.bool)
    for b, (row, n) in enumerate(zip(rows, lengths, strict=True)):
        x[b, T - n :], positions[b, T - n :], real[b, T - n :] = row[0], torch.arange(n + 2), True
    mask = real[:, None, :] & torch.ones(T + 2, T + 2, dtype=torch.bool).tril()
    cache = KVCache()
    with torch.no_grad():
        parts = [layer(x[:, :T], positions[:, :T], mask[:, :T, :T], cache)]
        for t in (T, T + 1):
            parts.append(layer(x[:, t : t + 1], positions[:, t : t + 1], mask[:, t : t + 1, : t + 1], cache))
        out = torch.cat(parts, 1)
        for b, (row, n) in enumerate(zip(rows, lengths, strict=True)):
            assert_close(out[b, T - n :], layer(row, torch.arange(n + 2)[None])[0], 1e-5, f"row {b}")


def test_the_window_mask_sees_itself_the_window_and_the_globals_and_no_future():
    positions = torch.arange(12)[None]
    row = window_mask(positions, positions, window=3, global_tokens=2)[0, 8]
    assert row.nonzero().flatten().tolist() == [0, 1, 6, 7, 8]


@pytest.mark.parametrize(
    ("tokens", "window", "global_tokens"), [(1030, 256, 8), (768, 256, 8), (50, 7, 7), (21, 7, 0), (29, 1, 1)]
)
def test_the_blocked_window_equals_the_dense_mask_forward_and_gradient(tokens, window, global_tokens):
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, heads, tokens, 8, requires_grad=True) for heads in (4, 2, 2))
    positions = torch.arange(tokens).expand(2, -1)
    dense = attend(q, k, v, window_mask(positions, positions, window, global_tokens), 0.3)
    blocked = attend_in_window(q, k, v, window, global_tokens, 0.3)
    assert_close(blocked, dense, 1e-5, "output")
    weights = torch.randn_like(dense)
    gradients = [torch.autograd.grad((out * weights).sum(), [q, k, v]) for out in (blocked, dense)]
    for ours, theirs in zip(*gradients, strict=True):
        assert_close(ours, theirs, 1e-4, "gradient")


@torch.no_grad()
@pytest.mark.parametrize("prompt", [1, 40, 97])
def test_a_cache_that_drops_what_left_the_window_changes_nothing_and_stays_small(prompt):
    layer = build(window=16, global_tokens=3).eval()
    x, positions = torch.randn(1, 140, 32), torch.arange(140)[None]
    cache, small = KVCache(), layer.new_cache()
    for piece in torch.arange(140).split([prompt, *[1] * (130 - prompt), 10]):
        whole, dropped = (layer(x[:, piece], positions[:, piece], cache=c) for c in (cache, small))
        assert_close(dropped, whole, 1e-5)
        assert small.nbytes <= (3 + 2 * 16) * 2 * 2 * 8 * 4
    assert small.length == cache.length == 140
    with pytest.raises(ValueError, match="left the window"):
        small.truncate(100)
    with pytest.raises(ValueError, match="mask covers"):
        layer(x[:, :1], positions[:, :1], torch.ones(1, 1, 141, dtype=torch.bool), small)


@torch.no_grad()
def test_the_cache_of_window_256_and_8_globals_takes_a_fifth_at_8192_tokens():
    layer = build(window=256, global_tokens=8).eval()
    small = layer.new_cache()
    layer(torch.randn(1, 8192, 32), torch.arange(8192)[None], cache=small)
    full = 8192 * 2 * 2 * 8 * 4
    assert math.isclose(full / small.nbytes, 8192 / 264, rel_tol=1e-6)


def test_the_cache_forgets_and_reorders():
    cache = KVCache()
    k = torch.randn(2, 1, 5, 4)
    cache.append(k, k, torch.arange(5).expand(2, -1))
    cache.truncate(3)
    more = torch.randn(2, 1, 1, 4)
    keys, _, positions = cache.append(more, more, torch.full((2, 1), 3))
    assert torch.equal(keys, torch.cat([k[:, :, :3], more], 2))
    assert positions.tolist() == [[0, 1, 2, 3]] * 2
    cache.select(torch.tensor([1]))
    assert torch.equal(cache.append(more[1:], more[1:], torch.full((1, 1), 4))[0][:, :, :3], k[1:, :, :3])
    assert cache.nbytes == 2 * 5 * 4 * 4


def test_bad_shapes_are_refused():
    with pytest.raises(ValueError, match="divide"):
        build(kv_heads=3)
    with pytest.raises(ValueError, match="window"):
        build(window=4, global_tokens=5)
    with pytest.raises(ValueError, match="odd"):
        build(head_width=7)
