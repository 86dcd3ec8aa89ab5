"""Generations of a vector index on disk, written so that a crash at any moment leaves a whole one behind.

A generation is a data file and a manifest beside it. The data file is written under a temporary name, synced,
hashed and renamed; then the manifest likewise; then the folder is synced. A data file without a manifest does
not exist. What is in the index, and how far `seq` counts, is the caller's affair: changes after `seq` are to
be replayed.
"""

import fcntl
import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from retrieval.errors import IndexLockedError, RetrievalError, SnapshotError
from retrieval.index.vectors import VectorTable
from retrieval.protocols import VectorIndex

_log = logging.getLogger(__name__)

_FORMAT = 1
_DATA = ".index"
_MANIFEST = ".json"
_TEMPORARY = ".tmp"
# Slowest disk that a trial load is meant to survive.
_TRIAL_BYTES_PER_S = 20_000_000
_TRIAL_START_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Contents of a generation.

    Attributes:
        generation: Counts up by one with each snapshot.
        seq: Number of the last change in the database that the index contains.
        model_id: Embedding model of the vectors; another one makes the generation useless.
        dim: Width of the vectors.
        count: Live vectors when the snapshot began.
        size_bytes: Length of the data file.
        sha256: Of the data file, hexadecimal.
        created_at: UTC, ISO 8601.
    """

    generation: int
    seq: int
    model_id: str
    dim: int
    count: int
    size_bytes: int
    sha256: str
    created_at: str

    def to_json(self) -> str:
        """Text of the manifest file, with a checksum over itself."""
        body = asdict(self) | {"format": _FORMAT}
        return json.dumps(body | {"checksum": _checksum(body)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest | None":
        """Read `to_json`; None where the text is damaged or of another format."""
        try:
            body = json.loads(text)
            if body.pop("checksum") != _checksum(body) or body.pop("format") != _FORMAT:
                return None
            return cls(**body)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


class SnapshotStore:
    """Snapshots of one index in one folder.

    Any process may read. One at a time may write; the others get `IndexLockedError`.

    Args:
        folder: Made where it is missing. Left-overs of a killed writer are removed at once, unless another
            process
            is writing.
        keep: Whole generations to keep, at least 2, so that a bad newest one has a predecessor.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        if keep < 2:
            raise ValueError("keep at least 2 generations: the newest may turn out to be damaged")
        self._folder = folder
        self._keep = keep
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with self._writer():
                self._clean()
        except IndexLockedError:
            _log.info("another process is writing snapshots; left-overs are its own to clear")

    def write(self, index: VectorIndex, *, seq: int, model_id: str, dim: int) -> Manifest:
        """Write the next generation and drop expired ones.

        Args:
            index: What to save; changes later than `seq` may be in it, replaying them again must do no harm.
            seq: Last database change that is surely in the index.
            model_id: Embedding model of the vectors.
            dim: Width of the vectors.

        Returns:
            The manifest of the new generation.

        Raises:
            SnapshotError: It could not be written whole; earlier generations are untouched.
        """
        try:
            with self._writer():
                return self._write(index, seq=seq, model_id=model_id, dim=dim)
        except OSError as error:
            raise SnapshotError(f"a snapshot failed: {error}; check the disk of {self._folder}") from error

    def _write(self, index: VectorIndex, *, seq: int, model_id: str, dim: int) -> Manifest:
        generation = max((number for number, _ in self._manifests()), default=0) + 1
        data = self._folder / f"gen-{generation:010d}{_DATA}"
        temporary = data.with_suffix(data.suffix + _TEMPORARY)
        try:
            temporary.unlink(missing_ok=True)
            count = len(index)
            index.save(temporary)
            _sync(temporary)
            manifest = Manifest(
                generation=generation,
                seq=seq,
                model_id=model_id,
                dim=dim,
                count=count,
                size_bytes=temporary.stat().st_size,
                sha256=_sha256(temporary),
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            temporary.replace(data)
            self._publish(data.with_suffix(_MANIFEST), manifest.to_json())
        finally:
            temporary.unlink(missing_ok=True)
        self._prune()
        return manifest

    def forget(self) -> None:
        """Remove all generations, since they hold vectors that must be erased.

        Raises:
            IndexLockedError: Another process is writing one.
        """
        with self._writer():
            for _, path in self._manifests():
                path.unlink(missing_ok=True)
            self._clean()
            _sync(self._folder)

    def load_newest(self, index: VectorIndex, *, model_id: str, dim: int) -> Manifest | None:
        """Fill `index` from the newest generation that is whole and of this model.

        Returns:
            Its manifest, or None where there is no such generation: rebuild from the database then.
        """
        for generation, path in sorted(self._manifests(), reverse=True):
            manifest = _read_manifest(path)
            if manifest is None or manifest.generation != generation:
                _log.warning("snapshot skipped: manifest damaged", extra={"path": str(path)})
                continue
            if (manifest.model_id, manifest.dim) != (model_id, dim):
                continue
            data = path.with_suffix(_DATA)
            if self._load(index, data, manifest):
                return manifest
        return None

    def _load(self, index: VectorIndex, data: Path, manifest: Manifest) -> bool:
        try:
            if data.stat().st_size != manifest.size_bytes or _sha256(data) != manifest.sha256:
                _log.warning("snapshot skipped: checksum differs", extra={"path": str(data)})
                return False
            if not _loads_in_child(data, manifest):
                _log.warning("snapshot skipped: trial load failed", extra={"path": str(data)})
                return False
            index.load(data)
        except (OSError, RetrievalError):
            _log.warning("snapshot skipped: unreadable", extra={"path": str(data)}, exc_info=True)
            return False
        return True

    def _manifests(self) -> list[tuple[int, Path]]:
        """Generation numbers and manifest files, in no order."""
        found = []
        for path in self._folder.glob(f"gen-*{_MANIFEST}"):
            number = path.stem.removeprefix("gen-")
            if number.isdecimal():
                found.append((int(number), path))
        return found

    def _publish(self, path: Path, text: str) -> None:
        temporary = path.with_suffix(path.suffix + _TEMPORARY)
        temporary.write_text(text, encoding="utf-8")
        _sync(temporary)
        temporary.replace(path)
        _sync(self._folder)

    def _prune(self) -> None:
        """Drop generations beyond the number to keep; only whole generations count."""
        whole = 0
        for _, path in sorted(self._manifests(), reverse=True):
            if whole >= self._keep:
                path.unlink(missing_ok=True)
                path.with_suffix(_DATA).unlink(missing_ok=True)
            elif _read_manifest(path) is not None and path.with_suffix(_DATA).exists():
                whole += 1

    def _clean(self) -> None:
        for path in self._folder.glob(f"gen-*{_TEMPORARY}"):
            path.unlink(missing_ok=True)
        for path in self._folder.glob(f"gen-*{_DATA}"):
            if not path.with_suffix(_MANIFEST).exists():
                path.unlink(missing_ok=True)

    @contextmanager
    def _writer(self) -> Iterator[None]:
        """Hold the folder's writer lock; the system releases it when the process dies.

        Raises:
            IndexLockedError: Another process holds it.
        """
        with (self._folder / "lock").open("a", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise IndexLockedError(
                    f"another writer holds {self._folder}; stop it or use one writer"
                ) from error
            yield


def _checksum(body: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _read_manifest(path: Path) -> Manifest | None:
    try:
        return Manifest.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _loads_in_child(data: Path, manifest: Manifest) -> bool:
    """Load in a child process first: a bad file may kill the process that opens it. Plain tables cannot."""
    if VectorTable.is_table(data):
        return True
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "retrieval.index.trial", str(data.resolve()), str(manifest.dim)]
    limit_s = _TRIAL_START_S + manifest.size_bytes / _TRIAL_BYTES_PER_S
    try:
        # The command is this interpreter with a module of ours and a path that we made.
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=limit_s, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
