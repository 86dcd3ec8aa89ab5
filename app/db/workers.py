"""Queries over workers: which are alive, and their last faults outside of any document."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db.models import WorkerState
from app.db.views import WorkerView

FORGOTTEN_AFTER = timedelta(days=1)
"""Workers that were last seen longer ago are deleted from the table, with their faults."""


def seen(
    session: Session, owner: str, now: datetime, failure: Mapping[str, str] | None, failed_at: datetime | None
) -> None:
    """Record that a worker is alive, and its last fault; deletes workers that are long gone."""
    row = session.get(WorkerState, owner)
    if row is None:
        row = WorkerState(owner=owner, started_at=now)
        session.add(row)
    row.seen_at = now
    if failure is not None:
        row.failure, row.failed_at = dict(failure), failed_at
    session.flush()
    session.execute(delete(WorkerState).where(WorkerState.seen_at < now - FORGOTTEN_AFTER))


def stopped(session: Session, owner: str) -> None:
    """Forget a worker that ended in order."""
    session.execute(delete(WorkerState).where(WorkerState.owner == owner))


def known(session: Session) -> list[WorkerView]:
    """All workers seen lately, the last seen first."""
    return [
        WorkerView(owner=row.owner, seen_at=row.seen_at, failure=row.failure, failed_at=row.failed_at)
        for row in session.scalars(select(WorkerState).order_by(WorkerState.seen_at.desc()))
    ]
