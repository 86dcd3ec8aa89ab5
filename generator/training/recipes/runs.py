"""Results of training on disk: runs and packed models read alike."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from generator.checkpoint.folder import Weights, is_written, read_folder, read_newest
from generator.errors import CheckpointError
from generator.fathom_small.config import DecoderConfig
from generator.quantisation.int8 import unpack_state
from generator.training.loop import TrainingLoop
from generator.training.reader import Reader
from generator.training.recipes.checked import checked
from generator.training.recipes.parts import EncoderParts

TOLD = ("step", "seen", "seconds", "score", "weights", "mean_of", "config", "shape")
"""Keys of `meta.json` that a run's record keeps."""


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


def decoder_config(record: Mapping[str, Any]) -> DecoderConfig:
    """Shape of a writer by its record, of a mean by its parts; the default one if an earlier program stored none.

    Raises:
        CheckpointError: The parts of a mean differ.
        TrainingDataError: The shape is not one of this program.
    """
    shapes = list(_shapes(record))
    if any(shape != shapes[0] for shape in shapes):
        raise CheckpointError("the writers of the mean have decoders of different shapes")
    return checked(DecoderConfig, shapes[0], "the shape of the decoder") if shapes else DecoderConfig()


def _shapes(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "shape" in record:
        yield record["shape"]
    parts = record.get("mean_of")
    for part in parts if isinstance(parts, list) else ():  # a number in the record of a single run
        yield from _shapes(part)


def _last(run: Path) -> Weights:
    found = read_newest(run / "last")
    if found is None:
        raise CheckpointError(f"there are no weights in {run}, neither of a run nor of a packed model")
    return found


def load_reader(parts: EncoderParts, run: Path) -> tuple[Reader, dict[str, Any]]:
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


def resume(loop: TrainingLoop, start_run: Path | None) -> bool:
    """Resume a run from its last checkpoint; else begin, if asked with the weights of another run.

    Raises:
        CheckpointError: The other run has no checkpoint, or trained other parts.
    """
    resumed = loop.resume()
    if start_run is not None and not resumed:
        wanted = {*loop.trained, *loop.buffers}
        parts = {name.split(".")[0] for name in wanted}
        state, _ = trained_weights(start_run)
        state = {name: tensor for name, tensor in state.items() if name.split(".")[0] in parts}
        if state.keys() != wanted:
            raise CheckpointError(f"{start_run} is of another stage or split; begin with one of the same")
        loop.load_weights(state)
    return resumed
