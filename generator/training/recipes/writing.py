"""Recipe: train the writing half over the reader of another run (`fathom train sft --stage writer`)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from generator.data.batches import BatchConfig, ReadingData
from generator.data.kinds import Supervision
from generator.data.mixture import training_examples
from generator.fathom_small.config import DecoderConfig
from generator.training.loop import TrainingLoop
from generator.training.optimizer import adamw
from generator.training.recipes.parts import EncoderParts
from generator.training.recipes.recipe import PiecesByDevice, Recipe, RunOptions
from generator.training.recipes.runs import load_reader, resume
from generator.training.writer import AnswerConfig, Writer, WriterBatches, WriterLoss


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingRecipe(Recipe):
    """How a writer is trained; see `writing.json`. All its parameters are new, so all learn at the same rate.

    Attributes:
        shapes: Of batches; windows longer than the last of its passage lengths are left out.
        batch_pieces: Pieces of the passages and questions of a batch, in the place of the one in `shapes`.
        answers: Passages and length of a training answer.
        decoder: Shape of the decoder.
    """

    shapes: BatchConfig = field(
        default_factory=lambda: BatchConfig(question_pieces=48, passage_pieces=(256,), negatives=0.0)
    )
    batch_pieces: PiecesByDevice = field(default_factory=lambda: PiecesByDevice(cpu=7_168, cuda=87_552))
    answers: AnswerConfig = field(default_factory=AnswerConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)


def train_writer(
    parts: EncoderParts,
    recipe: WritingRecipe,
    options: RunOptions,
    reader_run: Path,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train the writing half; True where an earlier run went on.

    Args:
        parts: The encoder.
        recipe: What to read, and all numbers.
        options: Where, and how long.
        reader_run: Run or packed model of the reader, which stays as it is.
        stop: Asked before every step; true saves and ends the run.

    Raises:
        TrainingDataError: A set of the recipe is missing.
        CheckpointError: There is no reader run, or the run folder holds another model.
    """
    torch.manual_seed(options.seed)
    device = torch.device(options.device)
    reader, _ = load_reader(parts, reader_run)
    shapes = replace(recipe.shapes, batch_pieces=recipe.batch_pieces.on(device))
    examples = training_examples(recipe, options.data, options.seed)
    said = [e for e in examples if e.target or e.supervision == Supervision.RANGES]
    data = ReadingData(said, parts.tokenizer, parts.matcher, shapes, device=device)
    decoder = parts.decoder(reader.config.width, recipe.decoder)
    writer = Writer(reader, decoder, compile_reader=options.compile_model).to(device)
    vocabulary = [piece for piece, _ in parts.vocabulary]
    batches = WriterBatches(
        data, recipe.repeat, writer.decoder.writable_V, vocabulary, options.seed, recipe.answers
    )
    optimizer = adamw(writer, (), recipe.optimizer)
    loop = TrainingLoop(
        writer,
        optimizer,
        WriterLoss(writer),
        options.run,
        recipe.loop_config(options),
        shape=asdict(recipe.decoder),
    )
    resumed = resume(loop, options.start_run)
    loop.run(batches, None, stop)
    return resumed
