"""Recipe: train the reading half on questions with passages (`fathom train sft --stage reader`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from generator.data.batches import BatchConfig, ReadingBatch, ReadingData
from generator.data.distractors import SearchEncoder
from generator.data.examples import SetSpec, read_set
from generator.data.mixture import training_examples
from generator.data.pairs import PairBatches, PairConfig, PairData
from generator.data.set_files import root_of
from generator.fathom_small.config import DOCUMENT_LAYERS
from generator.training.loop import TrainingLoop
from generator.training.losses import PairWeights
from generator.training.optimizer import adamw
from generator.training.reader import NEW_PARAMETERS, PieceScores, ReaderLoss
from generator.training.recipes.parts import EncoderParts
from generator.training.recipes.recipe import PiecesByDevice, Recipe, RunOptions
from generator.training.recipes.runs import load_reader, resume


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRecipe(Recipe):
    """How a reader is trained; see `reading.json`.

    Attributes:
        document_layers: Layers of the encoder that see one text alone.
        train_document: Train those too.
        dropout: Share of what the reading layers add that is left out in training.
        pairs: Shapes of batches, and what stands beside the right passage.
        batch_pieces: Pieces of a batch of pairs, in the place of the one in `pairs`.
        scored: Shapes of the batches that are scored.
        loss: Weights of the parts of the loss.
    """

    document_layers: int = DOCUMENT_LAYERS
    train_document: bool = False
    dropout: float = 0.0
    pairs: PairConfig = field(default_factory=PairConfig)
    batch_pieces: PiecesByDevice = field(default_factory=lambda: PiecesByDevice(cpu=3_456, cuda=131_072))
    scored: BatchConfig = field(
        default_factory=lambda: BatchConfig(
            passage_pieces=(128, 448), batch_pieces=7_680, negatives=0.0, hard=0.0
        )
    )
    loss: PairWeights = field(default_factory=PairWeights)


class ReaderTraining:
    """The data of a reading recipe, read once; trains one run after another on it."""

    def __init__(
        self,
        parts: EncoderParts,
        recipe: ReadingRecipe,
        data: Sequence[Path],
        search: SearchEncoder | None = None,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        """Read, tokenise and look for near misses.

        Args:
            parts: The encoder.
            recipe: What to read.
            data: Folders that the recipe's paths are relative to.
            search: Finds near misses by meaning, where the recipe wants them.
            device: Where to train.
            seed: Of questions that are made of texts.

        Raises:
            TrainingDataError: A set of the recipe is missing.
        """
        self.parts, self.device = parts, torch.device(device)
        config = replace(recipe.pairs, batch_pieces=recipe.batch_pieces.on(self.device))
        examples = training_examples(recipe, data, seed)
        encoder = search if recipe.dense_near_misses else None
        self.data = PairData(examples, parts.tokenizer, parts.matcher, config, encoder, self.device)
        self.repeat = recipe.repeat
        self.development = self._scored(recipe.development, data, recipe.scored)
        self.transfer = self._scored(recipe.transfer, data, recipe.scored)

    def _scored(
        self, specs: Sequence[SetSpec], roots: Sequence[Path], shapes: BatchConfig
    ) -> list[tuple[str, ReadingBatch]]:
        batches = []
        for spec in specs:
            data = ReadingData(
                read_set(spec, root_of(spec.path, roots)),
                self.parts.tokenizer,
                self.parts.matcher,
                shapes,
                device=self.device,
            )
            name = spec.path.split("/")[0].removesuffix(".jsonl")
            batches += [(name, batch) for batch in data.epoch(range(len(data.examples)), 0, whole=True)]
        return batches

    def run(
        self, recipe: ReadingRecipe, options: RunOptions, stop: Callable[[], bool] = lambda: False
    ) -> bool:
        """Train the reading half; True where an earlier run went on.

        Args:
            recipe: With other numbers than the one that was read, where they are wanted.
            options: Where, and how long.
            stop: Asked before every step; true saves and ends the run.

        Raises:
            CheckpointError: The run folder holds another model.
        """
        torch.manual_seed(options.seed)
        reader = self.parts.reader(
            recipe.document_layers, train_document=recipe.train_document, dropout=recipe.dropout
        ).to(self.device)
        teacher = None
        if options.teacher_run is not None:
            teacher = load_reader(self.parts, options.teacher_run)[0].to(self.device)
        loss = ReaderLoss(reader, compile_model=options.compile_model, teacher=teacher, weights=recipe.loss)
        optimizer = adamw(reader, NEW_PARAMETERS, recipe.optimizer)
        loop = TrainingLoop(reader, optimizer, loss, options.run, recipe.loop_config(options))
        resumed = resume(loop, options.start_run)
        batches = PairBatches(self.data, self.repeat, options.seed)
        loop.run(batches, PieceScores(self.development, reader, self.transfer), stop)
        return resumed


def train_reader(
    parts: EncoderParts,
    recipe: ReadingRecipe,
    options: RunOptions,
    search: SearchEncoder | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train the reading half; True where an earlier run went on.

    Raises:
        TrainingDataError: A set of the recipe is missing.
        CheckpointError: The run folder holds another model.
    """
    training = ReaderTraining(parts, recipe, options.data, search, options.device, options.seed)
    return training.run(recipe, options, stop)
