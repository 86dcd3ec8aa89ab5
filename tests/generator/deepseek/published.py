"""Small random checkpoints of the published DeepSeek family, written by `transformers`."""

import torch
from transformers import DeepseekV2Config, DeepseekV2ForCausalLM, DeepseekV3Config, DeepseekV3ForCausalLM

VOCABULARY = 96
SHAPE = {
    "vocab_size": VOCABULARY, "hidden_size": 48, "intermediate_size": 80, "moe_intermediate_size": 24,
    "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 4, "q_lora_rank": 20,
    "kv_lora_rank": 16, "qk_nope_head_dim": 12, "qk_rope_head_dim": 8, "v_head_dim": 10, "n_routed_experts": 8,
    "num_experts_per_tok": 3, "first_k_dense_replace": 1, "max_position_embeddings": 128,
    # Far from the usual 0.02, so that logits are not all nearly 0 and a difference would show.
    "initializer_range": 0.3,
}  # fmt: skip
YARN = {
    "rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 16, "beta_fast": 32, "beta_slow": 1,
    "mscale": 1.0, "mscale_all_dim": 0.7,
}  # fmt: skip
V2, V3 = (DeepseekV2Config, DeepseekV2ForCausalLM), (DeepseekV3Config, DeepseekV3ForCausalLM)
KINDS = {
    "V2 greedy, softmax": (V2, {"topk_method": "greedy", "n_shared_experts": 2}),
    "V2 group-limited": (V2, {"topk_method": "group_limited_greedy", "n_group": 4, "topk_group": 2}),
    "V2 as Lite: no query rank, yarn": (
        V2,
        {"topk_method": "greedy", "q_lora_rank": None, "rope_scaling": YARN},
    ),
    "V2 scaled gates, two dense layers": (
        V2,
        {"topk_method": "greedy", "routed_scaling_factor": 16.0, "first_k_dense_replace": 2},
    ),
    "V3 group-limited, sigmoid": (V3, {"n_group": 4, "topk_group": 2}),
    "V3 yarn": (V3, {"n_group": 2, "topk_group": 1, "rope_scaling": YARN}),
    "V3 no groups, not normalised": (V3, {"n_group": 1, "topk_group": 1, "norm_topk_prob": False}),
    "V3 all dense, tied": (V3, {"first_k_dense_replace": 4, "tie_word_embeddings": True}),
}


def publish(kind, folder):
    """Write a random checkpoint, and return the model that wrote it."""
    (config_class, model_class), changes = kind
    torch.manual_seed(7)
    model = model_class(config_class(**{**SHAPE, **changes}, rope_theta=10_000.0)).eval()
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.uniform_(-0.3, 0.3)
    model.save_pretrained(folder)
    return model
