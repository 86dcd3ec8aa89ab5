"""A home folder and a database belong together: both keep one id, which every start compares.

Without that, a worker that starts on an empty or foreign database takes every stored original for an orphan.
Where the two do not fit, nothing starts and nothing is changed; `fathom adopt` joins them on purpose.
"""

import os
import secrets
from itertools import islice
from pathlib import Path

from sqlalchemy import make_url

from app.db import blobs as blob_rows
from app.db import installation, migrate
from app.db.engine import Database
from app.db.types import new_id
from app.errors import EmptyDatabaseError, ForeignDatabaseError
from app.storage import BlobStore

ID_FILE = "database-id"
_LOOK_AT_ONCE = 1000


def check_empty(database: Database, home: Path, blobs: BlobStore) -> None:
    """Refuse a database without tables beside stored files, before any table is made in it.

    Raises:
        EmptyDatabaseError: The folder holds files.
    """
    if migrate.current_revision(database) is None and blobs.holds_files():
        raise EmptyDatabaseError(database.place, home, _count(blobs))


def bind(database: Database, home: Path, blobs: BlobStore) -> None:
    """Compare the ids of folder and database; give both one where that can't harm any stored file.

    Args:
        database: At the newest schema.
        home: The home folder.
        blobs: Its stored files.

    Raises:
        EmptyDatabaseError: There are stored files and the database knows none.
        ForeignDatabaseError: The stored files belong to another database.
    """
    ours = read_id(home)
    with database.read() as session:
        theirs = installation.read(session)
        knows_some = installation.knows_files(session)
    if ours is not None and ours == theirs:
        return
    # Before there were ids, or after half a restore, the files themselves tell whose they are.
    if blobs.holds_files():
        if not knows_some:
            raise EmptyDatabaseError(database.place, home, _count(blobs))
        if (ours is not None and theirs is not None) or not _knows_any(database, blobs):
            raise ForeignDatabaseError(database.place, home)
    with database.write() as session:
        database_id = installation.give(session, theirs or ours or new_id("db"))
    _write_id(home, database_id)


def adopt(database: Database, home: Path) -> None:
    """Join folder and database, whatever they belonged to; the database that was here before is refused from now on."""
    with database.write() as session:
        # A new id, not the folder's: that would let the database of before in again.
        database_id = installation.give(session, new_id("db"))
    _write_id(home, database_id)


def has_database(url: str) -> bool:
    """Whether an address may be one of a database that exists; a file is looked for, a server is not asked."""
    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def read_id(home: Path) -> str | None:
    """Id of the database that the folder belongs to; None where it has none yet."""
    try:
        return (home / ID_FILE).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def _write_id(home: Path, database_id: str) -> None:
    temporary = home / f"{ID_FILE}.{secrets.token_hex(8)}.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(database_id + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(home / ID_FILE)


def _knows_any(database: Database, blobs: BlobStore) -> bool:
    hashes = blobs.hashes()
    while some := list(islice(hashes, _LOOK_AT_ONCE)):
        with database.read() as session:
            if blob_rows.known(session, some):
                return True
    return False


def _count(blobs: BlobStore) -> int:
    return sum(1 for _ in blobs.hashes())
