"""Clearing away stored files that nothing refers to, only where it is sure whose files they are."""

import logging
from collections.abc import Collection

from app import home
from app.db import blobs as blob_rows
from app.db import installation
from app.db.engine import Database
from app.errors import ForeignDatabaseError
from app.settings.schema import Settings
from app.storage import BlobStore

logger = logging.getLogger(__name__)

SWEEP_AGE_S = 3600.0
"""Files younger than that are left alone: their row may be about to be written."""
DAY_S = 86_400.0


def sweep(db: Database, blobs: BlobStore, settings: Settings) -> int:
    """Put files without a row into quarantine, and delete files that have been there for the set time.

    Returns:
        Number of files that went into quarantine.

    Raises:
        ForeignDatabaseError: The files belong to another database by now; nothing was touched.
    """
    with db.read() as session:
        database_id = installation.read(session)
        knows_files = installation.knows_files(session)
    if database_id is None or database_id != home.read_id(settings.home):
        raise ForeignDatabaseError(db.place, settings.home)
    if not knows_files:
        if blobs.holds_files():
            logger.warning("the database knows no files, but there are some: none is cleared away")
        return 0

    def in_use(hashes: Collection[str]) -> set[str]:
        with db.read() as session:
            return blob_rows.known(session, hashes)

    moved = blobs.sweep(
        in_use,
        older_than_s=SWEEP_AGE_S,
        quarantine_s=settings.worker.quarantine_days * DAY_S,
    )
    if moved:
        logger.info("files that nothing refers to went into quarantine", extra={"files": moved})
    return moved
