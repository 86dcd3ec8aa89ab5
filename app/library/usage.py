"""Use of the service by day, key and collection: counted, summed up, written as CSV, and forgotten after its time.

Questions and uploads are counted in the transaction that stores them. Requests and searches, which write nothing, are
counted in memory (`Meter`) and written every few seconds: a process that is killed loses those of the last ones.
"""

import csv
import io
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from app.audit.sheet import neutralised
from app.db import observing
from app.db.engine import Database
from app.db.observing import EVERY, Used
from app.db.types import utc_now
from app.errors import InvalidInputError

logger = logging.getLogger(__name__)

FLUSH_S: Final = 2.0
"""Pause between two writes of the counts in memory."""
BY: Final = ("day", "user", "key", "collection")
"""Groupings of a report, in the order of columns."""


class Meter:
    """Counts requests and searches in this process; safe to use from many threads."""

    def __init__(self, database: Database) -> None:
        """Count into `database`, which must be unrestricted."""
        self._db = database
        self._counts: dict[tuple[date, str, str, str], Used] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def start(self) -> None:
        """Write the counts every few seconds from now on."""
        self._thread.start()

    def close(self) -> None:
        """Write the counts that are left."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()

    def add(self, key_id: str, user_id: str, collections: Iterable[str], used: Used) -> None:
        """Count something.

        Args:
            key_id: Empty for the machine itself.
            user_id: Owner of the key; empty for the machine itself.
            collections: Ids or names of what it was about.
            used: What was used.
        """
        day = utc_now().date()
        with self._lock:
            for collection in (EVERY, *set(collections)):
                key = day, key_id, user_id, collection
                self._counts[key] = self._counts.get(key, Used()) + used

    def count_request(self, key_id: str, user_id: str, collections: Iterable[str]) -> None:
        """Count a request; arguments as of `add`."""
        self.add(key_id, user_id, collections, Used(requests=1))

    def count_search(self, key_id: str, user_id: str, collections: Iterable[str], characters: int) -> None:
        """Count a search by the number of characters of its query; arguments as of `add`."""
        self.add(key_id, user_id, collections, Used(searches=1, characters=characters))

    def flush(self) -> None:
        """Write the counts in memory; they stay in memory where the database can't be written."""
        with self._lock:
            taken, self._counts = self._counts, {}
        if not taken:
            return
        try:
            with self._db.write() as session:
                ids = observing.resolve(session, sorted({key[3] for key in taken} - {EVERY})) | {EVERY: EVERY}
                found: dict[tuple[date, str, str, str], Used] = {}
                for (day, key, user, collection), used in taken.items():
                    if collection in ids:  # one that is gone has no use of its own any more
                        place = day, key, user, ids[collection]
                        found[place] = found.get(place, Used()) + used
                observing.add_usages(session, found)
        except SQLAlchemyError:
            logger.warning("the use of keys can't be written; it is tried again", exc_info=True)
            with self._lock:
                for place, used in taken.items():
                    self._counts[place] = self._counts.get(place, Used()) + used

    def _run(self) -> None:
        while not self._over.wait(FLUSH_S):
            self.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Subject of a report.

    Attributes:
        by: Some of `BY`; empty for one sum.
        since: First day of UTC; None for the earliest.
        until: Last day; None for the latest.
        user_id: Only keys of this user; None for all.
        key_id: Only this key; None for all.
    """

    by: Sequence[str] = ("day", "key")
    since: date | None = None
    until: date | None = None
    user_id: str | None = None
    key_id: str | None = None


def report(database: Database, wanted: Wanted) -> list[dict[str, Any]]:
    """Use summed up, earliest day first, as objects for programs.

    Told apart by collection, something about two of them counts in both; otherwise everything counts once.

    Raises:
        InvalidInputError: There is nothing of that name to tell apart, or the days end before they begin.
    """
    unknown = sorted(set(wanted.by) - set(BY))
    if unknown:
        raise InvalidInputError(
            "unknown_grouping",
            f"Use is not told apart by {', '.join(unknown)}.",
            f"Choose from {', '.join(BY)}.",
        )
    if wanted.since is not None and wanted.until is not None and wanted.until < wanted.since:
        raise InvalidInputError(
            "empty_period", "The last day is before the first.", "Give an earlier `since` or a later `until`."
        )
    by = [name for name in BY if name in wanted.by]
    with database.read() as session:
        rows = observing.usage(session, by, wanted.since, wanted.until, wanted.user_id, wanted.key_id)
    return [
        {
            "day": None if row.day is None else row.day.isoformat(),
            **{
                field: getattr(row, field) if name in by else None
                for name in BY[1:]
                for field in (f"{name}_id", f"{name}_name")
            },
            **asdict(row.used),
        }
        for row in rows
    ]


def as_csv(rows: Sequence[dict[str, Any]], by: Sequence[str]) -> Iterator[str]:
    """A report as lines of CSV for spreadsheets, with a line of names first; no cell is taken for a formula."""
    names: list[str] = []
    for name in (name for name in BY if name in by):
        names += [name] if name == "day" else [f"{name}_id", f"{name}_name"]
    names += [field.name for field in fields(Used)]
    yield _line(names)
    for row in rows:
        yield _line([neutralised(str(row[name])) for name in names])


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow(cells)
    return written.getvalue()


def expire(database: Database, keep_days: float) -> int:
    """Delete the use of days that are over for longer than this; gives the number of rows."""
    with database.write() as session:
        return observing.expire_usage(session, utc_now().date() - timedelta(days=keep_days))
