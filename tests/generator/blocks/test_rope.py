import torch
from transformers import DeepseekV3Config
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from generator.blocks.rope import Rope, YarnConfig, apply_rope, rope_frequencies
from tests.generator.blocks.closeness import assert_close


def test_the_rotation_depends_on_the_distance_alone():
    rope = Rope(16, 10_000.0)
    q, k = torch.randn(1, 1, 1, 16), torch.randn(1, 1, 1, 16)

    def score(at_q, at_k):
        turned = [apply_rope(x, *rope(torch.tensor([[at]]))) for x, at in ((q, at_q), (k, at_k))]
        return (turned[0] * turned[1]).sum()

    assert_close(score(7, 3), score(107, 103), 1e-4)
    assert (score(7, 3) - score(7, 4)).abs() > 1e-3


def test_position_zero_changes_nothing_and_lengths_stay():
    rope, x = Rope(8, 100.0), torch.randn(2, 3, 5, 8)
    assert torch.equal(apply_rope(x, *rope(torch.zeros(2, 5, dtype=torch.int64))), x)
    turned = apply_rope(x, *rope(torch.arange(5).expand(2, -1)))
    assert_close(turned.norm(dim=-1), x.norm(dim=-1), 1e-5)


def test_yarn_equals_transformers_for_the_published_settings():
    for scaling in (
        {"factor": 40.0, "original_max_position_embeddings": 4096, "mscale": 1.0, "mscale_all_dim": 1.0},
        {"factor": 40.0, "original_max_position_embeddings": 4096, "mscale": 0.707, "mscale_all_dim": 0.707},
        {"factor": 8.0, "original_max_position_embeddings": 512, "mscale": 1.0, "mscale_all_dim": 0.5},
        {"factor": 4.0, "original_max_position_embeddings": 256, "truncate": False},
    ):
        published = DeepseekV3Config(
            qk_rope_head_dim=64,
            rope_theta=10_000.0,
            rope_scaling={"rope_type": "yarn", "beta_fast": 32, "beta_slow": 1, **scaling},
        )
        theirs, their_scale = ROPE_INIT_FUNCTIONS["yarn"](published)
        yarn = YarnConfig(
            factor=scaling["factor"],
            original_positions=scaling["original_max_position_embeddings"],
            mscale=scaling.get("mscale", 0.0),
            mscale_all=scaling.get("mscale_all_dim", 0.0),
            truncate=scaling.get("truncate", True),
        )
        assert_close(rope_frequencies(64, 10_000.0, yarn), theirs, 1e-7, "frequencies")
        assert abs(yarn.rotation_scale - their_scale) < 1e-9


def test_frequencies_stay_float32_when_the_model_is_cast():
    rope = Rope(64, 10_000.0)
    exact = rope.frequencies_P.clone()
    rope.bfloat16()
    assert rope.frequencies_P.dtype == torch.float32
    assert torch.equal(rope.frequencies_P, exact)
