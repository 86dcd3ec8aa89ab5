"""Routes of jobs."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from app.api.access import RuledRoute, on_job
from app.api.deps import JobId, RuntimeDep
from app.api.problems import PROBLEM_RESPONSES, problem
from app.api.wire import job_out
from app.composition.runtime import Runtime
from app.errors import FathomError, describe
from app.library import jobs
from app.schemas.jobs import JOB_EXAMPLE, JobOut

router = APIRouter(prefix="/jobs", tags=["jobs"], responses=PROBLEM_RESPONSES, route_class=RuledRoute)

POLL_S = 0.3
EVENTS_EXAMPLE = f"id: 1\nevent: progress\ndata: {json.dumps(JOB_EXAMPLE)}\n"
EVENTS_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`progress` events with the job, then `done` with it.",
        "content": {"text/event-stream": {"example": EVENTS_EXAMPLE}},
    }
}


@router.get("/{job_id}")
@on_job("read")
def get_job(job_id: JobId, runtime: RuntimeDep) -> JobOut:
    """A job with its progress."""
    return job_out(jobs.get(runtime.db, job_id))


@router.get("/{job_id}/events", response_class=Response, responses=EVENTS_DOC)
@on_job("read")
async def follow_job(job_id: JobId, request: Request, runtime: RuntimeDep) -> EventSourceResponse:
    """Progress of a job as server-sent events, until it is done or failed."""
    first = await run_in_threadpool(jobs.get, runtime.db, job_id)
    ping = max(1, round(runtime.settings.answers.ping_s))
    return EventSourceResponse(_follow(runtime, job_out(first), request.url.path), ping=ping)


async def _follow(runtime: Runtime, job: JobOut, instance: str) -> AsyncIterator[ServerSentEvent]:
    number = 0
    shown: JobOut | None = None
    while True:
        if job != shown:
            number, shown = number + 1, job
            yield ServerSentEvent(job.model_dump_json(), event="progress", id=str(number))
        if job.state in {"done", "failed"}:
            yield ServerSentEvent(job.model_dump_json(), event="done", id=str(number + 1))
            return
        await asyncio.sleep(POLL_S)
        try:
            job = job_out(await run_in_threadpool(jobs.get, runtime.db, job.id))
        except FathomError as error:
            told = problem(describe(error), instance).model_dump_json(exclude_none=True)
            yield ServerSentEvent(told, event="error", id=str(number + 1))
            return
