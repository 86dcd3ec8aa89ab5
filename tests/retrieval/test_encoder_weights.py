"""The shipped encoder: exact unpacking, the vectors of the original engine, nothing unknown, damage detected."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from retrieval.encoder_id import encoder_id
from retrieval.encoder_weights import encoder_state, load_config, load_encoder, load_tokenizer, unpack_q4
from retrieval.errors import EncoderError
from tests.faults.damage import damages

ENCODER = Path(__file__).parents[2] / "models" / "encoder"
REFERENCE = Path(__file__).parents[1] / "data" / "encoder" / "e5_reference.json"


def test_unpacking_follows_the_block_layout() -> None:
    blocks = torch.zeros(1, 1, 16, dtype=torch.uint8)
    blocks[0, 0, 0] = 0x2F  # weight 0: nibble 15, weight 16: nibble 2
    scale = torch.full((1, 1), 0.5, dtype=torch.float16)
    weights = unpack_q4(blocks, scale)
    assert weights.shape == (1, 32)
    assert weights[0, 0] == 3.5
    assert weights[0, 16] == -3.0
    assert weights[0, 1] == -4.0


def test_vectors_equal_those_of_the_original_engine() -> None:
    """Chinese and English keep their pieces; languages whose pieces were cut only stay near."""
    model, tokenizer = load_encoder(ENCODER)
    for item in json.loads(REFERENCE.read_text(encoding="utf-8")):
        ids = tokenizer.encode(("query: " if item["query"] else "passage: ") + item["text"]).ids
        with torch.inference_mode():
            states = model(torch.tensor([ids])).last_hidden_state[0]
        cosine = torch.cosine_similarity(states.mean(0), torch.tensor(item["vector"]), dim=0)
        cut = any("\u3040" <= c <= "\u30ff" or c in "éêâ" for c in item["text"])
        assert cosine > (0.9 if cut else 0.995), item["text"]


@pytest.mark.parametrize(
    "text", ["饕餮鬱卒", "臺灣鬱卒", "naïve café", "x\ty\nz", "“引号”——…", "ABCdef123", "π≈3.14159"]
)
def test_what_the_original_vocabulary_knew_is_still_known(text: str) -> None:
    _, tokenizer = load_encoder(ENCODER)
    unknown = tokenizer.token_to_id("<unk>")
    assert unknown not in tokenizer.encode(text, add_special_tokens=False).ids


def test_damage_is_detected_before_use(tmp_path: Path) -> None:
    copy = tmp_path / "encoder"
    shutil.copytree(ENCODER, copy)
    shard = copy / "layers.safetensors"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    with pytest.raises(EncoderError, match=r"layers\.safetensors"):
        encoder_state(copy)
    shard.unlink()
    with pytest.raises(EncoderError, match=r"layers\.safetensors"):
        encoder_state(copy)
    (copy / "manifest.json").unlink()
    with pytest.raises(EncoderError, match=r"manifest\.json"):
        encoder_state(copy)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_any_damage_to_a_small_file_is_detected_before_use(tmp_path: Path, name: str) -> None:
    copy = tmp_path / "encoder"
    shutil.copytree(ENCODER, copy)
    for what, data in damages((ENCODER / name).read_bytes()):
        (copy / name).write_bytes(data)
        with pytest.raises(EncoderError, match=name):
            encoder_state(copy)
            pytest.fail(what)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b"[]", b"3", b'{"name": "n"}', b'{"name": "n", "shards": 3}']
)
def test_a_damaged_manifest_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(data)
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(EncoderError):
        encoder_state(tmp_path)
    with pytest.raises(EncoderError):
        encoder_id(tmp_path)


def test_a_folder_without_hashes_of_its_small_files_still_tells_what_it_can_not_read(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(b"{")
    (tmp_path / "config.json").write_bytes(b"{")
    with pytest.raises(EncoderError, match=r"tokenizer\.json"):
        load_tokenizer(tmp_path)
    with pytest.raises(EncoderError, match=r"config\.json"):
        load_config(tmp_path)


def test_id_changes_with_the_tokenizer(tmp_path: Path) -> None:
    copy = tmp_path / "encoder"
    shutil.copytree(ENCODER, copy)
    before = encoder_id(copy)
    assert before == encoder_id(ENCODER)
    tokenizer = copy / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert encoder_id(copy) != before
