"""The database connection: SQLite or PostgreSQL, one way to read and one way to write.

On SQLite a writing transaction takes its lock at the start (BEGIN IMMEDIATE), because one that begins
by reading and then wants to write fails at once where another writer was faster. Commits are flushed
to the disk (synchronous=FULL): what was acknowledged survives a power cut. What is deleted is overwritten
(secure_delete), and `empty_log` takes it out of the write-ahead log too.

Values never stand in the messages of errors, and so in no log: they are text of documents.
"""

import copy
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.access import Reader, ReaderSession, criteria_of
from app.faults import machine_fault

T = TypeVar("T")
logger = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 30.0
LOG_TIMEOUT_S = 1.0
DATA_ERRORS = "22"
"""PostgreSQL's class of errors whose messages quote data."""
DEADLOCK = "40P01"
DEADLOCKS_IN_A_ROW = 5
WRITE_OPTION = "fathom_write"


class Database:
    """One database and its pool of connections; safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Prepare the engine; nothing is opened yet.

        Args:
            url: SQLAlchemy URL, `sqlite:///…` or `postgresql+psycopg://…`.
        """
        self._locked_since: float | None = None
        self._session: Callable[..., Session] = Session
        self.unrestricted = self
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {
            "pool_size": 20,
            "max_overflow": 40,
            "pool_pre_ping": not self.is_sqlite,
            "hide_parameters": True,
        }
        if self.is_sqlite:
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            options["connect_args"] = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
        self.engine: Engine = create_engine(parsed, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        event.listen(self.engine, "handle_error", _without_values)
        self._writer = self.engine.execution_options(**{WRITE_OPTION: True})
        # SQLite's readers see one state of the database anyway.
        isolation = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reader = self.engine.execution_options(**isolation)

    @property
    def place(self) -> str:
        """Where it is, without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    def seen_by(self, reader: Reader) -> "Database":
        """The same database for `reader`: its sessions find the reader's rows alone, and write as that reader.

        `unrestricted` of it is the whole.
        """
        seen = copy.copy(self)
        seen._session = partial(ReaderSession, criteria=criteria_of(reader), reader=reader)
        return seen

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session over one consistent snapshot; its changes are rolled back."""
        with self._session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when the block ends and rolls back when it raises."""
        with self._session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def transact(self, work: Callable[[Session], T]) -> T:
        """Do work in one writing transaction, from its beginning again where it and another waited for each other.

        PostgreSQL ends one of them then. Rows of files are locked in one order as far as a step knows them, but no
        step knows all that the next ones need.

        Args:
            work: May run several times; changes nothing but what its session holds.

        Raises:
            DBAPIError: The database does not do it, whatever the reason.
        """
        for _ in range(DEADLOCKS_IN_A_ROW - 1):
            try:
                with self.write() as session:
                    return work(session)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != DEADLOCK:
                    raise
                logger.info("two transactions waited for each other; this one is done again")
        with self.write() as session:
            return work(session)

    def check_writable(self, patience_s: float = BUSY_TIMEOUT_S) -> None:
        """Raise the driver's error where the database can't be written now.

        Args:
            patience_s: Longest wait for whoever is writing.

        Raises:
            DBAPIError: It is locked, full, damaged, or does not answer.
        """
        asked = time.monotonic()
        try:
            with self._impatient(patience_s) as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
                connection.rollback()
        except DBAPIError as error:
            locked = machine_fault(error) == "database_locked"
            self._locked_since = (self._locked_since or asked) if locked else None
            raise
        self._locked_since = None

    def locked_for(self) -> float:
        """Seconds for which `check_writable` has found the write lock taken at every look; 0 where it did not."""
        return 0.0 if self._locked_since is None else time.monotonic() - self._locked_since

    def damage(self) -> list[str]:
        """Read every page of an SQLite database; returns the damage in SQLite's words. Empty elsewhere."""
        if not self.is_sqlite:
            return []
        with self.engine.connect() as connection:
            found = [str(row[0]) for row in connection.execute(text("PRAGMA quick_check(5)"))]
        return [] if found == ["ok"] else found

    @contextmanager
    def _impatient(self, wait_s: float) -> Iterator[Connection]:
        """A connection for writing that waits for locks no longer than `wait_s`."""
        milliseconds = int(wait_s * 1000)
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
                yield connection
                return
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute(f"PRAGMA busy_timeout = {milliseconds}")
            try:
                yield connection.execution_options(**{WRITE_OPTION: True})
            finally:
                driver.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")

    def empty_log(self) -> bool:
        """Move the write-ahead log of SQLite into the database and truncate it, since it holds deleted text.

        Returns:
            False where somebody still reads an older state, or writes; it is to be tried again then.
        """
        if not self.is_sqlite:
            return True
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {int(LOG_TIMEOUT_S * 1000)}")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
            return not busy
        finally:
            connection.close()

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy, not the driver, says when a transaction begins.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # Some builds of SQLite do this by default and some don't.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE_OPTION, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN DEFERRED")


def _without_values(context: ExceptionContext) -> None:
    """Remove values from the driver's message: PostgreSQL adds the row, and quotes data that it can't read."""
    told = getattr(context.original_exception, "diag", None)
    if told is None or told.sqlstate is None:
        return
    name = type(context.original_exception).__name__
    said = told.message_primary if told.sqlstate[:2] != DATA_ERRORS else None
    message = said or f"SQLSTATE {told.sqlstate}"
    context.original_exception.args = (message,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({name}) {message}",)
