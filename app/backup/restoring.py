"""Restoring a backup into a home and a database that hold nothing."""

from pathlib import Path

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from app import home
from app.backup.archive import ORIGINALS, TABLES, BackupReader, Manifest, Progress, reading
from app.backup.rows import fill, tables_of
from app.db import installation, migrate
from app.db.engine import Database
from app.errors import ConflictError, InvalidInputError
from app.settings.schema import Settings
from app.storage import BlobStore


class NotEmptyError(ConflictError):
    """A backup would be mixed with something else."""

    def __init__(self, why: str) -> None:
        """Name the hindrance."""
        super().__init__(
            "not_empty",
            f"A backup is restored into an empty home only. {why}",
            "Name another folder with --home and, where one is set, another database.",
        )


def restore_home(settings: Settings, path: Path, progress: Progress) -> Manifest:
    """Restore a backup into the home and the database of these settings; see `restore`."""
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url)
    try:
        return restore(database, settings.home, BlobStore(settings.blobs_dir), path, progress)
    finally:
        database.close()


def restore(database: Database, folder: Path, blobs: BlobStore, path: Path, progress: Progress) -> Manifest:
    """Put the rows and originals of a backup where there are none; interrupted, it may be begun again.

    The file is checked whole before anything is changed. Originals come first, then all rows in one transaction, then
    the revisions that the schema lacks. Indexes are made from the rows by the first search.

    Args:
        database: Without rows.
        folder: The home folder.
        blobs: Its stored originals: none, or those of the same backup.
        path: The file.
        progress: Called after each entry.

    Raises:
        InvalidInputError: The file is no whole backup, or was made by a newer program.
        NotEmptyError: Database or home hold something.
        DamagedBackupError: An entry of the backup is damaged.
    """
    with reading(path) as backup:
        if backup.manifest.revision not in migrate.known_revisions():
            raise InvalidInputError(
                "backup_too_new",
                f"{path} was made by Fathom {backup.manifest.version}, whose tables this one does not know.",
                "Restore it with that version or a newer one.",
            )
        _check_empty(database, blobs, backup)
        if not _is_filled(database):
            backup.verify(progress)
            _store_originals(blobs, backup)
            if migrate.current_revision(database) is None:
                migrate.upgrade(database, backup.manifest.revision)
            with database.write() as session:
                for table in tables_of(session):
                    name = f"{TABLES}{table.name}.jsonl"
                    if name in backup.manifest.sha256:
                        fill(session, table, backup.lines(name))
        migrate.upgrade(database)
        home.bind(database, folder, blobs)
        return backup.manifest


def _check_empty(database: Database, blobs: BlobStore, backup: BackupReader) -> None:
    """Refuse to mix a backup with anything else.

    Raises:
        NotEmptyError: There are collections or foreign originals, or the tables are those of another revision.
    """
    current = migrate.current_revision(database)
    if current is not None and not _is_filled(database):
        with database.read() as session:
            held = _collections(session)
        if held:
            raise NotEmptyError(f"The database {database.place} holds {held:,} collections.")
        if current != backup.manifest.revision:
            raise NotEmptyError(f"The database {database.place} has the tables of another version.")
    if foreign := set(blobs.hashes()) - set(backup.originals()):
        raise NotEmptyError(f"The home holds {len(foreign):,} files that are not in the backup.")


def _is_filled(database: Database) -> bool:
    """Whether an interrupted restoring had come to its end but for the last steps: rows without an installation."""
    if not inspect(database.engine).has_table("installation"):
        return False
    with database.read() as session:
        return installation.read(session) is None and _collections(session) > 0


def _collections(session: Session) -> int:
    table = next((table for table in tables_of(session) if table.name == "collections"), None)
    return 0 if table is None else session.scalar(select(func.count()).select_from(table)) or 0


def _store_originals(blobs: BlobStore, backup: BackupReader) -> None:
    for sha256 in backup.originals():
        if not blobs.exists(sha256):
            with blobs.writer() as writer:
                for piece in backup.pieces(ORIGINALS + sha256):
                    writer.write(piece)
                writer.commit()
