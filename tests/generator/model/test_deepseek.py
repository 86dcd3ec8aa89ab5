"""Our decoder against `transformers`, on small random checkpoints that `transformers` writes."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import DeepseekV2Config, DeepseekV2ForCausalLM, DeepseekV3Config, DeepseekV3ForCausalLM

from generator.checkpoint import scale_blocks
from generator.errors import CheckpointError
from generator.model.deepseek_published import load_deepseek
from tests.generator.model.closeness import assert_close

TOLERANCE = 1e-4
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


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS.keys())
def pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    return publish(request.param, folder), load_deepseek(folder)


@torch.no_grad()
def test_logits_without_a_cache(pair):
    theirs, ours = pair
    ids = torch.randint(VOCABULARY, (3, 40))
    expected = theirs(ids).logits
    assert expected.std() > 0.3, "logits too small to tell anything"
    assert_close(ours(ids).logits_BTV, expected, TOLERANCE, "logits")


@torch.no_grad()
@pytest.mark.parametrize("prompt", [1, 17])
def test_logits_with_a_cache_batch_one(pair, prompt):
    theirs, ours = pair
    ids = torch.randint(VOCABULARY, (1, prompt + 12))
    past, caches = None, ours.new_caches()
    for piece in ids.split([prompt, *[1] * 8, 4], dim=1):
        expected = theirs(piece, past_key_values=past, use_cache=True)
        past = expected.past_key_values
        assert_close(ours(piece, caches=caches).logits_BTV, expected.logits, TOLERANCE, "logits of a step")


@torch.no_grad()
@pytest.mark.parametrize("side", ["left", "right"])
def test_logits_of_a_ragged_batch(pair, side):
    theirs, ours = pair
    lengths, T = torch.tensor([[13], [21], [4]]), 21
    slots = torch.arange(T)
    real = slots >= T - lengths if side == "left" else slots < lengths
    ids = torch.randint(VOCABULARY, (3, T))
    expected = theirs(ids, attention_mask=real.long(), position_ids=(real.cumsum(1) - 1).clamp(min=0)).logits
    assert_close(ours(ids, valid_BS=real).logits_BTV[real], expected[real], TOLERANCE, "logits")


@torch.no_grad()
def test_decoding_a_ragged_batch_with_a_cache_equals_each_row_alone_in_transformers(pair):
    theirs, ours = pair
    lengths, T, steps = [13, 21, 4], 21, 5
    rows = [torch.randint(VOCABULARY, (1, n + steps)) for n in lengths]
    ids, real = torch.zeros(3, T + steps, dtype=torch.int64), torch.zeros(3, T + steps, dtype=torch.bool)
    for b, row in enumerate(rows):
        ids[b, T + steps - row.shape[1] :], real[b, T + steps - row.shape[1] :] = row[0], True
    caches = ours.new_caches()
    parts = [ours(ids[:, :T], real[:, :T], caches).logits_BTV]
    parts += [ours(ids[:, t : t + 1], real[:, : t + 1], caches).logits_BTV for t in range(T, T + steps)]
    logits = torch.cat(parts, 1)
    for b, row in enumerate(rows):
        assert_close(logits[b, real[b]], theirs(row).logits[0], TOLERANCE, f"row {b}")


@torch.no_grad()
def test_greedy_continuations_are_the_same(tmp_path):
    theirs = publish(KINDS["V3 yarn"], tmp_path)
    ours = load_deepseek(tmp_path)
    ids = torch.randint(VOCABULARY, (1, 9))
    expected = theirs.generate(ids, max_new_tokens=16, do_sample=False, eos_token_id=None, pad_token_id=0)
    caches, piece, written = ours.new_caches(), ids, []
    for _ in range(16):
        piece = ours(piece, caches=caches).logits_BTV[:, -1:].argmax(-1)
        written.append(int(piece))
    assert written == expected[0, 9:].tolist()


@torch.no_grad()
def test_closed_gates_reproduce_the_decoder_exactly_and_open_ones_do_not(tmp_path):
    publish(KINDS["V3 group-limited, sigmoid"], tmp_path)
    plain, fused = load_deepseek(tmp_path), load_deepseek(tmp_path, cross_every=2, memory_width=20)
    assert sum(block.cross is not None for block in fused.blocks) == 2
    ids, memory = torch.randint(VOCABULARY, (2, 15)), torch.randn(2, 30, 20)
    expected = plain(ids).logits_BTV
    view = fused.view_memory(memory)
    assert torch.equal(fused(ids, memory=view).logits_BTV, expected)
    assert torch.equal(fused(ids).logits_BTV, expected)
    for block in fused.blocks:
        if block.cross is not None:
            block.cross.gate.fill_(0.5)
    assert (fused(ids, memory=view).logits_BTV - expected).abs().max() > 1e-2


def test_closed_gates_still_learn(tmp_path):
    publish(KINDS["V3 group-limited, sigmoid"], tmp_path)
    fused = load_deepseek(tmp_path, cross_every=2, memory_width=20)
    view = fused.view_memory(torch.randn(1, 6, 20))
    fused(torch.randint(VOCABULARY, (1, 5)), memory=view).logits_BTV.logsumexp(-1).sum().backward()
    assert all(block.cross.gate.grad.abs() > 0 for block in fused.blocks if block.cross is not None)


@torch.no_grad()
def test_shards_with_an_index_and_extra_prediction_layers_load_too(tmp_path):
    theirs = publish(KINDS["V3 yarn"], tmp_path)
    ids = torch.randint(VOCABULARY, (1, 12))
    whole = load_file(tmp_path / "model.safetensors")
    whole["model.layers.4.embed_tokens.weight"] = torch.zeros(2, 2)
    names = sorted(whole)
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({name: whole[name] for name in part}, tmp_path / file)
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "model.safetensors").unlink()
    assert_close(load_deepseek(tmp_path)(ids).logits_BTV, theirs(ids).logits, TOLERANCE)


@torch.no_grad()
def test_the_config_keys_of_the_original_files_are_read(tmp_path):
    theirs = publish(KINDS["V3 yarn"], tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = {"type": rope.pop("rope_type"), **rope}
    config |= {"scoring_func": "sigmoid", "topk_method": "noaux_tc"}
    del config["rope_interleave"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    ids = torch.randint(VOCABULARY, (1, 50))
    assert_close(load_deepseek(tmp_path)(ids).logits_BTV, theirs(ids).logits, TOLERANCE)


@torch.no_grad()
def test_weights_as_8_bit_floats_with_block_scales_load(tmp_path):
    publish(KINDS["V3 yarn"], tmp_path)
    whole = load_file(tmp_path / "model.safetensors")
    name = "model.layers.1.self_attn.o_proj.weight"
    scale = torch.rand(3, 3) + 0.5
    whole[name], exact = (whole[name] * 8).to(torch.float8_e4m3fn), whole[name]
    whole[name + "_scale_inv"] = scale / 8
    save_file(whole, tmp_path / "model.safetensors")
    config = json.loads((tmp_path / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "fp8", "weight_block_size": [16, 16]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    loaded = load_deepseek(tmp_path).blocks[1].attention.out.weight
    blocks = torch.kron(scale, torch.ones(16, 16))[: exact.shape[0], : exact.shape[1]]
    assert ((loaded - exact * blocks).abs() <= (exact * blocks).abs() / 16 + 1e-3).all()


def test_block_scales_cover_ragged_edges():
    weight = torch.ones(3, 5).to(torch.float8_e4m3fn)
    scaled = scale_blocks(weight, torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), [2, 2])
    assert scaled.tolist() == [[1, 1, 2, 2, 3], [1, 1, 2, 2, 3], [4, 4, 5, 5, 6]]


def test_bfloat16_weights_keep_the_routing_bias_exact(tmp_path):
    theirs = publish(KINDS["V3 group-limited, sigmoid"], tmp_path)
    model = load_deepseek(tmp_path, dtype=torch.bfloat16)
    assert model.embed.weight.dtype == torch.bfloat16
    assert torch.equal(model.blocks[2].feed.bias_E, theirs.model.layers[2].mlp.gate.e_score_correction_bias)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda w: w.pop("model.norm.weight"), "lacks 1 tensors"),
        (lambda w: w.pop("model.layers.2.mlp.experts.5.up_proj.weight"), "w_up_EFD"),
        (lambda w: w.update({"model.extra.weight": torch.zeros(1)}), "no place"),
        (lambda w: w.update({"model.norm.weight": torch.zeros(3)}), "shape"),
        (
            lambda w: w.update({"model.layers.2.mlp.experts.8.up_proj.weight": torch.zeros(24, 48)}),
            "no place",
        ),
    ],
)
def test_missing_unknown_and_misshapen_tensors_are_refused(tmp_path, damage, message):
    publish(KINDS["V3 group-limited, sigmoid"], tmp_path)
    whole = load_file(tmp_path / "model.safetensors")
    damage(whole)
    save_file(whole, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match=message):
        load_deepseek(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "llama"}, "llama"),
        ({"rope_interleave": False}, "interleaved"),
        ({"hidden_act": "gelu"}, "silu"),
    ],
)
def test_other_architectures_are_refused(tmp_path, changes, message):
    publish(KINDS["V3 yarn"], tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | changes))
    with pytest.raises(CheckpointError, match=message):
        load_deepseek(tmp_path)


def test_damaged_or_missing_files_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="no readable"):
        load_deepseek(tmp_path)
    publish(KINDS["V3 yarn"], tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        load_deepseek(tmp_path)
    weights.unlink()
    with pytest.raises(CheckpointError, match="missing"):
        load_deepseek(tmp_path)
