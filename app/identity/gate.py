"""The gate of a process: from the key that a request shows to whom it stands for.

A secret is hashed once a process; its row is looked at again for every request, or was at most `FRESH_S` ago. A key
that is revoked, or whose user is disabled, therefore opens nothing after that time, in every process.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.db import identity
from app.db.engine import Database
from app.db.identity import KeyView
from app.db.types import utc_now
from app.errors import UnauthenticatedError
from app.identity.limits import Limits, Rates
from app.identity.principal import Principal, principal_of
from app.identity.secrets import Seen, parts_of

logger = logging.getLogger(__name__)

Uses = Mapping[tuple[str, date], int]
"""Requests by key and day."""

FRESH_S: Final = 0.4
"""Age at which the row of a key is read again."""
FLUSH_S: Final = 2.0
"""Pause between two writes of the counts of requests."""
KEPT: Final = 10_000
"""Rows of keys that are remembered."""

MISSING_HINT: Final = (
    "Send a key as `Authorization: Bearer fth_…`; `fathom keys create` makes one on the machine."
)
INVALID_HINT: Final = "Use another key; `fathom keys create` makes one on the machine that Fathom runs on."


@dataclass(frozen=True, slots=True)
class _Row:
    key: KeyView | None
    read_at: float


class Gate:
    """Knows the keys; safe to use from many threads."""

    def __init__(self, database: Database, now: Callable[[], float] = time.monotonic) -> None:
        """Look keys up in `database`, which must be unrestricted.

        Args:
            database: Holds the keys.
            now: Seconds that only grow.
        """
        self._db = database
        self._now = now
        self._rows: dict[str, _Row] = {}
        self._seen = Seen()
        self._lock = threading.Lock()
        self.limits = Limits(self._used)
        self.sign_ins = Rates()
        self.comparing = 0
        self._flusher = threading.Thread(target=self._flush_on, name="key-use", daemon=True)
        self._over = threading.Event()

    def start(self) -> None:
        """Write the counts of requests every few seconds from now on."""
        self._flusher.start()

    def close(self) -> None:
        """Write the counts that are left."""
        self._over.set()
        if self._flusher.is_alive():
            self._flusher.join()
        self._flush()

    def remembered(self, text: str) -> Principal | None:
        """Whom a key stands for, from memory alone; None where `admit` has to be asked."""
        parts = parts_of(text)
        row = None if parts is None else self._rows.get(parts[0])
        if parts is None or row is None or row.key is None or self._now() - row.read_at > FRESH_S:
            return None
        if not self._seen.known(row.key.hash, parts[1]) or not row.key.is_good(utc_now()):
            return None
        return principal_of(row.key)

    def admit(self, text: str) -> Principal:
        """Whom a key stands for; reads the database, and hashes a key that is shown for the first time.

        Raises:
            UnauthenticatedError: It opens nothing: unknown, revoked, expired, or its user is disabled.
        """
        parts = parts_of(text)
        key = None if parts is None else self._row(parts[0], FRESH_S).key
        if (
            parts is None
            or key is None
            or not self._seen.fits(key.hash, parts[1])
            or not key.is_good(utc_now())
        ):
            raise UnauthenticatedError(
                "key_invalid", "This key is unknown, revoked or expired.", INVALID_HINT
            )
        return principal_of(key)

    def still_good(self, key_id: str) -> bool:
        """Whether the key of a request under way still opens anything; reads the database."""
        with self._db.read() as session:
            key = identity.key(session, key_id)
        return key is not None and key.is_good(utc_now())

    def _row(self, prefix: str, fresh_s: float) -> _Row:
        row = self._rows.get(prefix)
        if row is not None and self._now() - row.read_at <= fresh_s:
            return row
        read_at = self._now()  # before the look: what was changed since is not in it
        with self._db.read() as session:
            row = _Row(identity.key_by_prefix(session, prefix), read_at)
        if row.key is not None:
            with self._lock:
                self._rows.pop(prefix, None)
                self._rows[prefix] = row
                while len(self._rows) > KEPT:
                    del self._rows[next(iter(self._rows))]
        return row

    def _used(self, key_id: str, day: date) -> int:
        with self._db.read() as session:
            return identity.used(session, key_id, day)

    def _flush_on(self) -> None:
        while not self._over.wait(FLUSH_S):
            self._flush()

    def _flush(self) -> None:
        try:
            self.limits.flush(self._add)
        except SQLAlchemyError:
            logger.warning("the use of keys can't be written; it is tried again", exc_info=True)

    def _add(self, counts: Uses) -> Uses:
        with self._db.write() as session:
            return identity.add_use(session, counts)
