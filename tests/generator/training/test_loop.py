"""The loop: learns, resumes at the step to the same weights, survives a kill between the two renames."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from generator.checkpoint import read_folder, write_atomically
from generator.errors import CheckpointError
from generator.training.loop import LoopConfig, TrainingLoop
from generator.training.schedule import Schedule


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Linear(4, 4)
        self.head = nn.Linear(4, 1)


def batches(epoch: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(epoch)
    for _ in range(7):
        yield torch.randn(16, 4, generator=generator)


def make_loop(folder: Path, steps: int) -> TrainingLoop:
    model = Line()

    def loss(batch: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        value = (model.head(model.body(batch)).squeeze(-1) - batch.sum(-1)).pow(2).mean()
        return value, {"rows": len(batch)}

    config = LoopConfig(
        schedule=Schedule(steps=steps, warmup_steps=5),
        learning_rate=1e-2,
        save_every=10,
        log_every=5,
        bf16=False,
    )
    return TrainingLoop(model, {"head"}, loss, folder, config)


def weights(loop: TrainingLoop) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in loop.trained.items()}


def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    whole = make_loop(tmp_path / "whole", 40)
    whole.run(batches)
    first = make_loop(tmp_path / "parts", 40)
    countdown = iter(range(100))
    first.run(batches, stop=lambda: next(countdown) == 17)
    second = make_loop(tmp_path / "parts", 40)
    assert second.resume()
    assert second.step == 17
    second.run(batches)
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(second)[name], value, rtol=0, atol=0)


def test_loss_falls_and_is_logged(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, 60)
    loop.run(batches)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["loss"] < lines[0]["loss"] / 4
    assert lines[-1]["step"] == 60


def test_the_end_is_evaluated_once_wherever_it_falls(tmp_path: Path) -> None:
    for steps in (6, 10):  # in the middle of an epoch, and at a step that is evaluated anyway
        loop = make_loop(tmp_path / str(steps), steps)
        loop.config = dataclasses.replace(loop.config, evaluate_every=5)
        loop.run(batches, lambda: {"score": 1.0})
        text = (tmp_path / str(steps) / "log.jsonl").read_text(encoding="utf-8")
        scored = [line["step"] for line in map(json.loads, text.splitlines()) if "dev/score" in line]
        assert scored == sorted({5, steps})


def test_no_checkpoint_is_a_new_run(tmp_path: Path) -> None:
    assert not make_loop(tmp_path / "none", 5).resume()


def test_reading_falls_back_after_a_kill_between_renames(tmp_path: Path) -> None:
    folder = tmp_path / "last"
    write_atomically(folder, {"model": {"w": torch.ones(2)}}, {"step": 1})
    folder.rename(tmp_path / "last.old")
    tensors, meta = read_folder(folder)
    assert meta["step"] == 1
    assert torch.equal(tensors["model"]["w"], torch.ones(2))


def test_a_card_beside_the_weights_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_atomically(folder, {"model": {"w": torch.ones(2)}}, {})
    (folder / "README.md").write_text("card", encoding="utf-8")
    write_atomically(folder, {"model": {"w": torch.zeros(2)}}, {})
    assert (folder / "README.md").read_text(encoding="utf-8") == "card"


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_damaged_weights_are_refused(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "last"
    write_atomically(folder, {"model": {"w": torch.ones(64)}}, {"step": 1})
    file = folder / "model.safetensors"
    data: Any = bytearray(file.read_bytes())
    if damage == "flip":
        data[-3] ^= 4
        file.write_bytes(data)
    elif damage == "truncate":
        file.write_bytes(data[:-8])
    else:
        file.unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        read_folder(folder)
