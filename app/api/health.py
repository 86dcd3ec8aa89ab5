"""Liveness, readiness and metrics; unversioned, for machines that watch."""

from contextlib import suppress
from importlib import metadata
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from app.admission import Queues
from app.api.access import Rule, RuledRoute, open_to_all, ruled
from app.health_watch import NoLookError, Watch
from app.library import readiness
from app.library.jobs import Figures
from app.library.readiness import Check
from app.observability import Metrics
from app.schemas.health import CheckOut, LiveOut, ReadyOut

router = APIRouter(tags=["health"], route_class=RuledRoute)

METRICS_EXAMPLE = """# HELP fathom_workers Workers that are alive.
# TYPE fathom_workers gauge
fathom_workers 1.0
"""
METRICS_DOC: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"example": METRICS_EXAMPLE}}}
}


@router.get("/healthz")
@open_to_all
async def live() -> LiveOut:
    """The process answers."""
    return LiveOut(version=metadata.version("fathom"))


@router.get("/readyz", response_model=ReadyOut, responses={503: {"model": ReadyOut}})
@open_to_all
async def ready(request: Request) -> JSONResponse:
    """Whether requests can be served, with the state of the database, the disk and the models; 503 if not.

    The reply waits for no work and no lock: slow checks report their last result. The check `worker` says whether
    documents are ingested, how long the oldest has waited, and which failure was the last.
    """
    watch: Watch[list[Check]] = request.app.state.readiness
    try:
        found = list(await watch.latest())
    except NoLookError as error:
        detail = (
            f"the checks have taken {error.seconds:.0f} s so far: the database or the disk does not answer"
        )
        found = [Check("checks", False, detail)]
    checks = [CheckOut(name=c.name, ok=c.ok, detail=c.detail, needed=c.needed) for c in found]
    draining = bool(getattr(request.app.state, "draining", False))
    checks.append(CheckOut(name="serving", ok=not draining, detail="stopping" if draining else "serving"))
    body = ReadyOut(ready=readiness.is_ready(found) and not draining, checks=checks)
    return JSONResponse(body.model_dump(), 200 if body.ready else 503)


@router.get("/metrics", response_class=Response, responses=METRICS_DOC)
@ruled(Rule(scope="read", local=True))
async def metrics(request: Request) -> Response:
    """Counters in Prometheus' text format."""
    counted: Metrics = request.app.state.metrics
    now = CollectorRegistry()
    gauge = Gauge("fathom_jobs", "Jobs by state.", ("state",), registry=now)
    watch: Watch[Figures] = request.app.state.job_figures
    with suppress(NoLookError, SQLAlchemyError):  # the rest is told without them
        figures = await watch.latest()
        for state, count in figures.by_state.items():
            gauge.labels(state).set(count)
        Gauge("fathom_workers", "Workers that are alive.", registry=now).set(figures.workers_alive)
        Gauge("fathom_oldest_waiting_job_seconds", "Age of the job that waits longest.", registry=now).set(
            figures.oldest_waiting_s
        )
    work = Gauge("fathom_work", "Requests in work and waiting, by kind.", ("kind", "state"), registry=now)
    queues: Queues = request.app.state.queues
    for kind, queue in queues.by_name().items():
        work.labels(kind, "running").set(queue.running)
        work.labels(kind, "waiting").set(queue.waiting)
    body = generate_latest(counted.registry) + generate_latest(now)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
