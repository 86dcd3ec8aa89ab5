import pytest
import torch

from generator.blocks.moe import MoE
from generator.blocks.moe_reference import moe_reference
from tests.generator.blocks.closeness import assert_close

BASE = {"width": 32, "experts": 8, "active": 2, "shared": 1, "hidden": 24, "init_scale": 1.0}
VARIANTS = {
    "sigmoid": {},
    "softmax, not normalised": {"score": "softmax", "normalise": False, "route_scale": 2.5},
    "best groups by two": {"groups": 4, "groups_active": 2, "active": 3},
    "best groups by one": {
        "groups": 4,
        "groups_active": 2,
        "active": 3,
        "group_score": "max",
        "score": "softmax",
    },
    "capacity": {"capacity": 4},
    "no shared expert": {"shared": 0},
    "isolated router": {"isolate_router_gradient": True},
    "all experts": {"active": 8},
}


def build(**changes):
    torch.manual_seed(0)
    moe = MoE(MoE.Config(**{**BASE, **changes}))
    moe.bias_E.uniform_(-0.2, 0.2)
    return moe


@pytest.mark.parametrize("tokens", [1, 37])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
def test_the_sorted_path_equals_the_loop_over_experts_forward_and_gradient(changes, padded, tokens):
    moe = build(**changes)
    valid = torch.arange(tokens) % 3 != 1 if padded else None
    weights = torch.randn(tokens, 32)
    results = []
    for path in (lambda x: moe(x, valid)[0], lambda x: moe_reference(moe, x, valid)):
        x = torch.randn(tokens, 32, generator=torch.Generator().manual_seed(1), requires_grad=True)
        moe.zero_grad()
        out = path(x)
        (out * weights).sum().backward()
        results.append(
            (out, x.grad, {name: p.grad for name, p in moe.named_parameters() if p.grad is not None})
        )
    (ours, ours_x, ours_grads), (theirs, theirs_x, theirs_grads) = results
    assert_close(ours, theirs, 1e-5, "output")
    assert_close(ours_x, theirs_x, 1e-5, "gradient of the states")
    for name, gradient in theirs_grads.items():
        assert_close(ours_grads[name], gradient, 1e-4, f"gradient of {name}")


@pytest.mark.parametrize(("tokens", "experts"), [(1, 8), (2, 8), (37, 8), (40, 2), (200, 3)])
def test_blocks_of_one_expert_equal_the_grouped_products_forward_and_gradient(tokens, experts):
    moe = build(experts=experts)
    x = torch.randn(tokens * 2, 32, requires_grad=True)
    chosen = torch.randint(experts, (tokens * 2,)).sort().values
    weights = torch.randn(tokens * 2, 32)
    outs = [path(x, chosen) for path in (moe.grouped, moe.in_blocks)]
    assert_close(*outs, 1e-5, "output")
    inputs = [x, moe.w_gate_EFD, moe.w_up_EFD, moe.w_down_EDF]
    gradients = [torch.autograd.grad((out * weights).sum(), inputs) for out in outs]
    for ours, theirs in zip(*gradients, strict=True):
        assert_close(ours, theirs, 1e-4, "gradient")


def test_padding_is_neither_counted_nor_given_room():
    moe = build(capacity=3)
    x, valid = torch.randn(12, 32), torch.arange(12) < 5
    out, stats = moe(x, valid)
    alone, stats_alone = moe(x[:5])
    assert stats.load_E.sum() == 10
    assert torch.equal(stats.load_E, stats_alone.load_E)
    assert stats.dropped == stats_alone.dropped
    assert_close(out[:5], alone, 1e-6)
    assert_close(out[5:], moe.shared(x[5:]), 1e-6, "padding: shared expert alone")
    assert_close(stats.entropy, stats_alone.entropy, 1e-6, "entropy")


