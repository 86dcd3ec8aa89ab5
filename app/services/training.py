"""Training of the generator, composed: the encoder comes from retrieval, recipes and loop from the generator."""

import json
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from app.services.kept_vectors import KeptVectors
from generator.checkpoint import read_folder
from generator.config import DecoderConfig, ModelConfig, ReaderConfig
from generator.errors import CheckpointError
from generator.fathom_small import Calibration
from generator.loading import (
    load_generator,
    read_vocabulary,
    save_generator,
    store_calibration,
    writable_pieces,
)
from generator.model.decoder import Decoder
from generator.model.match import PieceMatcher
from generator.quantisation.int8 import unpack_state
from generator.training import calibrate
from generator.training.batches import BatchConfig, ReadingBatch, ReadingData
from generator.training.distractors import LexicalNeighbours
from generator.training.examples import Example, SetSpec, read_set
from generator.training.loop import LoopConfig, TrainingLoop
from generator.training.reader import (
    NEW_PARAMETERS,
    PieceScores,
    Reader,
    ReaderBatches,
    ReaderLoss,
    ReadingRecipe,
)
from generator.training.schedule import Schedule
from generator.training.writer import Writer, WriterBatches, WriterLoss
from ingestion.sentences import split_sentences
from retrieval.encoder_weights import encoder_state

CALIBRATION_PASSAGES = 5
LONGEST_ANSWER = 128
"""Actions of an answer that the writer is trained on."""
RECIPES = Path(__file__).parents[2] / "generator" / "training" / "recipes"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What the command line chooses.

    Attributes:
        data: Folder that the recipe's paths are relative to.
        run: Run folder; a run found there goes on.
        models: Folder with `encoder/`.
        steps: Optimizer steps in all.
        decay_share: Share of them, at the end, of falling learning rate.
        learning_rate: Of pretrained parameters.
        bf16: Autocast to bfloat16.
        minutes: Stop and save after this time; 0 for no limit.
        seed: Order of the data and new weights.
        compile_model: Use `torch.compile`.
        recipe: Recipe file; None takes the shipped one of the stage.
        document_layers: Reader: layers of the encoder that see one text alone.
        train_document: Reader: train those too.
        dropout: Reader: share of what its layers add that is left out in training.
        start_run: Run of the same stage, or packed model, whose weights a new run begins with.
        teacher_run: Reader: run or packed model to learn from besides the answers.
    """

    data: Path
    run: Path
    models: Path
    steps: int
    decay_share: float
    learning_rate: float
    bf16: bool
    minutes: float = 0.0
    seed: int = 0
    compile_model: bool = True
    recipe: Path | None = None
    document_layers: int = ReaderConfig(vocab_size=1).document_layers
    train_document: bool = False
    dropout: float = 0.0
    start_run: Path | None = None
    teacher_run: Path | None = None

    def loop_config(self, *, fast_factor: float = 8.0) -> LoopConfig:
        """The loop's part."""
        warmup = min(200, self.steps // 10)
        schedule = Schedule(steps=self.steps, warmup_steps=warmup, decay_share=self.decay_share)
        return LoopConfig(
            schedule=schedule,
            learning_rate=self.learning_rate,
            fast_factor=fast_factor,
            seed=self.seed,
            evaluate_every=700,
            bf16=self.bf16,
        )

    def stop(self) -> Callable[[], bool]:
        """Tells whether the time is up, or SIGTERM came: the run is then saved at the step it has reached."""
        begun = time.monotonic()
        asked = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: asked.set())
        return lambda: asked.is_set() or (bool(self.minutes) and time.monotonic() - begun > self.minutes * 60)


class Parts:
    """Tokenizer, matcher and encoder weights."""

    def __init__(self, models: Path) -> None:
        """Load them from a folder with `encoder/`."""
        path = models / "encoder" / "tokenizer.json"
        self.tokenizer = Tokenizer.from_file(str(path))
        self.vocabulary = read_vocabulary(path)
        self.matcher = PieceMatcher.from_vocabulary(self.vocabulary)
        self.encoder = encoder_state(models / "encoder")
        self.layers = len({name.split(".")[2] for name in self.encoder if name.startswith("encoder.layer.")})

    def reader(self, document_layers: int, *, train_document: bool = False, dropout: float = 0.0) -> Reader:
        """A reader over the encoder's weights.

        Raises:
            CheckpointError: So many layers leave none for reading.
        """
        if not 0 <= document_layers < self.layers:
            raise CheckpointError(f"document layers must be 0 to {self.layers - 1}, not {document_layers}")
        config = ReaderConfig(
            vocab_size=len(self.vocabulary),
            document_layers=document_layers,
            reading_layers=self.layers - document_layers,
        )
        return Reader(config, self.encoder, train_document=train_document, dropout=dropout)


def _plan(options: TrainingOptions, name: str) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads((options.recipe or RECIPES / name).read_text(encoding="utf-8"))
    return plan


