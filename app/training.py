"""Training of the generator, wired: the encoder and the search for near misses come from retrieval."""

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from generator.data.kept_vectors import KeptVectors
from generator.fathom_small.loading import load_generator, store_shape_head
from generator.training.recipes.checked import read_recipe, shipped
from generator.training.recipes.gathering import GatheringRecipe
from generator.training.recipes.gathering import train_gathered as run_gathered
from generator.training.recipes.parts import EncoderParts
from generator.training.recipes.reading import ReadingRecipe
from generator.training.recipes.reading import train_reader as run_reader
from generator.training.recipes.recipe import RunOptions
from generator.training.recipes.shipping import Recipes, ShippingOptions, ShippingRecipe
from generator.training.recipes.shipping import train_all as run_all
from generator.training.recipes.writing import WritingRecipe
from generator.training.recipes.writing import train_writer as run_writer
from generator.training.shapes import left_out, measured, questions_of, train_shape_head
from retrieval.embedder import SentenceTransformerEmbedder
from retrieval.encoder_id import encoder_id
from retrieval.encoder_weights import encoder_state


def encoder_parts(models: Path) -> EncoderParts:
    """The shipped encoder, from the folder that has it as `encoder/`."""
    encoder = models / "encoder"
    return EncoderParts(encoder / "tokenizer.json", encoder_state(encoder))


def kept_vectors(models: Path, options: RunOptions) -> KeptVectors:
    """The search encoder, with its vectors stored in a run's folder."""
    encoder = models / "encoder"
    return KeptVectors(
        lambda: SentenceTransformerEmbedder(encoder, options.device),
        lambda: encoder_id(encoder),
        options.run / "vectors",
    )


def reading_recipe(path: Path | None) -> ReadingRecipe:
    """The reading recipe of a file; None gives the shipped recipe.

    Raises:
        TrainingDataError: It can't be read, or says what is not known.
    """
    return read_recipe(ReadingRecipe, path or shipped("reading"))


def writing_recipe(path: Path | None) -> WritingRecipe:
    """The writing recipe of a file; None gives the shipped recipe.

    Raises:
        TrainingDataError: It can't be read, or says what is not known.
    """
    return read_recipe(WritingRecipe, path or shipped("writing"))


def gathering_recipe(path: Path | None) -> GatheringRecipe:
    """The recipe for gathered questions of a file; None gives the shipped recipe.

    Raises:
        TrainingDataError: It can't be read, or says what is not known.
    """
    return read_recipe(GatheringRecipe, path or shipped("gathered"))


def asked_to_stop() -> Callable[[], bool]:
    """Gives True after SIGTERM: the run is then saved at its current step."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    return asked.is_set


def train_reader(models: Path, recipe: ReadingRecipe, options: RunOptions) -> bool:
    """Train the reading half; True where an earlier run went on.

    Raises:
        TrainingDataError: A set of the recipe is missing.
        CheckpointError: The run folder holds another model.
    """
    search = kept_vectors(models, options)
    return run_reader(encoder_parts(models), recipe, options, search, asked_to_stop())


def train_gathered(models: Path, recipe: GatheringRecipe, options: RunOptions) -> bool:
    """Train the reading half of `start_run` further, on gathered questions; True where an earlier run went on.

    Raises:
        TrainingDataError: A set of the recipe is missing or has a line that is not of the form.
        CheckpointError: There is no reader to go on with, or the run folder holds another model.
    """
    return run_gathered(encoder_parts(models), recipe, options, asked_to_stop())


def train_writer(models: Path, recipe: WritingRecipe, options: RunOptions, reader_run: Path) -> bool:
    """Train the writing half over the reader of another run; True where an earlier run went on.

    Raises:
        TrainingDataError: A set of the recipe is missing.
        CheckpointError: There is no reader run, or the run folder holds another model.
    """
    return run_writer(encoder_parts(models), recipe, options, reader_run, asked_to_stop())


def train_all(
    models: Path,
    options: ShippingOptions,
    told: Callable[[str], None],
    reading: Path | None = None,
    writing: Path | None = None,
) -> bool:
    """Train the shipped model; False if SIGTERM ended training before the model was packed.

    Raises:
        TrainingDataError: A set of a recipe is missing.
        CheckpointError: A run folder holds another model.
    """
    recipes = Recipes(
        shipping=read_recipe(ShippingRecipe, shipped("shipping")),
        reading=reading_recipe(reading),
        writing=writing_recipe(writing),
    )
    search = kept_vectors(models, options.common)
    return run_all(encoder_parts(models), recipes, options, search, told, asked_to_stop())


def train_shapes(
    models: Path, model: Path, questions: Sequence[Path], held: Sequence[Path], seed: int, *, folds: bool
) -> dict[str, dict[str, int]]:
    """Train the head for the shape of a question, and store it with a model.

    Args:
        models: Folder with the encoder.
        model: Folder of the model, changed in place.
        questions: Files of JSON lines with `question` and `shape`; each is a group.
        held: Further ones that are measured alone.
        seed: Of weights and order.
        folds: Measure each group by a head trained on the others.

    Returns:
        Numbers of questions that are understood, by group or file, see `generator.training.shapes.measured`.

    Raises:
        TrainingDataError: A file holds what is no question with a shape.
        CheckpointError: The model can't be read.
    """
    encoder = models / "encoder"
    reader = load_generator(model, encoder_state(encoder), encoder / "tokenizer.json", torch.float32).reader

    def states_of(question: str) -> Tensor:
        return reader.question_states(question)[0].clone()

    own = questions_of(questions, states_of)
    figures = left_out(own, seed) if folds else {}
    head = train_shape_head(own, seed)
    for path in held:
        figures[path.stem] = measured(head, questions_of([path], states_of))
    store_shape_head(
        model, head, {"files": [path.name for path in questions], "seed": seed, "left_out": figures}
    )
    return figures
