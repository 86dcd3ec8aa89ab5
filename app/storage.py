"""Uploaded originals on disk, named by the SHA-256 of their bytes.

A name given by a user is never part of a path here. A file appears whole or not at all: it is written
to a temporary name, flushed to the disk, and renamed. Whoever reads a file gets the bytes that were stored, or
an error. Which files are in use is known to the database; `sweep` puts the others into quarantine once they are
old enough not to belong to an upload in progress, and deletes them after a set time there.
"""

import contextlib
import hashlib
import math
import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.errors import DamagedFileError

SHA256 = re.compile(r"[0-9a-f]{64}")
SHARD = re.compile(r"[0-9a-f]{2}")
TEMPORARY = "incoming"
QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """Bytes that are safe on disk."""

    sha256: str
    size_bytes: int


class BlobWriter:
    """Writes a blob piece by piece; nothing is stored before `commit`."""

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
            DamagedFileError: Its bytes are not those that were stored.
        """
        data = self._found(sha256).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedFileError(sha256)
        return data

    def path(self, sha256: str) -> Path:
        """Where a blob lies, for sending it; it is read once before, to be sure of its bytes.

        Raises:
            FileNotFoundError: There is no such blob.
            DamagedFileError: Its bytes are not those that were stored.
        """
        path = self._found(sha256)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise DamagedFileError(sha256)
        return path

    def hashes(self) -> Iterator[str]:
        """Hashes of all stored files, in no order; those in quarantine are left out."""
        for folder in self._shards():
            yield from (file.name for file in folder.iterdir() if SHA256.fullmatch(file.name))

    def holds_files(self) -> bool:
        """Whether there is any stored file."""
        return next(self.hashes(), None) is not None

    def sweep(
        self, in_use: Callable[[Collection[str]], set[str]], *, older_than_s: float, quarantine_s: float
    ) -> int:
        """Put unreferenced files into quarantine, and remove leftovers of dead uploads.

        Args:
            in_use: Gives those of the hashes it is asked about that rows refer to.
            older_than_s: Younger files are left alone: their row may be about to be written.
            quarantine_s: Seconds that a file stays in quarantine before it is deleted.

        Returns:
            Number of files that went into quarantine.
        """
        self._empty_quarantine(in_use, time.time() - quarantine_s)
        before, moved = time.time() - older_than_s, 0
        for file in _older(self._folder / TEMPORARY, before):
            file.unlink(missing_ok=True)
        for folder in self._shards():
            old = [file for file in _older(folder, before) if SHA256.fullmatch(file.name)]
            used = in_use([file.name for file in old])
            for file in old:
                # Asked again: an upload of the same bytes may have renewed the file meanwhile.
                if file.name not in used and _written(file) < before:
                    self._set_aside(file)
                    moved += 1
        return moved

    def _set_aside(self, file: Path) -> None:
        target = self._folder / QUARANTINE / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another worker was faster
            os.utime(file)  # the time there counts from now
            file.replace(target)

    def _empty_quarantine(self, in_use: Callable[[Collection[str]], set[str]], before: float) -> None:
        files = [file for file in _older(self._folder / QUARANTINE, None) if SHA256.fullmatch(file.name)]
        used = in_use([file.name for file in files])
        for file in files:
            if file.name in used:
                with contextlib.suppress(FileNotFoundError):
                    self._found(file.name)
            elif _written(file) < before:
                file.unlink(missing_ok=True)

    def _found(self, sha256: str) -> Path:
        """The file of a blob; a file in quarantine moves back, since it is needed after all.

        Raises:
            FileNotFoundError: There is no such blob.
        """
        path = self._path(sha256)
        if not path.is_file():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                (self._folder / QUARANTINE / sha256).rename(path)
            except FileNotFoundError:
                raise FileNotFoundError(f"no stored file {sha256}") from None
        return path

    def exists(self, sha256: str) -> bool:
        """Whether there is such a blob."""
        try:
            return self._found(sha256).is_file()
        except FileNotFoundError:
            return False

    def remove(self, sha256: str) -> None:
        """Remove a blob at once, from quarantine too; the caller knows that nothing refers to it."""
        for path in (self._path(sha256), self._folder / QUARANTINE / sha256):
            if path.exists():
                path.unlink(missing_ok=True)
                _sync_folder(path.parent)

    def _shards(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(p for p in self._folder.iterdir() if SHARD.fullmatch(p.name) and p.is_dir())

    def _path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"not a SHA-256 in lower-case hexadecimal: {sha256!r}")
        return self._folder / sha256[:2] / sha256


def _older(folder: Path, before: float | None) -> list[Path]:
    """Files of a folder, which may be missing; only those last written before a moment where one is given."""
    if not folder.is_dir():
        return []
    return [file for file in folder.iterdir() if before is None or _written(file) < before]


def _written(file: Path) -> float:
    """When a file was written, in seconds; never, where another process has just removed it."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _sync_folder(folder: Path) -> None:
    # A rename is durable only once the folder that holds the name is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
