"""Adapters beside a published decoder: they come back as they were, and what does not fit is refused."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from generator.checkpoint.published import published_id
from generator.deepseek.adapters import adapter_state, has_adapters, load_with_adapters, save_adapters
from generator.deepseek.published import load_deepseek
from generator.errors import CheckpointError
from tests.generator.deepseek.published import KINDS, VOCABULARY, publish

KIND = KINDS["V3 group-limited, sigmoid"]


@pytest.fixture
def folder(tmp_path):
    """A published decoder with adapters whose gates are open."""
    publish(KIND, tmp_path)
    save_adapters(tmp_path, opened(load_deepseek(tmp_path, cross_every=2, memory_width=20)), {"steps": 7})
    return tmp_path


@torch.no_grad()
def opened(model, gate=0.5):
    for block in model.blocks:
        if block.cross is not None:
            block.cross.gate.fill_(gate)
    return model


@torch.no_grad()
def logits(model):
    ids = torch.arange(11)[None] % VOCABULARY
    memory = torch.linspace(-1, 1, 120).view(1, 6, 20)
    return model(ids, memory=model.view_memory(memory)).logits_BTV


def test_adapters_come_back_as_they_were(folder):
    model = load_with_adapters(folder)
    again = load_with_adapters(folder)
    assert torch.equal(logits(model), logits(again))
    assert json.loads((folder / "adapters.json").read_text())["training"] == {"steps": 7}
    assert not torch.equal(logits(model), logits(opened(again, gate=0.0)))


def test_the_published_files_stay_as_they_are_and_load_without_adapters(folder):
    assert has_adapters(folder)
    assert not adapter_state(load_deepseek(folder))
    for name in ("adapters.json", "adapters.safetensors"):
        (folder / name).unlink()
    assert not has_adapters(folder)


def test_the_id_is_of_the_content(folder):
    before = published_id(folder)
    assert before.startswith(f"{folder.name}@")
    assert published_id(folder) == before
    save_adapters(folder, opened(load_with_adapters(folder), gate=0.25), {})
    assert published_id(folder) != before


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "adapters.json").unlink(), "can't be read"),
        (lambda f: (f / "adapters.safetensors").unlink(), "can't be read"),
        (lambda f: (f / "adapters.json").write_text("{"), "can't be read"),
        (lambda f: (f / "adapters.json").write_text("[]"), "can't be read"),
        (lambda f: (f / "adapters.safetensors").write_bytes(b"x"), "damaged"),
        (lambda f: change(f, cross_every=0), "cross_every"),
        (lambda f: change(f, memory_width=None), "memory_width"),
        (lambda f: change(f, memory_width=24), "another decoder"),
        (lambda f: change(f, cross_every=4), "another decoder"),
    ],
)
def test_what_does_not_fit_is_refused(folder, damage, message):
    damage(folder)
    with pytest.raises(CheckpointError, match=message):
        load_with_adapters(folder)


def test_weights_that_were_exchanged_alone_are_refused(folder):
    state = load_file(folder / "adapters.safetensors")
    save_file({name: tensor + 1 for name, tensor in state.items()}, folder / "adapters.safetensors")
    with pytest.raises(CheckpointError, match="not the one of"):
        load_with_adapters(folder)


def change(folder, **values):
    file = folder / "adapters.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
