"""Build a generator from a folder of weights and the encoder it shares with retrieval."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from generator.checkpoint.folder import read_folder, write_atomically
from generator.device import HOST, fast_dtype, is_missing
from generator.errors import CheckpointError
from generator.fathom_small.calibration import Calibration
from generator.fathom_small.config import DecoderConfig, ModelConfig, ReaderConfig
from generator.fathom_small.decoder import Decoder
from generator.fathom_small.encoder import DocumentLayers, ReadingLayers, reader_state_from_bert
from generator.fathom_small.generator import FathomSmall
from generator.fathom_small.match import PieceMatcher
from generator.fathom_small.reading import PassageReader
from generator.fathom_small.shape_head import ShapeHead
from generator.quantisation.int8 import pack_state, unpack_state

STEMS = ("reading", "decoder")
SHAPES_STEM = "shapes"
"""File of the head for the shape of a question; a model may lack it."""


def save_generator(
    folder: Path,
    config: ModelConfig,
    reading: Mapping[str, Tensor],
    decoder: Mapping[str, Tensor],
    calibration: Calibration,
    training: Mapping[str, Any],
) -> None:
    """Write the trained weights as int8 with a float16 scale a row, with configuration and calibration.

    Args:
        folder: Where to write; an older one is replaced whole.
        config: Shape of the model.
        reading: State of `ReadingLayers`.
        decoder: State of `Decoder`.
        calibration: Fitted on development sets.
        training: What the weights were trained on, for the record.
    """
    meta = {"config": asdict(config), "calibration": asdict(calibration), "training": dict(training)}
    write_atomically(folder, {"reading": pack_state(reading), "decoder": pack_state(decoder)}, meta)


def read_vocabulary(path: Path) -> list[tuple[str, float]]:
    """Pieces and log-probabilities of a `tokenizer.json` with a Unigram model, in id order."""
    pieces: list[tuple[str, float]] = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    return pieces


def load_generator(
    folder: Path,
    encoder_state: dict[str, Tensor],
    tokenizer_path: Path,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
) -> FathomSmall:
    """Load `fathom-small` for answering.

    Args:
        folder: Written by `save_generator`.
        encoder_state: State dict of the shared BERT encoder, with its word embeddings.
        tokenizer_path: The encoder's `tokenizer.json`.
        dtype: Number format of document and reading layers; None takes the fastest of the device. Heads and decoder
            stay float32.
        device: Where weights and memories of passages are, and where reading and writing are computed.

    Raises:
        CheckpointError: Weights are missing, damaged, or were trained over another encoder; or there is no such device,
            or no room on it.
    """
    if is_missing(device):
        raise CheckpointError(f"{folder} is to run on a GPU, and there is none that torch can use")
    tensors, meta = read_folder(folder)
    config = config_from_json(meta["config"])
    vocabulary = read_vocabulary(tokenizer_path)
    if len(vocabulary) != config.reader.vocab_size:
        raise CheckpointError(
            f"{folder} was trained over an encoder of {config.reader.vocab_size} pieces, this one has {len(vocabulary)}"
        )
    state = {stem: unpack_state(tensors[stem]) for stem in STEMS}
    document, reading = DocumentLayers(config.reader), ReadingLayers(config.reader)
    document.load_state_dict(reader_state_from_bert(encoder_state, config.reader)["document"])
    reading.load_state_dict(state["reading"])
    decoder = Decoder(config.reader.width, config.decoder, state["decoder"]["writable_V"])
    decoder.load_state_dict(state["decoder"])
    layers_dtype = dtype or fast_dtype(device)
    document.layers.to(layers_dtype)
    reading.layers.to(layers_dtype)
    try:
        for module in (document, reading, decoder):
            module.eval().requires_grad_(requires_grad=False).to(device)
    except (RuntimeError, MemoryError) as error:
        raise CheckpointError(f"there is no room for {folder} on {device}: {error}") from error
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    matcher = PieceMatcher.from_vocabulary(vocabulary)
    reader = PassageReader(document, reading, tokenizer, matcher, config.reader.max_positions)
    digest = hashlib.sha256(json.dumps(meta["files"], sort_keys=True).encode()).hexdigest()[:12]
    return FathomSmall(
        reader,
        decoder,
        document.pieces,
        [piece for piece, _ in vocabulary],
        calibration_from_json(meta["calibration"]),
        f"{config.name}@{digest}",
        _shape_head(tensors.get(SHAPES_STEM), config.reader.width),
    )


def _shape_head(state: Mapping[str, Tensor] | None, width: int) -> ShapeHead | None:
    """The head for a question's shape, on the CPU; None where a model has none."""
    if state is None:
        return None
    head = ShapeHead(width)
    head.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    return head.eval().requires_grad_(requires_grad=False)


def store_shape_head(folder: Path, head: ShapeHead, record: Mapping[str, Any]) -> None:
    """Store a head for the question's shape beside the weights of a folder, as float16.

    Args:
        folder: Of the model.
        head: Trained over the states of its document layers.
        record: What it was trained on, and its figures.

    Raises:
        CheckpointError: The folder cannot be read.
    """
    tensors, meta = read_folder(folder)
    state = {name: tensor.half() for name, tensor in head.state_dict().items()}
    meta["training"] = {**meta["training"], SHAPES_STEM: dict(record)}
    write_atomically(folder, {**tensors, SHAPES_STEM: state}, meta)


def store_calibration(folder: Path, calibration: Calibration, figures: Mapping[str, float]) -> None:
    """Store a new calibration and its measured figures beside the weights of a folder.

    Raises:
        CheckpointError: The folder cannot be read.
    """
    tensors, meta = read_folder(folder)
    meta["calibration"] = asdict(calibration)
    meta["calibration_figures"] = {name: round(value, 4) for name, value in figures.items()}
    write_atomically(folder, tensors, meta)


def calibration_from_json(values: Mapping[str, Any]) -> Calibration:
    """Rebuild a calibration from its `asdict` form; values of earlier versions that are not used any more are left."""
    known = {field.name for field in fields(Calibration)}
    return Calibration(**{name: value for name, value in values.items() if name in known})


def config_from_json(values: Mapping[str, Any]) -> ModelConfig:
    """Rebuild a configuration from its `asdict` form."""
    return ModelConfig(
        reader=ReaderConfig(**values["reader"]),
        decoder=DecoderConfig(**values["decoder"]),
        name=values["name"],
    )


def writable_pieces(vocabulary: list[tuple[str, float]], count: int) -> Tensor:
    """The most probable `count` pieces that are text, by the tokenizer's own scores: int64 [V] ids, ascending."""
    ranked = sorted(
        (i for i, (piece, _) in enumerate(vocabulary) if not (piece.startswith("<") and piece.endswith(">"))),
        key=lambda i: -vocabulary[i][1],
    )
    return torch.tensor(sorted(ranked[:count]), device=HOST)