def train_reader(options: TrainingOptions) -> bool:
    """Train the reading half; True where an earlier run went on.

    Raises:
        TrainingDataError: A set of the recipe is missing.
        CheckpointError: The run folder holds another model.
    """
    torch.manual_seed(options.seed)
    parts, plan = Parts(options.models), _plan(options, "reading.json")
    recipe = ReadingRecipe(train=tuple(SetSpec(**spec) for spec in plan["train"]))
    encoder = KeptVectors(options.models, options.run / "vectors") if plan.get("dense_near_misses") else None
    batches = ReaderBatches(recipe, options.data, parts.tokenizer, parts.matcher, options.seed, encoder)
    reader = parts.reader(
        options.document_layers, train_document=options.train_document, dropout=options.dropout
    )
    teacher = load_reader(parts, options.teacher_run)[0] if options.teacher_run else None
    development = _development(plan, options.data, parts)
    loss = ReaderLoss(reader, compile_model=options.compile_model, teacher=teacher)
    loop = TrainingLoop(reader, set(NEW_PARAMETERS), loss, options.run, options.loop_config())
    resumed = _resume(loop, options)
    loop.run(batches, PieceScores(development, reader), options.stop())
    return resumed


def _resume(loop: TrainingLoop, options: TrainingOptions) -> bool:
    """Go on where the run stopped; else begin, at times with the weights of another run.

    Raises:
        CheckpointError: The other run has no checkpoint, or trained other parts.
    """
    resumed = loop.resume()
    if options.start_run is not None and not resumed:
        wanted = {*loop.trained, *loop.buffers}
        parts = {name.split(".")[0] for name in wanted}
        state, _ = _trained(options.start_run)
        state = {name: tensor for name, tensor in state.items() if name.split(".")[0] in parts}
        if state.keys() != wanted:
            raise CheckpointError(
                f"{options.start_run} is of another stage or split; begin with one of the same"
            )
        loop.load_weights(state)
    return resumed


