"""Weights on disk: safetensors only, written whole or not at all. The only place in `generator` that reads weights."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from generator.errors import CheckpointError


def write_atomically(folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], meta: Mapping[str, Any]) -> None:
    """Write a folder of safetensors files and `meta.json` (with their SHA-256), replacing an older one.

    The new folder is complete and synced under a temporary name before it takes the place of the old one; the old
    one stays beside it as `<name>.old` until then, so that a kill at any moment leaves one that is whole.

    Args:
        folder: Where it shall stand.
        tensors: By file stem.
        meta: JSON values; the key "files" is added.
    """
    new, old = folder.with_name(folder.name + ".tmp"), folder.with_name(folder.name + ".old")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    files = {}
    for stem, state in tensors.items():
        file = new / f"{stem}.safetensors"
        save_file({name: tensor.detach().contiguous().cpu() for name, tensor in state.items()}, file)
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
            files[file.name] = hashlib.file_digest(handle, "sha256").hexdigest()
    (new / "meta.json").write_text(json.dumps({**meta, "files": files}, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def read_folder(folder: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """Read what `write_atomically` wrote; falls back to `<name>.old` after a kill between its two renames.

    Returns:
        Tensors by file stem, and the meta values.

    Raises:
        CheckpointError: Nothing there, or a file is missing or damaged.
    """
    old = folder.with_name(folder.name + ".old")
    if not folder.exists() and old.exists():
        folder = old
    try:
        meta: dict[str, Any] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"no readable weights in {folder}: {error}") from error
    tensors = {}
    for name, digest in meta["files"].items():
        file = folder / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise CheckpointError(f"{file} is missing or damaged; restore it from where the weights came from")
        tensors[file.stem] = load_file(file)
    return tensors, meta
