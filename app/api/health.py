"""Liveness, readiness and metrics; unversioned, for machines that watch."""

from importlib import metadata

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from app.api.deps import RuntimeDep
from app.db import jobs
from app.db.types import utc_now
from app.observability import Metrics
from app.schemas.health import CheckOut, LiveOut, ReadyOut
from app.services import readiness

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def live() -> LiveOut:
    """The process answers."""
    return LiveOut(version=metadata.version("fathom"))


@router.get("/readyz", response_model=ReadyOut, responses={503: {"model": ReadyOut}})
def ready(request: Request, runtime: RuntimeDep) -> JSONResponse:
    """Whether requests can be served: database, disk, models; 503 with the reasons where not.

    The check `worker` says whether documents are taken in, how long the oldest has waited, and what last went wrong.
    """
    found = readiness.checks(runtime)
    checks = [CheckOut(name=c.name, ok=c.ok, detail=c.detail, needed=c.needed) for c in found]
    draining = bool(getattr(request.app.state, "draining", False))
    checks.append(CheckOut(name="serving", ok=not draining, detail="stopping" if draining else "serving"))
    body = ReadyOut(ready=readiness.is_ready(found) and not draining, checks=checks)
    return JSONResponse(body.model_dump(), 200 if body.ready else 503)


@router.get("/metrics", response_class=Response)
def metrics(request: Request, runtime: RuntimeDep) -> Response:
    """Counters in Prometheus' text format."""
    counted: Metrics = request.app.state.metrics
    now = CollectorRegistry()
    gauge = Gauge("fathom_jobs", "Jobs by state.", ("state",), registry=now)
    with runtime.db.read() as session:
        for state, count in jobs.counts(session).items():
            gauge.labels(state).set(count)
        oldest, alive = (
            jobs.oldest_waiting(session),
            readiness.workers_alive(session, runtime.settings.worker),
        )
    Gauge("fathom_workers", "Workers that are alive.", registry=now).set(len(alive))
    waited_s = 0.0 if oldest is None else max(0.0, (utc_now() - oldest).total_seconds())
    Gauge("fathom_oldest_waiting_job_seconds", "Age of the job that waits longest.", registry=now).set(
        waited_s
    )
    body = generate_latest(counted.registry) + generate_latest(now)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
