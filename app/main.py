"""The web application: routes, guards and objects with the lifetime of the process."""

import gc
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.concurrency import run_in_threadpool

from app.admission import Queues, make_queues
from app.api import (
    answers,
    audit,
    certificates,
    collections,
    deletions,
    documents,
    feedback,
    golden,
    grants,
    health,
    jobs,
    lexicons,
    mcp,
    metrics,
    people,
    problems,
    reviews,
    search,
    signing_in,
    usage,
    webhooks,
)
from app.api.access import check_rules
from app.api.generation import make_hub
from app.api.guard import GuardMiddleware
from app.api.metering import count_request
from app.api.openai import router as openai
from app.api.overload import OverloadMiddleware
from app.background import BackgroundThread, background_threads
from app.composition.runtime import Parts, Runtime, build_runtime
from app.health_watch import Watch
from app.identity.gate import Gate
from app.library import readiness
from app.library.jobs import figures
from app.library.usage import Meter
from app.metrics import Metrics
from app.observability import RequestContextMiddleware
from app.settings.schema import Settings
from app.webhooks.delivery import Delivery, Postman

if TYPE_CHECKING:
    from app.identity.provider import Provider

DESCRIPTION = """Answers questions from your documents, each with the passages that it comes from.

Failures are `application/problem+json` with a stable `code` and a `hint`. Lists are paged by cursor. A POST
with an `Idempotency-Key` takes effect once, however often it is sent."""


def create_app(
    settings: Settings, parts: Parts | None = None, opened: Callable[[], Runtime] | None = None
) -> FastAPI:
    """The application for these settings; it opens the database when it starts, not here.

    Args:
        settings: What to serve.
        parts: Other ways to make the heavy parts, for tests.
        opened: Gives the runtime, where it is open already; the application closes it.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        runtime = await run_in_threadpool(opened or partial(build_runtime, settings, parts))
        app.state.runtime = runtime
        app.state.gate = gate = Gate(runtime.db) if settings.mode == "users" else None
        is_by_provider = gate is not None and bool(settings.sign_in.issuer)
        app.state.provider = await run_in_threadpool(_provider, settings) if is_by_provider else None
        app.state.queues = queues = make_queues(settings)
        app.state.streams = make_hub(queues.answers, settings)
        app.state.readiness = Watch(lambda: readiness.checks(runtime), "readiness")
        app.state.job_figures = Watch(lambda: figures(runtime.db, runtime.settings.worker), "job-figures")
        threading.Thread(target=_warm_up, args=(runtime,), name="warm-up", daemon=True).start()
        app.state.meter = meter = Meter(runtime.db)
        watchers = _watchers(runtime, queues)
        for thread in (*watchers, meter):
            thread.start()
        if gate is not None:
            gate.start()
        try:
            yield
        finally:
            app.state.draining = True
            app.state.readiness.close()
            app.state.job_figures.close()
            stops = [thread.stop for thread in watchers]
            closes = [*stops, app.state.streams.close, queues.close, meter.close]
            for close in [*closes, *([gate.close] if gate is not None else []), runtime.close]:
                await run_in_threadpool(close)

    app = FastAPI(
        title="Fathom",
        version=metadata.version("fathom"),
        description=DESCRIPTION,
        lifespan=lifespan,
        # These pages load scripts from other servers; the description itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
    )
    app.state.metrics, app.state.draining = Metrics(), False
    for router in (_versioned(), openai.router, mcp.router, health.router, metrics.router):
        app.include_router(router)
    check_rules(app)
    app.state.route_paths = {id(one.original_route): one.path for one in iter_route_contexts(app.routes)}
    problems.install(app)
    app.add_middleware(OverloadMiddleware)
    app.add_middleware(GuardMiddleware, settings=settings)
    app.add_middleware(RequestContextMiddleware, metrics=app.state.metrics, ended=count_request)
    return app


def _provider(settings: Settings) -> "Provider":
    """The sign-in provider; its libraries take a third of a second to load, so that only servers with one do it."""
    from app.identity.provider import Provider

    return Provider(settings.sign_in)


def _watchers(runtime: Runtime, queues: Queues) -> list[Postman | BackgroundThread]:
    """The threads beside the requests, each with `start` and `stop`."""
    postman = Postman(Delivery(db=runtime.db, settings=runtime.settings.webhooks))
    return [postman, *background_threads(runtime, queues)]


def _versioned() -> APIRouter:
    router = APIRouter(prefix="/v1")
    # Routes are tried in this order: the two that crowds call come first, so that a refusal costs least.
    for part in (
        search, answers, collections, documents, jobs, reviews, deletions, certificates, lexicons, audit, grants,
        people, signing_in, usage, feedback, golden, webhooks,
    ):  # fmt: skip
        router.include_router(part.router)
    return router


def _warm_up(runtime: Runtime) -> None:
    """Load all models, and let garbage collections pass over all that is there by then.

    A collection of everything stops every thread for 0.3 s, most of it spent on modules and models that stay.
    """
    runtime.warm_up()
    gc.collect()
    gc.freeze()
