"""Checks of the database, the disk, the models and the worker."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.composition.model_client import model_server as client_of
from app.db import jobs, migrate, workers
from app.db.engine import Database
from app.db.types import utc_now
from app.db.views import WorkerView
from app.errors import Failure, UnavailableError, describe
from app.faults import machine_fault
from app.library import vector_state
from app.library.parts import EncoderParts, ReadinessParts
from app.settings.groups import WorkerSettings
from app.settings.schema import Settings
from generator.errors import ModelServerError

DISK_FLOOR_BYTES = 200 * 1024 * 1024
LOCK_WAIT_S = 0.05
"""Longest that a look at readiness waits for the database's write lock."""
LOCK_PATIENCE_S = 10.0
"""How long others may hold the write lock, at every look, before the service counts as not ready."""
LOCK_SURE_S = 1.0
"""Wait for the lock after which it surely is held, once that seems to have lasted for too long."""
WORKER_SILENT_S = 30.0
"""A worker that was not seen for so long, or for three of its heartbeats, counts as gone."""


@dataclass(frozen=True, slots=True)
class Check:
    """Result of a check.

    Attributes:
        needed: Whether requests can't be served without it.
    """

    name: str
    ok: bool
    detail: str
    needed: bool = True


def checks(parts: ReadinessParts) -> list[Check]:
    """All checks; the service is ready when each that is needed is ok."""
    models = (Check(*state) for state in parts.model_states())
    needed = [_database(parts.db), _disk(parts.settings.home), *models]
    return [*needed, *_worker(parts.db, parts.settings.worker), *_vectors(parts)]


def is_ready(found: list[Check]) -> bool:
    """Whether requests can be served."""
    return all(check.ok for check in found if check.needed)


def of_failure(failure: Failure) -> Check:
    """A failed check for an error that prevents opening the runtime."""
    return Check("database", False, f"{failure.code}: {failure.message} {failure.hint}")


def damage(db: Database) -> Check:
    """Whether every page of the database can be read; takes as long as reading the file."""
    try:
        found = db.damage()
    except SQLAlchemyError as error:
        return of_failure(describe(error))
    if found:
        return Check("database pages", False, f"database_damaged: {'; '.join(found)}")
    return Check("database pages", True, "all readable" if db.is_sqlite else "PostgreSQL checks its own")


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


def _database(db: Database) -> Check:
    try:
        held_s = _lock_held(db)
        if held_s:
            return Check("database", True, f"somebody else has been writing for {held_s:.1f} s")
        current, head = migrate.current_revision(db), migrate.head_revision()
    except SQLAlchemyError as error:
        return of_failure(describe(error))
    if current != head:
        return Check("database", False, f"schema {current}, needed {head}")
    return Check("database", True, f"writable, schema {current}")


def _lock_held(db: Database) -> float:
    """Seconds for which others have held the write lock, at every look; 0 where the database can be written.

    Raises:
        DBAPIError: They hold it for too long, or something else is wrong.
    """
    try:
        db.check_writable(LOCK_WAIT_S)
    except DBAPIError as error:
        if machine_fault(error) != "database_locked":
            raise
        if db.locked_for() > LOCK_PATIENCE_S:
            # Perhaps two looks far apart have met two short transactions.
            db.check_writable(LOCK_SURE_S)
        return db.locked_for()
    return 0.0


def _worker(db: Database, settings: WorkerSettings) -> list[Check]:
    """Whether a worker ingests documents; questions do not need one, so this check never blocks requests."""
    now = utc_now()
    try:
        with db.read() as session:
            known = workers.known(session)
            alive = workers_alive(session, settings)
            oldest = jobs.oldest_waiting(session)
    except SQLAlchemyError:
        return []  # the database's own check says so
    told = [f"{len(alive)} alive" if alive else _gone(known, now)]
    if oldest is not None:
        told.append(f"the oldest waiting document has waited for {_seconds(oldest, now)} s")
    failed = [worker for worker in known if worker.failure is not None and worker.failed_at is not None]
    if failed:
        last = max(failed, key=lambda worker: worker.failed_at or now)
        assert last.failure is not None
        assert last.failed_at is not None
        told.append(
            f"last fault {_seconds(last.failed_at, now)} s ago: {last.failure['code']}, {last.failure['message']}"
        )
    return [Check("worker", bool(alive), "; ".join(told), needed=False)]


def workers_alive(session: Session, settings: WorkerSettings) -> list[WorkerView]:
    """Workers that were seen lately."""
    now, limit_s = utc_now(), max(WORKER_SILENT_S, 3 * settings.heartbeat_s)
    # a clock that was set back makes the last sign of a worker lie ahead
    return [w for w in workers.known(session) if abs((now - w.seen_at).total_seconds()) < limit_s]


def _gone(known: Sequence[WorkerView], now: datetime) -> str:
    if not known:
        return "none is running: documents wait until one is (`fathom worker`)"
    return f"none is alive, the last was seen {_seconds(known[0].seen_at, now)} s ago: start `fathom worker`"


def _seconds(moment: datetime, now: datetime) -> int:
    return max(0, round((now - moment).total_seconds()))


def _vectors(parts: EncoderParts) -> list[Check]:
    """Documents that wait for re-embedding; word search finds them meanwhile, so this check never blocks requests."""
    try:
        state = vector_state.state(parts)
    except (UnavailableError, SQLAlchemyError):
        return []  # the model's own check, or the database's, says so
    waiting = state.waiting
    if waiting.documents == 0:
        return [Check("vectors", True, f"all by {state.model}")]
    detail = f"{waiting.chunks:,} chunks of {waiting.documents:,} documents wait for vectors by {state.model}"
    return [Check("vectors", True, f"{detail}; a worker makes them, or `fathom index reembed`")]


def _disk(home: Path) -> Check:
    free = shutil.disk_usage(home).free
    return Check("disk", free >= DISK_FLOOR_BYTES, f"{free // (1024 * 1024)} MiB free")
