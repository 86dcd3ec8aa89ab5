"""Files as all kinds of checkpoints need them: a hash, a neighbour's name, and a write that has reached the disk."""

import hashlib
import os
from pathlib import Path


def beside(folder: Path, what: str) -> Path:
    """The path of `<name>.<what>` in the same folder."""
    return folder.with_name(f"{folder.name}.{what}")


def sync(path: Path) -> None:
    """Have a file or folder on the disk: a rename is durable only once the folder that holds the name is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(file: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal digits."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
