"""A folder becomes a model, or an error that says what is wrong with it."""

import json
import shutil

import pytest
import torch

from generator.deepseek.loading import load_local_model
from generator.device import fast_dtype
from generator.errors import CheckpointError
from tests.generator.deepseek.checkpoints import (
    V3,
    WINDOW,
    give_adapters,
    random_checkpoint,
    write_tokenizer,
)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / "small-v3"
    random_checkpoint(V3, folder)
    write_tokenizer(folder)
    return folder


@pytest.fixture
def folder(published, tmp_path):
    return shutil.copytree(published, tmp_path / published.name)


def test_a_folder_is_ready_to_answer(folder):
    model = load_local_model(folder)
    assert model.model_id.startswith("small-v3@")
    assert (model.window, model.is_fused, model.tokenizer.ends) == (WINDOW, False, {1})
    assert model.decoder.embed.weight.dtype == fast_dtype()
    assert load_local_model(folder, dtype=torch.float32).decoder.embed.weight.dtype == torch.float32


def test_adapters_in_the_folder_are_used_and_change_its_name(folder):
    before = load_local_model(folder).model_id
    give_adapters(folder, memory_width=24)
    model = load_local_model(folder)
    assert model.is_fused
    assert model.model_id != before


def test_a_gpu_that_is_not_there_is_told(folder, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CheckpointError, match="GPU"):
        load_local_model(folder, device="cuda")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: shutil.rmtree(f), "missing"),
        (lambda f: (f / "tokenizer.json").unlink(), "missing"),
        (lambda f: (f / "config.json").write_text("{"), "damaged"),
        (lambda f: change(f, model_type="llama"), "llama"),
        (lambda f: change(f, hidden_size=64), "config.json asks for"),
        (lambda f: change(f, max_position_embeddings=None), "max_position_embeddings"),
        (lambda f: (f / "model.safetensors").unlink(), "missing"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 99), "damaged"),
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "missing"),
        (lambda f: (f / "adapters.json").write_text("{}"), "can't be read"),
        (lambda f: write_tokenizer(f, whole=tuple(f"<{n}>" for n in range(40))), "another model"),
    ],
)
def test_a_folder_that_can_not_be_used_is_refused(folder, damage, message):
    damage(folder)
    with pytest.raises(CheckpointError, match=message):
        load_local_model(folder)


def change(folder, **values):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
