"""Weights on disk: safetensors only, written whole or not at all. The only place in `generator` that reads weights.

A folder of weights is whole where `meta.json` is there and each file has the SHA-256 that stands in it. While one is
written, and after it where the writer says so, the one before stays beside it as `<name>.old`; whatever is killed,
however often, one of the two is whole.
"""

import hashlib
import json
import logging
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

log = logging.getLogger(__name__)

Weights = tuple[dict[str, dict[str, Tensor]], dict[str, Any]]
"""Tensors by file stem, and the values of `meta.json`."""
META = "meta.json"
CHECKSUM = "checksum"


def write_atomically(
    folder: Path,
    tensors: Mapping[str, Mapping[str, Tensor]],
    meta: Mapping[str, Any],
    *,
    keep_previous: bool = False,
) -> None:
    """Write a folder of safetensors files and `meta.json` (with their SHA-256), replacing an older one.

    The new folder is complete and synced under a temporary name before it takes the place of the old one. An old one
    that is damaged takes nobody's place: it is kept as `<name>.damaged`.

    Args:
        folder: Where it shall stand; a card (`*.md`) that an older one holds is kept.
        tensors: By file stem.
        meta: JSON values; the key "files" is added.
        keep_previous: Leave the one before beside it, for `read_newest`.
    """
    new, old = _beside(folder, "tmp"), _beside(folder, "old")
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists() and old.exists():  # a writer was killed between its two renames
        old.rename(folder)
        _sync(folder.parent)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    files = {}
    for stem, state in tensors.items():
        file = new / f"{stem}.safetensors"
        save_file({name: tensor.detach().contiguous().cpu() for name, tensor in state.items()}, file)
        _sync(file)
        files[file.name] = _sha256(file)
    body = {**meta, "files": files}
    text = json.dumps(body | {CHECKSUM: _checksum(body)}, indent=1) + "\n"
    (new / META).write_text(text, encoding="utf-8")
    _sync(new / META)
    for card in sorted(folder.glob("*.md")):
        shutil.copy2(card, new)
        _sync(new / card.name)
    _sync(new)
    if folder.exists():
        _make_room(folder)
        _sync(folder.parent)
    new.rename(folder)
    _sync(folder.parent)
    if not keep_previous:
        shutil.rmtree(old, ignore_errors=True)


def _make_room(folder: Path) -> None:
    """Let a folder become the older one, unless it is damaged: then the older one is the better of the two."""
    if is_whole(folder):
        target = _beside(folder, "old")
    else:
        target = _beside(folder, "damaged")
        log.warning("%s is damaged and is kept as %s", folder, target.name)
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)


def is_whole(folder: Path) -> bool:
    """Whether all that `meta.json` names is there, byte for byte; reads every file once."""
    try:
        _checked_meta(folder)
    except CheckpointError:
        return False
    return True


def read_folder(folder: Path) -> Weights:
    """Read what `write_atomically` wrote; falls back to `<name>.old` after a kill between its two renames.

    Raises:
        CheckpointError: Nothing there, or a file is missing or damaged.
    """
    old = _beside(folder, "old")
    if not folder.exists() and old.exists():
        folder = old
    return _read(folder)


def is_written(folder: Path) -> bool:
    """Whether there are weights to read, whole or not."""
    return any((place / META).exists() for place in (folder, _beside(folder, "old")))


def read_newest(folder: Path) -> Weights | None:
    """Read the newest whole one of what `write_atomically` wrote with `keep_previous`.

    Returns:
        The weights; None where nothing was ever written there.

    Raises:
        CheckpointError: There are some, but none that is whole.
    """
    found = [place for place in (folder, _beside(folder, "old")) if place.exists()]
    for place in found:
        try:
            weights = _read(place)
        except CheckpointError as error:
            log.warning("%s", error)
            continue
        if place != found[0]:
            log.warning("going on from %s, which is older", place)
        return weights
    if found or _beside(folder, "damaged").exists():
        raise CheckpointError(
            f"no whole checkpoint is left in {folder}; restore it, or begin anew in another run folder"
        )
    return None


def _read(folder: Path) -> Weights:
    meta = _checked_meta(folder)
    try:
        return {Path(name).stem: load_file(folder / name) for name in meta["files"]}, meta
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"the weights in {folder} can't be read: {error}") from error


def _checked_meta(folder: Path) -> dict[str, Any]:
    """The values of `meta.json`, after every file it names was compared with its hash.

    Raises:
        CheckpointError: Nothing there, or a file is missing or damaged.
    """
    try:
        meta: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
        files = dict(meta["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"no readable weights in {folder}: {error}") from error
    if meta.get(CHECKSUM, "") not in {"", _checksum(meta)}:  # older ones have none
        raise CheckpointError(f"{folder / META} is damaged; restore it from where the weights came from")
    for name, digest in files.items():
        file = folder / name
        if not file.is_file() or _sha256(file) != digest:
            raise CheckpointError(
                f"{file} is missing or damaged; restore it from where the weights came from"
            )
    return meta


def _checksum(body: Mapping[str, Any]) -> str:
    """Over all values but the checksum itself, as JSON gives them back."""
    text = json.dumps({key: value for key, value in body.items() if key != CHECKSUM})
    return hashlib.sha256(json.dumps(json.loads(text), sort_keys=True).encode()).hexdigest()


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f"{folder.name}.{what}")


def _sync(path: Path) -> None:
    """Have a file or folder on the disk: a rename is durable only once the folder that holds the name is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
    new, new_values = _beside(weights, "tmp"), _beside(values, "tmp")
    save_file({name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}, new)
    text = json.dumps({**meta, "sha256": _sha256(new)}, indent=1) + "\n"
    new_values.write_text(text, encoding="utf-8")
    _sync(new)
    _sync(new_values)
    if _of_part(folder, stem) == weights:
        weights.replace(old)
    new.replace(weights)
    _sync(folder)
    new_values.replace(values)
    _sync(folder)
    old.unlink(missing_ok=True)


def read_part(folder: Path, stem: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_part` wrote.

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
    return weights, folder / f"{stem}.json", _beside(weights, "old")


def _of_part(folder: Path, stem: str) -> Path | None:
    """The weights that `<stem>.json` is about; None where it has none, or is not readable itself."""
    try:
        meta = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        return _with_digest(folder, stem, meta["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _with_digest(folder: Path, stem: str, digest: str) -> Path | None:
    weights, _, old = _part(folder, stem)
    return next((file for file in (weights, old) if file.is_file() and _sha256(file) == digest), None)


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
