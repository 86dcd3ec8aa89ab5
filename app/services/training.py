"""Training of the generator, composed: the encoder comes from retrieval, recipes and loop from the generator."""

import json
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from app.services.kept_vectors import KeptVectors
from app.services.trained import Parts, load_reader, trained_weights
from generator.data.batches import BatchConfig, ReadingBatch, ReadingData
from generator.data.examples import SetSpec, read_set
from generator.data.kinds import Supervision
from generator.data.pairs import PairBatches, PairConfig, PairData
from generator.data.set_files import root_of
from generator.errors import CheckpointError
from generator.fathom_small.config import ReaderConfig
from generator.training.loop import LoopConfig, TrainingLoop
from generator.training.reader import NEW_PARAMETERS, PieceScores, ReaderLoss
from generator.training.recipe import Recipe, training_examples
from generator.training.schedule import Schedule
from generator.training.writer import Writer, WriterBatches, WriterLoss

CALIBRATION_PASSAGES = 5
LONGEST_ANSWER = 128
"""Actions of an answer that the writer is trained on."""
RECIPES = Path(__file__).parents[2] / "generator" / "training" / "recipes"
PAIR_PIECES = {"cpu": 3_456, "cuda": 131_072}
"""Pieces of a batch of pairs, by kind of device."""
WRITING_PIECES = {"cpu": 7_168, "cuda": 87_552}
"""Pieces of the passages and questions of a batch of answers, by kind of device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What the command line chooses.

    Attributes:
        data: Folders that the recipe's paths are relative to; each set is read from the first that has it.
        run: Run folder; a run found there goes on.
        models: Folder with `encoder/`.
        decay_share: Share of the run, at its end, of falling learning rate.
        learning_rate: Of pretrained parameters.
        bf16: Autocast to bfloat16.
        steps: Optimizer steps in all; 0 for no limit.
        minutes: Time trained in all, over all sessions; 0 for no limit.
        device: A torch device.
        fast_factor: How much faster new parameters learn.
        weight_decay: Of the optimizer.
        seed: Order of the data and new weights.
        compile_model: Use `torch.compile`.
        recipe: Recipe file; None takes the shipped one of the stage.
        document_layers: Reader: layers of the encoder that see one text alone.
        train_document: Reader: train those too.
        dropout: Reader: share of what its layers add that is left out in training.
        start_run: Run of the same stage, or packed model, whose weights a new run begins with.
        teacher_run: Reader: run or packed model to learn from besides the answers.
    """

    data: tuple[Path, ...]
    run: Path
    models: Path
    decay_share: float
    learning_rate: float
    bf16: bool
    steps: int = 0
    minutes: float = 0.0
    device: str = "cpu"
    fast_factor: float = 8.0
    weight_decay: float = 0.01
    seed: int = 0
    compile_model: bool = True
    recipe: Path | None = None
    document_layers: int = ReaderConfig(vocab_size=1).document_layers
    train_document: bool = False
    dropout: float = 0.0
    start_run: Path | None = None
    teacher_run: Path | None = None

    def loop_config(self) -> LoopConfig:
        """The loop's part."""
        schedule = Schedule(
            steps=self.steps,
            minutes=self.minutes,
            warmup_steps=min(200, self.steps // 10) if self.steps else 200,
            decay_share=self.decay_share,
        )
        return LoopConfig(
            schedule=schedule,
            learning_rate=self.learning_rate,
            fast_factor=self.fast_factor,
            weight_decay=self.weight_decay,
            seed=self.seed,
            bf16=self.bf16,
        )

    def read_recipe(self, shipped: str) -> Recipe:
        """The recipe chosen, or the shipped one of that name."""
        path = self.recipe or RECIPES / shipped
        return Recipe.from_json(json.loads(path.read_text(encoding="utf-8")))


def asked_to_stop() -> Callable[[], bool]:
    """Tells whether SIGTERM came: a run is then saved at the step it has reached."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    return asked.is_set


def _suiting(device: torch.device, pieces: Mapping[str, int]) -> int:
    """The number for a device of this kind."""
    return pieces["cpu" if device.type == "cpu" else "cuda"]


class ReaderTraining:
    """The data of a reading recipe, read once; trains one run after another on it."""

    def __init__(self, options: TrainingOptions) -> None:
        """Read, tokenise and look for near misses.

        Args:
            options: What to read, and where to train.

        Raises:
            TrainingDataError: A set of the recipe is missing.
        """
        self.parts, self.device = Parts(options.models), torch.device(options.device)
        recipe = options.read_recipe("reading.json")
        encoder = None
        if recipe.dense_near_misses:
            encoder = KeptVectors(options.models, options.run / "vectors", options.device)
        config = PairConfig(batch_pieces=_suiting(self.device, PAIR_PIECES))
        examples = training_examples(recipe, options.data, options.seed)
        tokenizer, matcher = self.parts.tokenizer, self.parts.matcher
        self.data = PairData(examples, tokenizer, matcher, config, encoder, self.device)
        self.repeat = recipe.repeat
        self.development = self._scored(recipe.development, options.data)
        self.transfer = self._scored(recipe.transfer, options.data)

    def _scored(self, specs: Sequence[SetSpec], roots: Sequence[Path]) -> list[tuple[str, ReadingBatch]]:
        shapes = BatchConfig(passage_pieces=(128, 448), batch_pieces=7680, negatives=0.0, hard=0.0)
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

    def run(self, options: TrainingOptions) -> bool:
        """Train the reading half; True where an earlier run went on.

        Raises:
            CheckpointError: The run folder holds another model.
        """
        torch.manual_seed(options.seed)
        reader = self.parts.reader(
            options.document_layers, train_document=options.train_document, dropout=options.dropout
        ).to(self.device)
        teacher = None
        if options.teacher_run is not None:
            teacher = load_reader(self.parts, options.teacher_run)[0].to(self.device)
        loss = ReaderLoss(reader, compile_model=options.compile_model, teacher=teacher)
        loop = TrainingLoop(reader, set(NEW_PARAMETERS), loss, options.run, options.loop_config())
        resumed = _resume(loop, options)
        batches = PairBatches(self.data, self.repeat, options.seed)
        loop.run(batches, PieceScores(self.development, reader, self.transfer), asked_to_stop())
        return resumed


def train_reader(options: TrainingOptions) -> bool:
    """Train the reading half; True where an earlier run went on.

    Raises:
        TrainingDataError: A set of the recipe is missing.
        CheckpointError: The run folder holds another model.
    """
    return ReaderTraining(options).run(options)


def _resume(loop: TrainingLoop, options: TrainingOptions) -> bool:
    """Go on where the run stopped; else begin, at times with the weights of another run.

    Raises:
        CheckpointError: The other run has no checkpoint, or trained other parts.
    """
    resumed = loop.resume()
    if options.start_run is not None and not resumed:
        wanted = {*loop.trained, *loop.buffers}
        parts = {name.split(".")[0] for name in wanted}
        state, _ = trained_weights(options.start_run)
        state = {name: tensor for name, tensor in state.items() if name.split(".")[0] in parts}
        if state.keys() != wanted:
            raise CheckpointError(
                f"{options.start_run} is of another stage or split; begin with one of the same"
            )
        loop.load_weights(state)
    return resumed


def train_writer(options: TrainingOptions, reader_run: Path) -> bool:
    """Train the writing half over the reader of another run; True where an earlier run went on.

    Raises:
        TrainingDataError: A set of the recipe is missing.
        CheckpointError: There is no reader run, or the run folder holds another model.
    """
    torch.manual_seed(options.seed)
    parts, recipe, device = (
        Parts(options.models),
        options.read_recipe("writing.json"),
        torch.device(options.device),
    )
    reader, _ = load_reader(parts, reader_run)
    pieces = _suiting(device, WRITING_PIECES)
    shapes = BatchConfig(question_pieces=48, passage_pieces=(256,), negatives=0.0, batch_pieces=pieces)
    examples = training_examples(recipe, options.data, options.seed)
    said = [e for e in examples if e.target or e.supervision == Supervision.RANGES]
    data = ReadingData(said, parts.tokenizer, parts.matcher, shapes, device=device)
    writer = Writer(reader, parts.decoder(), compile_reader=options.compile_model).to(device)
    vocabulary = [piece for piece, _ in parts.vocabulary]
    batches = WriterBatches(
        data,
        recipe.repeat,
        writer.decoder.writable_V,
        vocabulary,
        options.seed,
        pieces=shapes.passage_pieces[-1],
        steps=LONGEST_ANSWER,
    )
    loop = TrainingLoop(writer, {"none"}, WriterLoss(writer), options.run, options.loop_config())
    resumed = _resume(loop, options)
    loop.run(batches, None, asked_to_stop())
    return resumed
