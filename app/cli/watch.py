"""Waiting for files to change, and for Ctrl-C."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from app.errors import UnavailableError

SETTLE_S = 1.0
News = SimpleQueue[bool]
"""True: something has changed; False: it is to end. The only queue that a signal's handler may put into."""
CHANGES = frozenset({"created", "modified", "moved", "deleted", "closed"})


class _Noticed(FileSystemEventHandler):
    """Tells of changes of non-hidden files under the folder; hidden files are never ingested.

    The home folder of Fathom (`.fathom`) is hidden: each ingestion changes it, and would start the next without end.
    """

    def __init__(self, folder: Path, news: News) -> None:
        self.folder, self.news = folder, news

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called in the observer's thread."""
        if event.is_directory and event.event_type == "modified":
            return  # only tells that something in it has changed, hidden or not; that has its own event
        places = (Path(str(path)) for path in (event.src_path, event.dest_path) if path)
        if event.event_type in CHANGES and any(map(self._is_shown, places)):
            self.news.put(True)

    def _is_shown(self, path: Path) -> bool:
        within = path.relative_to(self.folder) if path.is_relative_to(self.folder) else path
        return not any(part.startswith(".") for part in within.parts)


@contextmanager
def interrupt_as_news(news: News) -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C end `changes`, instead of raising an exception in whatever is done at this moment.

    An exception between two steps of a lock or a queue leaves these broken, and another error is what the user sees.
    A second Ctrl-C raises KeyboardInterrupt as ever. For the main thread.

    Yields:
        What tells whether it was pressed.
    """
    pressed = False

    def note(*_: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        news.put(False)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def changes(paths: Sequence[Path], news: News, settle_s: float = SETTLE_S) -> Iterator[None]:
    """Yield once at the start, then each time something at or below the paths has changed and been left alone.

    What changes before the first call or while the caller works is not missed. The network's file systems may tell of
    no change that another machine makes.

    Args:
        paths: Files and folders that exist.
        news: Empty; a False in it ends the waiting.
        settle_s: Seconds without a further change.

    Raises:
        UnavailableError: The system can't watch so many folders.
    """
    observer = Observer()
    folders = {path if path.is_dir() else path.parent for path in paths}
    try:
        for folder in folders:
            observer.schedule(_Noticed(folder, news), str(folder), recursive=True)
        observer.start()
        news.put(True)  # for what has changed since the caller looked
    except OSError as error:
        raise UnavailableError(
            "cannot_watch",
            f"The system can't watch these folders: {error}.",
            "Raise fs.inotify.max_user_watches, name fewer folders, or run `fathom ingest` by a timer.",
        ) from error
    try:
        while news.get() and _settled(news, settle_s):
            yield
    finally:
        observer.stop()
        observer.join()


def _settled(news: News, settle_s: float) -> bool:
    """Wait until no further change comes; False where it is to end."""
    try:
        while news.get(timeout=settle_s):
            pass
    except Empty:
        return True
    return False
