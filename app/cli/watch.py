"""Waiting for files to change."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from app.errors import UnavailableError

SETTLE_S = 1.0
CHANGES = frozenset({"created", "modified", "moved", "deleted", "closed"})


class _Noticed(FileSystemEventHandler):
    """Sets an event when a non-hidden file under the folder changes; hidden files are never ingested.

    The home folder of Fathom (`.fathom`) is hidden: each ingestion changes it, and would start the next without end.
    """

    def __init__(self, folder: Path, changed: threading.Event) -> None:
        self.folder, self.changed = folder, changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called in the observer's thread."""
        if event.is_directory and event.event_type == "modified":
            return  # only tells that something in it has changed, hidden or not; that has its own event
        places = (Path(str(path)) for path in (event.src_path, event.dest_path) if path)
        if event.event_type in CHANGES and any(map(self._is_shown, places)):
            self.changed.set()

    def _is_shown(self, path: Path) -> bool:
        within = path.relative_to(self.folder) if path.is_relative_to(self.folder) else path
        return not any(part.startswith(".") for part in within.parts)


def changes(paths: Sequence[Path], settle_s: float = SETTLE_S) -> Iterator[None]:
    """Yield once at the start, then each time something at or below the paths has changed and been left alone.

    What changes before the first call or while the caller works is not missed. The network's file systems may tell of
    no change that another machine makes.

    Args:
        paths: Files and folders that exist.
        settle_s: Seconds without a further change.

    Raises:
        UnavailableError: The system can't watch so many folders.
    """
    changed, observer = threading.Event(), Observer()
    folders = {path if path.is_dir() else path.parent for path in paths}
    try:
        for folder in folders:
            observer.schedule(_Noticed(folder, changed), str(folder), recursive=True)
        observer.start()
        changed.set()  # for what has changed since the caller looked
    except OSError as error:
        raise UnavailableError(
            "cannot_watch",
            f"The system can't watch these folders: {error}.",
            "Raise fs.inotify.max_user_watches, name fewer folders, or run `fathom ingest` by a timer.",
        ) from error
    try:
        while True:
            changed.wait()
            while changed.is_set():
                changed.clear()
                changed.wait(settle_s)
            yield
    finally:
        observer.stop()
        observer.join()
