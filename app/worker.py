"""The worker: takes jobs from the database, keeps their leases alive, and leaves nothing half done.

It holds no state of its own. Killed at any moment, its jobs are taken up when their leases run out; told to
stop, it gives them back at once. A document that fails is recorded and the next one is taken.
"""

import logging
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Collection
from datetime import timedelta
from types import FrameType

from sqlalchemy.exc import OperationalError

from app.db import documents, jobs
from app.db.jobs import Job
from app.db.types import utc_now
from app.errors import LeaseLostError, UnavailableError, describe
from app.runtime import Runtime
from app.services import ingesting, reembedding
from ingestion.parser_process import ParserProcess

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 3600.0
SWEEP_AGE_S = 3600.0
PLAN_EVERY_S = 600.0
PROGRESS_EVERY_S = 0.5
STOP_WAIT_S = 5.0


class StoppedError(Exception):
    """The worker is told to stop: the job goes back into the queue."""


class _Lease:
    """A job in work: its progress, and a thread that renews the lease."""

    def __init__(self, runtime: Runtime, job: Job, stopping: threading.Event) -> None:
        self.job = job
        self._runtime = runtime
        self._settings = runtime.settings.worker
        self._stopping = stopping
        self._progress = (job.stage, 0, 0)
        self._written = self._progress
        self._ended = threading.Event()
        self._changed = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._keep, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> "_Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._changed.set()
        self._thread.join()

    def report(self, stage: str, done: int, total: int) -> None:
        """Note progress.

        Raises:
            LeaseLostError: Another worker has the job; what is made here would be refused.
            StoppedError: The worker is told to stop.
        """
        if self._lost:
            raise LeaseLostError(self.job.id)
        if self._stopping.is_set():
            raise StoppedError
        self._progress = (stage, done, total)
        self._changed.set()

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
            except OperationalError:
                # The lease outlives some missed heartbeats; the next one may come through.
                logger.warning("heartbeat failed", extra={"job": self.job.id}, exc_info=True)
            self._ended.wait(PROGRESS_EVERY_S)

    def _beat(self) -> None:
        progress = self._progress
        with self._runtime.db.write() as session:
            jobs.heartbeat(session, self.job, utc_now(), self._settings.lease_s, progress)
        self._written = progress


