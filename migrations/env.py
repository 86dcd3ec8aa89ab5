"""How Alembic runs here: on the connection it is given, or on the configured database.

`alembic revision --autogenerate` (from the repository root) compares with `app.db.models` and `app.db.identity_tables`.
"""

from alembic import context
from sqlalchemy import Connection

# Their tables belong to the schema too.
from app.db import (  # noqa: F401
    field_models,
    file_models,
    frozen_models,
    identity_tables,
    living_models,
    observing_models,
    question_models,
    reply_models,
    safety_models,
    suggestion_models,
    webhook_models,
)
from app.db.engine import Database
from app.settings.reading import load_settings


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=identity_tables.Base.metadata,
        # SQLite can't alter a constraint: Alembic copies the table instead.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with Database(load_settings().url).engine.begin() as opened:
        _run(opened)
