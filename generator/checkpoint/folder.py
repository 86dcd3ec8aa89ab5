"""A folder of weights, written whole or not at all, with the previous one beside it for runs that resume.

A folder of weights is whole where `meta.json` is there and each file has the SHA-256 that stands in it. While one is
written, and after it where the writer says so, the one before stays beside it as `<name>.old`; whatever is killed,
however often, one of the two is whole.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from generator.checkpoint.files import beside, sha256, sync
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
    new, old = beside(folder, "tmp"), beside(folder, "old")
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists() and old.exists():  # a writer was killed between its two renames
        old.rename(folder)
        sync(folder.parent)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    files = {}
    for stem, state in tensors.items():
        file = new / f"{stem}.safetensors"
        save_file({name: tensor.detach().contiguous().cpu() for name, tensor in state.items()}, file)
        sync(file)
        files[file.name] = sha256(file)
    body = {**meta, "files": files}
    text = json.dumps(body | {CHECKSUM: _checksum(body)}, indent=1) + "\n"
    (new / META).write_text(text, encoding="utf-8")
    sync(new / META)
    for card in sorted(folder.glob("*.md")):
        shutil.copy2(card, new)
        sync(new / card.name)
    sync(new)
    if folder.exists():
        _make_room(folder)
        sync(folder.parent)
    new.rename(folder)
    sync(folder.parent)
    if not keep_previous:
        shutil.rmtree(old, ignore_errors=True)


def _make_room(folder: Path) -> None:
    """Let a folder become the older one, unless it is damaged: then the older one is the better of the two."""
    if is_whole(folder):
        target = beside(folder, "old")
    else:
        target = beside(folder, "damaged")
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
    """Read a folder written by `write_atomically`; falls back to `<name>.old` after a kill between its two renames.

    Raises:
        CheckpointError: Nothing there, or a file is missing or damaged.
    """
    old = beside(folder, "old")
    if not folder.exists() and old.exists():
        folder = old
    return _read(folder)


def is_written(folder: Path) -> bool:
    """Whether there are weights to read, whole or not."""
    return any((place / META).exists() for place in (folder, beside(folder, "old")))


def read_newest(folder: Path) -> Weights | None:
    """Read the newest whole folder written by `write_atomically` with `keep_previous`.

    Returns:
        The weights; None where nothing was ever written there.

    Raises:
        CheckpointError: There are some, but none that is whole.
    """
    found = [place for place in (folder, beside(folder, "old")) if place.exists()]
    for place in found:
        try:
            weights = _read(place)
        except CheckpointError as error:
            log.warning("%s", error)
            continue
        if place != found[0]:
            log.warning("going on from %s, which is older", place)
        return weights
    if found or beside(folder, "damaged").exists():
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
        if not file.is_file() or sha256(file) != digest:
            raise CheckpointError(
                f"{file} is missing or damaged; restore it from where the weights came from"
            )
    return meta


def _checksum(body: Mapping[str, Any]) -> str:
    """Over all values but the checksum itself, as JSON gives them back."""
    text = json.dumps({key: value for key, value in body.items() if key != CHECKSUM})
    return hashlib.sha256(json.dumps(json.loads(text), sort_keys=True).encode()).hexdigest()