def test_beyond_capacity_a_token_passes_the_shared_expert_alone_and_is_counted():
    moe = build(active=1, capacity=3)
    x = torch.randn(1, 32).expand(10, 32)  # all want the same expert
    out, stats = moe(x)
    assert stats.load_E.max() == 10
    assert stats.dropped == 7
    assert_close(out[3:], moe.shared(x[3:]), 1e-6)
    assert (out[:3] - moe.shared(x[:3])).abs().max() > 1e-3


def test_the_bias_changes_the_choice_but_not_the_gates():
    moe = build(normalise=False)
    scores = moe.scores(torch.randn(20, 32))
    moe.bias_E.zero_()
    moe.bias_E[3] = 10.0
    gates, experts = moe.choose(scores)
    assert (experts == 3).any(dim=1).all()
    assert torch.equal(gates, scores.gather(1, experts))


def test_group_limited_choice_stays_in_the_best_groups():
    moe = build(experts=8, groups=4, groups_active=1, active=2)
    moe.bias_E.zero_()
    scores = torch.full((1, 8), 0.1)
    scores[0, 0], scores[0, 4], scores[0, 5] = 0.9, 0.6, 0.6  # best single: group 0; best two: group 2
    assert set(moe.choose(scores)[1][0].tolist()) == {4, 5}
    by_best = build(experts=8, groups=4, groups_active=1, active=2, group_score="max")
    by_best.bias_E.zero_()
    assert set(by_best.choose(scores)[1][0].tolist()) == {0, 1}


def test_isolation_cuts_both_ways_between_router_and_experts():
    moe = build(isolate_router_gradient=True)
    x = torch.randn(9, 32, requires_grad=True)
    out, stats = moe(x)
    out.sum().backward(retain_graph=True)
    assert moe.router_ED.grad is None
    assert moe.w_up_EFD.grad.abs().sum() > 0
    x.grad = None
    stats.entropy.backward()
    assert moe.router_ED.grad.abs().sum() > 0
    assert x.grad is None


def test_the_bias_learned_from_past_loads_evens_out_a_skewed_router():
    torch.manual_seed(0)
    moe = build(experts=16, bias_step=0.02)
    moe.bias_E.zero_()
    skew = torch.linspace(-1, 1, 16)  # some experts' logits are always higher

    def load():
        scores = (torch.randn(256, 16) + skew).sigmoid()
        return torch.bincount(moe.choose(scores)[1].flatten(), minlength=16).float()

    before = sum(load() for _ in range(50))
    for _ in range(300):
        moe.update_bias(load())
    after = sum(load() for _ in range(50))
    assert before.max() / before.mean() - 1 > 0.8
    assert after.max() / after.mean() - 1 < 0.1


def test_an_empty_batch_leaves_the_bias_in_place():
    moe = build()
    before = moe.bias_E.clone()
    moe.history_E.fill_(1 / 8)
    moe.update_bias(torch.zeros(8))
    assert_close(moe.bias_E, before, 1e-6)


def test_bad_shapes_are_refused():
    with pytest.raises(ValueError, match="groups"):
        MoE.Config(**{**BASE, "groups": 3})
    with pytest.raises(ValueError, match="active"):
        MoE.Config(**{**BASE, "groups": 8, "groups_active": 1})
    with pytest.raises(ValueError, match="capacity"):
        MoE.Config(**{**BASE, "capacity": 0})


@pytest.mark.parametrize("changes", [{}, {"capacity": 3}, {"groups": 4, "groups_active": 2}])
def test_the_layer_is_one_graph_whose_shapes_depend_on_the_tokens_alone(changes):
    """Traced once for 12 tokens, the graph serves any routing of 12 tokens without tracing again."""
    moe = build(**changes)
    traced = []

    def count(graph, _):
        traced.append(graph)
        return graph.forward

    compiled = torch.compile(moe, fullgraph=True, backend=count)
    valid = torch.arange(12) < 10
    for seed in range(3):
        x = torch.randn(12, 32, generator=torch.Generator().manual_seed(seed))
        assert_close(compiled(x, valid)[0], moe(x, valid)[0], 1e-6)
    assert len(traced) == 1
