"""Liveness and readiness; unversioned, for machines that watch."""

from importlib import metadata

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.api.access import RuledRoute, open_to_all
from app.health_watch import NoLookError, Watch
from app.library import readiness
from app.library.readiness import Check
from app.schemas.health import CheckOut, LiveOut, ReadyOut

router = APIRouter(tags=["health"], route_class=RuledRoute)


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
