"""The file of a backup: a ZIP archive with rows, originals and, as its last entry, a manifest with every checksum."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from app.errors import ConflictError, InvalidInputError

FORMAT = 1
MANIFEST = "manifest.json"
TABLES = "tables/"
ORIGINALS = "originals/"
PIECE = 1024 * 1024
"""Bytes that are read at once."""

Progress = Callable[[int, int], None]
"""Called with the number of entries done and of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Content of a backup.

    Attributes:
        revision: Of the schema that the rows have.
        created_at: ISO 8601 in UTC.
        rows: Number of rows by table.
        sha256: Checksum by entry, the manifest's own left out.
        missing: Hashes of originals that were lost or damaged before the backup.
    """

    format: int = FORMAT
    version: str
    revision: str
    created_at: str
    rows: dict[str, int]
    sha256: dict[str, str]
    missing: list[str] = field(default_factory=list)

    @property
    def originals(self) -> int:
        """Number of originals in the file."""
        return sum(name.startswith(ORIGINALS) for name in self.sha256)


class NotABackupError(InvalidInputError):
    """A file can't be restored."""

    def __init__(self, path: Path, why: str) -> None:
        """Say why."""
        super().__init__(
            "not_a_backup",
            f"{path} can't be restored. {why}.",
            "Take a file that `fathom backup` made to its end.",
        )


class DamagedBackupError(ConflictError):
    """An entry differs from its checksum."""

    def __init__(self, name: str) -> None:
        """Name the entry."""
        super().__init__(
            "backup_damaged",
            f"The backup is damaged: {name} differs from its checksum. Nothing was changed.",
            "Take another copy of it, or another backup.",
        )


class BackupWriter:
    """Writes entries and remembers their checksums."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Write into an open archive."""
        self._archive = archive
        self.sha256: dict[str, str] = {}

    def add(self, name: str, pieces: Iterable[bytes], *, packed: bool) -> str:
        """Write an entry; gives its checksum.

        Args:
            name: Of the entry.
            pieces: Its bytes.
            packed: Whether compression is worth its time.
        """
        kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info = zipfile.ZipInfo(name)
        info.compress_type = kind
        digest = hashlib.sha256()
        with self._archive.open(info, "w", force_zip64=True) as entry:
            for piece in pieces:
                digest.update(piece)
                entry.write(piece)
        self.sha256[name] = digest.hexdigest()
        return self.sha256[name]

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest."""
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
        self._archive.writestr(MANIFEST, text, zipfile.ZIP_DEFLATED)


class BackupReader:
    """Reads a backup whose manifest is there; `verify` reads all of it."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        """Read the manifest of an open archive.

        Raises:
            NotABackupError: The file is no whole backup.
            InvalidInputError: It has a newer format.
        """
        self._archive = archive
        try:
            self.manifest = Manifest(**json.loads(archive.read(MANIFEST)))
        except (KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise NotABackupError(path, "It has no manifest that can be read") from error
        if self.manifest.format > FORMAT:
            raise InvalidInputError(
                "backup_too_new",
                f"{path} was made by Fathom {self.manifest.version}, in a newer format.",
                "Restore it with that version.",
            )

    def verify(self, progress: Progress) -> None:
        """Compare every entry with its checksum.

        Raises:
            DamagedBackupError: An entry is damaged or missing.
        """
        for done, (name, expected) in enumerate(self.manifest.sha256.items()):
            progress(done, len(self.manifest.sha256))
            digest = hashlib.sha256()
            try:
                for piece in self.pieces(name):
                    digest.update(piece)
            except (KeyError, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
                raise DamagedBackupError(name) from error
            if digest.hexdigest() != expected:
                raise DamagedBackupError(name)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of an entry, piece by piece."""
        with self._archive.open(name) as entry:
            while piece := entry.read(PIECE):
                yield piece

    def lines(self, name: str) -> Iterator[Any]:
        """The JSON values of an entry, one a line."""
        with self._archive.open(name) as entry:
            for line in entry:
                yield json.loads(line)

    def originals(self) -> Iterator[str]:
        """Hashes of the originals in the file."""
        return (name.removeprefix(ORIGINALS) for name in self.manifest.sha256 if name.startswith(ORIGINALS))


@contextmanager
def reading(path: Path) -> Iterator[BackupReader]:
    """A reader of a file.

    Raises:
        InvalidInputError: There is no such file.
        NotABackupError: It is no backup.
    """
    if not path.is_file():
        raise InvalidInputError("path_not_found", f"There is no file {str(path)!r}.", "Check the path.")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise NotABackupError(path, "It is no archive, or was cut off") from error
    with archive:
        yield BackupReader(archive, path)


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of an open file, piece by piece."""
    while piece := file.read(PIECE):
        yield piece
