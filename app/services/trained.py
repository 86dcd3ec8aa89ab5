"""What training left on disk: runs and packed models read alike, averaged, and packed for answering."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from generator.checkpoint.folder import Weights, is_written, read_folder, read_newest, write_atomically
from generator.errors import CheckpointError
from generator.fathom_small.calibration import Calibration
from generator.fathom_small.config import DecoderConfig, ModelConfig, ReaderConfig
from generator.fathom_small.decoder import Decoder
from generator.fathom_small.loading import read_vocabulary, save_generator, writable_pieces
from generator.fathom_small.match import PieceMatcher
from generator.quantisation.int8 import unpack_state
from generator.training.reader import Reader
from retrieval.encoder_weights import encoder_state

STAGES = {"reading": "reader", "decoder": "writer"}
"""Name prefix of weights, and the stage that trains them."""
TOLD = ("step", "seen", "seconds", "score", "weights", "mean_of", "config")
"""What a run's record keeps of its `meta.json`."""


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

    def decoder(self) -> Decoder:
        """An untrained decoder over the encoder's pieces."""
        config = DecoderConfig()
        width = ReaderConfig(vocab_size=len(self.vocabulary)).width
        return Decoder(width, config, writable_pieces(self.vocabulary, config.write_pieces))


def trained_weights(folder: Path, stage: str | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights of a run or a packed model, under the names that a run gives them, and how `stage` was trained.

    Of a run the best evaluated weights are taken, else the last.

    Raises:
        CheckpointError: The folder is neither.
    """
    if is_written(folder):
        tensors, meta = read_folder(folder)
        state = {f"{stem}.{k}": t for stem, part in tensors.items() for k, t in unpack_state(part).items()}
        record = meta["training"].get(stage, {})
        if (other := meta["training"].get("averaged_with", {}).get(stage)) is not None:
            record = {**record, "averaged_with": other}
        return state, record
    best = folder / "best"
    tensors, meta = read_folder(best) if is_written(best) else _last(folder)
    record = {key: meta[key] for key in TOLD if key in meta}
    if "mean_of" in record:
        record = (
            {"mean_of": record["mean_of"].get(stage, [])} if isinstance(record["mean_of"], dict) else record
        )
    return tensors["model"], record


def _last(run: Path) -> Weights:
    found = read_newest(run / "last")
    if found is None:
        raise CheckpointError(f"there are no weights in {run}, neither of a run nor of a packed model")
    return found


def load_reader(parts: Parts, run: Path) -> tuple[Reader, dict[str, Any]]:
    """The reader of a run or packed model, its document layers as many as that had, and how it was trained.

    Raises:
        CheckpointError: The folder is neither.
    """
    state, record = trained_weights(run, "reader")
    layers = {int(name.split(".")[2]) for name in state if name.startswith("reading.layers.")}
    own = any(name.startswith("document.layers.") for name in state)
    reader = parts.reader(parts.layers - len(layers), train_document=own)
    reader.load_state_dict(state, strict=False)
    return reader, record


def mean_of_runs(weights: Mapping[Path, float], out: Path) -> list[str]:
    """Write the weighted mean of runs and packed models as a run folder; of the parts that all of them have.

    The mean of models that began with the same weights is often better than each at what any of them does well (model
    soups, arXiv 2203.05482; with the model that training began with, WiSE-FT, arXiv 2109.01903).

    Args:
        weights: Share of each folder; they sum to 1.
        out: Run folder to write; its record names what it is the mean of.

    Returns:
        The stages whose weights it holds, "reader" or "writer" or both.

    Raises:
        CheckpointError: A folder holds no weights, they have no part in common or other shapes, or the shares do not
            sum to 1.
    """
    if abs(sum(weights.values()) - 1) > 1e-6:
        raise CheckpointError(f"the shares sum to {sum(weights.values()):g}; give shares that sum to 1")
    states = {folder: trained_weights(folder)[0] for folder in weights}
    stems = set.intersection(*({name.split(".")[0] for name in state} for state in states.values()))
    stages = [stage for stem, stage in STAGES.items() if stem in stems]
    if not stages:
        raise CheckpointError(
            f"{', '.join(map(str, weights))} have no part in common; average runs of one stage"
        )
    mean: dict[str, Tensor] = {}
    shapes: dict[str, torch.Size] = {}
    for folder, state in states.items():
        state = {name: tensor for name, tensor in state.items() if name.split(".")[0] in stems}
        own = {name: tensor.shape for name, tensor in state.items()}
        if own != (shapes := shapes or own):
            raise CheckpointError(f"{folder} has another shape; average models of the same one")
        for name, tensor in state.items():
            if tensor.is_floating_point():
                mean[name] = mean.get(name, torch.zeros(())) + weights[folder] * tensor.float()
            elif not mean.setdefault(name, tensor).equal(tensor):
                raise CheckpointError(f"{folder} writes other pieces; average models of the same ones")
    record = {
        stage: [
            {"folder": folder.name, "share": share, **trained_weights(folder, stage)[1]}
            for folder, share in weights.items()
        ]
        for stage in stages
    }
    write_atomically(out / "last", {"model": mean}, {"mean_of": record})
    return stages


def export_generator(
    models: Path, reader_run: Path, writer_run: Path | None, out: Path, calibration: Calibration
) -> None:
    """Put a reader run and a writer run together into a folder that can be loaded; either may be a packed model.

    Without a writer run the decoder is untrained: it answers exactly as the extractive reader does.

    Args:
        models: Folder with `encoder/`.
        reader_run: Of the reader.
        writer_run: Of the writer, or None.
        out: Where to write.
        calibration: To store with the weights.

    Raises:
        CheckpointError: A run has no checkpoint, or has document layers of its own: a model's are the encoder's.
    """
    parts = Parts(models)
    reader, reader_record = load_reader(parts, reader_run)
    if reader.train_document:
        raise CheckpointError(f"{reader_run} trained its document layers; train one without --train-document")
    torch.manual_seed(0)
    decoder = parts.decoder()
    training = {"reader": reader_record}
    if writer_run is not None:
        state, training["writer"] = trained_weights(writer_run, "writer")
        own = {k.removeprefix("decoder."): t for k, t in state.items() if k.startswith("decoder.")}
        decoder.load_state_dict(own, strict=False)
    config = ModelConfig(reader=reader.config)
    save_generator(out, config, reader.reading.state_dict(), decoder.state_dict(), calibration, training)
