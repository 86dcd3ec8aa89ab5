"""Uploaded originals on disk, named by the SHA-256 of their bytes.

A name given by a user is never part of a path here. A file appears whole or not at all: it is written
to a temporary name, flushed to the disk, and renamed. Which files are in use is known to the database;
`sweep` removes the others once they are old enough not to belong to an upload in progress.
"""

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SHA256 = re.compile(r"[0-9a-f]{64}")
TEMPORARY = "incoming"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """Bytes that are safe on disk."""

    sha256: str
    size_bytes: int


class BlobWriter:
    """Takes bytes piece by piece; nothing is kept until `commit`."""

    def __init__(self, file: BinaryIO, path: Path, target: Callable[[str], Path]) -> None:
        """Made by `BlobStore.writer` only."""
        self._file = file
        self._path = path
        self._target = target
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        """Add `data` at the end."""
        self._file.write(data)
        self._hash.update(data)
        self.size_bytes += len(data)

    def commit(self) -> StoredBlob:
        """Make the bytes durable under their hash; a file that is there already is replaced by its equal."""
        sha256 = self._hash.hexdigest()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        target = self._target(sha256)
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            _sync_folder(target.parent.parent)
        self._path.replace(target)
        _sync_folder(target.parent)
        return StoredBlob(sha256=sha256, size_bytes=self.size_bytes)


class BlobStore:
    """A folder of content-addressed files."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made on the first write."""
        self._folder = folder

    @contextmanager
    def writer(self) -> Iterator[BlobWriter]:
        """A writer whose temporary file is removed if the block ends without a commit."""
        incoming = self._folder / TEMPORARY
        incoming.mkdir(parents=True, exist_ok=True)
        path = incoming / secrets.token_hex(16)
        with path.open("xb") as file:
            try:
                yield BlobWriter(file, path, self._path)
            finally:
                path.unlink(missing_ok=True)

    def put(self, data: bytes) -> StoredBlob:
        """Store `data` at once."""
        with self.writer() as writer:
            writer.write(data)
            return writer.commit()

    def read(self, sha256: str) -> bytes:
        """All bytes of a blob.

        Raises:
            FileNotFoundError: There is no such blob.
        """
        return self._path(sha256).read_bytes()

    def path(self, sha256: str) -> Path:
        """Where a blob lies, for sending it.

        Raises:
            FileNotFoundError: There is no such blob.
        """
        path = self._path(sha256)
        if not path.is_file():
            raise FileNotFoundError(f"no stored file {sha256}")
        return path

    def sweep(self, in_use: Callable[[Collection[str]], set[str]], *, older_than_s: float) -> int:
        """Remove files that nothing refers to, and what dead uploads left behind.

        Args:
            in_use: Gives those of the hashes it is asked about that rows refer to.
            older_than_s: Younger files are left alone: their row may be about to be written.

        Returns:
            Number of files removed.
        """
        before = time.time() - older_than_s
        removed = 0
        for folder in sorted(self._folder.glob("*")):
            if not folder.is_dir():
                continue
            old = [file for file in folder.iterdir() if file.stat().st_mtime < before]
            used = set() if folder.name == TEMPORARY else in_use([file.name for file in old])
            for file in old:
                # Asked again: an upload of the same bytes may have renewed the file meanwhile.
                if file.name not in used and file.exists() and file.stat().st_mtime < before:
                    file.unlink(missing_ok=True)
                    removed += 1
        return removed

    def _path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"not a SHA-256 in lower-case hexadecimal: {sha256!r}")
        return self._folder / sha256[:2] / sha256


def _sync_folder(folder: Path) -> None:
    # A rename is durable only once the folder that holds the name is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
