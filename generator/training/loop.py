"""The training loop: seeded, logged, resumable at the step, safe to kill at any moment."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from generator.checkpoint import read_folder, write_atomically
from generator.errors import CheckpointError
from generator.training.schedule import Schedule

log = logging.getLogger(__name__)

Batches = Callable[[int], Iterator[Any]]
"""Gives the batches of an epoch, the same for the same number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """How long and how to train.

    Attributes:
        learning_rate: For `slow` parameters (pretrained); `fast_factor` times it for new ones.
        save_every: Steps between checkpoints.
        log_every: Steps between lines in `log.jsonl`.
        evaluate_every: Steps between evaluations; 0 for none.
    """

    schedule: Schedule
    learning_rate: float = 1.5e-4
    fast_factor: float = 8.0
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    seed: int = 0
    save_every: int = 200
    log_every: int = 25
    evaluate_every: int = 1000
    bf16: bool = True


class TrainingLoop:
    """Runs steps until the schedule ends or `stop` says so; continues where a killed run stopped."""

    def __init__(
        self,
        model: nn.Module,
        fast: set[str],
        loss: Callable[[Any], tuple[Tensor, Mapping[str, float]]],
        folder: Path,
        config: LoopConfig,
    ) -> None:
        """Prepare optimizer and state.

        Args:
            model: Its parameters with `requires_grad` are trained, and saved with its buffers.
            fast: Name prefixes of parameters that learn `fast_factor` times faster.
            loss: Batch to loss and metrics; calls the model.
            folder: Run folder: `last/` (checkpoint), `log.jsonl`.
            config: How long and how to train.
        """
        self.model, self.loss, self.folder, self.config = model, loss, folder, config
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self.trained = dict(named)
        saved = set(model.state_dict())
        self.buffers = {name: buffer for name, buffer in model.named_buffers() if name in saved}
        quick = [p for n, p in named if n.startswith(tuple(fast))]
        slow = [p for n, p in named if not n.startswith(tuple(fast))]
        groups = [{"params": slow, "scale": 1.0}, {"params": quick, "scale": config.fast_factor}]
        self.optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]],
            lr=config.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.step = self.epoch = self.epoch_step = 0
        self.seen = 0

    def resume(self) -> bool:
        """Load the last checkpoint of the run folder; False where there is none.

        Raises:
            CheckpointError: It belongs to a model of other shapes.
        """
        try:
            tensors, meta = read_folder(self.folder / "last")
        except CheckpointError:
            return False
        self.load_weights(tensors["model"])
        for (name, parameter), moments in zip(
            self.trained.items(), _moments(tensors["optimizer"]), strict=True
        ):
            self.optimizer.state[parameter] = moments
            if moments["exp_avg"].shape != parameter.shape:
                raise CheckpointError(f"optimizer state of {name} has another shape; start a new run folder")
        self.step, self.epoch, self.epoch_step, self.seen = (
            meta[k] for k in ("step", "epoch", "epoch_step", "seen")
        )
        return True

    def load_weights(self, state: Mapping[str, Tensor]) -> None:
        """Copy weights into the trained parameters and the buffers; other names are ignored."""
        with torch.no_grad():
            for name, tensor in [*self.trained.items(), *self.buffers.items()]:
                if name in state:
                    tensor.copy_(state[name])

    def save(self) -> None:
        """Write the checkpoint of this step, replacing the last one."""
        moments = {}
        for i, parameter in enumerate(self.trained.values()):
            for key, value in self.optimizer.state[parameter].items():
                moments[f"{i:04d}.{key}"] = value
        meta: dict[str, Any] = {
            "step": self.step,
            "epoch": self.epoch,
            "epoch_step": self.epoch_step,
            "seen": self.seen,
            "config": asdict(self.config),
        }
        write_atomically(
            self.folder / "last", {"model": {**self.trained, **self.buffers}, "optimizer": moments}, meta
        )

    def run(
        self,
        batches: Batches,
        evaluate: Callable[[], Mapping[str, float]] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Train to the end of the schedule.

        Args:
            batches: See `Batches`; an epoch under way is entered at its step.
            evaluate: Called every `evaluate_every` steps and at the end; its metrics are logged.
            stop: Asked before every step; true saves and returns.
        """
        config = self.config
        self.model.train()
        sums: dict[str, float] = {}
        since = time.monotonic()
        while self.step < config.schedule.steps:
            for number, batch in enumerate(batches(self.epoch)):
                if number < self.epoch_step:
                    continue
                if self.step >= config.schedule.steps:
                    self._finish(evaluate)
                    return
                if stop():
                    self.save()
                    return
                for name, value in self._train_step(batch).items():
                    sums[name] = sums.get(name, 0.0) + value
                self.step, self.epoch_step = self.step + 1, number + 1
                if self.step % config.log_every == 0:
                    elapsed, since = time.monotonic() - since, time.monotonic()
                    means = {k: v / config.log_every for k, v in sums.items()}
                    self._log({**means, "seconds_per_step": elapsed / config.log_every})
                    sums = {}
                if config.evaluate_every and evaluate and self.step % config.evaluate_every == 0:
                    self._evaluate(evaluate)
                if self.step % config.save_every == 0:
                    self.save()
            self.epoch, self.epoch_step = self.epoch + 1, 0
        self._finish(evaluate)

    def _finish(self, evaluate: Callable[[], Mapping[str, float]] | None) -> None:
        config = self.config
        self.save()
        if config.evaluate_every and evaluate and self.step % config.evaluate_every:
            self._evaluate(evaluate)

    def _train_step(self, batch: Any) -> dict[str, float]:
        factor = self.config.schedule.factor(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * factor * group["scale"]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.config.bf16):
            loss, metrics = self.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.trained.values(), self.config.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.seen += int(metrics.get("rows", 0))
        return {**metrics, "loss": float(loss.detach()), "norm": float(norm)}

    def _evaluate(self, evaluate: Callable[[], Mapping[str, float]]) -> None:
        self.model.eval()
        with torch.no_grad():
            metrics = evaluate()
        self.model.train()
        self._log({f"dev/{name}": value for name, value in metrics.items()})

    def _log(self, values: Mapping[str, float]) -> None:
        line = {"step": self.step, "epoch": self.epoch, "seen": self.seen, "time": round(time.time(), 1)}
        line |= {name: round(value, 5) for name, value in values.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")
        log.info("step %s: %s", self.step, line)


def _moments(stored: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    by_index: dict[str, dict[str, Tensor]] = {}
    for name, tensor in stored.items():
        index, key = name.split(".", 1)
        by_index.setdefault(index, {})[key] = tensor
    for index in sorted(by_index):
        yield by_index[index]
