"""What ships, from sets to a packed model: two readers, their mean, a writer over it, thresholds."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from app.services.trained import export_generator, mean_of_runs
from app.services.training import ReaderTraining, TrainingOptions, train_writer
from generator.fathom_small.calibration import Calibration

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One run of those that make a model.

    Attributes:
        name: Its run folder.
        time: Share of the minutes.
        learning_rate: Of pretrained parameters.
        decay_share: Share of the run of falling learning rate.
        dropout: Of the reading layers.
    """

    name: str
    time: float
    learning_rate: float
    decay_share: float
    dropout: float = 0.0


SHORT = Stage(name="reader-short", time=0.2, learning_rate=4e-4, decay_share=0.75, dropout=0.15)
LONG = Stage(name="reader-long", time=0.55, learning_rate=3e-4, decay_share=0.75, dropout=0.1)
WRITER = Stage(name="writer", time=0.25, learning_rate=8e-4, decay_share=0.7)
ALONE = (0.7, 0.3)
"""Shares of the short and the long reader in the mean: the short one carries over better to what neither has seen."""
WITH_OTHER = (0.4, 0.3, 0.3)
"""The same where a model from before has a share too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingOptions:
    """What the command line chooses.

    Attributes:
        common: Data, models, device and the like, for all runs; `run` is the folder that holds them, `minutes` (or
            `steps`) are shared out among them.
        out: Where to write the model.
        mean_with: Model folder that has a share in reader and writer; None for none.
        writing: Recipe file of the writer; None takes the shipped one.
    """

    common: TrainingOptions
    out: Path
    mean_with: Path | None = None
    writing: Path | None = None

    def of(self, stage: Stage) -> TrainingOptions:
        """Options of one of the runs."""
        return replace(
            self.common,
            run=self.common.run / stage.name,
            steps=max(1, round(self.common.steps * stage.time)) if self.common.steps else 0,
            minutes=self.common.minutes * stage.time,
            learning_rate=stage.learning_rate,
            decay_share=stage.decay_share,
            dropout=stage.dropout,
            fast_factor=4.0,
            weight_decay=0.02,
        )


def train_all(options: ShippingOptions, told: Callable[[str], None]) -> None:
    """Train, average and pack; what an earlier call has done is not done again.

    Args:
        options: What to train on, and where.
        told: Told what begins.

    Raises:
        TrainingDataError: A set of a recipe is missing.
        CheckpointError: A run folder holds another model.
    """
    runs, other = options.common.run, options.mean_with
    told("reading the sets, looking for near misses")
    training = ReaderTraining(options.common)
    for stage in (SHORT, LONG):
        told(f"training {stage.name}")
        training.run(options.of(stage))
    del training  # its data need not stay on the device
    readers = [runs / SHORT.name, runs / LONG.name, *([other] if other else [])]
    mean_of_runs(dict(zip(readers, WITH_OTHER if other else ALONE, strict=True)), runs / "reader")
    told(f"training {WRITER.name}")
    train_writer(replace(options.of(WRITER), recipe=options.writing), runs / "reader")
    writer = runs / WRITER.name
    if other:
        writer = runs / "writer-mean"
        mean_of_runs({runs / WRITER.name: 0.5, other: 0.5}, writer)
    export_generator(options.common.models, runs / "reader", writer, options.out, Calibration())
