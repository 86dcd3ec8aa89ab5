"""Queries over jobs: a queue in the database, with leases, heartbeats and fencing.

A job is taken under a lease and a fence number. While the lease is renewed, nobody else takes it. When
its worker dies, the lease runs out and the next worker takes the job with a higher fence; whatever the
old one still tries to write is refused, because every write names the fence.

Clocks may be set back: a job that was never tried waits for no time of day, and no wait or lease is believed that is
longer than those that are given.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, delete, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.db import observing, webhooks
from app.db.models import Blob, DocumentVersion, Job
from app.db.types import new_id
from app.db.views import JobView, LeasedJob
from app.errors import Failure, LeaseLostError

MAX_WAIT_S = 300.0
INGEST = "ingest"
REEMBED = "reembed"
KINDS = (INGEST, REEMBED)

# Made once: an alias copies all columns of its table.
_MINE, _OTHER, _THEIRS = aliased(DocumentVersion), aliased(Job), aliased(DocumentVersion)

PARKED = Failure(
    status=500,
    exit_code=1,
    code="worker_died",
    message="The worker stopped several times while it processed this document.",
    hint="The file may need more memory or time than allowed; split it, or raise the limits, and retry.",
)

SUPERSEDED = Failure(
    status=409,
    exit_code=4,
    code="superseded",
    message="A newer version of the document was uploaded before this one was ready.",
    hint="Nothing is to be done: the newest version is processed instead.",
)


def find(session: Session, job_id: str) -> JobView | None:
    """The job with this id."""
    row = session.get(Job, job_id)
    return None if row is None else view(row)


def view(row: Job) -> JobView:
    """A row as the rest of the program sees it."""
    return JobView(
        id=row.id,
        kind=row.kind,
        collection_id=row.collection_id,
        document_id=row.document_id,
        state=row.state,
        stage=row.stage,
        done=row.done,
        total=row.total,
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def enqueue(
    session: Session,
    collection_id: str,
    document_id: str,
    version_id: str,
    now: datetime,
    origin: tuple[str, str] = ("", ""),
) -> JobView:
    """Add a job that ingests a version of a document; `origin` is the request's id and its `traceparent`."""
    job = Job(
        id=new_id("job"),
        collection_id=collection_id,
        document_id=document_id,
        version_id=version_id,
        created_at=now,
        run_after=now,
    )
    session.add(job)
    session.flush()
    if any(origin):
        observing.set_origin(session, job.id, *origin)
    return view(job)


def enqueue_reembedding(
    session: Session, waiting: Sequence[tuple[str, str]], vector_model: str, now: datetime
) -> None:
    """Add jobs that re-embed documents, given as (id, collection id), with an encoder."""
    for document_id, collection_id in waiting:
        session.add(
            Job(
                id=new_id("job"),
                kind=REEMBED,
                collection_id=collection_id,
                document_id=document_id,
                vector_model=vector_model,
                created_at=now,
                run_after=now,
            )
        )


def drop_reembedding(session: Session, vector_model: str) -> None:
    """Delete jobs that embed by other encoders than this one and are not in work."""
    session.execute(
        delete(Job).where(Job.kind == REEMBED, Job.vector_model != vector_model, Job.state != "running")
    )


