"""Metrics: counted in each process, those of workers added up in the database, and shown by the server together.

A worker has no interface. What it counts (`WorkerFigures`) goes into the table of tallies with its heartbeat, so that
`/metrics` of any server has the sums of all workers, also of those that have ended.
"""

import threading
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from app.db.observing import Counter as Tallied

JOB_STAGES: Final = "fathom_job_stage_seconds"
JOB_WAITS: Final = "fathom_job_wait_seconds"
JOBS_ENDED: Final = "fathom_jobs_ended"
_JOB_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_STAGE_BUCKETS: Final = (0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_HISTOGRAMS: Final = {
    JOB_STAGES: ("Seconds of a job in a stage, without the turns of others.", ("kind", "stage")),
    JOB_WAITS: ("Seconds from queueing a job to its first attempt.", ("kind",)),
}
_COUNTERS: Final = {JOBS_ENDED: ("Attempts at jobs, by how they ended.", ("kind", "outcome"))}
_SUM: Final = "sum"


class Metrics:
    """Counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        """All at zero."""
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "fathom_http_requests", "Requests.", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "fathom_http_request_seconds",
            "Seconds from the first byte of a request to the last of its reply.",
            ("method", "route"),
            registry=registry,
            buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        )
        self.answers = Counter(
            "fathom_answers",
            "Answers by outcome (answered, refused, cancelled, failed), refusals with their reason.",
            ("outcome", "reason"),
            registry=registry,
        )
        self.answer_stages = Histogram(
            "fathom_answer_stage_seconds",
            "Seconds of an answer in a stage; total is the whole, first_token from its begin to its first text.",
            ("stage",),
            registry=registry,
            buckets=_STAGE_BUCKETS,
        )
        self.answer_tokens = Counter(
            "fathom_answer_tokens",
            "Tokens that answers were made from (found, read) and of answers (written).",
            ("kind",),
            registry=registry,
        )
        self.search_stages = Histogram(
            "fathom_search_stage_seconds",
            "Seconds of a search, which is not for an answer, in a stage.",
            ("stage",),
            registry=registry,
            buckets=_STAGE_BUCKETS,
        )

    def answer(
        self, outcome: str, reason: str, stages_ms: Mapping[str, float], tokens: Mapping[str, int]
    ) -> None:
        """Count an answer with the milliseconds of its stages, and its tokens by kind."""
        self.answers.labels(outcome, reason).inc()
        for stage, spent in stages_ms.items():
            self.answer_stages.labels(stage).observe(spent / 1000)
        for kind, number in tokens.items():
            self.answer_tokens.labels(kind).inc(number)

    def search(self, stages_ms: Mapping[str, float]) -> None:
        """Count a search with the milliseconds of its stages."""
        for stage, spent in stages_ms.items():
            self.search_stages.labels(stage).observe(spent / 1000)


class WorkerFigures:
    """Counts of a worker since its last write to the database; safe to use from many threads."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._counts: Counts[Tallied] = Counts()
        self._lock = threading.Lock()

    def observe(self, name: str, labels: Mapping[str, str], seconds: float) -> None:
        """Add a duration to a histogram."""
        place = bisect_left(_JOB_BUCKETS, seconds)
        bound = "+Inf" if place == len(_JOB_BUCKETS) else repr(_JOB_BUCKETS[place])
        with self._lock:
            self._counts[name, (*labels.items(), ("le", bound))] += 1
            self._counts[name, (*labels.items(), ("le", _SUM))] += seconds  # type: ignore[assignment]

    def ended(self, kind: str, outcome: str) -> None:
        """Count the end of an attempt at a job."""
        with self._lock:
            self._counts[JOBS_ENDED, (("kind", kind), ("outcome", outcome.partition(":")[0]))] += 1

    def take(self) -> dict[Tallied, float]:
        """Everything counted since the last call."""
        with self._lock:
            taken, self._counts = self._counts, Counts()
        return dict(taken)

    def give_back(self, taken: Mapping[Tallied, float]) -> None:
        """Take back counts that could not be written."""
        with self._lock:
            for key, value in taken.items():
                self._counts[key] += value  # type: ignore[assignment]


def of_workers(tallies: Mapping[Tallied, float]) -> Iterable[Metric]:
    """The sums of all workers, as metrics."""
    for name, (text, labels) in _HISTOGRAMS.items():
        family = HistogramMetricFamily(name, text, labels=labels)
        for values, bounds in _grouped(tallies, name).items():
            counts = [bounds.get(repr(bound), 0.0) for bound in _JOB_BUCKETS] + [bounds.get("+Inf", 0.0)]
            so_far, buckets = 0.0, []
            for bound, count in zip([*map(repr, _JOB_BUCKETS), "+Inf"], counts, strict=True):
                so_far += count
                buckets.append((bound, so_far))
            family.add_metric(values, buckets, bounds.get(_SUM, 0.0))
        yield family
    for name, (text, labels) in _COUNTERS.items():
        counter = CounterMetricFamily(name, text, labels=labels)
        for (told, pairs), value in tallies.items():
            if told == name:
                counter.add_metric([label for _, label in pairs], value)
        yield counter


def _grouped(tallies: Mapping[Tallied, float], name: str) -> dict[tuple[str, ...], dict[str, float]]:
    """Values of a histogram's bounds, by its other labels."""
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for (told, labels), value in tallies.items():
        if told == name:
            *others, (_, bound) = labels
            found.setdefault(tuple(label for _, label in others), {})[bound] = value
    return found
