"""The worker: takes jobs from the database, keeps their leases alive, and leaves nothing half done.

It holds no state of its own. Killed at any moment, its jobs are taken up when their leases run out; told to
stop, it gives them back at once. A document that fails is recorded and the next one is taken. A fault of its own,
whatever it is, is waited out and tried again; one that stays ends the process, whose supervisor starts it anew.
"""

import contextlib
import logging
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from types import FrameType

from sqlalchemy.orm import Session

from app import tracing
from app.composition.runtime import Runtime
from app.db import jobs, observing, workers
from app.db.types import utc_now
from app.db.views import LeasedJob
from app.errors import LeaseLostError, UnavailableError, describe
from app.faults import machine_fault
from app.intake import ingesting, reembedding
from app.lease import Lease, StoppedError
from app.library import sweeping
from app.metrics import JOB_WAITS, WorkerFigures
from app.observability import working_for
from app.turns import Turn, Turns
from ingestion.config import ParsingLimits
from ingestion.parser_process import ParserProcess
from ingestion.types import Document, KeepMember, Parser, Source

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 3600.0
PLAN_EVERY_S = 600.0
STOP_WAIT_S = 5.0
FAULTS_IN_A_ROW = 6
"""Faults of the worker itself, without a job between them, after which its process ends."""
MAX_FAULT_WAIT_S = 30.0
BESIDE = 2  # documents that are begun while others take long, beside those that are worked on at once


