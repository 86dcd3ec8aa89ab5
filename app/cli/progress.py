"""Ingestion in this process with a progress bar: for `ingest`, for `ask` on a folder, for `eval`."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.output import console, visible

if TYPE_CHECKING:
    from rich.progress import Progress

    from app.composition.runtime import Runtime
    from app.services.filing import Filed, LocalFile

POLL_S = 0.2
MIB = 1024 * 1024


def bar(*, quiet: bool) -> "Progress":
    """A progress bar on standard error, silent for programs."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=console(),
        disable=quiet,
        transient=True,
    )


def take_in(
    runtime: "Runtime",
    collection_id: str,
    files: "Sequence[LocalFile]",
    *,
    quiet: bool,
    mirror: bool = False,
    retry_failed: bool = False,
) -> dict[str, Any]:
    """File documents, work on them until none is left, and tell what became of each.

    Other workers on the same home may take part. Interrupted, the rest stays queued for the next time.

    Returns:
        Counts, speed, peak memory, and the failed and warned documents with reason and hint.
    """
    from app.services import filing

    began = time.monotonic()
    with bar(quiet=quiet) as progress:
        task = progress.add_task("reading", total=len(files), note="")
        filed = filing.file_in(
            runtime,
            collection_id,
            files,
            mirror=mirror,
            retry_failed=retry_failed,
            on_file=lambda file: progress.update(task, advance=1, note=shown(file.name)),
        )
        progress.remove_task(task)
        if filed.queued:
            _work(runtime, collection_id, progress)
    return _summary(runtime, filed, time.monotonic() - began)


def shown(name: str, width: int = 48) -> str:
    """A name cut from the left to what fits beside a bar."""
    name = visible(name)
    return name if len(name) <= width else "…" + name[-width + 1 :]


def _work(runtime: "Runtime", collection_id: str, progress: "Progress") -> None:
    from app.db import filing as rows
    from app.db import jobs
    from app.worker import Worker

    with runtime.db.read() as session:
        total = jobs.pending(session, [collection_id])
    task = progress.add_task("ingesting", total=total, note="")
    worker, ended = Worker(runtime), threading.Event()
    faults: list[Exception] = []
    thread = threading.Thread(target=_drain, args=(worker, ended, faults), name="ingest", daemon=True)
    thread.start()
    try:
        left = total
        while left and thread.is_alive():
            ended.wait(POLL_S)
            with runtime.db.read() as session:
                left = jobs.pending(session, [collection_id])
                current = rows.running(session, collection_id)
            name, stage, done, units = current or ("", "", 0, 0)
            note = f"{shown(name)} {stage} {done}/{units}" if units else shown(name)
            progress.update(task, completed=total - left, note=note)
    finally:
        ended.set()
        worker.stop()  # a job in work goes back into the queue
        thread.join()
    if faults:  # of the worker itself, or of the database; what is wrong with a document is told with it
        raise faults[0]


def _drain(worker: Any, ended: threading.Event, faults: list[Exception]) -> None:
    from ingestion.parser_process import ParserProcess

    try:
        with ParserProcess() as parser:
            while not ended.is_set():
                if not worker.run_one(parser):
                    ended.wait(POLL_S)  # nothing to take: another worker has the last ones, or a retry waits
    except Exception as error:  # noqa: BLE001 - raised again by whoever waits for the thread
        faults.append(error)


def _summary(runtime: "Runtime", filed: "Filed", seconds: float) -> dict[str, Any]:
    from app.services import filing
    from app.services.coverage import warnings_of

    fresh = set(filing.with_members(runtime, filed.queued))
    views = filing.views_of(runtime, filing.with_members(runtime, filed.document_ids))
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
        for item in filed.refused
    ]
    ready = [view for view in views if view.newest.status == "ready"]
    min_coverage = runtime.settings.limits.min_coverage
    warned = [
        {"name": view.document.name, "document_id": view.document.id, **warning}
        for view in ready
        for warning in warnings_of(view, min_coverage)
    ]
    made = [view for view in ready if view.document.id in fresh]
    chunks = sum(view.chunks for view in made)
    return {
        "documents": len(views) + len(filed.refused),
        "ready": len(ready),
        "ingested": len(made),
        "unchanged": filed.unchanged,
        "deleted": filed.deleted,
        "failed": failed,
        "failed_by_reason": _by_reason(failed),
        "warned": warned,
        "chunks": sum(view.chunks for view in ready),
        "seconds": round(seconds, 3),
        "documents_per_s": round(len(made) / seconds, 3) if made else 0.0,
        "chunks_per_s": round(chunks / seconds, 3) if made else 0.0,
        "peak_memory_mib": peak_memory_mib(),
    }


def _by_reason(failed: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in failed:
        counts[item["code"]] = counts.get(item["code"], 0) + 1
    return counts


def peak_memory_mib() -> float:
    """Largest resident memory so far of this process, in MiB; the parser's child is not in it."""
    import resource
    import sys

    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB, 1)


def expand(paths: Sequence[str]) -> list[Path]:
    """Paths as the user meant them: `~` is the home folder."""
    return [Path(path).expanduser() for path in paths]
