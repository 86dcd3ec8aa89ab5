"""Use cases of jobs: read one, follow it, count them."""

from app.db import jobs
from app.db.jobs import Job
from app.errors import JobNotFoundError
from app.runtime import Runtime


def get(runtime: Runtime, job_id: str) -> Job:
    """A job as it stands.

    Raises:
        JobNotFoundError: There is none.
    """
    with runtime.db.read() as session:
        job = session.get(Job, job_id)
    if job is None:
        raise JobNotFoundError(job_id)
    return job


def counts(runtime: Runtime) -> dict[str, int]:
    """Number of jobs by state."""
    with runtime.db.read() as session:
        return jobs.counts(session)
