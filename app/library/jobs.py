"""Use cases of jobs: read one, follow it, count them."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.db import jobs
from app.db.engine import Database
from app.db.types import utc_now
from app.db.views import JobView
from app.errors import JobNotFoundError
from app.library.readiness import workers_alive
from app.settings.groups import WorkerSettings


def get(db: Database, job_id: str) -> JobView:
    """A job as it stands.

    Raises:
        JobNotFoundError: There is none.
    """
    with db.read() as session:
        job = jobs.find(session, job_id)
    if job is None:
        raise JobNotFoundError(job_id)
    return job


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the job table: jobs by state, age of the oldest waiting job, workers that are alive."""

    by_state: Mapping[str, int]
    oldest_waiting_s: float
    workers_alive: int


def figures(db: Database, settings: WorkerSettings) -> Figures:
    """Look at the job table."""
    with db.read() as session:
        oldest = jobs.oldest_waiting(session)
        return Figures(
            jobs.counts(session),
            0.0 if oldest is None else max(0.0, (utc_now() - oldest).total_seconds()),
            len(workers_alive(session, settings)),
        )
