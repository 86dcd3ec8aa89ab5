"""The database connection: SQLite or PostgreSQL, one way to read and one way to write.

On SQLite a writing transaction takes its lock at the start (BEGIN IMMEDIATE), because one that begins
by reading and then wants to write fails at once where another writer was faster. Commits are flushed
to the disk (synchronous=FULL): what was acknowledged survives a power cut.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

BUSY_TIMEOUT_S = 30.0
WRITE_OPTION = "fathom_write"


class Database:
    """One database and its pool of connections; safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Prepare the engine; nothing is opened yet.

        Args:
            url: SQLAlchemy URL, `sqlite:///…` or `postgresql+psycopg://…`.
        """
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": 20, "max_overflow": 40, "pool_pre_ping": not self.is_sqlite}
        if self.is_sqlite:
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            options["connect_args"] = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
        self.engine: Engine = create_engine(parsed, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(**{WRITE_OPTION: True})
        # SQLite's readers see one state of the database anyway.
        isolation = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reader = self.engine.execution_options(**isolation)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session over one consistent snapshot; nothing done in it is kept."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when the block ends and rolls back when it raises."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def check_writable(self, patience_s: float = BUSY_TIMEOUT_S) -> None:
        """Raise the driver's error where the database can't be written now.

        Args:
            patience_s: Longest wait for somebody else's lock.
        """
        with self._writer.connect() as connection, self._patience(connection, round(patience_s * 1000)):
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            connection.rollback()

    @contextmanager
    def _patience(self, connection: Connection, ms: int) -> Iterator[None]:
        """Another bound on waiting for locks, for the block."""
        if not self.is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = '{ms}ms'"))
            yield
            return
        plain = connection.connection.cursor()  # past SQLAlchemy, which would begin a transaction first
        plain.execute(f"PRAGMA busy_timeout = {ms}")
        try:
            yield
        finally:
            plain.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
            plain.close()

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
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE_OPTION, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN DEFERRED")
