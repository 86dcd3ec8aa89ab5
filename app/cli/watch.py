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
    """Remembers that something has changed."""

    def __init__(self) -> None:
        self.changed = threading.Event()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called in the observer's thread."""
        if event.event_type in CHANGES and "/.git/" not in str(event.src_path):
            self.changed.set()


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
    noticed, observer = _Noticed(), Observer()
    folders = {path if path.is_dir() else path.parent for path in paths}
    try:
        for folder in folders:
            observer.schedule(noticed, str(folder), recursive=True)
        observer.start()
        noticed.changed.set()  # for what has changed since the caller looked
    except OSError as error:
        raise UnavailableError(
            "cannot_watch",
            f"The system can't watch these folders: {error}.",
            "Raise fs.inotify.max_user_watches, name fewer folders, or run `fathom ingest` by a timer.",
        ) from error
    try:
        while True:
            noticed.changed.wait()
            while noticed.changed.is_set():
                noticed.changed.clear()
                noticed.changed.wait(settle_s)
            yield
    finally:
        observer.stop()
        observer.join()
