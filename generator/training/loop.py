"""The training loop: seeded, logged, resumable at the step, safe to kill at any moment, on any device."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from generator.checkpoint.folder import read_newest, write_atomically
from generator.device import autocast
from generator.errors import CheckpointError, TrainingDataError
from generator.training.objective import Loss, Metrics, Objective, Plain, shares_of, sum_up
from generator.training.optimizer import OptimizerConfig
from generator.training.schedule import Schedule

log = logging.getLogger(__name__)

Batches = Callable[[int], Iterator[Any]]
"""Gives the batches of an epoch, the same for the same number."""
Evaluate = Callable[[], Mapping[str, float]]
SCORE = "score"
"""The metric of an evaluation by which the best weights are chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """How long and how to train.

    Attributes:
        schedule: How far it has come, and the factor on the learning rate there.
        optimizer: What the optimizer was made with; the learning rate of a step begins with its own.
        clip_norm: Largest norm of a gradient.
        seed: Of the data's order, for the record.
        save_every: Steps between checkpoints.
        log_every: Steps between lines in `log.jsonl`.
        evaluations: How many, evenly over the run, the last at its end; 0 for none.
        bf16: Autocast to bfloat16 where the model is.
        mean_from: Progress from which on weights are averaged.
        mean_every: Steps between the weights of that mean.
        accumulate: Batches a step: their gradients are added up to that of one large batch. The last step of an epoch
            may have fewer.
    """

    schedule: Schedule
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    clip_norm: float = 1.0
    seed: int = 0
    save_every: int = 200
    log_every: int = 25
    evaluations: int = 8
    bf16: bool = True
    mean_from: float = 0.8
    mean_every: int = 5
    accumulate: int = 1

    def __post_init__(self) -> None:
        if self.accumulate < 1:
            raise TrainingDataError(f"a step needs at least one batch, not {self.accumulate}")


