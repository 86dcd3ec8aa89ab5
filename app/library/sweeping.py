"""Clearing away stored files that nothing refers to, only where it is sure whose files they are."""

import logging
from collections.abc import Collection

from app import home
from app.composition.runtime import Runtime
from app.db import documents, installation
from app.errors import ForeignDatabaseError

logger = logging.getLogger(__name__)

SWEEP_AGE_S = 3600.0
"""Files younger than that are left alone: their row may be about to be written."""
DAY_S = 86_400.0


def sweep(runtime: Runtime) -> int:
    """Put files that no row refers to into quarantine, and delete those that have been there for the set time.

    Returns:
        Number of files that went into quarantine.

    Raises:
        ForeignDatabaseError: The files belong to another database by now; nothing was touched.
    """
    with runtime.db.read() as session:
        database_id = installation.read(session)
        knows_files = installation.knows_files(session)
    if database_id is None or database_id != home.read_id(runtime.settings.home):
        raise ForeignDatabaseError(runtime.db.place, runtime.settings.home)
    if not knows_files:
        if runtime.blobs.holds_files():
            logger.warning("the database knows no files, but there are some: none is cleared away")
        return 0

    def in_use(hashes: Collection[str]) -> set[str]:
        with runtime.db.read() as session:
            return documents.known_blobs(session, hashes)

    moved = runtime.blobs.sweep(
        in_use,
        older_than_s=SWEEP_AGE_S,
        quarantine_s=runtime.settings.worker.quarantine_days * DAY_S,
    )
    if moved:
        logger.info("files that nothing refers to went into quarantine", extra={"files": moved})
    return moved
