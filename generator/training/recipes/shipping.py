"""Recipe: the shipped model, from sets to a packed model (`fathom train all`): two readers, their mean, a writer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from generator.data.distractors import SearchEncoder
from generator.fathom_small.calibration import Calibration
from generator.training.recipes.averaging import mean_of_runs
from generator.training.recipes.export import export_generator
from generator.training.recipes.parts import EncoderParts
from generator.training.recipes.reading import ReaderTraining, ReadingRecipe
from generator.training.recipes.recipe import Recipe, RunOptions
from generator.training.recipes.writing import WritingRecipe, train_writer

R = TypeVar("R", bound=Recipe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One run of the shipping recipe.

    Attributes:
        name: Its run folder.
        time: Share of the minutes, or of the steps.
        learning_rate: Of pretrained parameters.
        decay_share: Share of the run of falling learning rate.
        dropout: Of the reading layers.
    """

    name: str
    time: float
    learning_rate: float
    decay_share: float
    dropout: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingRecipe:
    """The runs of a model, and their shares in it; see `shipping.json`.

    Attributes:
        short: The reader of few steps: it carries over better to what no reader has seen.
        long: The reader of many steps.
        writer: Over the mean of both.
        fast_factor: Of all runs: how much faster new parameters learn.
        weight_decay: Of all runs.
        alone: Shares of the short and the long reader in the mean.
        with_other: The same where a model from before has a share too, the last one.
        writer_with_other: Shares of the writer and of that model's.
    """

    short: Stage
    long: Stage
    writer: Stage
    fast_factor: float
    weight_decay: float
    alone: tuple[float, float]
    with_other: tuple[float, float, float]
    writer_with_other: tuple[float, float]

    def tuned(self, recipe: R, stage: Stage) -> R:
        """A recipe with the numbers of a stage."""
        recipe = recipe.paced(stage.learning_rate, stage.decay_share)
        optimizer = replace(recipe.optimizer, fast_factor=self.fast_factor, weight_decay=self.weight_decay)
        return replace(recipe, optimizer=optimizer)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingOptions:
    """Options of the shipping recipe.

    Attributes:
        common: Data, device and the like, for all runs; `run` is the folder that holds them, `minutes` (or `steps`)
            are shared out among them.
        out: Where to write the model.
        mean_with: Model folder that has a share in reader and writer; None for none.
    """

    common: RunOptions
    out: Path
    mean_with: Path | None = None

    def of(self, stage: Stage) -> RunOptions:
        """Options of one of the runs."""
        return replace(
            self.common,
            run=self.common.run / stage.name,
            steps=max(1, round(self.common.steps * stage.time)) if self.common.steps else 0,
            minutes=self.common.minutes * stage.time,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipes:
    """The recipes that make a model."""

    shipping: ShippingRecipe
    reading: ReadingRecipe
    writing: WritingRecipe


def train_all(
    parts: EncoderParts,
    recipes: Recipes,
    options: ShippingOptions,
    search: SearchEncoder | None,
    told: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train, average and pack; finished steps of an earlier call are skipped.

    Args:
        parts: The encoder.
        recipes: What to read, and all numbers.
        options: Where, and how long.
        search: Finds near misses by meaning.
        told: Told what begins.
        stop: Asked before every step; true saves the run that goes on, and nothing is packed.

    Returns:
        Whether the model is packed.

    Raises:
        TrainingDataError: A set of a recipe is missing.
        CheckpointError: A run folder holds another model.
    """
    shipping, runs, other = recipes.shipping, options.common.run, options.mean_with
    common = options.common
    told("reading the sets, looking for near misses")
    training = ReaderTraining(parts, recipes.reading, common.data, search, common.device, common.seed)
    for stage in (shipping.short, shipping.long):
        told(f"training {stage.name}")
        recipe = replace(shipping.tuned(recipes.reading, stage), dropout=stage.dropout)
        training.run(recipe, options.of(stage), stop)
        if stop():
            return False
    del training  # its data need not stay on the device
    readers = [runs / shipping.short.name, runs / shipping.long.name, *([other] if other else [])]
    shares = shipping.with_other if other else shipping.alone
    mean_of_runs(dict(zip(readers, shares, strict=True)), runs / "reader")
    told(f"training {shipping.writer.name}")
    writing = shipping.tuned(recipes.writing, shipping.writer)
    train_writer(parts, writing, options.of(shipping.writer), runs / "reader", stop)
    if stop():
        return False
    writer = runs / shipping.writer.name
    if other:
        own, before = shipping.writer_with_other
        mean_of_runs({writer: own, other: before}, runs / "writer-mean")
        writer = runs / "writer-mean"
    export_generator(parts, runs / "reader", writer, options.out, Calibration())
    return True