def _trained(folder: Path, stage: str | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights of a run, or of a packed model under the names that a run gives them, and how `stage` was trained.

    Raises:
        CheckpointError: The folder is neither.
    """
    if (folder / "meta.json").exists():
        tensors, meta = read_folder(folder)
        state = {f"{stem}.{k}": t for stem, part in tensors.items() for k, t in unpack_state(part).items()}
        record = meta["training"].get(stage, {})
        if (other := meta["training"].get("averaged_with", {}).get(stage)) is not None:
            record = {**record, "averaged_with": other}
        return state, record
    tensors, meta = read_folder(folder / "last")
    return tensors["model"], {k: meta[k] for k in ("step", "seen", "config")}


def _development(plan: dict[str, Any], data: Path, parts: Parts) -> list[tuple[str, ReadingBatch]]:
    shapes = BatchConfig(passage_pieces=(128, 448), batch_pieces=7680, negatives=0.0, hard=0.0)
    batches = []
    for spec in plan.get("development", []):
        held_out = ReadingData(read_set(SetSpec(**spec), data), parts.tokenizer, parts.matcher, shapes)
        name = spec["path"].split("/")[0]
        batches += [(name, batch) for batch in held_out.epoch(range(len(held_out.examples)), 0)]
    return batches


def load_reader(parts: Parts, run: Path) -> tuple[Reader, dict[str, Any]]:
    """The reader of a run or packed model, its document layers as many as that had, and how it was trained.

    Raises:
        CheckpointError: The folder is neither.
    """
    state, record = _trained(run, "reader")
    layers = {int(name.split(".")[2]) for name in state if name.startswith("reading.layers.")}
    own = any(name.startswith("document.layers.") for name in state)
    reader = parts.reader(parts.layers - len(layers), train_document=own)
    reader.load_state_dict(state, strict=False)
    return reader, record


def train_writer(options: TrainingOptions, reader_run: Path) -> bool:
    """Train the writing half over the reader of another run; True where an earlier run went on.

    Raises:
        TrainingDataError: A set of the recipe is missing.
        CheckpointError: There is no reader run, or the run folder holds another model.
    """
    torch.manual_seed(options.seed)
    parts, plan = Parts(options.models), _plan(options, "writing.json")
    reader, _ = load_reader(parts, reader_run)
    specs = [SetSpec(**spec) for spec in plan["train"]]
    examples = [example for spec in specs for example in read_set(spec, options.data)]
    shapes = BatchConfig(passage_pieces=(192,), negatives=0.0, batch_pieces=7168)
    data = ReadingData(examples, parts.tokenizer, parts.matcher, shapes)
    writer = Writer(reader, _decoder(parts), compile_reader=options.compile_model)
    repeat = {spec.path: spec.repeat for spec in specs}
    vocabulary = [piece for piece, _ in parts.vocabulary]
    batches = WriterBatches(
        data, repeat, writer.decoder.writable_V, vocabulary, options.seed, pieces=192, steps=LONGEST_ANSWER
    )
    loop = TrainingLoop(writer, {"none"}, WriterLoss(writer), options.run, options.loop_config())
    resumed = _resume(loop, options)
    loop.run(batches, None, options.stop())
    return resumed


def _decoder(parts: Parts) -> Decoder:
    config = DecoderConfig()
    return Decoder(
        ReaderConfig(vocab_size=1).width, config, writable_pieces(parts.vocabulary, config.write_pieces)
    )


def export_generator(
    models: Path,
    reader_run: Path,
    writer_run: Path | None,
    out: Path,
    calibration: Calibration,
    average_with: Path | None = None,
) -> None:
    """Put a reader run and a writer run together into a folder that can be loaded; either may be a packed model.

    Without a writer run the decoder is untrained: it answers exactly as the extractive reader does. The mean of a
    model and of what it was trained on to is often better than both at what either does well (WiSE-FT, arXiv
    2109.01903).

    Args:
        models: Folder with `encoder/`.
        reader_run: Of the reader.
        writer_run: Of the writer, or None.
        out: Where to write.
        calibration: To store with the weights.
        average_with: Packed model of the same shape whose weights are averaged with those of the runs.

    Raises:
        CheckpointError: A run has no checkpoint, or has document layers of its own: a model's are the encoder's.
    """
    parts = Parts(models)
    reader, reader_record = load_reader(parts, reader_run)
    if reader.train_document:
        raise CheckpointError(f"{reader_run} trained its document layers; train one without --train-document")
    torch.manual_seed(0)
    decoder = _decoder(parts)
    training = {"reader": reader_record}
    if writer_run is not None:
        state, training["writer"] = _trained(writer_run, "writer")
        own = {k.removeprefix("decoder."): t for k, t in state.items() if k.startswith("decoder.")}
        decoder.load_state_dict(own, strict=False)
    if average_with is not None:
        _average(reader.reading, decoder, average_with)
        training["averaged_with"] = read_folder(average_with)[1]["training"]
    config = ModelConfig(reader=reader.config)
    save_generator(out, config, reader.reading.state_dict(), decoder.state_dict(), calibration, training)


def _average(reading: nn.Module, decoder: nn.Module, model: Path) -> None:
    """Move weights half of the way to those of a packed model.

    Raises:
        CheckpointError: It has another shape.
    """
    state, _ = _trained(model)
    for stem, module in (("reading", reading), ("decoder", decoder)):
        own = module.state_dict()
        other = {name.removeprefix(f"{stem}."): t for name, t in state.items() if name.startswith(f"{stem}.")}
        if {name: t.shape for name, t in own.items()} != {name: t.shape for name, t in other.items()}:
            raise CheckpointError(f"{model} has another shape; average models of the same one")
        module.load_state_dict(
            {name: t.lerp(other[name], 0.5) if t.is_floating_point() else t for name, t in own.items()}
        )


def calibrate_generator(
    models: Path, folder: Path, data: Path, questions: int, score: calibrate.Score, seed: int = 0
) -> dict[str, float]:
    """Fit the answering thresholds of a model folder on the recipe's development sets, and store them there.

    Args:
        models: Folder with `encoder/`.
        folder: Of the model.
        data: Folder that the recipe's paths are relative to.
        questions: About how many to read, over all sets.
        score: Of texts against gold answers.
        seed: Of the choice of questions.

    Returns:
        Figures of the fit, see `generator.training.calibrate.fit`.

    Raises:
        CheckpointError: There is no model in the folder.
        TrainingDataError: A development set is missing.
    """
    encoder = models / "encoder"
    model = load_generator(folder, encoder_state(encoder), encoder / "tokenizer.json")
    plan: dict[str, Any] = json.loads((RECIPES / "reading.json").read_text(encoding="utf-8"))
    examples = [e for spec in plan["development"] for e in read_set(SetSpec(**spec), data)]
    random.Random(seed).shuffle(examples)
    asked = [e for e in examples if e.answers][:questions]
    near = _near_misses(asked, examples, Tokenizer.from_file(str(encoder / "tokenizer.json")))
    samples = calibrate.measure(model.reader, asked, near, split_sentences, score)
    calibration, figures = calibrate.fit(samples, model.calibration)
    store_calibration(folder, calibration, figures)
    return figures


def _near_misses(
    asked: Sequence[Example], examples: Sequence[Example], tokenizer: Tokenizer
) -> list[list[str]]:
    """For each question the passages of all examples that look most like it and do not hold its answer."""
    texts = sorted({example.passage for example in examples})
    number = {text: i for i, text in enumerate(texts)}
    pieces = [np.array(e.ids, np.int32) for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    source = {example.passage: example.source for example in examples}
    neighbours = LexicalNeighbours(pieces, texts, [source[text] for text in texts])
    near = []
    for example in asked:
        question = np.array(tokenizer.encode(example.question, add_special_tokens=False).ids, np.int32)
        answers = [example.passage[a:b] for a, b in example.answers]
        found = neighbours.nearest(question, number[example.passage], answers, CALIBRATION_PASSAGES)
        near.append([texts[i] for i in found])
    return near
