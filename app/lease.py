"""A job in work: its progress, the thread that keeps its lease alive, and the time that its stages take."""

import logging
import threading
import time

from app import tracing
from app.composition.runtime import Runtime
from app.db import jobs
from app.db.types import utc_now
from app.db.views import LeasedJob
from app.errors import LeaseLostError
from app.metrics import JOB_STAGES, WorkerFigures
from app.turns import Turn

logger = logging.getLogger(__name__)

PROGRESS_EVERY_S = 0.5


class StoppedError(Exception):
    """Raised when the worker must stop: the job returns to the queue."""


class Lease:
    """A job in work: its progress, a thread that renews the lease, and the time that its stages take."""

    def __init__(
        self,
        runtime: Runtime,
        job: LeasedJob,
        stopping: threading.Event,
        figures: WorkerFigures,
        turn: Turn | None = None,
    ) -> None:
        """Hold `job` until the block ends.

        Args:
            runtime: Database and settings.
            job: As it was claimed.
            stopping: Set where the worker must stop.
            figures: Where the seconds of each stage are counted.
            turn: The turn that it works in, where several share the machine.
        """
        self.job = job
        self._figures = figures
        self._since = time.monotonic()
        self._runtime = runtime
        self._settings = runtime.settings.worker
        self._stopping = stopping
        self._turn = turn
        self._progress = (job.stage, 0, 0)
        self._written = self._progress
        self._ended = threading.Event()
        self._changed = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._keep, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._count_stage()
        self._ended.set()
        self._changed.set()
        self._thread.join()

    def report(self, stage: str, done: int, total: int) -> None:
        """Record progress, and let other jobs run if this document has taken long.

        Raises:
            LeaseLostError: Another worker has the job; what is made here would be refused.
            StoppedError: The worker is told to stop.
        """
        self._check()
        if stage != self._progress[0]:
            self._count_stage()
        self._progress = (stage, done, total)
        self._changed.set()
        if self._turn is not None:
            begun = time.monotonic()
            self._turn.pause_if_long()
            self._since += time.monotonic() - begun  # the turns of others are not its own time
            self._check()

    def _count_stage(self) -> None:
        labels, now = {"kind": self.job.kind, "stage": self._progress[0]}, time.monotonic()
        self._figures.observe(JOB_STAGES, labels, now - self._since)
        tracing.stage_of(f"job.{self._progress[0]}", now - self._since)
        self._since = now

    def _check(self) -> None:
        if self._lost:
            raise LeaseLostError(self.job.id)
        if self._stopping.is_set():
            raise StoppedError

    def _keep(self) -> None:
        beat = time.monotonic()
        while not self._ended.is_set():
            self._changed.wait(self._settings.heartbeat_s)
            self._changed.clear()
            if self._ended.is_set():
                return
            due = time.monotonic() - beat >= self._settings.heartbeat_s
            if not due and self._progress == self._written:
                continue
            try:
                self._beat()
                beat = time.monotonic()
            except LeaseLostError:
                self._lost = True
                return
            except Exception:
                # The lease outlives some missed heartbeats; the next one may come through.
                logger.warning("heartbeat failed", extra={"job": self.job.id}, exc_info=True)
            self._ended.wait(PROGRESS_EVERY_S)

    def _beat(self) -> None:
        progress = self._progress
        with self._runtime.db.write() as session:
            jobs.heartbeat(session, self.job, utc_now(), self._settings.lease_s, progress)
        self._written = progress
