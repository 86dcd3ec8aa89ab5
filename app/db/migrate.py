"""Bring a database to the newest schema; every start does it, and several may at the same time."""

import fcntl
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from app.db.engine import Database

ADVISORY_LOCK = 0x46617468


def alembic_config() -> Config:
    """Alembic's configuration with the migrations that ship with the program.

    Raises:
        RuntimeError: The package `migrations` is not installed.
    """
    spec = importlib.util.find_spec("migrations")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package 'migrations' is missing; reinstall fathom")
    config = Config()
    config.set_main_option("script_location", str(Path(next(iter(spec.submodule_search_locations)))))
    return config


def current_revision(database: Database) -> str | None:
    """Revision the database is at, None where it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """Newest revision this program knows."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def known_revisions() -> set[str]:
    """Revisions that this program can upgrade from."""
    return {entry.revision for entry in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply missing revisions, in one transaction, once even if many processes start together.

    Raises:
        RuntimeError: A newer program made the database.
    """
    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    if revision == "head":
        current = current_revision(database)
        if current == script.get_current_head():
            return
        known = {entry.revision for entry in script.walk_revisions()}
        if current is not None and current not in known:
            raise RuntimeError(
                f"the database is at revision {current}, which this program does not know; "
                "run the newer Fathom that made it, or restore a backup"
            )
    with _alone(database) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Return to an older revision; data that the older schema has no column for is lost."""
    config = alembic_config()
    with _alone(database) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    if not database.is_sqlite:
        with database.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            yield connection
        return
    file = database.engine.url.database
    if not file or file == ":memory:":
        with database.engine.begin() as connection:
            yield connection
        return
    with Path(file + ".migrating").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with database.engine.begin() as connection:
            yield connection
