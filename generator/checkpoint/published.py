"""Checkpoints in the form in which models are published: `config.json` and safetensors, whole or in shards."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from generator.checkpoint.files import sha256
from generator.errors import CheckpointError


def published_id(folder: Path) -> str:
    """Name of a model folder and a hash of the content of all its files that are read."""
    files = (file for kind in ("json", "jinja", "safetensors") for file in folder.glob(f"*.{kind}"))
    digests = {file.name: sha256(file) for file in files if file.is_file()}
    digest = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
    return f"{folder.resolve().name}@{digest[:12]}"


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
