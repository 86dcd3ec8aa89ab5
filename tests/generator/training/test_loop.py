"""The loop: learns, resumes at the step to the same weights, survives a kill between the two renames."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from generator.checkpoint.folder import read_folder, write_atomically
from generator.errors import CheckpointError, TrainingDataError
from generator.training.loop import LoopConfig, TrainingLoop
from generator.training.optimizer import OptimizerConfig, adamw
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


def make_loop(folder: Path, steps: int, accumulate: int = 1) -> TrainingLoop:
    model = Line()

    def loss(batch: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        value = (model.head(model.body(batch)).squeeze(-1) - batch.sum(-1)).pow(2).mean()
        return value, {"rows": len(batch)}

    config = LoopConfig(
        schedule=Schedule(steps=steps, warmup_steps=5),
        optimizer=OptimizerConfig(learning_rate=1e-2),
        save_every=10,
        log_every=5,
        bf16=False,
        accumulate=accumulate,
    )
    return TrainingLoop(model, adamw(model, {"head"}, config.optimizer), loss, folder, config)


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


def test_batches_that_make_one_step_are_one_large_batch(tmp_path: Path) -> None:
    def large(epoch: int) -> Iterator[Tensor]:
        small = list(batches(epoch))
        yield from (torch.cat(small[at : at + 3]) for at in range(0, len(small), 3))

    parts, whole = make_loop(tmp_path / "parts", 12, accumulate=3), make_loop(tmp_path / "whole", 12)
    parts.run(batches)
    whole.run(large)
    assert (parts.epoch, parts.seen) == (whole.epoch, whole.seen) == (4, 4 * 7 * 16)
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(parts)[name], value, rtol=0, atol=1e-5)
    for loop in (parts, whole):
        assert (
            json.loads((loop.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()[0])["seen"]
            == 16 * 13
        )


def test_an_interrupted_run_of_several_batches_a_step_goes_on_at_its_place(tmp_path: Path) -> None:
    whole = make_loop(tmp_path / "whole", 20, accumulate=3)
    whole.run(batches)
    first = make_loop(tmp_path / "parts", 20, accumulate=3)
    countdown = iter(range(100))
    first.run(batches, stop=lambda: next(countdown) == 8)
    second = make_loop(tmp_path / "parts", 20, accumulate=3)
    assert second.resume()
    assert (second.step, second.epoch, second.epoch_step) == (8, 2, 6)
    second.run(batches)
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(second)[name], value, rtol=0, atol=0)


def test_a_step_without_batches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="at least one batch"):
        make_loop(tmp_path, 5, accumulate=0)


def test_loss_falls_and_is_logged(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, 60)
    loop.run(batches)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["loss"] < lines[0]["loss"] / 4
    assert lines[-1]["step"] == 60


def test_the_end_is_evaluated_once_wherever_it_falls(tmp_path: Path) -> None:
    for steps in (6, 10):  # in the middle of an epoch, and beyond one
        loop = make_loop(tmp_path / str(steps), steps)
        loop.config = dataclasses.replace(loop.config, evaluations=2)
        loop.run(batches, lambda: {"score": 1.0})
        assert [line["step"] for line in scored(tmp_path / str(steps))] == [steps // 2, steps]


def scored(folder: Path, of: str = "dev") -> list[dict[str, Any]]:
    text = (folder / "log.jsonl").read_text(encoding="utf-8")
    return [line for line in map(json.loads, text.splitlines()) if f"{of}/score" in line]


class Clock:
    """Seconds that pass at every look."""

    def __init__(self, tick: float) -> None:
        self.now, self.tick = 0.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


def test_a_budget_of_minutes_counts_all_sessions(tmp_path: Path) -> None:
    def timed() -> TrainingLoop:
        loop = make_loop(tmp_path, 1)
        schedule = Schedule(minutes=1, warmup_steps=5, decay_share=0.5)
        return TrainingLoop(
            loop.model,
            adamw(loop.model, {"head"}, loop.config.optimizer),
            loop.loss,
            tmp_path,
            dataclasses.replace(loop.config, schedule=schedule),
            Clock(1),
        )

    first = timed()
    countdown = iter(range(100))
    first.run(batches, stop=lambda: next(countdown) == 10)
    reached = first.step
    second = timed()
    assert second.resume()
    assert 5 < second.seconds < 40
    second.run(batches)
    assert 60 <= second.seconds < 70
    assert second.step > reached
    third = timed()
    assert third.resume()
    third.run(batches)
    assert third.step == second.step, "the minutes are used up"


def test_the_best_evaluated_weights_are_kept_beside_the_last(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, 20)
    loop.config = dataclasses.replace(loop.config, evaluations=4)
    scores = iter([1.0, 3.0, 2.0, 2.0, 2.5])
    loop.run(batches, lambda: {"score": next(scores)})
    tensors, meta = read_folder(tmp_path / "best")
    assert (meta["step"], meta["score"], meta["weights"]) == (10, 3.0, "step")
    assert read_folder(tmp_path / "last")[1]["step"] == 20
    assert not torch.equal(tensors["model"]["body.weight"], weights(loop)["body.weight"])

    longer = make_loop(tmp_path, 24)
    longer.config = dataclasses.replace(longer.config, evaluations=1)
    assert longer.resume()
    longer.run(batches, lambda: {"score": 2.9})
    assert read_folder(tmp_path / "best")[1]["step"] == 10, "what an earlier session scored still counts"


def test_the_mean_of_the_last_fifth_is_scored_too(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, 100)
    loop.config = dataclasses.replace(loop.config, evaluations=1)
    taken: dict[int, Tensor] = {}
    original = loop._average

    def watched(progress: float) -> None:
        taken[loop.step] = loop.trained["body.weight"].detach().clone()
        original(progress)

    loop._average = watched  # type: ignore[method-assign]
    scores = iter([1.0, 2.0])
    loop.run(batches, lambda: {"score": next(scores)})
    tensors, meta = read_folder(tmp_path / "best")
    assert meta["weights"] == "mean"
    wanted = torch.stack([taken[step] for step in (80, 85, 90, 95, 100)]).mean(0)
    torch.testing.assert_close(tensors["model"]["body.weight"], wanted)
    assert torch.equal(loop.trained["body.weight"], taken[100]), "training goes on from the last step"
    assert len(scored(tmp_path, "mean")) == 1


def test_a_set_smaller_than_a_batch_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="fewer examples"):
        make_loop(tmp_path, 5).run(lambda epoch: iter(()))


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


def trained(folder: Path, steps: int = 20) -> TrainingLoop:
    loop = make_loop(folder, steps)
    loop.run(batches)
    return loop


def spoil(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-3] ^= 4
    file.write_bytes(data)


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "meta.json"])
def test_a_damaged_checkpoint_is_not_a_new_run(tmp_path: Path, name: str) -> None:
    """The one before it goes on; where that is damaged too, nothing starts and nothing is overwritten."""
    trained(tmp_path)
    spoil(tmp_path / "last" / name)
    again = make_loop(tmp_path, 30)
    assert again.resume()
    assert again.step == 20, "saved at step 20, and once more at the end"
    again.run(batches)
    assert read_folder(tmp_path / "last")[1]["step"] == 30
    for folder in ("last", "last.old"):
        spoil(tmp_path / folder / name)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("last*/*")}
    beginner = make_loop(tmp_path, 40)
    with pytest.raises(CheckpointError, match="another run folder"):
        beginner.resume()
    assert beginner.step == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("last*/*")} == kept


@pytest.mark.parametrize("change", ["wider", "more layers", "other shape, broadcast"])
def test_a_checkpoint_of_another_model_is_refused_before_a_weight_is_touched(
    tmp_path: Path, change: str
) -> None:
    trained(tmp_path)
    other = make_loop(tmp_path, 30)
    model = other.model
    if change == "wider":
        model.head = nn.Linear(4, 2)
    elif change == "more layers":
        model.more = nn.Linear(4, 4)
    else:  # [1] fits into [4] by broadcasting, and would have been copied
        model.head = nn.Linear(4, 4)
    rebuilt = TrainingLoop(
        model, adamw(model, {"head"}, other.config.optimizer), other.loss, tmp_path, other.config
    )
    before = weights(rebuilt)
    with pytest.raises(CheckpointError, match=r"shape|another model"):
        rebuilt.resume()
    assert all(torch.equal(before[name], weights(rebuilt)[name]) for name in before)
    assert not rebuilt.optimizer.state
    assert rebuilt.step == 0


def test_weights_of_another_shape_are_refused_whole(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, 5)
    before = weights(loop)
    state = {"body.weight": torch.ones(4, 4), "head.bias": torch.ones(3)}
    with pytest.raises(CheckpointError, match=r"head\.bias"):
        loop.load_weights(state)
    assert all(torch.equal(before[name], weights(loop)[name]) for name in before)


def test_a_run_stopped_before_its_first_step_goes_on(tmp_path: Path) -> None:
    make_loop(tmp_path, 5).run(batches, stop=lambda: True)
    again = make_loop(tmp_path, 5)
    assert again.resume()
    again.run(batches)
    assert again.step == 5
