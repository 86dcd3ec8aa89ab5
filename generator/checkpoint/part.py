"""Weights that lie in a folder with other things: one safetensors file with its JSON values, exchanged as a pair."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from generator.checkpoint.files import beside, sha256, sync
from generator.errors import CheckpointError


def write_part(folder: Path, stem: str, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Put `<stem>.safetensors` and `<stem>.json` into a folder that holds other things too.

    Each file is complete and synced under a temporary name before it takes its place. The second has the SHA-256 of
    the first; until it has changed too, the first one's predecessor stays as `<stem>.safetensors.old`, so that a kill
    at any moment leaves a pair that `read_part` takes.

    Args:
        folder: Where to put them; must exist.
        stem: Name of both files.
        tensors: The weights.
        meta: JSON values; the key "sha256" is added.
    """
    weights, values, old = _part(folder, stem)
    new, new_values = beside(weights, "tmp"), beside(values, "tmp")
    save_file({name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}, new)
    text = json.dumps({**meta, "sha256": sha256(new)}, indent=1) + "\n"
    new_values.write_text(text, encoding="utf-8")
    sync(new)
    sync(new_values)
    if _of_part(folder, stem) == weights:
        weights.replace(old)
    new.replace(weights)
    sync(folder)
    new_values.replace(values)
    sync(folder)
    old.unlink(missing_ok=True)


def read_part(folder: Path, stem: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a part written by `write_part`.

    Raises:
        CheckpointError: One of the two files is missing or damaged, or they do not belong together.
    """
    weights, values, _ = _part(folder, stem)
    try:
        meta: dict[str, Any] = json.loads(values.read_text(encoding="utf-8"))
        whole = _with_digest(folder, stem, meta["sha256"])
        tensors = load_file(whole) if whole else {}
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(f"{weights} with {values.name} can't be read: {error}") from error
    if whole is None and not weights.is_file():
        raise CheckpointError(f"{weights} can't be read: it is missing; restore it")
    if whole is None:
        raise CheckpointError(
            f"{weights} is damaged or is not the one of {values.name}; restore both from one source"
        )
    return tensors, meta


def _part(folder: Path, stem: str) -> tuple[Path, Path, Path]:
    weights = folder / f"{stem}.safetensors"
    return weights, folder / f"{stem}.json", beside(weights, "old")


def _of_part(folder: Path, stem: str) -> Path | None:
    """The weights that `<stem>.json` is about; None where it has none, or is not readable itself."""
    try:
        meta = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        return _with_digest(folder, stem, meta["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _with_digest(folder: Path, stem: str, digest: str) -> Path | None:
    weights, _, old = _part(folder, stem)
    return next((file for file in (weights, old) if file.is_file() and sha256(file) == digest), None)