class Worker:
    """Runs jobs until `stop`; one instance a process."""

    def __init__(self, runtime: Runtime) -> None:
        """Work for the runtime's database."""
        self._runtime = runtime
        self._settings = runtime.settings.worker
        self._stopping = threading.Event()
        self._held: dict[str, Job] = {}
        self._vector_model: str | None = None
        self.owner = f"{socket.gethostname()}:{os.getpid()}"

    def run(self) -> bool:
        """Take and run jobs until told to stop.

        Returns:
            True where every thread has ended; False where one is still inside a model. Its job is given
            back nevertheless: whatever it would write is refused by its fence.
        """
        threads = [
            threading.Thread(target=self._loop, name=f"worker-{number}", daemon=True)
            for number in range(self._settings.concurrency)
        ]
        for thread in threads:
            thread.start()
        logger.info("ready for documents", extra={"worker": self.owner, "at_once": len(threads)})
        swept = planned = -math.inf
        while not self._stopping.wait(self._settings.poll_s):
            if time.monotonic() - planned > PLAN_EVERY_S:
                planned = time.monotonic()
                self.plan()
            if time.monotonic() - swept > SWEEP_EVERY_S:
                swept = time.monotonic()
                self._sweep()
        deadline = time.monotonic() + STOP_WAIT_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for job in list(self._held.values()):
            self._give_back(job, count_attempt=False)
        return not any(thread.is_alive() for thread in threads)

    def stop(self) -> None:
        """Take no more jobs and give back those in work."""
        self._stopping.set()

    def plan(self) -> None:
        """Queue what has no vectors by the encoder in use, and take such jobs from now on."""
        try:
            count = reembedding.plan(self._runtime)
        except (OperationalError, UnavailableError):
            logger.warning("what waits for vectors can't be told; it is tried again later", exc_info=True)
            return
        self._vector_model = self._runtime.encoder_id
        if count:
            logger.info("documents are embedded anew", extra={"documents": count, "by": self._vector_model})

    def run_pending(self) -> int:
        """Run jobs until none is left to take.

        Returns:
            Number of jobs run.
        """
        count = 0
        with ParserProcess() as parser:
            while not self._stopping.is_set() and self.run_one(parser):
                count += 1
        return count

    def run_one(self, parser: ParserProcess | None = None) -> bool:
        """Take a job and run it to its end.

        Args:
            parser: A warm parser process; without one another is started for the document.

        Returns:
            False where there was nothing to do.
        """
        with self._runtime.db.write() as session:
            job = jobs.claim(
                session,
                self.owner,
                utc_now(),
                self._settings.lease_s,
                self._settings.max_attempts,
                self._vector_model,
            )
        if job is None:
            return False
        started = time.monotonic()
        self._held[job.id] = job
        try:
            with _Lease(self._runtime, job, self._stopping) as lease:
                outcome = self._execute(job, lease, parser)
        finally:
            self._held.pop(job.id, None)
        logger.info(
            "job ended",
            extra={
                "job": job.id,
                "document": job.document_id,
                "kind": job.kind,
                "outcome": outcome,
                "attempt": job.attempts,
                "seconds": round(time.monotonic() - started, 3),
            },
        )
        return True

    def _execute(self, job: Job, lease: _Lease, parser: ParserProcess | None) -> str:
        try:
            if job.kind == jobs.REEMBED:
                reembedding.run_job(self._runtime, job, lease.report)
            else:
                ingesting.run_job(self._runtime, job, lease.report, parser)
        except LeaseLostError:
            return "lease lost"
        except StoppedError:
            return self._give_back(job, count_attempt=False)
        except Exception as error:  # noqa: BLE001 - any failure of a document is recorded on it
            return self._after_error(job, error)
        return "done"

    def _after_error(self, job: Job, error: Exception) -> str:
        failure = describe(error)
        if failure.status >= 500:
            logger.error("job failed", extra={"job": job.id, "kind": job.kind}, exc_info=error)
        again = ingesting.is_transient(error) or isinstance(error, OperationalError)
        try:
            if again and job.attempts < self._settings.max_attempts:
                return self._give_back(job, count_attempt=True)
            ingesting.record_failure(self._runtime, job, failure.info)
        except LeaseLostError:
            return "lease lost"
        except OperationalError:
            # The database is away: the lease runs out and the job is taken up again.
            return "left to its lease"
        return f"failed: {failure.code}"

    def _give_back(self, job: Job, *, count_attempt: bool) -> str:
        wait = timedelta(seconds=jobs.wait_s(job.attempts) if count_attempt else 0.0)
        try:
            with self._runtime.db.write() as session:
                jobs.give_back(session, job, utc_now() + wait, count_attempt=count_attempt)
        except LeaseLostError:
            return "lease lost"
        return "given back"

    def _loop(self) -> None:
        with ParserProcess() as parser:
            while not self._stopping.is_set():
                try:
                    busy = self.run_one(parser)
                except OperationalError:
                    logger.warning("the database does not answer; trying again", exc_info=True)
                    busy = False
                if not busy:
                    self._stopping.wait(self._settings.poll_s)

    def _sweep(self) -> None:
        def in_use(hashes: Collection[str]) -> set[str]:
            with self._runtime.db.read() as session:
                return documents.known_blobs(session, hashes)

        try:
            self._runtime.blobs.sweep(in_use, older_than_s=SWEEP_AGE_S)
        except (OSError, OperationalError):
            logger.warning("clean-up of stored files failed; it is tried again later", exc_info=True)


def run_until_signal(runtime: Runtime) -> None:
    """Work until SIGINT or SIGTERM, give jobs back, and close the runtime; for the main thread only."""
    worker = Worker(runtime)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    try:
        ended = worker.run()
    finally:
        runtime.close()
    if not ended:
        # A thread inside native code would abort the interpreter's orderly end; nothing is left to do.
        logging.shutdown()
        os._exit(0)
