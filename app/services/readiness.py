"""What must work before requests are served well, checked one by one."""

import shutil
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.db import migrate
from app.errors import UnavailableError, describe
from app.runtime import Runtime
from app.runtime import model_server as client_of
from app.services import reembedding
from generator.errors import ModelServerError

LOCK_PATIENCE_S = 5.0
"""A database that stays locked for longer can't be written as far as anybody who watches is concerned."""
DISK_FLOOR_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must work, and how it stands."""

    name: str
    ok: bool
    detail: str


def checks(runtime: Runtime) -> list[Check]:
    """All checks; the service is ready when each is ok."""
    models = (Check(*state) for state in runtime.model_states())
    return [_database(runtime), _disk(runtime), *models, *_vectors(runtime)]


def model_server(settings: Settings) -> Check:
    """Whether the configured model server answers; asked once, not with every look at `/readyz`."""
    client = client_of(settings)
    try:
        names = client.models()
    except ModelServerError as error:
        failure = describe(error)
        return Check("model server", False, f"{failure.message} {failure.hint}")
    wanted = client.config.model
    if wanted in names:
        return Check("model server", True, f"{client.place} has {wanted}")
    listed = ", ".join(names[:8]) or "none"
    detail = f"{client.place} answers, but does not list {wanted}; it lists {listed}"
    return Check("model server", True, detail)


def _database(runtime: Runtime) -> Check:
    try:
        runtime.db.check_writable(LOCK_PATIENCE_S)
        current, head = migrate.current_revision(runtime.db), migrate.head_revision()
    except SQLAlchemyError as error:
        return Check("database", False, f"not writable: {type(error).__name__}")
    if current != head:
        return Check("database", False, f"schema {current}, needed {head}")
    return Check("database", True, f"writable, schema {current}")


def _vectors(runtime: Runtime) -> list[Check]:
    """What waits to be embedded anew; it is found by words meanwhile, so this is never in the way."""
    try:
        state = reembedding.state(runtime)
    except (UnavailableError, SQLAlchemyError):
        return []  # the model's own check, or the database's, says so
    waiting = state.waiting
    if waiting.documents == 0:
        return [Check("vectors", True, f"all by {state.model}")]
    detail = f"{waiting.chunks:,} chunks of {waiting.documents:,} documents wait for vectors by {state.model}"
    return [Check("vectors", True, f"{detail}; a worker makes them, or `fathom index reembed`")]


def _disk(runtime: Runtime) -> Check:
    free = shutil.disk_usage(runtime.settings.home).free
    return Check("disk", free >= DISK_FLOOR_BYTES, f"{free // (1024 * 1024)} MiB free")
