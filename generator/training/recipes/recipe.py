"""Common fields of all recipes (data, optimizer, warm-up), and the options of a run."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import torch

from generator.data.mixture import Mixture
from generator.training.loop import LoopConfig
from generator.training.optimizer import OptimizerConfig
from generator.training.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class PiecesByDevice:
    """A number of pieces that suits a device."""

    cpu: int
    cuda: int

    def on(self, device: torch.device) -> int:
        """The number for a device of this kind."""
        return self.cpu if device.type == "cpu" else self.cuda


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleConfig:
    """Beginning and end of a run of any length.

    Attributes:
        warmup_steps: Steps of growth from 0.
        warmup_part: Of a number of steps, at most.
        warmup_share: Of a budget of minutes, at most.
        decay_share: Share of the run, at its end, of falling learning rate.
    """

    warmup_steps: int = 200
    warmup_part: float = 0.1
    warmup_share: float = 0.05
    decay_share: float = 0.3

    def over(self, steps: int, minutes: float) -> Schedule:
        """The schedule of a run with a limit in steps or minutes.

        Raises:
            TrainingDataError: Both are 0.
        """
        most = int(steps * self.warmup_part) if steps else self.warmup_steps
        return Schedule(
            steps=steps,
            minutes=minutes,
            warmup_steps=min(self.warmup_steps, most),
            warmup_share=self.warmup_share,
            decay_share=self.decay_share,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of a run: its folder, its duration and its machine.

    Attributes:
        data: Folders that the recipe's paths are relative to; each set is read from the first that has it.
        run: Run folder; a run found there goes on.
        steps: Optimizer steps in all; 0 for no limit.
        minutes: Time trained in all, over all sessions; 0 for no limit.
        device: A torch device.
        bf16: Autocast to bfloat16.
        seed: Order of the data and new weights.
        compile_model: Use `torch.compile`.
        start_run: Run of the same stage, or packed model, whose weights a new run begins with.
        teacher_run: Reader: run or packed model to learn from besides the answers.
    """

    data: tuple[Path, ...]
    run: Path
    steps: int = 0
    minutes: float = 0.0
    device: str = "cpu"
    bf16: bool = False
    seed: int = 0
    compile_model: bool = True
    start_run: Path | None = None
    teacher_run: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(Mixture):
    """A mixture of sets with the numbers of its training.

    Attributes:
        optimizer: How much a step changes.
        schedule: Beginning and end of the run.
        clip_norm: Largest norm of a gradient.
        save_every: Steps between checkpoints.
        log_every: Steps between lines of the log.
        evaluations: How many, evenly over the run.
        mean_from: Progress from which on weights are averaged.
        mean_every: Steps between the weights of that mean.
        accumulate: Batches a step, whose gradients are added up to that of one large batch.
    """

    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    clip_norm: float = 1.0
    save_every: int = 200
    log_every: int = 25
    evaluations: int = 8
    mean_from: float = 0.8
    mean_every: int = 5
    accumulate: int = 1

    def paced(self, learning_rate: float | None = None, decay_share: float | None = None) -> Self:
        """The same recipe at another learning rate, or with another share of it falling; None changes nothing."""
        optimizer, schedule = self.optimizer, self.schedule
        if learning_rate is not None:
            optimizer = replace(optimizer, learning_rate=learning_rate)
        if decay_share is not None:
            schedule = replace(schedule, decay_share=decay_share)
        return replace(self, optimizer=optimizer, schedule=schedule)

    def loop_config(self, options: RunOptions) -> LoopConfig:
        """The loop's part for a run.

        Raises:
            TrainingDataError: The run has no end, or its steps have no batch.
        """
        return LoopConfig(
            schedule=self.schedule.over(options.steps, options.minutes),
            optimizer=self.optimizer,
            clip_norm=self.clip_norm,
            seed=options.seed,
            save_every=self.save_every,
            log_every=self.log_every,
            evaluations=self.evaluations,
            bf16=options.bf16,
            mean_from=self.mean_from,
            mean_every=self.mean_every,
            accumulate=self.accumulate,
        )