class TrainingLoop:
    """Runs steps until the schedule ends or `stop` says so; continues where a killed run stopped.

    A run folder holds `last/`, from which a run goes on, `last.old/`, the checkpoint before it, `log.jsonl`, and,
    where there is something to score by, `best/`: of the evaluated steps, and of the mean of the last fifth of the run
    (arXiv 1803.05407), what scored best.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Objective | Loss,
        folder: Path,
        config: LoopConfig,
        clock: Callable[[], float] = time.monotonic,
        *,
        shape: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin at step 0.

        Args:
            model: Its parameters with `requires_grad` are trained, and saved with its buffers, wherever they are.
            optimizer: Over these parameters, made by `generator.training.optimizer`.
            loss: What is minimised; of a plain function all batches of a step count alike.
            folder: Run folder.
            config: How long and how to train.
            clock: Seconds from any moment on.
            shape: Numbers of the model's configuration, stored with the weights: they do not show all of it.
        """
        self.model, self.folder, self.config, self.clock = model, folder, config, clock
        self.shape = None if shape is None else dict(shape)
        self.loss = loss if isinstance(loss, Objective) else Plain(loss)
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self.trained = dict(named)
        self.device = named[0][1].device
        saved = set(model.state_dict())
        self.buffers = {name: buffer for name, buffer in model.named_buffers() if name in saved}
        self.optimizer = optimizer
        self.step = self.epoch = self.epoch_step = 0
        self.seen = 0
        self.best: float | None = None
        self.mean: dict[str, Tensor] = {}
        self.mean_of = 0
        self._before, self._begun = 0.0, clock()
        self._evaluated = -1
        self._sums: dict[str, Tensor | float] = {}
        self._since = clock()

    @property
    def seconds(self) -> float:
        """Time trained, in this session and those before it."""
        return self._before + self.clock() - self._begun

    @property
    def progress(self) -> float:
        """How far the run has come; 1 or more is its end."""
        return self.config.schedule.progress(self.step, self.seconds)

    def resume(self) -> bool:
        """Load the newest whole checkpoint of the run folder; False where there is none at all.

        Raises:
            CheckpointError: It belongs to a model of other shapes, or none is whole any more. Nothing was changed.
        """
        found = read_newest(self.folder / "last")
        if found is None:
            return False
        tensors, meta = found
        if self.shape is not None and meta.get("shape", self.shape) != self.shape:
            raise CheckpointError(
                f"the checkpoint in {self.folder} is of another shape; begin in another run folder"
            )
        moments = self._fitting_moments(tensors)
        self.load_weights(tensors["model"])
        for name, stored in moments.items():
            self.optimizer.state[self.trained[name]] = {k: t.to(self.device) for k, t in stored.items()}
        self.step, self.epoch, self.epoch_step, self.seen = (
            meta[k] for k in ("step", "epoch", "epoch_step", "seen")
        )
        # A checkpoint from before there were budgets and best weights has none of these.
        self._before, self.best = meta.get("seconds", 0.0), meta.get("best")
        self.mean = {name: tensor.to(self.device) for name, tensor in tensors.get("mean", {}).items()}
        self.mean_of = meta.get("mean_of", 0)
        if self.progress < self.config.mean_from:  # the run was made longer
            self.mean, self.mean_of = {}, 0
        return True

    def _fitting_moments(self, tensors: Mapping[str, Mapping[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
        """The optimizer's state of each trained parameter that has one, once all of the checkpoint fits this model.

        Raises:
            CheckpointError: A parameter is missing or of another shape.
        """
        advice = f"; begin in another run folder than {self.folder}"
        model = tensors.get("model", {})
        names = list(self.trained)
        missing = sorted(set(names) - model.keys())
        if missing:
            raise CheckpointError(f"the checkpoint is of another model: it lacks {missing[0]}{advice}")
        self._check_shapes(model, advice)
        self._check_shapes(tensors.get("mean", {}), advice)
        by_name: dict[str, dict[str, Tensor]] = {}
        for key, tensor in tensors.get("optimizer", {}).items():
            number, kind = key.split(".", 1)
            name = names[int(number)] if int(number) < len(names) else None
            # `step` is one number; the moments are as large as their parameter
            if name is None or (tensor.dim() and tensor.shape != self.trained[name].shape):
                raise CheckpointError(f"the optimizer's state of {name or key} does not fit{advice}")
            by_name.setdefault(name, {})[kind] = tensor
        return by_name

    def _check_shapes(self, state: Mapping[str, Tensor], advice: str = "") -> None:
        """Make sure that weights fit, all of them, before any is copied.

        Raises:
            CheckpointError: One is of another shape.
        """
        for name, tensor in [*self.trained.items(), *self.buffers.items()]:
            if name in state and state[name].shape != tensor.shape:
                shapes = f"{tuple(state[name].shape)}, not {tuple(tensor.shape)}"
                raise CheckpointError(f"{name} has the shape {shapes}{advice}")

    def load_weights(self, state: Mapping[str, Tensor]) -> None:
        """Copy weights into the trained parameters and the buffers; other names are ignored.

        Raises:
            CheckpointError: One is of another shape; nothing was copied.
        """
        self._check_shapes(state)
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
        tensors: dict[str, Mapping[str, Tensor]] = {"model": self._weights(), "optimizer": moments}
        if self.mean:
            tensors["mean"] = self.mean
        place = {"epoch": self.epoch, "epoch_step": self.epoch_step, "mean_of": self.mean_of}
        meta = self._told() | place | {"best": self.best}
        write_atomically(self.folder / "last", tensors, meta, keep_previous=True)

    def _told(self) -> dict[str, Any]:
        """Metadata stored beside all weights."""
        return {
            "step": self.step,
            "seen": self.seen,
            "seconds": round(self.seconds, 1),
            "config": asdict(self.config),
        } | ({} if self.shape is None else {"shape": self.shape})

    def _weights(self) -> dict[str, Tensor]:
        return {**self.trained, **self.buffers}

    def run(
        self, batches: Batches, evaluate: Evaluate | None = None, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Train to the end of the schedule.

        Args:
            batches: See `Batches`; an epoch under way is entered at its step.
            evaluate: Called several times and at the end; its metrics are logged. Its `score`, where it has one,
                chooses what is kept in `best/`.
            stop: Asked before every step; true saves and returns.

        Raises:
            TrainingDataError: There are fewer examples than a batch has rows.
        """
        self._before, self._begun = self.seconds, self.clock()
        self.model.train()
        self._sums, self._since = {}, self.clock()
        progress = self.progress
        while progress < 1:
            for group in self._steps(batches):
                if progress >= 1:
                    break
                if stop():
                    self.save()
                    return
                metrics = self._train_step(group, progress)
                self.step, self.epoch_step = self.step + 1, self.epoch_step + len(group)
                before, progress = progress, self.progress
                self._after_step(metrics, before, progress, evaluate)
            else:
                self.epoch, self.epoch_step = self.epoch + 1, 0
        self._finish(evaluate)

    def _steps(self, batches: Batches) -> Iterator[list[Any]]:
        """Remaining batches of the current epoch, by step.

        Raises:
            TrainingDataError: The epoch has no batch at all.
        """
        number, done = -1, self.epoch_step
        group: list[Any] = []
        for number, batch in enumerate(batches(self.epoch)):
            if number < done:
                continue
            group.append(batch)
            if len(group) == self.config.accumulate:
                yield group
                group = []
        if group:
            yield group
        if number < 0:
            raise TrainingDataError("there are fewer examples than a batch has rows; add or repeat sets")

    def _after_step(
        self, metrics: Metrics, before: float, progress: float, evaluate: Evaluate | None
    ) -> None:
        config = self.config
        for name, value in metrics.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._average(progress)
        if self.step % config.log_every == 0:
            means = {k: float(v) / config.log_every for k, v in self._sums.items()}
            elapsed, self._since = self.clock() - self._since, self.clock()
            self._log({**means, "seconds_per_step": elapsed / config.log_every})
            self._sums = {}
        if evaluate and int(progress * config.evaluations) > int(before * config.evaluations):
            self._evaluate(evaluate)
        if self.step % config.save_every == 0:
            self.save()

    def _finish(self, evaluate: Evaluate | None) -> None:
        if evaluate and self.config.evaluations:
            if self._evaluated != self.step:
                self._evaluate(evaluate)
            if self.mean_of > 1:
                self._evaluate_mean(evaluate)
        self.save()

    def _train_step(self, batches: Sequence[Any], progress: float) -> Metrics:
        factor = self.config.schedule.factor(self.step, progress)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.optimizer.learning_rate * factor * group["scale"]
        parts = []
        for batch, shares in zip(batches, shares_of(self.loss, batches), strict=True):
            with self._autocast():
                loss, metrics = self.loss(batch, shares)
            loss.backward()  # type: ignore[no-untyped-call]
            parts.append({**metrics, "loss": loss.detach()})
        norm = nn.utils.clip_grad_norm_(self.trained.values(), self.config.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.loss.end_step()
        total = sum_up(parts)
        self.seen += int(total.get("rows", 0))
        # Left on the device: reading a number there would wait for the step to end.
        return {**total, "norm": norm}

    def _autocast(self) -> torch.autocast:
        return autocast(self.device, enabled=self.config.bf16)

    @torch.no_grad()
    def _average(self, progress: float) -> None:
        """Take this step's weights into the mean, near the end of the run."""
        if progress < self.config.mean_from or self.step % self.config.mean_every:
            return
        self.mean_of += 1
        for name, tensor in self._weights().items():
            if name not in self.mean:
                self.mean[name] = tensor.detach().clone()
            elif tensor.is_floating_point():
                self.mean[name].lerp_(tensor, 1 / self.mean_of)

    def _evaluate(self, evaluate: Evaluate, of: str = "step") -> None:
        self.model.eval()
        # On the processor weights are scored in float32, as before: figures compare with those of earlier runs.
        with (
            torch.no_grad(),
            autocast(self.device, enabled=self.config.bf16 and self.device.type != "cpu"),
        ):
            metrics = evaluate()
        self.model.train()
        self._evaluated = self.step
        self._log({f"{'dev' if of == 'step' else of}/{name}": value for name, value in metrics.items()})
        score = metrics.get(SCORE)
        if score is not None and (self.best is None or score > self.best):
            self.best = score
            meta = self._told() | {"score": score, "weights": of}
            write_atomically(self.folder / "best", {"model": self._weights()}, meta)

    def _evaluate_mean(self, evaluate: Evaluate) -> None:
        own = {name: tensor.detach().clone() for name, tensor in self._weights().items()}
        self.load_weights(self.mean)
        self._evaluate(evaluate, "mean")
        self.load_weights(own)

    def _log(self, values: Mapping[str, float]) -> None:
        line = {"step": self.step, "epoch": self.epoch, "seen": self.seen, "time": round(time.time(), 1)}
        line |= {name: round(value, 5) for name, value in values.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")
        log.info("step %s: %s", self.step, line)