class _ParserAway:
    """A parser process whose work is away: who waits for it for long lets others have the turn."""

    def __init__(self, process: ParserProcess, turn: Turn) -> None:
        self._process = process
        self._turn = turn

    def parse(self, source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
        """Parse a file; see `ParserProcess.parse`."""
        with self._turn.away():
            return self._process.parse(source, limits, keep)


class Worker:
    """Runs jobs until `stop`; one instance a process.

    Attributes:
        fault: Why it ended without being told to, or None.
    """

    def __init__(self, runtime: Runtime) -> None:
        """Work for the runtime's database."""
        self._runtime = runtime
        self._settings = runtime.settings.worker
        self._stopping = threading.Event()
        self._held: dict[str, LeasedJob] = {}
        self._begun: dict[str, float] = {}
        self._turns = Turns(self._settings.concurrency, self._stopping.is_set)
        self._vector_model: str | None = None
        self._failure: tuple[dict[str, str], datetime] | None = None
        self._figures = WorkerFigures()
        self.fault: Exception | None = None
        self.owner = f"{socket.gethostname()}:{os.getpid()}"

    def run(self) -> bool:
        """Take and run jobs until stopped, or until a fault of the worker lasts; see `fault`.

        Returns:
            True where every thread has ended; False where one is still inside a model. Its job is given
            back nevertheless: whatever it would write is refused by its fence.
        """
        at_once = self._settings.concurrency
        threads = [
            threading.Thread(
                target=self._loop, args=(number >= at_once,), name=f"worker-{number}", daemon=True
            )
            for number in range(at_once + BESIDE)
        ]
        for thread in threads:
            thread.start()
        logger.info("ready for documents", extra={"worker": self.owner, "at_once": at_once})
        now_and_then = {
            self._tell_alive: self._settings.heartbeat_s,
            self.plan: PLAN_EVERY_S,
            self._sweep: SWEEP_EVERY_S,
        }
        done_at = dict.fromkeys(now_and_then, -math.inf)
        while not self._stopping.wait(self._settings.poll_s):
            for task, every_s in now_and_then.items():
                if time.monotonic() - done_at[task] > every_s and not self._stopping.is_set():
                    done_at[task] = time.monotonic()
                    self._attempt(task)
            alive = all(thread.is_alive() for thread in threads)
            if not alive and not self._stopping.is_set():
                self._end_by(RuntimeError("a thread of the worker is gone"))
        deadline = time.monotonic() + STOP_WAIT_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for job in list(self._held.values()):
            self._attempt(partial(self._give_back, job, count_attempt=False))
        self._attempt(self._tell_stopped if self.fault is None else self._tell_alive)
        return not any(thread.is_alive() for thread in threads)

    def stop(self) -> None:
        """Take no more jobs and return the running ones."""
        self._stopping.set()

    def plan(self) -> None:
        """Queue re-embedding of documents without vectors by the encoder in use, and run such jobs from now on."""
        try:
            count = reembedding.plan(self._runtime.db, self._runtime.encoder_id)
        except UnavailableError:
            logger.warning("what waits for vectors can't be told; it is tried again later", exc_info=True)
            return
        self._vector_model = self._runtime.encoder_id
        if count:
            logger.info("documents are embedded anew", extra={"documents": count, "by": self._vector_model})

    def run_pending(self) -> int:
        """Run jobs until none is left to take; gives their number."""
        count = 0
        with ParserProcess() as parser:
            while not self._stopping.is_set() and self.run_one(parser):
                count += 1
        if count:
            self._write_down(lambda _: None)
        return count

    def run_one(
        self, parser: Parser | None = None, turn: Turn | None = None, *, small_first: bool = False
    ) -> bool:
        """Take a job and run it to its end; gives False where there was nothing to do.

        Args:
            parser: A warm parser process; without one another is started for the document.
            turn: The turn that it works in, where several share the machine.
            small_first: Take the smallest document that waits, not the oldest.
        """
        with self._runtime.db.write() as session:
            job = jobs.claim(
                session,
                self.owner,
                utc_now(),
                self._settings.lease_s,
                self._settings.max_attempts,
                self._vector_model,
                small_first=small_first,
            )
        if job is None:
            return False
        if job.attempts == 1 and job.queued_at is not None:
            waited = max(0.0, (utc_now() - job.queued_at).total_seconds())
            self._figures.observe(JOB_WAITS, {"kind": job.kind}, waited)
        with (
            working_for(job.request_id),
            tracing.span(f"job {job.kind}", kind="CONSUMER", linked=job.traceparent) as traced,
        ):
            outcome = self._run(job, parser, turn)
            traced.set(
                job=job.id,
                document=job.document_id,
                collection=job.collection_id,
                attempt=job.attempts,
                request_id=job.request_id or None,
                outcome=outcome,
            )
            if outcome.startswith("failed"):
                traced.failed(outcome.removeprefix("failed: "))
        return True

    def _run(self, job: LeasedJob, parser: Parser | None, turn: Turn | None) -> str:
        started = time.monotonic()
        self._held[job.id], self._begun[job.id] = job, started
        try:
            with Lease(self._runtime, job, self._stopping, self._figures, turn) as lease:
                outcome = self._execute(job, lease, parser)
        finally:
            self._held.pop(job.id, None)
            self._begun.pop(job.id, None)
        self._figures.ended(job.kind, outcome)
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
        return outcome

    def _execute(self, job: LeasedJob, lease: Lease, parser: Parser | None) -> str:
        try:
            if job.kind == jobs.REEMBED:
                reembedding.run_job(self._runtime, job, lease.report)
            else:
                ingesting.run_job(self._runtime, job, lease.report, parser)
        except LeaseLostError:
            return "lease lost"
        except StoppedError:
            return self._give_back(job, count_attempt=False)
        except Exception as error:
            if machine_fault(error) == "database_damaged":
                raise  # nothing of it is the document's doing, and nothing could be recorded
            return self._after_error(job, error)
        return "done"

    def _after_error(self, job: LeasedJob, error: Exception) -> str:
        """Record the result of a failed job; raises the database's error if that is the cause."""
        failure = describe(error)
        if failure.status >= 500:
            logger.error("job failed", extra={"job": job.id, "kind": job.kind}, exc_info=error)
        again = ingesting.is_transient(error) or machine_fault(error) is not None
        try:
            if again and job.attempts < self._settings.max_attempts:
                return self._give_back(job, count_attempt=True)
            ingesting.record_failure(self._runtime.db, job, failure.info)
        except LeaseLostError:
            return "lease lost"
        except Exception as second:
            if machine_fault(second) is None:
                raise
            # The database is away: the lease runs out and the job is taken up again.
            return "left to its lease"
        return f"failed: {failure.code}"

    def _give_back(self, job: LeasedJob, *, count_attempt: bool) -> str:
        wait = timedelta(seconds=jobs.wait_s(job.attempts) if count_attempt else 0.0)
        try:
            with self._runtime.db.write() as session:
                jobs.give_back(session, job, utc_now() + wait, count_attempt=count_attempt)
        except LeaseLostError:
            return "lease lost"
        return "given back"

    def _loop(self, beside: bool) -> None:
        """Take jobs in turns; `beside` others, small documents first, while these are at theirs for long."""
        faults = 0
        while not self._stopping.is_set():
            try:
                turn = Turn(self._turns, self._settings.turn_s)
                with ParserProcess() as process:
                    parser = _ParserAway(process, turn)
                    while not self._stopping.is_set():
                        busy = (self._takes_long() or not beside) and self._take_turn(turn, parser, beside)
                        faults = 0
                        if not busy:
                            if beside:
                                process.close()  # rarely needed; the next file starts another
                            self._stopping.wait(self._settings.poll_s)
            except Exception as error:  # noqa: BLE001 - a thread that ended here would leave a process that does nothing
                faults += 1
                self._note_fault(error)
                # One that is locked or away comes back; anything else may only go with this process.
                passes = machine_fault(error) not in {None, "database_damaged"}
                if faults >= FAULTS_IN_A_ROW and not passes:
                    self._end_by(error)
                    return
                self._stopping.wait(min(self._settings.poll_s * 2**faults, MAX_FAULT_WAIT_S))

    def _attempt(self, task: Callable[[], object]) -> None:
        """Run a task beside the jobs; an error is recorded, and the task runs again at its next time."""
        try:
            task()
        except Exception as error:  # noqa: BLE001 - it must not end the thread that watches the others
            self._note_fault(error)

    def _note_fault(self, error: Exception) -> None:
        failure = describe(error)
        message = failure.message if failure.code != "internal_error" else type(error).__name__
        self._failure = ({"code": failure.code, "message": message}, utc_now())
        logger.warning("a fault of the worker; it tries again", extra={"code": failure.code}, exc_info=error)

    def _end_by(self, error: Exception) -> None:
        logger.error("the worker ends: a fault stays", exc_info=error)
        self.fault = self.fault or error
        self._stopping.set()

    def _tell_alive(self) -> None:
        failure, failed_at = self._failure or (None, None)
        self._write_down(lambda session: workers.seen(session, self.owner, utc_now(), failure, failed_at))

    def _tell_stopped(self) -> None:
        self._write_down(lambda session: workers.stopped(session, self.owner))

    def _write_down(self, told: Callable[[Session], None]) -> None:
        """Write the counts since the last time, with a sign of life or of the end."""
        counts = self._figures.take()
        try:
            with self._runtime.db.write() as session:
                told(session)
                observing.add_tallies(session, counts)
        except BaseException:
            self._figures.give_back(counts)
            raise

    def _takes_long(self) -> bool:
        """Whether a document is in work for longer than a turn."""
        now = time.monotonic()
        return any(now - begun >= self._settings.turn_s for begun in list(self._begun.values()))

    def _take_turn(self, turn: Turn, parser: "_ParserAway", beside: bool) -> bool:
        if not turn.begin():
            return False
        try:
            return self.run_one(parser, turn, small_first=beside)
        finally:
            turn.end()

    def _sweep(self) -> None:
        sweeping.sweep(self._runtime.db, self._runtime.blobs, self._runtime.settings)


def run_until_signal(runtime: Runtime) -> int:
    """Work until SIGINT or SIGTERM, give jobs back, and close the runtime; for the main thread only.

    Returns:
        0, or the exit code of the fault that ended the worker.
    """
    worker = Worker(runtime)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    try:
        ended = worker.run()
    finally:
        with contextlib.suppress(Exception):  # what can't be closed goes with the process
            runtime.close()
    status = 0 if worker.fault is None else describe(worker.fault).exit_code
    if not ended:
        # A thread inside native code would abort the interpreter's orderly end; nothing is left to do.
        logging.shutdown()
        os._exit(status)
    return status
