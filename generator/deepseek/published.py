"""Published DeepSeek files -> decoder: config.json keys, tensor names, and the loading of both.

Dimensions in names: E experts, D width, F expert hidden width.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from generator.blocks.attention_mla import LatentAttention
from generator.blocks.gated_cross_attention import GatedCrossAttention
from generator.blocks.moe import MoE
from generator.blocks.rope import YarnConfig
from generator.checkpoint.published import read_published
from generator.deepseek.model import Block, Deepseek, DeepseekConfig
from generator.errors import CheckpointError

PUBLISHED_NAMES = {
    "model.embed_tokens.": "embed.",
    "model.norm.": "norm.",
    "lm_head.": "head.",
    "input_layernorm.": "attention_norm.",
    "post_attention_layernorm.": "feed_norm.",
    "self_attn.q_proj.": "attention.q.",
    "self_attn.q_a_proj.": "attention.q_down.",
    "self_attn.q_a_layernorm.": "attention.q_norm.",
    "self_attn.q_b_proj.": "attention.q_up.",
    "self_attn.kv_a_proj_with_mqa.": "attention.kv_down.",
    "self_attn.kv_a_layernorm.": "attention.kv_norm.",
    "self_attn.kv_b_proj.": "attention.kv_up.",
    "self_attn.o_proj.": "attention.out.",
    "mlp.gate_proj.": "feed.gate.",
    "mlp.up_proj.": "feed.up.",
    "mlp.down_proj.": "feed.down.",
    "mlp.shared_experts.gate_proj.": "feed.shared.gate.",
    "mlp.shared_experts.up_proj.": "feed.shared.up.",
    "mlp.shared_experts.down_proj.": "feed.shared.down.",
    "mlp.gate.weight": "feed.router_ED",
    "mlp.gate.e_score_correction_bias": "feed.bias_E",
}
PUBLISHED_EXPERT_PARTS = {"gate_proj": "w_gate_EFD", "up_proj": "w_up_EFD", "down_proj": "w_down_EDF"}
_IN_LAYER = re.compile(r"model\.layers\.(\d+)\.(.+)")
_EXPERT = re.compile(r"mlp\.experts\.(\d+)\.(\w+)\.weight")


def config_from_published(
    published: Mapping[str, Any], *, cross_every: int | None = None, memory_width: int = 384
) -> DeepseekConfig:
    """Read a published `config.json`, with the keys of the original files or of `transformers` 5.

    Raises:
        CheckpointError: It is another architecture, or uses a part that no DeepSeek V2 or V3 has.
    """
    family = published.get("model_type")
    if family not in {"deepseek_v2", "deepseek_v3"}:
        raise CheckpointError(f"model_type is {family!r}; this decoder reads deepseek_v2 and deepseek_v3")
    if published.get("hidden_act", "silu") != "silu" or not published.get("rope_interleave", True):
        raise CheckpointError("only hidden_act silu and interleaved rotary pairs are known, as published")
    width = published["hidden_size"]
    theta, yarn = _published_rope(published)
    return DeepseekConfig(
        vocab_size=published["vocab_size"],
        layers=published["num_hidden_layers"],
        dense_layers=published["first_k_dense_replace"],
        dense_hidden=published["intermediate_size"],
        attention=LatentAttention.Config(
            width=width,
            heads=published["num_attention_heads"],
            q_rank=published.get("q_lora_rank"),
            kv_rank=published["kv_lora_rank"],
            nope_width=published["qk_nope_head_dim"],
            rope_width=published["qk_rope_head_dim"],
            value_width=published["v_head_dim"],
            rope_theta=theta,
            yarn=yarn,
            bias=published.get("attention_bias", False),
        ),
        moe=_published_moe(published, width),
        norm_eps=published["rms_norm_eps"],
        tied=published.get("tie_word_embeddings", False),
        cross_every=cross_every,
        memory_width=memory_width,
    )


def _published_rope(published: Mapping[str, Any]) -> tuple[float, YarnConfig | None]:
    """Base and context extension, from `rope_parameters` or from the older `rope_theta` and `rope_scaling`.

    Raises:
        CheckpointError: Another scaling than YaRN.
    """
    rope = published.get("rope_parameters") or published.get("rope_scaling") or {}
    theta = float(rope.get("rope_theta") or published.get("rope_theta") or 10_000.0)
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "default":
        return theta, None
    if kind != "yarn":
        raise CheckpointError(f"rotary scaling {kind!r} is not known; DeepSeek publishes yarn or none")
    return theta, YarnConfig(
        factor=float(rope["factor"]),
        original_positions=int(rope["original_max_position_embeddings"]),
        beta_fast=float(rope.get("beta_fast") or 32),
        beta_slow=float(rope.get("beta_slow") or 1),
        mscale=float(rope.get("mscale") or 0),
        mscale_all=float(rope.get("mscale_all_dim") or 0),
        truncate=bool(rope.get("truncate", True)),
    )


def _published_moe(published: Mapping[str, Any], width: int) -> MoE.Config:
    """Routing of V2 (softmax, best single expert of a group) or V3 (sigmoid, best two, bias in the choice)."""
    v3 = published["model_type"] == "deepseek_v3"
    normalise = bool(published.get("norm_topk_prob", v3))
    limited = v3 or published.get("topk_method") == "group_limited_greedy"
    scale = published.get("routed_scaling_factor", 1.0)
    return MoE.Config(
        width=width,
        experts=published["n_routed_experts"],
        active=published["num_experts_per_tok"],
        shared=published.get("n_shared_experts") or 0,
        hidden=published["moe_intermediate_size"],
        score="sigmoid" if v3 else "softmax",
        groups=(published.get("n_group") or 1) if limited else 1,
        groups_active=(published.get("topk_group") or 1) if limited else 1,
        group_score="top2" if v3 else "max",
        normalise=normalise,
        # The published V2 code applies the factor only to gates that are not normalised.
        route_scale=1.0 if normalise and not v3 else scale,
    )


def our_name(published: str) -> tuple[str, int | None]:
    """Our name of a published tensor, and which expert of the stacked tensor it is (None: it is the whole).

    Raises:
        CheckpointError: The name is not one of DeepSeek's.
    """
    prefix, name = "", published
    if in_layer := _IN_LAYER.fullmatch(published):
        prefix, name = f"blocks.{in_layer[1]}.", in_layer[2]
    expert = _EXPERT.fullmatch(name)
    if expert and expert[2] in PUBLISHED_EXPERT_PARTS:
        return f"{prefix}feed.{PUBLISHED_EXPERT_PARTS[expert[2]]}", int(expert[1])
    for theirs, ours in PUBLISHED_NAMES.items():
        if name.startswith(theirs):
            return prefix + ours + name.removeprefix(theirs), None
    raise CheckpointError(f"tensor {published!r} has no place in a DeepSeek V2 or V3 decoder")


def _make_room(model: Deepseek, dtype: torch.dtype) -> None:
    """Allocate the weights of a shapes-only decoder; unpublished weights get their initial values.

    So no number is drawn for weights that are read anyway, and none is ever kept in a wider format.
    """
    model.to(dtype).to_empty(device="cpu")
    if model.config.tied:
        model.head.weight = model.embed.weight
    for block in model.blocks:
        assert isinstance(block, Block)
        if isinstance(block.feed, MoE):
            block.feed.reset_balance()
        if block.cross is not None:
            block.cross = GatedCrossAttention(block.cross.config).to(dtype)


@torch.no_grad()
def load_deepseek(
    folder: Path,
    *,
    dtype: torch.dtype = torch.float32,
    cross_every: int | None = None,
    memory_width: int = 384,
) -> Deepseek:
    """Build a decoder from a published folder (`config.json` and safetensors, sharded or not).

    Tensors are copied one by one, so that the peak is the model and one tensor. Added cross-attention keeps its
    initial values: its gate is closed.

    Args:
        folder: Where the files are.
        dtype: Of the weights in memory; routing is computed in float32 always.
        cross_every: Add gated cross-attention to every n-th block.
        memory_width: Width of the memory it reads.

    Raises:
        CheckpointError: Not such a folder, a tensor is missing, unknown, or has another shape.
    """
    published, tensors = read_published(folder)
    try:
        config = config_from_published(published, cross_every=cross_every, memory_width=memory_width)
        with torch.device("meta"):
            model = Deepseek(config)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"config.json of {folder} describes no DeepSeek V2 or V3: {error!r}") from error
    _make_room(model, dtype)
    targets = model.state_dict(keep_vars=True)
    ours_alone = (".cross.", ".history_E") + ((".bias_E",) if config.moe.score == "softmax" else ())
    missing = {name for name in targets if not any(part in name for part in ours_alone)}
    if config.tied:
        missing.discard("head.weight")
    experts_seen: dict[str, int] = {}
    for theirs, tensor in tensors:
        if theirs.startswith(f"model.layers.{config.layers}.") or theirs.endswith("rotary_emb.inv_freq"):
            continue  # multi-token prediction, and a table of older files that we compute
        name, expert = our_name(theirs)
        target = targets.get(name)
        if target is not None and expert is not None:
            target = target[expert] if expert < config.moe.experts else None
        if target is None or target.shape != tensor.shape:
            shape = "no place for it" if target is None else f"shape {tuple(target.shape)}"
            raise CheckpointError(f"{theirs} has shape {tuple(tensor.shape)}; config.json asks for {shape}")
        target.copy_(tensor)
        if expert is not None:
            experts_seen[name] = experts_seen.get(name, 0) + 1
        if expert is None or experts_seen[name] == config.moe.experts:
            missing.discard(name)
    if missing:
        raise CheckpointError(
            f"{folder} lacks {len(missing)} tensors, among them {min(missing)}; fetch all shards"
        )
    return model.eval()
