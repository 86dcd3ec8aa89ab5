"""Use cases of jobs: read one, follow it, count them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.db import erasing, jobs, observing, workers
from app.db.engine import Database
from app.db.types import utc_now
from app.db.views import JobView, WorkerView
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of the queue and its workers.

    Attributes:
        counts: Jobs by kind and state.
        waiting_s: Age of the job that waits longest, by kind; 0 where none waits.
        running_s: Time since the oldest running job was first begun, by kind; 0 where none runs.
        workers: All that were seen lately.
        alive: Number of those that are alive.
        silent_s: Time since the last sign of life of any; None where there was none.
        erasures: Erasures that are left to do.
        tallies: What the workers counted.
    """

    counts: Mapping[tuple[str, str], int]
    waiting_s: Mapping[str, float]
    running_s: Mapping[str, float]
    workers: Sequence[WorkerView]
    alive: int
    silent_s: float | None
    erasures: int
    tallies: Mapping[observing.Counter, float]


def figures(db: Database, settings: WorkerSettings) -> Figures:
    """Figures of the job table, and of the counters of workers."""
    now = utc_now()
    with db.read() as session:
        known = workers.known(session)
        ages = jobs.ages(session)
        return Figures(
            counts=jobs.counts(session),
            waiting_s={kind: _age(now, ages.get((kind, "queued"))) for kind in jobs.KINDS},
            running_s={kind: _age(now, ages.get((kind, "running"))) for kind in jobs.KINDS},
            workers=known,
            alive=len(workers_alive(session, settings)),
            silent_s=_age(now, known[0].seen_at) if known else None,
            erasures=len(erasing.pending(session)),
            tallies=observing.tallies(session),
        )


def _age(now: datetime, moment: datetime | None) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
