"""Files recorded and worked on in this process until none is left, and a summary of the result.

Other workers on the same home may take part. Interrupted, the rest stays queued for the next time.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.db import jobs
from app.db import local_files as rows
from app.db.engine import Database
from app.db.local_files import RunningJob
from app.intake.coverage import warnings_of
from app.intake.local_files import LocalFile, RecordedFiles, record_files
from app.intake.parts import RecordParts
from app.library import documents
from ingestion.parser_process import ParserProcess
from ingestion.types import Parser

POLL_S = 0.2
MOST_POLL_S = 1.0


class JobRunner(Protocol):
    """A worker: it runs jobs one by one."""

    def run_one(self, parser: Parser | None = None) -> bool:
        """Take a job and run it to its end; gives False where there was nothing to do."""

    def stop(self) -> None:
        """Give the job in work back; safe to call from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainProgress:
    """The state of the queue.

    Attributes:
        done: Jobs of the collection that have ended since the start.
        total: Jobs that were open at the start.
        running: A job that is in work, None where none is.
    """

    done: int
    total: int
    running: RunningJob | None


def ingest_files(
    parts: RecordParts,
    collection_id: str,
    files: Sequence[LocalFile],
    worker: JobRunner,
    *,
    mirror: bool = False,
    retry_failed: bool = False,
    on_file: Callable[[LocalFile], None],
    on_progress: Callable[[DrainProgress], None],
) -> dict[str, Any]:
    """Record files, and run jobs until the collection has none left.

    Args:
        parts: Database, stored files, index files and settings.
        collection_id: An existing collection.
        files: From `files_under`.
        worker: Runs the jobs, in a thread of its own; it is stopped at the end.
        mirror: Delete documents that have no file any more.
        retry_failed: Queue unchanged documents again that failed before.
        on_file: Told each file when it has been looked at.
        on_progress: Told the state of the queue, five times a second at first, then once.

    Returns:
        Counts, seconds, speed, and the failed and warned documents with reason and hint.
    """
    began = time.monotonic()
    recorded = record_files(
        parts, collection_id, files, mirror=mirror, retry_failed=retry_failed, on_file=on_file
    )
    if recorded.queued:
        drain(parts.db, collection_id, worker, on_progress)
    return _summary(parts.db, parts.settings.limits.min_coverage, recorded, time.monotonic() - began)


def drain(
    db: Database, collection_id: str, worker: JobRunner, on_progress: Callable[[DrainProgress], None]
) -> None:
    """Run jobs until the collection has none left; the worker's own fault is raised here."""
    with db.read() as session:
        total = jobs.pending(session, [collection_id])
    ended, faults = threading.Event(), list[Exception]()
    thread = threading.Thread(target=_run_jobs, args=(worker, ended, faults), name="ingest", daemon=True)
    thread.start()
    try:
        left = total
        began = time.monotonic()
        while left and thread.is_alive():
            ended.wait(poll_s(time.monotonic() - began))
            with db.read() as session:
                left = jobs.pending(session, [collection_id])
                running = rows.running(session, collection_id)
            on_progress(DrainProgress(done=total - left, total=total, running=running))
    finally:
        ended.set()
        worker.stop()  # a job in work goes back into the queue
        thread.join()
    if faults:  # of the worker itself, or of the database; a document's fault is recorded with it
        raise faults[0]


def poll_s(elapsed_s: float) -> float:
    """Seconds until the next look at the queue: each costs milliseconds of processor time, which long work feels.

    Args:
        elapsed_s: Seconds since the start; the end of work is seen a twentieth of them late at most.
    """
    return max(POLL_S, min(MOST_POLL_S, elapsed_s / 20))


def _run_jobs(worker: JobRunner, ended: threading.Event, faults: list[Exception]) -> None:
    try:
        with ParserProcess() as parser:
            while not ended.is_set():
                if not worker.run_one(parser):
                    ended.wait(POLL_S)  # nothing to take: another worker has the last ones, or a retry waits
    except Exception as error:  # noqa: BLE001 - raised again by the thread that waits for this one
        faults.append(error)


def _summary(db: Database, min_coverage: float, recorded: RecordedFiles, seconds: float) -> dict[str, Any]:
    fresh = set(documents.with_members(db, recorded.queued))
    views = documents.views_of(db, documents.with_members(db, recorded.document_ids))
    failed = [
        {"name": view.document.name, "document_id": view.document.id, **(view.newest.error or {})}
        for view in views
        if view.newest.status == "failed"
    ]
    failed += [
        {
            "name": item.name,
            "document_id": None,
            "code": item.code,
            "message": item.message,
            "hint": item.hint,
        }
        for item in recorded.rejected
    ]
    ready = [view for view in views if view.newest.status == "ready"]
    min_coverage = min_coverage
    warned = [
        {"name": view.document.name, "document_id": view.document.id, **warning}
        for view in ready
        for warning in warnings_of(view, min_coverage)
    ]
    made = [view for view in ready if view.document.id in fresh]
    chunks = sum(view.chunks for view in made)
    return {
        "documents": len(views) + len(recorded.rejected),
        "ready": len(ready),
        "ingested": len(made),
        "unchanged": recorded.unchanged,
        "deleted": recorded.deleted,
        "failed": failed,
        "failed_by_reason": _by_reason(failed),
        "warned": warned,
        "chunks": sum(view.chunks for view in ready),
        "seconds": round(seconds, 3),
        "documents_per_s": round(len(made) / seconds, 3) if made else 0.0,
        "chunks_per_s": round(chunks / seconds, 3) if made else 0.0,
    }


def _by_reason(failed: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in failed:
        counts[item["code"]] = counts.get(item["code"], 0) + 1
    return counts
