"""Ingestion in this process with a progress bar: for `ingest`, for `ask` on a folder, for `eval`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.output import console, visible

if TYPE_CHECKING:
    from rich.progress import Progress

    from app.composition.runtime import Runtime
    from app.intake.drain import DrainProgress
    from app.intake.local_files import LocalFile

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


def ingest_with_bar(
    runtime: "Runtime",
    collection_id: str,
    files: "Sequence[LocalFile]",
    *,
    quiet: bool,
    mirror: bool = False,
    retry_failed: bool = False,
    interrupted: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Ingest files in this process behind a progress bar; see `app.intake.drain.ingest_files`.

    Returns:
        Its summary, and the peak memory.

    Raises:
        KeyboardInterrupt: `interrupted` says so, which is asked several times a second.
    """
    from app.intake.drain import ingest_files
    from app.worker import Worker

    with bar(quiet=quiet) as progress:
        task = progress.add_task("reading", total=len(files), note="")

        def go_on() -> None:
            if interrupted():
                raise KeyboardInterrupt

        def on_file(file: "LocalFile") -> None:
            go_on()
            progress.update(task, advance=1, note=shown(file.name))

        def on_progress(state: "DrainProgress") -> None:
            go_on()
            progress.update(
                task, description="ingesting", total=state.total, completed=state.done, note=_note(state)
            )

        summary = ingest_files(
            runtime,
            collection_id,
            files,
            Worker(runtime),
            mirror=mirror,
            retry_failed=retry_failed,
            on_file=on_file,
            on_progress=on_progress,
        )
    return {**summary, "peak_memory_mib": peak_memory_mib()}


def _note(state: "DrainProgress") -> str:
    job = state.running
    if job is None:
        return ""
    return f"{shown(job.name)} {job.stage} {job.done}/{job.total}" if job.total else shown(job.name)


def shown(name: str, width: int = 48) -> str:
    """A name cut from the left so that it fits beside a bar."""
    name = visible(name)
    return name if len(name) <= width else "…" + name[-width + 1 :]


def peak_memory_mib() -> float:
    """Largest resident memory so far of this process, in MiB; the parser's child is not in it."""
    import resource
    import sys

    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB, 1)


def expand(paths: Sequence[str]) -> list[Path]:
    """Paths as the user meant them: `~` is the home folder."""
    return [Path(path).expanduser() for path in paths]