def claim(
    session: Session,
    owner: str,
    now: datetime,
    lease_s: float,
    max_attempts: int,
    vector_model: str | None = None,
    *,
    small_first: bool = False,
) -> LeasedJob | None:
    """Lease the oldest job that waits or whose worker is gone; park jobs that used up their attempts.

    Ingestion jobs take priority over re-embedding jobs.

    Args:
        session: A writing session.
        owner: Name of the worker, for people who read the table.
        now: The present moment; leases that ended before it are open, and those that end too long after it.
        lease_s: Seconds the lease lasts without a heartbeat, for all workers.
        max_attempts: Attempts after which a job is set aside as failed.
        vector_model: Encoder of the worker, where it embeds anew too; None takes no such job.
        small_first: Take the one of the smallest file instead of the oldest.

    Returns:
        The job, running, with a fresh fence; None where there is nothing to do.
    """
    latest = now + timedelta(seconds=wait_s(max_attempts))
    due = or_(Job.attempts == 0, Job.run_after <= now, Job.run_after > latest)
    waiting = (Job.state == "queued") & due & ~_twin_running(now, lease_s)
    abandoned = (Job.state == "running") & ~_held(Job.lease_until, now, lease_s)
    mine = or_(Job.kind == INGEST, Job.vector_model == vector_model)
    while True:
        job = session.scalar(
            select(Job)
            .where(or_(waiting, abandoned), mine)
            .order_by(Job.kind != INGEST, *([_size()] if small_first else []), Job.run_after, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if job is None:
            return None
        if job.attempts < max_attempts:
            break
        _close(session, _leased(job), "failed", now, PARKED.info)
    job.state = "running"
    job.stage = "parsing" if job.kind == INGEST else "embedding"
    job.done = job.total = 0
    job.attempts += 1
    job.fence += 1
    job.error = None
    job.lease_owner = owner
    job.lease_until = now + timedelta(seconds=lease_s)
    job.started_at = job.started_at or now
    session.flush()
    leased = _leased(job)
    _set_version(session, leased, status=leased.stage, error=None)
    request_id, traceparent = observing.origin(session, job.id)
    return replace(leased, request_id=request_id, traceparent=traceparent)


def wait_s(attempts: int) -> float:
    """Seconds that a job waits after this many attempts."""
    return min(2.0 ** min(attempts, 16), MAX_WAIT_S)


def heartbeat(
    session: Session, job: LeasedJob, now: datetime, lease_s: float, progress: tuple[str, int, int]
) -> None:
    """Renew the lease and note the progress `(stage, done, total)`.

    Raises:
        LeaseLostError: The job is another worker's now, or gone.
    """
    stage, done, total = progress
    _fenced(
        session,
        job,
        {"lease_until": now + timedelta(seconds=lease_s), "stage": stage, "done": done, "total": total},
    )
    _set_version(session, job, status=stage)


def check_lease(session: Session, job: LeasedJob) -> None:
    """Check that the worker still holds the lease, and hold it until commit.

    Raises:
        LeaseLostError: The job is another worker's now, or gone.
    """
    _fenced(session, job, {"fence": job.fence})


def finish(session: Session, job: LeasedJob, now: datetime) -> None:
    """Mark the job done, in the transaction that publishes its result.

    Raises:
        LeaseLostError: The job is another worker's now, or gone.
    """
    _fenced(
        session,
        job,
        {"state": "done", "stage": "ready", "lease_until": None, "lease_owner": None, "finished_at": now},
    )
    webhooks.job_ended(session, "done", [job])


def fail(session: Session, job: LeasedJob, now: datetime, error: dict[str, str]) -> None:
    """Mark job and version failed, with the reason.

    Raises:
        LeaseLostError: The job is another worker's now, or gone.
    """
    _fenced(session, job, {"lease_owner": None})
    _close(session, job, "failed", now, error)


def give_back(session: Session, job: LeasedJob, run_after: datetime, *, count_attempt: bool) -> None:
    """Put a job back into the queue, to be taken again at `run_after`.

    Raises:
        LeaseLostError: The job is another worker's now, or gone.
    """
    attempts = job.attempts if count_attempt else job.attempts - 1
    _fenced(
        session,
        job,
        {
            "state": "queued",
            "stage": "queued",
            "lease_until": None,
            "lease_owner": None,
            "run_after": run_after,
            "attempts": attempts,
        },
    )
    _set_version(session, job, status="queued")


def supersede(session: Session, document_id: str, now: datetime) -> None:
    """Close the unfinished jobs that ingest a document: a newer upload takes their place."""
    ended = session.execute(
        update(Job)
        .where(Job.document_id == document_id, Job.kind == INGEST, Job.state.in_(("queued", "running")))
        .values(
            state="failed",
            stage="failed",
            error=SUPERSEDED.info,
            lease_until=None,
            lease_owner=None,
            finished_at=now,
        )
        .returning(Job.id, Job.kind, Job.collection_id, Job.document_id)
        .execution_options(synchronize_session=False)
    )
    webhooks.job_ended(session, "failed", ended.all(), SUPERSEDED.code)


def pending(session: Session, collection_ids: Sequence[str]) -> int:
    """Number of jobs that ingest into these collections and are not finished."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Job)
            .where(
                Job.collection_id.in_(collection_ids),
                Job.kind == INGEST,
                Job.state.in_(("queued", "running")),
            )
        )
        or 0
    )


def counts(session: Session) -> dict[tuple[str, str], int]:
    """Number of jobs by kind and state."""
    found = session.execute(select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state))
    return {(kind, state): number for kind, state, number in found}


def ages(session: Session) -> dict[tuple[str, str], datetime]:
    """By kind and state (queued, running): when the oldest was queued, or was first begun."""
    found = session.execute(
        select(Job.kind, Job.state, func.min(Job.created_at), func.min(Job.started_at))
        .where(Job.state.in_(("queued", "running")))
        .group_by(Job.kind, Job.state)
    )
    return {
        (kind, state): queued if state == "queued" or begun is None else begun
        for kind, state, queued, begun in found
    }


def oldest_waiting(session: Session) -> datetime | None:
    """When the job was queued that has waited longest and was not begun; None where none waits."""
    return session.scalar(select(func.min(Job.created_at)).where(Job.state == "queued", Job.kind == INGEST))


def _size() -> ScalarSelect[int]:
    """Bytes of the file that a job is about."""
    return (
        select(Blob.size_bytes)
        .join(DocumentVersion, DocumentVersion.sha256 == Blob.sha256)
        .where(DocumentVersion.id == Job.version_id)
        .correlate(Job)
        .scalar_subquery()
    )


def _held(
    lease_until: InstrumentedAttribute[datetime | None], now: datetime, lease_s: float
) -> ColumnElement[bool]:
    """Whether a lease lasts. Twice its length: the clocks of two machines may differ by one."""
    return lease_until.between(now, now + timedelta(seconds=2 * lease_s))


def _twin_running(now: datetime, lease_s: float) -> ColumnElement[bool]:
    """Whether a worker is processing equal bytes: its result can be shared once it is done."""
    return (
        select(_OTHER.id)
        .join(_THEIRS, _THEIRS.id == _OTHER.version_id)
        .join(_MINE, _MINE.sha256 == _THEIRS.sha256)
        .where(
            _MINE.id == Job.version_id,
            _OTHER.id != Job.id,
            _OTHER.state == "running",
            _held(_OTHER.lease_until, now, lease_s),
        )
        .correlate(Job)
        .exists()
    )


def _leased(row: Job) -> LeasedJob:
    return LeasedJob(
        id=row.id,
        kind=row.kind,
        collection_id=row.collection_id,
        document_id=row.document_id,
        version_id=row.version_id,
        stage=row.stage,
        attempts=row.attempts,
        fence=row.fence,
        queued_at=row.created_at,
    )


def _fenced(session: Session, job: LeasedJob, values: dict[str, Any]) -> None:
    result = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.fence == job.fence, Job.state == "running")
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise LeaseLostError(job.id)


def _close(session: Session, job: LeasedJob, state: str, now: datetime, error: dict[str, str]) -> None:
    closing: dict[str, Any] = {
        "state": state,
        "stage": state,
        "error": error,
        "lease_until": None,
        "lease_owner": None,
        "finished_at": now,
    }
    session.execute(update(Job).where(Job.id == job.id).values(**closing))
    _set_version(session, job, status=state, error=error)
    webhooks.job_ended(session, "failed", [job], error["code"])


def _set_version(session: Session, job: LeasedJob, **values: Any) -> None:
    """Copy the state of an ingestion job to its version; re-embedding leaves the version unchanged."""
    if job.version_id is not None:
        session.execute(update(DocumentVersion).where(DocumentVersion.id == job.version_id).values(**values))
