"""Weights on disk: safetensors only, written whole or not at all. The only place in `generator` that reads weights."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from generator.errors import CheckpointError


def write_atomically(
    folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], meta: Mapping[str, Any]
) -> None:
    """Write a folder of safetensors files and `meta.json` (with their SHA-256), replacing an older one.

    The new folder is complete and synced under a temporary name before it takes the place of the old one; the old
    one stays beside it as `<name>.old` until then, so that a kill at any moment leaves one that is whole.

    Args:
        folder: Where it shall stand; a card (`*.md`) that an older one holds is kept.
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
    for card in sorted(folder.glob("*.md")):
        shutil.copy2(card, new)
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
            raise CheckpointError(
                f"{file} is missing or damaged; restore it from where the weights came from"
            )
        tensors[file.stem] = load_file(file)
    return tensors, meta


def write_part(folder: Path, stem: str, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Put `<stem>.safetensors` and `<stem>.json` into a folder that holds other things too.

    Each file is complete and synced under a temporary name before it takes its place. The second has the SHA-256 of
    the first, so that a kill between the two leaves a pair that `read_part` refuses.

    Args:
        folder: Where to put them; must exist.
        stem: Name of both files.
        tensors: The weights.
        meta: JSON values; the key "sha256" is added.
    """
    weights, values = folder / f"{stem}.safetensors", folder / f"{stem}.json"
    new = weights.with_name(weights.name + ".tmp")
    save_file({name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}, new)
    digest = _sha256(new)
    text = json.dumps({**meta, "sha256": digest}, indent=1) + "\n"
    new_values = values.with_name(values.name + ".tmp")
    new_values.write_text(text, encoding="utf-8")
    for temporary, final in ((new, weights), (new_values, values)):
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(final)


def read_part(folder: Path, stem: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_part` wrote.

    Raises:
        CheckpointError: One of the two files is missing or damaged, or they do not belong together.
    """
    weights, values = folder / f"{stem}.safetensors", folder / f"{stem}.json"
    try:
        meta: dict[str, Any] = json.loads(values.read_text(encoding="utf-8"))
        whole = _sha256(weights) == meta["sha256"]
        tensors = load_file(weights) if whole else {}
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(f"{weights} with {values.name} can't be read: {error}") from error
    if not whole:
        raise CheckpointError(
            f"{weights} is damaged or is not the one of {values.name}; restore both from one source"
        )
    return tensors, meta


def published_id(folder: Path) -> str:
    """Name of a model folder and a hash of the content of all its files that are read."""
    files = (file for kind in ("json", "jinja", "safetensors") for file in folder.glob(f"*.{kind}"))
    digests = {file.name: _sha256(file) for file in files if file.is_file()}
    digest = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
    return f"{folder.resolve().name}@{digest[:12]}"


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_published(folder: Path) -> tuple[dict[str, Any], Iterator[tuple[str, Tensor]]]:
    """Open a model folder as it is published: `config.json` and safetensors, in one file or in shards with an index.

    Args:
        folder: Where the files are; nothing is fetched.

    Returns:
        The values of `config.json`, and an iterator over (name, tensor), one tensor in memory at a time. Weights
        stored as 8-bit floats in blocks with a scale each (DeepSeek-V3) come as float32.

    Raises:
        CheckpointError: A file is missing or unreadable (for the shards: when the iterator gets there).
    """
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        index = folder / "model.safetensors.index.json"
        shard_of: dict[str, str] = {}
        if index.exists():
            shard_of = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"no readable published model in {folder}: {error}") from error
    shards = sorted(set(shard_of.values())) or ["model.safetensors"]
    for shard in shards:
        if Path(shard).name != shard or not (folder / shard).is_file():
            raise CheckpointError(f"{folder / shard} is missing; fetch all files of the model")
    block = (config.get("quantization_config") or {}).get("weight_block_size", [128, 128])
    return config, _published_tensors(folder, shards, shard_of, block)


def _published_tensors(
    folder: Path, shards: list[str], shard_of: Mapping[str, str], block: list[int]
) -> Iterator[tuple[str, Tensor]]:
    """All tensors of the shards; block scales are applied to their weights and not given themselves.

    Raises:
        CheckpointError: A shard is unreadable, or a scale is missing.
    """
    scale_suffix = "_scale_inv"
    for shard in shards:
        try:
            with safe_open(folder / shard, framework="pt") as file:
                names = set(file.keys())
                for name in sorted(names):
                    if name.endswith(scale_suffix):
                        continue
                    tensor = file.get_tensor(name)
                    if tensor.dtype == torch.float8_e4m3fn:
                        scale_name = name + scale_suffix
                        # The scale may lie in another shard than its weight.
                        if scale_name in names:
                            scale = file.get_tensor(scale_name)
                        else:
                            with safe_open(folder / shard_of[scale_name], framework="pt") as other:
                                scale = other.get_tensor(scale_name)
                        tensor = scale_blocks(tensor, scale, block)
                    yield name, tensor
        except (SafetensorError, OSError, KeyError) as error:
            raise CheckpointError(f"{folder / shard} is damaged or incomplete: {error}") from error


def scale_blocks(weight: Tensor, scale: Tensor, block: list[int]) -> Tensor:
    """Weights [R, C] of 8-bit floats times their block's scale [ceil(R / block[0]), ceil(C / block[1])], float32."""
    rows, columns = weight.shape
    scale = (
        scale.float()
        .repeat_interleave(block[0], dim=0)[:rows]
        .repeat_interleave(block[1], dim=1)[:, :columns]
    )
    return weight.float() * scale
