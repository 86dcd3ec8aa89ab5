"""Our decoder against `transformers`, on small random checkpoints that `transformers` writes."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from generator.checkpoint.published import scale_blocks
from generator.deepseek.published import load_deepseek
from generator.errors import CheckpointError
from tests.generator.blocks.closeness import assert_close
from tests.generator.deepseek.published import KINDS, VOCABULARY, publish

TOLERANCE = 1e-4


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
    # Without a mask, they take 0 for padding wherever it stands.
    options = {"attention_mask": torch.ones_like(ids), "eos_token_id": None, "pad_token_id": 0}
    expected = theirs.generate(ids, max_new_tokens=16, do_sample=False, **options)
    caches, piece, written = ours.new_caches(), ids, []
    for _ in range(16):
        piece = ours(piece, caches=caches).logits_BTV[:, -1:].argmax(-1)
        written.append(int(piece))
    assert written == expected[0, 9:].tolist()


@torch.no_grad()
def test_the_logits_of_the_last_place_alone_are_the_same(pair):
    _, ours = pair
    ids = torch.randint(VOCABULARY, (2, 9))
    assert_close(ours(ids, last_only=True).logits_BTV, ours(ids).logits_BTV[:, -1:], TOLERANCE)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_loading_draws_no_random_numbers(kind, tmp_path):
    publish(kind, tmp_path)
    before = torch.get_rng_state()
    load_deepseek(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


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
        (lambda w: w.update({"model.layers.2.mlp.experts.5.odd.weight": torch.zeros(1)}), "no place"),
        (lambda w: w.update({"model.layers.odd": torch.zeros(1)}), "no place"),
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
        ({"kv_lora_rank": None}, r"config\.json"),
        ({"n_routed_experts": "many"}, r"config\.json"),
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
