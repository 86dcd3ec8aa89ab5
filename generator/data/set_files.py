"""Files of training sets: where a recipe's path stands among the data folders, and its text, packed or not."""

from collections.abc import Sequence
from pathlib import Path

from generator.errors import TrainingDataError

PACKED = ".zst"
"""Added to a file's name where it is packed with Zstandard (RFC 8878)."""


def root_of(path: str, roots: Sequence[Path]) -> Path:
    """The first folder in which a recipe's path stands, packed or not; the first of all where none has it.

    Args:
        path: A file or folder, relative to a data folder.
        roots: Data folders, one or more.
    """
    places = (root for root in roots if (root / path).exists() or (root / (path + PACKED)).is_file())
    return next(places, roots[0])


def set_file(path: Path) -> Path:
    """The file itself, or its packed form where only that is there.

    Raises:
        TrainingDataError: Neither is there.
    """
    packed = path.with_name(path.name + PACKED)
    if not path.is_file() and packed.is_file():
        return packed
    if not path.is_file():
        raise TrainingDataError(f"training file {path} is missing; check --data and the recipe")
    return path


def set_text(path: Path) -> str:
    """Text of a file of a training set.

    Raises:
        TrainingDataError: The file is missing, or is packed and damaged.
    """
    path = set_file(path)
    if path.suffix != PACKED:
        return path.read_text(encoding="utf-8")
    import pyarrow  # slow to load, and for packed sets alone

    try:
        with pyarrow.input_stream(path, compression="zstd") as stream:
            return bytes(stream.read()).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{path} can't be unpacked: {error}; fetch it anew") from error
