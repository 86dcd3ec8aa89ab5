"""Making a backup while others read and write."""

import contextlib
import os
import secrets
import zipfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from sqlalchemy import func, select

from app.backup.archive import ORIGINALS, TABLES, BackupWriter, Manifest, Progress, pieces_of
from app.backup.rows import lines_of, tables_of
from app.db import blobs as blob_rows
from app.db import migrate
from app.db.engine import Database
from app.errors import ConflictError, DamagedFileError
from app.storage import BlobStore

ATTEMPTS = 3


class _OvertakenError(Exception):
    """A document was deleted between its row was read and its original."""


def make(database: Database, blobs: BlobStore, path: Path, progress: Progress) -> Manifest:
    """Write all rows and originals, as they are at one moment, into a file that appears whole or not at all.

    Args:
        database: At the newest schema.
        blobs: The stored originals.
        path: The file; one that is there is replaced at the end.
        progress: Called after each entry.

    Raises:
        ConflictError: Documents were deleted during each attempt.
        OSError: The file can't be written.
    """
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        for _ in range(ATTEMPTS):
            with contextlib.suppress(_OvertakenError):
                manifest = _written(database, blobs, temporary, progress)
                temporary.replace(path)
                return manifest
    finally:
        temporary.unlink(missing_ok=True)
    raise ConflictError(
        "backup_overtaken",
        f"Documents were deleted during each of {ATTEMPTS} attempts at a backup.",
        "Make it again when fewer are deleted.",
    )


def _written(database: Database, blobs: BlobStore, path: Path, progress: Progress) -> Manifest:
    revision = migrate.current_revision(database) or ""
    with path.open("wb") as file:
        with zipfile.ZipFile(file, "w") as archive, database.read() as session:
            writer = BackupWriter(archive)
            tables = tables_of(session)
            hashes = sorted(blob_rows.hashes(session))
            steps, rows = len(tables) + len(hashes), {}
            for done, table in enumerate(tables):
                progress(done, steps)
                rows[table.name] = session.scalar(select(func.count()).select_from(table)) or 0
                writer.add(f"{TABLES}{table.name}.jsonl", lines_of(session, table), packed=True)
            missing = []
            for done, sha256 in enumerate(hashes, len(tables)):
                progress(done, steps)
                if not _copied(database, blobs, sha256, writer):
                    missing.append(sha256)
            manifest = Manifest(
                version=metadata.version("fathom"),
                revision=revision,
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                rows=rows,
                sha256=writer.sha256,
                missing=missing,
            )
            writer.finish(manifest)
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _copied(database: Database, blobs: BlobStore, sha256: str, writer: BackupWriter) -> bool:
    """Copy an original; False where it was lost or damaged before.

    Raises:
        _OvertakenError: Its last document was deleted meanwhile.
    """
    try:
        with blobs.path(sha256).open("rb") as original:
            writer.add(f"{ORIGINALS}{sha256}", pieces_of(original), packed=False)
    except (FileNotFoundError, DamagedFileError) as error:
        with database.read() as session:
            if not blob_rows.known(session, [sha256]):
                raise _OvertakenError from error
        return False
    return True
