"""The metrics of the server, the queue and the workers, in Prometheus' text format."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from app.admission import Queues
from app.api.access import Rule, RuledRoute, ruled
from app.composition.runtime import Runtime
from app.health_watch import NoLookError, Watch
from app.library.jobs import Figures
from app.metrics import Metrics, of_workers

router = APIRouter(tags=["health"], route_class=RuledRoute)

METRICS_EXAMPLE = """# HELP fathom_workers Workers that are alive.
# TYPE fathom_workers gauge
fathom_workers 1.0
"""
METRICS_DOC: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"example": METRICS_EXAMPLE}}}
}


@router.get("/metrics", response_class=Response, responses=METRICS_DOC)
@ruled(Rule(scope="metrics", local=True))
async def metrics(request: Request) -> Response:
    """Counters in Prometheus' text format: of this server, and of the queue and all workers.

    Needs no key from this machine itself, else an administrator's with the scope `metrics`.
    """
    counted: Metrics = request.app.state.metrics
    found = [*_of_process(request.app.state.runtime, request.app.state.queues)]
    watch: Watch[Figures] = request.app.state.job_figures
    with suppress(NoLookError, SQLAlchemyError):  # the rest is told without them
        found += _of_queue(await watch.latest())
    now = CollectorRegistry()
    now.register(_Told(found))
    body = generate_latest(counted.registry) + generate_latest(now)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


class _Told(Collector):
    """Gives metrics that are there already."""

    def __init__(self, told: Iterable[Metric]) -> None:
        self._told = told

    def collect(self) -> Iterable[Metric]:
        return self._told


def _of_process(runtime: Runtime, queues: Queues) -> Iterable[Metric]:
    work = GaugeMetricFamily(
        "fathom_work", "Requests in work and waiting, by kind.", labels=("kind", "state")
    )
    for kind, queue in queues.by_name().items():
        work.add_metric((kind, "running"), queue.running)
        work.add_metric((kind, "waiting"), queue.waiting)
    models = GaugeMetricFamily("fathom_model_loaded", "Whether a model is loaded.", labels=("model",))
    for name, is_made, _ in runtime.model_states():
        models.add_metric((name,), is_made)
    entries = GaugeMetricFamily("fathom_cache_entries", "Entries of a cache.", labels=("cache",))
    lookups = CounterMetricFamily("fathom_cache_lookups", "Look-ups in a cache.", labels=("cache", "result"))
    for name, (kept, hits, misses) in runtime.cache_counts().items():
        entries.add_metric((name,), kept)
        lookups.add_metric((name, "hit"), hits)
        lookups.add_metric((name, "miss"), misses)
    opened, embedded, chunks = runtime.index_sizes()
    yield from (work, models, entries, lookups)
    yield GaugeMetricFamily("fathom_open_collections", "Collections whose indexes are open.", opened)
    index = GaugeMetricFamily("fathom_index_chunks", "Chunks in open indexes.", labels=("index",))
    index.add_metric(("dense",), embedded)
    index.add_metric(("lexical",), chunks)
    yield index


def _of_queue(figures: Figures) -> Iterable[Metric]:
    jobs = GaugeMetricFamily("fathom_jobs", "Jobs by kind and state.", labels=("kind", "state"))
    for (kind, state), count in figures.counts.items():
        jobs.add_metric((kind, state), count)
    waiting = GaugeMetricFamily(
        "fathom_oldest_waiting_job_seconds", "Age of the job that waits longest.", labels=("kind",)
    )
    running = GaugeMetricFamily(
        "fathom_oldest_running_job_seconds",
        "Seconds since the running job that began first was begun.",
        labels=("kind",),
    )
    for family, ages in ((waiting, figures.waiting_s), (running, figures.running_s)):
        for kind, age in ages.items():
            family.add_metric((kind,), age)
    yield from (jobs, waiting, running)
    yield GaugeMetricFamily("fathom_workers", "Workers that are alive.", figures.alive)
    silent = GaugeMetricFamily(
        "fathom_worker_silent_seconds", "Seconds since the last sign of life of any worker."
    )
    if figures.silent_s is not None:
        silent.add_metric((), figures.silent_s)
    yield silent
    faulty = [worker for worker in figures.workers if worker.failure is not None]
    yield GaugeMetricFamily(
        "fathom_faulty_workers", "Workers seen lately that had a fault of their own.", len(faulty)
    )
    yield GaugeMetricFamily("fathom_erasures_pending", "Erasures that are left to do.", figures.erasures)
    yield from of_workers(figures.tallies)
