"""Faults of the database or the disk as a stable word, recognised from the errors of their drivers.

None of the words says anything about the document or the question that was in work: it may be tried again.
"""

import errno
import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# Primary result codes of SQLite; the extended ones carry them in their low byte.
_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "database_locked",
    sqlite3.SQLITE_LOCKED: "database_locked",
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_IOERR: "disk_failed",
    sqlite3.SQLITE_CORRUPT: "database_damaged",
    sqlite3.SQLITE_NOTADB: "database_damaged",
    sqlite3.SQLITE_READONLY: "disk_read_only",
}
_SQLITE_EXTENDED: Final = {
    # The shared-memory file of the log can't grow: there is no other reason for it than room.
    sqlite3.SQLITE_IOERR_SHMSIZE: "disk_full",
}
# SQLSTATEs of PostgreSQL.
_POSTGRES: Final = {
    "53100": "disk_full",
    "58030": "disk_failed",
    "55P03": "database_locked",
    "40P01": "database_locked",
    "40001": "database_locked",
    "25006": "disk_read_only",
    "XX001": "database_damaged",
    "XX002": "database_damaged",
}
_ERRNO: Final = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EIO: "disk_failed",
    errno.EROFS: "disk_read_only",
}
_CAUSES: Final = 5


def machine_fault(error: BaseException | None) -> str | None:
    """The word for a fault of database or disk, in the error or among its causes; None for all other errors."""
    for _ in range(_CAUSES):
        if error is None:
            return None
        found = _of(error)
        if found is not None:
            return found
        error = error.__cause__
    return None


def _of(error: BaseException) -> str | None:
    if isinstance(error, DBAPIError):
        known = _of_driver(error.orig)
        lost = isinstance(error, OperationalError) or error.connection_invalidated
        return known or ("database_unavailable" if lost else None)
    if isinstance(error, PoolTimeoutError):
        return "database_unavailable"
    if isinstance(error, OSError):
        return _ERRNO.get(error.errno or 0)
    return _of_driver(error)


def _of_driver(error: BaseException | None) -> str | None:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE_EXTENDED.get(code) or _SQLITE.get(code & 0xFF)
    return _POSTGRES.get(getattr(error, "sqlstate", None) or "")
